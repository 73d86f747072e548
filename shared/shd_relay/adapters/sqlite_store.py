"""The store in one SQLite file: for one machine, where several pollers and readers share the file.

Each method is one statement, and each write touches one row under a condition: no more than Tablestore could do.
A commit that returned is on the disk. Times stand as whole microseconds since 1970, so that nothing of them is lost.
Needs SQLite 3.35 (2021), for RETURNING.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from itertools import count
from pathlib import Path
from typing import Any

from shd_relay.adapters import sqlite_file
from shd_relay.model import START, Position
from shd_relay.ports import Checkpoint, Lease, Row
from shd_relay.records import Parked

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)
_NOT_KNOWN = (-1, -1)  # the identity of no file, and not that of a missing one either


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _moment(micros: int) -> datetime:
    return _EPOCH + micros * _MICROSECOND


class SqliteStore:
    """The store port over one file; may be used from several threads.

    A writing store makes the file and its folder. With `read_only` nothing is ever written, and a file that is not
    there yet reads as an empty store. Whoever holds the file's lock is waited for `busy_seconds`. `pragmas` are set on
    each connection, as `name = value`: `max_page_count = 262144` keeps the file below 1 GiB.

    After an error, and when another file stands under the path, the next call opens the file anew.
    """

    def __init__(
        self, path: str | Path, *, read_only: bool = False, busy_seconds: float = 2.0, pragmas: Sequence[str] = ()
    ) -> None:
        self._path = Path(path)
        self._read_only = read_only
        self._busy_seconds = busy_seconds
        self._pragmas = tuple(pragmas)
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None

    def close(self) -> None:
        with self._lock:
            self._drop()

    # log

    def read_log(self, shard: str, after: int, limit: int) -> list[Row]:
        found = self._rows(
            "SELECT seq, blob FROM log WHERE shard = ? AND seq > ? ORDER BY seq LIMIT ?", shard, after, max(limit, 0)
        )
        # Past a gap every seq is greater than the number that counts along.
        return [Row(seq, blob) for (seq, blob), expected in zip(found, count(after + 1)) if seq == expected]

    def append(self, shard: str, seq: int, blob: bytes) -> bool:
        return self._wrote("INSERT INTO log VALUES (?, ?, ?) ON CONFLICT DO NOTHING", shard, seq, blob)

    # lease

    def acquire(self, shard: str, owner: str, now: datetime, ttl_seconds: float) -> Lease | None:
        span = timedelta(seconds=ttl_seconds)
        rows = self._rows(
            "INSERT INTO lease VALUES (?, ?, 1, ?) ON CONFLICT DO UPDATE"
            " SET owner = excluded.owner, token = token + 1, until = excluded.until"
            " WHERE owner = excluded.owner OR until <= ? OR until > ? RETURNING token, until",
            *(shard, owner, _micros(now + span), _micros(now), _micros(now + 2 * span)),
        )
        return Lease(rows[0][0], _moment(rows[0][1])) if rows else None

    def renew(self, shard: str, lease: Lease, now: datetime, ttl_seconds: float) -> Lease | None:
        until = now + timedelta(seconds=ttl_seconds)
        kept = self._wrote(
            "UPDATE lease SET until = ? WHERE shard = ? AND token = ?", _micros(until), shard, lease.token
        )
        return Lease(lease.token, until) if kept else None

    def release(self, shard: str, lease: Lease) -> None:
        self._wrote("UPDATE lease SET until = 0 WHERE shard = ? AND token = ?", shard, lease.token)

    # checkpoint, watermark, records

    def load_checkpoint(self, shard: str) -> Checkpoint | None:
        rows = self._rows("SELECT seq, blob FROM checkpoint WHERE shard = ?", shard)
        return Checkpoint(*rows[0]) if rows else None

    def save_checkpoint(self, shard: str, checkpoint: Checkpoint) -> bool:
        return self._wrote(
            "INSERT INTO checkpoint VALUES (?, ?, ?) ON CONFLICT DO UPDATE"
            " SET seq = excluded.seq, blob = excluded.blob WHERE seq <= excluded.seq",
            *(shard, checkpoint.seq, checkpoint.blob),
        )

    def load_watermark(self, shard: str) -> Position:
        rows = self._rows("SELECT seq, change FROM watermark WHERE shard = ?", shard)
        return Position(*rows[0]) if rows else START

    def save_watermark(self, shard: str, position: Position) -> bool:
        return self._wrote(
            "INSERT INTO watermark SELECT ?, ?, ? WHERE (?, ?) > (?, ?) ON CONFLICT DO UPDATE"
            " SET seq = excluded.seq, change = excluded.change WHERE (seq, change) < (excluded.seq, excluded.change)",
            *(shard, *position, *position, *START),
        )

    def load_record(self, shard: str, name: str) -> bytes | None:
        return self._blob("SELECT blob FROM record WHERE shard = ? AND name = ?", shard, name)

    def save_record(self, shard: str, name: str, token: int, blob: bytes) -> bool:
        return self._wrote(
            "INSERT INTO record VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE"
            " SET token = excluded.token, blob = excluded.blob WHERE token <= excluded.token",
            *(shard, name, token, blob),
        )

    # documents

    def load_document(self, id: str) -> bytes | None:  # noqa: A002 - the port's word
        return self._blob("SELECT blob FROM document WHERE id = ?", id)

    def list_documents(self, month: str, after: str, limit: int) -> list[tuple[str, bytes]]:
        return self._rows(
            "SELECT id, blob FROM document WHERE month = ? AND id > ? ORDER BY id LIMIT ?", month, after, max(limit, 0)
        )

    def put_documents(self, documents: Sequence[tuple[str, str, bytes]], seq: int) -> None:
        # One transaction only to sync the disk once, not once a row.
        with self._session() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "INSERT INTO document (id, month, blob, seq) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE"
                " SET month = excluded.month, blob = excluded.blob, seq = excluded.seq"
                " WHERE excluded.seq >= document.seq",
                [(*document, seq) for document in documents],
            )
            connection.execute("COMMIT")

    # parked

    def list_parked(self, shard: str) -> list[Parked]:
        rows = self._rows("SELECT key, at, reason, body FROM parked WHERE shard = ? ORDER BY at, key", shard)
        return [Parked(key=key, at=_moment(at), reason=reason, body=body) for key, at, reason, body in rows]

    def park(self, shard: str, parked: Parked) -> None:
        self._wrote(
            "INSERT INTO parked VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            *(shard, parked.key, _micros(parked.at), parked.reason, parked.body),
        )

    # the connection

    def _rows(self, statement: str, *values: object) -> list[Any]:
        with self._session() as connection:
            return connection.execute(statement, values).fetchall()

    def _blob(self, statement: str, *values: object) -> bytes | None:
        rows: list[tuple[bytes]] = self._rows(statement, *values)
        return rows[0][0] if rows else None

    def _wrote(self, statement: str, *values: object) -> bool:
        with self._session() as connection:
            return connection.execute(statement, values).rowcount == 1

    @contextmanager
    def _session(self) -> Iterator[sqlite3.Connection]:
        """The connection, for this thread alone. An error closes it, which undoes what was not committed."""
        with self._lock:
            try:
                yield self._connected()
            except BaseException as error:
                self._drop()
                if isinstance(error, sqlite3.Error | OSError | UnicodeEncodeError):
                    raise sqlite_file.meaning(error, self._path) from error
                raise

    def _connected(self) -> sqlite3.Connection:
        # Someone may have deleted the file or put a backup in its place: what an open connection then says is past.
        file = sqlite_file.identity(self._path)
        if self._connection is not None and file != self._file:
            self._drop()
        if self._connection is None:
            found = self._open()
            # An empty store stands in until there is a file with something in it: None is no file's identity. A file
            # that was only now made is opened once more at the next call, when it is known which one it is.
            self._connection, self._file = (found, file or _NOT_KNOWN) if found else (sqlite_file.empty_store(), None)
        return self._connection

    def _open(self) -> sqlite3.Connection | None:
        opening = sqlite_file.open_to_read if self._read_only else sqlite_file.open_to_write
        return opening(self._path, self._busy_seconds, self._pragmas)

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None
