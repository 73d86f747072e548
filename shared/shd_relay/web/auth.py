"""Who asks, and what they may see."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from shd_relay import plans
from shd_relay.errors import RequestError
from shd_relay.model import Pair
from shd_relay.web.ask import Viewer, folded, within
from shd_relay.web.http import Request
from shd_relay.web.site import Site

if TYPE_CHECKING:
    from shd_relay.config import Partner, Token

# Basic stands first: browsers look only at the first challenge of a line, and must ask for name and token.
CHALLENGE = ("WWW-Authenticate", 'Basic realm="SHD Relay", charset="UTF-8", Bearer realm="SHD Relay"')
# Where nobody is to be asked: a script's request would hang behind the browser's question, and a token in a path is not
# mended by another one in a header.
SILENT_CHALLENGE = ("WWW-Authenticate", 'Bearer realm="SHD Relay"')
HEADER_CHARACTERS = 1_000


def viewer_of(request: Request, scopes: Sequence[str], site: Site, now: datetime) -> Viewer:
    """Who asks; any of the `scopes` will do. Raises RequestError: 401 without a token where one is needed or with a
    wrong one, 403 when the plan is not in force or the token is not meant for this."""
    header = request.header("authorization").strip()
    if not header and site.config.access.public and "read" in scopes:
        return viewer_for(None, site, frozenset({"read"}))
    if not header:
        raise _refused("a token is needed: send it as Bearer token, or as the password of your partner id")
    return _admitted(*_identified(*_credentials(header), site), scopes, site, now)


def viewer_by_path(token: str, site: Site, now: datetime) -> Viewer:
    """Who asks with a feed token in the path; raises as above."""
    if len(token) > HEADER_CHARACTERS:
        raise _refused("this token is not known")
    return _admitted(*_identified(None, token, site), ("feed",), site, now)


def _admitted(partner: Partner, token: Token, scopes: Sequence[str], site: Site, now: datetime) -> Viewer:
    _check_plan(partner, now)
    if token.scopes.isdisjoint(scopes):
        raise RequestError(403, f"this token has not the scope {scopes[0]}")
    return viewer_for(partner, site, token.scopes)


def _identified(partner_id: str | None, secret: str, site: Site) -> tuple[Partner, Token]:
    """Compares with every token there is, each in constant time: the time taken tells nothing about a near miss."""
    digest = hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
    found = None
    for partner in site.config.partners:
        named = partner_id is None or hmac.compare_digest(_bytes(partner.id), _bytes(partner_id))
        for token in partner.tokens:
            if hmac.compare_digest(token.sha256, digest) and named:
                found = (partner, token)
    if found is None:
        raise _refused("this token is not known")
    return found


def _credentials(header: str) -> tuple[str | None, str]:
    """Partner id (None: not said) and token."""
    scheme, _, rest = header.partition(" ")
    if len(header) > HEADER_CHARACTERS:
        raise _refused("the Authorization header is too long for a token of ours")
    if scheme.lower() == "bearer":
        return None, rest.strip()
    if scheme.lower() != "basic":
        raise _refused("the Authorization header must be Bearer, or Basic with partner id and token")
    try:
        name, colon, secret = base64.b64decode(rest.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise _refused("the Basic credentials cannot be read") from None
    if not colon:
        raise _refused("the Basic credentials must be partner id and token")
    return name, secret


def _check_plan(partner: Partner, now: datetime) -> None:
    if plans.in_force(partner.valid_from, partner.valid_until, now):
        return
    if plans.in_force(partner.valid_from, partner.valid_from.max, now):
        raise RequestError(403, f"the support plan has ended: its last day was {partner.valid_until} (UTC+8)")
    raise RequestError(403, f"the support plan has not begun: its first day is {partner.valid_from} (UTC+8)")


def _names(ids: tuple[str, ...] | None) -> frozenset[str] | None:
    return None if ids is None else frozenset(id_.casefold() for id_ in ids)


def viewer_for(partner: Partner | None, site: Site, scopes: frozenset[str]) -> Viewer:
    """What the partner may see, however it asks; None: the public."""
    products = _names(partner.products) if partner else None
    regions = _names(partner.regions) if partner else None
    pairs, keys = _scope(site, products, regions)
    return Viewer(partner=partner, scopes=scopes, pairs=pairs, keys=keys, products=products, regions=regions)


@lru_cache(maxsize=64)
def _scope(
    site: Site, products: frozenset[str] | None, regions: frozenset[str] | None
) -> tuple[tuple[Pair, ...], frozenset[tuple[str, str]]]:
    """The pairs of the watch list that are in scope, and the same folded. Kept, as there may be thousands."""
    pairs = tuple(pair for pair in site.pairs if within(pair, products, regions))
    return pairs, frozenset(map(folded, pairs))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _refused(detail: str) -> RequestError:
    return RequestError(401, detail, headers=[CHALLENGE])
