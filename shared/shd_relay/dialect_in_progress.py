"""What lists of all that is going on say: ListEventInProgress (status-api.md 1.4) and the dashboard's own page (2.1).

One event with its impacts becomes one item for each product and region. What cannot be placed is not dropped: it comes
under the pair that its product or region leaves open. One impact that cannot be read is set aside, with its pair.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from msgspec.structs import replace

from shd_relay.dialect import LONGEST_WORD, MOST_RAW, MOST_UNREADABLE, NO_TITLE, moment, total_of
from shd_relay.envelope import check_success, decode, field, kind_of
from shd_relay.errors import ContractError
from shd_relay.model import Item, Pair, Update
from shd_relay.text import clean_line, clean_text

UNKNOWN = "unknown"  # product or region of what names none
MOST_UPDATES = 200  # of one event, the newest
MOST_TEXT = 60_000  # characters of them: a change holds them up to four times, and must fit into one entry of the log

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

Places = Callable[[Mapping[str, Any]], list[tuple[Pair, Mapping[str, Any]]]]


class Sweep(NamedTuple):
    """What one answer says of each pair that it names, ids as it spells them; and what of it cannot be read."""

    items: dict[Pair, list[Item]]
    unreadable: dict[Pair, list[str]]


def read_in_progress(body: bytes) -> Sweep:
    """The answer of ListEventInProgress under HTTP 200. Raises ContractError as `dialect.read_listing` does.

    The published model has neither Code nor Success: then a list must be there.
    """
    return _read(body, _impacts)


def read_page(body: bytes, region: str | None) -> Sweep:
    """The answer of one of the page's own endpoints; `region` is the one that was asked for, None for all."""
    return _read(body, lambda row: _named(row, region))


def _read(body: bytes, places: Places) -> Sweep:
    document = decode(body)
    rows = field(document, "Data")
    if any(field(document, name) is not None for name in ("Code", "HTTPCode", "Success")):
        check_success(document)
        rows = [] if rows is None and not total_of(document) else rows
    if not isinstance(rows, list):
        raise ContractError(f"malformed answer: Data is {kind_of(rows)} where a list belongs")
    if (total := total_of(document)) is not None and len(rows) < total:
        raise ContractError(f"truncated answer: {len(rows)} items of {total}")
    sweep = Sweep({}, {})
    for row in rows:
        _add(sweep, row, places)
    return sweep


def one_each(items: Sequence[Item]) -> tuple[Item, ...]:
    """Items of one pair under one Id are one: since the first of them began, until the last is over."""
    found: dict[object, Item] = {}
    for item in items:
        key = item.source_id or item
        found[key] = _together(found[key], item) if key in found else item
    return tuple(found.values())


def _add(sweep: Sweep, row: object, places: Places) -> None:
    if not isinstance(row, dict):
        _set_aside(sweep, Pair(UNKNOWN, UNKNOWN), json.dumps(row)[:MOST_RAW])
        return
    updates = _updates(_dicts(field(row, "EventUpdates")))
    for pair, impact in _placed(row, places):
        try:
            sweep.items.setdefault(pair, []).append(_item(row, impact, updates))
        except (ValueError, TypeError):
            said = {"Id": field(row, "Id"), "Title": field(row, "Title"), "Impact": impact}
            _set_aside(sweep, pair, json.dumps(said)[:MOST_RAW])


def _set_aside(sweep: Sweep, pair: Pair, raw: str) -> None:
    """Only so many of an answer: the rest is counted by none of its pairs being read whole."""
    if sum(map(len, sweep.unreadable.values())) < MOST_UNREADABLE:
        sweep.unreadable.setdefault(pair, []).append(raw)


