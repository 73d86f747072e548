"""One JSON object a line on standard output: a constant `event`, the rest in fields. No secret comes this far."""

from __future__ import annotations

import logging
import sys
from datetime import datetime
from typing import Any

import msgspec

from shd_relay import times

_logger = logging.getLogger("shd_relay")


def line(event: str, now: datetime, *, level: int = logging.INFO, **fields: Any) -> None:
    """Writes one line; `event` is a constant text, `fields` are whatever JSON can say."""
    if not _logger.handlers:
        _configure()
    whole = {"time": times.text(now), "level": logging.getLevelName(level).lower(), "event": event} | fields
    _logger.log(level, "%s", msgspec.json.encode(whole).decode())


def _configure() -> None:
    """Past the runtime's own handlers, which would put their prefix before the JSON."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(message)s"))
    _logger.addHandler(handler)
    _logger.setLevel(logging.INFO)
    _logger.propagate = False
