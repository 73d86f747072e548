"""Whatever is asked, in whatever way: an answer below 500, and the same one through both payloads."""

from __future__ import annotations

import base64
import io
import json
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

from hypothesis import given, settings
from hypothesis import strategies as st

from shd_relay.web import fc, wsgi
from shd_relay.web.http import Request
from tests.web_world import House, event, hong_kong

HOUSE = House(public=True)
HOUSE.tell(*hong_kong())
HOUSE.tell(event("h", revision=0, state="resolved"))

PATHS = ["/", "/v1/status", "/v1/events", "/v1/events/hk-ecs", "/v1/changes", "/v1/list-events", "/healthz", "/nosuch"]
NAMES = [
    "product", "region", "kind", "state", "since", "until", "cursor", "limit", "after", "at", "Action", "ProductId",
    "RegionId", "EndDate", "NumOfDay", "Version", "Format", "productId", "regionId", "endDate", "numOfDay",
]  # fmt: skip
VALUES = [
    "", "ecs", "cn-hongkong", "ListEvents", "open", "incident", "1", "0", "-1", "9" * 30, "2022-12-18", "9999-12-31",
    "0001-01-01", "2022-12-18T00:00:00 08:00", "9999-12-31T23:59:59-23:59", "bWFpbjoxOjE", "JSON", "2020-01-17",
    "bWFpbjo5OTk5OTk5OTk5OTk5OTk5OTk6OTk5OTk5OTk5", "LTk5OTk5OTk5OTk5OTk5OTk5OTp4", "\x00", "é", "a,b", "%",
]  # fmt: skip
HEADERS = ["authorization", "if-none-match", "accept-encoding", "origin", "host", "x-request-id"]

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
    answer = HOUSE.service.handle_event(json.dumps(payload).encode())
    body = base64.b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()
    return answer["statusCode"], answer["headers"], body


def _through_wsgi(method: str, path: str, query: list[tuple[str, str]], headers: dict[str, str]) -> Answer:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": path.encode().decode("latin-1"),
        "QUERY_STRING": urlencode(query, quote_via=quote_plus), "SERVER_NAME": "x", "SERVER_PORT": "80",
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
