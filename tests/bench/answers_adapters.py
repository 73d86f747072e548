"""Function Compute's HTTP events before a WSGI and an ASGI application: as small as such an adapter can be."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

Handler = Callable[[bytes], dict[str, Any]]


def before_wsgi(app: Callable[..., Iterable[bytes]]) -> Handler:
    """The handler that asks a WSGI application (PEP 3333)."""

    def handler(event: bytes) -> dict[str, Any]:
        said: list[Any] = []
        chunks = app(_environ(json.loads(event)), lambda status, headers, *_: said.extend((status, headers)))
        body = b"".join(chunks)
        return _answer(int(said[0].partition(" ")[0]), dict(said[1]), body)

    return handler


def _environ(event: Mapping[str, Any]) -> dict[str, Any]:
    http = event["requestContext"]["http"]
    headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in event["headers"].items()}
    return {
        "REQUEST_METHOD": http["method"], "SCRIPT_NAME": "", "PATH_INFO": http["path"],
        "QUERY_STRING": urlencode(event["queryParameters"]), "SERVER_NAME": event["headers"]["Host"],
        "SERVER_PORT": "443", "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.version": (1, 0), "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr, "wsgi.multithread": False, "wsgi.multiprocess": False,
        "wsgi.run_once": False, "CONTENT_LENGTH": "0",
    } | headers  # fmt: skip


def before_asgi(app: Callable[..., Any]) -> Handler:
    """The handler that asks an ASGI application, on one loop that is kept."""
    loop = asyncio.new_event_loop()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    def handler(event: bytes) -> dict[str, Any]:
        sent: list[dict[str, Any]] = []

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        loop.run_until_complete(app(_scope(json.loads(event)), receive, send))
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in sent[0]["headers"]}
        return _answer(sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent[1:]))

    return handler


def _scope(event: Mapping[str, Any]) -> dict[str, Any]:
    http = event["requestContext"]["http"]
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in event["headers"].items()]
    return {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1",
        "method": http["method"], "scheme": "https", "path": http["path"], "raw_path": quote(http["path"]).encode(),
        "query_string": urlencode(event["queryParameters"]).encode(), "root_path": "", "headers": headers,
        "client": (http["sourceIp"], 0), "server": (event["headers"]["Host"], 443), "extensions": {},
    }  # fmt: skip


def _answer(status: int, headers: dict[str, str], body: bytes) -> dict[str, Any]:
    packed = "content-encoding" in (name.lower() for name in headers)
    return {
        "statusCode": status, "headers": headers, "isBase64Encoded": packed,
        "body": base64.b64encode(body).decode() if packed else body.decode(),
    }  # fmt: skip
