"""The same answers behind any WSGI server (PEP 3333)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from shd_relay.web.http import Request, Response, has_body, joined
from shd_relay.web.problem import TITLES

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_REASONS = {200: "OK", 204: "No Content", 304: "Not Modified", **TITLES}


def _new_id() -> str:
    return str(uuid.uuid4()).upper()


def application(
    service: Callable[[Request], Response], *, new_id: Callable[[], str] = _new_id
) -> Callable[..., Iterable[bytes]]:
    """The WSGI application that answers with `service`; `new_id` names each request."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = to_request(environ, new_id())
        response = service(request)
        headers = list(response.headers)
        if response.status not in {204, 304}:
            headers.append(("Content-Length", str(len(response.body))))
        start_response(f"{response.status} {_REASONS[response.status]}", headers)
        return [response.body] if has_body(request, response) else []

    return app


def to_request(environ: dict[str, Any], request_id: str) -> Request:
    """The request of a WSGI environment: texts in it are bytes read as latin-1."""
    path = (environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")).encode("latin-1").decode(errors="replace")
    query = parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True, errors="replace")
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    return Request(
        method=environ["REQUEST_METHOD"],
        path=path or "/",
        query=joined(query),
        headers=headers,
        request_id=request_id,
    )
