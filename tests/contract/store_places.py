"""The places where a store keeps what it holds, and how each of them fails. A new adapter adds its class to PLACES."""

from __future__ import annotations

import os
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from local.fakes.tablestore import LOCAL_KEY_ID, LOCAL_SECRET, Fault, KeyType, TablestoreFake
from local.fakes.tablestore.faults import Call
from shd_relay.adapters.credentials import Credentials
from shd_relay.adapters.memory_store import MemoryStore
from shd_relay.adapters.sqlite_store import SqliteStore
from shd_relay.adapters.tablestore_store import TablestoreStore
from shd_relay.adapters.tablestore_tables import KEYS, create_tables
from shd_relay.ports import Store
from shd_relay.settings_checks import TablestoreAddress

WRITES = ("PutRow", "UpdateRow", "BatchWriteRow")


class Memory:
    """This process. It always answers, and nobody else can put anything there: see FRAIL."""

    def __init__(self, _folder: Path) -> None:
        self._shared = MemoryStore()

    def open(self) -> Store:
        return self._shared

    def connections(self) -> int:
        """How many of them this process holds to the place."""
        return 0

    def stop(self) -> None: ...


class Sqlite:
    """One file, with real locks and real transactions; only the wait for the disk is left to the unit tests."""

    may_lose_answers = False  # a commit that failed was not made
    busy_seconds = 30.0

    def __init__(self, folder: Path) -> None:
        self._path = folder / "relay.db"
        self._holder: sqlite3.Connection | None = None

    def open(self) -> Store:
        return SqliteStore(self._path, busy_seconds=self.busy_seconds, pragmas=("synchronous = OFF",))

    def connections(self) -> int:
        file = self._path.stat()
        return sum(os.path.samestat(found, file) for found in map(_stat, _descriptors()) if found)

    def stop(self) -> None:
        self.mend()

    def break_down(self) -> None:
        """Another program holds the file's lock."""
        self._holder = sqlite3.connect(self._path, isolation_level=None)
        self._holder.execute("BEGIN EXCLUSIVE")

    lose_answers = fail_in_part = break_down

    def mend(self) -> None:
        if self._holder is not None:
            self._holder.close()
            self._holder = None

    def hold_what_is_not_ours(self) -> None:
        self._path.unlink(missing_ok=True)
        with closing(sqlite3.connect(self._path)) as other:
            other.execute("CREATE TABLE recipes (title TEXT)")


class FrailSqlite(Sqlite):
    busy_seconds = 0.0


class Tablestore:
    """The vendor's SDK over a stand-in, which ends with the test."""

    may_lose_answers = True

    def __init__(self, _folder: Path) -> None:
        if find_spec("tablestore") is None:
            pytest.skip("the Tablestore SDK is not installed: pip install -r requirements.txt")
        self._fake = TablestoreFake().start()
        self._address = TablestoreAddress(instance=self._fake.instance, endpoint=self._fake.url)
        create_tables(self._address, _local_keys)

    def open(self) -> Store:
        return TablestoreStore(self._address, _local_keys, pause=lambda seconds: None)

    def connections(self) -> int:
        port = urlsplit(self._fake.url).port
        return sum(_peer(descriptor) == ("127.0.0.1", port) for descriptor in _descriptors())

    def stop(self) -> None:
        self._fake.stop()

    def break_down(self) -> None:
        self._fake.fail(Fault.RESET_BEFORE, times=None)

    def lose_answers(self) -> None:
        """Whatever is written is stored, or not if its condition fails; nobody hears of either."""
        self._fake.fail(Fault.CLOSE_AFTER, times=None, when=_is_write)

    def fail_in_part(self) -> None:
        self._fake.fail(Fault.PARTIAL_BATCH, times=None, rows=(0,))

    def mend(self) -> None:
        self._fake.heal()

    def hold_what_is_not_ours(self) -> None:
        self._fake.reset()
        for name in KEYS:
            self._fake.create_table(f"{self._address.prefix}{name}", {"recipe": KeyType.STRING})


def _is_write(call: Call) -> bool:
    return call.action in WRITES


def _local_keys() -> Credentials:
    return Credentials(access_key_id=LOCAL_KEY_ID, access_key_secret=LOCAL_SECRET)


def _descriptors() -> Iterator[int]:
    return (int(name) for name in os.listdir("/dev/fd"))  # noqa: PTH208 - names alone


def _stat(descriptor: int) -> os.stat_result | None:
    with suppress(OSError):  # that of the listing itself is closed
        return os.fstat(descriptor)
    return None


def _peer(descriptor: int) -> object:
    with suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as found:
        return found.getpeername()
    return None


StorePlace = Memory | Sqlite | Tablestore
FrailPlace = Sqlite | Tablestore
PLACES: dict[str, Callable[[Path], StorePlace]] = {"memory": Memory, "sqlite": Sqlite, "tablestore": Tablestore}
FRAIL: dict[str, Callable[[Path], FrailPlace]] = {"sqlite": FrailSqlite, "tablestore": Tablestore}
