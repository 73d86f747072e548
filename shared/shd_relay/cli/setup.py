"""`setup`: makes the tables that the store needs, where they are missing; a foreign table is told, never touched."""

from __future__ import annotations

import argparse
from typing import Any

from shd_relay import settings, wiring_store
from shd_relay.cli import shared, show


def add(commands: Any) -> None:
    about = "makes the tables of the store that SHD_STORE names, where they are missing"
    parser = commands.add_parser("setup", help=about, description=f"{about[0].upper()}{about[1:]}.")
    shared.arguments(parser, partner=False)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Reads SHD_STORE and ALIBABA_CLOUD_ACCESS_KEY_ID, _SECRET and _SECURITY_TOKEN. Raises RelayError."""
    said: list[str] = []
    wiring_store.set_up(settings.environment(), said.append if options.json else show.line)
    if options.json:
        show.as_json({"said": said})
    return 0
