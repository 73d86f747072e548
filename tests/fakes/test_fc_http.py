"""The HTTP trigger of the function host, over real sockets."""

from __future__ import annotations

import base64
import http.client
import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from local.fakes.fc import FunctionHost
from tests.fakes.fc_deploy import HTTP, host_of

NOON = datetime(2026, 11, 1, 12, tzinfo=timezone.utc)
ECHO = "def handler(event, context):\n    return {'statusCode': 200, 'headers': {}, 'body': event.decode()}\n"
POSTS = {**HTTP, "triggerConfig": {"authType": "anonymous", "methods": ["POST"]}}


def ask(
    host: FunctionHost, target: str, *, method: str = "GET", body: bytes | None = None, headers: Any = ()
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(urlsplit(host.url("f")).netloc, timeout=20)
    try:
        connection.putrequest(method, target)
        for name, value in headers:
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
    finally:
        connection.close()


def answering(folder: Path, expression: str) -> FunctionHost:
    return host_of(folder, f"def handler(event, context):\n    return {expression}\n", triggers=(HTTP,))


def test_a_request_reaches_the_handler_in_the_platforms_shape(tmp_path: Path) -> None:
    with host_of(tmp_path, ECHO, triggers=(HTTP,), clock=lambda: NOON) as host:
        headers = [("x-many", "one"), ("X-MANY", "two"), ("user-agent", "agent/1")]
        status, answered, body = ask(host, "/v1/a%20b?product=ecs&product=o%73s&at=10+00&none=", headers=headers)
        port = urlsplit(host.url("f")).port
    assert status == 200
    assert json.loads(body) == {
        "version": "v1",
        "rawPath": "/v1/a%20b",
        "body": "",
        "isBase64Encoded": False,
        "headers": {
            "Host": f"127.0.0.1:{port}",
            "Accept-Encoding": "identity",
            "X-Many": "one,two",
            "User-Agent": "agent/1",
        },
        "queryParameters": {"product": "ecs,oss", "at": "10 00", "none": ""},
        "requestContext": {
            "accountId": "1234567890123456",
            "domainName": "127.0.0.1",
            "domainPrefix": "127",
            "requestId": answered["x-fc-request-id"],
            "time": "2026-11-01T12:00:00Z",
            "timeEpoch": "1793534400000",
            "triggerId": "the-function-http",
            "http": {
                "method": "GET",
                "path": "/v1/a b",
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "agent/1",
            },
        },
    }


@pytest.mark.parametrize(("sent", "body", "encoded"), [(b"plain", "plain", False), (b"\xff\x00", "/wA=", True)])
def test_a_body_comes_as_text_and_as_base64_when_it_is_binary(
    tmp_path: Path, sent: bytes, body: str, encoded: bool
) -> None:
    with host_of(tmp_path, ECHO, triggers=(POSTS,)) as host:
        event = json.loads(ask(host, "/", method="POST", body=sent)[2])
    assert (event["body"], event["isBase64Encoded"]) == (body, encoded)


def test_status_headers_and_binary_body_of_the_answer_are_sent(tmp_path: Path) -> None:
    body = base64.b64encode(b"\xff\x00").decode()
    answer = f"{{'statusCode': 418, 'headers': {{'X-A': 'b'}}, 'isBase64Encoded': True, 'body': '{body}'}}"
    with answering(tmp_path, answer) as host:
        status, headers, received = ask(host, "/")
    assert (status, headers["x-a"], received) == (418, "b", b"\xff\x00")


def test_headers_that_belong_to_the_platform_are_dropped(tmp_path: Path) -> None:
    mine = {
        "X-Fc-Mine": "1",
        "Connection": "close",
        "Content-Length": "9",
        "Date": "x",
        "Keep-Alive": "x",
        "Server": "x",
    }
    with answering(tmp_path, repr({"statusCode": 200, "headers": {**mine, "ETag": '"1"'}, "body": "ab"})) as host:
        _, headers, body = ask(host, "/")
    assert set(headers) == {"date", "etag", "content-length", "x-fc-request-id"}
    assert (headers["content-length"], headers["etag"], body) == ("2", '"1"', b"ab")
    assert headers["date"] != "x"


@pytest.mark.parametrize("target", ["/?q=" + "x" * 10_000, "/" + "x" * 4096])
def test_a_path_with_query_beyond_the_limit_never_reaches_the_function(tmp_path: Path, target: str) -> None:
    with host_of(tmp_path, ECHO, triggers=(HTTP,)) as host:
        assert ask(host, target)[0] == 400
        assert host.pids("f") == ()


def test_headers_beyond_the_limit_are_refused(tmp_path: Path) -> None:
    with host_of(tmp_path, ECHO, triggers=(HTTP,)) as host:
        assert ask(host, "/", headers=[("X-Long", "x" * 8192)])[0] == 400


def test_a_method_that_is_not_listed_is_refused(tmp_path: Path) -> None:
    with host_of(tmp_path, ECHO, triggers=(HTTP,)) as host:
        assert ask(host, "/", method="POST", body=b"")[0] == 405
        assert ask(host, "/", method="OPTIONS")[0] == 200


def test_a_head_request_gets_no_body(tmp_path: Path) -> None:
    with host_of(tmp_path, ECHO, triggers=(HTTP,)) as host:
        status, _, body = ask(host, "/", method="HEAD")
    assert (status, body) == (200, b"")


def test_a_failed_function_shows_as_a_gateway_error_with_its_type(tmp_path: Path) -> None:
    with answering(tmp_path, "1 / 0") as host:
        status, headers, body = ask(host, "/")
    assert (status, headers["x-fc-error-type"]) == (502, "UnhandledInvocationError")
    assert json.loads(body)["errorType"] == "ZeroDivisionError"


@pytest.mark.parametrize(
    "answer",
    [
        {"statusCode": "200", "body": ""},
        {"statusCode": 200, "body": {"not": "text"}},
        {"statusCode": 200, "body": "no base64!", "isBase64Encoded": True},
        {"statusCode": 200, "body": "", "headers": {"X-A": "one\r\nSet-Cookie: x"}},
    ],
)
def test_an_answer_that_is_no_http_is_a_gateway_error(tmp_path: Path, answer: Any) -> None:
    with answering(tmp_path, repr(answer)) as host:
        status, headers, _ = ask(host, "/")
    assert status == 502
    assert "set-cookie" not in headers


def test_a_bare_string_is_the_body(tmp_path: Path) -> None:
    with answering(tmp_path, "'hello'") as host:
        assert ask(host, "/")[0::2] == (200, b"hello")


def test_the_invoke_api_shows_an_http_function_the_same_shape(tmp_path: Path) -> None:
    with host_of(tmp_path, ECHO, triggers=(HTTP,)) as host:
        event = json.loads(json.loads(host.invoke("f", b"payload").payload)["body"])
    assert (event["rawPath"], event["body"]) == ("/2023-03-30/functions/the-function/invocations", "payload")


def test_a_trigger_that_is_closed_to_the_internet_answers_403(tmp_path: Path) -> None:
    closed = {**HTTP, "triggerConfig": {**HTTP["triggerConfig"], "disableURLInternet": True}}  # type: ignore[dict-item]
    with host_of(tmp_path, ECHO, triggers=(closed,)) as host:
        assert ask(host, "/")[0] == 403


def test_an_unheard_of_method_and_a_head_are_answered_as_a_platform_would(tmp_path: Path) -> None:
    source = "def handler(event, context):\n    return {'statusCode': 200, 'headers': {}, 'body': ''}\n"
    trigger = {**HTTP, "triggerConfig": {"authType": "anonymous", "methods": ["GET", "HEAD"]}}
    with host_of(tmp_path, source, triggers=(trigger,)) as host:
        refused = ask(host, "/", method="FOO")
        head = ask(host, "/", method="HEAD")
    assert (refused[0], head[0]) == (405, 200)
    assert "content-length" not in head[1]
