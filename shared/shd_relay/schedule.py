"""Which pairs are read next, since when, and how long one may wait. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone

from shd_relay.freshness import INTERVALS
from shd_relay.model import HealthEvent, Pair
from shd_relay.ports import ReadRequest
from shd_relay.records import PairWork

_NEVER = datetime.min.replace(tzinfo=timezone.utc)


def key(operation: str, pair: Pair) -> str:
    """The key of a pair's work record."""
    return f"{operation} {pair}"


def requests(  # noqa: PLR0917 - what is known, then when
    pairs: Iterable[Pair],
    events: Mapping[Pair, Sequence[HealthEvent]],
    work: Mapping[str, PairWork],
    operation: str,
    now: datetime,
    bound_seconds: float,
) -> list[ReadRequest]:
    """Every pair: those that will soon be stale, then those with events that live, then the longest unread.

    So no pair is starved: one that was not tried for two thirds of `bound_seconds` goes before all that were. The
    window reaches back to the start of the oldest event that lives, or had not ended long before the last good read,
    and to that read (design.md, section 4).
    """
    ordered = []
    overdue = now - timedelta(seconds=bound_seconds * 2 / 3)
    for pair in pairs:
        known = events.get(pair, ())
        living = any(not event.over for event in known)
        done = work.get(key(operation, pair), PairWork())
        last = done.last_good or now
        starts = [event.start for event in known if event.start and event.is_looked_for(last)]
        since = min([*starts, last, now])
        tried = done.last_tried or _NEVER
        ordered.append((tried > overdue, not living, tried, ReadRequest(pair, since)))
    ordered.sort(key=lambda row: row[:3])
    return [request for *_, request in ordered]


def stale_after(pairs: int, *, rate: float, budget_seconds: float, interval_seconds: float) -> float:
    """Seconds after which a pair's last good read is too old: three intervals, or three rotations where the pairs do
    not fit into one poll at `rate` calls a second (0: no limit)."""
    rounds = math.ceil(pairs / max(1.0, rate * budget_seconds)) if rate else 1
    return float(INTERVALS * interval_seconds * max(1, rounds))
