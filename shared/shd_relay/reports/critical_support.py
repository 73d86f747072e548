"""The Critical Support Summary: every critical event, what was done about it, and how soon the vendor answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from shd_relay.reports import intervals, ticket_lines
from shd_relay.reports.board import Board
from shd_relay.reports.critical_watch import Critical
from shd_relay.reports.happened import Happened
from shd_relay.reports.head import head_of
from shd_relay.reports.latency import median
from shd_relay.reports.question import Found, Question
from shd_relay.reports.service_summary import board_of
from shd_relay.reports.shapes_critical import CriticalEvent, CriticalSpell, CriticalSupport, CriticalTotals
from shd_relay.reports.shapes_parts import TicketLine
from shd_relay.reports.ticket_lines import count
from shd_relay.reports.timeline import push_lines, timeline
from shd_relay.tickets import NO_TICKETS, Ticket

_Why = Literal["rule", "ticket", "both"]


def critical_support(asked: Question, found: Found) -> CriticalSupport:
    """Pure."""
    board = board_of(asked, found)
    tickets = found.tickets or NO_TICKETS
    opened = [ticket for ticket in ticket_lines.opened_in(tickets, asked.period) if ticket.severity == "critical"]
    named = {ticket.event for ticket in opened}
    events = []
    for each in board.events:
        spells = _spells(asked, found, each)
        if spells or each.event.id in named:
            about = sorted(
                (ticket for ticket in tickets.tickets.values() if ticket.event == each.event.id),
                key=lambda ticket: (ticket.opened_at, ticket.id),
            )
            why = _why(rule=bool(spells), ticket=each.event.id in named)
            events.append(_event(asked, found, board, each, spells=spells, tickets=about, why=why))
    shown = {event.event.id for event in events}
    lines = _lines(asked, found, opened)
    important = asked.partner.important.business_critical
    return CriticalSupport(
        head=head_of(asked, found),
        business_critical=None if important is None else tuple(sorted(important)),
        totals=_totals(events, lines),
        events=tuple(events),
        other_tickets=tuple(line for line in lines if line.event not in shown),
        unwatched=board.times.spells,
    )


def _spells(asked: Question, found: Found, happened: Happened) -> tuple[CriticalSpell, ...]:
    """Those within the period."""
    spells = found.watch.spells.get(happened.event.id, []) if found.watch else []
    clipped = (_clipped(asked, found, spell) for spell in spells)
    return tuple(spell for spell in clipped if spell)


def _clipped(asked: Question, found: Found, spell: Critical) -> CriticalSpell | None:
    since, until = max(spell.since, asked.period.since), spell.until
    if since >= asked.period.until or (until is not None and until <= since):
        return None
    if until is not None or found.known_until > asked.period.until:
        until = min(until or asked.period.until, asked.period.until)
    said = spell.said
    return CriticalSpell(since=since, until=until, reason=said.reason, hit=said.hit, wide=said.wide)


def _why(*, rule: bool, ticket: bool) -> _Why:
    return "both" if rule and ticket else "rule" if rule else "ticket"


def _event(
    asked: Question, found: Found, board: Board, happened: Happened, *,
    spells: tuple[CriticalSpell, ...], tickets: Sequence[Ticket], why: _Why,
) -> CriticalEvent:  # fmt: skip
    event = happened.event
    known = found.watch.lines.get(event.id, []) if found.watch else []
    about = _lines(asked, found, tickets)
    return CriticalEvent(
        event=board.row(happened, asked.reach.cell(event.product, event.region)),
        why=why,
        spells=spells,
        critical_seconds=intervals.seconds(sum(_length(spell, found) for spell in spells)),
        timeline=timeline(happened, known, about),
        pushes=push_lines(known),
        tickets=tuple(about),
    )


def _length(spell: CriticalSpell, found: Found) -> int:
    until = spell.until or max(spell.since, found.known_until)
    return intervals.micros(until) - intervals.micros(spell.since)


def _lines(asked: Question, found: Found, tickets: Sequence[Ticket]) -> list[TicketLine]:
    return ticket_lines.lines_of(tickets, asked.partner, found.tickets or NO_TICKETS, found.asked_until)


def _totals(events: Sequence[CriticalEvent], tickets: Sequence[TicketLine]) -> CriticalTotals:
    pushes = [push for event in events for push in event.pushes]
    took = [push.seconds for push in pushes if push.seconds is not None]
    return CriticalTotals(
        events=len(events),
        by_rule=sum(event.why != "ticket" for event in events),
        by_ticket=sum(event.why != "rule" for event in events),
        ongoing=sum(event.event.ongoing for event in events),
        without_ticket=sum(not event.tickets for event in events),
        pairs_hit=len({(event.event.product.id, event.event.region.id) for event in events}),
        critical_seconds=round(sum(event.critical_seconds for event in events), 3),
        longest_seconds=max((event.event.seconds for event in events), default=None),
        pushes=len(pushes),
        median_push_seconds=median(took),
        max_push_seconds=max(took, default=None),
        tickets=len(tickets),
        in_time=count(tickets, "in_time"),
        late=count(tickets, "late"),
        unanswered=count(tickets, "unanswered"),
        waiting=count(tickets, "waiting"),
    )
