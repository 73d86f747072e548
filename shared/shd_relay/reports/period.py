"""The period of a report: what was asked for, in which time zone, and its days and weeks.

A day begins at its first moment in the zone, so it has 23 or 25 hours where clocks are moved, and a day that a zone
left out has none and is no day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from typing import NamedTuple

import msgspec

from shd_relay.errors import RequestError
from shd_relay.reports.shapes_head import Period

MOST_DAYS = 400
_A_DAY = timedelta(days=1)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_BLANK = re.compile(r"(?<=\d) (?=\d\d:\d\d$)", re.ASCII)  # before an offset it was a plus sign once
_SHOWN = "a day as 2024-03-31, or a time as 2024-03-31T00:00:00Z"


class Part(NamedTuple):
    """A day or a week, clipped to the period. Both days are inclusive."""

    name: str
    first_day: date
    last_day: date
    since: datetime
    until: datetime


def zone_of(name: str) -> tzinfo:
    """The zone with the IANA name. Raises RequestError (400) if this machine does not know it."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # only reports need one, and the cold start is everybody's

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise RequestError(400, "this machine does not know the partner's time zone") from None


def asked(first: str, last: str, zone: tzinfo, now: datetime) -> Period:
    """The period from `first` to `last`: days, both inclusive, or times, half open; both empty: the last whole month.
    Raises RequestError (400)."""
    if not first and not last:
        return _whole_days(*_last_month(now.astimezone(zone).date()), zone)
    if not (first and last):
        raise RequestError(400, f"{'from' if first else 'to'}: give from and to, or neither: the last whole month")
    since, until = _read("from", first), _read("to", last)
    days = (since, until) if not isinstance(since, datetime) and not isinstance(until, datetime) else None
    try:
        begin = since if isinstance(since, datetime) else midnight(since, zone)
        end = until if isinstance(until, datetime) else midnight(until + _A_DAY, zone)
        tomorrow = midnight(now.astimezone(zone).date() + _A_DAY, zone)
    except (OverflowError, ValueError):
        raise RequestError(400, f"from: too near the end of the calendar: {_SHOWN}") from None
    _check(begin, end, days, now, tomorrow)
    return _period(begin, end, days)


def moment(name: str, text: str, now: datetime) -> datetime | None:
    """A time that lies in the past, None for an empty text. Raises RequestError (400)."""
    if not text:
        return None
    found = _read(name, text)
    if not isinstance(found, datetime):
        raise RequestError(400, f"{name}: must be a time as 2024-03-31T00:00:00Z")
    if found > now:
        raise RequestError(400, f"{name}: lies in the future")
    return found


def midnight(day: date, zone: tzinfo) -> datetime:
    """The first moment of the day. Where midnight is left out it is the moment of the jump, which zoneinfo gives by
    itself; of two midnights the first."""
    return datetime.combine(day, time(0), zone).astimezone(timezone.utc)


def days(period: Period, zone: tzinfo) -> list[Part]:
    """The days of the period."""
    return [Part(day.isoformat(), day, day, since, until) for day, since, until in _days(period, zone)]


def weeks(period: Period, zone: tzinfo) -> list[Part]:
    """The weeks of the period, Monday to Sunday, by their ISO numbers."""
    found: list[Part] = []
    for day, since, until in _days(period, zone):
        year, week, _ = day.isocalendar()
        name = f"{year}-W{week:02d}"
        if found and found[-1].name == name:
            found[-1] = found[-1]._replace(last_day=day, until=until)
        else:
            found.append(Part(name, day, day, since, until))
    return found


def _days(period: Period, zone: tzinfo) -> Iterator[tuple[date, datetime, datetime]]:
    day, since = period.since.astimezone(zone).date(), period.since
    while since < period.until:
        until = min(midnight(day + _A_DAY, zone), period.until)
        if since < until:
            yield day, since, until
        day, since = day + _A_DAY, max(since, until)


def _check(since: datetime, until: datetime, days: tuple[date, date] | None, now: datetime, tomorrow: datetime) -> None:
    if days and days[0] == days[1] and until <= since:
        raise RequestError(400, "from: the partner's time zone left that day out")
    if until <= since:
        raise RequestError(400, "to: lies before from" if until < since or days else "to: is the same as from")
    if since > now:
        raise RequestError(400, "from: lies in the future")
    if until > tomorrow:
        raise RequestError(400, "to: lies in the future; today is the last day that can be asked for")
    long = (days[1] - days[0]).days + 1 > MOST_DAYS if days else until - since > timedelta(days=MOST_DAYS)
    if long:
        raise RequestError(400, f"to: a report is of at most {MOST_DAYS} days")


def _period(since: datetime, until: datetime, days: tuple[date, date] | None) -> Period:
    return Period(
        since=since,
        until=until,
        first_day=days[0] if days else None,
        last_day=days[1] if days else None,
        seconds=round((until - since).total_seconds(), 3),
    )


def _whole_days(first: date, last: date, zone: tzinfo) -> Period:
    return _period(midnight(first, zone), midnight(last + _A_DAY, zone), (first, last))


def _last_month(today: date) -> tuple[date, date]:
    last = today.replace(day=1) - _A_DAY
    return last.replace(day=1), last


def _read(name: str, text: str) -> date | datetime:
    """A day, or a time in UTC."""
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
        found = msgspec.convert(_BLANK.sub("+", text), datetime)
        if found.tzinfo is not None:
            return found.astimezone(timezone.utc)
    except (msgspec.ValidationError, ValueError, OverflowError):
        pass
    raise RequestError(400, f"{name}: must be {_SHOWN}")
