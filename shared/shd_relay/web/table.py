"""The table of routes: what can be asked, by whom, with which parameters, and what comes back. The OpenAPI document,
and docs/api.md with it, are made from it."""

from __future__ import annotations

from shd_relay.web.params import Param
from shd_relay.web.routes import READ, Route

_PRODUCT = Param(name="product", kind="ids", about="Product ids, separated by commas; any case.")
_REGION = Param(name="region", kind="ids", about="Region ids, separated by commas; any case.")
_LIMIT = Param(name="limit", kind="limit", about="How many at most.")
_AT = Param(
    name="at", kind="moment",
    about="What would have been answered then. It lies in the past, and not before the first entry of the log.",
)  # fmt: skip
_LANGUAGE = Param(
    name="lang",
    kind="language",
    words=("en", "zh"),
    about="`en` or `zh`; absent, or another: what the browser asks for.",
)
_STATES = ("scheduled", "open", "resolved", "withdrawn", "cancelled")
_KINDS = ("notice", "maintenance", "incident", "feed", "drill")


def _texts(*about: tuple[str, str]) -> tuple[Param, ...]:
    return tuple(Param(name=name, kind="text", about=text) for name, text in about)


_NATIVE = (
    Route(
        template="/v1/status", scope="read", handler="status_view.status", params=(_PRODUCT, _REGION, _AT),
        schema="Status", summary="What each product is in each region.",
        about="`status` is the worst that is open: `incident`, `maintenance`, `notice`; else `operational`, or "
        "`unknown` where the last good read is too old. Pairs stand in the order of the watch list; after them, by "
        "their ids, those that nobody watches and where something is open. No read is for their sake alone: their "
        "`checked_at` is null, and none of them is `operational`.",
    ),
    Route(
        template="/v1/events", scope="read", handler="events_view.events", schema="Events",
        summary="Events, history included, the newest start first.",
        about="Without `since`, the list holds what is not over and what ended within 120 days (longer, while an older "
        "event of the pair goes on). With an earlier `since` it also holds what began in the months from `since` to "
        "`until`, at most the last two years of them. History that was never pushed has revision 0. `next` is null on "
        "the last page; otherwise `Link` with `rel=\"next\"` holds the next address. Product and region `feed` are the "
        "relay's own state. Under a partner's token each event has `support`: see above.",
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
        about="An event that is unknown and one that is out of scope look the same: 404. With `support` as in lists.",
    ),
    Route(
        template="/v1/events/{id}/ticket", scope="read", handler="ticket_view.ticket", schema="TicketText",
        params=(_LANGUAGE,), summary="A ready text for a ticket about the event, to paste into the vendor's form.",
        about="`subject` is one line, `body` several, of plain text: the severity to claim and why, what is hit, times "
        "in UTC and in the partner's own zone, what SHD said and what the relay saw. `kind`: `technical` for an "
        "incident that goes on, `consulting` for anything else. 404 also for a drill, and for the relay's own state. A "
        "token is needed also where the rest is public.",
    ),
    Route(
        template="/v1/changes", scope="read", handler="changes_view.changes", schema="Changes",
        summary="The CloudEvents that were or will be pushed, in order.",
        about="The very same text as on the topic. A page may be short, even empty, and have a next one: the cursor "
        "passes over what is out of scope. `next` is null at the end; go on later from the `cursor` of the last change "
        "that you have. A change is here as soon as it is committed, so it may come before its message does.",
        params=(
            Param(name="after", kind="position", about="A cursor: changes after it. Absent: from the first."),
            _LIMIT,
        ),
    ),
    Route(
        template="/v1/me", scope="read", handler="me_view.me", schema="Me",
        summary="Who asks: the partner, its scope, its support plan, and what is used and left of it.",
        about="`products` and `regions` null: all of the watch list; `pairs` is how many pairs of it. `tickets` counts "
        "those that the partner recorded. `warnings` come 30 and 10 working days before the plan ends "
        "(`plan-ends-soon`, `plan-ends-now`), and when 80 % of the technical tickets are used, all, or more "
        "(`allowance-nearly-used`, `allowance-used`, `allowance-exceeded`). While the tickets cannot be read, "
        "`tickets` is null, and the warning `tickets-unread` says so. A token is needed also where the rest is public.",
    ),
    Route(
        template="/v1/reports", scope="read", handler="reports_view.reports", schema="Reports",
        summary="The reports, and which of them the partner's plan comes with.",
        about="A token is needed also where the rest is public.",
    ),
    Route(
        template="/v1/reports/{name}", scope="read", handler="reports_view.report", schema="Report",
        more_media=("text/html", "text/csv"), summary="One report of the partner who asks, made of the logs.",
        about="Days are those of the partner's time zone, and the first and the last are inside; times are half open. "
        "The report is made of what was committed up to three days after the period (`known`: up to then): from that "
        "day on it is `final`, and the same bytes for ever. Its `head` says which entries of which logs it is made of, "
        "and their hash. 403 says which plans come with it. A report that is made of too many entries, or too long for "
        "an answer, is refused with 400: the command `shd-relay report` has no such limits. CSV is one table whose "
        "first column, `section`, tells its parts. A token is needed also where the rest is public.",
        params=(
            Param(name="from", kind="edge", about="The first day, or a time. Without both: the last whole month."),
            Param(name="to", kind="edge", about="The last day, or a time. At most 400 days."),
            Param(name="format", kind="word", words=("json", "csv", "html"), about="`json` if absent."),
            Param(name="known", kind="time", about="What was committed later is not looked at."),
        ),
    ),
    Route(
        template="/v1/plans", scope="read", handler="me_view.plans", schema="Plans", summary="The support plans.",
        about="From the least to the most, with what each entitles to; how soon the first response to which severity "
        "comes; where the figures are from, and what is doubtful in them. null tickets: as many as needed.",
    ),
)  # fmt: skip

