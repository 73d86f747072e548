"""Conditional requests and compression: RFC 9110, sections 8.8.3, 12.5.3 and 13.1.2."""

from __future__ import annotations

import hashlib
import zlib

from shd_relay.web.http import Request
from shd_relay.web.negotiate import weight

PAYS_FROM = 600  # bytes: below, the gzip header and the CPU cost more than the wire


def etag(body: bytes) -> str:
    """A strong validator: the hash of the very bytes that go out."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def matches(request: Request, tag: str) -> bool:
    """Whether the client already has it: `If-None-Match` with a list, `*`, or weak tags (the comparison is weak)."""
    given = request.header("if-none-match").strip()
    return given == "*" or any(part.strip().removeprefix("W/") == tag for part in given.split(","))


def takes_gzip(request: Request) -> bool:
    """Whether `Accept-Encoding` asks for gzip; `*` asks for whatever we like."""
    weights: dict[str, float] = {}
    for part in request.header("accept-encoding").lower().split(","):
        coding, _, rest = part.partition(";")
        weights[coding.strip()] = weight(rest)
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0))) > 0


def gzipped(body: bytes) -> bytes | None:
    """The body in gzip, the same bytes every time (no time stamp in them); None when it does not pay."""
    if len(body) < PAYS_FROM:
        return None
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    packed = packer.compress(body) + packer.flush()
    return packed if len(packed) < len(body) else None
