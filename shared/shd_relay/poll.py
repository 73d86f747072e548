"""One poll, through ports only (design.md, section 4).

lease -> state -> relay what is pending -> read -> detect -> commit in chunks -> the feed's own state -> documents,
checkpoint, records -> relay what is new -> report. Nothing that the other sides do makes it raise: the report says it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from shd_relay import feed, freshness, ledger, relay, schedule
from shd_relay.commit import Committer, Tenure
from shd_relay.errors import ConflictError, ContractError, StoreUnavailable
from shd_relay.model import Pair
from shd_relay.ports import Publisher, Source, Store
from shd_relay.reading import Reading
from shd_relay.records import PollRecord, WorkRecord
from shd_relay.report import Report

WORK, POLL = "work", "poll"  # names of the two records
BACKLOG_SHARE, READING_SHARE = 1 / 3, 0.8  # of the budget: the backlog may take so much, reading ends by then


class Plan(NamedTuple):
    """What one poller is told to do. `budget_seconds` bounds reading and publishing together; `rate` 0: no limit."""

    shard: str
    pairs: tuple[Pair, ...]
    interval_seconds: float
    budget_seconds: float
    lease_seconds: float
    rate: float
    public_url: str | None


class Poller:
    """Everything that one poll needs; used once. `owner` is unique to the invocation.

    `source(deadline, rate)` and `publisher(deadline)` are called when they are first needed; deadlines are in
    `monotonic` seconds, `rate` is what the source bore last time (None: not known).
    """

    def __init__(
        self,
        *,
        plan: Plan,
        store: Store,
        source: Callable[[float, float | None], Source],
        publisher: Callable[[float], Publisher],
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        owner: str,
    ) -> None:
        self._plan = plan
        self._store = store
        self._make_source = source
        self._make_publisher = publisher
        self._now = now
        self._monotonic = monotonic
        self._began = monotonic()
        self._began_at = now()
        self._publisher: Publisher | None = None
        self._committer: Committer | None = None
        self._report = Report(poll=owner)

    def run(self) -> dict[str, Any]:
        """Polls once and tells how it went, as a JSON object."""
        report = self._report
        try:
            self._with_lease()
        except ConflictError as error:
            report.state, report.error = "overtaken", str(error)
        except StoreUnavailable as error:
            report.state, report.error, report.source = "store-unavailable", str(error), report.source or "blind"
        except ContractError as error:
            report.state, report.error, report.source = "store-refused", str(error), report.source or "blind"
        if self._committer:
            report.changes, report.seq = len(self._committer.committed), self._committer.state.seq
        report.duration_seconds = round(self._monotonic() - self._began, 3)
        return report.as_json()

    def _with_lease(self) -> None:
        plan = self._plan
        lease = self._store.acquire(plan.shard, self._report.poll, self._now(), plan.lease_seconds)
        if lease is None:
            self._report.state = "busy"
            return
        tenure = Tenure(
            store=self._store, shard=plan.shard, lease=lease, seconds=plan.lease_seconds, now=self._now
        )  # fmt: skip
        try:
            self._poll(tenure)
        finally:
            with contextlib.suppress(StoreUnavailable, ContractError):  # it runs out by itself
                tenure.release()

    def _poll(self, tenure: Tenure) -> None:
        shard, report = self._plan.shard, self._report
        state, touched = ledger.load(self._store, shard)
        work = ledger.decode_record(self._store.load_record(shard, WORK), WorkRecord) or WorkRecord()
        last = ledger.decode_record(self._store.load_record(shard, POLL), PollRecord)
        backlog_done = self._relay(tenure, self._began + BACKLOG_SHARE * self._plan.budget_seconds)
        self._committer = committer = Committer(
            store=self._store, shard=shard, tenure=tenure, state=state, owner=report.poll, now=self._now
        )  # fmt: skip
        source = self._make_source(self._began + READING_SHARE * self._plan.budget_seconds, work.rate)
        reading = Reading(
            store=self._store, shard=shard, committer=committer, work=work, report=report, monotonic=self._monotonic
        )
        work = reading.read(source, self._plan.pairs, self._bound())
        record = self._judge(committer, work, source.operation, last, tenure.lease.token)
        self._remember(committer, touched, work, record)
        if backlog_done and (committer.committed or report.stopped):
            self._relay(tenure, self._began + self._plan.budget_seconds)
        report.pending = relay.pending(self._store, shard) if report.stopped else 0

    def _relay(self, tenure: Tenure, deadline: float) -> bool:
        """Publishes what is pending; whether it makes sense to try again within this poll."""
        stopped = relay.relay(
            self._store,
            self._topic,
            shard=self._plan.shard,
            public_url=self._plan.public_url,
            may_go_on=lambda: self._monotonic() < deadline and tenure.lasts(),
            now=self._now,
            count=self._count,
        )
        self._report.stopped = stopped
        return stopped in {None, relay.OUT_OF_TIME}

    def _count(self, done: relay.Relayed) -> None:
        self._report.published += done.published
        self._report.parked += done.parked

    def _topic(self) -> Publisher:
        """One publisher a poll: the SDK is loaded only when there is something to say."""
        if self._publisher is None:
            self._publisher = self._make_publisher(self._began + self._plan.budget_seconds)
        return self._publisher

    def _judge(
        self, committer: Committer, work: WorkRecord, operation: str, last: PollRecord | None, token: int
    ) -> PollRecord:
        """The poll record after this poll; a turn of the source's state is committed as a change of the feed."""
        now, plan = self._now(), self._plan
        record = freshness.next_record(
            last,
            read={
                pair: work.pairs[key].last_good
                for pair in plan.pairs
                if (key := schedule.key(operation, pair)) in work.pairs
            },
            watched=plan.pairs,
            answered=self._report.polled + self._report.partial,
            failed=self._report.failed,
            bound_seconds=self._bound(),
            began=self._began_at,
            now=now,
            token=token,
        )
        pairs = plan.pairs
        state = freshness.source_state(record, pairs, now, plan.interval_seconds)
        self._report.source = state
        old = [str(pair) for pair in pairs if freshness.is_stale(record, pair, now)]
        at = committer.time()
        change = feed.turn(
            committer.state.feed, state,
            complete_at=record.complete_at, old_pairs=old, watched=len(pairs), now=now, at=at,
        )  # fmt: skip
        first_try = record.complete_at is None and record.without_answer < freshness.POLLS_WITHOUT_ANSWER
        if change and not first_try:  # one poll that failed is no turn yet, not even the first
            committer.commit([change], at)
        return record

    def _bound(self) -> float:
        plan = self._plan
        return schedule.stale_after(
            len(plan.pairs),
            rate=plan.rate,
            budget_seconds=READING_SHARE * plan.budget_seconds,
            interval_seconds=plan.interval_seconds,
        )

    def _remember(self, committer: Committer, touched: frozenset[str], work: WorkRecord, record: PollRecord) -> None:
        """Documents, then the checkpoint that makes rebuilding them unnecessary, then the two records."""
        shard, state = self._plan.shard, committer.state
        changed = touched | {change.event.id for change in committer.committed}
        if changed:
            documents = [ledger.document(state.events[id_]) for id_ in changed if id_ in state.events]
            self._store.put_documents(documents, state.seq)
            self._store.save_checkpoint(shard, ledger.to_checkpoint(state))
        token = record.token
        self._store.save_record(shard, WORK, token, ledger.encode_record(work))
        self._store.save_record(shard, POLL, token, ledger.encode_record(record))
