"""A house whose `acme` sees everything and operates, and whose `small` operates within its scope; a relay over it."""

from __future__ import annotations

import msgspec

from tests.web_world import House
from tests.world import Relay


def house_of_operators(**more: object) -> House:
    house = House(**more)  # type: ignore[arg-type]
    partners = []
    for partner in house.site.config.partners:
        token = msgspec.structs.replace(partner.tokens[0], scopes=frozenset({"read", "operate"}))
        operates = partner.id in {"acme", "small"}
        partners.append(msgspec.structs.replace(partner, tokens=(token,)) if operates else partner)
    return house.with_site(config=msgspec.structs.replace(house.site.config, partners=tuple(partners)))


def relay_of(house: House) -> Relay:
    """Polls into the store of the house, which then looks at the time of the poll."""
    return Relay(*house.site.pairs, store=house.store)


def look_now(house: House, relay: Relay, seconds: float = 0) -> House:
    """The house so many seconds after the last poll, its copy of the facts grown old."""
    relay.clock.minute += seconds / 60
    house.now = relay.clock.now()
    house.ticks += 60
    return house
