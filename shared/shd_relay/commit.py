"""Committing: changes -> entries -> one conditional write each, under a lease (design.md, law 2).

`append(head + 1)` is the commit and the fence in one: of two pollers with the same head only one can put the row. The
lease merely saves work, so a clock that is wrong can cost a duplicate, never a loss.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from shd_relay import appending, ledger
from shd_relay.errors import ConflictError
from shd_relay.model import Change, Entry
from shd_relay.ports import Lease, Store


class Tenure:
    """The lease of this poll, as long as it can be kept."""

    def __init__(self, *, store: Store, shard: str, lease: Lease, seconds: float, now: Callable[[], datetime]) -> None:
        self._store = store
        self._shard = shard
        self._seconds = seconds
        self._now = now
        self.lease = lease

    def renew(self) -> bool:
        """Whether the shard is still ours, asked of the store; False once another poller has taken it."""
        renewed = self._store.renew(self._shard, self.lease, self._now(), self._seconds)
        if renewed is None:
            return False
        self.lease = renewed
        return True

    def lasts(self) -> bool:
        """Whether the shard is ours; the store is asked only once half of the lease has passed."""
        left = self.lease.until - self._now()
        return left > timedelta(seconds=self._seconds / 2) or self.renew()

    def release(self) -> None:
        self._store.release(self._shard, self.lease)


class Committer:
    """Puts changes at the head of the log and knows the state after them."""

    def __init__(
        self, *, store: Store, shard: str, tenure: Tenure, state: ledger.State, owner: str, now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._shard = shard
        self._tenure = tenure
        self._owner = owner
        self.now = now
        self._entries = 0
        self.state = state
        self.committed: list[Change] = []

    def time(self) -> datetime:
        """The time of a commit now: commit times never go back (design.md, law 8)."""
        now = self.now()
        return max(now, self.state.at) if self.state.at else now

    def commit(self, changes: Sequence[Change], at: datetime) -> None:
        """Commits them, incidents first; all changes of one event are in one entry.

        Raises ConflictError if another poller took over, StoreUnavailable if nobody knows whether it was committed.
        """
        for batch in entries_of(changes):
            if not self._tenure.renew():
                raise ConflictError("another poller took the lease")
            self._entries += 1
            token = self._tenure.lease.token
            entry = Entry(id=f"{token}.{self._entries}.{self._owner}", at=at, token=token, changes=batch)
            self._append(self.state.seq + 1, entry)
            self.state = ledger.apply(self.state, self.state.seq + 1, entry)
            self.committed += batch

    def _append(self, seq: int, entry: Entry) -> None:
        def is_ours(blob: bytes) -> bool:
            return ledger.decode_entry(blob).id == entry.id

        if not appending.put(self._store, self._shard, seq, ledger.encode_entry(entry), is_ours=is_ours):
            raise ConflictError(f"another poller committed entry {seq} first")


def entries_of(changes: Sequence[Change], limit: int = ledger.ENTRY_BYTES) -> Iterator[tuple[Change, ...]]:
    """The changes in batches of at most `limit` bytes encoded, incidents first; one event's are never parted."""
    by_event: dict[str, list[Change]] = {}
    for change in changes:
        by_event.setdefault(change.event.id, []).append(change)
    groups = sorted(by_event.values(), key=lambda group: group[-1].event.kind != "incident")
    batch: list[Change] = []
    size = 0
    for group in groups:
        bytes_ = sum(len(msgspec.json.encode(change)) + 1 for change in group)
        if batch and size + bytes_ > limit - 1_000:  # the envelope's share
            yield tuple(batch)
            batch, size = [], 0
        batch += group
        size += bytes_
    if batch:
        yield tuple(batch)
