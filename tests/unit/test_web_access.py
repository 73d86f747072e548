"""Who may see what: tokens, plans, scopes, and the public."""

from __future__ import annotations

import base64
import json

import pytest

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


def test_events_of_pairs_outside_the_watch_list_are_shown_to_nobody() -> None:
    house = House(public=True)
    house.tell(event("x", region="eu-west-1"))

    assert house.json("/v1/events", None)["events"] == []


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
