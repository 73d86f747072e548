"""What /v1/status says, and what it never says."""

from __future__ import annotations

from datetime import timedelta

from shd_relay import catalogue
from shd_relay.model import FEED
from tests.web_world import HK, NOW, SG, START, House, event


def statuses(house: House, query: str = "", who: str = "acme") -> dict[str, str]:
    body = house.json(f"/v1/status{query}", who)
    return {f"{pair['product']}/{pair['region']}": pair["status"] for pair in body["pairs"]}


def test_a_quiet_fresh_pair_is_operational_and_the_answer_has_exactly_the_fields_of_the_contract() -> None:
    house = House()

    body = house.json("/v1/status?product=ecs&region=cn-hongkong")

    assert body == {
        "as_of": "2022-12-18T03:59:18.000Z",
        "source": "fresh",
        "pairs": [
            {"product": "ecs", "region": HK, "status": "operational", "checked_at": "2022-12-18T03:59:18.000Z",
             "events": []}
        ],
    }  # fmt: skip


def test_pairs_stand_in_the_order_of_the_watch_list() -> None:
    assert list(statuses(House())) == [f"{p}/{r}" for p in ("ecs", "oss", "rds") for r in (HK, SG)]


def test_the_worst_open_event_is_the_status_and_all_open_ones_are_named_oldest_first() -> None:
    house = House()
    house.tell(event("young", kind="notice", start=START + timedelta(hours=1)), event("aged"))
    house.tell(event("later", kind="maintenance", state="scheduled"), event("gone", state="resolved"))

    (pair,) = house.json("/v1/status?product=ecs&region=cn-hongkong")["pairs"]

    assert pair["status"] == "incident"
    assert pair["events"] == ["aged", "young"]


def test_filters_take_comma_lists_in_any_case_and_what_is_unknown_is_an_empty_list() -> None:
    house = House()

    assert list(statuses(house, "?product=ECS,rds&region=cn-hongkong")) == [f"ecs/{HK}", f"rds/{HK}"]
    assert house.json("/v1/status?product=nosuch") == {"as_of": None, "source": "fresh", "pairs": []}


def test_the_age_of_the_data_is_a_header_in_whole_seconds() -> None:
    assert House().get("/v1/status").header("x-data-age") == "42"


def test_without_any_read_there_is_no_age_and_nothing_is_operational() -> None:
    house = House()
    house.read_at(NOW, only=[], complete_at=None)

    response = house.get("/v1/status")

    assert response.header("x-data-age") == ""
    assert set(statuses(house).values()) == {"unknown"}
    assert house.json("/v1/status")["as_of"] is None


def test_a_stale_pair_turns_unknown_while_worse_stays() -> None:
    house = House()
    house.tell(event())
    old = NOW - timedelta(minutes=10)
    fresh = [pair for pair in house.site.pairs if pair.product != "ecs"]
    read = {str(pair): NOW for pair in fresh} | {f"ecs/{HK}": old, f"ecs/{SG}": old}
    house.read_at(NOW, read=read)

    found = statuses(house)

    assert (found[f"ecs/{HK}"], found[f"ecs/{SG}"], found[f"oss/{SG}"]) == ("incident", "unknown", "operational")
    assert house.json("/v1/status")["source"] == "fresh"


def test_over_half_of_the_pairs_old_makes_the_source_stale() -> None:
    house = House()
    house.read_at(NOW, read={str(pair): NOW - timedelta(minutes=4) for pair in house.site.pairs[:4]})

    assert house.json("/v1/status")["source"] == "stale"


def test_while_blind_a_quiet_pair_is_unknown_although_it_was_read_lately_and_worse_stays() -> None:
    house = House()
    house.tell(event())
    house.read_at(NOW, without_answer=2)

    found = statuses(house)

    assert house.json("/v1/status")["source"] == "blind"
    assert found.pop(f"ecs/{HK}") == "incident"
    assert set(found.values()) == {"unknown"}


def test_no_finished_poll_for_three_intervals_is_blind() -> None:
    house = House()
    house.read_at(NOW - timedelta(seconds=181))

    assert house.json("/v1/status")["source"] == "blind"


def test_never_polled_is_blind_and_everything_unknown() -> None:
    house = House(polled=False)

    assert house.json("/v1/status")["source"] == "blind"
    assert set(statuses(house).values()) == {"unknown"}


def test_a_store_that_stops_answering_leaves_the_last_copy_marked_blind() -> None:
    house = House()
    house.tell(event())
    house.json("/v1/status")
    house.store.broken = True
    house.ticks += 60

    found = statuses(house)

    assert house.get("/v1/status").header("x-source-state") == "blind"
    assert found[f"ecs/{HK}"] == "incident"
    assert found[f"oss/{HK}"] == "unknown"


