"""What the templates set out: the key figures, and rows gathered in the way that a page shows them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from shd_relay.reports.saying import NOTHING, part, share, span
from shd_relay.reports.shapes import (
    CriticalEvent,
    CriticalSupport,
    EventRow,
    LatencyStep,
    Moment,
    Named,
    ProductUsage,
    Report,
    ServiceSummary,
    UnwatchedSpell,
    UsageRow,
)

STEPS = {
    "source_to_committed": "From the source’s own time to our commit",
    "observed_to_pushed": "From our reading it to the push",
    "committed_to_pushed": "From our commit to the push",
}
RESULTS = {"in_time": "in time", "late": "late", "unanswered": "no answer recorded", "waiting": "not due yet"}
WHY_CRITICAL = {
    "rule": "The rule suggested Critical",
    "ticket": "A Critical ticket is about it",
    "both": "The rule suggested Critical, and a Critical ticket is about it",
}
SHORTLY = {"rule": "rule", "ticket": "ticket", "both": "rule, ticket"}
WHAT = {
    "begun": "Begins, by the source", "update": "The source writes", "ended": "Ends, by the source",
    "change": "We record", "pushed": "We pushed", "opened": "Ticket opened", "due": "First response due",
    "responded": "First response", "closed": "Ticket closed",
}  # fmt: skip


class Figure(NamedTuple):
    """One key figure: what it is called, itself, and what it stands beside."""

    name: str
    value: str
    note: str = ""


class Product(NamedTuple):
    """`rows` had something; `quiet` are the regions where nothing happened."""

    of: Named
    rows: tuple[UsageRow, ...]
    quiet: tuple[Named, ...]


class Products(NamedTuple):
    """`omitted`: rows that have no room."""

    shown: tuple[Product, ...]
    quiet: tuple[Product, ...]
    omitted: int


class Happened(NamedTuple):
    incidents: tuple[EventRow, ...]
    maintenances: tuple[EventRow, ...]
    notices: tuple[EventRow, ...]


def figures(report: Report) -> list[Figure]:
    if isinstance(report, ServiceSummary):
        return _service(report)
    if isinstance(report, CriticalSupport):
        return _critical(report)
    return _usage(report)


def _service(report: ServiceSummary) -> list[Figure]:
    t, tickets = report.totals, report.tickets
    step = next((step for step in report.latency if step.step == "committed_to_pushed"), None)
    longest = report.longest[0].seconds if report.longest else None
    whole = report.head.period.seconds
    seen = t.watched_seconds > 0
    anywhere = f"{part(t.incident_union_seconds, whole)} of the period" if seen else "nobody watched"
    speed = f"median; p95 {span(step.p95_seconds)}" if step and step.count else "no time is known"
    return [
        Figure("Availability", share(t.availability, t.incident_pair_seconds), f"of {t.pairs:,} watched pairs"),
        Figure("Incidents", _known(t.incidents, seen), f"{_known(t.pairs_hit, seen)} of {t.pairs:,} pairs hit"),
        Figure("Longest incident", span(longest), "within the period"),
        Figure("Time with an incident anywhere", span(t.incident_union_seconds if seen else None), anywhere),
        Figure("Maintenance, notices", f"{_known(t.maintenances, seen)}, {_known(t.notices, seen)}",
               f"{t.cancelled:,} called off"),
        _watched(t.blind_seconds + t.unwatched_seconds, whole),
        Figure("Commit to push", span(step.median_seconds if step else None), speed),
        Figure("Tickets in time", f"{tickets.in_time:,} of {tickets.opened:,}" if tickets.opened else NOTHING,
               f"{tickets.late:,} late, {tickets.unanswered:,} unanswered" if tickets.opened else "none recorded"),
    ]  # fmt: skip


def _critical(report: CriticalSupport) -> list[Figure]:
    t = report.totals
    return [
        Figure("Critical events", f"{t.events:,}", f"{t.by_rule:,} by the rule, {t.by_ticket:,} by a ticket"),
        Figure("Pairs hit", f"{t.pairs_hit:,}", "of product and region"),
        Figure("Longest", span(t.longest_seconds), "within the period"),
        Figure("Not over", f"{t.ongoing:,}", "by what is known"),
        Figure("Changes pushed", f"{t.pushes:,}", "about these events"),
        Figure("Commit to push", span(t.median_push_seconds), f"median; slowest {span(t.max_push_seconds)}"),
        Figure("Critical tickets in time", f"{t.in_time:,} of {t.tickets:,}" if t.tickets else NOTHING,
               f"{t.late:,} late, {t.unanswered:,} unanswered" if t.tickets else "none recorded"),
        Figure("Events without a ticket", f"{t.without_ticket:,}", f"of {t.events:,}"),
    ]  # fmt: skip


def _usage(report: ProductUsage) -> list[Figure]:
    t = report.totals
    products = {row.product.id for row in report.rows if row.watched}
    regions = {row.region.id for row in report.rows if row.watched}
    seen = t.watched_seconds > 0
    return [
        Figure("Pairs watched", f"{t.pairs:,}", f"{len(products):,} products, {len(regions):,} regions"),
        Figure("Quiet pairs", f"{t.quiet:,}" if seen else NOTHING, "without any event" if seen else "nobody watched"),
        Figure("Pairs hit", _known(t.pairs_hit, seen), "by an incident"),
        Figure("Availability", share(t.availability, t.incident_pair_seconds), "over all watched pairs"),
        Figure("Incidents", _known(t.incidents, seen)),
        Figure("Maintenance", _known(t.maintenances, seen)),
        Figure("Notices", _known(t.notices, seen)),
        _watched(t.blind_seconds + t.unwatched_seconds, report.head.period.seconds),
    ]


def _watched(hidden: float, whole: float) -> Figure:
    return Figure("Not watched", span(hidden) if hidden else "0 s", f"{part(hidden, whole)} of the period")


def _known(n: int, seen: bool) -> str:
    return f"{n:,}" if n or seen else NOTHING


def longest_spells(spells: Sequence[UnwatchedSpell], most: int) -> list[UnwatchedSpell]:
    """Still by time."""
    kept = sorted(spells, key=lambda spell: (-spell.seconds, spell.since))[:most]
    return sorted(kept, key=lambda spell: (spell.since, spell.until))


def without_pushes(timeline: Iterable[Moment]) -> list[Moment]:
    """They have a table of their own, and come within seconds of what they push."""
    return [moment for moment in timeline if moment.what != "pushed"]


def known(steps: Iterable[LatencyStep]) -> list[LatencyStep]:
    """Those of which there is a histogram to show."""
    return [step for step in steps if step.count]


def blocks(report: CriticalSupport, most: int) -> tuple[CriticalEvent, ...]:
    """Those that are told at length, in the order of the report: all, else the longest."""
    if len(report.events) <= most:
        return report.events
    kept = sorted(report.events, key=lambda of: (-of.event.seconds, of.event.start, of.event.id))[:most]
    ids = {of.event.id for of in kept}
    return tuple(of for of in report.events if of.event.id in ids)


def by_product(report: ProductUsage, most: int) -> Products:
    """In the order of the report; where there are too many rows, the ones hit longest are shown."""
    rows = [row for row in report.rows if row.events]
    kept = sorted(rows, key=_trouble)[:most]
    shown = {(row.product.id, row.region.id) for row in kept}
    products: dict[str, list[UsageRow]] = {}
    for row in report.rows:
        products.setdefault(row.product.id, []).append(row)
    found = [
        Product(
            of[0].product,
            tuple(row for row in of if (row.product.id, row.region.id) in shown),
            tuple(row.region for row in of if not row.events),
        )
        for of in products.values()
    ]
    return Products(
        tuple(product for product in found if product.rows),
        tuple(product for product in found if product.quiet),
        len(rows) - len(kept),
    )


def _trouble(row: UsageRow) -> tuple[float, int, str, str]:
    return -row.measure.incident_seconds, -len(row.events), row.product.id, row.region.id


def happened(report: ProductUsage) -> Happened:
    """All events, by kind and start."""
    events: Sequence[EventRow] = sorted(
        (event for row in report.rows for event in row.events), key=lambda event: (event.start, event.id)
    )

    def of(kind: str) -> tuple[EventRow, ...]:
        return tuple(event for event in events if event.kind == kind)

    return Happened(of("incident"), of("maintenance"), of("notice"))
