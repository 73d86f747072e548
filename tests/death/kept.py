"""Stores that can be put back to what they were: a file, and the stand-in of Tablestore."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from local.fakes.tablestore import LOCAL_KEY_ID, LOCAL_SECRET, TablestoreFake
from local.fakes.tablestore.instance import Instance
from shd_relay import settings
from shd_relay.adapters.credentials import Credentials
from shd_relay.adapters.sqlite_store import SqliteStore
from shd_relay.adapters.tablestore_store import TablestoreStore
from shd_relay.adapters.tablestore_tables import create_tables
from shd_relay.ports import ReadStore


class KeptStore(Protocol):
    """A store that can be put back to what it was. `address` is what SHD_STORE says."""

    @property
    def address(self) -> str: ...

    def keep(self) -> Any: ...

    def put_back(self, kept: Any) -> None: ...

    def reader(self) -> ReadStore: ...


class SqliteFile:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "relay.db"
        self.address = f"sqlite:///{self.path}"

    def keep(self) -> bytes | None:
        return self.path.read_bytes() if self.path.exists() else None

    def put_back(self, kept: bytes | None) -> None:
        for path in (self.path, self.path.with_name("relay.db-journal")):
            path.unlink(missing_ok=True)
        if kept is not None:
            self.path.write_bytes(kept)

    def reader(self) -> ReadStore:
        return SqliteStore(self.path, read_only=True)


class Tables(TablestoreFake):
    """The stand-in with our tables, as the set-up makes them."""

    @property
    def address(self) -> str:
        return f"tablestore://{self.instance}?endpoint={self.url}"

    def set_up(self) -> None:
        create_tables(self._where(), _own)

    def keep(self) -> Instance:
        with self._lock:
            return _copied(self._serving.instance)

    def put_back(self, kept: Instance) -> None:
        self.reset()
        with self._lock:
            self._serving.instance = _copied(kept)

    def reader(self) -> ReadStore:
        return TablestoreStore(self._where(), _own)

    def _where(self) -> settings.TablestoreAddress:
        found = settings.store_address({"SHD_STORE": self.address})
        assert isinstance(found, settings.TablestoreAddress)
        return found


def _copied(instance: Instance) -> Instance:
    """Its rows are frozen values: the tables alone are changed in place."""
    tables = instance.tables.items()
    return Instance({name: replace(t, _rows=dict(t._rows), _order=list(t._order)) for name, t in tables})


def _own() -> Credentials:
    return Credentials(access_key_id=LOCAL_KEY_ID, access_key_secret=LOCAL_SECRET)
