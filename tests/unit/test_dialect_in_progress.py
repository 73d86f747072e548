"""Answers about all that is going on, in any shape they may come."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shd_relay.adapters.sweeping import MOST_FURTHER, observations
from shd_relay.dialect import MOST_UNREADABLE
from shd_relay.dialect_in_progress import MOST_TEXT, UNKNOWN, Sweep, one_each, read_in_progress, read_page
from shd_relay.errors import ContractError
from shd_relay.model import ALWAYS, IN_PROGRESS, Item, Pair
from shd_relay.ports import ReadRequest
from tests.world import ECS, minutes

START = 1_680_660_940_017  # the documentation's own sample
AT = datetime(2023, 4, 5, 2, 15, 40, 17_000, tzinfo=timezone.utc)


def impact(product: object = "ecs", region: object = "cn-hongkong", **more: Any) -> dict[str, Any]:
    return {"Product": {"ProductId": product}, "Region": {"RegionId": region}, "StartTime": START} | more


def event(*impacts: Any, number: object = 7, **more: Any) -> dict[str, Any]:
    return {"Id": number, "Title": "Trouble", "StartTime": START, "EventUpdates": [], "Impacts": list(impacts)} | more


def read(*rows: Any, **more: Any) -> Sweep:
    return read_in_progress(json.dumps({"RequestId": "r", "Data": list(rows)} | more).encode())


def test_an_event_is_one_item_for_each_of_its_impacts_with_its_updates() -> None:
    updates = [{"Content": "second", "PublishTime": START + 2000}, {"Content": "first", "PublishTime": START + 1000}]
    found = read(event(impact(), impact("oss", RecoveryTime=START + 5000), EventUpdates=updates))
    ecs, oss = found.items[ECS], found.items[Pair("oss", "cn-hongkong")]
    assert [(i.title, i.severity, i.start, i.end, i.source_id) for i in ecs] == [("Trouble", None, AT, None, "7")]
    assert oss[0].end is not None
    assert [update.text for update in ecs[0].updates] == ["first", "second"]


def test_ids_come_with_a_line_end_in_the_documentations_sample() -> None:
    assert set(read(event(impact("ecs\n", "cn-hongkong\n"))).items) == {ECS}


@pytest.mark.parametrize("product", ["a b", "a/b", "ecs\nx", "x" * 65, "", None, 7, ["ecs"], "<script>"])
def test_what_is_no_id_leaves_the_place_open_and_drops_nothing(product: object) -> None:
    assert set(read(event(impact(product))).items) == {Pair(UNKNOWN, "cn-hongkong")}


@pytest.mark.parametrize("impacts", [None, []])
def test_an_event_without_impacts_is_at_an_unknown_place(impacts: object) -> None:
    assert set(read(event(Impacts=impacts)).items) == {Pair(UNKNOWN, UNKNOWN)}


@pytest.mark.parametrize("row", [7, "text", None, [], event(Impacts={"a": 1}), event("text"), event(Impacts="ecs")])
def test_a_row_that_cannot_be_placed_is_set_aside_and_no_pair_was_read_whole(row: object) -> None:
    found = read(row, event(impact()))
    assert set(found.unreadable) == {Pair(UNKNOWN, UNKNOWN)}
    seen = list(observations(IN_PROGRESS, [ReadRequest(ECS, AT)], found, AT, "oo-region"))
    assert all(not each.whole and each.windows == () for each in seen)
    assert [len(each.items) for each in seen if each.pair == ECS] == [1]


def test_an_impact_that_cannot_be_read_flags_its_own_pair_alone() -> None:
    found = read(event(impact(StartTime="soon"), impact("oss")))
    assert (set(found.items[Pair("oss", "cn-hongkong")]), set(found.unreadable)) == (
        {found.items[Pair("oss", "cn-hongkong")][0]}, {ECS},
    )  # fmt: skip


@pytest.mark.parametrize("number", [True, 0, None, 1.5, {"a": 1}, ""])
def test_what_is_no_id_of_an_event_is_not_taken_for_one(number: object) -> None:
    assert [item.source_id for item in read(event(impact(), number=number)).items[ECS]] == [None]


def test_two_impacts_on_one_pair_go_on_until_both_are_over_however_they_are_spelt() -> None:
    found = read(event(impact("ECS", RecoveryTime=START + 9000), impact(StartTime=START + 1000)))
    [seen] = observations(IN_PROGRESS, [ReadRequest(ECS, AT)], found, AT, "oo-region")
    assert [(item.start, item.end) for item in seen.items] == [(AT, None)]
    assert seen.windows == (ALWAYS,)


@pytest.mark.parametrize("region", ["oo-region", "non-regional", "Global", None])
def test_what_has_no_region_is_in_the_one_of_the_settings(region: object) -> None:
    pair = Pair("cdn", "my-region")
    found = read(event(impact("CDN", region)))
    [seen] = observations(IN_PROGRESS, [ReadRequest(pair, AT)], found, AT, "my-region")
    assert (seen.pair, len(seen.items)) == (pair, 1)


@pytest.mark.parametrize("more", [
    {"Data": None}, {"Data": {}}, {"Data": 7}, {"Data": [], "Total": 3}, {"Data": [], "Success": "false"},
    {"Data": [], "Code": 500}, {"Data": [], "Total": "many"},
])  # fmt: skip
def test_what_is_no_complete_answer_is_none(more: dict[str, Any]) -> None:
    with pytest.raises(ContractError):
        read(**more)


def test_null_is_complete_and_empty_where_the_answer_says_by_itself_that_it_succeeded() -> None:
    assert read(Data=None, Code=200, Total=0) == Sweep({}, {})


def test_a_great_answer_costs_no_more_than_its_size() -> None:
    update = [{"Content": "x" * 1000, "PublishTime": START + n} for n in range(500)]
    found = read(event(*(impact(f"p{n}", "r") for n in range(2000)), EventUpdates=update))
    assert sum(len(u.text) for u in found.items[Pair("p0", "r")][0].updates) <= MOST_TEXT
    assert found.items[Pair("p0", "r")][0].updates is found.items[Pair("p1999", "r")][0].updates
    seen = list(observations(IN_PROGRESS, [ReadRequest(ECS, AT)], found, AT, "oo-region"))
    assert len(seen) == 1 + MOST_FURTHER
    bad = read(event(*(impact(StartTime="soon") for _ in range(2000))))
    assert sum(map(len, bad.unreadable.values())) == MOST_UNREADABLE


def test_items_without_an_id_are_one_only_if_they_are_the_same() -> None:
    one, other = Item(title="a", start=minutes(0)), Item(title="b", start=minutes(0))
    assert one_each([one, other, one]) == (one, other)


@pytest.mark.parametrize(("row", "region", "pairs"), [
    ({"productId": "ecs"}, "cn-hongkong", {ECS}),
    ({"productId": "ecs", "regionId": "cn-hongkong"}, None, {ECS}),
    ({"products": [{"productId": "ecs"}, {"productId": "oss"}], "regions": [{"regionId": "cn-hongkong"}]}, None,
     {ECS, Pair("oss", "cn-hongkong")}),
    ({"products": ["ecs"], "regions": ["cn-hongkong"]}, None, {ECS}),
    ({"products": None, "regions": None}, None, {Pair(UNKNOWN, UNKNOWN)}),
])  # fmt: skip
def test_the_pages_rows_name_places_in_several_ways(row: dict[str, Any], region: str | None, pairs: set[Pair]) -> None:
    body = {"code": 200, "success": True, "total": 1, "data": [{"title": "T", "startTime": START} | row]}
    assert set(read_page(json.dumps(body).encode(), region).items) == pairs


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from([START, "ecs"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["Id", "Title", "StartTime", "EventUpdates", "Impacts", "Product", "ProductId", "Region",
                         "RegionId", "RecoveryTime", "Content", "PublishTime", "Data", "Total", "Code", "Success"]),
        inner, max_size=6,
    ),
    max_leaves=25,
)  # fmt: skip


@given(st.lists(ANYTHING, max_size=4), st.none() | st.just("cn-hongkong"))
def test_whatever_an_answer_holds_it_is_read_or_is_a_contract_error(rows: list[Any], region: str | None) -> None:
    body = json.dumps({"Data": rows}).encode()
    for reader in (read_in_progress, lambda body: read_page(body, region)):
        try:
            found = reader(body)
        except ContractError:
            continue
        for seen in observations(IN_PROGRESS, [ReadRequest(ECS, AT)], found, AT, "oo-region"):
            assert all(item.title for item in seen.items)
