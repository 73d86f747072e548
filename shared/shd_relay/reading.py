"""Reading the pairs and committing what changed, chunk by chunk: the middle of a poll."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from shd_relay import schedule
from shd_relay.commit import Committer
from shd_relay.detect import detect
from shd_relay.model import Change, FailedRead, HealthEvent, Observation, Pair
from shd_relay.ports import Source, Store
from shd_relay.records import PairWork, Parked, WorkRecord
from shd_relay.report import Report

CHUNK_READS, CHUNK_SECONDS = 500, 5.0  # a crash late in a long poll keeps the early results
PARKED_ITEMS = 20  # how many items that cannot be read one pair may park in one poll


class Reading:
    """Reads once. `pairs` is the work record of every pair and operation as it stands by now."""

    def __init__(
        self, *, store: Store, shard: str, committer: Committer, work: WorkRecord, report: Report,
        monotonic: Callable[[], float],
    ) -> None:  # fmt: skip
        self._store = store
        self._shard = shard
        self._committer = committer
        self._work = work
        self._report = report
        self._monotonic = monotonic
        self.pairs = dict(work.pairs)

    def read(self, source: Source, watched: Sequence[Pair], bound_seconds: float) -> WorkRecord:
        """Reads the pairs, commits, and returns the work record after it. Raises what `Committer.commit` raises."""
        now = self._committer.now()
        events = _by_pair(self._committer.state.events.values())
        wanted = schedule.requests(watched, events, self.pairs, source.operation, now, bound_seconds)
        chunk: list[Observation] = []
        since = self._monotonic()
        for outcome in source.read(wanted, now=now, rung=self._work.rung):
            if isinstance(outcome, FailedRead):
                self._failed(outcome)
                continue
            chunk.append(outcome)
            if len(chunk) >= CHUNK_READS or self._monotonic() - since >= CHUNK_SECONDS:
                self._commit(chunk)
                chunk, since = [], self._monotonic()
        self._commit(chunk)
        report = self._report
        report.unread = len(wanted) - report.polled - report.partial - report.failed
        rung, rate = source.learned()
        return WorkRecord(pairs=self.pairs, rung=rung, rate=rate)

    def _failed(self, outcome: FailedRead) -> None:
        """A failed read changes nothing but when the pair was tried (design.md, law 4)."""
        named = outcome.reason.startswith(outcome.code)
        self._report.note(outcome.reason if named else f"{outcome.code}: {outcome.reason}")
        if outcome.asked:
            key = schedule.key(outcome.operation, outcome.pair)
            self.pairs[key] = msgspec.structs.replace(self.pairs.get(key, PairWork()), last_tried=outcome.at)

    def _commit(self, chunk: Sequence[Observation]) -> None:
        events = _by_pair(self._committer.state.events.values())
        at, now = self._committer.time(), self._committer.now()
        changes: list[Change] = []
        for seen in chunk:
            key = schedule.key(seen.operation, seen.pair)
            found = detect(events.get(seen.pair, ()), seen, self.pairs.get(key, PairWork()), at, now)
            changes += found.changes
            self.pairs[key] = found.work
            self._count(seen)
        self._committer.commit(changes, at)

    def _count(self, seen: Observation) -> None:
        """What could not be read is kept, once each, for a person (design.md, law 10)."""
        if not seen.unreadable:
            self._report.polled += 1
            return
        self._report.partial += 1
        for raw in seen.unreadable[:PARKED_ITEMS]:
            digest = hashlib.sha256(f"{seen.pair}\n{raw}".encode()).hexdigest()[:20]
            reason = f"{seen.operation} of {seen.pair} listed an item that cannot be read"
            self._store.park(self._shard, Parked(key=f"item:{digest}", at=seen.at, reason=reason, body=raw))


def _by_pair(events: Iterable[HealthEvent]) -> Mapping[Pair, list[HealthEvent]]:
    found: dict[Pair, list[HealthEvent]] = defaultdict(list)
    for event in events:
        found[event.pair].append(event)
    return found
