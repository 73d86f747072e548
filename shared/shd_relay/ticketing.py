"""Recording a partner's tickets: what may be recorded is decided over the tickets so far, and committed as one entry.

An entry is put under the next seq of the partner's log only if none is there (design.md, law 2). Refused, another
operator was first: then it is decided again over what that one recorded. When it is not known whether an entry was
put, what stands there tells.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec
from msgspec import Struct

from shd_relay import appending, plans, tickets, times
from shd_relay.errors import RequestError, StoreUnavailable
from shd_relay.plans import Severity
from shd_relay.ports import Row, Store
from shd_relay.text import clean_line
from shd_relay.tickets import NO_TICKETS, Ticket, TicketEntry, TicketKind, Tickets, TicketVerb

if TYPE_CHECKING:
    from shd_relay.config import Partner

SKEW = timedelta(minutes=1)
"""How far a time may lie ahead: the vendor's clock is not ours."""
EARLIEST = datetime(2000, 1, 1, tzinfo=timezone.utc)
"""No ticket is older: such a time is a slip, and no time zone can show those of the first day there is."""
TRIES = 10
ID_CHARACTERS = 64
LINE_CHARACTERS = 300
_NAMED = 8  # open tickets that a refusal names

Flag = Literal["over-allowance", "outside-plan"]


class Opening(Struct, frozen=True, kw_only=True):
    """A ticket that was opened. `id`: the vendor's number, None: we give one. `at`: when, None: now."""

    kind: TicketKind
    severity: Severity
    id: str | None = None
    event: str | None = None
    product: str | None = None
    region: str | None = None
    subject: str = ""
    at: datetime | None = None


class Decision(NamedTuple):
    """What is to be recorded: the ticket as it is after it."""

    verb: TicketVerb
    ticket: Ticket


class Recorded(NamedTuple):
    """The ticket, and all tickets of the partner with it."""

    ticket: Ticket
    tickets: Tickets


Decide = Callable[[Tickets], Decision]
"""Over the tickets so far. Raises RequestError for what cannot be: 400 malformed, 404 unknown, 409 not as it is."""


def opening(asked: Opening, now: datetime) -> Decide:
    def decide(known: Tickets) -> Decision:
        if asked.id is not None and (there := known.tickets.get(check_id(asked.id))):
            raise RequestError(409, f"ticket {there.id} is recorded already: {_told(there)}")
        ticket = Ticket(
            id=asked.id or _free_id(known), revision=1, kind=asked.kind, severity=asked.severity,
            event=_line(asked.event), product=_line(asked.product), region=_line(asked.region),
            subject=_line(asked.subject) or "", opened_at=_moment(asked.at, now, None, ""),
        )  # fmt: skip
        return Decision("opened", ticket)

    return decide


def responding(id_: str, at: datetime | None, now: datetime) -> Decide:
    """The first response came `at` (None: now). One that was forgotten may be recorded after the ticket was closed,
    with its time."""

    def decide(known: Tickets) -> Decision:
        ticket = _known_one(known, id_)
        if ticket.responded_at is not None:
            said = f"the first response came at {times.text(ticket.responded_at)}"
            raise RequestError(409, f"ticket {ticket.id} is answered already: {said}")
        moment = _moment(at, now, ticket.opened_at, "it was opened")
        if ticket.closed_at is not None and moment > ticket.closed_at:
            closed = f"ticket {ticket.id} was closed at {times.text(ticket.closed_at)}"
            raise RequestError(409, f"{closed}: say when before that the first response came, with --at")
        return Decision("responded", _changed(ticket, responded_at=moment))

    return decide


def closing(id_: str, at: datetime | None, now: datetime) -> Decide:
    """It was closed `at` (None: now)."""

    def decide(known: Tickets) -> Decision:
        ticket = _open_one(known, id_)
        answered = ticket.responded_at is not None
        what = "the first response came" if answered else "it was opened"
        moment = _moment(at, now, ticket.responded_at or ticket.opened_at, what)
        return Decision("closed", _changed(ticket, closed_at=moment))

    return decide


def record(store: Store, partner_id: str, decide: Decide, *, now: datetime, owner: str) -> Recorded:
    """Commits what is decided. `owner` is one word that no other commit has.

    Raises what `decide` raises, ContractError, and StoreUnavailable: then it may have been recorded all the same.
    """
    shard, known = tickets.shard_of(partner_id), NO_TICKETS
    for _ in range(TRIES):
        known = tickets.load(store, partner_id, known)
        verb, ticket = decide(known)
        seq, at = known.seq + 1, max(now, known.at or now)  # commit times never go back (design.md, law 8)
        entry = TicketEntry(id=f"{seq}.{owner}", at=at, verb=verb, ticket=ticket)
        if appending.put(store, shard, seq, tickets.encode_entry(entry), is_ours=_is(entry, seq)):
            return Recorded(ticket, tickets.apply(known, seq, entry))
    raise StoreUnavailable("others recorded tickets all the time; this one is not recorded")