_OWN_QUERY = (
    Route(
        template="/", when="Action", scope="read", handler="own_query.api", methods=(*READ, "POST"),
        strict=False, errors="shd", schema="ListEvents", summary="SHD's own query, as its SDKs send it.",
        about="The events of the pair that overlap these days, the oldest first; what was withdrawn or cancelled is "
        "not listed. GET and HEAD tell it from the page by `Action`. With POST, too, parameters stand in the address; "
        "a body is not read. Keys and signatures in the query are "
        "not looked at: who asks is said by the `Authorization` header.",
        params=_texts(
            ("Action", "ListEvents."), ("Version", "2020-01-17, or absent."), ("Format", "JSON, or absent."),
            ("ProductId", "The product."), ("RegionId", "The region."), ("EndDate", "Last day, UTC+8; absent: today."),
            ("NumOfDay", "How many days, `EndDate` included; absent: 7."),
        ),
    ),
    Route(
        template="/v1/list-events", scope="read", handler="own_query.list_events", errors="shd", strict=False,
        schema="ListEvents", summary="SHD's own query with names in camelCase.",
        about="As above, under an address of its own.",
        params=_texts(
            ("productId", "The product."), ("regionId", "The region."), ("endDate", "Last day, UTC+8; absent: today."),
            ("numOfDay", "How many days, `endDate` included; absent: 7."),
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
        ("incidents", "incidents", "StatuspageIncidents", "Incidents: what goes on, then the newest."),
        ("incidents/unresolved", "unresolved", "StatuspageIncidents", "Incidents that go on."),
        ("scheduled-maintenances", "maintenances", "StatuspageMaintenances",
         "Maintenance: what is ahead or goes on, then the newest."),
        ("scheduled-maintenances/upcoming", "upcoming", "StatuspageMaintenances", "Maintenance that is announced."),
        ("scheduled-maintenances/active", "active", "StatuspageMaintenances", "Maintenance that goes on."),
    )
)  # fmt: skip

_PEOPLE = (
    Route(
        template="/", scope="read", feed=True, handler="page.page", strict=False, params=(_LANGUAGE,),
        media="text/html", summary="The page for people.",
        about="In English and Chinese. A browser asks for name and token: the partner's id and the token. What matters "
        "works without scripts. What the catalogue has no name for is shown by its id. A partner sees what its support "
        "plan makes of it: which ticket to open, when an answer is due, and when the plan ends.",
    ),
    Route(
        template="/events/{id}", scope="read", feed=True, handler="page.event", strict=False, params=(_LANGUAGE,),
        media="text/html", summary="One event, for people.",
        about="What was said of it, as a timeline; for a partner with a ready text for a ticket.",
    ),
    Route(
        template="/feed.atom", scope="read", feed=True, handler="atom.feed", strict=False,
        params=(_PRODUCT, _REGION, Param(name="cursor", kind="text", about="Of the `next` link of the page before.")),
        media="application/atom+xml", summary="Events as an Atom feed, the last changed first.",
        about="Ids are stable, and `updated` is from the data.",
    ),
    Route(
        template="/maintenance.ics", scope="read", feed=True, handler="calendar_feed.maintenance", strict=False,
        params=(_PRODUCT, _REGION), media="text/calendar", summary="Maintenance as an iCalendar feed.",
        about="UIDs are stable, SEQUENCE is the revision; what was cancelled stays, as CANCELLED. For a partner also "
        "when the first responses to its tickets are due, with an alarm before and one then; how that ended stays for "
        "30 days. A calendar rings for what it asked for, and many ask every few hours; the page counts.",
    ),
)  # fmt: skip

_OTHERS = (
    Route(
        template="/openapi.json", scope=None, handler="openapi.document", strict=False,
        media="application/vnd.oai.openapi+json", summary="This description, as OpenAPI 3.1.",
        about="A client that takes `application/json` gets it, too.",
    ),
    Route(
        template="/schemas/change.v1.json", scope=None, handler="schema_file.change_schema", strict=False,
        media="application/schema+json", summary="The JSON Schema of the messages.",
        about="Draft 2020-12: what `dataschema` of a message points at when `SHD_PUBLIC_URL` is set.",
    ),
    Route(
        template="/healthz", scope=None, handler="health.healthz", strict=False, schema="Health",
        summary="Whether the process answers.", about="It says nothing of the store or of SHD.",
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

GROUPS = {
    "Native": _NATIVE, "SHD's own query": _OWN_QUERY, "Statuspage": _STATUSPAGE, "People, feeds, calendars": _PEOPLE,
    "Others": _OTHERS,
}  # fmt: skip
"""The routes as a reader wants them together."""

ROUTES = (*_OWN_QUERY, *_PEOPLE, *_NATIVE, *_STATUSPAGE, *_OTHERS)
"""The order in which an address is looked for."""
