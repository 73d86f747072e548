"""What was read, until it is committed: pair by pair, chunk by chunk, so that a crash late in a poll keeps the rest."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from shd_relay import ledger, schedule
from shd_relay.commit import Committer
from shd_relay.detect import detect_all
from shd_relay.model import FEED, IN_PROGRESS, LIST_EVENTS, WITNESS, Change, HealthEvent, Observation, Pair
from shd_relay.ports import Store
from shd_relay.records import PairWork, Parked

CHUNK_READS, CHUNK_SECONDS = 500, 5.0
PARKED_ITEMS = 20  # how many items that cannot be read one pair may park in one poll
DOCUMENTS = 500  # in one page


class Chunks:
    """Detects and commits. `pairs`: the work record of every pair and operation as it stands by now.

    `answering`: the operations that are asked and not refused. `good`, `partial`: pairs that were read whole, and those
    of which some item could not be read. `recorded`: changes that nobody is told of.
    """

    def __init__(
        self, *, store: Store, shard: str, committer: Committer, pairs: dict[str, PairWork], watched: Sequence[Pair],
        monotonic: Callable[[], float],
    ) -> None:  # fmt: skip
        self._store = store
        self._shard = shard
        self._committer = committer
        self._monotonic = monotonic
        self._since = monotonic()
        self._waiting: dict[Pair, list[Observation]] = {}
        self._grouped: tuple[ledger.State, Mapping[Pair, list[HealthEvent]]] | None = None
        self._past: Mapping[Pair, Sequence[HealthEvent]] = {}
        self.pairs = pairs
        self.watched = frozenset(watched)
        self.answering: frozenset[str] = frozenset()
        self.good: set[Pair] = set()
        self.partial: set[Pair] = set()
        self.recorded = 0

    def now(self) -> datetime:
        return self._committer.now()

    def events(self) -> Mapping[Pair, list[HealthEvent]]:
        """All events in the state, by pair, in the order of their first commits. Grouped anew only after a commit."""
        state = self._committer.state
        if self._grouped is None or self._grouped[0] is not state:
            found: dict[Pair, list[HealthEvent]] = defaultdict(list)
            for event in state.events.values():
                if event.id != FEED:
                    found[event.pair].append(event)
            self._grouped = (state, dict(found))
        return self._grouped[1]

    def put(self, observations: Iterable[Observation]) -> None:
        """Those of one pair that are put together make one change of an event. Raises what `commit` raises."""
        for seen in observations:
            self._waiting.setdefault(seen.pair, []).append(seen)
        if len(self._waiting) >= CHUNK_READS or self._monotonic() - self._since >= CHUNK_SECONDS:
            self.commit()

    def commit(self) -> None:
        """Commits what waits. Raises what `Committer.commit` raises."""
        events = self.events() if self._waiting else {}
        at, now = self._committer.time(), self._committer.now()
        changes: list[Change] = []
        for pair, observations in self._waiting.items():
            known = self._known(pair, events.get(pair, ()), observations)
            works = {name: self._work(name, pair) for name in (LIST_EVENTS, IN_PROGRESS)}
            changes += detect_all(known, observations, works, at, now, self.answering)
            for seen in observations:
                self._note(seen, works)
        self._committer.commit(changes, at)
        self.recorded += sum(not change.pushed for change in changes)
        self._waiting, self._since = {}, self._monotonic()

    def kept(self) -> dict[str, PairWork]:
        """The work records of the pairs that are watched, or of which an event lives."""
        known = {str(pair) for pair in self.watched}
        known |= {str(pair) for pair, events in self.events().items() if any(not event.over for event in events)}
        return {key: work for key, work in self.pairs.items() if key.partition(" ")[2] in known}

    def remember_past(self, months: Iterable[str]) -> None:
        """What was recorded of these months and has left the state since: a second backfill must not find it anew."""
        past: dict[Pair, list[HealthEvent]] = defaultdict(list)
        for month in months:
            after = ""
            while page := self._store.list_documents(month, after, DOCUMENTS):
                after = page[-1][0]
                for event in (ledger.decode_document(blob) for _, blob in page):
                    past[event.pair].append(event)
        self._past = past

    def _known(
        self, pair: Pair, living: Sequence[HealthEvent], observations: Sequence[Observation]
    ) -> Sequence[HealthEvent]:
        if not observations[0].history or pair not in self._past:
            return living
        ids = {event.id for event in living}
        return [*living, *(event for event in self._past[pair] if event.id not in ids)]

    def _work(self, operation: str, pair: Pair) -> PairWork:
        return self.pairs.get(schedule.key(operation, pair)) or PairWork()

    def _note(self, seen: Observation, works: Mapping[str, PairWork]) -> None:
        """What could not be read is kept, once each, for a person (design.md, law 10)."""
        for raw in seen.unreadable[:PARKED_ITEMS]:
            digest = hashlib.sha256(f"{seen.pair}\n{raw}".encode()).hexdigest()[:20]
            reason = f"{seen.operation} of {seen.pair} listed an item that cannot be read"
            self._store.park(self._shard, Parked(key=f"item:{digest}", at=seen.at, reason=reason, body=raw))
        if seen.operation == WITNESS or seen.history:
            return
        self.pairs[schedule.key(seen.operation, seen.pair)] = works[seen.operation]
        (self.good if seen.whole and not seen.unreadable else self.partial).add(seen.pair)
