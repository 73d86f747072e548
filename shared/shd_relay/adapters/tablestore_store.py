"""The store in Tablestore, for the cloud: every write is one row under one condition, and nothing is ever deleted.

The tables are described, and made, in tablestore_tables.py. Each call is one request, except where it says more.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from itertools import count

from shd_relay.adapters import tablestore_blobs, tablestore_documents
from shd_relay.adapters.credentials import Credentials
from shd_relay.adapters.tablestore_blobs import pack, unpack
from shd_relay.adapters.tablestore_client import CALL_SECONDS, Client
from shd_relay.adapters.tablestore_rows import Columns, Found, Key, Rows, When, Write
from shd_relay.errors import StoreUnavailable
from shd_relay.model import START, Position
from shd_relay.ports import Checkpoint, Lease, Row
from shd_relay.records import Parked
from shd_relay.settings_checks import TablestoreAddress

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)
_LAST = (1 << 63) - 1  # the greatest INTEGER
_TRIES = 20  # each lost one is a lease that somebody else got
_MOST_PARKED = 1_000_000


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _moment(micros: int) -> datetime:
    return _EPOCH + micros * _MICROSECOND


class TablestoreStore:
    """The store port over one instance; may be used from several threads. Connects when it is first used.

    `credentials` is called for each request; Client says what `call_seconds`, `deadline` and `pause` are.
    Who may write is the RAM policy's to say.
    """

    def __init__(
        self,
        address: TablestoreAddress,
        credentials: Callable[[], Credentials],
        *,
        call_seconds: float = CALL_SECONDS,
        deadline: float = math.inf,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = Client(address, credentials, call_seconds=call_seconds, deadline=deadline, pause=pause)
        self._rows = Rows(self._client, address.prefix)

    def close(self) -> None:
        self._client.close()

    # log

    def read_log(self, shard: str, after: int, limit: int) -> list[Row]:
        first = after + 1
        end = first + max(limit, 0)
        if not -_LAST <= first < end <= _LAST:
            return []
        found = self._rows.scan("log", ("shard", shard), "seq", first=first, end=end, limit=limit)
        rows: list[Row] = []
        for row, expected in zip(found, count(first), strict=False):
            seq = int(dict(row.key)["seq"])
            if seq != expected:
                break
            rows.append(Row(seq, unpack(row.get("entry", bytes))))
        return rows

    def append(self, shard: str, seq: int, blob: bytes) -> bool:
        return self._rows.write("log", Write((("shard", shard), ("seq", seq)), {"entry": pack(blob)}, None))

    # lease

    def acquire(self, shard: str, owner: str, now: datetime, ttl_seconds: float) -> Lease | None:
        """Two requests, more when several ask at once."""
        span = timedelta(seconds=ttl_seconds)
        for _ in range(_TRIES):
            held = self._meta(shard, "lease")
            if held is not None and _runs_for_another(held, owner, now, span):
                return None
            lease = Lease(held.get("token", int) + 1 if held else 1, now + span)
            if self._rows.write("meta", _lease_write(_kind(shard, "lease"), owner, lease, held)):
                return lease
        raise StoreUnavailable(f"lease of {shard}: others took it all the time")

    def renew(self, shard: str, lease: Lease, now: datetime, ttl_seconds: float) -> Lease | None:
        until = now + timedelta(seconds=ttl_seconds)
        return Lease(lease.token, until) if self._set_until(shard, lease.token, _micros(until)) else None

    def release(self, shard: str, lease: Lease) -> None:
        self._set_until(shard, lease.token, 0)

    def _set_until(self, shard: str, token: int, until: int) -> bool:
        when: When = [[("token", "==", token)]]
        return self._rows.write("meta", Write(_kind(shard, "lease"), {"until": until}, when))

    # checkpoint, watermark, records: the first save of each takes two requests

    def load_checkpoint(self, shard: str) -> Checkpoint | None:
        return tablestore_blobs.load_checkpoint(self._rows, shard)

    def save_checkpoint(self, shard: str, checkpoint: Checkpoint) -> bool:
        return tablestore_blobs.save_checkpoint(self._rows, shard, checkpoint)

    def load_watermark(self, shard: str) -> Position:
        row = self._meta(shard, "pub")
        return Position(row.get("seq", int), row.get("off", int)) if row else START

    def save_watermark(self, shard: str, position: Position) -> bool:
        if position <= START:
            return False
        seq, offset = position
        when: When = [[("seq", "<", seq)], [("seq", "==", seq), ("off", "<", offset)]]
        return self._rows.save("meta", _kind(shard, "pub"), {"seq": seq, "off": offset}, when)

    def load_record(self, shard: str, name: str) -> bytes | None:
        row = self._meta(shard, f"record:{name}")
        return row.get("doc", bytes) if row else None

    def save_record(self, shard: str, name: str, token: int, blob: bytes) -> bool:
        when: When = [[("token", "<=", token)]]
        return self._rows.save("meta", _kind(shard, f"record:{name}"), {"token": token, "doc": blob}, when)

    def _meta(self, shard: str, kind: str) -> Found | None:
        return self._rows.read("meta", _kind(shard, kind))

    # documents

    def load_document(self, id: str) -> bytes | None:  # noqa: A002 - the port's word
        return tablestore_documents.load(self._rows, id)

    def list_documents(self, month: str, after: str, limit: int) -> list[tuple[str, bytes]]:
        return tablestore_documents.of_month(self._rows, month, after, max(limit, 0))

    def put_documents(self, documents: Sequence[tuple[str, str, bytes]], seq: int) -> None:
        tablestore_documents.put(self._rows, documents, seq)

    # parked

    def list_parked(self, shard: str) -> list[Parked]:
        rows = self._rows.scan("parked", ("shard", shard), "key", limit=_MOST_PARKED)
        return sorted((_parked(row) for row in rows), key=lambda parked: (parked.at, parked.key))

    def park(self, shard: str, parked: Parked) -> None:
        columns: Columns = {"at": _micros(parked.at), "reason": parked.reason, "body": parked.body}
        self._rows.write("parked", Write((("shard", shard), ("key", parked.key)), columns, None))


def _kind(shard: str, kind: str) -> Key:
    return (("shard", shard), ("kind", kind))


def _runs_for_another(held: Found, owner: str, now: datetime, span: timedelta) -> bool:
    # More than twice the span ahead was written by a clock that is wrong.
    return held.get("owner", str) != owner and _micros(now) < held.get("until", int) <= _micros(now + 2 * span)


def _lease_write(key: Key, owner: str, lease: Lease, held: Found | None) -> Write:
    """Only if the lease is still as it was read: `until` too, as a renewal keeps the token."""
    columns: Columns = {"owner": owner, "token": lease.token, "until": _micros(lease.until)}
    if held is None:
        return Write(key, columns, None)
    when: When = [[("token", "==", held.get("token", int)), ("until", "==", held.get("until", int))]]
    return Write(key, columns, when)


def _parked(row: Found) -> Parked:
    key = str(dict(row.key)["key"])
    return Parked(key=key, at=_moment(row.get("at", int)), reason=row.get("reason", str), body=row.get("body", str))
