"""The store's part of the wiring: which one SHD_STORE names, with whose keys, and what is made for it beforehand."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from shd_relay import settings
from shd_relay.settings import Settings, SqliteAddress

if TYPE_CHECKING:
    from shd_relay.adapters.credentials import Credentials
    from shd_relay.ports import Store

BUSY_SECONDS = 0.5  # a commit takes milliseconds; who holds the file for longer is an outage
READING_SECONDS = 2.0  # a cold status function makes three requests, and has ten seconds (s.yaml)


class RoleKeys:
    """The function's own credentials, as the call that came last brought them: temporary keys run out while an
    instance is warm. Raises SettingsError when there are none."""

    def __init__(self) -> None:
        self.context: object = None

    def __call__(self) -> Credentials:
        from shd_relay.adapters import credentials

        return credentials.from_context(self.context, settings.environment())


def store_for(
    chosen: Settings, keys: Callable[[], Credentials], *, read_only: bool = False, deadline: float = math.inf
) -> Store:
    """The store that SHD_STORE names; nothing is touched until it is used.

    For Tablestore `keys` is asked for each request, and nothing is sent after `deadline` (`clock.monotonic` seconds).
    Who may write is the role's to say. A reader is given less time for a request: somebody waits for the answer.
    """
    if isinstance(chosen.store, SqliteAddress):
        from shd_relay.adapters.sqlite_store import SqliteStore

        return SqliteStore(chosen.store.path, read_only=read_only, busy_seconds=BUSY_SECONDS)
    from shd_relay.adapters.tablestore_client import CALL_SECONDS
    from shd_relay.adapters.tablestore_store import TablestoreStore

    seconds = READING_SECONDS if read_only else CALL_SECONDS
    return TablestoreStore(chosen.store, keys, call_seconds=seconds, deadline=deadline)


def set_up(environ: Mapping[str, str]) -> list[str]:
    """Makes what the store that SHD_STORE names needs and has not: the tables made, none for SQLite, whose file makes
    itself. May be repeated. Raises SettingsError, StoreUnavailable and ContractError."""
    store = settings.store_address(environ)
    if isinstance(store, SqliteAddress):
        return []
    from shd_relay.adapters import credentials
    from shd_relay.adapters.tablestore_tables import create_tables

    keys = credentials.from_context(None, environ)
    return create_tables(store, lambda: keys)
