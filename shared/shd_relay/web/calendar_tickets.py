"""A partner's support tickets in its calendar: when the first response is due, with an alarm until it came.

A calendar that merely misses an event may keep it: so what was answered or closed stays for a while, with the outcome.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from urllib.parse import quote

from shd_relay import plans
from shd_relay.plans import Severity
from shd_relay.tickets import Ticket
from shd_relay.web import feed_words
from shd_relay.web.ask import Ask
from shd_relay.web.icalendar_text import document, text_line, time_line

# A publisher must be named (RFC 5546, section 3.2.1). The address is no address: nobody is to write to it.
ORGANIZER = "ORGANIZER;CN=SHD Relay:invalid:nomail"
KEEP_SETTLED = timedelta(days=30)
MOST = 500  # of tickets: those that are due last
BEFORE: dict[Severity, int] = {"critical": 5, "urgent": 10, "high": 30, "medium": 30, "low": 30}
"""Minutes between the first alarm and the time when the response is due. The second rings then."""


def shown(ask: Ask) -> list[Ticket]:
    """The tickets for the calendar, by when the response is due: all that wait, and what was settled lately."""
    found = (t for t in ask.tickets().tickets.values() if _wanted(t, ask) and _is_near(t, ask.now))
    return sorted(found, key=lambda ticket: (ticket.due, ticket.id))[-MOST:]


def changed_at(ticket: Ticket) -> datetime:
    """When the last thing happened that is told of it."""
    return max(filter(None, (ticket.opened_at, ticket.responded_at, ticket.closed_at)))


def blocks(tickets: Iterable[Ticket], ask: Ask) -> list[bytes]:
    """A component for each."""
    return [document(_event(ticket, ask)) for ticket in tickets]


def _wanted(ticket: Ticket, ask: Ask) -> bool:
    """The filters of the address; what names no product or region is in no filtered calendar."""
    asked = ((ask.params["product"], ticket.product), (ask.params["region"], ticket.region))
    return all(ids is None or (id_ is not None and id_.casefold() in ids) for ids, id_ in asked)


def _is_near(ticket: Ticket, now: datetime) -> bool:
    settled = ticket.responded_at or ticket.closed_at
    return settled is None or now - settled < KEEP_SETTLED


def _event(ticket: Ticket, ask: Ask) -> Iterator[str]:
    partner, no_region = ask.viewer.partner, ask.site.global_region
    about = _about(ticket, no_region)
    yield "BEGIN:VEVENT"
    yield text_line("UID", f"ticket-{ticket.id}.{partner.id.lower() if partner else ''}@shd-relay")
    yield f"SEQUENCE:{ticket.revision}"
    yield from (time_line(name, changed_at(ticket)) for name in ("DTSTAMP", "LAST-MODIFIED"))
    yield time_line("DTSTART", ticket.due)
    yield f"STATUS:{'CANCELLED' if _was_dropped(ticket) else 'CONFIRMED'}"
    yield text_line("SUMMARY", f"{_said(ticket)}: {about}")
    yield text_line("DESCRIPTION", "\n".join(f"{name}: {value}" for name, value in _details(ticket, no_region)))
    if ticket.region:
        yield text_line("LOCATION", feed_words.region(ticket.region, no_region))
    yield text_line("CATEGORIES", "support ticket")
    yield "TRANSP:TRANSPARENT"
    yield ORGANIZER
    if ask.site.public_url and ticket.event:
        yield f"URL:{ask.site.public_url}/events/{quote(ticket.event, safe='', errors='replace')}"
    if ticket.responded_at is None and ticket.closed_at is None:
        for trigger, text in ((f"-PT{BEFORE[ticket.severity]}M", "due soon"), ("PT0S", "due now")):
            yield from ("BEGIN:VALARM", "ACTION:DISPLAY", f"TRIGGER:{trigger}")
            yield text_line("DESCRIPTION", f"First response {text}: {about}")
            yield "END:VALARM"
    yield "END:VEVENT"


def _was_dropped(ticket: Ticket) -> bool:
    return ticket.closed_at is not None and ticket.responded_at is None


def _said(ticket: Ticket) -> str:
    if ticket.in_time is not None:
        return "Answered in time" if ticket.in_time else "Answered late"
    return "Closed without a response" if ticket.closed_at else "First response due"


def _about(ticket: Ticket, no_region: str) -> str:
    """As in `0001 (Critical): Elastic Compute Service, Singapore`."""
    name = f"{ticket.id} ({plans.TARGETS[ticket.severity].name})"
    where = [feed_words.product(ticket.product)] if ticket.product else []
    where += [feed_words.region(ticket.region, no_region)] if ticket.region else []
    said = ", ".join(where) or feed_words.shortened(ticket.subject, feed_words.TITLE_CHARACTERS)
    return f"{name}: {said}" if said else name


def _details(ticket: Ticket, no_region: str) -> Iterator[tuple[str, str]]:
    target = plans.TARGETS[ticket.severity]
    yield "Ticket", ticket.id
    yield "Severity", f"{target.number} {target.name}, first response within {_span(target.within)}"
    if ticket.subject:
        yield "Subject", feed_words.shortened(ticket.subject, feed_words.TITLE_CHARACTERS)
    if ticket.product:
        yield "Product", feed_words.with_id(feed_words.product(ticket.product), ticket.product)
    if ticket.region:
        yield "Region", feed_words.with_id(feed_words.region(ticket.region, no_region), ticket.region)
    if ticket.event:
        yield "Event", ticket.event
    yield "Opened", feed_words.in_both(ticket.opened_at)
    yield "First response due before", feed_words.in_both(ticket.due)
    if ticket.responded_at:
        yield "First response", feed_words.in_both(ticket.responded_at)
    if ticket.closed_at:
        yield "Closed", feed_words.in_both(ticket.closed_at)


def _span(within: timedelta) -> str:
    minutes = int(within.total_seconds()) // 60
    return f"{minutes // 60} h" if minutes >= 60 and not minutes % 60 else f"{minutes} min"
