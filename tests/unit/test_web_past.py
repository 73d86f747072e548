"""`?at=`: what would have been answered then."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from shd_relay.model import FEED, HealthEvent, Update
from tests.web_world import HK, NOW, SG, START, House, event


def told(hours: float, **more: Any) -> HealthEvent:
    at = NOW + timedelta(hours=hours)
    return event(**({"since": at, "changed_at": at} | more))


def at(hours: float) -> str:
    return (NOW + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def house() -> House:
    """Four hours ago an incident; three hours ago an update; two hours ago its end; one hour ago another."""
    house = House()
    for hours, change in (
        (-4.0, told(-4)),
        (-3.0, told(-3, revision=2, updates=(Update(at=START, text="chillers"),))),
        (-2.0, told(-2, revision=3, state="resolved", end=NOW - timedelta(hours=2))),
        (-1.0, told(-1, id="e2", region=SG)),
    ):
        house.tell(change, at=NOW + timedelta(hours=hours))
    return house


def statuses(house: House, query: str, who: str = "acme") -> set[tuple[str, str, str]]:
    pairs = house.json(f"/v1/status?at={query}", who)["pairs"]
    return {(p["product"], p["region"], p["status"]) for p in pairs if p["status"] != "operational"}


def test_the_status_is_what_it_was_then(house: House) -> None:
    assert statuses(house, at(-4)) == {("ecs", HK, "incident")}
    assert statuses(house, at(-2.01)) == {("ecs", HK, "incident")}
    assert statuses(house, at(-2)) == set()
    assert statuses(house, at(0)) == {("ecs", SG, "incident")}


def test_events_are_what_they_were_then(house: House) -> None:
    def shown(hours: float) -> list[tuple[str, int, str, int]]:
        events = house.json(f"/v1/events?at={at(hours)}")["events"]
        return [(e["id"], e["revision"], e["state"], len(e["updates"])) for e in events]

    assert shown(-3.5) == [("e1", 1, "open", 0)]
    assert shown(-2.5) == [("e1", 2, "open", 1)]
    assert sorted(shown(-0.5)) == [("e1", 3, "resolved", 0), ("e2", 1, "open", 0)]


def test_one_event_is_what_it_was_then_and_is_not_there_before_it_was_known(house: House) -> None:
    assert house.json(f"/v1/events/e1?at={at(-3.5)}")["revision"] == 1
    assert house.get(f"/v1/events/e2?at={at(-2)}").status == 404


def test_what_was_told_long_before_is_found_among_the_documents_and_what_was_told_later_is_not() -> None:
    house = House()
    long_ago, lately = NOW - timedelta(days=400), NOW - timedelta(days=200)
    for moment, id_ in ((long_ago, "old"), (lately, "later")):
        gone = event(id_, state="resolved", start=long_ago, end=moment, since=moment, changed_at=moment)
        house.tell(gone, at=moment)
    moment = (NOW - timedelta(days=210)).strftime("%Y-%m-%d")

    assert [e["id"] for e in house.json(f"/v1/events?at={moment}&since=2021-11-01")["events"]] == ["old"]


def test_filters_scope_and_paging_hold_in_the_past(house: House) -> None:
    assert house.json(f"/v1/events?at={at(-3)}", "small")["events"] == []
    assert house.json(f"/v1/events?at={at(0)}&region={SG}")["events"][0]["id"] == "e2"
    first = house.get(f"/v1/events?at={at(0)}&limit=1")
    following = first.header("link").partition("?")[2].partition(">")[0].replace("%3A", ":")
    assert "at=" in following
    rest = house.json(f"/v1/events?{following}")
    assert [e["id"] for e in rest["events"]] != []
    assert rest["next"] is None


def test_the_source_is_what_subscribers_were_told_then() -> None:
    house = House()
    house.tell(told(-4), at=NOW - timedelta(hours=4))
    feed = told(-3, id=FEED, kind="feed", product="", region="", title="blind: x")
    house.tell(feed, verb="blind", at=NOW - timedelta(hours=3))
    well = msgspec.structs.replace(feed, revision=2, state="resolved", changed_at=NOW - timedelta(hours=2))
    house.tell(well, verb="recovered", at=NOW - timedelta(hours=2))

    assert [house.json(f"/v1/status?at={at(h)}")["source"] for h in (-3.5, -3, -2.5, -2)] == [
        "fresh", "blind", "blind", "fresh",
    ]  # fmt: skip
    assert statuses(house, at(-2.5)) >= {("rds", SG, "unknown"), ("ecs", HK, "incident")}


@pytest.mark.parametrize(
    ("value", "why"),
    [(at(0.01), "future"), (at(-4.01), "before the first entry"), ("0001-01-01", "before the first entry"),
     ("9999-12-31T23:59:59Z", "future"), ("yesterday", "must be a time")],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/v1/status", "/v1/events", "/v1/events/e1"])
def test_a_time_that_nothing_is_known_of_is_400(house: House, path: str, value: str, why: str) -> None:
    assert why in house.json(f"{path}?at={value}", status=400)["detail"]


def test_an_empty_log_has_no_past() -> None:
    assert House().get(f"/v1/status?at={at(-1)}").status == 400


def test_the_past_has_no_age_and_the_same_bytes_whenever_it_is_asked_for(house: House) -> None:
    first = house.get(f"/v1/status?at={at(-3)}")
    house.now += timedelta(minutes=5)
    house.read_at(house.now)
    again = house.get(f"/v1/status?at={at(-3)}")

    assert first.header("x-data-age") == ""
    assert (first.body, first.header("etag")) == (again.body, again.header("etag"))


def test_other_addresses_take_no_time(house: House) -> None:
    assert house.get(f"/v1/changes?at={at(-1)}").status == 400


def test_without_the_store_the_past_is_unknown(house: House) -> None:
    house.json("/v1/status")
    house.store.broken = True
    house.ticks += 60

    assert house.get(f"/v1/status?at={at(-3)}").status == 503


def test_as_of_of_the_past_is_the_last_change_that_the_viewer_sees() -> None:
    house = House()
    for minutes, region in ((10, SG), (20, HK), (30, HK)):
        house.tell(told(minutes / 60 - 4, id=f"e{minutes}", region=region), at=NOW + timedelta(minutes=minutes - 240))
    house.read_at(NOW)

    def as_of(who: str) -> list[str]:
        return [house.json(f"/v1/status?at={at(m / 60 - 4)}", who)["as_of"][11:16] for m in (15, 25, 35)]

    assert as_of("acme") == ["00:10", "00:20", "00:30"]
    assert as_of("small") == ["00:10", "00:10", "00:10"]


def test_a_time_at_which_nobody_looked_any_more_is_blind() -> None:
    house = House(polled=False)
    house.tell(told(-2), at=NOW - timedelta(hours=2))
    house.read_at(NOW - timedelta(hours=1))

    assert house.json(f"/v1/status?at={at(-1)}")["source"] == "fresh"
    assert house.json(f"/v1/status?at={at(-0.5)}")["source"] == "blind"
