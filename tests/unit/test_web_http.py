"""What HTTP asks of every answer: validators, caching, compression, methods, CORS, errors."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json

import pytest

from shd_relay.web.routes import Route
from shd_relay.web.table import ROUTES
from shd_relay.web.wsgi import application
from tests.web_world import House, event, hong_kong, unpacked

PAGES = ["/", "/v1/status", "/v1/events", "/v1/changes"]


@pytest.fixture
def house() -> House:
    filled = House(public=True)
    filled.tell(*hong_kong())
    return filled


@pytest.mark.parametrize("path", PAGES)
def test_the_etag_is_the_hash_of_the_bytes_and_strong(house: House, path: str) -> None:
    for coding in ("", "gzip"):
        response = house.get(path, accept_encoding=coding)
        assert response.header("etag") == f'"{hashlib.sha256(response.body).hexdigest()[:32]}"'


@pytest.mark.parametrize("shape", ["{}", "W/{}", '"other", {}', '"a,b" ,W/{}', "*"])
def test_what_the_client_has_is_304_without_a_body(house: House, shape: str) -> None:
    tag = house.get("/v1/status").header("etag")

    response = house.get("/v1/status", if_none_match=shape.format(tag))

    assert (response.status, response.body) == (304, b"")
    assert response.header("etag") == tag
    assert response.header("cache-control")
    assert response.header("vary")


@pytest.mark.parametrize("given", ['"other"', "", "nonsense", '"', '""'])
def test_what_the_client_has_not_is_sent(house: House, given: str) -> None:
    assert house.get("/v1/status", if_none_match=given).status == 200


def test_a_new_change_gives_a_new_etag(house: House) -> None:
    before = house.get("/v1/status").header("etag")
    house.tell(event("new"))

    assert house.get("/v1/status").header("etag") != before


def test_a_partner_s_answers_are_private_and_the_public_s_are_not(house: House) -> None:
    assert house.get("/v1/status", "acme").header("cache-control") == "private, no-cache"
    assert house.get("/v1/status", None).header("cache-control") == "public, max-age=30"
    assert "Authorization" in house.get("/v1/status", None).header("vary")


@pytest.mark.parametrize(
    ("asked", "packed"),
    [("gzip", True), ("GZIP;q=0.5", True), ("br, gzip", True), ("*", True), ("gzip;q=0", False), ("", False),
     ("*;q=0", False), ("identity", False), ("gzip;q=0, *", False), ("gzip;q=abc", False), ("gzip; q=1.0", True)],
)  # fmt: skip
def test_gzip_is_sent_to_those_who_ask_for_it(house: House, asked: str, packed: bool) -> None:
    response = house.get("/", accept_encoding=asked)

    assert (response.header("content-encoding") == "gzip") == packed
    assert unpacked(response) == house.get("/").body
    assert "Accept-Encoding" in response.header("vary")


def test_small_answers_are_not_packed(house: House) -> None:
    assert house.get("/healthz", accept_encoding="gzip").header("content-encoding") == ""


@pytest.mark.parametrize(
    "path",
    ["/nosuch", "/v1", "/v1/status/", "/V1/status", "/v1/events/", "/v1/events/a/b", "//", "",
     "/2023-03-30/functions/status/invocations", "/v1/events/../status"],
)  # fmt: skip
def test_an_unknown_path_is_404(house: House, path: str) -> None:
    response = house.get(path)

    assert response.status == 404
    assert json.loads(response.body) == {
        "type": "about:blank", "title": "Not Found", "status": 404, "detail": "there is no such address",
        "request_id": "req-1",
    }  # fmt: skip


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "get", "", "X" * 99])
def test_another_method_is_405_with_allow(house: House, method: str) -> None:
    response = house.get("/v1/status", method=method)

    assert response.status == 405
    assert response.header("allow") == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.template + route.when)
def test_every_route_answers_options_without_a_token(route: Route) -> None:
    path = route.template.replace("{id}", "x") + (f"?{route.when}=x" if route.when else "")

    response = House().get(path, None, "OPTIONS")

    assert (response.status, response.body) == (204, b"")
    assert "GET" in response.header("allow")


def test_a_page_of_the_allow_list_may_read_the_answers_and_another_may_not(house: House) -> None:
    ours = house.get("/v1/status", origin="https://portal.example")
    theirs = house.get("/v1/status", origin="https://evil.example")

    assert ours.header("access-control-allow-origin") == "https://portal.example"
    assert "ETag" in ours.header("access-control-expose-headers")
    assert theirs.header("access-control-allow-origin") == ""
    assert "Origin" in theirs.header("vary")


def test_a_preflight_of_the_allow_list_is_granted(house: House) -> None:
    response = house.get(
        "/v1/status", None, "OPTIONS", origin="https://portal.example", access_control_request_method="GET"
    )

    assert response.header("access-control-allow-headers") == "Authorization, If-None-Match"
    names = [name.lower() for name, _ in response.headers]
    assert len(names) == len(set(names))


def test_a_refusal_can_be_read_by_an_allowed_page_too() -> None:
    response = House().get("/v1/status", None, origin="https://portal.example")

    assert response.status == 401
    assert response.header("access-control-allow-origin") == "https://portal.example"


@pytest.mark.parametrize("path", ["/v1/events?cursor=" + "x" * 10_000, "/v1/events/" + "x" * 10_000,
                                  "/v1/list-events?productId=" + "x" * 10_000])  # fmt: skip
def test_what_is_far_too_long_is_414(house: House, path: str) -> None:
    assert house.get(path).status == 414


def test_every_answer_names_the_request_and_forbids_guessing_its_type(house: House) -> None:
    for path in [*PAGES, "/healthz", "/nosuch", "/v1/status?x=1"]:
        response = house.get(path)
        assert response.header("x-request-id") == "req-1"
        assert response.header("x-content-type-options") == "nosniff"


def test_every_route_has_a_summary_and_every_parameter_says_what_it_is() -> None:
    assert all(route.summary for route in ROUTES)
    assert all(param.about for route in ROUTES for param in route.params)


def test_head_says_what_get_would_say_and_no_adapter_sends_its_body(house: House) -> None:
    event = {"rawPath": "/v1/status", "requestContext": {"requestId": "r", "http": {"method": "HEAD"}}}
    environ = {"REQUEST_METHOD": "HEAD", "PATH_INFO": "/v1/status"}
    sent: list[tuple[str, str]] = []
    get = house.get("/v1/status", None)

    through_fc = house.service.handle_event(json.dumps(event).encode())
    through_wsgi = b"".join(application(house.service)(environ, lambda _status, headers: sent.extend(headers)))

    assert (through_fc["statusCode"], through_fc["body"], through_wsgi) == (200, "", b"")
    assert through_fc["headers"]["ETag"] == dict(sent)["ETag"] == get.header("etag")
    assert dict(sent)["Content-Length"] == str(len(get.body))
    assert "Content-Length" not in through_fc["headers"]


def test_packed_bodies_go_through_function_compute_in_base64(house: House) -> None:
    event = {"rawPath": "/", "headers": {"Accept-Encoding": "gzip"}, "requestContext": {"http": {"method": "GET"}}}

    answer = house.service.handle_event(json.dumps(event).encode())

    assert answer["isBase64Encoded"] is True
    assert gzip.decompress(base64.b64decode(answer["body"])) == house.get("/", None).body


@pytest.mark.parametrize("wrapped", ["{}x", '"a"b{}', "x{}", '{} "b"'])
def test_what_only_looks_like_the_tag_is_not_it(house: House, wrapped: str) -> None:
    tag = house.get("/v1/status").header("etag")

    assert house.get("/v1/status", if_none_match=wrapped.format(tag)).status == 200


@pytest.mark.parametrize(("url", "sent"), [("https://status.example", "max-age=31536000"), (None, "")])
def test_browsers_are_told_to_come_by_https_only_where_it_is_to_be_had(url: str | None, sent: str) -> None:
    assert House(public_url=url).get("/v1/status").header("strict-transport-security") == sent


def test_headers_and_parameters_that_are_null_in_an_event_are_none(house: House) -> None:
    request = {"rawPath": "/v1/status", "headers": {"accept": None}, "queryParameters": {"product": None},
               "requestContext": {"http": {"method": "GET"}}}  # fmt: skip
    answer = house.service.handle_event(json.dumps(request).encode())

    assert answer["statusCode"] == 200
    assert len(json.loads(answer["body"])["pairs"]) == 6


def test_an_event_that_is_none_is_refused_whatever_the_context_calls_it(house: House) -> None:
    assert house.service.handle_event(b"{", "\ud800")["statusCode"] == 400