def flags(known: Tickets, partner: Partner) -> dict[str, tuple[Flag, ...]]:
    """By id, what is odd under the partner's plan: a technical ticket that came after the allowance was used up, and
    one that was opened while the plan did not hold. Both happened, and count."""
    since, until = plans.validity(partner.valid_from, partner.valid_until)
    each = known.tickets.values()
    allowed = plans.allowance(partner.plan, partner.ticket_packages)
    over = tickets.over_allowance(each, allowed, since, until)
    found: dict[str, tuple[Flag, ...]] = {}
    for ticket in each:
        outside = not since <= ticket.opened_at < until
        odd: tuple[tuple[Flag, bool], ...] = (("over-allowance", ticket.id in over), ("outside-plan", outside))
        found[ticket.id] = tuple(flag for flag, is_so in odd if is_so)
    return found


def check_id(text: str) -> str:
    """The vendor's number of a ticket. Raises RequestError (400)."""
    odd = not text.isprintable() or any(c.isspace() for c in text)
    if odd or not 1 <= len(text) <= ID_CHARACTERS:
        raise RequestError(400, f"a ticket's id has 1 to {ID_CHARACTERS} printable characters, and no blanks")
    return text


def _is(entry: TicketEntry, seq: int) -> Callable[[bytes], bool]:
    return lambda blob: tickets.decode_entry(Row(seq, blob)).id == entry.id


def _free_id(known: Tickets) -> str:
    number = len(known.tickets) + 1
    while f"t-{number}" in known.tickets:
        number += 1
    return f"t-{number}"


def _known_one(known: Tickets, id_: str) -> Ticket:
    ticket = known.tickets.get(id_)
    if ticket is None:
        raise RequestError(404, f"there is no ticket {_short(id_)}; {_which_are_open(known)}")
    return ticket


def _open_one(known: Tickets, id_: str) -> Ticket:
    ticket = _known_one(known, id_)
    if ticket.closed_at is not None:
        closed = f"ticket {ticket.id} was closed at {times.text(ticket.closed_at)}"
        raise RequestError(409, f"{closed}; {_which_are_open(known)}")
    return ticket


def _which_are_open(known: Tickets) -> str:
    ids = [ticket.id for ticket in known.tickets.values() if ticket.closed_at is None]
    if not ids:
        return "none is open"
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return f"open: {', '.join(ids[:_NAMED])}{more}"


def _told(ticket: Ticket) -> str:
    """Its life in a line."""
    told = [f"opened at {times.text(ticket.opened_at)}"]
    if ticket.responded_at:
        told.append(f"answered at {times.text(ticket.responded_at)}")
    if ticket.closed_at:
        told.append(f"closed at {times.text(ticket.closed_at)}")
    return ", ".join(told)


def _moment(at: datetime | None, now: datetime, after: datetime | None, what: str) -> datetime:
    """`at`, or now; not before `after`, which is when `what`. In whole milliseconds, as it is told: what a person reads
    of it and gives back is no earlier."""
    now = _whole(now)
    if at is None:
        return max(now, after or now)  # what was recorded before may lie ahead by SKEW
    if at.tzinfo is None:
        raise RequestError(400, "at: says no time zone: 2026-03-01T08:56:00Z or 2026-03-01T16:56:00+08:00")
    moment = _whole(at.astimezone(now.tzinfo))
    if moment < EARLIEST:
        raise RequestError(400, f"at: {times.text(moment)} lies before the year {EARLIEST.year}")
    if moment > now + SKEW:
        raise RequestError(400, f"at: {times.text(moment)} lies in the future: it is {times.text(now)}")
    if after is not None and moment < after:
        if moment == after.replace(second=0, microsecond=0):  # said to the minute
            return after
        raise RequestError(400, f"at: {times.text(moment)} lies before {times.text(after)}, when {what}")
    return moment


def _whole(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _changed(ticket: Ticket, **more: datetime) -> Ticket:
    return msgspec.structs.replace(ticket, revision=ticket.revision + 1, **more)


def _line(text: str | None) -> str | None:
    line = clean_line(text or "")
    return (line if len(line) <= LINE_CHARACTERS else f"{line[: LINE_CHARACTERS - 1]}…") or None


def _short(text: str) -> str:
    line = clean_line(text)
    return line if len(line) <= ID_CHARACTERS else f"{line[: ID_CHARACTERS - 1]}…"
