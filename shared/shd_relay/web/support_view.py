"""An event as `/v1/events` shows it: what the messages say, and for a partner what it means under its plan."""

from __future__ import annotations

from typing import Any

import msgspec

from shd_relay import message, times
from shd_relay.model import HealthEvent
from shd_relay.plans import TARGETS
from shd_relay.support import Desk, Support
from shd_relay.tickets import Ticket

Json = dict[str, Any]


def encoded(event: HealthEvent, desk: Desk | None) -> bytes:
    """The event as JSON; without a desk nothing is said of a plan."""
    view = message.event_view(event)
    if desk is not None:
        view["support"] = support_view(desk.of(event))
    return msgspec.json.encode(view)


def support_view(support: Support) -> Json:
    """`severity` and what comes with it is the suggestion. `response_seconds` is of the ticket if there is one, else of
    the suggestion, and counts from whenever a ticket is opened: no body holds the time of answering."""
    suggestion, ticket = support.suggestion, support.ticket
    return {
        "severity": suggestion.severity,
        "number": TARGETS[suggestion.severity].number,
        "reason": suggestion.reason,
        "rule": suggestion.rule,
        "cause": suggestion.cause,
        "importance": suggestion.importance,
        "hit": suggestion.hit,
        "wide": suggestion.wide,
        "response_seconds": int(support.within.total_seconds()),
        "due": times.text_or_none(support.due),
        "counted_from": "if-opened-now" if ticket is None else "ticket",
        "ticket": None if ticket is None else _ticket(ticket),
    }


def _ticket(ticket: Ticket) -> Json:
    return {
        "id": ticket.id,
        "kind": ticket.kind,
        "severity": ticket.severity,
        "opened_at": times.text(ticket.opened_at),
        "responded_at": times.text_or_none(ticket.responded_at),
        "closed_at": times.text_or_none(ticket.closed_at),
        "due": times.text(ticket.due),
        "in_time": ticket.in_time,
    }
