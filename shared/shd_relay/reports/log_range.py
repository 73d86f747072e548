"""The fingerprint of the rows that a report was made of."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Literal

import msgspec

from shd_relay.model import FEED, Entry
from shd_relay.ports import Row
from shd_relay.reports import intervals
from shd_relay.reports.reach import Reach
from shd_relay.reports.shapes_head import LogRange

Mask = tuple[bool, ...]


class Fingerprint:
    """SHA-256 over rows, as they come; see shapes_head.LogRange. Of a limited scope (`scoped`) what is added is a part
    of a row, under the time of its commit."""

    def __init__(self, name: Literal["changes", "pushes", "tickets"], *, scoped: bool = False) -> None:
        self._name = name
        self._scoped = scoped
        self._hash = hashlib.sha256()
        self._first: int | None = None
        self._last: int | None = None
        self._last_commit: datetime | None = None
        self._entries = self._changes = 0

    def add(self, row: Row, changes: int, committed: datetime) -> None:
        """`changes`: how many it holds."""
        self._entries += 1
        self._changes += changes
        seq, key = (self._entries, intervals.micros(committed)) if self._scoped else (row.seq, row.seq)
        self._hash.update(key.to_bytes(8, "big") + len(row.blob).to_bytes(8, "big"))
        self._hash.update(row.blob)
        self._first = seq if self._first is None else self._first
        self._last, self._last_commit = seq, committed

    def range(self) -> LogRange:
        return LogRange(
            name=self._name,
            first=self._first,
            last=self._last,
            entries=self._entries,
            changes=self._changes,
            last_commit=self._last_commit,
            sha256=self._hash.hexdigest(),
            scoped=self._scoped,
        )


class _Raw(msgspec.Struct):
    changes: tuple[msgspec.Raw, ...]


class Prints:
    """The fingerprints of the changes and of their pushes."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self.changes = Fingerprint("changes", scoped=reach.limited)
        self.pushes = Fingerprint("pushes", scoped=reach.limited)

    def entry(self, row: Row, entry: Entry) -> Mask:
        """Adds the entry; gives which of its changes are in scope, or the relay's own."""
        if not self._reach.limited:
            self.changes.add(row, len(entry.changes), entry.at)
            return (True,) * len(entry.changes)
        mask = tuple(
            change.event.id == FEED or self._reach.key(change.event.product, change.event.region) is not None
            for change in entry.changes
        )
        if count := sum(mask):
            raw = msgspec.json.decode(row.blob, type=_Raw).changes
            seen = [each for each, is_in in zip(raw, mask, strict=True) if is_in]
            self.changes.add(Row(row.seq, msgspec.json.encode(seen)), count, entry.at)
        return mask

    def pushed(self, row: Row, times: tuple[datetime | None, ...], entry: Entry, mask: Mask, limit: datetime) -> bool:
        """Adds the row of pushes that belongs to the entry; whether it says something. One with a time after the limit
        was put later, and a report that was final before must not see it."""
        seen = [at for at, is_in in zip(times, mask, strict=False) if is_in]
        known = [at for at in seen if at is not None]
        if not known or max(known) > limit:
            return False
        told = Row(row.seq, msgspec.json.encode(seen)) if self._reach.limited else row
        self.pushes.add(told, len(known), entry.at if self._reach.limited else max(known))
        return True
