"""ListEvents: operation parameters and shown events -> the answer's document, in the chosen dialect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Literal

from local.fakes.status.dialect import (
    Dialect,
    Document,
    disordered,
    ending,
    envelope,
    epoch,
    listed,
    unknown_to_all,
    unknown_to_items,
)
from local.fakes.status.errors import ERRORS, ApiError
from local.fakes.status.world import ShownEvent, World

CHINA = timezone(timedelta(hours=8))
_MAX_DIGITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingRules:
    """What nobody has documented, so a switch each: the window's meaning and what is refused.

    `window`: an event is listed when its days overlap the window, or when its start lies in it. `max_future_days`: how
    many days EndDate may lie ahead (None: any). `max_days`: the greatest NumOfDay (None: 9999). `check_window` off: a
    bad EndDate or NumOfDay counts as absent. Absent ones are today and `default_days`. `lag_seconds`: it shows the
    world as it was so long ago.
    """

    required: tuple[str, ...] = ("RegionId", "ProductId")
    window: Literal["overlap", "start"] = "overlap"
    max_future_days: int | None = None
    max_days: int | None = None
    default_days: int = 7
    check_window: bool = True
    lag_seconds: float = 0.0


def answer(
    params: Mapping[str, str],
    world: World,
    now: datetime,
    *,
    rules: ListingRules,
    dialect: Dialect,
    request_id: str,
) -> ApiError | Document:
    """The document that answers the call, or what the operation refuses."""
    today = now.astimezone(CHINA).date()
    if error := refusal(params, rules, today):
        return error
    then = now - timedelta(seconds=rules.lag_seconds)
    shown = world.at(then, product=params.get("ProductId"), region=params.get("RegionId"))
    return document(select(params, shown, rules, today), dialect, request_id)


def refusal(params: Mapping[str, str], rules: ListingRules, today: date) -> ApiError | None:
    """What the operation itself refuses. `today` is the day in UTC+8."""
    if missing := next((name for name in rules.required if not params.get(name)), None):
        return ERRORS["Missing{name}"].about(missing)
    if not rules.check_window:
        return None
    if params.get("EndDate") and not _is_good_end(params["EndDate"], rules, today):
        return ERRORS["InvalidParameter"].about("EndDate")
    if params.get("NumOfDay") and not _is_good_number(params["NumOfDay"], rules):
        return ERRORS["InvalidParameter"].about("NumOfDay")
    return None


def select(
    params: Mapping[str, str], shown: Sequence[ShownEvent], rules: ListingRules, today: date
) -> list[ShownEvent]:
    """Those of the shown events that lie within the asked window."""
    last = _day(params.get("EndDate", "")) or today
    number = params.get("NumOfDay", "")
    days = int(number) if _is_good_number(number, ListingRules()) else rules.default_days
    first = last.toordinal() - days + 1
    return [event for event in shown if _in_window(event, first, last.toordinal(), rules)]


def document(events: Sequence[ShownEvent], dialect: Dialect, request_id: str) -> Document:
    """The answer's top level. `request_id` also seeds the shuffling."""
    items = disordered([_item(event, dialect) for event in events], dialect, request_id)
    return {**envelope(len(items), dialect, request_id), **listed(items, dialect), **unknown_to_all(dialect)}


def _item(event: ShownEvent, dialect: Dialect) -> Document:
    return {
        "Title": f" {event.title}\n" if dialect.padded else event.title,
        "CurrentStateSeverity": event.severity,
        dialect.start_key: epoch(event.start, dialect),
        **ending("EndTime", event.end, dialect),
        **unknown_to_items(dialect),
    }


def _in_window(event: ShownEvent, first: int, last: int, rules: ListingRules) -> bool:
    start = event.start.astimezone(CHINA).date().toordinal()
    if start > last:
        return False
    if rules.window == "start":
        return start >= first
    return event.end is None or event.end.astimezone(CHINA).date().toordinal() >= first


def _is_good_end(text: str, rules: ListingRules, today: date) -> bool:
    day = _day(text)
    if day is None:
        return False
    return rules.max_future_days is None or (day - today).days <= rules.max_future_days


def _is_good_number(text: str, rules: ListingRules) -> bool:
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS and int(text) >= 1):
        return False
    return rules.max_days is None or int(text) <= rules.max_days


def _day(text: str) -> date | None:
    """A day as YYYY-MM-DD, or None for anything else."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text else None  # newer Pythons read other spellings too
