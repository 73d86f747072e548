"""Which days to ask ListEvents for, and which of them an answer surely covers.

What is not documented is settled here once: whether days begin in UTC or in UTC+8, and whether EndDate itself belongs
to the NumOfDay days before it. `Ask.window` is what every reading of them has in common, with room to spare.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from typing import NamedTuple

from shd_relay.model import Window
from shd_relay.times import CHINA

LEAST_DAYS = 7  # events are edited after they end: look back further than the last read
MOST_CALLS = 4  # for one pair; with the widest rung they reach back a year, as far as the dashboard's own history


class Rung(NamedTuple):
    """One width of asking: how many days EndDate may lie ahead, and the greatest NumOfDay."""

    look_ahead: int
    most_days: int


RUNGS = (
    Rung(14, 90), Rung(1, 90), Rung(0, 90),
    Rung(14, 30), Rung(1, 30), Rung(0, 30),
    Rung(0, 7),
)  # fmt: skip
"""From wide to narrow. A source that refuses both a far EndDate and many days comes to its rung step by step; one that
refuses only many days gets the look-ahead back, for announced maintenance is worth it."""


class Ask(NamedTuple):
    """EndDate and NumOfDay of one call."""

    end: date
    days: int

    @property
    def window(self) -> Window | None:
        """What the answer surely covers; None when that is nothing.

        The first day is end - days + 1 at the latest, and begins at 08:00 in China if days are UTC's: from the day
        after nothing is in doubt. If EndDate is a moment, or exclusive, the last covered moment is its 00:00 in China.
        """
        since, until = _midnight(self.end - timedelta(days=self.days - 2)), _midnight(self.end)
        return Window(since, until) if since < until else None


def clamp(rung: int) -> int:
    """The nearest rung that there is: a record of another version may name one that is not."""
    return min(max(rung, 0), len(RUNGS) - 1)


def plan(
    since: datetime, now: datetime, rung: int, *, until: datetime | None = None, most_calls: int = MOST_CALLS
) -> tuple[Ask, ...]:
    """The calls that together surely cover `since` up to today and the rung's look-ahead, the latest days first; with
    `until`, up to that.

    Their windows touch. `since` beyond the reach of `most_calls` stays uncovered: the windows say so.
    """
    look_ahead, most_days = RUNGS[clamp(rung)]
    today, first = _day(now), min(_day(since), _day(now))
    end, least = today + timedelta(days=look_ahead), look_ahead + LEAST_DAYS
    if until is not None:
        end, least, most_calls = min(_day(until) + timedelta(days=1), end), 2, 2 * most_calls
    asks: list[Ask] = []
    while len(asks) < most_calls:
        needed = max((end - first).days + 2, least)
        asks.append(Ask(end, min(needed, most_days)))
        if needed <= most_days:
            break
        end, least = end - timedelta(days=most_days - 2), 0
    return tuple(asks)


def _day(moment: datetime) -> date:
    return moment.astimezone(CHINA).date()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, CHINA).astimezone(timezone.utc)
