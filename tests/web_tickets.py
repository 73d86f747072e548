"""Tickets in a house of web_world, and partners that are other than there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from shd_relay import tickets
from shd_relay.tickets import Ticket, TicketEntry, TicketVerb
from tests.web_world import NOW, START, House


def ticket(id: str = "t1", **more: Any) -> Ticket:  # noqa: A002 - the field's word
    """A technical one, critical, about `e1`, opened at START, unless said otherwise."""
    values: dict[str, Any] = {
        "id": id, "revision": 1, "kind": "technical", "severity": "critical", "event": "e1", "opened_at": START,
    }  # fmt: skip
    return Ticket(**(values | more))


def record(house: House, *told: Ticket, who: str = "acme", verb: TicketVerb = "opened", at: datetime = NOW) -> None:
    """Records the tickets in the partner's log, and lets the copies that are kept grow old."""
    shard = tickets.shard_of(who)
    seq = tickets.load(house.store, who).seq
    for number, each in enumerate(told, seq + 1):
        entry = TicketEntry(id=f"{number}", at=at, verb=verb, ticket=each)
        assert house.store.append(shard, number, tickets.encode_entry(entry))
    house.ticks += 60


def with_partner(house: House, who: str, **fields: Any) -> House:
    """The house in whose config this partner has other fields."""
    partners = tuple(
        msgspec.structs.replace(partner, **fields) if partner.id == who else partner
        for partner in house.site.config.partners
    )
    return house.with_site(config=msgspec.structs.replace(house.site.config, partners=partners))
