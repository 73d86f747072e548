"""The table of routes: what can be asked, by whom, with which parameters, and what comes back. The OpenAPI document,
and docs/api.md with it, are made from it."""

from __future__ import annotations

from shd_relay.web.params import Param
from shd_relay.web.routes import READ, Route

_PRODUCT = Param(name="product", kind="ids", about="Product ids, separated by commas.")
_REGION = Param(name="region", kind="ids", about="Region ids, separated by commas.")
_LIMIT = Param(name="limit", kind="limit", about="How many at most.")
_AT = Param(name="at", kind="moment", about="What would have been answered then; past, and not before the first entry.")
_LANGUAGE = Param(name="lang", kind="language", words=("en", "zh"), about="Absent: what the browser asks for.")
_STATES = ("scheduled", "open", "resolved", "withdrawn", "cancelled")
_KINDS = ("notice", "maintenance", "incident", "feed", "drill")


def _texts(*about: tuple[str, str]) -> tuple[Param, ...]:
    return tuple(Param(name=name, kind="text", about=text) for name, text in about)


_NATIVE = (
    Route(
        template="/v1/status", scope="read", handler="status_view.status", params=(_PRODUCT, _REGION, _AT),
        schema="Status", summary="What each product is in each region.",
    ),
    Route(
        template="/v1/events", scope="read", handler="events_view.events", schema="Events",
        summary="Events, history included, the newest start first.",
        params=(
            _PRODUCT, _REGION,
            Param(name="kind", kind="words", words=_KINDS, about="Kinds, separated by commas."),
            Param(name="state", kind="words", words=_STATES, about="States, separated by commas."),
            Param(name="since", kind="time", about="Leaves out what was over before."),
            Param(name="until", kind="time", about="Leaves out what began after."),
            _AT,
            Param(name="cursor", kind="text", about="`next` of the page before."),
            _LIMIT,
        ),
    ),
    Route(
        template="/v1/events/{id}", scope="read", handler="events_view.event", schema="Event", params=(_AT,),
        summary="One event, however old.",
    ),
    Route(
        template="/v1/changes", scope="read", handler="changes_view.changes", schema="Changes",
        summary="The CloudEvents that were or will be pushed, in order.",
        params=(
            Param(name="after", kind="position", about="A cursor: changes after it. Absent: from the first."),
            _LIMIT,
        ),
    ),
    Route(
        template="/v1/me", scope="read", handler="me_view.me", schema="Me",
        summary="Who asks: the partner, its support plan and its scope.",
    ),
    Route(
        template="/v1/plans", scope="read", handler="me_view.plans", schema="Plans", summary="The support plans.",
    ),
)  # fmt: skip

_OWN_QUERY = (
    Route(
        template="/", when="Action", scope="read", handler="own_query.api", methods=(*READ, "POST"),
        strict=False, errors="shd", schema="ListEvents", summary="SHD's own query, as its SDKs send it.",
        params=_texts(
            ("Action", "ListEvents."), ("Version", "2020-01-17, or absent."), ("Format", "JSON, or absent."),
            ("ProductId", "The product."), ("RegionId", "The region."), ("EndDate", "Last day, UTC+8; absent: today."),
            ("NumOfDay", "How many days, EndDate included; absent: 7."),
        ),
    ),
    Route(
        template="/v1/list-events", scope="read", handler="own_query.list_events", errors="shd", strict=False,
        schema="ListEvents", summary="SHD's own query with names in camelCase.",
        params=_texts(
            ("productId", "The product."), ("regionId", "The region."), ("endDate", "Last day, UTC+8; absent: today."),
            ("numOfDay", "How many days, endDate included; absent: 7."),
        ),
    ),
)  # fmt: skip

_STATUSPAGE = tuple(
    Route(
        template=f"/api/v2/{name}.json", scope="read", feed=True, strict=False, handler=f"statuspage.{handler}",
        schema=schema, summary=summary,
    )
    for name, handler, schema, summary in (
        ("summary", "summary", "StatuspageSummary", "Everything that goes on, and the components."),
        ("status", "status", "StatuspageStatus", "One word for the whole."),
        ("components", "components", "StatuspageComponents", "The components, in groups."),
        ("incidents", "incidents", "StatuspageIncidents", "Incidents, the newest first."),
        ("incidents/unresolved", "unresolved", "StatuspageIncidents", "Incidents that go on."),
        ("scheduled-maintenances", "maintenances", "StatuspageMaintenances", "Maintenance, the newest first."),
        ("scheduled-maintenances/upcoming", "upcoming", "StatuspageMaintenances", "Maintenance that is announced."),
        ("scheduled-maintenances/active", "active", "StatuspageMaintenances", "Maintenance that goes on."),
    )
)  # fmt: skip

_PEOPLE = (
    Route(
        template="/", scope="read", feed=True, handler="page.page", strict=False, params=(_LANGUAGE,),
        media="text/html", summary="The page for people.",
    ),
    Route(
        template="/events/{id}", scope="read", feed=True, handler="page.event", strict=False, params=(_LANGUAGE,),
        media="text/html", summary="One event, for people.",
    ),
    Route(
        template="/feed.atom", scope="read", feed=True, handler="atom.feed", strict=False,
        params=(_PRODUCT, _REGION, Param(name="cursor", kind="text", about="Of the `next` link of the page before.")),
        media="application/atom+xml", summary="Events as an Atom feed, the last changed first.",
    ),
    Route(
        template="/maintenance.ics", scope="read", feed=True, handler="calendar_feed.maintenance", strict=False,
        params=(_PRODUCT, _REGION), media="text/calendar", summary="Maintenance as an iCalendar feed.",
    ),
)  # fmt: skip

_OTHERS = (
    Route(
        template="/openapi.json", scope=None, handler="openapi.document", strict=False,
        media="application/vnd.oai.openapi+json", summary="This description, as OpenAPI 3.1.",
    ),
    Route(
        template="/schemas/change.v1.json", scope=None, handler="schema_file.change_schema", strict=False,
        media="application/schema+json", summary="The JSON Schema of the messages.",
    ),
    Route(
        template="/healthz", scope=None, handler="health.healthz", strict=False, schema="Health",
        summary="Whether the process answers.",
    ),
    Route(
        template="/readyz", scope="operate", handler="health.readyz", strict=False, schema="Readiness",
        media="application/health+json", summary="Whether the relay does its work, and which part is ill.",
    ),
    Route(
        template="/metrics", scope="operate", handler="metrics.metrics", strict=False,
        media="text/plain", summary="Metrics in Prometheus text.",
    ),
)  # fmt: skip

ROUTES = (*_OWN_QUERY, *_PEOPLE, *_NATIVE, *_STATUSPAGE, *_OTHERS)
