"""Who may see what: tokens, plans, scopes, and the public."""

from __future__ import annotations

import base64
import json

import msgspec
import pytest

from shd_relay.web.service import Service
from tests.web_world import HK, SG, House, event

ASKING = ["/", "/v1/status", "/v1/events", "/v1/events/e1", "/v1/changes", "/v1/list-events?productId=ecs&regionId=x"]


def basic(name: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


@pytest.mark.parametrize("path", ASKING)
def test_no_token_where_one_is_needed_is_401_with_both_challenges(path: str) -> None:
    response = House().get(path, None)

    assert response.status == 401
    challenge = response.header("www-authenticate")
    assert challenge.startswith("Basic realm=")
    assert ", Bearer realm=" in challenge


@pytest.mark.parametrize("path", ASKING)
@pytest.mark.parametrize("public", [False, True])
@pytest.mark.parametrize(
    "authorization",
    ["Bearer wrong", "Bearer", "Basic", "Basic !!!", "Digest x", "acme-secret", basic("acme", "wrong"),
     basic("small", "acme-secret"), "Basic YWNtZQ==", "Bearer é", "Bearer " + "x" * 5_000, "Bearer \ud800"],
)  # fmt: skip
def test_a_wrong_token_is_401_even_in_public(path: str, public: bool, authorization: str) -> None:
    response = House(public=public).get(path, None, authorization=authorization)

    assert response.status == 401
    assert response.header("www-authenticate")


@pytest.mark.parametrize(
    "authorization",
    ["Bearer acme-secret", "bearer acme-secret", "Bearer  acme-secret ", basic("acme", "acme-secret")],
)
def test_a_token_opens_the_door_as_bearer_or_as_the_password_of_the_partner(authorization: str) -> None:
    assert House().get("/v1/status", None, authorization=authorization).status == 200


def test_a_plan_that_has_ended_is_403_and_says_so() -> None:
    body = House().json("/v1/status", "old", 403)

    assert "ended" in body["detail"]
    assert "2022-12-17" in body["detail"]


def test_a_plan_that_has_not_begun_is_403_and_says_so() -> None:
    assert "has not begun" in House().json("/v1/status", "soon", 403)["detail"]


def test_a_token_for_something_else_is_403() -> None:
    assert "scope read" in House().json("/v1/status", "feeds", 403)["detail"]


def test_in_public_the_whole_watch_list_is_shown_without_a_token() -> None:
    house = House(public=True)
    house.tell(event())

    assert len(house.json("/v1/status", None)["pairs"]) == 6
    assert len(house.json("/v1/events", None)["events"]) == 1
    assert len(house.json("/v1/changes", None)["changes"]) == 1
    assert house.get("/", None).status == 200


def test_a_partner_keeps_its_scope_in_public() -> None:
    house = House(public=True)

    assert {p["region"] for p in house.json("/v1/status", "small")["pairs"]} == {SG}


def test_events_of_pairs_that_were_left_out_of_the_watch_list_are_shown_to_nobody() -> None:
    house = House(public=True)
    house.tell(event("x", region="eu-west-1"), event("y", product="kms"))

    for who in (None, "acme"):
        assert found(house, who) == (set(), set(), set(), 0)
        assert house.json("/v1/list-events?productId=ecs&regionId=eu-west-1", who)["Total"] == 0


def found(house: House, who: str | None) -> tuple[set[str], set[str], set[str], int]:
    """What is open beyond the watch list: ids in status, in events, in changes; and how many cards the page has."""
    watched = {(pair.product, pair.region) for pair in house.site.pairs}
    pairs = [p for p in house.json("/v1/status", who)["pairs"] if (p["product"], p["region"]) not in watched]
    events = house.json("/v1/events", who)["events"]
    changes = house.json("/v1/changes", who)["changes"]
    return (
        {id_ for pair in pairs for id_ in pair["events"]},
        {shown["id"] for shown in events},
        {change["data"]["event"]["id"] for change in changes},
        house.get("/", who).body.decode().count("<article"),
    )


@pytest.mark.parametrize(
    ("product", "region", "seen_by"),
    [
        ("newthing", SG, {None, "acme"}),  # small: its products do not name it
        ("newthing", "xx-new-1", {None, "acme"}),
        ("newthing", "eu-west-1", {None, "acme"}),
        ("ECS", "xx-new-1", {None, "acme"}),
        ("ecs", "oo-region", {None, "acme"}),
    ],
)
def test_a_pair_that_nobody_could_list_is_shown_to_whom_the_scope_allows_it(
    product: str, region: str, seen_by: set[str | None]
) -> None:
    house = House(public=True)
    house.tell(event("new", product=product, region=region))
    ids = {"new"}

    for who in (None, "acme", "small"):
        seen = who in seen_by
        assert found(house, who) == ((ids, ids, ids, 1) if seen else (set(), set(), set(), 0)), who
        assert (house.get("/v1/events/new", who).status == 200) is seen
        own = house.json(f"/v1/list-events?productId={product}&regionId={region}", who)
        assert own["Total"] == (1 if seen else 0)


def test_a_partner_whose_lists_name_what_nobody_watches_sees_it() -> None:
    house = House()
    small = next(partner for partner in house.site.config.partners if partner.id == "small")
    other = msgspec.structs.replace(small, products=("NewThing",), regions=("ap-southeast-1", "xx-new-1"))
    config = msgspec.structs.replace(house.site.config, partners=(other,))
    house.site = msgspec.structs.replace(house.site, config=config)
    house.service = Service(house.store, house.site, now=lambda: house.now, monotonic=lambda: house.ticks)
    house.tell(event("e1", product="newthing", region=SG), event("e2", product="newthing", region="xx-new-1"))
    house.tell(event("e3", product="newthing", region=HK), event("e4", region=SG))

    assert [e["id"] for e in house.json("/v1/events", "small")["events"]] == ["e2", "e1"]
    assert house.get("/v1/events/e3", "small").status == 404
    assert [p["events"] for p in house.json("/v1/status", "small")["pairs"]] == [["e1"], ["e2"]]


def test_the_process_is_healthy_without_a_token_and_without_a_store() -> None:
    house = House()
    house.store.broken = True

    response = house.get("/healthz", None)

    assert (response.status, json.loads(response.body)) == (200, {"status": "ok"})
    assert response.header("cache-control") == "no-store"


def test_no_answer_holds_the_token() -> None:
    house = House()
    for path in [*ASKING, "/nosuch"]:
        response = house.get(path, None, authorization="Bearer very-secret-token")
        assert "very-secret-token" not in f"{response.headers}{response.body!r}"


def test_the_own_query_of_a_pair_out_of_scope_is_empty() -> None:
    house = House()
    house.tell(event())
    query = f"/v1/list-events?productId=ecs&regionId={HK}"

    assert house.json(query, "acme")["Total"] == 1
    assert house.json(query, "small")["Data"] == []
