"""What a handler gets and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from shd_relay import catalogue
from shd_relay.model import FEED, HealthEvent, Pair
from shd_relay.tickets import Tickets
from shd_relay.web.facts import Facts
from shd_relay.web.http import Pairs, Request
from shd_relay.web.site import Site

if TYPE_CHECKING:  # the config's reader brings YAML along, which this room never needs
    from shd_relay.config import Partner

Look = Callable[[], Facts]
"""Gives what is known, at most a few seconds old. Raises StoreUnavailable or ContractError when nothing is."""
LookUp = Callable[[str, datetime | None], Tickets]
"""Gives the tickets of the partner with this id, at most a few seconds old; with a time, those recorded by then."""


@lru_cache(maxsize=32_768)
def folded(pair: Pair) -> tuple[str, str]:
    """For comparing: SHD's ids differ in case between its own pages."""
    return pair.product.casefold(), pair.region.casefold()


def within(pair: Pair, products: Collection[str] | None, regions: Collection[str] | None) -> bool:
    """Whether the folded ids hold the pair's product and its region; None holds all."""
    product, region = folded(pair)
    return (products is None or product in products) and (regions is None or region in regions)


class Viewer(Struct, frozen=True, kw_only=True):
    """Who asks. `partner` None: the public. `pairs` is the scope on the watch list, in its order. `products` and
    `regions`, folded, say the same of pairs that nobody watches; None: all."""

    partner: Partner | None
    scopes: frozenset[str]
    pairs: tuple[Pair, ...]
    keys: frozenset[tuple[str, str]]
    products: frozenset[str] | None
    regions: frozenset[str] | None

    @property
    def public(self) -> bool:
        return self.partner is None

    @property
    def name(self) -> str:
        """The partner's, for people; empty for the public."""
        return self.partner.name if self.partner else ""

    @property
    def limited(self) -> bool:
        """Whether there is something that this viewer may not see."""
        return self.products is not None or self.regions is not None

    def sees(self, event: HealthEvent) -> bool:
        """Events of the scope, and what concerns every reader: the state of the source, and drills."""
        return event.id == FEED or event.kind == "drill" or self.reaches(event.pair)

    def reaches(self, pair: Pair) -> bool:
        """Whether the pair is in scope, watched or not. One that nobody watches is only if nobody left it out on
        purpose: what became of the others is not known."""
        named = within(pair, self.products, self.regions)
        return folded(pair) in self.keys or (named and catalogue.is_beyond(pair))


class Ask(Struct, frozen=True, kw_only=True):
    """One request that passed the door. `params` holds the declared query parameters and the path's, parsed.

    `tickets` gives the partner's own, none to the public; a read of the store, so it is for routes that need them. When
    they cannot be read it gives the last copy, else ticket_shelf.UNREAD. With `?at=` it gives those that were recorded
    by then, and may raise what `look` raises.
    """

    request: Request
    params: dict[str, Any]
    viewer: Viewer
    look: Look
    tickets: Callable[[], Tickets]
    site: Site
    now: datetime


class View(Struct, frozen=True, kw_only=True):
    """What a handler says; validators, caching, CORS and compression come after it.

    `as_of`: when what it says was read; None where nothing was. `status` other than 200: only of what tells an illness.
    `store` False: no cache keeps a copy. `lasting`: it stays the same as long as the facts that were looked at do.
    `vary`: request headers, besides those that every answer depends on.
    """

    body: bytes
    content_type: str = "application/json"
    headers: Pairs = ()
    as_of: datetime | None = None
    status: int = 200
    store: bool = True
    lasting: bool = True
    vary: str = ""
