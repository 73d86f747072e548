"""What a partner is told of its plan: /v1/me, /v1/plans, and `support` of each event."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest

from shd_relay import ledger, plans, tickets
from shd_relay.plans import PLANS, TARGETS
from shd_relay.ticket_severity import RULE, WIDE, Important
from shd_relay.tickets import shard_of
from shd_relay.web.kept import Kept
from shd_relay.web.routes import Route
from shd_relay.web.table import ROUTES
from tests.web_tickets import record, ticket, with_partner
from tests.web_world import HK, NOW, SG, START, House, event, unpacked

MINUTE = timedelta(minutes=1)


def elite(**more: Any) -> House:
    """A house whose acme has 30 technical tickets."""
    return with_partner(House(), "acme", plan="elite", **more)


def support_of(house: House, id_: str = "e1", who: str = "acme", at: str = "") -> dict[str, Any]:
    found: dict[str, Any] = house.json(f"/v1/events/{id_}{at}", who)["support"]
    return found


# /v1/plans


def test_every_plan_is_told_with_its_tickets_services_and_reports() -> None:
    body = House().json("/v1/plans")

    assert [(plan["id"], plan["technical_tickets"]["allowance"]) for plan in body["plans"]] == [
        ("selected", 10), ("premium", 20), ("elite", 30), ("flagship", None),
    ]  # fmt: skip
    for shown, (id_, plan) in zip(body["plans"], PLANS.items(), strict=True):
        assert (shown["id"], shown["name"], shown["services"]) == (id_, plan.name, list(plan.services))
        assert shown["reports"] == list(plan.reports)
        assert shown["consulting_tickets"] == {"allowance": None, "hours": "7x24"}
        assert shown["technical_tickets"]["hours"] == "7x24"


def test_the_response_targets_and_what_holds_for_all_plans_are_told_with_their_source() -> None:
    body = House().json("/v1/plans")
    told = [(each["number"], each["name"], each["first_response_seconds"]) for each in body["response_targets"]]

    assert told == [
        (1, "Critical", 900), (2, "Urgent", 2_400), (3, "High", 14_400), (4, "Medium", 28_800), (5, "Low", 64_800),
    ]  # fmt: skip
    assert [each["id"] for each in body["response_targets"]] == list(TARGETS)
    assert (body["ticket_package"], body["apply_working_days"]) == ({"technical_tickets": 10}, 10)
    assert (body["source"], body["doubts"]) == (plans.SOURCE, list(plans.DOUBTS))
    assert [report["title"] for report in body["reports"]] == list(plans.REPORTS.values())


# /v1/me


def test_a_partner_sees_what_its_tickets_come_to() -> None:
    house = elite(ticket_packages=1)
    answered = {"revision": 2, "responded_at": START + 14 * MINUTE}
    record(
        house, ticket("open"), ticket("talk", kind="consulting", severity="low"), ticket("good", **answered),
        ticket("late", **answered | {"responded_at": START + 15 * MINUTE}, closed_at=START + 20 * MINUTE),
        ticket("never-answered", closed_at=NOW),
    )  # fmt: skip

    assert house.json("/v1/me")["tickets"] == {
        "from": "2022-01-01", "until": "2022-12-31",
        "technical": {"allowance": 40, "used": 4, "left": 36, "over": 0},
        "consulting": {"used": 1}, "responses": {"in_time": 1, "late": 1}, "open": 3, "awaiting_response": 2,
    }  # fmt: skip


def test_an_unlimited_plan_has_no_number_that_could_run_out() -> None:
    house = House()
    record(house, *(ticket(f"t{n}") for n in range(60)))
    body = house.json("/v1/me")

    assert body["tickets"]["technical"] == {"allowance": None, "used": 60, "left": None, "over": 0}
    assert [each["code"] for each in body["warnings"]] == ["plan-ends-now"]


def test_tickets_count_from_the_first_moment_of_the_plan_to_its_last_in_utc_8() -> None:
    first, last = datetime(2021, 12, 31, 16, tzinfo=timezone.utc), datetime(2022, 12, 31, 16, tzinfo=timezone.utc)
    house = elite()
    second = timedelta(seconds=1)
    opened = {"before": first - second, "first": first, "last": last - second, "after": last}
    record(house, *(ticket(name, opened_at=at) for name, at in opened.items()))
    found = house.json("/v1/me")["tickets"]

    assert (found["technical"]["used"], found["open"], found["awaiting_response"]) == (2, 4, 4)


@pytest.mark.parametrize(
    ("used", "code", "left", "over"),
    [(23, None, 7, 0), (24, "allowance-nearly-used", 6, 0), (29, "allowance-nearly-used", 1, 0),
     (30, "allowance-used", 0, 0), (31, "allowance-exceeded", 0, 1)],
)  # fmt: skip
def test_a_partner_is_warned_before_and_when_its_tickets_are_used_up(
    used: int, code: str | None, left: int, over: int
) -> None:
    house = elite(valid_until=date(2023, 12, 31))
    record(house, *(ticket(f"t{n}") for n in range(used)))
    body = house.json("/v1/me")

    assert [each["code"] for each in body["warnings"]] == ([code] if code else [])
    assert (body["tickets"]["technical"]["left"], body["tickets"]["technical"]["over"]) == (left, over)
    assert all(f"{used} of 30" in each["text"] for each in body["warnings"])


@pytest.mark.parametrize(
    ("last_day", "left", "code"),
    [("2023-01-30", 31, None), ("2023-01-29", 30, "plan-ends-soon"), ("2023-01-27", 30, "plan-ends-soon"),
     ("2023-01-02", 11, "plan-ends-soon"), ("2023-01-01", 10, "plan-ends-now"), ("2022-12-18", 0, "plan-ends-now")],
)  # fmt: skip
def test_a_partner_is_warned_30_and_10_working_days_before_its_plan_ends(
    last_day: str, left: int, code: str | None
) -> None:
    body = elite(valid_until=date.fromisoformat(last_day)).json("/v1/me")  # asked on a Sunday

    assert body["working_days_left"] == left
    assert [each["code"] for each in body["warnings"]] == ([code] if code else [])
    assert all(last_day in each["text"] and f": {left};" in each["text"] for each in body["warnings"])


def test_what_is_told_of_a_partner_stays_the_same_until_midnight_in_utc_8() -> None:
    house = elite()
    house.now = datetime(2022, 12, 18, 16, tzinfo=timezone.utc)
    first = house.get("/v1/me").body
    house.now += timedelta(hours=23, minutes=59, seconds=59)
    house.ticks += 86_399
    assert house.get("/v1/me").body == first
    house.now += timedelta(seconds=1)
    house.ticks += 1

    assert json.loads(house.get("/v1/me").body)["working_days_left"] == json.loads(first)["working_days_left"] - 1


def test_what_the_config_says_of_products_and_the_time_zone_is_told() -> None:
    important = Important(business_critical=frozenset({"rds", "ecs"}), key=None)
    body = elite(important=important, time_zone="Asia/Tokyo").json("/v1/me")

    assert body["importance"] == {"business_critical": ["ecs", "rds"], "production": [], "key": None}
    assert body["time_zone"] == "Asia/Tokyo"
    assert [report["name"] for report in body["reports"]] == list(plans.REPORTS)
    assert with_partner(House(), "acme", plan="premium").json("/v1/me")["reports"] == []


def test_tickets_that_cannot_be_read_are_not_called_none() -> None:
    house = elite(valid_until=date(2023, 12, 31))
    record(house, ticket())
    house.store.broken = True
    body = house.json("/v1/me")
    assert (body["tickets"], [each["code"] for each in body["warnings"]]) == (None, ["tickets-unread"])
    house.store.broken = False
    house.ticks += 5

    assert house.json("/v1/me")["tickets"]["technical"]["used"] == 1
    house.store.broken = True
    house.ticks += 60
    assert house.json("/v1/me")["tickets"]["technical"]["used"] == 1  # the last copy


# support of an event


def test_without_a_ticket_the_target_counts_from_whenever_one_is_opened() -> None:
    house = with_partner(House(), "acme", important=Important(business_critical=frozenset({"ecs"})))
    house.tell(event())

    assert support_of(house) == {
        "severity": "critical", "number": 1, "rule": RULE, "cause": "down", "importance": "business_critical",
        "reason": "An incident with severity ALARM; ecs is business-critical for this partner", "hit": 1,
        "wide": False, "response_seconds": 900, "due": None, "counted_from": "if-opened-now", "ticket": None,
    }  # fmt: skip


def test_with_a_ticket_it_is_due_from_its_opening_and_by_its_severity() -> None:
    house = with_partner(House(), "acme", important=Important(business_critical=frozenset({"ecs"})))
    house.tell(event())
    record(house, ticket(severity="urgent", responded_at=START + timedelta(minutes=39)))
    found = support_of(house)

    assert (found["severity"], found["response_seconds"], found["counted_from"]) == ("critical", 2_400, "ticket")
    assert found["due"] == "2022-12-18T01:36:00.000Z"
    assert found["ticket"] == {
        "id": "t1", "kind": "technical", "severity": "urgent", "opened_at": "2022-12-18T00:56:00.000Z",
        "responded_at": "2022-12-18T01:35:00.000Z", "closed_at": None, "due": "2022-12-18T01:36:00.000Z",
        "in_time": True,
    }  # fmt: skip
    assert house.json("/v1/events")["events"][0]["support"] == found


def test_history_that_the_state_has_forgotten_has_it_too() -> None:
    house = House()
    old = event("old", state="resolved", start=START - timedelta(days=300), end=START - timedelta(days=299))
    house.tell(event())
    house.store.put_documents([ledger.document(old)], 1)
    record(house, ticket(event="old"))

    assert support_of(house, "old")["severity"] == "low"
    assert support_of(house, "old")["ticket"]["id"] == "t1"


def test_what_hits_many_pairs_is_one_step_worse_in_lists_and_alone() -> None:
    house = House()
    hit = [event(f"e{n}", product=f"new{n}", region="eu-west-1") for n in range(WIDE)]
    house.tell(*hit)

    assert {each["support"]["hit"] for each in house.json("/v1/events")["events"]} == {WIDE}
    assert (support_of(house, "e0")["severity"], support_of(house, "e0")["wide"]) == ("high", True)
    assert house.json("/v1/events?limit=1")["events"][0]["support"]["hit"] == WIDE  # of all, not of the page


def test_a_new_ticket_is_seen_within_seconds_and_the_ready_answer_is_not_given_again() -> None:
    house = House()
    house.tell(event())
    first = house.get("/v1/events")
    house.ticks += 60
    assert house.get("/v1/events").header("etag") == first.header("etag")
    record(house, ticket())

    assert house.json("/v1/events")["events"][0]["support"]["ticket"]["id"] == "t1"
    assert house.get("/v1/events", if_none_match=first.header("etag")).status == 200


def test_a_ready_answer_is_made_anew_for_whom_a_ticket_was_recorded_and_for_nobody_else() -> None:
    house = House()
    house.tell(event(region=SG))

    def kept(who: str) -> Kept:
        house.get("/v1/events", who)
        found = house.service._answers._answers.values()
        return next(one for one in found if one.own and one.own.partner_id == who)

    first = {who: kept(who) for who in ("acme", "small")}
    record(house, ticket())

    assert [kept(who) is first[who] for who in ("acme", "small")] == [False, True]


def test_of_the_past_it_is_what_was_known_then() -> None:
    house = House()
    house.tell(event(), at=NOW - 30 * MINUTE)
    record(house, ticket(severity="high"), at=NOW - 20 * MINUTE)
    record(house, ticket(severity="high", revision=2, responded_at=NOW - 15 * MINUTE), verb="responded", at=NOW)
    house.tell(*(event(f"more-{n}", product=f"p{n}") for n in range(WIDE)), at=NOW - 10 * MINUTE)

    def at(minutes: int) -> dict[str, Any]:
        return support_of(house, at=f"?at={(NOW - minutes * MINUTE).strftime('%Y-%m-%dT%H:%M:%SZ')}")

    assert (at(30)["ticket"], at(30)["hit"]) == (None, 1)
    assert (at(20)["ticket"]["responded_at"], at(20)["hit"]) == (None, 1)
    assert (at(10)["ticket"]["responded_at"], at(10)["hit"]) == (None, 1 + WIDE)
    assert at(0)["ticket"]["responded_at"] == "2022-12-18T03:45:00.000Z"


def test_while_the_store_is_away_the_last_copies_of_both_answer() -> None:
    house = House()
    house.tell(event())
    record(house, ticket())
    support_of(house)
    house.store.broken = True
    house.ticks += 60

    response = house.get("/v1/events")
    assert response.header("x-source-state") == "blind"
    assert json.loads(response.body)["events"][0]["support"]["ticket"]["id"] == "t1"


def test_tickets_that_cannot_be_read_keep_no_event_from_anybody() -> None:
    house = House()
    house.tell(event())
    house.store.append(shard_of("acme"), 1, b"garbage")

    assert support_of(house)["counted_from"] == "if-opened-now"


# Who is told, and what it costs


@pytest.mark.parametrize("path", ["/v1/events", "/v1/events/e1", "/v1/events?at=2022-12-18T04:00:00Z"])
def test_in_public_no_event_has_support_and_no_ticket_is_read(path: str) -> None:
    house = House(public=True)
    house.tell(event())
    record(house, ticket())
    house.store.logs_read.clear()
    text = house.get(path, None).body

    assert b'"e1"' in text
    assert b"support" not in text
    assert [shard for shard in house.store.logs_read if shard.startswith("tickets/")] == []


def test_messages_never_have_it() -> None:
    house = House()
    house.tell(event())
    record(house, ticket())

    assert b"support" not in house.get("/v1/changes").body


def reads_tickets(route: Route) -> bool:
    house = House()
    house.tell(event())
    record(house, ticket())
    house.store.logs_read.clear()
    query = "?Action=ListEvents&ProductId=ecs&RegionId=" + HK if route.when else ""
    query = "?productId=ecs&regionId=" + HK if route.template == "/v1/list-events" else query
    response = house.get(route.template.replace("{id}", "e1") + query, "acme")
    assert response.status == 200, response.body
    return shard_of("acme") in house.store.logs_read


CHEAP = {"/v1/status", "/v1/changes", "/v1/plans", "/v1/list-events", "/feed.atom"}


@pytest.mark.parametrize(
    "route", [r for r in ROUTES if r.template in CHEAP or r.when or r.template.startswith("/api/")],
    ids=lambda route: route.handler,
)  # fmt: skip
def test_what_tells_nothing_of_tickets_does_not_read_them(route: Route) -> None:
    assert not reads_tickets(route)


def test_hostile_words_of_a_ticket_and_an_event_come_out_as_they_are() -> None:
    house = House()
    nasty = "</script>\r\n\u202e\u2028\"'%s{}"
    house.tell(event(product=nasty, severity=nasty))
    record(house, ticket(nasty, subject=nasty))
    response = house.get("/v1/events")
    found = json.loads(unpacked(response))["events"][0]["support"]

    assert found["ticket"]["id"] == nasty
    assert nasty in found["reason"]
    assert tickets.load(house.store, "acme").tickets[nasty].subject == nasty
