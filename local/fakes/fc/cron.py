"""When a timer trigger fires next: `@every Nm`, or six fields (seconds first) in UTC or behind `CRON_TZ=<zone> `."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

EVERY = re.compile(r"@every (\d+)m")
ZONE = re.compile(r"CRON_TZ=(\S+) +(.*)")
RANGES = ((0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
HORIZON_DAYS = 366 * 4 + 1  # 29 February comes at least so often
WORDS = {
    **{name: str(i) for i, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"))},
    **{
        name: str(i)
        for i, name in enumerate(
            ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"), start=1
        )
    },
}


def next_fire(expression: str, after: datetime) -> datetime:
    """The first instant later than `after` (aware) at which the trigger fires; aware UTC. ValueError if never."""
    every = EVERY.fullmatch(expression)
    if every and int(every.group(1)) >= 1:
        return after.astimezone(timezone.utc) + timedelta(minutes=int(every.group(1)))
    zoned = ZONE.fullmatch(expression)
    zone, fields = (ZoneInfo(zoned.group(1)), zoned.group(2)) if zoned else (timezone.utc, expression)
    parts = fields.split()
    if expression.startswith("@") or len(parts) != len(RANGES):
        raise ValueError(f"not a timer's schedule: {expression!r}; '@every <n>m' or six fields, seconds first")
    wanted = [_values(part, *bounds) for part, bounds in zip(parts, RANGES, strict=True)]
    return _search(wanted, parts, after.astimezone(zone)).astimezone(timezone.utc)


def _values(field: str, low: int, high: int) -> frozenset[int]:
    """The numbers that one field lets through: `*`, `?`, `a`, `a-b`, `*/n`, `a-b/n`, comma lists, English names."""
    found: set[int] = set()
    for item in field.upper().split(","):
        span, _, step = item.partition("/")
        first, last = (low, high) if span in ("*", "?") else _span(span, high if step else None)
        if not low <= first <= last <= high:
            raise ValueError(f"{item!r} is not within {low}-{high}")
        found.update(range(first, last + 1, int(step or 1)))
    return frozenset(found)


def _span(text: str, open_end: int | None) -> tuple[int, int]:
    first, _, last = text.partition("-")
    start = int(WORDS.get(first, first))
    return start, int(WORDS.get(last, last)) if last else open_end or start


def _search(wanted: list[frozenset[int]], parts: list[str], after: datetime) -> datetime:
    day = after.replace(hour=0, minute=0, second=0, microsecond=0)
    for offset in range(HORIZON_DAYS):
        date = day + timedelta(days=offset)
        if date.month in wanted[4] and _day_matches(wanted, parts, date):
            for hour in sorted(wanted[2]):
                for minute in sorted(wanted[1]):
                    for second in sorted(wanted[0]):
                        moment = date.replace(hour=hour, minute=minute, second=second)
                        if moment > after:
                            return moment
    raise ValueError(f"{' '.join(parts)!r} never fires")


def _day_matches(wanted: list[frozenset[int]], parts: list[str], date: datetime) -> bool:
    """As in every cron: with both day fields restricted, one of the two is enough."""
    of_month = date.day in wanted[3]
    of_week = bool({date.isoweekday() % 7, date.isoweekday()} & wanted[5])
    restricted = [parts[3] not in "*?", parts[5] not in "*?"]
    return (of_month or of_week) if all(restricted) else (of_month and of_week)
