"""What several commands have in common: the parser, the partner, what it sees, and times that a person gives."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NoReturn

from shd_relay import config_checks, settings, wiring_console
from shd_relay.cli import show
from shd_relay.config import Config, Partner
from shd_relay.errors import SettingsError
from shd_relay.web import auth
from shd_relay.web.ask import Viewer
from shd_relay.wiring_console import Console

_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d)(:\d\d)?(?:\.(\d{1,6}))? ?([Zz]|[+-]\d\d:\d\d)?", re.ASCII)


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line; help stands as it is written."""

    def __init__(self, **more: Any) -> None:
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False, **more)

    def error(self, message: str) -> NoReturn:
        sys.exit(show.fail(f"{' '.join(message.split())}; see {self.prog} --help", 2))


def arguments(parser: argparse.ArgumentParser, *, partner: bool = True) -> None:
    """Adds --json, and --partner."""
    if partner:
        parser.add_argument("--partner", metavar="ID", help="the partner, by its id in the config; may be left out "
                            "where there is only one")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")


@contextmanager
def console(*, read_only: bool) -> Iterator[Console]:
    """Site and store as the environment names them. Raises SettingsError."""
    with wiring_console.opened(settings.environment(), Path.cwd(), read_only=read_only) as found:
        yield found


def partner_of(known: Config, id_: str | None) -> Partner:
    """The partner that is meant. Raises SettingsError."""
    if not known.partners:
        raise SettingsError(["the config names no partner (SHD_CONFIG says where it is)"])
    names = [partner.id for partner in known.partners]
    if id_ is None:
        if len(names) > 1:
            raise SettingsError([f"--partner: which one? known here: {', '.join(names)}"])
        return known.partners[0]
    found = next((partner for partner in known.partners if partner.id.lower() == id_.lower()), None)
    if found is None:
        raise SettingsError([f"--partner: unknown partner {config_checks.shown(id_)}{config_checks.hint(id_, names)}"])
    return found


def viewer_of(found: Console, partner: Partner) -> Viewer:
    """What the partner may see."""
    return auth.viewer_for(partner, found.site, frozenset({"read"}))


def moment(text: str) -> datetime:
    """An argument that is a time with its zone, as UTC."""
    given = _TIME.fullmatch(text.strip())
    shown = repr(text[:40])
    if given and not given[5]:
        raise argparse.ArgumentTypeError(f"{shown} says no time zone: add Z, or one as +08:00")
    try:
        if given:
            zone = "+00:00" if given[5] in {"Z", "z"} else given[5]
            fraction = (given[4] or "").ljust(6, "0")  # as Python 3.10 reads it
            whole = f"{given[1]}T{given[2]}{given[3] or ':00'}.{fraction}{zone}"
            return datetime.fromisoformat(whole).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        pass
    raise argparse.ArgumentTypeError(f"{shown} is no time as 2026-03-01T08:56Z or "
                                     "2026-03-01T16:56+08:00")  # fmt: skip
