"""When an event was critical: the rule that suggests ticket severities, asked again at each change.

The rule looks at the event and at how many pairs of its region or product are hit, so a change of one event may make
another critical. Only events of business-critical products can be.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from typing import NamedTuple

from shd_relay.model import Change, HealthEvent, Verb
from shd_relay.reports.reach import Key
from shd_relay.ticket_severity import Important, Suggestion, suggest


class Line(NamedTuple):
    """A change of an event, as it was committed. `pushed`: None: not pushed, or nobody knows when."""

    verb: Verb
    revision: int
    changed: tuple[str, ...]
    severity: str | None
    observed: datetime
    committed: datetime
    pushed: datetime | None


class Critical(NamedTuple):
    """A time in which the rule said critical; `until` None: it still does."""

    since: datetime
    until: datetime | None
    said: Suggestion


class OpenPairs:
    """How many pairs have an open incident, as ticket_severity.Hits, but kept up change by change."""

    def __init__(self) -> None:
        self._pairs: Counter[Key] = Counter()  # open incidents of each
        self._products: Counter[str] = Counter()
        self._regions: Counter[str] = Counter()

    def add(self, key: Key, more: int) -> bool:
        """One incident more (1) or less (-1); whether a pair became hit, or is no more."""
        before = self._pairs[key] > 0
        self._pairs[key] += more
        after = self._pairs[key] > 0
        if before != after:
            self._products[key[0]] += after - before
            self._regions[key[1]] += after - before
        return before != after

    def near(self, key: Key) -> int:
        return self._products[key[0]] + self._regions[key[1]] - (self._pairs[key] > 0)


class CriticalWatch:
    """Follows the log. `ticketed`: ids of events that are told of whatever the rule says of them."""

    def __init__(self, important: Important, ticketed: frozenset[str] = frozenset()) -> None:
        self._important = important
        self._ticketed = ticketed
        self._pairs = OpenPairs()
        self._open: dict[str, tuple[Key, HealthEvent]] = {}  # incidents, of any product
        self._hits: dict[str, int] = {}  # of those that may be critical, when last looked at
        self._at: defaultdict[tuple[int, str], set[str]] = defaultdict(set)  # their ids, by product (0) and region (1)
        self.spells: dict[str, list[Critical]] = {}
        self.lines: dict[str, list[Line]] = {}

    def carry(self, key: Key, event: HealthEvent) -> None:
        """An event that was not over when the period began."""
        self._note(key, event)

    def begin(self, since: datetime) -> None:
        """All that was carried is in."""
        for id_ in list(self._hits):
            self._judge(id_, since)

    def change(self, key: Key, change: Change, committed: datetime, pushed: datetime | None) -> None:
        event = change.event
        if self._may_be(event) or event.id in self._ticketed:
            line = Line(
                change.verb, event.revision, change.changed, event.severity, change.observed_at, committed, pushed
            )
            self.lines.setdefault(event.id, []).append(line)
        known = event.id in self.lines and len(self.lines[event.id]) > 1
        before = self._open.get(event.id)
        moved = self._note(key, event)
        if event.id in self._hits:
            first = event.revision <= 1 and not known and event.start is not None
            self._judge(event.id, min(event.start, committed) if first and event.start else committed)
        elif event.id in self.spells:
            self._end(event.id, min(event.end, committed) if event.over and event.end else committed)
        if moved:
            for id_ in sorted(self._around(key) | (self._around(before[0]) if before else set())):
                if id_ != event.id and self._hits[id_] != self._pairs.near(self._open[id_][0]):
                    self._judge(id_, committed)

    def _may_be(self, event: HealthEvent) -> bool:
        return self._important.of(event.product) == "business_critical"

    def _note(self, key: Key, event: HealthEvent) -> bool:
        """Takes the event as it is now; whether a pair became hit, or is no more."""
        before, now = self._open.pop(event.id, None), event.kind == "incident" and event.state == "open"
        if before and self._hits.pop(event.id, None) is not None:
            for place in enumerate(before[0]):
                self._at[place].discard(event.id)
        moved = self._pairs.add(before[0], -1) if before else False
        if now:
            again = before is not None and before[0] == key  # as hit as it was: nothing moved
            moved = self._pairs.add(key, 1) != moved if again else self._pairs.add(key, 1) or moved
            self._open[event.id] = key, event
            if self._may_be(event):
                self._hits[event.id] = self._pairs.near(key)
                for place in enumerate(key):
                    self._at[place].add(event.id)
        return moved

    def _around(self, key: Key) -> set[str]:
        """Those whose region or product is that of the pair."""
        return set().union(*(self._at[place] for place in enumerate(key)))

    def _judge(self, id_: str, at: datetime) -> None:
        key, event = self._open[id_]
        hit = self._hits[id_] = self._pairs.near(key)
        said = suggest(event, self._important, hit)
        if said.severity != "critical":
            self._end(id_, at)
        elif id_ not in self.spells or self.spells[id_][-1].until is not None:
            self.spells.setdefault(id_, []).append(Critical(at, None, said))

    def _end(self, id_: str, at: datetime) -> None:
        spells = self.spells.get(id_)
        if spells and spells[-1].until is None:
            spells[-1] = spells[-1]._replace(until=max(at, spells[-1].since))
