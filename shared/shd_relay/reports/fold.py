"""One pass over the log: what a report needs of it. Unlike ledger.py it makes no new state at each entry."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import structs

from shd_relay import ledger
from shd_relay.ledger import State
from shd_relay.model import FEED, Change, Entry, HealthEvent
from shd_relay.reports.critical_watch import CriticalWatch
from shd_relay.reports.happened import Spell
from shd_relay.reports.latency import Latency
from shd_relay.reports.reach import Key, Reach


class Fold:
    """What the entries so far said of the scope. Begins with `carry`, the state of a snapshot (or EMPTY), goes on with
    `before` for the entries up to the period, `begin`, and `within` for those after it.

    `watch` None: nobody asks what was critical; the texts of updates are then forgotten. `last`: the last commit; of a
    limited scope, of something that is in it.
    """

    def __init__(self, reach: Reach, since: datetime, until: datetime, watch: CriticalWatch | None) -> None:
        self._reach = reach
        self._since, self._until = since, until
        self._watch = watch
        self._spells: tuple[ledger.Spell, ...] = ()  # those that go on
        self._ended: list[ledger.Spell] = []
        self._gaps: list[Spell] = []
        self.began: datetime | None = None
        self.last: datetime | None = None
        self.events: dict[str, tuple[Key, HealthEvent]] = {}
        self.first: dict[str, datetime] = {}
        self.latency = Latency()
        self.changes = 0

    def carry(self, state: State) -> None:
        self.began, self._spells = state.began, state.spells
        self.last = None if self._reach.limited else state.at
        for event in state.events.values():
            self._take(event)

    def before(self, entry: Entry) -> None:
        self._enter(entry)
        for change in entry.changes:
            if change.event.id != FEED:
                self._take(change.event)
            elif not change.gap:  # a gap was over when it was committed, which is before the period
                self._turn(change)

    def begin(self) -> None:
        """What is over by now does not reach into the period. When we first knew of an event is as the state tells it,
        whether it came from a snapshot or not."""
        self.events = {id_: found for id_, found in self.events.items() if self._reaches(found[1])}
        self.first = {id_: event.since for id_, (_, event) in self.events.items()}
        self._spells = tuple(spell for spell in self._spells if spell.until is None)
        self._ended = []
        if self._watch:
            for id_ in sorted(self.events):
                self._watch.carry(*self.events[id_])
            self._watch.begin(self._since)

    def within(self, entry: Entry, times: Sequence[datetime | None]) -> None:
        """An entry of the period, or one after it that tells how things went on. `times`: when its changes were pushed,
        as far as that is known."""
        self._enter(entry)
        counts = entry.at < self._until
        began = self.began or entry.at
        for place, change in enumerate(entry.changes):
            event = change.event
            if event.id == FEED:
                if change.gap:
                    self._gaps.append(Spell("no_poll", *change.gap))
                else:
                    self._turn(change)
                continue
            key = self._take(event)
            if key is None:
                continue
            self.first.setdefault(event.id, entry.at)
            pushed_at = times[place] if place < len(times) else None
            if counts:
                self.changes += 1
                if change.pushed:
                    self.latency.add(change, entry.at, pushed_at, began)
            if self._watch:
                self._watch.change(key, change, entry.at, pushed_at)

    def gap(self, entry: Entry, known_until: datetime) -> bool:
        """The entry after the last that is read: whether it says that nobody looked in a time before."""
        found = entry.changes[0].gap if entry.changes else None
        if found is None or found[0] >= known_until:
            return False
        self._gaps.append(Spell("no_poll", found[0], min(found[1], known_until)))
        return True

    @property
    def spells(self) -> list[Spell]:
        """When the source was not fresh, or nobody looked."""
        spells = (*self._ended, *self._spells)
        return [Spell("stale" if spell.source == "stale" else "blind", *spell[1:]) for spell in spells] + self._gaps

    def carried(self) -> list[HealthEvent]:
        """What the period begins with, by id: it stands for the entries before."""
        return [self.events[id_][1] for id_ in sorted(self.events)]

    def _reaches(self, event: HealthEvent) -> bool:
        """Also what was said to be over before its end had come."""
        return not event.over or (event.state == "resolved" and event.end is not None and event.end > self._since)

    def _turn(self, change: Change) -> None:
        """Spells that ended are put away, as there may be thousands."""
        spells = ledger.turned(self._spells, change)
        self._ended += [spell for spell in spells if spell.until]
        self._spells = tuple(spell for spell in spells if not spell.until)

    def _enter(self, entry: Entry) -> None:
        self.began = self.began or entry.at
        if not self._reach.limited or any(
            change.event.id == FEED or self._reach.key(change.event.product, change.event.region)
            for change in entry.changes
        ):
            self.last = entry.at

    def _take(self, event: HealthEvent) -> Key | None:
        """Remembers the event as it is now; None if it is out of scope, the relay's own, or a drill."""
        if event.kind in {"feed", "drill"}:
            return None
        key = self._reach.key(event.product, event.region)
        if key is not None:
            updates = event.updates if self._watch else ()
            self.events[event.id] = key, structs.replace(event, said={}, claims={}, updates=updates)
        return key
