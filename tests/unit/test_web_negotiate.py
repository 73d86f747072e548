"""What a client takes, and what it gets if that is not what an address has."""

from __future__ import annotations

import json

import pytest

from shd_relay.web.http import Request
from shd_relay.web.negotiate import accepts
from tests.web_world import SG, House


@pytest.mark.parametrize(
    ("header", "media", "taken"),
    [
        ("", "application/json", True),
        ("*/*", "application/json", True),
        ("application/json", "application/json", True),
        ("Application/JSON; q=0.5", "application/json", True),
        ("application/*", "application/json", True),
        ("text/html, application/xhtml+xml, */*;q=0.8", "application/json", True),
        ("text/html", "application/json", False),
        ("text/*", "application/json", False),
        ("application/json;q=0", "application/json", False),
        ("application/json;q=0, */*", "application/json", False),
        ("application/*;q=0, application/json", "application/json", True),
        ("*/*;q=0", "text/html", False),
        ("text/html;q=abc", "text/html", False),
        ("text/html;level=1;q=0", "text/html", False),
        (",,, text/html ,,", "text/html", True),
        (";;;", "text/html", False),
        ("application/xml", "application/atom+xml", True),
        ("text/xml", "application/atom+xml", True),
        ("application/json", "application/schema+json", True),
        ("application/json", "application/vnd.oai.openapi+json", True),
        ("application/json", "text/calendar", False),
    ],
)
def test_the_most_specific_range_decides(header: str, media: str, taken: bool) -> None:
    assert accepts(Request(method="GET", path="/", headers={"accept": header}), media) is taken


@pytest.mark.parametrize(("path", "accept"), [("/v1/status", "text/html"), ("/", "application/json")])
def test_what_an_address_has_not_is_406_and_says_what_it_has(path: str, accept: str) -> None:
    response = House().get(path, accept=accept)

    assert response.status == 406
    assert response.header("content-type") == "application/problem+json"
    assert ("text/html" if path == "/" else "application/json") in json.loads(response.body)["detail"]


def test_who_has_no_token_learns_that_first() -> None:
    assert House().get("/v1/status", None, accept="text/html").status == 401


def test_shds_sdks_ask_for_bytes_and_get_json() -> None:
    path = f"/?Action=ListEvents&ProductId=ecs&RegionId={SG}"

    assert House().get(path, accept="application/octet-stream").status == 200


def test_a_refusal_comes_in_its_own_shape_whatever_is_taken() -> None:
    assert (
        House().get("/v1/events/none", accept="application/json").header("content-type") == "application/problem+json"
    )
