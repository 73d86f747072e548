"""What a request says: its parameters, its host and its connection."""

from __future__ import annotations

import threading
from urllib.parse import parse_qsl, urlsplit

from local.fakes.loopback import Request


class Connections:
    """Numbers the connections: the server has one thread for each of them."""

    def __init__(self) -> None:
        self._here = threading.local()
        self._count = 0
        self._lock = threading.Lock()

    def current(self) -> tuple[int, bool]:
        """The number of this thread's connection, and whether it has carried a call before."""
        known: int | None = getattr(self._here, "number", None)
        if known is not None:
            return known, True
        with self._lock:
            self._count += 1
            self._here.number = self._count
            return self._count, False


def params_of(request: Request) -> dict[str, str]:
    """Query and form body, decoded, blank values kept; the body's value wins, as it does when the SDK signs."""
    return {**dict(parse_qsl(urlsplit(request.target).query, keep_blank_values=True)), **form_of(request)}


def form_of(request: Request) -> dict[str, str]:
    """What the form body says; nothing when there is none."""
    if request.headers.get_content_type() != "application/x-www-form-urlencoded":
        return {}
    return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))


def host_of(request: Request) -> str:
    """The Host header without its port."""
    return str(request.headers.get("Host", "")).rsplit(":", 1)[0]
