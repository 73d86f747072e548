"""The time that both functions live by. A function host may set it once, before the first call.

Signatures use the machine's own time, whatever is set here: the other side checks them against its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timezone


def _machine() -> datetime:
    return datetime.now(timezone.utc)


_source: Callable[[], datetime] = _machine


def now() -> datetime:
    """The current time, aware, in UTC."""
    return _source().astimezone(timezone.utc)


def use(source: Callable[[], datetime]) -> None:
    """Live by `source` from now on; it must return aware datetimes (raises ValueError for a naive one)."""
    if source().tzinfo is None:
        raise ValueError("the clock must return an aware datetime, got one without a time zone")
    global _source  # noqa: PLW0603 - one clock per process is the contract with the function host
    _source = source


def sleep(seconds: float) -> None:
    """Waits so long by the machine's time."""
    time.sleep(seconds)


def monotonic() -> float:
    """Seconds for deadlines of real waiting; never goes back and has nothing to do with `now`."""
    return time.monotonic()
