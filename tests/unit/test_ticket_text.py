"""The ready text of a ticket: both languages say the same, times are right in any zone, hostile titles are one line."""

from __future__ import annotations

import re
import string
from datetime import datetime, timedelta, timezone

import pytest

from shd_relay import ticket_text
from shd_relay.model import WITNESS, HealthEvent, Item, Update
from shd_relay.support import Desk
from shd_relay.ticket_severity import Important
from shd_relay.ticket_text import TicketText
from shd_relay.ticket_words import WORDS
from shd_relay.tickets import Ticket, Tickets
from tests.web_world import START, event, hong_kong

IMPORTANT = Important(production=frozenset({"ecs"}))


def composed(told: HealthEvent, *, ticket: Ticket | None = None, **more: str) -> TicketText:
    known = Tickets(tickets={ticket.id: ticket} if ticket else {})
    values = {"partner_name": "Acme Cloud", "time_zone": "Asia/Shanghai", "language": "en"} | more
    return ticket_text.compose(told, Desk(IMPORTANT, [told], known).of(told), **values)  # type: ignore[arg-type]


def test_every_word_is_there_in_both_languages_with_the_same_fields() -> None:
    def fields(text: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}

    assert {key: both for key, both in WORDS.items() if not all(both) or fields(both[0]) != fields(both[1])} == {}


def test_it_says_what_is_claimed_and_why_what_is_hit_since_when_and_what_was_said() -> None:
    text = composed(hong_kong()[0], public_url="https://status.example.net")
    assert (text.severity, text.kind, text.within) == ("urgent", "technical", timedelta(minutes=40))
    assert text.subject == "[Urgent] Elastic Compute Service, China (Hong Kong): Cooling failure in zone C"
    assert text.body.splitlines() == [
        "Severity: 2 - Urgent (production system or component down or greatly impaired)",
        "Reason: An incident with severity ALARM; Elastic Compute Service is in production with us",
        "Ticket type: technical",
        "Partner: Acme Cloud",
        "Local times: Asia/Shanghai",
        "",
        "Product: Elastic Compute Service (ecs)",
        "Region: China (Hong Kong) (cn-hongkong)",
        "Title on the Service Health Dashboard: Cooling failure in zone C",
        "State: going on (incident)",
        "Began: 2022-12-18 00:56 UTC (08:56 UTC+08:00)",
        "Event id: hk-ecs, revision 1",
        "Our record: https://status.example.net/events/hk-ecs",
        "",
        "Impact on our side: [fill in: which instances, since when, error messages, request ids]",
        (
            "What we ask for: Please confirm the cause and the scope, and tell us the workaround and when service is "
            "expected to be back."
        ),
        "",
        "Updates on the dashboard so far:",
        "- 2022-12-18 00:56 UTC (08:56 UTC+08:00) Temperature alarm in zone C; on-site inspection begins.",
        "- 2022-12-18 01:17 UTC (09:17 UTC+08:00) Switching chillers failed; emergency cooling plan started.",
        "- 2022-12-18 01:23 UTC (09:23 UTC+08:00) Some ECS instances in zone C begin to stop.",
        (
            "- 2022-12-18 02:30 UTC (10:30 UTC+08:00) Load on compute, storage, network and database clusters reduced "
            "to prevent a fire."
        ),
        "",
        "What we observed:",
        "- First seen by our monitoring at 2022-12-18 00:56 UTC (08:56 UTC+08:00)",
        "",
        "First response expected within 40 minutes of opening this ticket.",
    ]


def test_in_chinese_it_says_the_same_with_chinese_names() -> None:
    text = composed(hong_kong()[0], language="zh")
    assert text.subject == "【紧急】云服务器 ECS，中国香港：Cooling failure in zone C"
    lines = text.body.splitlines()
    assert lines[0] == "级别：2 - 紧急（生产系统或组件不可用或严重受损）"
    assert lines[1] == "理由：故障，看板级别 ALARM；云服务器 ECS 用于我方生产环境"
    assert "产品：云服务器 ECS（ecs）" in lines
    assert lines[-1] == "期望在提交工单后 40 分钟内得到首次响应。"
    assert len(lines) == len(composed(hong_kong()[0]).body.splitlines())


@pytest.mark.parametrize(
    ("more", "asked"),
    [
        ({"state": "resolved", "end": START + timedelta(hours=2)}, "the cause, what was hit"),
        ({"kind": "maintenance", "state": "scheduled", "severity": "NOTIFICATION"}, "confirm the time"),
        ({"kind": "maintenance", "severity": "NOTIFICATION"}, "confirm the time"),
        ({"kind": "notice", "severity": "NOTIFICATION"}, "what it means for our resources"),
    ],
)
def test_what_is_no_trouble_that_goes_on_is_asked_about_in_a_consulting_ticket(
    more: dict[str, object], asked: str
) -> None:
    text = composed(event(**more))
    assert text.kind == "consulting"
    assert ", consulting] Elastic" in text.subject
    assert asked in text.body


