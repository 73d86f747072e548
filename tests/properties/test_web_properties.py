"""Whatever is asked, in whatever way: an answer below 500, and the same one through both payloads."""

from __future__ import annotations

import base64
import http.client
import io
import json
import re
from contextlib import closing
from email.message import Message
from typing import Any
from urllib.parse import quote, quote_plus, unquote_to_bytes, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.fakes import loopback
from local.fakes.fc import http_event
from shd_relay.web import fc, wsgi
from shd_relay.web.http import Request
from shd_relay.web.table import ROUTES
from tests.fuzz.world import fuzzed
from tests.web_world import NOW, TOKENS, served

HOUSE = fuzzed(public=True)

ADDRESSES = sorted({route.template.replace("{id}", "hk-ecs").replace("{name}", "product-usage") for route in ROUTES})
FEEDS = [f"/f/{TOKENS['feeds']}{route.template}".replace("{id}", "hk-ecs") for route in ROUTES if route.feed]
PATHS = [*ADDRESSES, *FEEDS, "/f/wrong/feed.atom", "/f//", "/nosuch"]
NAMES = sorted({param.name for route in ROUTES for param in route.params})
VALUES = [
    "", "ecs", "cn-hongkong", "ListEvents", "open", "incident", "1", "0", "-1", "9" * 30, "2022-12-18", "9999-12-31",
    "0001-01-01", "2022-12-18T00:00:00 08:00", "9999-12-31T23:59:59-23:59", "bWFpbjoxOjE", "JSON", "2020-01-17",
    "bWFpbjo5OTk5OTk5OTk5OTk5OTk5OTk6OTk5OTk5OTk5", "LTk5OTk5OTk5OTk5OTk5OTk5OTp4", "\x00", "é", "a,b", "%",
]  # fmt: skip
HEADERS = [
    "authorization", "if-none-match", "accept", "accept-encoding", "accept-language", "origin", "host", "x-request-id",
]  # fmt: skip

any_text = st.text(max_size=40)
any_path = st.sampled_from(PATHS) | any_text.map("/v1/events/".__add__) | any_text.map("/".__add__) | any_text
any_query = st.lists(st.tuples(st.sampled_from(NAMES) | any_text, st.sampled_from(VALUES) | any_text), max_size=6)
any_headers = st.dictionaries(st.sampled_from(HEADERS), any_text | st.sampled_from(["*", "gzip", "Bearer acme-secret"]))
any_method = st.sampled_from(["GET", "HEAD", "OPTIONS", "POST"]) | any_text


@given(method=any_method, path=any_path, query=any_query, headers=any_headers)
@settings(max_examples=300, deadline=None)
def test_no_path_query_or_header_answers_5xx(method: str, path: str, query: Any, headers: dict[str, str]) -> None:
    request = Request(method=method, path=path, query=tuple(query), headers=headers, request_id="r")

    response = HOUSE.service(request)

    assert response.status < 500
    assert b"Traceback" not in response.body
    assert all(value.isprintable() and value.isascii() for _, value in response.headers)


