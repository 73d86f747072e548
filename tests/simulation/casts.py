"""Our cast on the stores that are not memory: Tablestore is its SDK on the stand-in, and errors happen on the wire."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count, cycle
from pathlib import Path

from local.fakes.tablestore import LOCAL_KEY_ID, LOCAL_SECRET, Call, Fault, KeyType, TablestoreFake
from shd_relay.adapters.credentials import Credentials
from shd_relay.adapters.sqlite_store import SqliteStore
from shd_relay.adapters.tablestore_store import TablestoreStore
from shd_relay.adapters.tablestore_tables import KEYS
from shd_relay.ports import Store
from shd_relay.settings_checks import TablestoreAddress
from tests.simulation.stage import OURS, Cast
from tests.simulation.two_world import BOTH

STORES = ("memory", "sqlite", "tablestore", "both")
_GOOD = Credentials(access_key_id=LOCAL_KEY_ID, access_key_secret=LOCAL_SECRET)
_WIRE = {
    "error before": (
        Fault.SERVER_BUSY, Fault.CLOSE_BEFORE, Fault.NOT_ENOUGH_CAPACITY, Fault.RESET_BEFORE, Fault.ROW_CONFLICT,
        Fault.UNAVAILABLE, Fault.EMPTY_503, Fault.HTML_502,
    ),
    "error after": (
        Fault.CLOSE_AFTER, Fault.TIMEOUT_AFTER, Fault.RESET_AFTER, Fault.INTERNAL_ERROR_AFTER, Fault.TRUNCATED,
        Fault.WRONG_MD5, Fault.PARTIAL_BATCH, Fault.WRONG_SIGNATURE,
    ),
}  # fmt: skip


@contextmanager
def cast_on(store: str) -> Iterator[Cast]:
    """Ours, each run on a fresh store of that name; `both`: in memory, with two operations."""
    if store == "sqlite":
        with _sqlite() as cast:
            yield cast
    elif store == "tablestore":
        with _tablestore() as cast:
            yield cast
    else:
        yield BOTH if store == "both" else OURS


@contextmanager
def _sqlite() -> Iterator[Cast]:
    """Each run in a file of its own."""
    with tempfile.TemporaryDirectory() as folder:
        number = count()
        yield OURS._replace(store=lambda: SqliteStore(Path(folder) / f"{next(number)}.db"), on="sqlite")


@contextmanager
def _tablestore() -> Iterator[Cast]:
    with TablestoreFake() as fake:
        address = TablestoreAddress(instance=fake.instance, endpoint=fake.url)
        wire = _Wire(fake)

        def fresh() -> Store:
            fake.reset()
            wire.rewind()
            for name, key in KEYS.items():
                fake.create_table(f"{address.prefix}{name}", {column: KeyType[kind] for column, kind in key})
            return TablestoreStore(address, lambda: _GOOD, pause=lambda seconds: None)

        yield OURS._replace(store=fresh, spoil=wire.spoil, on="tablestore")


class _Wire:
    """Errors of one call: of each kind by turns, at the first request of the call or at the second, if it has one."""

    def __init__(self, fake: TablestoreFake) -> None:
        self._fake = fake
        self.rewind()

    def rewind(self) -> None:
        """From the beginning, so that a run of one seed is the same whatever ran before it."""
        self._kinds = {name: cycle(kinds) for name, kinds in _WIRE.items()}
        self._request = cycle((1, 1, 2))

    @contextmanager
    def spoil(self, fault: str) -> Iterator[None]:
        number, requests = next(self._request), count(1)

        def is_its_turn(_: Call) -> bool:
            return next(requests) == number

        self._fake.fail(next(self._kinds[fault]), when=is_its_turn)
        try:
            yield
        finally:
            self._fake.heal()
