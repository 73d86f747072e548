"""Content negotiation: RFC 9110, section 12.5.1."""

from __future__ import annotations

import re

from shd_relay.web.http import Request

ALSO = {
    "application/schema+json": ("application/json",),
    "application/vnd.oai.openapi+json": ("application/json",),
    "application/health+json": ("application/json",),
    "application/atom+xml": ("application/xml", "text/xml"),
}
"""By what other names a client may ask for a media type."""


def accepts(request: Request, media: str) -> bool:
    """Whether the client takes the media type; one that does not say what it takes takes everything."""
    header = request.header("accept").strip().lower()
    if not header or header == "*/*":
        return True
    ranges = [_range(part) for part in header.split(",") if part.strip()]
    return any(_weight(ranges, name) > 0 for name in (media, *ALSO.get(media, ())))


def weight(text: str) -> float:
    """The `q` of an element's parameters: 1 if there is none, 0 if it cannot be read."""
    for parameter in text.replace(" ", "").split(";"):
        name, _, value = parameter.partition("=")
        if name == "q":
            return float(value) if re.fullmatch(r"[01](\.\d{0,3})?", value, re.ASCII) else 0.0
    return 1.0


def _range(part: str) -> tuple[str, float]:
    name, _, rest = part.partition(";")
    return name.strip(), weight(rest)


def _weight(ranges: list[tuple[str, float]], media: str) -> float:
    """The most specific range decides."""
    for name in (media, f"{media.partition('/')[0]}/*", "*/*"):
        found = [q for own, q in ranges if own == name]
        if found:
            return max(found)
    return 0.0
