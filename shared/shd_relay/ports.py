"""Every remote effect of SHD Relay, as four small contracts. Each sentence here has a test in tests/contract.

Nothing that one conditional write on one row cannot do is asked of a store: no transaction, no scan, no delete.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from shd_relay.model import FailedRead, Message, Observation, Pair, Position
from shd_relay.records import Learned, Parked


class Lease(NamedTuple):
    """The right to poll one shard. `token` grows with every acquisition; `until` is when others may take it."""

    token: int
    until: datetime


class Checkpoint(NamedTuple):
    """A cached fold of the log up to `seq`; `blob` is opaque to the store."""

    seq: int
    blob: bytes


class Row(NamedTuple):
    """One row of the log."""

    seq: int
    blob: bytes


class ReadStore(Protocol):
    """What the query side needs of a store.

    Every method but `close` raises StoreUnavailable when the store does not answer, and ContractError when what it
    holds is not ours.
    """

    def load_checkpoint(self, shard: str) -> Checkpoint | None:
        """The checkpoint saved last with the greatest seq; None before the first."""

    def read_log(self, shard: str, after: int, limit: int) -> list[Row]:
        """At most `limit` rows with seq after+1, after+2, ... in this order; stops before the first missing seq."""

    def load_watermark(self, shard: str) -> Position:
        """The greatest position that was saved: how far the relay has published; (0, 0) before the first save."""

    def load_record(self, shard: str, name: str) -> bytes | None:
        """The record saved last under `name`; None before the first."""

    def load_document(self, id: str) -> bytes | None:  # noqa: A002 - the field's word
        """The document that stands under the event's id; None if there is none."""

    def list_documents(self, month: str, after: str, limit: int) -> list[tuple[str, bytes]]:
        """At most `limit` (id, document) of a month (`YYYY-MM`), by id, those greater than `after`."""

    def list_parked(self, shard: str) -> list[Parked]:
        """What is parked, oldest first."""

    def close(self) -> None:
        """Lets go of connections; the store can be used again afterwards."""


class Store(ReadStore, Protocol):
    """The relay's memory. A write that raised StoreUnavailable may have been applied: read back before you repeat."""

    def acquire(self, shard: str, owner: str, now: datetime, ttl_seconds: float) -> Lease | None:
        """The lease, for ttl_seconds from `now`, with a token greater than any before; None while another owner's runs.

        A lease that runs for more than twice ttl_seconds from `now` counts as expired: a clock that is wrong wrote it.
        The owner of a running lease gets it anew, with a new token.
        """

    def renew(self, shard: str, lease: Lease, now: datetime, ttl_seconds: float) -> Lease | None:
        """The same token, for ttl_seconds from `now`; None if it was acquired anew since. Having expired is no loss."""

    def release(self, shard: str, lease: Lease) -> None:
        """Ends the lease at once if it is still this one's; does nothing otherwise."""

    def append(self, shard: str, seq: int, blob: bytes) -> bool:
        """Puts the row if none is under `seq`: True if this call put it, False if one was there. Never overwrites."""

    def save_checkpoint(self, shard: str, checkpoint: Checkpoint) -> bool:
        """Saves it unless one with a greater seq is there; False in that case."""

    def save_watermark(self, shard: str, position: Position) -> bool:
        """Saves it if it is greater than the saved one; False if it was not."""

    def save_record(self, shard: str, name: str, token: int, blob: bytes) -> bool:
        """Saves the record unless one with a greater token is there; False in that case."""

    def put_documents(self, documents: Sequence[tuple[str, str, bytes]], seq: int) -> None:
        """Puts each (id, month, document) unless the one that is there was put with a greater `seq`; that is the log's
        position that they are made from. Any part of them may have been put when it raises."""

    def park(self, shard: str, parked: Parked) -> None:
        """Keeps it under its key; what is already parked under the key stays as it is."""


class ReadRequest(NamedTuple):
    """One pair to read, and the days that are wanted: from `since` to today, and announced ones after it; with `until`,
    to that day only."""

    pair: Pair
    since: datetime
    until: datetime | None = None


class Findings(NamedTuple):
    """What a read found out about the way of asking: how narrow the window has to be, and how fast it bears to be asked
    (None for calls that nothing limited). `refused`: why every call would be, until a person mends something."""

    rung: int = 0
    pace: Learned | None = None
    refused: str | None = None


class Source(Protocol):
    """One operation of the status API; each outcome carries its name, `operation`."""

    operation: str

    def read(self, requests: Sequence[ReadRequest], *, now: datetime, rung: int) -> Iterator[Observation | FailedRead]:
        """Reads the pairs, several at a time, and yields one outcome each as it comes, in unspecified order.

        Ends early when the budget is spent: pairs without an outcome were not reached. Never raises for what the other
        side does; each outcome says it. `rung` is how narrow a window to begin with; `learned` tells what was found. An
        operation that lists all regions at once may yield observations of further pairs.
        """

    def learned(self, now: datetime) -> Findings:
        """What was found out in the last read."""


class Publisher(Protocol):
    """The topic."""

    def publish(self, message: Message) -> None:
        """Returns once the topic has accepted the very bytes of the message.

        Raises PublishUnavailable when waiting may help; the message may have been accepted all the same. Raises
        MessageRefused when the topic refused this one message. Raises ContractError when it refuses them all until a
        person mends something.
        """
