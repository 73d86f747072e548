"""What an event means under a partner's support plan: which severity to claim, and when the first response is due."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from shd_relay.model import HealthEvent
from shd_relay.plans import TARGETS
from shd_relay.ticket_severity import Hits, Important, Suggestion, suggest
from shd_relay.tickets import NO_TICKETS, Ticket, Tickets


class Support(NamedTuple):
    """`ticket`: the one that the partner opened about the event. `within`: the response target of the ticket's
    severity, else of the suggested one. `due`: when the first response has to be there; None without a ticket: it is
    `within` from whenever one is opened."""

    suggestion: Suggestion
    ticket: Ticket | None
    within: timedelta
    due: datetime | None


class Desk:
    """Tells of each event of a scope. `events`: all that the viewer sees at this time; `tickets`: the partner's."""

    def __init__(self, important: Important, events: Iterable[HealthEvent], tickets: Tickets = NO_TICKETS) -> None:
        self._important = important
        self._hits = Hits(events)
        self._tickets = tickets.by_event()

    def of(self, event: HealthEvent) -> Support:
        suggestion = suggest(event, self._important, self._hits.near(event))
        ticket = self._tickets.get(event.id)
        within = TARGETS[ticket.severity if ticket else suggestion.severity].within
        return Support(suggestion, ticket, within, ticket.due if ticket else None)
