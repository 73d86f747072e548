"""Function Compute's HTTP payloads: event -> Request, Response -> dict (facts: function-compute.md, 3.3)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import msgspec

from shd_relay.errors import RequestError
from shd_relay.web import problem
from shd_relay.web.http import Pairs, Request, Response, has_body, joined


def to_request(event: bytes, request_id: str = "") -> Request:
    """The request in an HTTP event; `request_id` is the context's, used where the event has none.

    Raises RequestError (400) for what is no HTTP event. A call by InvokeFunction has a path of its own, which is no
    address of ours.
    """
    try:
        payload = _decoder.decode(event)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise RequestError(400, "this is no event of an HTTP trigger") from None
    query = payload.queryParameters or {}
    headers = payload.headers or {}
    return Request(
        method=payload.requestContext.http.method,
        path=unquote(payload.rawPath or "/", errors="replace"),
        query=joined((name, _text(value)) for name, value in query.items() if value is not None) if query else (),
        headers={
            name.lower(): value if type(value) is str else _text(value)
            for name, value in headers.items()
            if value is not None
        },
        request_id=_printable(payload.requestContext.requestId or request_id),
    )


def refusal(error: RequestError, request_id: str) -> dict[str, Any]:
    """What to return for an event that is no request."""
    request = Request(method="GET", path="", request_id=_printable(request_id))
    return to_dict(request, problem.render(request, error))


def with_headers(ready: dict[str, Any], own: Pairs) -> dict[str, Any]:
    """A dict that was made before, with the headers of this one answer."""
    return ready | {"headers": ready["headers"] | dict(own)}


def to_dict(request: Request, response: Response) -> dict[str, Any]:
    """What the handler returns. The platform sets lengths and dates itself."""
    body = response.body if has_body(request, response) else b""
    encoded = any(name == "Content-Encoding" for name, _ in response.headers) and bool(body)
    return {
        "statusCode": response.status,
        "headers": dict(joined(response.headers)),
        "isBase64Encoded": encoded,
        "body": base64.b64encode(body).decode() if encoded else body.decode(),
    }


def _printable(text: str) -> str:
    """It goes back in a header, so it must be fit for one."""
    return text if text.isascii() and text.isprintable() else ""


def _text(value: Any) -> str:
    """Values come as texts, repeated ones already joined; whatever else stands there, a list is joined likewise."""
    if isinstance(value, list):
        return ",".join(map(_text, value))
    return value if isinstance(value, str) else str(value)


class _Http(msgspec.Struct, frozen=True):
    method: str


class _Context(msgspec.Struct, frozen=True):
    http: _Http
    requestId: str | None = None


class _Event(msgspec.Struct, frozen=True):
    requestContext: _Context
    rawPath: str | None = None
    headers: Mapping[str, Any] | None = None
    queryParameters: Mapping[str, Any] | None = None


_decoder = msgspec.json.Decoder(_Event)