def _placed(row: Mapping[str, Any], places: Places) -> list[tuple[Pair, Mapping[str, Any]]]:
    """A row whose impacts are no list of objects concerns nobody knows whom, and is not read."""
    impacts = field(row, "Impacts")
    good = impacts is None or (isinstance(impacts, list) and all(isinstance(impact, dict) for impact in impacts))
    return places(row) if good else [(Pair(UNKNOWN, UNKNOWN), {"StartTime": str(impacts)[:MOST_RAW]})]


def _impacts(row: Mapping[str, Any]) -> list[tuple[Pair, Mapping[str, Any]]]:
    """Where the event is felt, and since when; at an unknown place if it does not say."""
    found = []
    for impact in _dicts(field(row, "Impacts")):
        product, region = _dict(field(impact, "Product")), _dict(field(impact, "Region"))
        found.append((Pair(_id(field(product, "ProductId")), _id(field(region, "RegionId"))), impact))
    return found or [(Pair(UNKNOWN, UNKNOWN), {})]


def _named(row: Mapping[str, Any], region: str | None) -> list[tuple[Pair, Mapping[str, Any]]]:
    """The page's rows name one product, lists of products and regions, impacts, or nothing at all."""
    if field(row, "Impacts"):
        return _impacts(row)
    products = _ids(field(row, "Products"), "ProductId") or [_id(field(row, "ProductId"))]
    regions = _ids(field(row, "Regions"), "RegionId") or [region or _id(field(row, "RegionId"))]
    return [(Pair(product, place), {}) for product in products for place in regions]


def _item(row: Mapping[str, Any], impact: Mapping[str, Any], updates: tuple[Update, ...]) -> Item:
    """Raises ValueError or TypeError for what cannot be read."""
    title, severity = field(row, "Title"), field(row, "CurrentStateSeverity")
    if title is not None and not isinstance(title, str):
        raise ValueError("a title is a text")
    start = moment(field(impact, "StartTime")) or moment(field(row, "StartTime"))
    end = moment(field(impact, "RecoveryTime")) or moment(field(row, "EndTime"))
    number = field(row, "Id", "EventId")
    source_id = "" if isinstance(number, bool) or not isinstance(number, (int, str)) else clean_line(str(number or ""))
    word = clean_line(severity)[:LONGEST_WORD] if isinstance(severity, str) else ""
    if not (title or start or source_id):
        raise ValueError("nothing to know it by")
    return Item(
        title=clean_line(title or "") or NO_TITLE, severity=word or None, start=start, end=end,
        source_id=source_id[:LONGEST_WORD] or None, updates=updates,
    )  # fmt: skip


def _updates(rows: Iterable[Mapping[str, Any]]) -> tuple[Update, ...]:
    """In the order of their times; one that cannot be read does not spoil the event."""
    found: dict[Update, None] = {}
    for row in rows:
        content = field(row, "Content")
        try:
            at = moment(field(row, "PublishTime"))
        except (ValueError, TypeError):
            at = None
        if at and isinstance(content, str) and (text := clean_text(content)):
            found[Update(at=at, text=text)] = None
    newest = sorted(found, key=lambda update: update.at)[-MOST_UPDATES:]
    while sum(len(update.text) for update in newest) > MOST_TEXT:
        del newest[0]
    return tuple(newest)


def _together(one: Item, other: Item) -> Item:
    """Two impacts of one event on one pair: since the first began, until the last is over."""
    starts = [item.start for item in (one, other) if item.start]
    ends: list[datetime] = [item.end for item in (one, other) if item.end]
    return replace(one, start=min(starts, default=None), end=max(ends) if len(ends) == 2 else None)


def _id(value: object) -> str:
    """An id as it comes, without the line ends that the documentation's samples have; UNKNOWN for what is none."""
    text = value.strip() if isinstance(value, str) else ""
    return text if _ID.fullmatch(text) else UNKNOWN


def _ids(value: object, name: str) -> list[str]:
    rows = value if isinstance(value, list) else []
    return [_id(field(row, name, "Id") if isinstance(row, dict) else row) for row in rows]


def _dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: object) -> list[Mapping[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
