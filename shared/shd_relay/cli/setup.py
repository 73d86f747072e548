"""`setup`: makes the tables that the store needs, where they are missing; a foreign table is told, never touched."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from shd_relay import wiring_store


def run(environ: Mapping[str, str], tell: Callable[[str], None]) -> None:
    """Reads SHD_STORE and ALIBABA_CLOUD_ACCESS_KEY_ID, _SECRET and _SECURITY_TOKEN. Raises RelayError."""
    wiring_store.set_up(environ, tell)