@given(event=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_whatever_is_no_http_event_is_answered_with_400(event: bytes) -> None:
    assert HOUSE.service.handle_event(event, "r")["statusCode"] == 400


wire_text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
wire_headers = st.dictionaries(
    st.sampled_from(HEADERS), st.sampled_from(["*", "gzip", "Bearer acme-secret", "Bearer x", "https://portal.example"])
)
wire_query = st.lists(st.tuples(st.sampled_from(NAMES) | wire_text, st.sampled_from(VALUES) | wire_text), max_size=4)


@given(
    method=st.sampled_from(["GET", "HEAD", "OPTIONS", "POST"]),
    path=st.sampled_from(PATHS) | wire_text.map("/v1/events/".__add__),
    query=wire_query,
    headers=wire_headers,
)
@settings(max_examples=200, deadline=None)
def test_both_payloads_of_one_request_get_the_same_answer(
    method: str, path: str, query: list[tuple[str, str]], headers: dict[str, str]
) -> None:
    through_fc = _through_fc(method, path, query, headers)
    through_wsgi = _through_wsgi(method, path, query, headers)

    assert through_fc == through_wsgi


Answer = tuple[int, dict[str, str], bytes]


def _through_fc(method: str, path: str, query: list[tuple[str, str]], headers: dict[str, str]) -> Answer:
    joined: dict[str, str] = {}
    for name, value in query:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    payload = {
        "version": "v1", "rawPath": quote(path), "body": "", "isBase64Encoded": False, "queryParameters": joined,
        "headers": {name.title(): value for name, value in headers.items()},
        "requestContext": {"requestId": "r", "http": {"method": method, "path": path}},
    }  # fmt: skip
    return _unwrapped(HOUSE.service.handle_event(json.dumps(payload).encode()))


def _unwrapped(answer: dict[str, Any]) -> Answer:
    body = base64.b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()
    return answer["statusCode"], answer["headers"], body


def _through_wsgi(method: str, path: str, query: list[tuple[str, str]], headers: dict[str, str]) -> Answer:
    return _of_application(method, path.encode().decode("latin-1"), urlencode(query, quote_via=quote_plus), headers)


def _of_application(method: str, path: str, query: str, headers: dict[str, str]) -> Answer:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": query,
        "SERVER_NAME": "x", "SERVER_PORT": "80",
        "wsgi.input": io.BytesIO(),
    } | {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}  # fmt: skip
    started: list[Any] = []
    app = wsgi.application(HOUSE.service, new_id=lambda: "r")
    body = b"".join(app(environ, lambda status, headers: started.append((status, headers))))
    (status, sent) = started[0]
    kept = dict(sent)
    assert len(kept) == len(sent)
    length = kept.pop("Content-Length", None)
    assert length is None or method == "HEAD" or int(length) == len(body)
    return int(status[:3]), kept, body


# What stands in the first line of a request, as it comes over the wire: nothing is decoded, and nothing need be right.
wire_character = st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="?#")
junk = st.sampled_from(
    ["%", "%4", "%zz", "%00", "%2F", "%2e%2e", "%FF", "%C3%A9", "%E4%B8%AD", "%ED%A0%80", "%0d%0a", "+", ";", "&&", "=",
     "%26", "%3D", "%2B", "%25", "//", "."]
)  # fmt: skip
raw_text = st.lists(junk | st.text(wire_character, max_size=6), max_size=4).map("".join)
raw_path = (
    st.sampled_from(PATHS) | raw_text.map(lambda text: "/" + text.lstrip("/")) | raw_text.map("/v1/events/".__add__)
)
raw_pair = st.tuples(st.sampled_from(NAMES) | raw_text, st.sampled_from(VALUES).map(quote_plus) | raw_text)
raw_query = st.lists(raw_pair.map("=".join) | raw_text, max_size=5).map("&".join)
raw_target = st.tuples(raw_path, st.just("") | raw_query.map("?".__add__)).map("".join)
raw_headers = st.dictionaries(
    st.sampled_from(HEADERS),
    st.sampled_from(
        ["*", "*/*", "gzip", "gzip;q=0, *", "application/json", "text/html;q=0.1", "zh-CN,zh;q=0.9", "en",
         "Bearer acme-secret", "Bearer x", "Basic YWNtZTphY21lLXNlY3JldA==", "Basic ?", "https://portal.example",
         'W/"a", "b"']
    ) | st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_categories=["Cc"]), max_size=12),
)  # fmt: skip
raw_method = st.sampled_from(["GET", "GET", "GET", "HEAD", "OPTIONS", "POST", "PUT", "TRACE", "get", "PROPFIND"])


def _alike(method: str, target: str, headers: dict[str, str]) -> None:
    through_fc = _raw_through_fc(method, target, headers)
    path, _, query = target.partition("?")

    through_wsgi = _of_application(method, unquote_to_bytes(path).decode("latin-1"), query, headers)

    assert through_fc == through_wsgi
    assert through_fc[0] < 500


