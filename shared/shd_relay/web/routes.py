"""The table of routes: what can be asked, by whom, with which parameters, and what comes back. The OpenAPI document is
made from it."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Literal

from msgspec import Struct

from shd_relay.web import changes_view, events_view, health, own_query, page, schema_file, status_view
from shd_relay.web.ask import Ask, View
from shd_relay.web.params import Param

READ = ("GET", "HEAD")


class Route(Struct, frozen=True, kw_only=True):
    """One address. `{name}` in the template stands for one segment of the path.

    `scope` None: no token is asked for. `when`: the route is meant only if this query parameter is given. `strict`:
    query parameters that are not declared are refused. `errors`: the shape of refusals. `schema`: the name of the
    schema of a 200.
    """

    template: str
    handler: Callable[[Ask], View]
    scope: Literal["read", "operate"] | None
    methods: tuple[str, ...] = READ
    params: tuple[Param, ...] = ()
    when: str = ""
    strict: bool = True
    errors: Literal["problem", "shd"] = "problem"
    summary: str
    media: str = "application/json"
    schema: str = ""

    @property
    def allow(self) -> str:
        return ", ".join((*self.methods, "OPTIONS"))


_PRODUCT = Param(name="product", kind="ids", about="Product ids, separated by commas.")
_REGION = Param(name="region", kind="ids", about="Region ids, separated by commas.")
_LIMIT = Param(name="limit", kind="limit", about="How many at most, 1 to 500; 100 if absent.")
_STATES = ("scheduled", "open", "resolved", "withdrawn", "cancelled")
_KINDS = ("notice", "maintenance", "incident", "feed", "drill")


def _texts(*about: tuple[str, str]) -> tuple[Param, ...]:
    return tuple(Param(name=name, kind="text", about=text) for name, text in about)


ROUTES = (
    Route(
        template="/", when="Action", scope="read", handler=own_query.api, methods=(*READ, "POST"),
        strict=False, errors="shd", schema="ListEvents", summary="SHD's own query, as its SDKs send it.",
        params=_texts(
            ("Action", "ListEvents."), ("Version", "2020-01-17, or absent."), ("Format", "JSON, or absent."),
            ("ProductId", "The product."), ("RegionId", "The region."), ("EndDate", "Last day, UTC+8; absent: today."),
            ("NumOfDay", "How many days, EndDate included; absent: 7."),
        ),
    ),
    Route(
        template="/", scope="read", handler=page.page, strict=False, media="text/html; charset=utf-8",
        summary="The page for people.",
    ),
    Route(
        template="/v1/status", scope="read", handler=status_view.status, params=(_PRODUCT, _REGION), schema="Status",
        summary="What each product is in each region.",
    ),
    Route(
        template="/v1/events", scope="read", handler=events_view.events, schema="Events",
        summary="Events, history included, the newest start first.",
        params=(
            _PRODUCT, _REGION,
            Param(name="kind", kind="words", words=_KINDS, about="Kinds, separated by commas."),
            Param(name="state", kind="words", words=_STATES, about="States, separated by commas."),
            Param(name="since", kind="time", about="Leaves out what was over before."),
            Param(name="until", kind="time", about="Leaves out what began after."),
            Param(name="cursor", kind="text", about="`next` of the page before."),
            _LIMIT,
        ),
    ),
    Route(
        template="/v1/events/{id}", scope="read", handler=events_view.event, schema="Event",
        summary="One event, however old.",
    ),
    Route(
        template="/v1/changes", scope="read", handler=changes_view.changes, schema="Changes",
        summary="The CloudEvents that were or will be pushed, in order.",
        params=(
            Param(name="after", kind="position", about="A cursor: changes after it. Absent: from the first."),
            _LIMIT,
        ),
    ),
    Route(
        template="/v1/list-events", scope="read", handler=own_query.list_events, errors="shd", strict=False,
        schema="ListEvents", summary="SHD's own query with names in camelCase.",
        params=_texts(
            ("productId", "The product."), ("regionId", "The region."), ("endDate", "Last day, UTC+8; absent: today."),
            ("numOfDay", "How many days, endDate included; absent: 7."),
        ),
    ),
    Route(
        template="/healthz", scope=None, handler=health.healthz, strict=False, schema="Health",
        summary="Whether the process answers.",
    ),
    Route(
        template="/schemas/change.v1.json", scope=None, handler=schema_file.change_schema, strict=False,
        media="application/schema+json", summary="The JSON Schema of the messages.",
    ),
)  # fmt: skip


class Found(Struct, frozen=True):
    """A route and the values of its template."""

    route: Route
    values: dict[str, str]


def find(path: str, query: dict[str, str]) -> Found | None:
    """The route that is meant; None if there is no such address."""
    for route, pattern in _patterns():
        matched = pattern.fullmatch(path)
        if matched and (not route.when or route.when in query):
            return Found(route, matched.groupdict())
    return None


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[Route, re.Pattern[str]], ...]:
    return tuple((route, _pattern(route.template)) for route in ROUTES)


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", template)
    text = "".join(f"(?P<{part}>[^/]+)" if n % 2 else re.escape(part) for n, part in enumerate(parts))
    return re.compile(text)
