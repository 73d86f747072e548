"""ListEvents: operation parameters and shown events -> the answer's document, in the chosen dialect."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any, Literal

from local.fakes.status.errors import ERRORS, ApiError
from local.fakes.status.world import ShownEvent

CHINA = timezone(timedelta(hours=8))
_MAX_DIGITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingRules:
    """What nobody has documented, so a switch each: the window's meaning and what is refused.

    `window`: an event is listed when its days overlap the window, or when its start lies in it. `max_future_days`: how
    many days EndDate may lie ahead (None: any). `max_days`: the greatest NumOfDay (None: 9999). `check_window` off: a
    bad EndDate or NumOfDay counts as absent. Absent ones are today and `default_days`.
    """

    required: tuple[str, ...] = ("RegionId", "ProductId")
    window: Literal["overlap", "start"] = "overlap"
    max_future_days: int | None = None
    max_days: int | None = None
    default_days: int = 7
    check_window: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How the answer is spelt. The defaults are what the published Java client reads."""

    start_key: Literal["SartTime", "StartTime", "sartTime", "startTime"] = "SartTime"
    success: Literal["text", "bool"] = "text"
    code: Literal["int", "text"] = "int"
    open_end: Literal["null", "zero", "absent"] = "null"
    empty_data: Literal["list", "null", "absent"] = "list"
    with_total: bool = True
    total_off_by: int = 0
    times: Literal["milliseconds", "seconds"] = "milliseconds"
    duplicates: bool = False
    shuffled: bool = False
    padded: bool = False
    unknown_keys: bool = False


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


def document(events: Sequence[ShownEvent], dialect: Dialect, request_id: str) -> dict[str, Any]:
    """The answer's top level. `request_id` also seeds the shuffling."""
    items = [_item(event, dialect) for event in events]
    if dialect.duplicates:
        items = [item for item in items for _ in range(2)]
    if dialect.shuffled:
        random.Random(request_id).shuffle(items)
    answer: dict[str, Any] = {
        "RequestId": f" {request_id}\n" if dialect.padded else request_id,
        "Code": "200" if dialect.code == "text" else 200,
        "HTTPCode": 200,
        "Success": True if dialect.success == "bool" else "true",
        "Info": "成功处理",
    }
    if dialect.with_total:
        answer["Total"] = len(items) + dialect.total_off_by
    if items or dialect.empty_data == "list":
        answer["Data"] = items
    elif dialect.empty_data == "null":
        answer["Data"] = None
    if dialect.unknown_keys:
        answer["TraceId"] = {"unknown": [1, None, "é"]}
    return answer


def _item(event: ShownEvent, dialect: Dialect) -> dict[str, Any]:
    item: dict[str, Any] = {
        "Title": f" {event.title}\n" if dialect.padded else event.title,
        "CurrentStateSeverity": event.severity,
        dialect.start_key: _epoch(event.start, dialect),
    }
    if event.end is not None:
        item["EndTime"] = _epoch(event.end, dialect)
    elif dialect.open_end != "absent":
        item["EndTime"] = None if dialect.open_end == "null" else 0
    if dialect.unknown_keys:
        item["EventType"] = {"unknown": True}
    return item


def _epoch(moment: datetime, dialect: Dialect) -> int:
    unit = timedelta(seconds=1) if dialect.times == "seconds" else timedelta(milliseconds=1)
    return (moment - datetime.fromtimestamp(0, timezone.utc)) // unit


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
