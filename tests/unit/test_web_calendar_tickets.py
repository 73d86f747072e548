"""A partner's tickets in its calendar: an alarm until the answer came, the outcome after it, and for nobody else."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from shd_relay.tickets import Ticket
from shd_relay.web import calendar_tickets
from shd_relay.web.icalendar_text import LINE_OCTETS
from tests.web_tickets import record, ticket, with_partner
from tests.web_world import HK, NOW, SG, START, House, event, unpacked

MINUTE = timedelta(minutes=1)
HOSTILE = "a\r\nEND:VEVENT\x0bX:1;,\\\u2028BEGIN:VEVENT\u202e"


def text(house: House, path: str = "/maintenance.ics", who: str | None = "acme") -> str:
    response = house.get(path, who)
    assert response.status == 200
    body = unpacked(response)
    assert all(len(line) <= LINE_OCTETS for line in body.split(b"\r\n"))
    return body.decode().replace("\r\n ", "")


def blocks(house: House, path: str = "/maintenance.ics") -> dict[str, str]:
    """The components of tickets, by the ticket's id."""
    whole = r"BEGIN:VEVENT\r\nUID:ticket-(\S*)\.acme@shd-relay\r\n(.*?)\r\nEND:VEVENT\r\n"
    return dict(re.findall(whole, text(house, path), re.DOTALL))


def fields(block: str) -> dict[str, str]:
    """Of what stands there twice the first."""
    return dict(reversed([line.split(":", 1) for line in block.split("\r\n")]))  # type: ignore[arg-type]


def one(*recorded: Ticket, **more: Any) -> dict[str, str]:
    house = House(**more)
    record(house, *recorded)
    (block,) = blocks(house).values()
    return fields(block)


def test_a_ticket_that_waits_stands_at_the_time_when_it_is_due_and_rings_before_and_then() -> None:
    house = House(public_url="https://relay.example")
    record(house, ticket("0001", product="ecs", region=HK, subject="Zone C, down"))

    block = blocks(house)["0001"]
    found = fields(block)

    assert found | {"DESCRIPTION": ""} == {
        "SEQUENCE": "1", "DTSTAMP": "20221218T005600Z", "LAST-MODIFIED": "20221218T005600Z",
        "DTSTART": "20221218T011100Z", "STATUS": "CONFIRMED", "DESCRIPTION": "",
        "SUMMARY": "First response due: 0001 (Critical): Elastic Compute Service\\, China (Hong Kong)",
        "LOCATION": "China (Hong Kong)", "CATEGORIES": "support ticket", "TRANSP": "TRANSPARENT",
        "ORGANIZER;CN=SHD Relay": "invalid:nomail", "URL": "https://relay.example/events/e1",
        "BEGIN": "VALARM", "ACTION": "DISPLAY", "TRIGGER": "-PT5M", "END": "VALARM",
    }  # fmt: skip
    assert found["DESCRIPTION"] == (
        r"Ticket: 0001\nSeverity: 1 Critical\, first response within 15 min\nSubject: Zone C\, down\n"
        r"Product: Elastic Compute Service (ecs)\nRegion: China (Hong Kong) (cn-hongkong)\nEvent: e1\n"
        r"Opened: 2022-12-18 00:56 UTC (2022-12-18 08:56 UTC+8)\n"
        r"First response due before: 2022-12-18 01:11 UTC (2022-12-18 09:11 UTC+8)"
    )
    assert re.findall(r"TRIGGER:(.*)\r\nDESCRIPTION:(First response due \w+): 0001", block) == [
        ("-PT5M", "First response due soon"), ("PT0S", "First response due now"),
    ]  # fmt: skip


@pytest.mark.parametrize(("severity", "trigger"), [("urgent", "-PT10M"), ("high", "-PT30M"), ("low", "-PT30M")])
def test_the_longer_the_target_the_earlier_it_rings(severity: Any, trigger: str) -> None:
    assert one(ticket(severity=severity))["TRIGGER"] == trigger


