"""One poll, through ports only (design.md, section 4).

lease -> state -> relay what is pending -> read -> detect -> commit in chunks -> the feed's own state -> documents,
checkpoint, records -> relay what is new -> report. Nothing that the other sides do makes it raise: the report says it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from shd_relay import backfill, backlog, freshness, judging, ledger, relay, schedule
from shd_relay.chunks import Chunks
from shd_relay.commit import Committer, Tenure
from shd_relay.errors import ConflictError, ContractError, StoreUnavailable
from shd_relay.meter import Tally
from shd_relay.model import IN_PROGRESS, LIST_EVENTS, WITNESS
from shd_relay.pace import MARGIN
from shd_relay.plan import Plan
from shd_relay.ports import Lease, Publisher, Source, Store
from shd_relay.reading import Reading
from shd_relay.records import POLL, WORK, Learned, PollRecord, WorkRecord
from shd_relay.remember import remember
from shd_relay.report import Report

WAITS = 10  # how often an order asks for the lease again, over half of the budget
BACKLOG_SHARE, READING_SHARE = 1 / 3, 0.8  # of the budget: the backlog may take so much, reading ends by then
SWEEP_SHARE, WITNESS_SHARE = 0.2, 0.25  # of it, for the one call of the list, and for the page if it may be needed


MakeSource = Callable[[float, Learned | None], Source]


class Poller:
    """Everything that one poll needs; used once. `owner` is unique to the invocation.

    `sources[operation](deadline, pace)` and `publisher(deadline)` are called when they are first needed; deadlines are
    in `monotonic` seconds, `pace` is what ListEvents bore last time (None: not known).
    """

    def __init__(
        self,
        *,
        plan: Plan,
        store: Store,
        sources: Mapping[str, MakeSource],
        publisher: Callable[[float], Publisher],
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        owner: str,
        sleep: Callable[[float], None] = lambda _: None,
    ) -> None:
        self._plan = plan
        self._store = store
        self._make_sources = sources
        self._make_publisher = publisher
        self._now = now
        self._monotonic = monotonic
        self._sleep = sleep
        self._began = monotonic()
        self._began_at = now()
        self._publisher: Publisher | None = None
        self._committer: Committer | None = None
        self._report = Report(poll=owner)
        self._tally = Tally(self._report, now, monotonic)

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
        report.duration_seconds = self._tally.seconds()
        return report.as_json()

    def _with_lease(self) -> None:
        plan = self._plan
        lease = self._acquired()
        if lease is None:
            self._report.state = "busy"
            if plan.backfill_days is not None:
                self._report.error = "the backfill was not ordered: another poll holds the lease; invoke again"
            return
        tenure = Tenure(
            store=self._store, shard=plan.shard, lease=lease, seconds=plan.lease_seconds, now=self._now
        )  # fmt: skip
        try:
            self._poll(tenure)
        finally:
            with contextlib.suppress(StoreUnavailable, ContractError):  # it runs out by itself
                tenure.release()

    def _acquired(self) -> Lease | None:
        """The lease. Who brings an order waits for it, for a while: a timer's poll comes again, an operator may not."""
        plan = self._plan
        waits = WAITS if plan.backfill_days is not None else 0
        while True:
            lease = self._store.acquire(plan.shard, self._report.poll, self._now(), plan.lease_seconds)
            if lease is not None or waits == 0:
                return lease
            waits -= 1
            self._sleep(plan.budget_seconds / (2 * WAITS))

    def _poll(self, tenure: Tenure) -> None:
        shard, report = self._plan.shard, self._report
        state, touched = ledger.load(self._store, shard)
        work = ledger.decode_record(self._store.load_record(shard, WORK), WorkRecord) or WorkRecord()
        last = ledger.decode_record(self._store.load_record(shard, POLL), PollRecord)
        backlog_done = self._relay(tenure, self._began + BACKLOG_SHARE * self._plan.budget_seconds)
        self._committer = committer = Committer(
            store=self._store, shard=shard, tenure=tenure, state=state, owner=report.poll, now=self._now
        )  # fmt: skip
        head, at = state.seq, committer.time()
        if gap := judging.unseen(last, state, self._plan.interval_seconds, self._began_at, at):
            committer.commit([gap], at)
        work = self._ordered(work, tenure.lease.token)
        reading, work = self._read(committer, work, last)
        record = self._judge(committer, work, reading.swept, last, tenure.lease.token)
        self._remember(head, committer, touched, work, record)
        if backlog_done and (committer.committed or report.stopped):
            self._relay(tenure, self._began + self._plan.budget_seconds)
        report.pending = backlog.of(self._store, shard).waiting if report.stopped else 0
        self._tally.save(self._store, shard, tenure.lease.token)

    def _ordered(self, work: WorkRecord, token: int) -> WorkRecord:
        """The work record with the order that this invocation brings, kept at once: whoever gave it may be gone."""
        days = self._plan.backfill_days
        if days is None:
            return work
        work = msgspec.structs.replace(work, backfill=backfill.order(days, len(self._plan.pairs), self._now()))
        self._store.save_record(self._plan.shard, WORK, token, ledger.encode_record(work))
        return work

    def _read(self, committer: Committer, work: WorkRecord, last: PollRecord | None) -> tuple[Reading, WorkRecord]:
        plan = self._plan
        unanswered = last is not None and last.without_answer > 0
        chunks = Chunks(
            store=self._store, shard=plan.shard, committer=committer, pairs=dict(work.pairs), watched=plan.pairs,
            monotonic=self._monotonic,
        )  # fmt: skip
        sources = {
            name: partial(self._source, make, name, work.pace, unanswered) for name, make in self._make_sources.items()
        }
        reading = Reading(
            sources=sources, watched=plan.pairs, beyond=plan.beyond, chunks=chunks, work=work, report=self._report
        )
        after = reading.read(
            bound_seconds=self._bound(work),
            interval_seconds=plan.interval_seconds,
            unanswered=unanswered,
        )
        return reading, after

    def _source(self, make: MakeSource, name: str, pace: Learned | None, unanswered: bool) -> Source:
        """The list has its own share, so that it cannot use up the time of the others; so has the witness, where the
        poll before had no answer."""
        share = READING_SHARE
        if name == IN_PROGRESS:
            share = (self._monotonic() - self._began) / self._plan.budget_seconds + SWEEP_SHARE
        elif name == LIST_EVENTS and unanswered and WITNESS in self._make_sources:
            share = READING_SHARE - WITNESS_SHARE
        deadline = self._began + min(share, READING_SHARE) * self._plan.budget_seconds
        return self._tally.watched(make(deadline, pace if name == LIST_EVENTS else None))

    def _relay(self, tenure: Tenure, deadline: float) -> bool:
        """Publishes what is pending; whether it makes sense to try again within this poll."""
        stopped = relay.relay(
            self._store,
            self._topic,
            shard=self._plan.shard,
            public_url=self._plan.public_url,
            may_go_on=lambda: self._monotonic() < deadline and tenure.lasts(),
            now=self._now,
            count=self._tally.count,
        )
        self._report.stopped = stopped
        return stopped in {None, relay.OUT_OF_TIME}

    def _topic(self) -> Publisher:
        """One publisher a poll: the SDK is loaded only when there is something to say."""
        if self._publisher is None:
            self._publisher = self._make_publisher(self._began + self._plan.budget_seconds)
        return self._publisher

    def _judge(
        self, committer: Committer, work: WorkRecord, swept: bool, last: PollRecord | None, token: int
    ) -> PollRecord:
        """The poll record after this poll; a turn of the source's state is committed as a change of the feed."""
        now, plan = self._now(), self._plan
        record = freshness.next_record(
            last,
            read=judging.last_reads(plan.pairs, work.pairs),
            watched=plan.pairs,
            answered=self._report.polled + self._report.partial,
            failed=self._report.failed,
            bound_seconds=self._bound(None if swept else work),
            began=self._began_at,
            now=now,
            token=token,
        )
        self._report.source = freshness.source_state(record, plan.pairs, now, plan.interval_seconds)
        at = committer.time()
        turn = judging.turned(record, plan.pairs, committer.state, plan.interval_seconds, now, at)
        if change := turn or judging.begun(record, committer.state, at):
            committer.commit([change], at)
        return record

    def _bound(self, work: WorkRecord | None) -> float:
        """How old a pair's last good read may be; `work` None: one call told of all pairs."""
        plan = self._plan
        known = work.pace if work else None
        rate = known.rate * (MARGIN if known.throttled_at else 1) if known else plan.rate
        return schedule.stale_after(
            len(plan.pairs) if work else 0,
            rate=rate,
            budget_seconds=READING_SHARE * plan.budget_seconds,
            interval_seconds=plan.interval_seconds,
        )

    def _remember(
        self, head: int, committer: Committer, touched: frozenset[str], work: WorkRecord, record: PollRecord
    ) -> None:
        """`touched`: events that the log knew newer than the checkpoint."""
        changed = touched | {change.event.id for change in committer.committed}
        remember(
            self._store, self._plan.shard, before=head, state=committer.state, changed=changed, work=work, record=record
        )