def test_a_store_that_never_answered_is_503_with_retry_after() -> None:
    house = House()
    house.store.broken = True

    response = house.get("/v1/status")

    assert response.status == 503
    assert response.header("retry-after") == "10"
    assert response.header("content-type") == "application/problem+json"


def test_a_clock_that_was_moved_asks_for_the_state_of_its_own_moment() -> None:
    house = House()
    house.tell(event("e1"))
    house.json("/v1/status")
    house.tell(event("e3", product="oss"))
    house.ticks -= 60
    house.now += timedelta(minutes=1)
    assert statuses(house)[f"oss/{HK}"] == "incident"


def test_the_store_is_read_again_after_a_second_and_then_only_the_new_rows() -> None:
    house = House()
    house.tell(event("e1"))
    house.tell(event("e2"))
    house.json("/v1/status")
    house.tell(event("e3", product="oss"))
    house.ticks -= 59.5
    assert statuses(house)[f"oss/{HK}"] == "operational", "the copy is half a second old"
    before = house.store.rows_read

    house.ticks += 3

    assert statuses(house)[f"oss/{HK}"] == "incident"
    assert house.store.rows_read - before == 1


def test_a_partner_sees_its_own_pairs_only() -> None:
    assert list(statuses(House(), who="small")) == [f"ecs/{SG}", f"oss/{SG}"]


def test_the_state_of_the_source_is_the_same_for_every_partner() -> None:
    house = House()
    old = {str(pair): NOW - timedelta(hours=1) for pair in house.site.pairs}
    house.read_at(NOW, read=old | {f"ecs/{SG}": NOW, f"oss/{SG}": NOW})

    assert house.json("/v1/status", "small")["source"] == "stale"
    assert set(statuses(house, who="small").values()) == {"operational"}


def test_the_feed_and_drills_are_no_trouble_of_a_pair() -> None:
    house = House()
    house.tell(event(FEED, kind="feed", product="", region="", severity=None), event("d", kind="drill"))

    assert set(statuses(house).values()) == {"operational"}


def test_what_is_open_beyond_the_watch_list_stands_after_it_and_goes_with_its_events() -> None:
    house = House()
    house.tell(event("z", product="zz-new", region=HK), event("n", product="newthing", region=SG, kind="notice"))
    house.tell(event("N", product="NewThing", region=SG), event("later", product="aa", region=SG, state="scheduled"))
    watched = len(house.site.pairs)

    rows = house.json("/v1/status")["pairs"]
    assert rows[watched:] == [
        {"product": "newthing", "region": SG, "status": "incident", "checked_at": None, "events": ["N", "n"]},
        {"product": "zz-new", "region": HK, "status": "incident", "checked_at": None, "events": ["z"]},
    ]

    house.tell(event("z", revision=2, product="zz-new", region=HK, state="resolved", end=NOW), verb="resolved")
    assert list(statuses(house))[watched:] == [f"newthing/{SG}"]


def test_the_filters_find_a_product_that_nobody_watches() -> None:
    house = House()
    house.tell(event("n", product="newthing", region=SG))

    assert statuses(house, "?product=NEWTHING") == {f"newthing/{SG}": "incident"}
    assert statuses(house, f"?product=newthing&region={HK}") == {}
    assert [e["id"] for e in house.json("/v1/events?product=newthing")["events"]] == ["n"]


def test_what_nobody_watches_says_nothing_of_the_age_of_the_data() -> None:
    house = House()
    before = house.get("/v1/status")
    house.tell(event("n", product="newthing", region=SG))
    after = house.get("/v1/status")

    for name in ("x-source-state", "x-data-age"):
        assert after.header(name) == before.header(name)
    assert house.json("/v1/status?product=newthing")["as_of"] is None


def test_the_catalogue_is_not_asked_while_all_that_is_known_is_watched() -> None:
    house = House()
    house.tell(event(), event("d", kind="drill", product="drill", region="drill"))
    catalogue.contents.cache_clear()
    catalogue._known.cache_clear()

    house.json("/v1/status")

    assert catalogue.contents.cache_info().misses == 0


def test_no_body_holds_the_time_of_answering() -> None:
    house = House()
    first = house.get("/v1/status")
    house.now += timedelta(seconds=9)

    second = house.get("/v1/status")

    assert first.body == second.body
    assert (first.header("x-data-age"), second.header("x-data-age")) == ("42", "51")
