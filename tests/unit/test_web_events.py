"""/v1/events, /v1/events/{id} and /v1/changes."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest

from shd_relay import cursor, ledger, message
from shd_relay.model import FEED, Change, Entry, HealthEvent, Position
from shd_relay.web import events_view
from shd_relay.web.changes_view import SCANNED
from tests.web_world import HK, NOW, SG, START, House, event


def ids(house: House, query: str = "", who: str = "acme") -> list[str]:
    return [e["id"] for e in house.json(f"/v1/events{query}", who)["events"]]


def feed() -> HealthEvent:
    return event(FEED, kind="feed", product="", region="", title="blind", severity=None)


def test_an_event_is_shown_as_messages_show_it_and_to_a_partner_with_its_support() -> None:
    house = House(public=True)
    house.tell(event())

    assert house.json("/v1/events", None) == {"events": [message.event_view(event())], "next": None}
    assert house.json("/v1/events/e1", None) == message.event_view(event())
    own = house.json("/v1/events/e1")
    assert own == message.event_view(event()) | {"support": own["support"]}


def test_history_that_was_never_pushed_is_listed() -> None:
    house = House()
    house.tell(event("h", revision=0, state="resolved", end=START + timedelta(hours=1)))

    assert ids(house) == ["h"]


def test_filters_are_alternatives_within_and_conditions_among_themselves() -> None:
    house = House()
    house.tell(
        event("a"),
        event("b", product="oss", kind="notice"),
        event("c", product="oss", region=SG, state="resolved", end=NOW),
        event("d", product="rds", kind="maintenance", state="scheduled", start=NOW + timedelta(days=1)),
    )

    assert ids(house, "?product=oss") == ["c", "b"]
    assert ids(house, "?product=oss,rds&region=cn-hongkong") == ["d", "b"]
    assert ids(house, "?kind=incident&state=open,resolved") == ["c", "a"]
    assert ids(house, "?state=scheduled") == ["d"]


def test_since_and_until_leave_what_overlaps_them() -> None:
    house = House()
    hour = timedelta(hours=1)
    house.tell(
        event("over", state="resolved", start=NOW - 9 * hour, end=NOW - 8 * hour),
        event("long", state="resolved", start=NOW - 9 * hour, end=NOW - 2 * hour),
        event("on", start=NOW - 5 * hour),
    )

    assert ids(house, "?since=2022-12-18T00:00:00Z") == ["on", "long"]
    assert set(ids(house, "?until=2022-12-17T22:00:00Z")) == {"over", "long"}


def test_a_blank_before_an_offset_reads_as_plus() -> None:
    house = House()
    house.tell(event("on", start=START, state="resolved", end=START))

    assert ids(house, "?since=2022-12-18T08:56:00 08:00") == ["on"]
    assert ids(house, "?since=2022-12-18T08:56:01 08:00") == []


def test_pages_follow_one_another_without_a_gap_and_link_to_the_next() -> None:
    house = House()
    house.tell(*(event(f"e{n}", start=START + timedelta(minutes=n // 2)) for n in range(7)))
    seen: list[str] = []
    path: str | None = "/v1/events?limit=3&kind=incident"
    while path:
        response = house.get(path)
        body = json.loads(response.body)
        seen += [e["id"] for e in body["events"]]
        link = response.header("link")
        assert bool(link) == (body["next"] is not None)
        path = link[1 : link.index(">")] if link else None

    assert seen == sorted((f"e{n}" for n in range(7)), reverse=True)


def test_an_event_that_comes_between_two_pages_moves_nothing() -> None:
    house = House()
    house.tell(*(event(f"e{n}", start=START + timedelta(minutes=n)) for n in range(4)))
    first = house.json("/v1/events?limit=2")
    house.tell(event("new", start=NOW))

    assert ids(house, f"?limit=2&cursor={first['next']}") == ["e1", "e0"]


def test_an_event_older_than_the_state_is_found_by_its_id_and_by_since() -> None:
    house = House()
    began = datetime(2021, 11, 5, tzinfo=timezone.utc)
    past = event("past", state="resolved", start=began, end=began, since=began, changed_at=began)
    house.store.put_documents([ledger.document(past)], 1)

    assert house.json("/v1/events/past")["title"] == past.title
    assert ids(house, "?since=2021-11-01T00:00:00Z") == ["past"]
    assert ids(house) == []


@pytest.mark.parametrize("id_", ["nosuch", "theirs", "%00", "x" * 1500])
def test_what_is_unknown_and_what_is_out_of_scope_look_the_same(id_: str) -> None:
    house = House()
    house.tell(event("theirs", region=HK))

    body = house.json(f"/v1/events/{id_}", "small", 404)

    assert body == house.json("/v1/events/other", "small", 404)
    assert ids(house, who="small") == []
    assert ids(house, "?region=cn-hongkong", who="small") == []


def test_the_feed_and_drills_are_there_for_every_reader() -> None:
    house = House()
    house.tell(feed(), event("drill-1", kind="drill"))

    assert set(ids(house, who="small")) == {FEED, "drill-1"}
    assert ids(house, "?kind=feed", who="small") == [FEED]
    assert house.json("/v1/events/feed", "small")["kind"] == "feed"
    assert len(house.json("/v1/changes", "small")["changes"]) == 2


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("limit=0", "limit"), ("limit=501", "limit"), ("limit=ten", "limit"), ("limit=1,2", "limit"),
        ("limit=٣", "limit"),        ("since=yesterday", "since"),
        ("since=2022-12-18T00:00:00", "since"), ("until=2022-02-30", "until"),
        ("since=0001-01-01T00:00:00%2B23:59", "since"), ("since=2022-12-18T25:00:00Z", "since"),
        ("kind=outage", "kind"), ("state=closed", "state"), ("cursor=abc", "cursor"), ("cursor=é", "cursor"),
        ("produkt=ecs", "produkt"), ("at=2022-12-18T00:00:00Z", "at"), ("since=2022-12-18&until=2022-12-17", "until"),
    ],
)  # fmt: skip
def test_what_is_malformed_is_a_400_that_names_the_parameter(query: str, named: str) -> None:
    body = House().json(f"/v1/events?{query.replace('%2B', '+')}", status=400)

    assert body["detail"].startswith(f"{named}:")


def bodies(house: House, query: str = "", who: str = "acme") -> Any:
    return house.json(f"/v1/changes{query}", who)


def test_changes_are_the_very_bytes_that_are_pushed() -> None:
    house = House()
    house.tell(event("e1"), event("e2", product="oss"))
    entry = ledger.decode_entry(house.store.read_log("main", 0, 1)[0].blob)
    pushed = [
        message.of(change, entry, Position(1, number), None).body for number, change in enumerate(entry.changes, 1)
    ]

    response = house.get("/v1/changes")

    assert response.body.decode() == f'{{"changes":[{",".join(pushed)}],"next":null}}'


def test_history_is_not_among_the_changes_and_reading_goes_on_after_any_cursor() -> None:
    house = House()
    house.tell(event("h", revision=0, state="resolved"), event("a"))
    house.tell(event("b"), event("c"))

    everything = bodies(house)["changes"]

    assert [c["id"] for c in everything] == ["a.1", "b.1", "c.1"]
    for number, change in enumerate(everything):
        rest = bodies(house, f"?after={change['cursor']}")["changes"]
        assert [c["id"] for c in rest] == [c["id"] for c in everything[number + 1 :]]


def test_pages_of_changes_end_with_null() -> None:
    house = House()
    house.tell(*(event(f"e{n}") for n in range(5)))

    first = bodies(house, "?limit=2")
    second = bodies(house, f"?limit=2&after={first['next']}")
    third = bodies(house, f"?limit=2&after={second['next']}")

    assert [c["id"] for page in (first, second, third) for c in page["changes"]] == [f"e{n}.1" for n in range(5)]
    assert third["next"] is None


def test_a_full_last_page_has_no_next() -> None:
    house = House()
    house.tell(event("a"), event("b"))

    assert bodies(house, "?limit=2")["next"] is None


def test_the_cursor_passes_over_what_is_out_of_scope() -> None:
    house = House()
    house.tell(*(event(f"hk{n}") for n in range(3)), event("sg1", region=SG), event("sg2", region=SG))

    first = bodies(house, "?limit=1", "small")

    assert [c["id"] for c in first["changes"]] == ["sg1.1"]
    assert [c["id"] for c in bodies(house, f"?after={first['next']}", "small")["changes"]] == ["sg2.1"]


def test_a_page_looks_at_a_bounded_number_of_changes_and_says_where_to_go_on() -> None:
    house = House()
    for entry in range(SCANNED // 500):
        house.tell(*(event(f"hk{entry}.{n}") for n in range(500)))
    house.tell(event("sg", region=SG))

    first = bodies(house, "", "small")

    assert first["changes"] == []
    assert [c["id"] for c in bodies(house, f"?after={first['next']}", "small")["changes"]] == ["sg.1"]


def test_a_cursor_beyond_the_log_was_given_out_by_another_store_and_is_refused() -> None:
    house = House()
    house.tell(event("a"))

    assert house.get(f"/v1/changes?after={cursor.encode(Position(99, 1))}", "acme").status == 400
    assert bodies(house, f"?after={cursor.encode(Position(1, 1))}") == {"changes": [], "next": None}


@pytest.mark.parametrize("after", ["x", "bWFpbjoxOjE=", "b3RoZXI6MTox"])
def test_a_cursor_that_we_never_gave_is_a_400(after: str) -> None:
    assert House().json(f"/v1/changes?after={after}", status=400)["detail"].startswith("after:")


def test_an_entry_of_a_newer_version_stops_the_reader_with_503_and_no_trace() -> None:
    house = House()
    entry = Entry(id="n", at=NOW, token=1, schema=9, changes=(Change(verb="opened", event=event(), observed_at=NOW),))
    house.store.append("main", 1, msgspec.json.encode(entry))

    response = house.get("/v1/changes")

    assert response.status == 503
    assert b"Traceback" not in response.body


@pytest.fixture(scope="module")
def long_ago() -> House:
    """Three years with an event a day, some of them without a start."""
    house = House()
    for days in range(150, 1_100):
        begin = NOW - timedelta(days=days)
        start = None if days % 7 == 0 else begin
        gone = event(f"d{days}", state="resolved", start=start, end=begin, since=begin, changed_at=begin, revision=0)
        house.store.put_documents([ledger.document(gone)], 1)
    return house


@pytest.mark.parametrize("limit", [1, 30, 31, 500])
def test_pages_of_history_are_whole_in_order_and_without_doubles(long_ago: House, limit: int) -> None:
    seen: list[str] = []
    query = f"?since=2021-06-01&until=2022-03-01&limit={limit}"
    more = ""
    while True:
        body = long_ago.json(f"/v1/events{query}{more}")
        seen += [e["id"] for e in body["events"]]
        if body["next"] is None:
            break
        assert len(body["events"]) == limit
        more = f"&cursor={body['next']}"

    wanted = [
        f"d{days}" for days in range(150, 1_100) if "2021-06-01" <= f"{NOW - timedelta(days=days):%F}" < "2022-03-01"
    ]
    assert seen == wanted


def test_a_page_of_history_reads_no_more_months_than_it_needs(long_ago: House) -> None:
    long_ago.store.months_read.clear()
    first = long_ago.json("/v1/events?since=2020-12-01&limit=40")
    assert long_ago.store.months_read == ["2022-12", "2022-11", "2022-10", "2022-09", "2022-08", "2022-07", "2022-06"]
    long_ago.store.months_read.clear()
    long_ago.json(f"/v1/events?since=2020-12-01&limit=40&cursor={first['next']}")
    assert long_ago.store.months_read == ["2022-06", "2022-05"]


@pytest.mark.parametrize("microseconds", [10**17, -(10**17)])
def test_a_cursor_from_beyond_all_times_is_a_place_as_others(long_ago: House, microseconds: int) -> None:
    cursor_ = events_view.cursor_of((microseconds, "x"))

    assert long_ago.get(f"/v1/events?since=2020-12-01&limit=1&cursor={cursor_}").status == 200


def test_a_page_of_great_events_ends_early_and_goes_on() -> None:
    house = House()
    house.tell(*(event(f"e{n}", title="x" * 1_000_000, start=START + timedelta(minutes=n)) for n in range(6)))
    first = house.json("/v1/events")

    assert [e["id"] for e in first["events"]] == ["e5", "e4", "e3", "e2"]
    assert ids(house, f"?cursor={first['next']}") == ["e1", "e0"]
