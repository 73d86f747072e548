"""What an answer of the status API says, in any of its dialects (status-api.md 1.3).

One unreadable item is set aside and the rest goes on; an answer that is unreadable as a whole raises. Absence is
evidence (law 5), so an answer counts only if it says by itself that it succeeded, and brings all that it counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

from shd_relay.envelope import as_text, check_success, decode, field, kind_of
from shd_relay.errors import ContractError
from shd_relay.model import Item
from shd_relay.text import clean_line

MOST_RAW = 2048  # characters kept of an item that cannot be read
MOST_UNREADABLE = 100  # of them per answer
NO_TITLE = "(no title)"

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_SECONDS_BELOW = 10**11  # as milliseconds that is March 1973: the number is meant as seconds
_FIRST_YEAR, _LAST_YEAR = 2009, 2100  # the cloud opened in 2009
_NUMBER = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,20})?")


class Listing(NamedTuple):
    """The items of one complete answer, identical ones once; and the raw text of those that cannot be read."""

    items: tuple[Item, ...]
    unreadable: tuple[str, ...]


class _UnreadableError(Exception):
    """One item cannot be read."""


def read_listing(body: bytes) -> Listing:
    """The answer of ListEvents under HTTP 200.

    Raises ContractError for an answer that is malformed, that has fewer items than its own total, or that says error;
    the last with its code.
    """
    document = decode(body)
    check_success(document)
    return _listing(_rows(document), read_item)


def read_item(row: object) -> Item | None:
    """One item of ListEvents; None if it cannot be read."""
    try:
        return _item(row)
    except _UnreadableError:
        return None


def moment(value: object) -> datetime | None:
    """A time in milliseconds or seconds since 1970, as number or digits; None for null, 0 and blank: not given.

    Raises ValueError for everything else, and for a time outside of 2009 to 2100.
    """
    number = _number(value)
    if number == 0:
        return None
    if not 0 < number < 10**14:  # NaN compares false
        raise ValueError("a time out of range")
    milliseconds = int(number * 1000 if number < _SECONDS_BELOW else number)
    found = _EPOCH + timedelta(milliseconds=milliseconds)
    if not _FIRST_YEAR <= found.year < _LAST_YEAR:
        raise ValueError("a time out of range")
    return found


LONGEST_WORD = 64  # characters of a severity; the listed ones have at most twelve


def _item(row: object) -> Item:
    if not isinstance(row, dict):
        raise _UnreadableError
    title, severity = field(row, "Title"), field(row, "CurrentStateSeverity")
    try:
        start, end = moment(field(row, "SartTime", "StartTime")), moment(field(row, "EndTime"))
    except ValueError as error:
        raise _UnreadableError from error
    if title is not None and not isinstance(title, str):
        raise _UnreadableError
    name = clean_line(title or "")
    word = clean_line(severity)[:LONGEST_WORD] if isinstance(severity, str) else ""
    if not (name or word or start or end):
        raise _UnreadableError
    return Item(title=name or NO_TITLE, severity=word or None, start=start, end=end)


def _rows(document: Mapping[str, Any]) -> list[Any]:
    rows, total = field(document, "Data"), total_of(document)
    if rows is None and not total:
        return []
    if not isinstance(rows, list):
        raise ContractError(f"malformed answer: Data is {kind_of(rows)} though Total is {total}")
    if total is not None and len(rows) < total:
        raise ContractError(f"truncated answer: {len(rows)} items of {total}")
    return rows


def total_of(document: Mapping[str, Any]) -> int | None:
    """How many items the answer says that it has. Raises ContractError for what is no number."""
    value = field(document, "Total")
    if value is None:
        return None
    text = as_text(value)
    if not (text.isascii() and text.isdigit()):
        raise ContractError("malformed answer: Total is not a number")
    return int(text)


def _listing(rows: list[Any], read: Callable[[object], Item | None]) -> Listing:
    items: dict[Item, None] = {}
    unreadable: dict[str, None] = {}
    for row in rows:
        item = read(row)
        if item is not None:
            items[item] = None
        elif len(unreadable) < MOST_UNREADABLE:
            unreadable[json.dumps(row)[:MOST_RAW]] = None
    return Listing(tuple(items), tuple(unreadable))


def _number(value: object) -> int | float:
    """0 for what stands for no number. Raises ValueError for what is none; True is none."""
    if value is None:
        return 0
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    text = value.strip() if isinstance(value, str) else "?"
    if text and not _NUMBER.fullmatch(text):
        raise ValueError("a time is a number")
    return float(text or 0)
