"""The two stores that the deployed functions can be given, and how each of them fails."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Literal, Protocol

from local.fakes.tablestore import LOCAL_KEY_ID, LOCAL_SECRET, Fault, TablestoreFake

ROOT = Path(__file__).parent.parent
StoreName = Literal["sqlite", "tablestore"]
SOME = 7  # every seventh request fails in another way than the others


class LocalStore(Protocol):
    """`address` is what SHD_STORE says."""

    @property
    def address(self) -> str: ...

    def fail(self) -> None:
        """The store's outage begins."""

    def heal(self) -> None:
        """The outage is over; what was stored is there."""


class SqliteFile:
    """A file; its outage: somebody else holds its lock."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "shd-relay.db"
        self.address = f"sqlite:///{self.path}"
        self._lock: sqlite3.Connection | None = None

    def __enter__(self) -> SqliteFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.heal()

    def fail(self) -> None:
        if self._lock is None:
            self._lock = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            self._lock.execute("BEGIN EXCLUSIVE")

    def heal(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None


class LocalTablestore:
    """The stand-in, with the tables that the set-up makes. Its outage: one request hangs, then it is unavailable, and
    some requests meet a closed connection or an answer that is lost after it was served."""

    def __init__(self, folder: Path) -> None:  # noqa: ARG002 - stores are made alike
        self.fake = TablestoreFake()
        self._requests = 0

    @property
    def address(self) -> str:
        return f"tablestore://{self.fake.instance}?endpoint={self.fake.url}"

    def __enter__(self) -> LocalTablestore:
        self.fake.start()
        try:
            self._set_up()
        except BaseException:
            self.fake.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.fake.stop()

    def fail(self) -> None:
        self.fake.fail(Fault.HANG, times=1)
        self.fake.fail(Fault.CLOSE_AFTER, times=None, when=self._seldom)
        self.fake.fail(Fault.UNAVAILABLE, times=None)

    def heal(self) -> None:
        self.fake.heal()

    def _set_up(self) -> None:
        """As an operator does it: the functions never make a table."""
        environment = {
            "PYTHONPATH": str(ROOT / "shared"), "PATH": os.defpath, "SHD_STORE": self.address,
            "ALIBABA_CLOUD_ACCESS_KEY_ID": LOCAL_KEY_ID, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": LOCAL_SECRET,
        }  # fmt: skip
        command = [sys.executable, "-m", "shd_relay.cli", "setup"]
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, timeout=60)

    def _seldom(self, _: object) -> bool:
        self._requests += 1
        return self._requests % SOME == 0


STORES: dict[StoreName, Callable[[Path], AbstractContextManager[LocalStore]]] = {
    "sqlite": SqliteFile,
    "tablestore": LocalTablestore,
}
