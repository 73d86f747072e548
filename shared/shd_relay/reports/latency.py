"""How fast changes were committed and pushed, in the steps that the log can tell of."""

from __future__ import annotations

from bisect import bisect_left
from datetime import datetime
from typing import get_args

from shd_relay.model import Change
from shd_relay.reports.shapes_summary import Bucket, LatencyStep, StepName

EDGES = (1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0)
"""Seconds; the last bucket is of what took longer."""

_STEPS: tuple[StepName, ...] = get_args(StepName)


class Latency:
    """Gathers the pushed changes of a period, one by one."""

    def __init__(self) -> None:
        self._seconds: dict[StepName, list[float]] = {step: [] for step in _STEPS}
        self.changes = 0

    def add(self, change: Change, committed: datetime, pushed: datetime | None, began: datetime) -> None:
        """`pushed` None: not known. `began`: when the log did; what the source did before is older than any watch."""
        self.changes += 1
        said = _said_at(change)
        if said is not None and said >= began:
            self._seconds["source_to_committed"].append((committed - said).total_seconds())
        if pushed is not None:
            self._seconds["observed_to_pushed"].append((pushed - change.observed_at).total_seconds())
            self._seconds["committed_to_pushed"].append((pushed - committed).total_seconds())

    def steps(self) -> tuple[LatencyStep, ...]:
        return tuple(_step(step, self._seconds[step], self.changes) for step in _STEPS)


def at_rank(ordered: list[float], share: float) -> float | None:
    """The value that `share` of the ordered values do not exceed, by nearest rank; None of none."""
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)] if ordered else None


def median(values: list[float]) -> float | None:
    return at_rank(sorted(values), 0.5)


def _said_at(change: Change) -> datetime | None:
    """When the source did what the change tells, by its own clock; None: it does not say."""
    event = change.event
    if change.verb in {"opened", "started"}:
        return event.start
    if change.verb in {"resolved", "completed"}:
        return event.end
    if "updates" in change.changed and event.updates:
        return event.updates[-1].at
    return None


def _step(step: StepName, values: list[float], changes: int) -> LatencyStep:
    ordered = sorted(max(0.0, round(value, 3)) for value in values)
    counts = [0] * (len(EDGES) + 1)
    for value in ordered:
        counts[bisect_left(EDGES, value)] += 1
    return LatencyStep(
        step=step,
        count=len(ordered),
        unknown=changes - len(ordered),
        median_seconds=at_rank(ordered, 0.5),
        p95_seconds=at_rank(ordered, 0.95),
        max_seconds=ordered[-1] if ordered else None,
        buckets=tuple(map(Bucket, (*EDGES, None), counts)),
    )
