"""What a handler gets and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from msgspec import Struct

from shd_relay.model import FEED, HealthEvent, Pair
from shd_relay.web.facts import Facts
from shd_relay.web.http import Pairs, Request
from shd_relay.web.site import Site

Look = Callable[[], Facts]
"""Gives what is known, at most a few seconds old. Raises StoreUnavailable or ContractError when nothing is."""


def folded(pair: Pair) -> tuple[str, str]:
    """For comparing: SHD's ids differ in case between its own pages."""
    return pair.product.casefold(), pair.region.casefold()


class Viewer(Struct, frozen=True, kw_only=True):
    """Who asks. `name` is empty for the public; `pairs` is the scope, in the order of the watch list."""

    name: str
    public: bool
    scopes: frozenset[str]
    pairs: tuple[Pair, ...]
    keys: frozenset[tuple[str, str]]

    def sees(self, event: HealthEvent) -> bool:
        """Events of the scope, and what concerns every reader: the state of the source, and drills."""
        return event.id == FEED or event.kind == "drill" or folded(event.pair) in self.keys


class Ask(Struct, frozen=True, kw_only=True):
    """One request that passed the door. `params` holds the declared query parameters and the path's, parsed."""

    request: Request
    params: dict[str, Any]
    viewer: Viewer
    look: Look
    site: Site
    now: datetime


class View(Struct, frozen=True, kw_only=True):
    """What a handler says; validators, caching, CORS and compression come after it."""

    body: bytes
    content_type: str = "application/json"
    headers: Pairs = ()
    store: bool = True
    """False: a cache keeps no copy."""
