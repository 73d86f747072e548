"""The wiring of the operator's commands: settings, config and store as the functions have them, for a person's shell.

Nothing of the topic or of the status API is asked for. Keys, where the store needs some, are the environment's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from shd_relay import wiring
from shd_relay.errors import SettingsError
from shd_relay.ports import Store
from shd_relay.settings import Settings, SqliteAddress
from shd_relay.web.site import Site
from shd_relay.wiring_store import store_for


class Console(NamedTuple):
    """What a command works with. `store` of one that only reads must not be written to."""

    site: Site
    store: Store


@contextmanager
def opened(environ: Mapping[str, str], base: Path, *, read_only: bool) -> Iterator[Console]:
    """The console over the store that is there; it is closed at the end. `base`: where SHD_CONFIG begins.

    Raises SettingsError with every mistake. A SQLite file that is not there is one, too: whoever runs a command in
    another folder would else read nothing, or begin a second store.
    """
    problems: list[str] = []
    chosen, known = wiring.configured("status", environ, base, problems)
    problems[:0] = _missing_file(chosen) if chosen else []
    if problems or chosen is None or known is None:
        raise SettingsError(problems)
    store = _store(chosen, environ, read_only=read_only)
    try:
        yield Console(wiring.site_of(chosen, known), store)
    finally:
        store.close()


def _missing_file(chosen: Settings) -> list[str]:
    if not isinstance(chosen.store, SqliteAddress) or chosen.store.path.exists():
        return []
    return [f"SHD_STORE: there is no file {chosen.store.path}; the first poll makes it"]


def _store(chosen: Settings, environ: Mapping[str, str], *, read_only: bool) -> Store:
    from shd_relay.adapters import credentials

    if not isinstance(chosen.store, SqliteAddress):
        credentials.from_environment(environ)  # without any, say so at once
    return store_for(chosen, lambda: credentials.from_environment(environ), read_only=read_only)
