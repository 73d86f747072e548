"""Reads what a report is made of: the log of changes, that of pushes, and the partner's tickets. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from shd_relay import ledger, past, tickets
from shd_relay.errors import ContractError, RequestError
from shd_relay.model import SHARD, Entry
from shd_relay.ports import ReadStore, Row
from shd_relay.pushed import Pushed
from shd_relay.records import POLL, PollRecord
from shd_relay.reports import rows
from shd_relay.reports.critical_watch import CriticalWatch
from shd_relay.reports.fold import Fold
from shd_relay.reports.log_range import Fingerprint, Prints
from shd_relay.reports.question import Found, Progress, Question
from shd_relay.reports.shapes_head import LogRange
from shd_relay.tickets import NO_TICKETS, Tickets

OTHER = "ask for a shorter period, or use the command `shd-relay report`"
"""What to do when a report is too much for one request."""
MOST_ROWS = 20_000
MOST_BYTES = 20_000_000
"""What one request may read: it has ten seconds, and half a processor. The command reads whatever there is."""

_NEXT_MOMENT = timedelta(microseconds=1)
_TELL_EVERY = 500


class Budget:
    """How much may be read, and who is told how far it came. None: as much as there is; nobody."""

    def __init__(
        self, most_rows: int | None = None, most_bytes: int | None = None, progress: Progress | None = None
    ) -> None:
        self._rows, self._bytes, self._progress = most_rows, most_bytes, progress
        self._total = self._done = 0

    def expect(self, count: int) -> None:
        """Raises RequestError (400) if that is too much."""
        if self._rows is not None and count > self._rows:
            raise _too_much()
        self._total = count
        self._tell()

    def take(self, row: Row) -> Entry:
        """The entry of a row; raises RequestError (400) if that is too much, and ContractError."""
        self._done += 1
        if self._bytes is not None:
            self._bytes -= len(row.blob)
            if self._bytes < 0:
                raise _too_much()
        if self._done % _TELL_EVERY == 0 or self._done == self._total:
            self._tell()
        return rows.entry(row)

    def check_complete(self) -> None:
        """Raises ContractError if a row was missing: without it the report would be another, and say nothing of it."""
        if self._done < self._total:
            raise ContractError(f"{self._total - self._done} entries of the log are missing")

    def _tell(self) -> None:
        if self._progress:
            self._progress(self._done, self._total)


def gather(store: ReadStore, asked: Question, now: datetime, budget: Budget | None = None) -> Found:
    """What the logs say of the period, up to what is known now. Raises what the store raises, RequestError (400) if
    that is more than the budget allows, and ContractError if the log has a hole, or cannot be read."""
    budget, limit = budget or Budget(), asked.reads_until(now)
    known = None if asked.name == "product-usage" else tickets.load(store, asked.partner.id, until=limit)
    watch = CriticalWatch(asked.partner.important, _ticketed(known)) if asked.name == "critical-support" else None
    fold = Fold(asked.reach, asked.period.since, asked.period.until, watch)
    record = ledger.decode_record(store.load_record(SHARD, POLL), PollRecord)  # first: what it tells of is in the log
    head = rows.head(store)
    last = past.last_seq(store, limit, head)
    before = min(last, past.last_seq(store, asked.period.since - _NEXT_MOMENT, head))
    snapshot = past.nearest(store, before)
    budget.expect(last - snapshot.seq)
    fold.carry(snapshot)
    for row in rows.read(store, SHARD, snapshot.seq, before):
        fold.before(budget.take(row))
    fold.begin()
    carried = fold.carried()
    prints = Prints(asked.reach)
    pushes = iter(()) if known is None else rows.pushes(store, before, last)
    for row, pushed in _beside(rows.read(store, SHARD, before, last), pushes):
        entry, times = budget.take(row), _times(pushed)
        mask = prints.entry(row, entry)
        if pushed and not prints.pushed(pushed, times, entry, mask, limit):
            times = ()
        fold.within(entry, times)
    budget.check_complete()
    known_until = limit if last < head else _known_until(record, fold.last, limit)
    for row in _following(store, last, head):  # that nobody looked at the end of what is known stands there
        entry = rows.entry(row)
        if fold.gap(entry, known_until):
            prints.entry(row, entry)
    logs = [prints.changes.range()]
    if known is not None:
        logs += [prints.pushes.range(), _ticket_range(store, asked.partner.id, known)]
    return Found(fold, carried, watch, known, known_until, limit, tuple(logs))


def _ticketed(known: Tickets | None) -> frozenset[str]:
    return frozenset(ticket.event for ticket in (known or NO_TICKETS).tickets.values() if ticket.event)


def _beside(found: Iterator[Row], pushes: Iterator[Row]) -> Iterator[tuple[Row, Row | None]]:
    """Each row of the log with its row of pushes; None if there is none."""
    following = next(pushes, None)
    for row in found:
        while following and following.seq < row.seq:
            following = next(pushes, None)
        yield row, following if following and following.seq == row.seq else None


def _following(store: ReadStore, last: int, head: int) -> Sequence[Row]:
    """The entry after the last that is read; none at the head. Raises ContractError if it is missing: a search by time
    stops before a hole, too."""
    found = store.read_log(SHARD, last, 1)
    if last < head and not found:
        raise ContractError(f"entry {last + 1} of the log is missing")
    return found


def _times(row: Row | None) -> tuple[datetime | None, ...]:
    """Of a row of pushes; one that is missing, or cannot be read, says nothing."""
    if row is None:
        return ()
    try:
        return msgspec.json.decode(row.blob, type=Pushed).at
    except msgspec.MsgspecError:
        return ()


def _known_until(record: PollRecord | None, last: datetime | None, limit: datetime) -> datetime:
    """Up to when the relay is known to have looked, as no entry comes after the limit: to the last commit or the end of
    the last poll. Where nothing tells that anybody looked, nothing was committed up to the limit."""
    told = [moment for moment in (last, record.finished if record else None) if moment]
    return min(limit, max(told)) if told else limit


def _ticket_range(store: ReadStore, partner_id: str, known: Tickets) -> LogRange:
    fingerprint = Fingerprint("tickets")
    for row in rows.read(store, tickets.shard_of(partner_id), 0, known.seq):
        fingerprint.add(row, 1, tickets.decode_entry(row).at)
    return fingerprint.range()


def _too_much() -> RequestError:
    """How much it would be depends on what others see."""
    return RequestError(400, f"this report is made of more of the log than one request reads: {OTHER}")
