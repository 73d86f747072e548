"""Feed readers and calendars of others, unmodified, each in an environment of its own, over HTTP and a feed token."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from shd_relay.model import FEED, HealthEvent, Update
from tests.clients import environments
from tests.web_tickets import record, ticket
from tests.web_world import HK, NOW, SG, START, TOKENS, House, event, served

HOSTILE = 'x]]><script>alert(1)</script>&lt;"\\,;: \x0b\x00\r\nEND:VEVENT\u2028BEGIN:VEVENT\x85UID:theirs 维护'
SHOWN = "\ufffd END:VEVENT BEGIN:VEVENT UID:theirs 维护"
LONG = "维护🚧" * 60  # folded within the text, four octets a character
DAY = timedelta(days=2)

# Each prints what it read as JSON. The first argument is the address.
FEEDPARSER = """
import calendar, json, sys, feedparser
pages, url = [], sys.argv[1]
while url:
    read = feedparser.parse(url)
    again = feedparser.parse(url, etag=read.etag)
    pages.append({
        "bozo": bool(read.bozo), "version": read.version, "again": again.status, "id": read.feed.id,
        "updated": calendar.timegm(read.feed.updated_parsed),
        "entries": [{
            "id": e.id, "title": e.title, "updated": calendar.timegm(e.updated_parsed), "page": e.link,
            "state": [tag.term for tag in e.tags if tag.scheme == "urn:shd-relay:state"],
            "content": e.content[0].value,
        } for e in read.entries],
    })
    url = next((link.href for link in read.feed.links if link.rel == "next"), None)
print(json.dumps(pages))
"""
ATOMA = """
import json, sys, urllib.parse, urllib.request, atoma
pages, url = [], sys.argv[1]
while url:
    read = atoma.parse_atom_bytes(urllib.request.urlopen(url).read())
    pages.append({
        "id": read.id_, "updated": int(read.updated.timestamp()),
        "entries": [{
            "id": e.id_, "title": e.title.value, "updated": int(e.updated.timestamp()),
            "state": [category.term for category in e.categories if category.scheme == "urn:shd-relay:state"],
            "content": e.content.value,
        } for e in read.entries],
    })
    url = next((urllib.parse.urljoin(url, link.href) for link in read.links if link.rel == "next"), None)
