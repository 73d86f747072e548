"""The file under SqliteStore: how it is opened, how it is known to be ours, and what its errors mean.

Rollback journal, not WAL: a reader opened `mode=ro` then never writes a byte (WAL makes every reader write a -shm
file), one lock is a whole outage for readers and writers alike, and the store is one file to copy. TRUNCATE, not
DELETE: with synchronous=FULL it syncs the emptied journal, so that a commit that returned outlives a power cut, while
DELETE may bring the journal back and undo it. WAL would save about 1 ms an append, of which a poll has one or a few.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from shd_relay.errors import ContractError, RelayError, StoreUnavailable

APPLICATION_ID = 0x53484452  # "SHDR", in the header of the file
FORMAT = 1  # PRAGMA user_version; another number is another layout

TABLES = (
    "CREATE TABLE log (shard TEXT NOT NULL, seq INTEGER NOT NULL, blob BLOB NOT NULL, UNIQUE (shard, seq))",
    "CREATE TABLE lease (shard TEXT PRIMARY KEY, owner TEXT NOT NULL, token INTEGER NOT NULL, until INTEGER NOT NULL)",
    "CREATE TABLE checkpoint (shard TEXT PRIMARY KEY, seq INTEGER NOT NULL, blob BLOB NOT NULL)",
    "CREATE TABLE watermark (shard TEXT PRIMARY KEY, seq INTEGER NOT NULL, change INTEGER NOT NULL)",
    """CREATE TABLE record (shard TEXT NOT NULL, name TEXT NOT NULL, token INTEGER NOT NULL, blob BLOB NOT NULL,
    PRIMARY KEY (shard, name))""",
    "CREATE TABLE document (id TEXT PRIMARY KEY, month TEXT NOT NULL, seq INTEGER NOT NULL, blob BLOB NOT NULL)",
    "CREATE UNIQUE INDEX document_by_month ON document (month, id)",
    """CREATE TABLE parked (shard TEXT NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL, reason TEXT NOT NULL,
    body TEXT NOT NULL, PRIMARY KEY (shard, key))""",
)

# By SQLite's own words: its numbers reach Python from 3.11 on only.
_MEANINGS: tuple[tuple[str, type[RelayError], str], ...] = (
    ("is locked", StoreUnavailable, "another program holds its lock"),
    ("readonly database", StoreUnavailable, "it is read-only, or a write was cut off and the next poll mends it"),
    ("disk is full", StoreUnavailable, "the disk is full"),
    ("unable to open", StoreUnavailable, "it cannot be opened; its folder may be missing, read-only or closed to us"),
    ("disk i/o error", StoreUnavailable, "the disk reports an error"),
    ("not a database", ContractError, "it is no SQLite database"),
    ("malformed", ContractError, "it is damaged"),
    ("no such table", ContractError, "its tables are not ours"),
    ("no such column", ContractError, "its tables are not ours"),
)


def meaning(error: sqlite3.Error | OSError | UnicodeEncodeError, path: Path) -> RelayError:
    """What an error of the file means to the relay, as one line that names the path."""
    text = str(error).lower()
    if isinstance(error, OSError):
        return StoreUnavailable(f"store {path}: {error.strerror}")
    for words, kind, line in _MEANINGS:
        if words in text:
            return kind(f"store {path}: {line} ({error})")
    kind = StoreUnavailable if isinstance(error, sqlite3.OperationalError) else ContractError
    return kind(f"store {path}: {error}")


def identity(path: Path) -> tuple[int, int] | None:
    """Which file stands under the path; None if none does. Raises OSError."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def open_to_write(path: Path, busy_seconds: float, pragmas: Sequence[str]) -> sqlite3.Connection:
    """A connection to the file, which is made, with its folder, where there is none. Raises sqlite3.Error, OSError,
    and ContractError, with the file untouched, if it is not ours."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = _connect(path, "rwc", busy_seconds)
    try:
        if _is_new(connection, path):
            _create(connection, path)
        _set(connection, "journal_mode = TRUNCATE", "synchronous = FULL", *pragmas)
    except BaseException:
        connection.close()
        raise
    return connection


def open_to_read(path: Path, busy_seconds: float, pragmas: Sequence[str]) -> sqlite3.Connection | None:
    """A connection that cannot write; None while there is no file, or one that no store has written to yet. Raises
    what open_to_write does."""
    if not path.exists():
        return None
    connection = _connect(path, "ro", busy_seconds)
    try:
        if _is_new(connection, path):
            connection.close()
            return None
        _set(connection, *pragmas)
    except BaseException:
        connection.close()
        raise
    return connection


def empty_store() -> sqlite3.Connection:
    """What a reader sees where there is no file yet: our tables with nothing in them, and nothing can be put there."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    for statement in TABLES:
        connection.execute(statement)
    _set(connection, "query_only = ON")
    return connection


def _connect(path: Path, mode: str, busy_seconds: float) -> sqlite3.Connection:
    # isolation_level None: each statement is its own transaction, and Python begins none behind our back.
    # check_same_thread False: the store's lock lets one thread at a time use it.
    if path.is_dir():
        raise ContractError(f"store {path}: it is a folder, not a file")
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    return sqlite3.connect(uri, uri=True, timeout=busy_seconds, isolation_level=None, check_same_thread=False)


def _set(connection: sqlite3.Connection, *pragmas: str) -> None:
    for pragma in pragmas:
        connection.execute(f"PRAGMA {pragma}")


def _is_new(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether the file has no content yet. Only reads. Raises ContractError if its content is not ours."""
    # One statement sees one state of the file: another poller may be creating it.
    owner, layout, objects = connection.execute(
        "SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version),"
        " (SELECT count(*) FROM sqlite_master)"
    ).fetchone()
    if (owner, layout, objects) == (0, 0, 0):
        return True
    if owner != APPLICATION_ID:
        found = f"application_id {owner:#x}, {objects} tables and indexes"
        raise ContractError(f"store {path}: it is a database of another program ({found})")
    if layout != FORMAT:
        raise ContractError(f"store {path}: it has format {layout}, and this release knows format {FORMAT} only")
    return False


def _create(connection: sqlite3.Connection, path: Path) -> None:
    """All or nothing; whoever was faster has done it."""
    connection.execute("BEGIN IMMEDIATE")
    if _is_new(connection, path):
        for statement in TABLES:
            connection.execute(statement)
        _set(connection, f"application_id = {APPLICATION_ID}", f"user_version = {FORMAT}")
    connection.execute("COMMIT")