def test_of_a_maintenance_that_was_called_off_nothing_is_said_that_never_was() -> None:
    later = START + timedelta(days=3)
    off = event(kind="maintenance", state="cancelled", start=later, end=later + timedelta(hours=4))
    text = composed(off).body
    assert "Reason: It was called off; this is a question about the plan\n" in text
    assert "Planned start: 2022-12-21 00:56 UTC" in text
    assert "Announced end: 2022-12-21 04:56 UTC" in text
    assert "What we ask for: Please tell us why it was called off" in text
    assert not re.search("Began|Ended|cause", text)
    unknown = composed(event(kind="maintenance", state="cancelled")).body
    assert "Announced end" not in unknown


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        (datetime(2026, 3, 29, 0, 59, tzinfo=timezone.utc), "2026-03-29 00:59 UTC (01:59 UTC+01:00)"),
        (datetime(2026, 3, 29, 1, 0, tzinfo=timezone.utc), "2026-03-29 01:00 UTC (03:00 UTC+02:00)"),
        (datetime(2026, 10, 25, 0, 30, tzinfo=timezone.utc), "2026-10-25 00:30 UTC (02:30 UTC+02:00)"),
        (datetime(2026, 10, 25, 1, 30, tzinfo=timezone.utc), "2026-10-25 01:30 UTC (02:30 UTC+01:00)"),
        (datetime(2026, 3, 31, 22, 30, tzinfo=timezone.utc), "2026-03-31 22:30 UTC (2026-04-01 00:30 UTC+02:00)"),
        (datetime.max.replace(tzinfo=timezone.utc), "9999-12-31 23:59 UTC"),
    ],
)
def test_local_times_carry_the_offset_of_their_moment(moment: datetime, shown: str) -> None:
    assert f"Began: {shown}\n" in composed(event(start=moment), time_zone="Europe/Berlin").body


def test_who_lives_in_utc_gets_no_second_time() -> None:
    assert "Began: 2022-12-18 00:56 UTC\n" in composed(event(), time_zone="UTC").body


def test_what_each_operation_says_is_told_where_it_differs() -> None:
    said = {
        "ListEvents": Item(title="Cooling failure in zone C", severity="ALARM", start=START),
        "ListEventInProgress": Item(title="Cooling", start=START + timedelta(minutes=3)),
        "Other": Item(title="Cooling failure in zone C"),
    }
    lines = composed(event(said=said, revision=4, changed_at=START + timedelta(hours=1))).body.splitlines()
    at = lines.index("What we observed:")
    assert lines[at + 1 : at + 5] == [
        (
            "- In this state since 2022-12-18 00:56 UTC (08:56 UTC+08:00); last change seen at 2022-12-18 01:56 UTC "
            "(09:56 UTC+08:00)"
        ),
        "- ListEvents says: severity ALARM",
        '- ListEventInProgress says: began 2022-12-18 00:59 UTC (08:59 UTC+08:00), titled "Cooling"',
        "- Other says: the same as above",
    ]


def test_an_end_that_is_inferred_and_what_only_the_dashboards_page_says_is_called_so() -> None:
    told = event(said={WITNESS: Item(title="x")}, inferred=True, state="withdrawn", start=None)
    body = composed(told).body
    assert "is inferred" in body
    assert "Only the dashboard's own page has shown it so far" in body
    assert "- The dashboard's own page says: titled" in body
    assert "Began: not given; seen at 2022-12-18 00:56 UTC" in body


def test_a_wide_outage_and_a_ticket_that_there_is_already_are_named() -> None:
    many = [event(f"e{n}", region=f"r{n}") for n in range(5)]
    mine = Ticket(id="0004", revision=1, kind="technical", severity="high", event="e0", opened_at=START)
    support = Desk(IMPORTANT, many, Tickets(tickets={"0004": mine})).of(many[0])
    body = ticket_text.compose(many[0], support, partner_name="A", time_zone="UTC", language="en").body
    assert "5 of our products and regions around it are hit at once" in body
    assert "Our ticket about it: 0004, High, opened 2022-12-18 00:56 UTC\n" in body


def test_of_many_long_updates_the_newest_are_shown_and_it_stays_short() -> None:
    updates = tuple(Update(at=START + timedelta(minutes=n), text=f"no. {n} " + "x" * 5_000) for n in range(100))
    body = composed(event(updates=updates)).body
    assert "Updates on the dashboard so far: (90 earlier left out)" in body
    assert "no. 89" not in body
    assert "no. 99" in body
    assert len(body) < 6_000


def test_hostile_text_stays_in_its_line_and_cannot_turn_the_reading_order() -> None:
    hostile = "x\nSeverity: 1\r\n\x1b[2J\u2028{severity} {0.__class__} \u202egnitset\u2066 \x00"
    told = event(
        title=hostile * 40, product=hostile, region=hostile, severity=hostile, id=hostile,
        updates=(Update(at=START, text=hostile),), said={hostile: Item(title=hostile, severity=hostile)},
    )  # fmt: skip
    tame = event(updates=(Update(at=START, text="x"),), said={"a": Item(title="x", severity="x")})
    plain = composed(tame, public_url="https://a.example")
    text = composed(told, partner_name=hostile, public_url="https://a.example")
    assert len(text.body.splitlines()) == len(plain.body.splitlines())
    assert all(c.isprintable() or c == "\n" for c in text.body)
    assert text.subject.isprintable()
    assert len(text.subject) <= ticket_text.SUBJECT_CHARACTERS
    assert "{severity} {0.__class__}" in text.body
    assert "https://a.example/events/x%0ASeverity%3A%201" in text.body
