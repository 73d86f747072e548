"""What /api/v2/... says in the words of Statuspage, and that it never says another word."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shd_relay.model import FEED, HealthEvent, Item, Pair, Update
from shd_relay.web import statuspage_steps
from tests.web_world import HK, NOW, SG, START, House, event, hong_kong, unpacked

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NAMES = (
    "summary", "status", "components", "incidents", "incidents/unresolved", "scheduled-maintenances",
    "scheduled-maintenances/upcoming", "scheduled-maintenances/active",
)  # fmt: skip

# The words that known strict clients take, and the fields that they read (facts/peers.md, 7.2).
INDICATORS = {"none", "minor", "major", "critical"}
OF_COMPONENTS = {"operational", "degraded_performance", "partial_outage", "major_outage", "under_maintenance"}
OF_INCIDENTS = {"investigating", "identified", "monitoring", "resolved", "postmortem"}
OF_MAINTENANCE = {"scheduled", "in_progress", "verifying", "completed"}
PAGE = {"id", "name", "url", "time_zone", "updated_at"}
COMPONENT = {
    "id", "name", "status", "created_at", "updated_at", "position", "description", "showcase", "start_date", "group_id",
    "page_id", "group", "only_show_if_degraded",
}  # fmt: skip
INCIDENT = {
    "id", "name", "status", "impact", "created_at", "updated_at", "started_at", "monitoring_at", "resolved_at",
    "shortlink", "page_id", "incident_updates", "components",
}  # fmt: skip
MAINTENANCE = INCIDENT | {"scheduled_for", "scheduled_until"}
UPDATE = {
    "id", "status", "body", "incident_id", "created_at", "updated_at", "display_at", "affected_components",
    "deliver_notifications", "custom_tweet", "tweet_id",
}  # fmt: skip
NULLABLE = {
    "description", "start_date", "group_id", "monitoring_at", "resolved_at", "custom_tweet", "tweet_id",
    "checked_at", "product", "shd_severity", "shd_end",
}  # fmt: skip
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def asked(house: House, name: str, who: str | None = "acme") -> Any:
    return house.json(f"/api/v2/{name}.json", who)


def component(house: House, product: str = "ecs", region: str = HK) -> Any:
    (found,) = [c for c in asked(house, "components")["components"] if (c["product"], c["region"]) == (product, region)]
    return found


def group(house: House, region: str = HK) -> Any:
    (found,) = [c for c in asked(house, "components")["components"] if c["group"] and c["region"] == region]
    return found


def work(id_: str, **more: Any) -> HealthEvent:
    values: dict[str, Any] = {
        "kind": "maintenance", "severity": "NOTIFICATION", "title": "Planned upgrade", "state": "scheduled",
        "start": NOW + DAY, "end": NOW + DAY + HOUR, "since": NOW - HOUR, "changed_at": NOW - HOUR,
    }  # fmt: skip
    return event(id_, **(values | more))


def one(house: House, told: HealthEvent, name: str = "incidents", kind: str = "incidents") -> Any:
    house.tell(told)
    (found,) = asked(house, name)[kind]
    return found


def the_maintenance(told: HealthEvent) -> Any:
    return one(House(), told, "scheduled-maintenances", "scheduled_maintenances")


def lives(told: Any) -> list[str]:
    """The statuses of the updates, the oldest first."""
    return [update["status"] for update in reversed(told["incident_updates"])]


# Quiet


def test_a_quiet_page_is_all_operational_and_has_every_key_though_empty() -> None:
    body = asked(House(), "summary")

    assert set(body) == {"page", "status", "components", "incidents", "scheduled_maintenances"}
    assert (body["incidents"], body["scheduled_maintenances"]) == ([], [])
    assert body["status"] == {
        "indicator": "none", "description": "All Systems Operational", "shd_source": "fresh",
        "checked_at": "2022-12-18T03:59:18.000Z",
    }  # fmt: skip
    assert body["page"] == {
        "id": "shd-relay", "name": "Alibaba Cloud service health", "url": "https://status.alibabacloud.com",
        "time_zone": "Etc/UTC", "updated_at": "2022-12-18T03:59:18.000Z",
    }  # fmt: skip
    assert {c["status"] for c in body["components"]} == {"operational"}


def test_every_answer_has_the_page_and_its_own_list() -> None:
    house = House()
    lists = ["components incidents scheduled_maintenances status", "status", "components", "incidents", "incidents",
             *["scheduled_maintenances"] * 3]  # fmt: skip

    assert [sorted(set(asked(house, name)) - {"page"}) for name in NAMES] == [names.split() for names in lists]


def test_each_region_is_a_group_that_names_what_is_in_it_and_stands_before_it() -> None:
    listed = asked(House(), "components")["components"]
    groups = [c for c in listed if c["group"]]

    assert [c["name"] for c in groups] == ["China (Hong Kong) (cn-hongkong)", "Singapore (ap-southeast-1)"]
    for each in groups:
        members = [c["id"] for c in listed if c["group_id"] == each["id"]]
        assert each["components"] == members
        assert [c["id"] for c in listed][listed.index(each) + 1 :][: len(members)] == members
    assert [c["position"] for c in listed] == [1, 1, 2, 3, 2, 1, 2, 3]
    assert listed[1]["name"] == "Elastic Compute Service in China (Hong Kong)"
    assert all("components" not in c for c in listed if not c["group"])


def test_ids_stay_when_the_watch_list_is_put_in_another_order_and_spelled_in_another_case() -> None:
    house = House(public=True)
    before = {c["name"]: (c["id"], c["group_id"]) for c in asked(house, "components", None)["components"]}
    turned = tuple(Pair(p.product.upper(), p.region) for p in reversed(house.site.pairs))
    house.with_site(pairs=turned)
    after = {c["name"]: (c["id"], c["group_id"]) for c in asked(house, "components", None)["components"]}

    assert after == before
    assert len({id_ for id_, _ in before.values()}) == len(before)


def test_two_ids_of_one_product_are_told_apart_by_name() -> None:
    pairs = (Pair("redisa", SG), Pair("kvstore", SG), Pair("ecs", SG))
    names = [c["name"] for c in asked(House(public=True).with_site(pairs=pairs), "components", None)["components"]]

    assert len(set(names)) == len(names)
    assert names[1:3] == [f"Tair (Redis OSS-Compatible) in Singapore ({p}/{SG})" for p in ("redisa", "kvstore")]


def test_links_are_absolute_and_lead_to_the_event_where_the_site_has_an_address() -> None:
    told = event("a/b ü")

    assert one(House(), told)["shortlink"] == "https://status.alibabacloud.com/#a%2Fb%20%C3%BC"
    house = House(public_url="https://relay.example/shd")
    assert one(house, told)["shortlink"] == "https://relay.example/shd/events/a%2Fb%20%C3%BC"
    assert asked(house, "summary")["page"]["url"] == "https://relay.example/shd"


# What an event makes of its pair and of the whole


@pytest.mark.parametrize(
    ("kind", "severity", "status", "impact", "indicator", "description"),
    [
        ("incident", "ALARM", "major_outage", "major", "major", "Partial System Outage"),
        ("incident", None, "major_outage", "major", "major", "Partial System Outage"),
        ("incident", "CATASTROPHE", "major_outage", "major", "major", "Partial System Outage"),
        ("incident", "NOTIFICATION", "partial_outage", "major", "major", "Partial System Outage"),
        ("notice", "NOTIFICATION", "degraded_performance", "minor", "minor", "Partially Degraded Service"),
        ("maintenance", "NOTIFICATION", "under_maintenance", "maintenance", "none", "Service Under Maintenance"),
    ],
)
def test_an_open_event_shows_at_its_pair_its_region_and_the_whole(
    kind: str, severity: str, status: str, impact: str, indicator: str, description: str
) -> None:
    house = House()
    house.tell(event(kind=kind, severity=severity))
    body = asked(house, "summary")
    (told,) = body["incidents"] + body["scheduled_maintenances"]

    assert (component(house)["status"], component(house)["shd_status"], group(house)["status"]) == (
        status,
        kind,
        status,
    )
    assert group(house, SG)["status"] == "operational"
    assert told["components"] == [component(house)]
    assert (told["impact"], body["status"]["indicator"], body["status"]["description"]) == (
        impact, indicator, description,
    )  # fmt: skip


def test_the_worst_of_a_pair_and_of_a_region_is_what_they_are() -> None:
    house = House()
    house.tell(event("n", kind="notice"), event("m", kind="maintenance"), event("o", kind="notice", product="oss"))

    assert (component(house)["status"], component(house, "oss")["status"]) == (
        "under_maintenance", "degraded_performance",
    )  # fmt: skip
    assert (group(house)["status"], group(house)["shd_status"]) == ("under_maintenance", "maintenance")


def test_it_is_critical_when_half_of_the_scope_and_more_than_one_pair_is_in_trouble() -> None:
    house = House()
    house.tell(*hong_kong()[:2], event("over", product="rds", state="resolved"))
    assert asked(house, "status")["status"]["indicator"] == "major"
    house.tell(hong_kong()[2])
    body = asked(house, "summary")

    assert body["status"]["indicator"] == "critical"
    assert body["status"]["description"] == "Major System Outage"
    assert {told["impact"] for told in body["incidents"]} == {"critical"}
    assert {told["id"]: told["impact"] for told in asked(house, "incidents")["incidents"]}["over"] == "major"


def test_one_pair_in_trouble_is_no_catastrophe_where_there_is_no_other() -> None:
    house = House(public=True).with_site(pairs=(Pair("ecs", HK),))
    house.tell(event())

    assert asked(house, "status", None)["status"]["indicator"] == "major"


def test_what_is_over_or_only_announced_hurts_nobody() -> None:
    house = House()
    house.tell(event("was", state="resolved"), event("ahead", state="scheduled", start=NOW + DAY, end=NOW + 2 * DAY))
    house.tell(work("w"))
    body = asked(house, "summary")

    assert body["status"]["description"] == "All Systems Operational"
    assert {c["status"] for c in body["components"]} == {"operational"}
    assert [(t["id"], t["impact"], t["status"]) for t in body["incidents"]] == [("ahead", "none", "investigating")]
    assert [t["id"] for t in body["scheduled_maintenances"]] == ["w"]


# What is not known


def test_a_pair_that_was_not_read_is_operational_for_want_of_a_word_and_says_that_it_is_not_known() -> None:
    house = House()
    old = NOW - timedelta(minutes=10)
    house.read_at(NOW, read={str(pair): NOW for pair in house.site.pairs} | {f"ecs/{HK}": old})
    found = component(house)

    assert (found["status"], found["shd_status"], found["checked_at"]) == (
        "operational", "unknown", "2022-12-18T03:50:00.000Z",
    )  # fmt: skip
    assert found["description"] == f"ecs/{HK}: not known now, last read 2022-12-18 03:50 UTC"
    assert (group(house)["status"], group(house)["shd_status"], group(house)["checked_at"]) == (
        "operational", "unknown", "2022-12-18T03:50:00.000Z",
    )  # fmt: skip
    status = asked(house, "status")["status"]
    assert (status["indicator"], status["shd_source"]) == ("none", "fresh")
    assert status["description"] == "No Known Issues; 1 of 6 services not read lately"
    assert asked(house, "incidents")["incidents"] == []


def test_a_scope_that_is_mostly_not_known_is_not_called_fine_though_the_source_is_fresh() -> None:
    house = House()
    fresh = {str(pair): NOW for pair in house.site.pairs if pair.region == HK} | {f"rds/{SG}": NOW}
    house.read_at(NOW, read=fresh)
    status = asked(house, "status", "small")["status"]

    assert (status["indicator"], status["shd_source"]) == ("minor", "fresh")
    assert status["description"] == "Status Unknown; 2 of 2 services not read lately"
    assert group(house, SG)["checked_at"] is None


def test_blind_is_minor_and_says_since_when_and_is_an_incident_of_all_components() -> None:
    house = House()
    house.read_at(NOW - HOUR)
    body = asked(house, "summary")
    (told,) = body["incidents"]

    assert body["status"]["indicator"] == "minor"
    assert body["status"]["description"] == (
        "Status Unknown; the dashboard cannot be read since 2022-12-18 03:00 UTC"
    )  # fmt: skip
    assert body["status"]["shd_source"] == "blind"
    assert (told["id"], told["shd_kind"], told["status"], told["impact"]) == ("feed", "feed", "investigating", "minor")
    assert told["started_at"] == "2022-12-18T03:00:00.000Z"
    assert told["components"] == [c for c in body["components"] if not c["group"]]
    assert {c["shd_status"] for c in body["components"]} == {"unknown"}
    assert {c["status"] for c in body["components"]} == {"operational"}
    (update,) = told["incident_updates"]
    assert "the last complete answer came at 2022-12-18T03:00:00.000Z" in update["body"]
    assert len(update["affected_components"]) == 6


def test_while_blind_the_trouble_that_is_known_stays() -> None:
    house = House()
    house.tell(event())
    house.read_at(NOW - HOUR)
    body = asked(house, "summary")

    assert (body["status"]["indicator"], component(house)["status"]) == ("major", "major_outage")
    assert body["status"]["description"] == (
        "Partial System Outage; the dashboard cannot be read since 2022-12-18 03:00 UTC"
    )  # fmt: skip
    assert [told["id"] for told in body["incidents"]] == ["feed", "e1"]


def test_blind_before_the_first_answer_has_no_time_of_its_own_making() -> None:
    house = House(polled=False)
    body = asked(house, "summary")

    assert body["status"]["description"] == "Status Unknown; the dashboard was not read yet"
    assert body["status"]["checked_at"] is None
    assert [told["id"] for told in body["incidents"]] == ["feed"]
    assert "2022" not in str(body)


def test_when_the_store_does_not_answer_the_last_copy_is_blind() -> None:
    house = House()
    house.tell(event())
    asked(house, "status")
    house.store.broken = True
    house.ticks += 60
    status = asked(house, "status")["status"]

    assert (status["indicator"], status["shd_source"]) == ("major", "blind")


def the_feed(state: str, source: str, **more: Any) -> HealthEvent:
    title = {"blind": "blind: it does not answer", "stale": "stale: half is old", "fresh": "fresh: it answers again"}
    values: dict[str, Any] = {
        "kind": "feed", "product": "", "region": "", "severity": None, "state": state, "title": title[source],
        "said": {"relay": Item(title=source)}, "start": START, "since": START, "changed_at": START, "revision": 3,
    }  # fmt: skip
    return event(FEED, **(values | more))


def test_what_subscribers_were_told_of_the_source_is_the_incident() -> None:
    house = House()
    house.tell(the_feed("open", "blind"), verb="blind")
    house.read_at(START)
    (told,) = asked(house, "incidents/unresolved")["incidents"]

    assert (told["id"], told["started_at"], told["shd_revision"]) == ("feed", "2022-12-18T00:56:00.000Z", 3)
    assert told["incident_updates"][0]["body"].startswith("blind: it does not answer\n")


def test_stale_is_minor_and_names_the_pairs_that_are_in_doubt() -> None:
    house = House()
    house.tell(the_feed("open", "stale"), verb="stale")
    house.read_at(NOW, read={str(p): NOW if p.product == "ecs" else START for p in house.site.pairs})
    status, (told,) = asked(house, "status")["status"], asked(house, "incidents/unresolved")["incidents"]

    assert (status["indicator"], status["shd_source"]) == ("minor", "stale")
    assert status["description"] == "Status Unknown; much of the dashboard not read since 2022-12-18 00:56 UTC"
    assert sorted(c["product"] for c in told["components"]) == ["oss", "oss", "rds", "rds"]


def test_when_the_poller_is_gone_after_stale_it_is_blind_in_the_same_incident_with_an_update_of_its_own() -> None:
    house = House()
    house.tell(the_feed("open", "stale"), verb="stale")
    house.read_at(NOW, read={})
    (before,) = asked(house, "incidents/unresolved")["incidents"]
    house.now += 2 * HOUR
    (after,) = asked(house, "incidents/unresolved")["incidents"]

    assert (before["id"], before["started_at"]) == (after["id"], after["started_at"])
    assert after["name"] == "Service health is not known: the dashboard cannot be read"
    assert before["incident_updates"][0]["id"] != after["incident_updates"][0]["id"]
    assert after["updated_at"] == "2022-12-18T04:00:00.000Z"


def test_a_source_that_is_back_is_a_resolved_incident_and_no_other_trouble() -> None:
    house = House()
    house.tell(the_feed("resolved", "fresh", end=START + HOUR), verb="recovered")
    house.tell(
        event("later", state="resolved", start=START + HOUR), event("before", state="resolved", start=START - HOUR)
    )
    (told,) = [each for each in asked(house, "incidents")["incidents"] if each["id"] == FEED]

    assert [each["id"] for each in asked(house, "incidents")["incidents"]] == ["later", "feed", "before"]
    assert (told["status"], told["resolved_at"]) == ("resolved", "2022-12-18T01:56:00.000Z")
    assert lives(told) == ["investigating", "resolved"]
    assert told["incident_updates"][0]["body"] == "fresh: it answers again"
    assert asked(house, "summary")["incidents"] == []
    assert asked(house, "status")["status"]["description"] == "All Systems Operational"


# The life of an incident


def test_an_incident_has_its_updates_the_newest_first_and_the_states_that_follow_from_them() -> None:
    told = one(House(), hong_kong()[0])

    assert (told["id"], told["status"], told["resolved_at"]) == ("hk-ecs", "identified", None)
    assert told["name"] == "Cooling failure in zone C - Elastic Compute Service in China (Hong Kong)"
    assert (told["started_at"], told["created_at"]) == ("2022-12-18T00:56:00.000Z",) * 2
    assert told["updated_at"] == "2022-12-18T02:30:00.000Z"
    assert lives(told) == ["investigating", *["identified"] * 4]
    assert told["incident_updates"][0]["body"].startswith("Load on compute")
    assert told["incident_updates"][-1]["body"] == (
        "Cooling failure in zone C\nElastic Compute Service (ecs) in China (Hong Kong) (cn-hongkong)\n"
        "Since 2022-12-18 00:56 UTC\nSeverity ALARM"
    )
    changes = [(a["old_status"], a["new_status"]) for u in told["incident_updates"] for a in u["affected_components"]]
    assert changes == [*[("major_outage", "major_outage")] * 4, ("operational", "major_outage")]


@pytest.mark.parametrize(
    ("more", "status", "life", "last"),
    [
        ({}, "investigating", ["investigating"], None),
        (
            {"end": NOW + HOUR}, "monitoring", ["investigating", "monitoring"],
            "Expected to end at 2022-12-18 05:00 UTC.",
        ),
        ({"severity": "NOTIFICATION"}, "monitoring", ["investigating", "monitoring"], "The severity was lowered."),
        (
            {"state": "resolved", "end": NOW}, "resolved", ["investigating", "resolved"],
            "Resolved at 2022-12-18 04:00 UTC.",
        ),
        (
            {"state": "resolved", "since": NOW, "inferred": True}, "resolved", ["investigating", "resolved"],
            "Resolved at 2022-12-18 04:00 UTC (inferred: it is no longer listed).",
        ),
        (
            {"state": "withdrawn", "since": NOW, "end": NOW + DAY}, "resolved", ["investigating", "resolved"],
            "Withdrawn: the dashboard does not show it any more.",
        ),
        (
            {"state": "withdrawn", "since": NOW, "merged_into": "e0"}, "resolved", ["investigating", "resolved"],
            "Withdrawn: it is the same as e0.",
        ),
        (
            {"state": "cancelled", "since": NOW}, "resolved", ["investigating", "resolved"],
            "Cancelled: it will not take place.",
        ),
    ],
)  # fmt: skip
def test_the_state_of_an_incident_follows_from_what_is_known_of_it(
    more: dict[str, Any], status: str, life: list[str], last: str | None
) -> None:
    told = one(House(), event(**more))

    assert (told["status"], lives(told)) == (status, life)
    assert last is None or told["incident_updates"][0]["body"] == last
    assert (told["monitoring_at"] is not None) == (status == "monitoring")
    assert told["resolved_at"] == ("2022-12-18T04:00:00.000Z" if status == "resolved" else None)


def test_a_word_that_comes_after_the_end_does_not_turn_the_order_of_the_updates() -> None:
    late = Update(at=NOW, text="Service was restored at 02:00.")
    told = one(House(), event(state="resolved", end=START + HOUR, changed_at=NOW, updates=(late,)))

    assert lives(told) == ["investigating", "identified", "resolved"]
    assert told["resolved_at"] == "2022-12-18T01:56:00.000Z"
    assert told["incident_updates"][0]["display_at"] == "2022-12-18T04:00:00.000Z"


def test_ids_of_updates_stay_when_others_come_and_when_the_old_ones_are_cut_off() -> None:
    updates = [Update(at=START + timedelta(minutes=n // 2), text=f"{n} " + "x" * 390) for n in range(60)]
    few = one(House(), event(updates=tuple(updates[:30])))["incident_updates"]
    many = one(House(), event(updates=tuple(updates)))["incident_updates"]
    texts = {u["id"]: u["body"] for u in few if u["status"] == "identified"}

    assert len(many) == 1 + 14  # 8,000 characters hold so many of 540
    assert "46 earlier updates" in many[-1]["body"]
    assert len({u["id"] for u in many}) == len(many)
    again = one(House(), event(updates=tuple(updates[:31])))["incident_updates"]
    common = {u["id"]: u["body"] for u in again if u["id"] in texts}
    assert len(common) > 10
    assert common == {id_: texts[id_] for id_ in common}


def test_in_the_greatest_outage_an_event_has_little_room_but_its_last_word_is_there() -> None:
    updates = tuple(Update(at=START + timedelta(minutes=n), text=f"{n} " + "x" * 900) for n in range(5))
    steps = statuspage_steps.of_incident(event(updates=updates), statuspage_steps.room_of(10_000), "oo-region")

    assert [step.status for step in steps] == ["investigating", "identified"]
    assert (steps[1].body[:2], len(steps[1].body)) == ("4 ", 300)


def test_what_goes_on_comes_first_then_the_newest_fifty_and_history_is_among_them() -> None:
    house = House()
    house.tell(event("open", start=START - 90 * DAY))
    house.tell(*(event(f"h{n:02}", state="resolved", revision=0, start=NOW - n * HOUR, end=NOW) for n in range(1, 60)))
    found = asked(house, "incidents")["incidents"]

    assert [told["id"] for told in found] == ["open", *(f"h{n:02}" for n in range(1, 51))]
    assert {told["shd_revision"] for told in found[1:]} == {0}
    assert [told["id"] for told in asked(house, "incidents/unresolved")["incidents"]] == ["open"]
    assert [told["id"] for told in asked(house, "summary")["incidents"]] == ["open"]


def test_history_is_dated_where_it_ended() -> None:
    past = event(state="resolved", revision=0, start=NOW - 60 * DAY, end=NOW - 59 * DAY, changed_at=NOW, since=NOW)

    assert one(House(), past)["updated_at"] == "2022-10-20T04:00:00.000Z"


def test_a_drill_is_not_shown_as_trouble() -> None:
    house = House()
    before = {name: house.get(f"/api/v2/{name}.json").body for name in NAMES}
    house.tell(event("drill", kind="drill"))

    assert {name: house.get(f"/api/v2/{name}.json").body for name in NAMES} == before


# Maintenance


@pytest.mark.parametrize(
    ("told", "status", "life", "last"),
    [
        (work("m"), "scheduled", ["scheduled"], None),
        (work("m", state="open", start=START), "in_progress", ["scheduled", "in_progress"],
         "In progress since 2022-12-18 00:56 UTC."),
        (work("m", state="resolved", start=START, end=NOW), "completed", ["scheduled", "in_progress", "completed"],
         "Completed at 2022-12-18 04:00 UTC."),
        (work("m", state="cancelled", since=NOW), "completed", ["scheduled", "completed"],
         "Cancelled: it will not take place."),
        (work("m", state="withdrawn", since=NOW), "completed", ["scheduled", "completed"],
         "Withdrawn: the dashboard does not show it any more."),
    ],
)  # fmt: skip
def test_the_state_of_maintenance_follows_from_the_state_of_the_event(
    told: HealthEvent, status: str, life: list[str], last: str | None
) -> None:
    house = House()
    house.tell(told)
    shown = asked(house, "scheduled-maintenances")["scheduled_maintenances"]
    sides = [asked(house, f"scheduled-maintenances/{name}") for name in ("upcoming", "active")]

    assert [(m["status"], lives(m), m["impact"]) for m in shown] == [(status, life, "maintenance")]
    assert last is None or shown[0]["incident_updates"][0]["body"] == last
    assert shown[0]["resolved_at"] == ("2022-12-18T04:00:00.000Z" if status == "completed" else None)
    assert [side["scheduled_maintenances"] for side in sides] == [
        shown if status == "scheduled" else [], shown if status == "in_progress" else [],
    ]  # fmt: skip
    assert asked(house, "summary")["scheduled_maintenances"] == ([] if status == "completed" else shown)
    assert asked(house, "incidents")["incidents"] == []


def test_the_plan_stands_in_times_and_in_words() -> None:
    told = the_maintenance(work("m"))

    assert (told["scheduled_for"], told["scheduled_until"]) == ("2022-12-19T04:00:00.000Z", "2022-12-19T05:00:00.000Z")
    assert told["created_at"] == "2022-12-18T03:00:00.000Z"
    assert "Planned from 2022-12-19 04:00 UTC until 2022-12-19 05:00 UTC" in told["incident_updates"][0]["body"]


def test_where_no_end_is_known_strict_clients_get_the_start_and_others_null() -> None:
    told = the_maintenance(work("m", end=None))

    assert told["scheduled_until"] == told["scheduled_for"]
    assert told["shd_end"] is None
    assert ", the end is not known" in told["incident_updates"][0]["body"]


def test_what_was_said_before_the_beginning_belongs_to_what_was_planned() -> None:
    updates = (Update(at=START - HOUR, text="We will."), Update(at=START + HOUR, text="We do."))
    told = the_maintenance(work("m", state="open", start=START, updates=updates))

    assert lives(told) == ["scheduled", "scheduled", "in_progress", "in_progress"]
    assert [u["body"] for u in told["incident_updates"]][::2] == ["We do.", "We will."]


# The scope, the text, the bytes


@pytest.mark.parametrize("name", NAMES)
def test_what_lies_outside_the_scope_changes_no_byte(name: str) -> None:
    house, other = House(), House()
    house.tell(*hong_kong(), work("m", state="open"), work("n"), at=NOW - DAY)
    shown = [each.get(f"/api/v2/{name}.json", "small") for each in (house, other)]

    assert shown[0].body == shown[1].body
    assert house.get(f"/api/v2/{name}.json").body != other.get(f"/api/v2/{name}.json").body


def test_nothing_outside_the_scope_is_a_component_not_even_of_what_concerns_all() -> None:
    house = House()
    house.read_at(NOW - HOUR)
    body = asked(house, "summary", "small")

    assert [c["product"] for c in body["components"]] == [None, "ecs", "oss"]
    assert [c["product"] for c in body["incidents"][0]["components"]] == ["ecs", "oss"]


def test_a_pair_that_nobody_watches_is_a_component_as_long_as_there_is_an_event_of_it() -> None:
    house = House()
    before = len(asked(house, "components")["components"])
    house.tell(event("x", product="newthing", region="mars-1", state="resolved"))
    found = component(house, "newthing", "mars-1")

    assert (found["status"], found["shd_status"]) == ("operational", "unknown")
    assert len(asked(house, "components")["components"]) == before + 2
    assert asked(house, "status")["status"]["description"] == "All Systems Operational"


def test_hostile_text_is_text_and_no_control_character_reaches_a_terminal() -> None:
    hostile = '<script>alert(1)</script>\r\n\x1b[31m"\u202e\x00'
    house = House()
    house.tell(event(title=hostile, severity=hostile, updates=(Update(at=NOW, text=hostile),)))
    response = house.get("/api/v2/summary.json")
    (told,) = asked(house, "summary")["incidents"]

    assert told["name"].startswith("<script>alert(1)</script> \ufffd[31m")
    assert not [c for u in told["incident_updates"] for c in told["name"] + u["body"] if c in "\x1b\u202e\x00\r"]
    assert (response.header("content-type"), response.header("x-content-type-options")) == (
        "application/json", "nosniff",
    )  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_two_answers_a_minute_apart_are_the_same_bytes_while_the_data_are(name: str) -> None:
    house = House()
    house.tell(*hong_kong(), work("m"), event("n", kind="notice", end=NOW + timedelta(seconds=30), region=SG))
    first = house.get(f"/api/v2/{name}.json")
    house.now += timedelta(minutes=1)
    second = house.with_site().get(f"/api/v2/{name}.json")
    house.read_at(house.now)

    assert (first.body, first.header("etag")) == (second.body, second.header("etag"))
    assert house.get(f"/api/v2/{name}.json").body != first.body


@pytest.mark.parametrize("name", NAMES)
def test_while_blind_the_bytes_stay_too(name: str) -> None:
    house = House()
    house.read_at(NOW - HOUR)
    first = house.get(f"/api/v2/{name}.json").body
    house.now += DAY

    assert house.with_site().get(f"/api/v2/{name}.json").body == first


# Every word, whatever happens

moments = st.datetimes(
    min_value=(NOW - 50 * DAY).replace(tzinfo=None), max_value=(NOW + 50 * DAY).replace(tzinfo=None),
    timezones=st.just(timezone.utc),
)  # fmt: skip
texts = st.text(max_size=30)
events = st.builds(
    event,
    id=st.sampled_from("abcdefgh"),
    kind=st.sampled_from(("notice", "maintenance", "incident", "drill")),
    state=st.sampled_from(("scheduled", "open", "resolved", "withdrawn", "cancelled")),
    product=st.sampled_from(("ecs", "OSS", "rds", "newthing")),
    region=st.sampled_from((HK, SG, "oo-region")),
    revision=st.integers(0, 3),
    severity=st.sampled_from(("ALARM", "NOTIFICATION", "NORMAL", None, "")),
    title=texts,
    start=st.none() | moments,
    end=st.none() | moments,
    since=moments,
    changed_at=moments,
    inferred=st.booleans(),
    merged_into=st.none() | st.just("z"),
    updates=st.lists(st.builds(Update, at=moments, text=texts), max_size=4).map(tuple),
)
feeds = st.sampled_from(("blind", "stale", "fresh")).flatmap(
    lambda source: st.builds(
        the_feed, st.just("resolved" if source == "fresh" else "open"), st.just(source), start=moments,
        end=st.just(None) if source != "fresh" else moments, changed_at=moments,
    )
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(events, max_size=8), st.none() | feeds, st.none() | moments, st.sets(st.sampled_from(range(6))))
def test_every_answer_is_in_the_words_and_fields_that_strict_clients_take(
    told: list[HealthEvent], feed: HealthEvent | None, read_at: datetime | None, unread: set[int]
) -> None:
    house = House(polled=False)
    house.tell(*told, *([feed] if feed else []))
    if read_at:
        read = {str(pair): read_at for n, pair in enumerate(house.site.pairs) if n not in unread}
        house.read_at(read_at, read=read)
    for name in NAMES:
        check_answer(asked(house, name))


def check_answer(body: Any) -> None:
    check_values(body)
    assert set(body["page"]) == PAGE
    if "status" in body:
        assert body["status"]["indicator"] in INDICATORS
        assert body["status"]["description"]
    listed = body.get("components", [])
    ids = {c["id"] for c in listed}
    assert len(ids) == len({c["name"] for c in listed}) == len(listed)
    for each in listed:
        check_component(each, ids)
    for each in body.get("incidents", []):
        assert (set(each) >= INCIDENT, each["status"] in OF_INCIDENTS, each["impact"] in INDICATORS) == (True,) * 3
        check_told(each, "resolved")
    for each in body.get("scheduled_maintenances", []):
        assert (set(each) >= MAINTENANCE, each["status"] in OF_MAINTENANCE, each["impact"]) == (
            True,
            True,
            "maintenance",
        )
        assert each["scheduled_for"] <= each["scheduled_until"]
        check_told(each, "completed")
    if "components" in body:
        told = (*body.get("incidents", []), *body.get("scheduled_maintenances", []))
        assert ids >= {c["id"] for each in told for c in each["components"]}


def check_component(each: Any, ids: set[str]) -> None:
    assert set(each) >= COMPONENT
    assert each["status"] in OF_COMPONENTS
    assert each["group_id"] in ids or each["group"]
    assert ("components" in each) == each["group"]


def check_told(each: Any, over: str) -> None:
    updates = each["incident_updates"]
    assert len({u["id"] for u in updates}) == len(updates) > 0
    assert all(set(u) == UPDATE and u["incident_id"] == each["id"] and u["body"] for u in updates)
    assert updates[0]["status"] == each["status"]
    assert (each["status"] == over) == (each["resolved_at"] is not None)
    assert [u["display_at"] for u in updates] == sorted((u["display_at"] for u in updates), reverse=True)
    assert each["created_at"] <= updates[-1]["created_at"]
    assert each["updated_at"] >= updates[0]["updated_at"]
    for status in (a[side] for u in updates for a in u["affected_components"] for side in ("old_status", "new_status")):
        assert status in OF_COMPONENTS


def check_values(value: Any, name: str = "") -> None:
    """Null only where Statuspage has null, every time in UTC with milliseconds."""
    if isinstance(value, dict):
        for key, inside in value.items():
            check_values(inside, key)
    elif isinstance(value, list):
        for inside in value:
            check_values(inside, name)
    elif value is None:
        assert name in NULLABLE, name
    elif name.endswith("_at") or name in {"scheduled_for", "scheduled_until", "shd_end"}:
        assert TIME.fullmatch(value), (name, value)


def test_gzip_holds_the_same_answer() -> None:
    house = House()
    house.tell(*hong_kong())
    packed = house.get("/api/v2/summary.json", accept_encoding="gzip")

    assert packed.header("content-encoding") == "gzip"
    assert unpacked(packed) == house.get("/api/v2/summary.json").body
