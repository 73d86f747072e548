"""The store's part of the wiring: which one SHD_STORE names, with whose keys, and what is made for it beforehand."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from shd_relay import settings
from shd_relay.errors import ContractError, SettingsError
from shd_relay.settings import Settings, SqliteAddress

if TYPE_CHECKING:
    from shd_relay.adapters.credentials import Credentials
    from shd_relay.ports import Store

BUSY_SECONDS = 0.5  # a commit takes milliseconds; who holds the file for longer is an outage
READING_SECONDS = 2.0  # a cold status function makes three requests, and has ten seconds (s.yaml)


class RoleKeys:
    """The function's own credentials, as the call that came last brought them: temporary keys run out while an
    instance is warm."""

    def __init__(self) -> None:
        self.context: object = None

    def read(self) -> Credentials:
        """Raises SettingsError when there are none."""
        from shd_relay.adapters import credentials

        return credentials.from_context(self.context, settings.environment())

    def __call__(self) -> Credentials:
        """For the store, which nobody can read without them: raises ContractError when there are none any more."""
        try:
            return self.read()
        except SettingsError as error:
            raise ContractError(f"no keys for the store: {'; '.join(error.problems)}", code="NoKeys") from error


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


def set_up(environ: Mapping[str, str], tell: Callable[[str], None]) -> None:
    """Makes what the store that SHD_STORE names needs and has not, and tells each thing as it is made. May be repeated.

    Raises SettingsError, StoreUnavailable and ContractError.
    """
    store = settings.store_address(environ)
    if isinstance(store, SqliteAddress):
        tell(f"nothing to make: the SQLite file {store.path} is made by the first poll")
        return
    from shd_relay.adapters import credentials
    from shd_relay.adapters.tablestore_tables import create_tables

    keys = credentials.from_environment(environ)
    if not create_tables(store, lambda: keys, lambda name: tell(f"made table {name}")):
        tell(f"nothing to make: {store.instance} has all tables")
