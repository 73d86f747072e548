"""Which web pages may read the answers from a browser: those of the config's allow-list."""

from __future__ import annotations

from shd_relay.web.http import Pairs, Request
from shd_relay.web.site import Site

EXPOSED = "ETag, Link, Retry-After, X-Data-Age, X-Source-State, X-Request-Id"


def headers(request: Request, site: Site) -> Pairs:
    """The headers that let the asking page read the answer; none for other pages, or when no page asked."""
    origin = _allowed(request, site)
    if not origin:
        return ()
    return (("Access-Control-Allow-Origin", origin), ("Access-Control-Expose-Headers", EXPOSED))


def preflight(request: Request, site: Site, allow: str) -> Pairs:
    """The same for OPTIONS, with what the page may send."""
    granted = headers(request, site)
    if not granted:
        return ()
    return (
        *granted,
        ("Access-Control-Allow-Methods", allow),
        ("Access-Control-Allow-Headers", "Authorization, If-None-Match"),
        ("Access-Control-Max-Age", "600"),
    )


def varies(site: Site) -> bool:
    return bool(site.config.access.allowed_origins)


def _allowed(request: Request, site: Site) -> str:
    """The origin as the list spells it, never as the caller does."""
    origin = request.header("origin").lower()
    return next((own for own in site.config.access.allowed_origins if own.lower() == origin), "")
