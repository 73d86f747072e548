"""One event on its way through the reads of one commit: what is absorbed step by step comes out as changes. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from shd_relay import times
from shd_relay.merge import Absorbed
from shd_relay.model import Change, HealthEvent, Observation, Verb

_SHOWN = {"title": "title", "severity": "severity", "start": "startTime", "end": "endTime", "updates": "updates",
          "kind": "kind", "state": "state", "inferred": "inferred", "merged_into": "mergedInto"}  # fmt: skip
"""Fields of an event whose change is a change, and their names in messages."""


class Draft:
    """`now` is the event as it stands; `before` as it stood in the state, None for one seen for the first time."""

    def __init__(self, before: HealthEvent | None) -> None:
        self._before = before
        self._steps: list[tuple[Verb, HealthEvent]] = []
        self._seen_at: datetime | None = None
        if before:
            self.now = before

    @property
    def untold(self) -> bool:
        """Whether it stands in the state, and nobody was told of it."""
        return self._before is not None and self._before.revision == 0

    def absorb(self, found: Absorbed, seen: Observation) -> None:
        """One more step. An edit that comes with a verb, or after one in the same commit, is named in its change."""
        verbs, self.now = found
        self._seen_at = max(self._seen_at or seen.at, seen.at)
        if not verbs and self._steps:
            self._steps[-1] = (self._steps[-1][0], self.now)
        for verb in verbs[:-1]:
            self._steps.append((verb, msgspec.structs.replace(self.now, state="open")))
        if verbs:
            self._steps.append((verbs[-1], self.now))

    def changes(self, at: datetime) -> Iterator[Change]:
        """What is to be committed at `at`, in order: one change a verb; an edit alone is one `updated`; what changes
        nothing that is shown, and what stays history, is `recorded`."""
        if self._seen_at is None:
            return
        before = self._before
        for verb, event in self._steps or self._edit(before):
            after = _committed(before, verb, event, at)
            names = _differing(before, after) if before else []
            edit = verb in {"updated", "recorded"}
            if before is None or names or not edit or _differs_unseen(before, after):
                yield Change(
                    verb=verb, event=after, observed_at=self._seen_at, changed=tuple(_SHOWN[name] for name in names),
                    previous={_SHOWN[name]: _plain(getattr(before, name)) for name in names},
                )  # fmt: skip
                before = after

    def _edit(self, before: HealthEvent | None) -> list[tuple[Verb, HealthEvent]]:
        if before is None:  # what is new has a verb
            return []
        silent = (before.revision == 0 and self.now.over) or not _differing(before, self.now)
        return [("recorded" if silent else "updated", self.now)]


def _committed(before: HealthEvent | None, verb: Verb, event: HealthEvent, at: datetime) -> HealthEvent:
    """The event with the revision and the times of its commit."""
    revision = before.revision if before else 0
    return msgspec.structs.replace(
        event,
        revision=revision + (verb != "recorded"),
        since=before.since if before and before.state == event.state else at,
        changed_at=before.changed_at if before and verb == "recorded" and before.revision else at,
    )


def _differing(before: HealthEvent, after: HealthEvent) -> list[str]:
    return [name for name in _SHOWN if getattr(before, name) != getattr(after, name)]


def _differs_unseen(before: HealthEvent, after: HealthEvent) -> bool:
    return before.said != after.said or before.claims != after.claims


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return times.text(value)
    if isinstance(value, tuple):
        return [{"at": times.text(update.at), "text": update.text} for update in value]
    return value
