"""The poll function: a timer's payload in, the report of one poll out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shd_relay.wiring import run_poll

HERE = Path(__file__).parent


def handler(event: bytes, context: object) -> dict[str, Any]:
    """Polls once. Raises SettingsError for a wrong configuration, and for nothing else: the report says the rest."""
    return run_poll(event, context, HERE)
