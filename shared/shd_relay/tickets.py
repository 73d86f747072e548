"""The tickets that a partner opened with the vendor's support: a log of the partner's own, and its fold.

Each partner has one log in the store, under a shard of its own: it is never relayed, and no other partner's answer
reads it. An entry is one commit of one change (design.md, law 2): opened, responded or closed. What happened counts,
whether the plan allows it or not.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec
from msgspec import Struct

from shd_relay.errors import ContractError
from shd_relay.plans import TARGETS, Severity
from shd_relay.ports import ReadStore, Row

TicketKind = Literal["technical", "consulting"]
TicketVerb = Literal["opened", "responded", "closed"]
TICKET_SCHEMA = 1
PAGE = 200


class Ticket(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One ticket, as it is after its last change; `revision` counts them from 1.

    `id`: the vendor's number of it, else one of ours. `event`: the id of the health event that it is about; None: of
    none. Times are when it happened with the vendor, as the partner recorded it.
    """

    id: str
    revision: int
    kind: TicketKind
    severity: Severity
    event: str | None = None
    product: str | None = None
    region: str | None = None
    subject: str = ""
    opened_at: datetime
    responded_at: datetime | None = None
    closed_at: datetime | None = None

    @property
    def due(self) -> datetime:
        """The first response must come before."""
        return self.opened_at + TARGETS[self.severity].within

    @property
    def in_time(self) -> bool | None:
        """Whether the first response came before it was due; None if none is recorded."""
        return None if self.responded_at is None else self.responded_at < self.due


class TicketEntry(Struct, frozen=True, kw_only=True):
    """One commit: `at` is when it was recorded, and never goes back; `ticket` is as it is after the change."""

    schema: int = TICKET_SCHEMA
    id: str
    at: datetime
    verb: TicketVerb
    ticket: Ticket


class Tickets(Struct, frozen=True, kw_only=True):
    """All tickets of a partner after the entries up to `seq`, in the order in which they were recorded."""

    seq: int = 0
    at: datetime | None = None
    tickets: dict[str, Ticket] = {}

    def by_event(self) -> dict[str, Ticket]:
        """The ticket about each event: one that is not closed before one that is, then the one opened first."""
        found: dict[str, Ticket] = {}
        for ticket in sorted(self.tickets.values(), key=_precedence, reverse=True):
            if ticket.event is not None:
                found[ticket.event] = ticket
        return found


def _precedence(ticket: Ticket) -> tuple[bool, datetime, str]:
    return ticket.closed_at is not None, ticket.opened_at, ticket.id


NO_TICKETS = Tickets()


def shard_of(partner_id: str) -> str:
    """The shard of the partner's log. Ids differ in more than case (config_partners)."""
    return f"tickets/{partner_id.lower()}"


def load(store: ReadStore, partner_id: str, after: Tickets = NO_TICKETS, until: datetime | None = None) -> Tickets:
    """The tickets as recorded (up to `until`); `after`: a fold of the same log to go on from. Raises what the store
    raises."""
    shard = shard_of(partner_id)
    while rows := store.read_log(shard, after.seq, PAGE):
        for row in rows:
            entry = decode_entry(row)
            if until is not None and entry.at > until:
                return after
            after = apply(after, row.seq, entry)
    return after


def apply(tickets: Tickets, seq: int, entry: TicketEntry) -> Tickets:
    """The tickets after one more entry; raises ContractError if it is not the next."""
    if seq != tickets.seq + 1:
        raise ContractError(f"ticket entry {seq} does not follow {tickets.seq}")
    return Tickets(seq=seq, at=entry.at, tickets={**tickets.tickets, entry.ticket.id: entry.ticket})


def decode_entry(row: Row) -> TicketEntry:
    """Raises ContractError if a newer version wrote it, or it cannot be read."""
    try:
        entry = msgspec.json.decode(row.blob, type=TicketEntry)
    except msgspec.MsgspecError as error:
        raise ContractError(f"ticket entry {row.seq} cannot be read: {error}") from error
    if entry.schema > TICKET_SCHEMA:
        raise ContractError(f"a newer version wrote the tickets (schema {entry.schema}, this one: {TICKET_SCHEMA})")
    return entry


def encode_entry(entry: TicketEntry) -> bytes:
    return msgspec.json.encode(entry)


def counted(tickets: Iterable[Ticket], since: datetime, until: datetime) -> list[Ticket]:
    """The technical tickets that were opened in [since, until), those that a plan's number counts, in their order."""
    found = [t for t in tickets if t.kind == "technical" and since <= t.opened_at < until]
    return sorted(found, key=lambda ticket: (ticket.opened_at, ticket.id))


def over_allowance(tickets: Iterable[Ticket], allowed: int | None, since: datetime, until: datetime) -> frozenset[str]:
    """The ids of the tickets that came after the allowance was used up."""
    return frozenset() if allowed is None else frozenset(t.id for t in counted(tickets, since, until)[allowed:])
