"""What one poll counts of itself, added to what the polls before it counted: for /metrics, and for nothing else.

Kept in one record, read and written once a poll, as its last effects but the release of the lease. Who dies before, or
loses the store, counts as `unfinished` in the next poll: the lease's token grows by one with each poll that began.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from shd_relay import ledger
from shd_relay.errors import ContractError, StoreUnavailable
from shd_relay.model import LIST_EVENTS, FailedRead, Observation
from shd_relay.ports import Findings, ReadRequest, Source, Store
from shd_relay.records import METER, Histogram, Meter

if TYPE_CHECKING:
    from shd_relay.ledger import Placed
    from shd_relay.relay import Relayed
    from shd_relay.report import Report

# Seconds. A poll a minute: what is new is committed and accepted within one, a backlog over several, an outage takes
# hours. The function ends at 55 s, so what a poll needs lies below 60.
BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 60.0, 90.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
COMMIT, ACCEPT, PUBLISH, POLL = "commit", "accept", "publish", "poll"
"""Durations: first seen -> committed, committed -> accepted, first seen -> accepted, and of polls."""

Times = Mapping[str, Sequence[float]]


class Tally:
    """Counts one poll, which begins now; `count` also fills its report. Nothing raises, and only `save` writes."""

    def __init__(self, report: Report, now: Callable[[], datetime], monotonic: Callable[[], float]) -> None:
        self._report = report
        self._now = now
        self._monotonic = monotonic
        self._began = monotonic()
        self._reads: Counter[tuple[str, str]] = Counter()
        self._times: dict[str, list[float]] = {COMMIT: [], ACCEPT: [], PUBLISH: []}

    def watched(self, source: Source) -> Source:
        """The same source; the outcomes that it yields are counted as they pass."""
        return _Watched(source, self._reads)

    def count(self, placed: Placed, done: Relayed) -> None:
        """What became of a change, told at the moment at which it did."""
        self._report.published += done.published
        self._report.parked += done.parked
        if done.published:
            seen, committed, accepted = placed.change.observed_at, placed.entry.at, self._now()
            self._time(COMMIT, seen, committed)
            self._time(ACCEPT, committed, accepted)
            self._time(PUBLISH, seen, accepted)

    def _time(self, name: str, since: datetime, until: datetime) -> None:
        self._times[name].append(max(0.0, (until - since).total_seconds()))  # clocks go back

    def seconds(self) -> float:
        """How long the poll has taken so far."""
        return round(self._monotonic() - self._began, 3)

    def save(self, store: Store, shard: str, token: int) -> None:
        """Adds this poll, which came to its end. A failure of the store costs its figures, not the poll."""
        try:
            before = ledger.decode_record(store.load_record(shard, METER), Meter)
            meter = after(before, token, self._now(), self._reads, self._times | {POLL: [self.seconds()]})
            store.save_record(shard, METER, token, ledger.encode_record(meter))
        except (StoreUnavailable, ContractError):
            return


class _Watched:
    """A call that tells of many pairs at once is one read, and one of ListEvents is a read of one pair."""

    def __init__(self, source: Source, reads: Counter[tuple[str, str]]) -> None:
        self._source = source
        self._reads = reads
        self.operation = source.operation

    def read(self, requests: Sequence[ReadRequest], *, now: datetime, rung: int) -> Iterator[Observation | FailedRead]:
        words: Counter[str] = Counter()
        for outcome in self._source.read(requests, now=now, rung=rung):
            words[word_of(outcome)] += 1
            yield outcome
        counted = words if self.operation == LIST_EVENTS else Counter(filter(None, [word_of_all(words)]))
        self._reads.update({(self.operation, word): count for word, count in counted.items()})

    def learned(self, now: datetime) -> Findings:
        return self._source.learned(now)


def word_of(outcome: Observation | FailedRead) -> str:
    """good, partial (an item cannot be read), throttled, failed, or unasked (nothing was sent, as it would fail)."""
    if isinstance(outcome, Observation):
        return "good" if outcome.whole and not outcome.unreadable else "partial"
    return "throttled" if outcome.throttled else "failed" if outcome.asked else "unasked"


def word_of_all(words: Mapping[str, int]) -> str | None:
    """One word for outcomes that came of one look: good only if all were. None: there was none."""
    if len(words) < 2:
        return next(iter(words), None)
    if words.keys() & {"good", "partial"}:
        return "partial"
    return "throttled" if "throttled" in words else "failed"


def after(before: Meter | None, token: int, now: datetime, reads: Mapping[tuple[str, str], int], times: Times) -> Meter:
    """The meter after one more poll, of the lease `token`, that ends `now`."""
    before = before or Meter(token=token - 1, since=now)
    polls = Counter(before.polls)
    polls["done"] += 1
    polls["unfinished"] += max(0, token - before.token - 1)
    totals = {operation: Counter(words) for operation, words in before.reads.items()}
    for (operation, word), count in reads.items():
        totals.setdefault(operation, Counter())[word] += count
    return Meter(
        token=token,
        since=before.since,
        polls=dict(polls),
        reads={operation: dict(words) for operation, words in totals.items()},
        times={name: with_durations(before.times.get(name), durations) for name, durations in times.items()},
    )


def with_durations(before: Histogram | None, durations: Sequence[float]) -> Histogram:
    """The histogram with these seconds added; one with other bounds cannot be added to, and begins anew."""
    if before is None or before.bounds != BOUNDS or len(before.counts) != len(BOUNDS) + 1:
        before = Histogram(bounds=BOUNDS, counts=(0,) * (len(BOUNDS) + 1))
    counts = list(before.counts)
    for seconds in durations:
        counts[bisect_left(BOUNDS, seconds)] += 1
    return msgspec.structs.replace(before, counts=tuple(counts), seconds=round(before.seconds + sum(durations), 6))
