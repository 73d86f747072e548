"""Times at the edges: texts as messages show them, and days as the dashboard counts them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

import msgspec

CHINA = timezone(timedelta(hours=8))  # the dashboard's days are taken as UTC+8 (facts: a guess, with a day of margin)
_WITH_MICROSECONDS = len("2022-12-18T00:56:00.000000Z")


def text(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds, as in `2022-12-18T00:56:00.000Z`."""
    utc = moment if moment.tzinfo is timezone.utc else moment.astimezone(timezone.utc)
    said: str = msgspec.to_builtins(utc)  # six digits after the point, or none; a seventh of the time of strftime
    return f"{said[:23]}Z" if utc.microsecond else f"{said[:-1]}.000Z"


def text_or_none(moment: datetime | None) -> str | None:
    return None if moment is None else text(moment)


def texts(moments: Sequence[datetime | None]) -> list[str | None]:
    """`text_or_none` of each of them, all in UTC; there may be thousands."""
    said: list[str | None] = msgspec.to_builtins(moments)
    return [s if s is None else f"{s[:23]}Z" if len(s) == _WITH_MICROSECONDS else f"{s[:-1]}.000Z" for s in said]


def milliseconds(moment: datetime) -> int:
    """Since 1970, as the dashboard counts."""
    return int(moment.timestamp() * 1000)


def from_milliseconds(count: int) -> datetime:
    return datetime.fromtimestamp(count / 1000, timezone.utc)
