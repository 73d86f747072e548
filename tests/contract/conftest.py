"""The stores that must keep the contract. A new adapter adds its line to `_PLACES`; the suite stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from local.fakes.tablestore import LOCAL_KEY_ID, LOCAL_SECRET, TablestoreFake
from shd_relay.adapters.credentials import Credentials
from shd_relay.adapters.memory_store import MemoryStore
from shd_relay.adapters.sqlite_store import SqliteStore
from shd_relay.adapters.tablestore_store import TablestoreStore
from shd_relay.adapters.tablestore_tables import create_tables
from shd_relay.ports import Store
from shd_relay.settings_checks import TablestoreAddress

Opener = Callable[[], Store]


def _memory(_folder: Path) -> Opener:
    shared = MemoryStore()
    return lambda: shared


def _sqlite(folder: Path) -> Opener:
    # Real locks and real transactions; only the wait for the disk is left out, the unit tests have it.
    return lambda: SqliteStore(folder / "relay.db", busy_seconds=30, pragmas=("synchronous = OFF",))


class _Tablestore:
    """The vendor's SDK over a stand-in, which ends with the test."""

    def __init__(self, _folder: Path) -> None:
        if find_spec("tablestore") is None:
            pytest.skip("the Tablestore SDK is not installed: pip install tablestore==6.4.8")
        self._fake = TablestoreFake().start()
        self._address = TablestoreAddress(instance=self._fake.instance, endpoint=self._fake.url)
        create_tables(self._address, _local_keys)

    def __call__(self) -> Store:
        return TablestoreStore(self._address, _local_keys)

    def stop(self) -> None:
        self._fake.stop()


def _local_keys() -> Credentials:
    return Credentials(access_key_id=LOCAL_KEY_ID, access_key_secret=LOCAL_SECRET)


_PLACES: dict[str, Callable[[Path], Opener]] = {"memory": _memory, "sqlite": _sqlite, "tablestore": _Tablestore}


@pytest.fixture(params=sorted(_PLACES))
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Opens the one place anew at each call, as each poller and each reader does."""
    opener = _PLACES[request.param](tmp_path)
    opened: list[Store] = []

    def open_one() -> Store:
        opened.append(opener())
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()
    if isinstance(opener, _Tablestore):
        opener.stop()


@pytest.fixture
def store(open_store: Opener) -> Store:
    return open_store()
