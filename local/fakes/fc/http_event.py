"""Between a real HTTP request and the payload of an HTTP trigger, both ways. Pure."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

from local.fakes.loopback import Reply, Request

HEADER_BYTES = 8 * 1024  # of all headers together; beyond: 400
TARGET_BYTES = 4 * 1024  # path with query; beyond: 400
BODY_BYTES = 32 * 1024 * 1024
PLATFORM_HEADERS = frozenset({"connection", "content-length", "date", "keep-alive", "server", "upgrade"})


class ResponseError(Exception):
    """What the handler returned cannot be sent as an HTTP response."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What the platform knows about a request beside the request."""

    request_id: str
    account_id: str
    trigger_id: str
    now: datetime
    source_ip: str = "127.0.0.1"


def refusal(request: Request, methods: tuple[str, ...]) -> Reply | None:
    """The platform's own answer to what never reaches the function."""
    if len(request.target.encode()) > TARGET_BYTES:
        return platform_error(400, "InvalidArgument", f"path and query are limited to {TARGET_BYTES} bytes")
    if sum(len(name) + len(value) + 4 for name, value in request.headers.items()) > HEADER_BYTES:
        return platform_error(400, "InvalidArgument", f"the headers are limited to {HEADER_BYTES} bytes")
    if len(request.body) > BODY_BYTES:
        return platform_error(413, "PayloadTooLarge", f"a body is limited to {BODY_BYTES} bytes")
    if request.method not in methods:
        return platform_error(405, "MethodNotAllowed", "the trigger does not list this method")
    return None


def platform_error(status: int, code: str, text: str) -> Reply:
    body = json.dumps({"ErrorCode": code, "ErrorMessage": text}).encode()
    return Reply(status=status, headers=(("Content-Type", "application/json"),), body=body)


def to_event(request: Request, origin: Origin) -> bytes:
    raw_path, _, query = _origin_form(request.target).partition("?")
    body, encoded = _text_or_base64(request.body)
    domain = (request.headers.get("Host") or "").rpartition(":")[0] or request.headers.get("Host") or ""
    event = {
        "version": "v1",
        "rawPath": raw_path,
        "body": body,
        "isBase64Encoded": encoded,
        "headers": _joined((_canonical(name), value) for name, value in request.headers.items()),
        "queryParameters": _joined(parse_qsl(query, keep_blank_values=True, errors="replace")),
        "requestContext": {
            "accountId": origin.account_id,
            "domainName": domain,
            "domainPrefix": domain.partition(".")[0],
            "requestId": origin.request_id,
            "time": origin.now.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "timeEpoch": str(int(origin.now.timestamp() * 1000)),
            "triggerId": origin.trigger_id,
            "http": {
                "method": request.method,
                "path": unquote_to_bytes(raw_path.encode("latin-1", "replace")).decode(errors="replace"),
                "protocol": "HTTP/1.1",
                "sourceIp": origin.source_ip,
                "userAgent": request.headers.get("User-Agent", ""),
            },
        },
    }
    return json.dumps(event).encode()


def invocation_as_request(function: str, payload: bytes) -> Request:
    """How a function with an HTTP trigger sees a call of the invoke API."""
    headers = Message()
    headers["Content-Type"] = "application/octet-stream"
    return Request(method="POST", target=f"/2023-03-30/functions/{function}/invocations", headers=headers, body=payload)


def to_reply(payload: bytes) -> Reply:
    """The handler's result as HTTP. ResponseError when it cannot be sent.

    A dict with `statusCode` is taken apart; everything else is the body of a 200.
    """
    try:
        result = json.loads(payload)
    except ValueError:
        result = None
    if not isinstance(result, dict) or "statusCode" not in result:
        return Reply(headers=(("Content-Type", "text/plain; charset=utf-8"),), body=payload)
    status = result["statusCode"]
    if not isinstance(status, int) or not 200 <= status <= 599:
        raise ResponseError(f"statusCode {status!r} is none")
    return Reply(status=status, headers=_response_headers(result.get("headers") or {}), body=_response_body(result))


def _origin_form(target: str) -> str:
    """`http://host/path` is allowed on the wire and means `/path`."""
    scheme, separator, rest = target.partition("://")
    if not separator or not scheme.isalpha():
        return target
    return "/" + rest.partition("/")[2]


def _text_or_base64(body: bytes) -> tuple[str, bool]:
    try:
        return body.decode(), False
    except UnicodeDecodeError:
        return base64.b64encode(body).decode(), True


def _canonical(name: str) -> str:
    return "-".join(part.capitalize() for part in name.split("-"))


def _joined(pairs: Any) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return {name: ",".join(values) for name, values in found.items()}


def _response_headers(headers: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(headers, Mapping):
        raise ResponseError("headers must be an object")
    kept = []
    for name, value in headers.items():
        text = str(value)
        if any(character in name + text for character in "\r\n\0") or not (name + text).isascii():
            raise ResponseError(f"header {name!r} cannot be sent")
        if name.lower() not in PLATFORM_HEADERS and not name.lower().startswith("x-fc-"):
            kept.append((name, text))
    return tuple(kept)


def _response_body(result: Mapping[str, Any]) -> bytes:
    body = result.get("body", "")
    if not isinstance(body, str):
        raise ResponseError("body must be a string")
    try:
        return base64.b64decode(body, validate=True) if result.get("isBase64Encoded") else body.encode()
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ResponseError(f"body: {error}") from error
