"""`/maintenance.ics`: planned work as iCalendar (RFC 5545, with names and refreshing of RFC 7986); for a partner with
what to claim in a ticket about it, and when the first responses to its tickets are due.

Every time in it comes from data. What was called off stays in as CANCELLED: a calendar that merely misses an event may
keep it. An event whose end nobody knows has no DTEND: it stands at its start, and its text says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from shd_relay.model import HealthEvent
from shd_relay.plans import TARGETS
from shd_relay.support import Desk
from shd_relay.tickets import Ticket
from shd_relay.web import age, calendar_tickets, desk, feed_words
from shd_relay.web.ask import Ask, View, within
from shd_relay.web.events_view import begins, ends
from shd_relay.web.facts import Facts
from shd_relay.web.icalendar_text import document, text_line, time_line
from shd_relay.web.ticket_shelf import UNREAD

CONTENT_TYPE = "text/calendar; charset=utf-8"
NAME = "Alibaba Cloud maintenance"
MOST_BYTES = 4_000_000  # some 3,000 events: the latest starts, and what is planned is among them

_CALLED_OFF = {"cancelled": "Cancelled", "withdrawn": "Withdrawn"}
_ABOUT = "Planned work that Alibaba Cloud's Service Health Dashboard announces, read by SHD Relay."
_TICKETS = "With it: when the first responses to your support tickets are due."
_UNREAD = "Your tickets cannot be read now: they are not here."
_IN_DOUBT = "The dashboard cannot be read now: what was announced or changed lately is not here."
# The last turn of the clocks in China. Times are in UTC; this is for those who show them as the dashboard does.
_ZONE = (
    "BEGIN:VTIMEZONE", "TZID:Asia/Shanghai", "BEGIN:STANDARD", "DTSTART:19910915T020000", "TZOFFSETFROM:+0900",
    "TZOFFSETTO:+0800", "TZNAME:CST", "END:STANDARD", "END:VTIMEZONE",
)  # fmt: skip
_OFTEN, _OFTENER = "PT15M", "PT5M"  # to be asked again: with tickets, as the shortest response target is 15 minutes
_ALARM = "BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT1H"


def maintenance(ask: Ask) -> View:
    facts = ask.look()
    events = sorted(_events(ask, facts), key=lambda event: (begins(event), event.id))
    tickets = calendar_tickets.shown(ask)
    head = document(_head(ask, facts, events, tickets))
    blocks = _fitting(events, ask, desk.desk(ask, facts))
    return View(
        body=b"".join((head, *blocks, *calendar_tickets.blocks(tickets, ask), document(["END:VCALENDAR"]))),
        content_type=CONTENT_TYPE,
        headers=age.headers(ask, facts),
        as_of=age.as_of(facts, ask.viewer.pairs),
    )


def _events(ask: Ask, facts: Facts) -> Iterator[HealthEvent]:
    for event in facts.state.events.values():
        wanted = within(event.pair, ask.params["product"], ask.params["region"])
        if event.kind == "maintenance" and wanted and ask.viewer.sees(event):
            yield event


def _head(ask: Ask, facts: Facts, events: list[HealthEvent], tickets: list[Ticket]) -> Iterator[str]:
    about = " ".join(_about(ask, facts))
    often = _OFTEN if ask.viewer.public else _OFTENER
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//SHD Relay//Maintenance//EN", "CALSCALE:GREGORIAN")
    yield "METHOD:PUBLISH"
    yield from (text_line(name, NAME) for name in ("NAME", "X-WR-CALNAME"))
    yield from (text_line(name, about) for name in ("DESCRIPTION", "X-WR-CALDESC"))
    yield from ("X-WR-TIMEZONE:Asia/Shanghai", f"REFRESH-INTERVAL;VALUE=DURATION:{often}", f"X-PUBLISHED-TTL:{often}")
    if changed := [*(event.changed_at for event in events), *map(calendar_tickets.changed_at, tickets)]:
        yield time_line("LAST-MODIFIED", max(changed))
    yield from _ZONE


def _about(ask: Ask, facts: Facts) -> Iterator[str]:
    yield _ABOUT
    if not ask.viewer.public:
        yield _UNREAD if ask.tickets() is UNREAD else _TICKETS
    if age.source_state(ask, facts) != "fresh":
        yield _IN_DOUBT


def _fitting(events: list[HealthEvent], ask: Ask, counter: Desk | None) -> list[bytes]:
    """The components of the events, in their order; those at the beginning are left out when there are too many."""
    found: list[bytes] = []
    room = MOST_BYTES
    for event in reversed(events):
        found.append(document(_event(event, ask, counter)))
        room -= len(found[-1])
        if room < 0:
            found.pop()
            break
    return found[::-1]


def _event(event: HealthEvent, ask: Ask, counter: Desk | None) -> Iterator[str]:
    no_region, public_url = ask.site.global_region, ask.site.public_url
    summary = _summary(event, no_region)
    yield "BEGIN:VEVENT"
    yield text_line("UID", f"{event.id}@shd-relay")
    yield f"SEQUENCE:{event.revision}"
    yield from (time_line(name, event.changed_at) for name in ("DTSTAMP", "LAST-MODIFIED"))
    yield from _times(event)
    yield f"STATUS:{_status(event)}"
    yield text_line("SUMMARY", summary)
    yield text_line("DESCRIPTION", _description(event, no_region, counter))
    yield text_line("LOCATION", feed_words.region(event.region, no_region))
    yield text_line("CATEGORIES", event.product)
    yield "TRANSP:TRANSPARENT"
    yield calendar_tickets.ORGANIZER
    if public_url:
        yield f"URL:{public_url}/events/{quote(event.id, safe='', errors='replace')}"
    if event.state == "scheduled":  # of what has begun or will not be, nobody needs to be warned
        yield from (*_ALARM, text_line("DESCRIPTION", summary), "END:VALARM")
    yield "END:VEVENT"


def _times(event: HealthEvent) -> Iterator[str]:
    """Of what was called off the planned end, of what is over the end that it had. An end must lie after the start."""
    begin, end = begins(event), ends(event) if event.state == "resolved" else event.end
    yield time_line("DTSTART", begin)
    if end is not None and end.replace(microsecond=0) > begin.replace(microsecond=0):
        yield time_line("DTEND", end)


def _status(event: HealthEvent) -> str:
    """TENTATIVE: nobody but the dashboard's own page has said it so far, or not when it begins."""
    if event.state in _CALLED_OFF:
        return "CANCELLED"
    return "TENTATIVE" if event.witness or event.start is None else "CONFIRMED"


def _summary(event: HealthEvent, no_region: str) -> str:
    said = f"Maintenance: {feed_words.where(event, no_region)}: {feed_words.title(event)}"
    return f"{_CALLED_OFF[event.state]}: {said}" if event.state in _CALLED_OFF else said


def _description(event: HealthEvent, no_region: str, counter: Desk | None) -> str:
    lines = [f"{name}: {value}" for name, value in feed_words.details(event, no_region, feed_words.in_both)]
    if counter and not event.over:
        suggestion = counter.of(event).suggestion
        lines.append(f"Suggested ticket severity: {TARGETS[suggestion.severity].name} ({suggestion.reason})")
    updates, earlier = feed_words.updates(event)
    lines += ["", *(f"{feed_words.in_both(update.at)}: {update.text}" for update in updates)]
    if earlier:
        lines.append(f"and {earlier} earlier ones")
    return "\n".join(lines).rstrip()
