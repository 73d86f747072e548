"""What is known, read from the store and kept for a few seconds in the instance."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from typing import Protocol, TypeVar

import msgspec

from shd_relay import backlog, freshness, ledger, past
from shd_relay.backlog import Backlog
from shd_relay.errors import ContractError, StoreUnavailable
from shd_relay.ledger import Placed, State
from shd_relay.model import SHARD, HealthEvent, Pair, Position, SourceState
from shd_relay.ports import ReadStore
from shd_relay.records import POLL, Parked, PollRecord

KEEP_SECONDS = 1.0
KEEP_UNREADABLE_SECONDS = 5.0  # in an outage one request waits for the store, and not each of them
_PAGE = 200
_MONTHS = 25
_Kept = TypeVar("_Kept", bound=msgspec.Struct)


class Facts(Protocol):
    """What the handlers may look at. `unreadable`: the store does not answer, this is the last copy."""

    @property
    def state(self) -> State: ...

    @property
    def record(self) -> PollRecord | None: ...

    @property
    def unreadable(self) -> bool: ...

    @property
    def past(self) -> bool:
        """Whether this is what was known at an earlier time; then there is no record."""

    @property
    def polled_until(self) -> datetime | None:
        """Of the past: when the last poll ended that is known of now. After it nobody looked."""

    def turns_at(self, pairs: Sequence[Pair], now: datetime, interval_seconds: float) -> datetime:
        """When next something of this turns old, if nothing is read before."""

    def source_state(self, pairs: Sequence[Pair], now: datetime, interval_seconds: float) -> SourceState:
        """What the record says of the source; `pairs`: all that are watched."""

    def checked(self, pairs: Sequence[Pair]) -> list[datetime | None]:
        """The last good read of each of the pairs; None for none, and for the past."""

    def at(self, moment: datetime) -> Facts | None:
        """What was known then; None before the first entry of the log. May raise StoreUnavailable."""

    def changes(self, after: Position) -> Iterator[Placed]:
        """Every committed change after the position, in order. May raise StoreUnavailable on the way."""

    def reaches(self, position: Position) -> bool:
        """Whether the log has come as far. May raise StoreUnavailable."""

    def document(self, id: str) -> HealthEvent | None:  # noqa: A002 - the field's word
        """The event as it was last, however long ago it ended. May raise StoreUnavailable."""

    def months(self, since: datetime, until: datetime) -> Iterator[tuple[datetime, list[HealthEvent]]]:
        """The first moment and the event documents of each month from `until` back to `since`, the two that they lie in
        included, by when they began; two years at most."""

    def kept(self, name: str, kind: type[_Kept]) -> _Kept | None:
        """One of the relay's own records, read now; None for none, or one that cannot be read. May raise
        StoreUnavailable."""

    def backlog(self) -> Backlog:
        """What the topic has not accepted yet, read now. May raise StoreUnavailable."""

    @property
    def store(self) -> ReadStore:
        """What they are read from, for what reads the logs themselves: reports."""

    def parked(self) -> list[Parked]:
        """What is put aside for a person, the oldest first, read now. May raise StoreUnavailable."""


class StoreFacts:
    """Facts over a store: state and record are a copy, the rest is read when asked for."""

    def __init__(
        self, store: ReadStore, state: State, record: PollRecord | None, *, unreadable: bool = False, past: bool = False
    ) -> None:
        self.store = store
        self.state = state
        self.record = record
        self.unreadable = unreadable
        self.past = past
        self.polled_until: datetime | None = None  # of the past: the last poll that we know of now
        self._judged: tuple[datetime, SourceState, datetime] | None = None  # asked for several times in one answer
        self._checked: tuple[Sequence[Pair], list[datetime | None]] | None = None  # and so is this

    def turns_at(self, pairs: Sequence[Pair], now: datetime, interval_seconds: float) -> datetime:
        judged = self._judged
        if judged is None or not judged[0] <= now < judged[2]:
            judged = self._judged = now, *freshness.judged(self.record, pairs, now, interval_seconds)
        return judged[2]

    def source_state(self, pairs: Sequence[Pair], now: datetime, interval_seconds: float) -> SourceState:
        judged = self._judged
        if judged is None or judged[0] != now:
            judged = self._judged = now, *freshness.judged(self.record, pairs, now, interval_seconds)
        return judged[1]

    def checked(self, pairs: Sequence[Pair]) -> list[datetime | None]:
        checked = self._checked
        if checked is None or checked[0] is not pairs:
            names = map("/".join, pairs)  # as str(pair), without a call of ours for each
            checked = self._checked = (
                pairs,
                list(map(self.record.read.get, names)) if self.record else [None] * len(pairs),
            )
        return checked[1]

    def at(self, moment: datetime) -> Facts | None:
        state = past.state_at(self.store, moment, self.state.seq)
        if state is None:
            return None
        then = StoreFacts(self.store, state, None, past=True)
        then.polled_until = self.record.finished if self.record else None
        return then

    def changes(self, after: Position) -> Iterator[Placed]:
        return ledger.changes_after(self.store, after)

    def reaches(self, position: Position) -> bool:
        if position.seq <= self.state.seq:
            return True
        return bool(self.store.read_log(SHARD, position.seq - 1, 1))  # committed since the copy was made

    def document(self, id: str) -> HealthEvent | None:  # noqa: A002 - the field's word
        blob = self.store.load_document(id)
        return self._known(None if blob is None else ledger.decode_document(blob))

    def _known(self, event: HealthEvent | None) -> HealthEvent | None:
        """The event, unless what is known of it came later than the time that these facts are of."""
        late = self.past and event is not None and self.state.at is not None and event.changed_at > self.state.at
        return None if late else event

    def months(self, since: datetime, until: datetime) -> Iterator[tuple[datetime, list[HealthEvent]]]:
        for month in months(since, until):
            first = datetime(int(month[:4]), int(month[5:]), 1, tzinfo=timezone.utc)
            yield first, list(self._documents(month))

    def _documents(self, month: str) -> Iterator[HealthEvent]:
        after = ""
        while page := self.store.list_documents(month, after, _PAGE):
            after = page[-1][0]
            yield from (event for _, blob in page if (event := self._known(_readable(blob))))

    def kept(self, name: str, kind: type[_Kept]) -> _Kept | None:
        return ledger.decode_record(self.store.load_record(SHARD, name), kind)

    def backlog(self) -> Backlog:
        return backlog.of(self.store, SHARD)

    def parked(self) -> list[Parked]:
        return self.store.list_parked(SHARD)


def _readable(blob: bytes) -> HealthEvent | None:
    """None for a document that cannot be read: it must not hide the others. Asked for by id, it says so."""
    try:
        return ledger.decode_document(blob)
    except ContractError:
        return None


class FactsReader:
    """Keeps one copy per instance. A refresh reads the poll record and the log's new entries, never the whole again."""

    def __init__(self, store: ReadStore, *, keep_seconds: float = KEEP_SECONDS) -> None:
        self._store = store
        self._keep = keep_seconds
        self._copy: StoreFacts | None = None
        self._said: bytes | None = None  # the poll record as the store has it
        self._read_at = 0.0
        self._read_time: datetime | None = None
        self._lock = threading.Lock()

    def facts(self, monotonic: float, now: datetime) -> Facts:
        """What is known. A copy is kept for a moment, by `monotonic` seconds and by `now`: a clock that was moved asks
        for the state of its own moment.

        When the store does not answer, the last copy, marked as unreadable; without one, raises StoreUnavailable or
        ContractError.
        """
        with self._lock:
            if self._copy is None or not self._is_young(self._copy, monotonic, now):
                self._copy = self._fresh()
                self._read_at, self._read_time = monotonic, now
            return self._copy

    def _is_young(self, copy: StoreFacts, monotonic: float, now: datetime) -> bool:
        keep = max(self._keep, KEEP_UNREADABLE_SECONDS) if copy.unreadable else self._keep
        moved = abs(now - self._read_time) if self._read_time else timedelta.max
        return 0 <= monotonic - self._read_at < keep and moved < timedelta(seconds=keep)

    def _fresh(self) -> StoreFacts:
        """The copy itself, if nothing has come since: answers that were made of it still hold."""
        before, said = self._copy, self._said
        try:
            self._said = self._store.load_record(SHARD, POLL)
            state = self._grown(before.state) if before else ledger.load(self._store)[0]
        except (StoreUnavailable, ContractError):
            if before is None:
                raise
            self._said = said
            return (
                before if before.unreadable else StoreFacts(self._store, before.state, before.record, unreadable=True)
            )
        if before and not before.unreadable and state is before.state and self._said == said:
            return before
        return StoreFacts(self._store, state, ledger.decode_record(self._said, PollRecord))

    def _grown(self, state: State) -> State:
        while rows := self._store.read_log(SHARD, state.seq, ledger.PAGE):
            state = ledger.fold(state, rows)
        return state


def months(since: datetime, until: datetime) -> Iterator[str]:
    """`YYYY-MM` of both moments and of all months between, the newest first; the last two years of them at most."""
    for _ in range(_MONTHS):
        if (until.year, until.month) < (since.year, since.month):
            return
        yield f"{until:%Y-%m}" if until.year > 999 else f"{until.year:04d}-{until:%m}"
        first = until.replace(day=1)
        if first.year == 1 and first.month == 1:
            return
        until = first - timedelta(days=1)
