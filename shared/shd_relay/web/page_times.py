"""How the page writes moments, days and spans. Whole without scripts, in UTC; the script adds the reader's own zone."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

from shd_relay import times
from shd_relay.web.markup import Html, fill
from shd_relay.web.page_words import Words

_TIME = '<time datetime="{iso}"{both}>{shown}</time>'
_BOTH = Html(' class="both"')


def moment(at: datetime, words: Words, *, both: bool = False) -> Html:
    """A time in UTC, which the script turns into the reader's own; `both`: it leaves UTC beside that."""
    utc = at.astimezone(timezone.utc)
    shown = f"{day(utc.date(), words)}{'' if words.language == 'zh' else ','} {utc:%H:%M} UTC"
    return fill(_TIME, iso=times.text(at), both=_BOTH if both else Html(""), shown=shown)


def day(of: date, words: Words) -> str:
    if words.language == "zh":
        return f"{of.year}年{of.month}月{of.day}日"
    return f"{of.day} {_MONTHS[of.month - 1]} {of.year}"


def span(lasting: timedelta, words: Words) -> str:
    """As in `5 h 10 min`: the two greatest units of it."""
    minutes = max(0, int(lasting.total_seconds()) // 60)
    parts = ((minutes // 1440, "days"), (minutes // 60 % 24, "hours"), (minutes % 60, "minutes"))
    first = next((n for n, (count, _) in enumerate(parts) if count), None)
    if first is None:
        return words("instant")
    return " ".join(f"{count} {words(unit)}" for count, unit in parts[first : first + 2] if count)


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")  # in no locale but ours
