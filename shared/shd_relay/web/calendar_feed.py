"""`/maintenance.ics`: planned work as iCalendar (RFC 5545, with names and refreshing of RFC 7986).

Every time in it comes from data. What was called off stays in as CANCELLED: a calendar that merely misses an event may
keep it. An event whose end nobody knows has no DTEND: it stands at its start, and its text says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import quote

from shd_relay.model import HealthEvent
from shd_relay.times import CHINA
from shd_relay.web import age, feed_words
from shd_relay.web.ask import Ask, View, within
from shd_relay.web.events_view import begins, ends
from shd_relay.web.facts import Facts
from shd_relay.web.icalendar_text import document, text_line, time_line

CONTENT_TYPE = "text/calendar; charset=utf-8"
NAME = "Alibaba Cloud maintenance"
MOST_BYTES = 4_000_000  # some 3,000 events: the latest starts, and what is planned is among them

_CALLED_OFF = {"cancelled": "Cancelled", "withdrawn": "Withdrawn"}
_ABOUT = "Planned work that Alibaba Cloud's Service Health Dashboard announces, read by SHD Relay."
_IN_DOUBT = "The dashboard cannot be read now: what was announced or changed lately is not here."
# The last turn of the clocks in China. Times are in UTC; this is for those who show them as the dashboard does.
_ZONE = (
    "BEGIN:VTIMEZONE", "TZID:Asia/Shanghai", "BEGIN:STANDARD", "DTSTART:19910915T020000", "TZOFFSETFROM:+0900",
    "TZOFFSETTO:+0800", "TZNAME:CST", "END:STANDARD", "END:VTIMEZONE",
)  # fmt: skip
# A publisher must be named (RFC 5546, section 3.2.1). The address is no address: nobody is to write to it.
_ORGANIZER = "ORGANIZER;CN=SHD Relay:invalid:nomail"
_ALARM = "BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT1H"


def maintenance(ask: Ask) -> View:
    facts = ask.look()
    events = sorted(_events(ask, facts), key=lambda event: (begins(event), event.id))
    head = document(_head(ask, facts, events))
    blocks = _fitting(events, ask.site.global_region, ask.site.public_url)
    return View(
        body=b"".join((head, *blocks, document(["END:VCALENDAR"]))),
        content_type=CONTENT_TYPE,
        headers=age.headers(ask, facts),
        as_of=age.as_of(facts, ask.viewer.pairs),
    )


def _events(ask: Ask, facts: Facts) -> Iterator[HealthEvent]:
    for event in facts.state.events.values():
        wanted = within(event.pair, ask.params["product"], ask.params["region"])
        if event.kind == "maintenance" and wanted and ask.viewer.sees(event):
            yield event


def _head(ask: Ask, facts: Facts, events: list[HealthEvent]) -> Iterator[str]:
    about = _ABOUT if age.source_state(ask, facts) == "fresh" else f"{_ABOUT} {_IN_DOUBT}"
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//SHD Relay//Maintenance//EN", "CALSCALE:GREGORIAN")
    yield "METHOD:PUBLISH"
    yield from (text_line(name, NAME) for name in ("NAME", "X-WR-CALNAME"))
    yield from (text_line(name, about) for name in ("DESCRIPTION", "X-WR-CALDESC"))
    yield from ("X-WR-TIMEZONE:Asia/Shanghai", "REFRESH-INTERVAL;VALUE=DURATION:PT15M", "X-PUBLISHED-TTL:PT15M")
    if events:
        yield time_line("LAST-MODIFIED", max(event.changed_at for event in events))
    yield from _ZONE


def _fitting(events: list[HealthEvent], no_region: str, public_url: str | None) -> list[bytes]:
    """The components of the events, in their order; those at the beginning are left out when there are too many."""
    found: list[bytes] = []
    room = MOST_BYTES
    for event in reversed(events):
        found.append(document(_event(event, no_region, public_url)))
        room -= len(found[-1])
        if room < 0:
            found.pop()
            break
    return found[::-1]


def _event(event: HealthEvent, no_region: str, public_url: str | None) -> Iterator[str]:
    summary = _summary(event, no_region)
    yield "BEGIN:VEVENT"
    yield text_line("UID", f"{event.id}@shd-relay")
    yield f"SEQUENCE:{event.revision}"
    yield from (time_line(name, event.changed_at) for name in ("DTSTAMP", "LAST-MODIFIED"))
    yield from _times(event)
    yield f"STATUS:{_status(event)}"
    yield text_line("SUMMARY", summary)
    yield text_line("DESCRIPTION", _description(event, no_region))
    yield text_line("LOCATION", feed_words.region(event.region, no_region))
    yield text_line("CATEGORIES", event.product)
    yield "TRANSP:TRANSPARENT"
    yield _ORGANIZER
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


def _description(event: HealthEvent, no_region: str) -> str:
    lines = [f"{name}: {value}" for name, value in feed_words.details(event, no_region, in_both)]
    updates, earlier = feed_words.updates(event)
    lines += ["", *(f"{in_both(update.at)}: {update.text}" for update in updates)]
    if earlier:
        lines.append(f"and {earlier} earlier ones")
    return "\n".join(lines).rstrip()


def in_both(moment: datetime) -> str:
    """As in `2022-12-18 16:56 UTC (2022-12-19 00:56 UTC+8)`: the reader's calendar shows its own zone besides."""
    try:
        china = moment.astimezone(CHINA)
    except OverflowError:  # what ends with the year 9999 ends later there
        return feed_words.in_utc(moment)
    return f"{feed_words.in_utc(moment)} ({china.year:04d}-{china:%m-%d %H:%M} UTC+8)"
