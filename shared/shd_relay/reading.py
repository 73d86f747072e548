"""Reading the operations and committing what changed, chunk by chunk: the middle of a poll (design.md, 4.2).

The in-progress list first, which tells of all pairs in one call; then ListEvents where it adds something, the two put
together pair by pair; the witness only if neither had an answer; and the past, if somebody ordered it and time is left.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec

from shd_relay import backfill, schedule
from shd_relay.chunks import Chunks
from shd_relay.dialect_in_progress import UNKNOWN
from shd_relay.model import IN_PROGRESS, LIST_EVENTS, WITNESS, FailedRead, Observation, Pair
from shd_relay.ports import Findings, ReadRequest, Source
from shd_relay.records import MUTE_POLLS, Backfill, PairWork, Refused, WorkRecord
from shd_relay.report import Report

Sources = Mapping[str, Callable[[], Source]]
"""How to make a source, by operation; made when it is first needed."""


class Reading:
    """Reads once. `pairs` is the work record of every pair and operation as it stands by now."""

    def __init__(
        self, *, sources: Sources, watched: Sequence[Pair], beyond: Callable[[Pair], bool], chunks: Chunks,
        work: WorkRecord, report: Report,
    ) -> None:  # fmt: skip
        self._sources = sources
        self._watched = watched
        self._beyond = beyond
        self._chunks = chunks
        self._report = report
        self._rung, self._pace = work.rung, work.pace
        self._refused = dict(work.refused)
        self._failing = dict(work.failing)
        self._backfill = work.backfill
        self._mute = dict(work.mute)
        self._swept: dict[Pair, Observation] = {}
        self._listed: dict[Pair, bool] = {}
        self._tried: set[Pair] = set()
        self._answers = 0  # of ListEvents
        self.swept = False  # whether the in-progress list answered: then every pair was read

    def read(self, *, bound_seconds: float, interval_seconds: float, unanswered: bool) -> WorkRecord:
        """Reads the pairs, commits, and returns the work record after it. Raises what `Chunks.commit` raises.

        `bound_seconds`: how long a pair may wait; `unanswered`: the poll before had no answer from anybody.
        """
        now = self._chunks.now()
        signed = self._sources.keys() - {WITNESS}
        asked = schedule.asked(signed, self._refused, now, unanswered=unanswered)
        self._report.operations |= dict.fromkeys(signed - asked, "refused")
        if IN_PROGRESS in asked:
            self._sweep(asked)
        self._chunks.answering = frozenset(signed - self._refused.keys())
        if LIST_EVENTS in asked:
            self._list(bound_seconds, interval_seconds)
        self._chunks.put(self._swept.values())
        self._chunks.commit()
        chunks = self._chunks
        mute = signed <= self._refused.keys() or unanswered
        if WITNESS in self._sources and mute and not (chunks.good or chunks.partial):
            self._hear_witness()
        self._report.count(self._watched, self._tried, chunks.good, chunks.partial)
        if self._backfill:
            self._report.backfill = backfill.progress(self._backfill)
        return WorkRecord(
            pairs=self._chunks.kept(), rung=self._rung, pace=self._pace, refused=self._refused, failing=self._failing,
            mute=self._mute,
            backfill=self._backfill,
        )  # fmt: skip

    def _sweep(self, asked: frozenset[str]) -> None:
        """One call for all pairs: a failure is one failure. What it lists of pairs that are neither watched nor unknown
        to the catalogue is none of ours."""
        source = self._sources[IN_PROGRESS]()
        wanted = [ReadRequest(pair, self._chunks.now()) for pair in (*self._watched, *self._others(IN_PROGRESS))]
        for outcome in source.read(wanted, now=self._chunks.now(), rung=0):
            if isinstance(outcome, FailedRead):
                if LIST_EVENTS not in asked:
                    self._tried.add(outcome.pair)
                if not self._report.reasons:
                    self._report.note(outcome)
            elif self._is_ours(outcome):
                self._swept[outcome.pair] = outcome
                self._listed[outcome.pair] = bool(outcome.items)
                self.swept = True
        self._learn(source.learned(self._chunks.now()), IN_PROGRESS, answered=self.swept)

    def _is_ours(self, seen: Observation) -> bool:
        if seen.pair in self._chunks.watched:
            return True
        beyond = self._beyond(seen.pair)
        self._report.unknown += len(seen.items) if beyond else 0
        self._report.unwatched += 0 if beyond else len(seen.items)
        return beyond

    def _others(self, operation: str) -> list[Pair]:
        """Pairs beyond the watch list of which this operation, or any, told something that is not over."""
        events = self._chunks.events()
        return [
            pair
            for pair in events.keys() - self._chunks.watched
            if any(not e.over and (operation in e.said or e.witness or operation == LIST_EVENTS) for e in events[pair])
            and not (operation == LIST_EVENTS and UNKNOWN in pair and self.swept)
            and self._beyond(pair)
        ]

    def _list(self, bound_seconds: float, interval_seconds: float) -> None:
        source = self._sources[LIST_EVENTS]()
        pairs = (*self._watched, *self._others(LIST_EVENTS))
        done: set[Pair] = set()
        for _ in range(2):  # a product that answers again is read whole at once
            known = schedule.Known(
                self._chunks.events(), self._chunks.pairs, self._failing,
                self._listed if self.swept else None,
            )  # fmt: skip
            wanted = schedule.requests(
                [pair for pair in pairs if pair not in done], known, self._chunks.now(),
                bound_seconds=bound_seconds, interval_seconds=interval_seconds,
            )  # fmt: skip
            shut = {product for product, count in self._failing.items() if count >= schedule.FAILURES}
            done |= {request.pair for request in wanted}
            self._read_listed(source, wanted)
            if not any(self._failing.get(product, 0) == 0 for product in shut):
                break
        findings = source.learned(self._chunks.now())
        self._learn(findings, LIST_EVENTS, answered=self._answers > 0)
        if self._backfill and not self._backfill.finished and self._answers:  # an outage is no round of it
            self._chunks.put(self._swept.values())
            self._chunks.commit()
            self._read_past(source)
            findings = source.learned(self._chunks.now())
        self._rung, self._pace = findings.rung, findings.pace

    def _read_listed(self, source: Source, wanted: Sequence[ReadRequest]) -> None:
        later = {request.pair for request in wanted}
        self._chunks.put(seen for pair, seen in self._swept.items() if pair not in later)
        self._swept = {pair: seen for pair, seen in self._swept.items() if pair in later}
        for outcome in source.read(wanted, now=self._chunks.now(), rung=self._rung):
            self._tried.add(outcome.pair)
            swept = self._swept.pop(outcome.pair, None)
            if isinstance(outcome, FailedRead):
                self._failed(outcome)
                self._chunks.put([swept] if swept else [])
                continue
            self._answers += 1
            self._chunks.answering |= {LIST_EVENTS}
            self._failing.pop(outcome.pair.product, None)
            self._chunks.put([outcome, swept] if swept else [outcome])

    def _failed(self, outcome: FailedRead) -> None:
        """A failed read changes nothing but when the pair was tried (design.md, law 4)."""
        self._report.note(outcome)
        if not outcome.asked:
            return
        product, key = outcome.pair.product, schedule.key(outcome.operation, outcome.pair)
        if not outcome.throttled:
            self._failing[product] = self._failing.get(product, 0) + 1
        before = self._chunks.pairs.get(key, PairWork())
        self._chunks.pairs[key] = msgspec.structs.replace(before, last_tried=outcome.at)

    def _learn(self, findings: Findings, operation: str, *, answered: bool) -> None:
        """Whether the operation is refused: said once, when it begins and when it ends."""
        before, now = self._refused.get(operation), self._chunks.now()
        self._report.operations[operation] = "answers" if answered else "refused" if findings.refused else "fails"
        self._count_mute(operation, answered)
        if findings.refused and not answered:
            since = before.since if before else now
            self._refused[operation] = Refused(reason=findings.refused, since=since, asked=now)
            if operation == LIST_EVENTS:  # no product's fault
                self._failing.clear()
            if before is None:
                self._report.notes.append(f"{operation} is refused: {findings.refused}")
        elif answered and before:
            del self._refused[operation]
            self._report.notes.append(f"{operation} answers again")

    def _count_mute(self, operation: str, answered: bool) -> None:
        """An operation that fails for long is said once, too, as the other hides it."""
        polls = 0 if answered else self._mute.get(operation, 0) + 1
        if polls == MUTE_POLLS:
            self._report.notes.append(f"{operation} has had no answer for {polls} polls")
        if answered and self._mute.get(operation, 0) >= MUTE_POLLS and operation not in self._refused:
            self._report.notes.append(f"{operation} answers again")
        self._mute[operation] = polls

    def _hear_witness(self) -> None:
        """While nobody else speaks. It says what is wrong, never that all is well: no pair counts as read by it."""
        source = self._sources[WITNESS]()
        wanted = [ReadRequest(pair, self._chunks.now()) for pair in self._watched]
        outcomes = list(source.read(wanted, now=self._chunks.now(), rung=0))
        heard = [seen for seen in outcomes if isinstance(seen, Observation)]
        self._report.operations[WITNESS] = "answers" if heard else "fails"
        self._chunks.put(seen for seen in heard if seen.items and self._is_ours(seen))
        self._chunks.commit()

    def _read_past(self, source: Source) -> None:
        """As far as time goes; what is found stands in the log and is told to nobody."""
        job = self._backfill
        while job and not job.finished:
            wanted = backfill.requests(job, self._watched)
            # nothing is wanted of a window of which only pairs are left that nobody watches any more
            read = self._past(source, job, wanted) if wanted else ((), (), 0)
            if read is None:
                break
            job = backfill.after(job, [request.pair for request in wanted], *read, now=self._chunks.now())
            if job.left:
                break
        self._backfill = job

    def _past(
        self, source: Source, job: Backfill, wanted: Sequence[ReadRequest]
    ) -> tuple[Collection[Pair], Collection[Pair], int] | None:
        """The pairs that were read, those that were tried, and how many events were found; None: no time for any."""
        self._chunks.remember_past(backfill.months(job))
        before = self._chunks.recorded
        read: set[Pair] = set()
        tried: set[Pair] = set()
        for outcome in source.read(wanted, now=self._chunks.now(), rung=self._rung):
            tried.add(outcome.pair)
            if isinstance(outcome, Observation):
                read.add(outcome.pair)
                self._chunks.put([msgspec.structs.replace(outcome, history=True)])
        self._chunks.commit()
        return (read, tried, self._chunks.recorded - before) if tried else None