@pytest.mark.parametrize(
    ("done", "summary", "status"),
    [
        ({"responded_at": START + 14 * MINUTE}, "Answered in time: t1 (Critical)", "CONFIRMED"),
        ({"responded_at": NOW, "closed_at": NOW}, "Answered late: t1 (Critical)", "CONFIRMED"),
        ({"closed_at": NOW}, "Closed without a response: t1 (Critical)", "CANCELLED"),
    ],
)
def test_what_is_settled_rings_no_more_and_tells_how_it_ended(done: dict[str, Any], summary: str, status: str) -> None:
    house = House()
    record(house, ticket())
    before = fields(blocks(house)["t1"])
    record(house, ticket(revision=2, **done))
    after = fields(blocks(house)["t1"])

    assert (after["SUMMARY"], after["STATUS"], after["SEQUENCE"]) == (summary, status, "2")
    assert (before["DTSTART"], "TRIGGER" in before) == (after["DTSTART"], "TRIGGER" not in after)
    assert after["LAST-MODIFIED"] > before["LAST-MODIFIED"]


def test_what_was_settled_long_ago_is_forgotten_and_what_waits_never_is() -> None:
    house = House()
    record(house, ticket("waits"), ticket("done", responded_at=NOW), ticket("shut", closed_at=NOW))
    assert set(blocks(house)) == {"waits", "done", "shut"}

    house.now += calendar_tickets.KEEP_SETTLED - MINUTE
    with_partner(house, "acme", valid_until=house.now.date())
    assert set(blocks(house)) == {"waits", "done", "shut"}

    house.now += MINUTE
    assert set(blocks(with_partner(house, "acme", valid_until=house.now.date()))) == {"waits"}


def test_of_very_many_tickets_the_last_are_kept() -> None:
    house = House()
    record(house, *(ticket(f"t{n}", opened_at=START + n * MINUTE) for n in range(calendar_tickets.MOST + 3)))

    found = list(blocks(house))

    assert (len(found), found[0]) == (calendar_tickets.MOST, "t3")


def test_the_filters_of_the_address_hold_for_tickets_too() -> None:
    house = House()
    record(house, ticket("a", product="ECS", region=HK), ticket("b", product="oss", region=SG), ticket("c"))

    assert set(blocks(house, "/maintenance.ics?product=ecs")) == {"a"}
    assert set(blocks(house, f"/maintenance.ics?region={SG}")) == {"b"}
    assert set(blocks(house)) == {"a", "b", "c"}


def test_neither_the_public_nor_another_partner_has_tickets_or_a_suggestion_of_this_one() -> None:
    house = House(public=True)
    house.tell(event("m", kind="maintenance", product="ecs", region=SG, start=NOW + MINUTE, state="scheduled"))
    before = [text(house, who=who) for who in (None, "small")]
    record(house, ticket(subject="secret"))

    assert [text(house, who=who) for who in (None, "small")] == before
    assert "icket" not in before[0]
    assert "Suggested ticket severity: Low (It lies ahead: a question about the plan)" in before[1]
    assert "secret" in text(house)
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT15M" in before[0]


def test_a_calendar_follows_the_tickets_and_holds_no_time_of_answering() -> None:
    house = House()
    record(house, ticket(opened_at=NOW - 14 * MINUTE))
    first = house.get("/maintenance.ics").header("etag")
    house.now += 2 * MINUTE
    assert house.get("/maintenance.ics").header("etag") == first

    record(house, ticket(revision=2, opened_at=NOW - 14 * MINUTE, responded_at=NOW))
    assert house.get("/maintenance.ics").header("etag") != first
    assert "LAST-MODIFIED:20221218T040000Z\r\nBEGIN:VTIMEZONE" in text(house)


def test_tickets_that_cannot_be_read_are_said_to_be_missing() -> None:
    house = House()
    assert house.store.append("tickets/acme", 1, b"no entry")

    assert "Your tickets cannot be read now" in text(house)


def test_hostile_texts_stay_texts() -> None:
    found = one(ticket("a;b,c\\d", subject=HOSTILE, product=HOSTILE, region=HOSTILE, event=HOSTILE))

    assert all(character.isprintable() for value in found.values() for character in value)
    assert r"Subject: a\nEND:VEVENT\nX:1\;\,\\\nBEGIN:VEVENT" in found["DESCRIPTION"]
    assert r"a\;b\,c\\d (Critical)" in found["SUMMARY"]


def test_a_ticket_without_a_place_is_called_by_its_subject() -> None:
    assert one(ticket(event=None, subject="Quota"))["SUMMARY"] == "First response due: t1 (Critical): Quota"
    assert one(ticket(event=None))["SUMMARY"] == "First response due: t1 (Critical)"
