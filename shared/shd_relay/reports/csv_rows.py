"""The rows of the CSV tables, section by section. Which columns there are, and their order, is in COLUMNS."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from shd_relay.reports.shapes import (
    CriticalSupport,
    EventRow,
    Head,
    LatencyStep,
    Measure,
    Named,
    ProductUsage,
    Report,
    ServiceSummary,
    SpanRow,
    TicketLine,
    UnwatchedSpell,
)

Cells = dict[str, Any]

_PLACE = ("product", "product_name", "product_name_zh", "region", "region_name", "region_name_zh")
_TIMES = tuple(
    f"{name}_{zone}" for name in ("start", "end", "opened", "due", "responded", "closed") for zone in ("utc", "local")
)
_MEASURE = (
    "incidents", "incidents_begun", "maintenances", "notices", "pairs", "pairs_hit", "watched_seconds",
    "incident_seconds", "maintenance_seconds", "availability",
)  # fmt: skip
COLUMNS = (
    "section", "name", "value", *_PLACE, "kind", "severity", "state", "id", "event", "by", "what", "text", *_TIMES,
    *_MEASURE, "events", "seconds", "whole_seconds", "blind_seconds", "unwatched_seconds", "longest_seconds",
    "median_seconds", "p95_seconds", "max_seconds", "count", "unknown", "target_seconds", "response_seconds", "result",
    "technical", "consulting", "answered", "in_time", "late", "unanswered", "waiting", "closed_tickets", "allowed",
    "left", "over", "over_allowance", "ongoing", "withdrawn", "cancelled", "carried", "history", "inferred", "watched",
    "why", "revision",
)  # fmt: skip


def rows(report: Report) -> Iterator[Cells]:
    """`start` and such are times, which become two columns each; None is an empty cell."""
    yield from _about(report.head)
    if isinstance(report, ServiceSummary):
        yield from _summary(report)
    elif isinstance(report, CriticalSupport):
        yield from _critical(report)
    else:
        yield from _usage(report)
    yield from _spells(report.unwatched)
    for definition in report.head.definitions:
        yield _named("definition", definition.term, definition.text)


def _about(head: Head) -> Iterator[Cells]:
    yield _named("report", "title", head.title)
    yield _named("report", "partner", head.partner.name)
    yield _named("report", "plan", head.partner.plan_name)
    yield {"section": "report", "name": "period", "start": head.period.since, "end": head.period.until}
    yield _named("report", "time zone", head.time_zone)
    yield {"section": "report", "name": "known until", "end": head.known_until}
    yield _named("report", "final", "yes" if head.final else "no")
    for log in head.logs:
        span = "none" if log.first is None else f"{log.first} to {log.last}"
        yield _named("report", f"log of {log.name}", f"entries {span}, SHA-256 {log.sha256}")
    yield _named("report", "digest", head.digest)


def _summary(report: ServiceSummary) -> Iterator[Cells]:
    yield from _totals(report.totals)
    if report.worst_week:
        yield _named("totals", "worst week", report.worst_week.name)
    if report.maintenance_omitted:
        yield _named("totals", "maintenance not listed", report.maintenance_omitted)
    yield from _groups(report)
    yield from _spans("by day", report.by_day)
    yield from _spans("by week", report.by_week)
    yield from _events("longest incidents", report.longest)
    yield from _events("maintenance", report.maintenance)
    yield from _latency(report.latency)
    yield from _tickets(report)


def _groups(report: ServiceSummary) -> Iterator[Cells]:
    for group in report.by_product:
        yield {"section": "by product", **_named_as("product", group.of), **_measure(group.measure)}
    for group in report.by_region:
        yield {"section": "by region", **_named_as("region", group.of), **_measure(group.measure)}
    for kind in report.by_kind:
        yield {"section": "by kind", **msgspec.structs.asdict(kind)}
    for pair in report.by_pair:
        place = _place(pair.product, pair.region)
        yield {"section": "by pair", **place, "watched": pair.watched, **_measure(pair.measure)}


def _spans(section: str, parts: Iterable[SpanRow]) -> Iterator[Cells]:
    for part in parts:
        yield {
            "section": section, "name": part.name, "start": part.since, "end": part.until, **_measure(part.measure),
            "blind_seconds": part.blind_seconds, "unwatched_seconds": part.unwatched_seconds,
        }  # fmt: skip


def _latency(steps: Iterable[LatencyStep]) -> Iterator[Cells]:
    for step in steps:
        cells = msgspec.structs.asdict(step)
        del cells["buckets"]
        yield {"section": "latency", "name": cells.pop("step"), **cells}
        for bucket in step.buckets:
            up_to = "longer" if bucket.up_to is None else f"up to {bucket.up_to:g} s"
            yield {"section": "latency buckets", "name": step.step, "value": up_to, "count": bucket.count}


def _tickets(report: ServiceSummary) -> Iterator[Cells]:
    for row in report.tickets.by_severity:
        cells = msgspec.structs.asdict(row)
        cells["median_seconds"] = cells.pop("median_response_seconds")
        cells["closed_tickets"], cells["count"] = cells.pop("closed"), cells.pop("opened")
        yield {"section": "tickets by severity", "name": cells.pop("severity_name"), **cells}
    allowance = report.tickets.allowance
    yield {
        "section": "allowance", "name": "technical tickets", "start": allowance.since, "end": allowance.until,
        "allowed": allowance.allowed, "count": allowance.used, "left": allowance.left, "over": allowance.over,
    }  # fmt: skip
    yield from _lines("tickets", report.tickets.tickets)


def _critical(report: CriticalSupport) -> Iterator[Cells]:
    named = report.business_critical
    products = "all that no other list names" if named is None else ", ".join(named) or "none: nothing can be critical"
    yield _named("report", "business-critical products", products)
    yield from _totals(report.totals)
    yield from _events("critical events", (each.event for each in report.events), [each.why for each in report.events])
    for each in report.events:
        id_ = each.event.id
        for spell in each.spells:
            yield {"section": "critical times", "event": id_, "start": spell.since, "end": spell.until,
                   "text": spell.reason, "pairs_hit": spell.hit}  # fmt: skip
        for moment in each.timeline:
            yield {
                "section": "timeline", "event": id_, "start": moment.at, "by": moment.by, "what": moment.what,
                "name": moment.verb, "revision": moment.revision, "id": moment.ticket, "text": moment.text,
            }  # fmt: skip
        for push in each.pushes:
            yield {"section": "pushes", "event": id_, "revision": push.revision, "name": push.verb,
                   "start": push.committed_at, "end": push.pushed_at, "seconds": push.seconds}  # fmt: skip
        yield from _lines("tickets", each.tickets)
    yield from _lines("other critical tickets", report.other_tickets)


def _usage(report: ProductUsage) -> Iterator[Cells]:
    yield from _totals(report.totals)
    for sentence in report.not_contained:
        yield _named("not contained", "", sentence)
    for row in report.rows:
        yield {"section": "by pair", **_place(row.product, row.region), "watched": row.watched,
               **_measure(row.measure), "longest_seconds": row.longest_seconds}  # fmt: skip
    for row in report.rows:
        yield from _events("events", row.events)


def _named(section: str, name: str, value: object) -> Cells:
    return {"section": section, "name": name, "value": value}


def _totals(totals: msgspec.Struct) -> Iterator[Cells]:
    for name, value in msgspec.structs.asdict(totals).items():
        yield _named("totals", name.replace("_", " "), value)


def _measure(measure: Measure) -> Cells:
    return msgspec.structs.asdict(measure)


def _named_as(what: str, named: Named) -> Cells:
    return {what: named.id, f"{what}_name": named.en, f"{what}_name_zh": named.zh}


def _place(product: Named, region: Named) -> Cells:
    return _named_as("product", product) | _named_as("region", region)


def _events(section: str, events: Iterable[EventRow], whys: Iterable[str] = ()) -> Iterator[Cells]:
    why = iter(whys)
    for event in events:
        cells = msgspec.structs.asdict(event)
        place = _place(cells.pop("product"), cells.pop("region"))
        cells["text"] = cells.pop("title")
        yield {"section": section, **place, **cells, "why": next(why, None)}


def _lines(section: str, lines: Iterable[TicketLine]) -> Iterator[Cells]:
    for line in lines:
        cells = msgspec.structs.asdict(line)
        for name in ("opened", "responded", "closed"):
            cells[name] = cells.pop(f"{name}_at")
        cells["text"] = cells.pop("subject")
        yield {"section": section, **cells}


def _spells(spells: Iterable[UnwatchedSpell]) -> Iterator[Cells]:
    for spell in spells:
        yield {"section": "not watched", "why": spell.why, "start": spell.since, "end": spell.until,
               "seconds": spell.seconds, "ongoing": spell.ongoing}  # fmt: skip
