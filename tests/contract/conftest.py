"""The stores that must keep the contract. A new adapter adds its line to `_PLACES`; the suite stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shd_relay.adapters.memory_store import MemoryStore
from shd_relay.adapters.sqlite_store import SqliteStore
from shd_relay.ports import Store

Opener = Callable[[], Store]


def _memory(_folder: Path) -> Opener:
    shared = MemoryStore()
    return lambda: shared


def _sqlite(folder: Path) -> Opener:
    # Real locks and real transactions; only the wait for the disk is left out, the unit tests have it.
    return lambda: SqliteStore(folder / "relay.db", busy_seconds=30, pragmas=("synchronous = OFF",))


_PLACES: dict[str, Callable[[Path], Opener]] = {"memory": _memory, "sqlite": _sqlite}


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


@pytest.fixture
def store(open_store: Opener) -> Store:
    return open_store()
