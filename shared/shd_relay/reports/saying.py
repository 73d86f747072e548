"""How the pages of a report write times, lasts, shares and places. English; times in the partner's zone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from shd_relay.reports.shapes import Head, Measure, Named

NOTHING = "–"  # where there is no number
WHY = {
    "before_log": "the log had not begun",
    "blind": "the dashboard did not answer",
    "stale": "over half of the pairs could not be read",
    "no_poll": "no poll was finished",
    "not_yet": "it is not known yet",
}
"""Why nobody watched."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")  # in no locale but ours
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


class Saying(NamedTuple):
    """`each`: the offset changes within the report's period, so that every time carries its own."""

    zone: tzinfo
    zone_name: str
    each: bool

    def moment(self, at: datetime) -> str:
        """As in `18 Dec 2022, 08:56`, with the offset where it differs within the report. It may be broken over two
        lines, behind the day."""
        local = at.astimezone(self.zone)
        return f"{day(local.date())}, {local:%H:%M}" + (f"\u00a0{offset(local)}" if self.each else "")

    def zoned(self, at: datetime) -> str:
        """With the offset in any case."""
        local = at.astimezone(self.zone)
        return f"{day(local.date())}, {local:%H:%M}\u00a0{offset(local)}"

    def exact(self, at: datetime) -> str:
        """With seconds."""
        local = at.astimezone(self.zone)
        return f"{day(local.date())}, {local:%H:%M:%S}" + (f"\u00a0{offset(local)}" if self.each else "")

    def or_open(self, at: datetime | None) -> str:
        return "goes on" if at is None else self.moment(at)

    def local(self, at: datetime) -> datetime:
        return at.astimezone(self.zone)

    def midnight(self, of: date) -> datetime:
        """The first moment of that day, in UTC."""
        return datetime(of.year, of.month, of.day, tzinfo=self.zone).astimezone(timezone.utc)


def saying(head: Head) -> Saying:
    zone = ZoneInfo(head.time_zone)
    offsets = {at.astimezone(zone).utcoffset() for at in _days(head.period.since, head.period.until)}
    return Saying(zone, head.time_zone, len(offsets) > 1)


def _days(since: datetime, until: datetime) -> Iterator[datetime]:
    while since < until:
        yield since
        since += timedelta(days=1)
    yield until


def offset(local: datetime) -> str:
    """As in `+08:00`."""
    text = local.strftime("%z")
    return f"{text[:3]}:{text[3:5]}"


def day(of: date) -> str:
    return f"{of.day}\u00a0{_MONTHS[of.month - 1]}\u00a0{of.year}"


def days(first: date, last: date) -> str:
    """As in `24 to 30 Mar 2025`; no more is repeated than needs be."""
    if first == last:
        return day(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {day(last)}"
    if first.year == last.year:
        return f"{first.day} {_MONTHS[first.month - 1]} to {day(last)}"
    return f"{day(first)} to {day(last)}"


def month(of: date) -> str:
    return _MONTHS[of.month - 1]


def utc(at: datetime) -> str:
    return f"{day(at.astimezone(timezone.utc).date())}, {at.astimezone(timezone.utc):%H:%M}\u00a0UTC"


def utc_exact(at: datetime) -> str:
    moment = at.astimezone(timezone.utc)
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def span(seconds: float | None) -> str:
    """As in `5 h 10 min`: the two greatest units; under a minute in seconds. It is not broken over lines."""
    if seconds is None:
        return NOTHING
    if 0 < seconds < 0.05:
        return "<0.1\u00a0s"
    if seconds < 59.5:
        return f"{_digits(seconds)}\u00a0s"
    left = int(seconds + 30) // 60 * 60
    parts: list[tuple[int, str]] = []
    for size, unit in _UNITS:
        count, left = divmod(left, size)
        if count or parts:
            parts.append((count, unit))
    return "\u00a0".join(f"{count}\u00a0{unit}" for count, unit in parts[:2] if count)


def hours(seconds: float) -> str:
    """Hours with one digit after the point, for columns of figures; what is less than half a digit is not none."""
    if seconds <= 0:
        return "0"
    return "<0.1" if seconds < 180 else f"{seconds / 3600:,.1f}"


def _digits(seconds: float) -> str:
    return f"{seconds:.0f}" if seconds >= 10 or seconds == int(seconds) else f"{seconds:.1f}"


def share(value: float | None, lost: float) -> str:
    """An availability in percent, cut and not rounded: 100 stands only where nothing was lost."""
    if value is None:
        return NOTHING
    parts = round(value * 1_000_000)
    if lost > 0:
        parts = min(parts, 999_999)
    return f"{parts // 10 / 1000:.3f}\u00a0%"


def measured(measure: Measure) -> str:
    return share(measure.availability, measure.incident_seconds)


def number(n: int, measure: Measure) -> str:
    """A count of what happened; of a time that nobody watched, none is not known to be none."""
    return NOTHING if not n and measure.availability is None else f"{n:,}"


def lost(measure: Measure) -> str:
    """Hours with an incident, known in the same way."""
    return NOTHING if measure.availability is None else hours(measure.incident_seconds)


def part(seconds: float, of: float) -> str:
    """A share of a time in percent."""
    if of <= 0:
        return NOTHING
    value = seconds / of * 100
    if value <= 0:
        return "0\u00a0%"
    if value < 0.01:
        return "<0.01\u00a0%"
    return f"{value if seconds >= of else min(value, 99.99):.2f}\u00a0%"


def count(n: int, one: str, many: str | None = None) -> str:
    """As in `1 incident`, `2 incidents`, `no incident`."""
    if n == 0:
        return f"no {one}"
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def was(n: int) -> str:
    return "was" if n == 1 else "were"


def unknown(n: int) -> str:
    """A sentence to add where some times were left out of the figures."""
    return f" Of {n:,} of them the time is not known." if n else ""


def goes(n: int) -> str:
    return "goes" if n == 1 else "go"


def listed(items: list[str]) -> str:
    """As in `a, b and c`."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""


def short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def place(product: Named, region: Named) -> str:
    return f"{product.en}, {region.en}"
