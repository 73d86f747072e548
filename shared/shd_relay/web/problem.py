"""Errors as RFC 9457 problem details."""

from __future__ import annotations

import msgspec

from shd_relay.errors import RequestError
from shd_relay.web.http import Request, Response

TITLES = {
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    406: "Not Acceptable", 410: "Gone", 414: "URI Too Long", 500: "Internal Server Error", 503: "Service Unavailable",
}  # fmt: skip
NO_STORE = ("Cache-Control", "no-store")


def render(request: Request, error: RequestError) -> Response:
    """The error as application/problem+json; says nothing but what the error says."""
    body = {
        "type": "about:blank",
        "title": TITLES[error.status],
        "status": error.status,
        "detail": error.detail,
        "request_id": request.request_id,
    }
    return Response(
        status=error.status,
        headers=(("Content-Type", "application/problem+json"), NO_STORE, *error.headers),
        body=msgspec.json.encode(body),
    )
