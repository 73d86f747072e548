"""Times at the edges: texts as messages show them, and days as the dashboard counts them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))  # the dashboard's days are taken as UTC+8 (facts: a guess, with a day of margin)


def text(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds, as in `2022-12-18T00:56:00.000Z`."""
    utc = moment.astimezone(timezone.utc)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def text_or_none(moment: datetime | None) -> str | None:
    return None if moment is None else text(moment)


def milliseconds(moment: datetime) -> int:
    """Since 1970, as the dashboard counts."""
    return int(moment.timestamp() * 1000)


def from_milliseconds(count: int) -> datetime:
    return datetime.fromtimestamp(count / 1000, timezone.utc)