@given(method=raw_method, target=raw_target, headers=raw_headers)
@settings(max_examples=400, deadline=None)
def test_whatever_comes_over_the_wire_both_adapters_answer_alike(
    method: str, target: str, headers: dict[str, str]
) -> None:
    _alike(method, target, headers)


@pytest.mark.prove
@given(method=raw_method, target=raw_target, headers=raw_headers)
@settings(max_examples=100_000, deadline=None)
def test_a_hundred_thousand_requests_over_the_wire_are_answered_alike_by_both_adapters(
    method: str, target: str, headers: dict[str, str]
) -> None:
    _alike(method, target, headers)


# waitress takes several slashes at the beginning for one, also where they came as %2F: that is the server's doing.
served_target = raw_target.filter(lambda target: not unquote_to_bytes(target).startswith(b"//"))


@given(targets=st.lists(st.tuples(served_target, st.sampled_from(["GET", "HEAD", "OPTIONS"])), min_size=8, max_size=8))
@settings(max_examples=8, deadline=None)
def test_a_real_server_answers_as_function_compute_does(targets: list[tuple[str, str]]) -> None:
    with served(HOUSE) as port, closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        for target, method in targets:
            connection.putrequest(method, target, skip_accept_encoding=True)
            connection.putheader("Authorization", "Bearer acme-secret")
            connection.endheaders()
            answer = connection.getresponse()
            got = (answer.status, answer.getheader("ETag"), answer.getheader("Content-Type"), answer.read())

            status, headers, body = _raw_through_fc(method, target, {"authorization": "Bearer acme-secret"})

            expected = (status, headers.get("ETag"), headers.get("Content-Type"), body)
            assert _but_the_id(got) == _but_the_id(expected)


def _but_the_id(answer: tuple[int, Any, Any, bytes]) -> tuple[Any, ...]:
    """A server names each request anew, and a body of SHD's shape, or of an error, has that name in it."""
    status, tag, media, body = answer
    text = re.sub(rb'"(RequestId|request_id)":"[^"]*"', b"", body)
    return status, tag if text == body else None, media, re.sub(rb'"HostId":"[^"]*"', b"", text)


def _raw_through_fc(method: str, target: str, headers: dict[str, str]) -> Answer:
    """Through the local function host's own reading of a request, which knows nothing of our adapters."""
    message = Message()
    for name, value in headers.items():
        message[name.title()] = value
    request = loopback.Request(method=method, target=target, headers=message, body=b"")
    origin = http_event.Origin(request_id="r", account_id="1", trigger_id="t", now=NOW)
    return _unwrapped(HOUSE.service.handle_event(http_event.to_event(request, origin)))


def test_a_query_of_ten_thousand_characters_is_refused_through_both() -> None:
    for through in (_through_fc, _through_wsgi):
        assert through("GET", "/v1/events", [("cursor", "x" * 10_000)], {})[0] == 414


def test_a_call_of_the_invoke_api_is_a_path_that_we_do_not_have() -> None:
    assert _through_fc("POST", "/2023-03-30/functions/status/invocations", [], {})[0] == 404


def test_absent_and_null_parts_of_an_event_count_as_empty() -> None:
    payload = {"rawPath": None, "headers": None, "queryParameters": None, "requestContext": {"http": {"method": "GET"}}}

    answer = HOUSE.service.handle_event(json.dumps(payload).encode(), "from-context")

    assert answer["statusCode"] == 200
    assert answer["headers"]["X-Request-Id"] == "from-context"


def test_fc_request_is_read_whatever_the_case_of_its_headers() -> None:
    payload = {"rawPath": "/v1/events/%68k%2Decs", "headers": {"IF-none-Match": "*"},
               "requestContext": {"http": {"method": "GET"}}}  # fmt: skip

    request = fc.to_request(json.dumps(payload).encode())

    assert (request.path, request.header("if-none-match")) == ("/v1/events/hk-ecs", "*")
