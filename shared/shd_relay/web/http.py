"""A request and a response as values: what both payloads (fc.py, wsgi.py) are turned into and made from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

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
    """What to answer. `headers` holds a name once; the adapters drop the body of an answer to HEAD."""

    status: int
    headers: Pairs = ()
    body: bytes = b""

    def header(self, name: str) -> str:
        """The header's value, empty if it is not there; `name` in any case."""
        return next((value for own, value in self.headers if own.lower() == name.lower()), "")


def joined(pairs: Iterable[tuple[str, str]]) -> Pairs:
    """One pair a name, values of repeated names joined by a comma."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return tuple((name, ",".join(values)) for name, values in found.items())


def has_body(request: Request, response: Response) -> bool:
    """Whether the body goes out: never to HEAD, and never with 204 or 304."""
    return request.method != "HEAD" and response.status not in {204, 304}
