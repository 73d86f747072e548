"""A request and a response as values: what both payloads (fc.py, wsgi.py) are turned into and made from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import Struct

Pairs = tuple[tuple[str, str], ...]


class Request(Struct, frozen=True, kw_only=True):
    """What was asked. A body is never read.

    `path` is percent-decoded. `query` is decoded, one pair a name in order of first appearance: repeated ones are
    joined by a comma, because that is how Function Compute hands them over. Names of `headers` are in lower case.
    """

    method: str
    path: str
    query: Pairs = ()
    headers: Mapping[str, str] = {}
    request_id: str = ""

    def header(self, name: str) -> str:
        """The header's value, empty if it was not sent; `name` in lower case."""
        return self.headers.get(name, "")


class Response(Struct, frozen=True, kw_only=True):
    """What to answer. `headers` holds a name once; the adapters drop the body of an answer to HEAD.

    `read_at`: when what it says was read, from which `X-Data-Age` is counted. `lasting`: the same question has the same
    answer as long as the facts are the same.
    """

    status: int
    headers: Pairs = ()
    body: bytes = b""
    read_at: datetime | None = None
    lasting: bool = False

    def header(self, name: str) -> str:
        """The header's value, empty if it is not there; `name` in any case."""
        return next((value for own, value in self.headers if own.lower() == name.lower()), "")


def own_headers(request_id: str, read_at: datetime | None, now: datetime) -> Pairs:
    """What differs from one answer to the next: the request's id, and how old the data is, in whole seconds."""
    own = (("X-Request-Id", request_id),) if request_id else ()
    if read_at is None:
        return own
    return (*own, ("X-Data-Age", str(max(0, int((now - read_at).total_seconds())))))


def joined(pairs: Iterable[tuple[str, str]]) -> Pairs:
    """One pair a name, values of repeated names joined by a comma."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return tuple((name, ",".join(values)) for name, values in found.items())


def has_body(request: Request, response: Response) -> bool:
    """Whether the body goes out: never to HEAD, and never with 204 or 304."""
    return request.method != "HEAD" and response.status not in {204, 304}
