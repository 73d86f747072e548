"""Tickets as reports show them: answered in time or not, and counted against the allowance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from shd_relay import plans, tickets
from shd_relay.config_partners import Partner
from shd_relay.plans import TARGETS, Severity
from shd_relay.reports.latency import median
from shd_relay.reports.shapes_head import Period
from shd_relay.reports.shapes_parts import Result, TicketLine
from shd_relay.reports.shapes_summary import Allowance, TicketRow, TicketSummary
from shd_relay.tickets import Ticket, Tickets


def summary(partner: Partner, known: Tickets, period: Period, until: datetime) -> TicketSummary:
    """The tickets opened in the period, as they were recorded `until` then."""
    lines = lines_of(opened_in(known, period), partner, known, until)
    return TicketSummary(
        by_severity=tuple(_row(each, [line for line in lines if line.severity == each]) for each in TARGETS),
        opened=len(lines),
        in_time=count(lines, "in_time"),
        late=count(lines, "late"),
        unanswered=count(lines, "unanswered"),
        waiting=count(lines, "waiting"),
        closed=sum(line.closed_at is not None for line in lines),
        allowance=_allowance(partner, known, period),
        tickets=tuple(lines),
    )  # fmt: skip


def opened_in(known: Tickets, period: Period) -> list[Ticket]:
    """By opening."""
    found = [ticket for ticket in known.tickets.values() if period.since <= ticket.opened_at < period.until]
    return sorted(found, key=lambda ticket: (ticket.opened_at, ticket.id))


def lines_of(
    chosen: Iterable[Ticket], partner: Partner, known: Tickets, until: datetime
) -> list[TicketLine]:  # fmt: skip
    allowed = plans.allowance(partner.plan, partner.ticket_packages)
    validity = plans.validity(partner.valid_from, partner.valid_until)
    over = tickets.over_allowance(known.tickets.values(), allowed, *validity)
    return [_line(ticket, until, over=ticket.id in over) for ticket in chosen]


def count(lines: Sequence[TicketLine], result: Result) -> int:
    return sum(line.result == result for line in lines)


def _line(ticket: Ticket, until: datetime, *, over: bool) -> TicketLine:
    responded = ticket.responded_at
    return TicketLine(
        id=ticket.id, kind=ticket.kind, severity=ticket.severity, event=ticket.event, product=ticket.product,
        region=ticket.region, subject=ticket.subject, opened_at=ticket.opened_at, due=ticket.due,
        responded_at=responded, closed_at=ticket.closed_at,
        target_seconds=TARGETS[ticket.severity].within.total_seconds(),
        response_seconds=None if responded is None else round((responded - ticket.opened_at).total_seconds(), 3),
        result=_result(ticket, until), over_allowance=over,
    )  # fmt: skip


def _result(ticket: Ticket, until: datetime) -> Result:
    if ticket.in_time is not None:
        return "in_time" if ticket.in_time else "late"
    return "unanswered" if ticket.due <= until else "waiting"


def _row(severity: Severity, lines: Sequence[TicketLine]) -> TicketRow:
    target = TARGETS[severity]
    responses = [line.response_seconds for line in lines if line.response_seconds is not None]
    return TicketRow(
        severity=severity, severity_name=target.name, target_seconds=target.within.total_seconds(),
        opened=len(lines),
        technical=sum(line.kind == "technical" for line in lines),
        consulting=sum(line.kind == "consulting" for line in lines),
        answered=len(responses), in_time=count(lines, "in_time"), late=count(lines, "late"),
        unanswered=count(lines, "unanswered"), waiting=count(lines, "waiting"),
        closed=sum(line.closed_at is not None for line in lines),
        median_response_seconds=median(responses),
    )  # fmt: skip


def _allowance(partner: Partner, known: Tickets, period: Period) -> Allowance:
    since, end = plans.validity(partner.valid_from, partner.valid_until)
    until = max(since, min(period.until, end))
    used = len(tickets.counted(known.tickets.values(), since, until))
    allowed = plans.allowance(partner.plan, partner.ticket_packages)
    return Allowance(
        since=since.astimezone(period.since.tzinfo), until=until.astimezone(period.since.tzinfo), allowed=allowed,
        used=used, left=None if allowed is None else max(0, allowed - used),
        over=0 if allowed is None else max(0, used - allowed),
    )  # fmt: skip
