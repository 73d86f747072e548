"""The dashboard's own page: what its script reads without a key, in the two flavours that were seen in the wild."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from local.fakes.loopback import Reply
from local.fakes.status.dialect import (
    Dialect,
    Document,
    camel_cased,
    disordered,
    ending,
    envelope,
    epoch,
    listed,
    unknown_to_all,
)
from local.fakes.status.errors import ApiError
from local.fakes.status.in_progress import InProgressRules, Ongoing, ongoing
from local.fakes.status.render import HTML_TYPE, render
from local.fakes.status.world import ShownEvent, World

PREFIX = "/api/status/"
ONGOING = ("listEventInProgress", "listEventInProgressInternational")
LAST_DAY = "listProductEventForRegionInLast24Hours"
PAGES = frozenset({*ONGOING, LAST_DAY})

_DAY = timedelta(days=1)
NOT_FOUND = ApiError("404", 404, "Not Found")
BAD_METHOD = ApiError("405", 405, "Method Not Allowed")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRules:
    """How the page differs from what was seen of it. Names in `served` answer, the others are 404.

    `fill_lists`: the lists of what is in progress bring eventUpdates, products and regions, which are null otherwise.
    `lag_seconds`, `linger_seconds` and `omit` are those of InProgressRules, for the page by itself; a lag goes for
    the last day too. The page's `dialect` is its own.
    """

    served: frozenset[str] = PAGES
    fill_lists: bool = False
    lag_seconds: float = 0.0
    linger_seconds: float = 600.0
    omit: Callable[[ShownEvent], bool] | None = None
    dialect: Dialect = field(default_factory=lambda: Dialect(success="bool"))


def name_of(target: str) -> str | None:
    """Which list of the page a request target names, or None: then it is a call of the gateway's."""
    path = urlsplit(target).path
    return path.removeprefix(PREFIX) if path.startswith(PREFIX) else None


def refusal(name: str, method: str, rules: PageRules) -> ApiError | None:
    if name not in rules.served:
        return NOT_FOUND
    return None if method == "GET" else BAD_METHOD


def document(
    name: str, params: Mapping[str, str], world: World, now: datetime, *, rules: PageRules, dialect: Dialect
) -> Document:
    """The answer's top level; keys begin with a capital until it is rendered."""
    if name == LAST_DAY:
        items = [_item_of_2022(event, dialect) for event in _last_day(params.get("regionId", ""), world, now, rules)]
    else:
        shown = InProgressRules(lag_seconds=rules.lag_seconds, linger_seconds=rules.linger_seconds, omit=rules.omit)
        items = [_item_of_2026(event, rules, dialect) for event in ongoing(world, now, shown, None)]
    items = disordered(items, dialect, now.isoformat())
    around = {**envelope(len(items), dialect, ""), "RequestId": None}
    return {**around, **listed(items, dialect), **unknown_to_all(dialect)}


def rendered(result: ApiError | Document) -> Reply:
    if not isinstance(result, ApiError):
        return render(camel_cased(result), as_json=True, root="")
    if result in (NOT_FOUND, BAD_METHOD):  # said by the web server
        return Reply(
            status=result.status, headers=(HTML_TYPE,), body=f"<html><h1>{result.message}</h1></html>".encode()
        )
    bad = {"data": None, "total": 0, "info": result.message, "code": result.status, "success": False}
    reply = render({**bad, "httpCode": result.status, "requestId": None}, as_json=True, root="", status=result.status)
    return replace(reply, headers=(*reply.headers, *result.headers))


def _last_day(region: str, world: World, now: datetime, rules: PageRules) -> list[ShownEvent]:
    then = now - timedelta(seconds=rules.lag_seconds)
    return [
        event
        for event in world.at(then)
        if event.region == region and event.start <= then and (event.end is None or event.end >= then - _DAY)
    ]


def _item_of_2022(event: ShownEvent, dialect: Dialect) -> Document:
    return {
        "ProductId": event.product,
        "Title": f" {event.title}\n" if dialect.padded else event.title,
        "CurrentStateSeverity": event.severity,
        "StartTime": epoch(event.start, dialect),
        **ending("EndTime", event.end, dialect),
    }


def _item_of_2026(event: Ongoing, rules: PageRules, dialect: Dialect) -> Document:
    ends = [impact.end for impact in event.impacts if impact.end is not None]
    is_over = len(ends) == len(event.impacts)
    moments = [event.start, *ends, *(update.at for update in event.updates)]
    return {
        "Id": event.number,
        "Title": f" {event.title}\n" if dialect.padded else event.title,
        "EventUpdates": _updates(event, dialect) if rules.fill_lists else None,
        "EventType": event.severity,
        "StartTime": epoch(event.start, dialect),
        **ending("EndTime", max(ends) if is_over else None, dialect),
        "LastUpdateTime": epoch(max(moments), dialect),
        "Products": _names("Product", [i.product for i in event.impacts]) if rules.fill_lists else None,
        "Regions": _names("Region", [i.region for i in event.impacts]) if rules.fill_lists else None,
    }


def _updates(event: Ongoing, dialect: Dialect) -> list[Document]:
    return [{"Content": update.text, "PublishTime": epoch(update.at, dialect)} for update in event.updates]


def _names(kind: str, ids: list[str]) -> list[Document]:
    return [{f"{kind}Id": each, f"{kind}Name": each} for each in dict.fromkeys(ids)]