print(json.dumps(pages))
"""
SCHEMA = """
import json, sys, urllib.request, rnc2rng
from lxml import etree
schema = etree.RelaxNG(etree.fromstring(rnc2rng.dumps(rnc2rng.load(sys.argv[2])).encode()))
read = urllib.request.urlopen(sys.argv[1]).read()
hurt = [read.replace(*pair) for pair in ((b"<updated>2", b"<updated>on 2"), (b"<title>", b"<title/><title>"))]
print(json.dumps([[schema.validate(etree.fromstring(text)), str(schema.error_log)] for text in (read, *hurt)]))
"""
ICALENDAR = """
import json, sys, urllib.request, icalendar
read = icalendar.Calendar.from_ical(urllib.request.urlopen(sys.argv[1]).read())
assert read.errors == [] and not any(part.errors for part in read.walk())
def seconds(e, name): return int(e.decoded(name).timestamp()) if name in e else None
print(json.dumps([{
    "uid": e["uid"], "start": seconds(e, "dtstart"), "end": seconds(e, "dtend"), "status": e["status"],
    "sequence": e["sequence"], "summary": e["summary"], "description": e["description"],
    "alarms": [int(alarm.trigger.timestamp()) for alarm in e.alarms.times],
} for e in read.events]))
"""
ICS = """
import json, sys, urllib.request, ics
read = ics.Calendar(urllib.request.urlopen(sys.argv[1]).read().decode())
print(json.dumps([{
    "uid": e.uid, "start": int(e.begin.timestamp()), "end": int(e.end.timestamp()) if e.has_end() else None,
    "status": e.status, "sequence": next(int(line.value) for line in e.extra if line.name == "SEQUENCE"),
    "summary": e.name, "description": e.description,
    "alarms": [int((e.begin + alarm.trigger).timestamp()) for alarm in e.alarms],
} for e in read.events]))
"""
VOBJECT = """
import json, sys, urllib.request, vobject
read = vobject.readOne(urllib.request.urlopen(sys.argv[1]).read().decode())
assert read.validate(raiseException=True)
print(json.dumps([{
    "uid": e.uid.value, "start": int(e.dtstart.value.timestamp()),
    "end": int(e.dtend.value.timestamp()) if hasattr(e, "dtend") else None, "status": e.status.value,
    "sequence": int(e.sequence.value), "summary": e.summary.value, "description": e.description.value,
    "alarms": [int((e.dtstart.value + alarm.trigger.value).timestamp()) for alarm in getattr(e, "valarm_list", [])],
} for e in read.vevent_list]))
"""
ICAL = """
import json, sys, urllib.request
from ical.calendar_stream import IcsCalendarStream
read = IcsCalendarStream.calendar_from_ics(urllib.request.urlopen(sys.argv[1]).read().decode())
print(json.dumps([{
    "uid": e.uid, "start": int(e.dtstart.timestamp()), "end": int(e.dtend.timestamp()) if e.dtend else None,
    "status": e.status.value, "sequence": e.sequence, "summary": e.summary, "description": e.description,
    "alarms": [int((e.dtstart + alarm.trigger).timestamp()) for alarm in e.alarm],
} for e in read.events]))
"""
CALENDARS = [
    pytest.param("icalendar", ["icalendar==7.3.0"], ICALENDAR, id="icalendar"),
    pytest.param("ics", ["ics==0.7.3"], ICS, id="ics"),
    pytest.param("vobject", ["vobject==0.9.9"], VOBJECT, id="vobject"),
    pytest.param("ical", ["ical==14.3.1"], ICAL, id="ical", marks=pytest.mark.skipif(
        sys.version_info < (3, 11), reason="ical 14.3.1 does not run on Python 3.10")),
]  # fmt: skip


def work(id: str, **more: Any) -> HealthEvent:  # noqa: A002 - the field's word
    values = {"kind": "maintenance", "region": SG, "state": "scheduled", "start": NOW + DAY, "changed_at": NOW,
              "end": NOW + DAY + timedelta(hours=3), "title": f"Work {id}"}  # fmt: skip
    return event(id, **(values | more))


WORK = (
    work("planned", updates=(Update(at=NOW, text=HOSTILE),)),
    work("hostile", title=HOSTILE),
    work("long", title=LONG),
    work("no-end", end=None),
    work("moved", revision=4, start=NOW + 2 * DAY, end=NOW + 3 * DAY),
    work("on", state="open", start=START),
    work("over", state="resolved", start=START, end=START + timedelta(hours=1), revision=3),
    work("off", state="cancelled", revision=2),
    work("gone", state="withdrawn", revision=2),
)
TICKETS = (
    ticket("waits", subject=HOSTILE, product="ecs", region=SG),
    ticket("done", revision=2, responded_at=START),
    ticket("shut", revision=2, closed_at=NOW),
)
TROUBLE = tuple(
    event(f"e{n:03}", product=("ecs", "oss", "rds")[n % 3], region=(HK, SG)[n % 2],
          changed_at=START + timedelta(minutes=n // 4))
    for n in range(110)
)  # fmt: skip
SOURCE = event(FEED, kind="feed", product="", region="", severity=None, title="stale: half is old", changed_at=NOW)
DRILL = event("drill", kind="drill", title="theirs")


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    house = House()
    house.tell(*WORK, *TROUBLE, SOURCE, DRILL)
    record(house, *TICKETS, who="feeds")
    with served(house) as port:
        yield f"http://127.0.0.1:{port}/f/{TOKENS['feeds']}"


def read(name: str, requirements: list[str], script: str, *arguments: str) -> Any:
    """What the client made of it. Warnings of its own are no business of ours."""
    python = environments.python(name, requirements)
    done = subprocess.run([str(python), "-c", script, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def listed(events: list[HealthEvent]) -> list[str]:
    """Ids as they stand in the feed: the last changed first."""
    return [f"urn:shd-relay:event:{e.id}" for e in sorted(events, key=lambda e: (e.changed_at, e.id), reverse=True)]


def check_pages(pages: list[dict[str, Any]], events: list[HealthEvent]) -> None:
    entries = {entry["id"]: entry for page in pages for entry in page["entries"]}
    assert [entry["id"] for page in pages for entry in page["entries"]] == listed(events)
    assert len({page["id"] for page in pages}) == 1
    assert {page["updated"] for page in pages} == {int(NOW.timestamp())}
    for told in events:
        entry = entries[f"urn:shd-relay:event:{told.id}"]
        assert (entry["updated"], entry["state"]) == (int(told.changed_at.timestamp()), [told.state])


def check_hostile(pages: list[dict[str, Any]]) -> None:
    entries = {entry["id"].rpartition(":")[2]: entry for page in pages for entry in page["entries"]}
    assert entries["hostile"]["title"].endswith(SHOWN) and "<script>alert(1)</script>" in entries["hostile"]["title"]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in entries["planned"]["content"]
    assert "<script" not in "".join(entry["content"] for entry in entries.values())


def test_feedparser_reads_every_page_to_the_end_and_asks_again_by_tag(base: str) -> None:
    pages = read("feedparser", ["feedparser==6.0.14"], FEEDPARSER, f"{base}/feed.atom")

    check_pages(pages, [*WORK, *TROUBLE, SOURCE])
    assert [(page["bozo"], page["version"], page["again"]) for page in pages] == [(False, "atom10", 304)] * 3
    newest = pages[0]["entries"][-1]
    assert newest["page"] == f"{base}/events/{newest['id'].rpartition(':')[2]}"
    assert "维护🚧" in "".join(entry["title"] for entry in pages[0]["entries"])


def test_atoma_which_is_strict_reads_the_same_in_one_scope(base: str) -> None:
    pages = read("atoma", ["atoma==0.0.17"], ATOMA, f"{base}/feed.atom?product=ecs&region={SG}")
    check_pages(pages, [e for e in (*WORK, *TROUBLE, SOURCE) if e is SOURCE or (e.product, e.region) == ("ecs", SG)])
    check_hostile(pages)


def test_the_feed_is_what_the_schema_of_atom_says_and_the_schema_refuses_what_is_not(base: str) -> None:
    schema = Path(__file__).with_name("atom.rnc")
    verdicts = read("atom-schema", ["lxml==6.1.3", "rnc2rng==2.7.0"], SCHEMA, f"{base}/feed.atom", str(schema))

    assert verdicts[0] == [True, ""]
    assert [valid for valid, _ in verdicts[1:]] == [False, False]


@pytest.mark.parametrize(("name", "requirements", "script"), CALENDARS)
def test_a_calendar_shows_every_maintenance_and_no_text_becomes_an_event(
    base: str, name: str, requirements: list[str], script: str
) -> None:
    found = {
        e["uid"].removesuffix("@shd-relay"): e for e in read(name, requirements, script, f"{base}/maintenance.ics")
    }

    tickets = {f"ticket-{told.id}.feeds": told for told in TICKETS}
    assert set(found) == {told.id for told in WORK} | set(tickets)
    for uid, told_ticket in tickets.items():
        shown, due = found[uid], _seconds(told_ticket.due)
        assert (shown["start"], shown["sequence"]) == (due, told_ticket.revision)
        assert shown["status"] == ("CANCELLED" if told_ticket.closed_at else "CONFIRMED")
        assert sorted(shown["alarms"]) == ([due - 300, due] if told_ticket.id == "waits" else [])  # type: ignore[operator]
    for told in WORK:
        shown, off = found[told.id], told.state in {"cancelled", "withdrawn"}
        start, end = _seconds(told.start), _seconds(told.end)
        assert (shown["start"], shown["end"], shown["sequence"]) == (start, end, told.revision)
        assert shown["status"] == ("CANCELLED" if off else "CONFIRMED")
        assert shown["alarms"] == ([_seconds(told.start - timedelta(hours=1))] if told.state == "scheduled" else [])  # type: ignore[operator]
    assert found["long"]["summary"].endswith(LONG) and found["off"]["summary"].startswith("Cancelled: ")
    assert found["hostile"]["summary"].endswith('&lt;"\\,;:  END:VEVENT BEGIN:VEVENT UID:theirs 维护')
    assert found["planned"]["description"].endswith("\nEND:VEVENT\nBEGIN:VEVENT\nUID:theirs 维护")


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.astimezone(timezone.utc).timestamp())
