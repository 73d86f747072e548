"""What the ticket commands print: a ticket that was recorded, and the list of them. `now` is an argument."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any

from shd_relay import ticketing, times
from shd_relay.cli import show
from shd_relay.config import Partner
from shd_relay.plans import PACKAGE_TICKETS, TARGETS
from shd_relay.ticketing import Flag, Recorded
from shd_relay.tickets import Ticket, Tickets
from shd_relay.web import standing

_SAID = {"open": "opened", "respond": "answered", "close": "closed"}
_FLAGS: dict[Flag, str] = {"over-allowance": "over the allowance", "outside-plan": "outside the plan"}
_NONE = "-"


def recorded(done: Recorded, partner: Partner, verb: str, now: datetime, *, as_json: bool) -> None:
    """The ticket as it is after what was recorded."""
    flags = ticketing.flags(done.tickets, partner)[done.ticket.id]
    if as_json:
        show.as_json({"ticket": _view(done.ticket, flags, now), **_counts(partner, done.tickets)})
        return
    for line in recorded_lines(done, partner, verb, now, flags):
        show.line(line)


def recorded_lines(
    done: Recorded, partner: Partner, verb: str, now: datetime, flags: Sequence[Flag] = ()
) -> Iterable[str]:
    ticket, zone = done.ticket, _zone(partner)
    at = {"open": ticket.opened_at, "respond": ticket.responded_at, "close": ticket.closed_at}[verb] or now
    about = f"{ticket.kind}, {TARGETS[ticket.severity].name}"
    yield f"recorded: ticket {ticket.id} ({about}) {_SAID[verb]} {_time(at, zone, offset=True)}"
    if verb == "open":
        yield f"the first response is due before {_time(ticket.due, zone, offset=True)}: {_left(ticket.due, now)}"
        yield from _others(done)
        yield from (f"note: this ticket is {_FLAGS[flag]}" for flag in flags)
        yield from _used(partner, done.tickets)
    elif verb == "respond":
        yield f"the first response came {_response(ticket, now)}"
    elif ticket.responded_at is None:
        yield "note: no response to it is recorded"


def listed(known: Tickets, partner: Partner, now: datetime, *, only_open: bool, as_json: bool) -> None:
    flags = ticketing.flags(known, partner)
    shown = [ticket for ticket in known.tickets.values() if not (only_open and ticket.closed_at)]
    if as_json:
        rows = [_view(ticket, flags[ticket.id], now) for ticket in shown]
        show.as_json({"partner": partner.id, "tickets": rows, **_counts(partner, known)})
        return
    if shown:
        zone = _zone(partner)
        several = len({_offset(at, zone) for ticket in shown for at in _times(ticket)}) > 1
        rows_ = [_row(ticket, flags[ticket.id], zone, now, offset=several) for ticket in shown]
        show.table(_COLUMNS, rows_)
        where = "" if several else f" ({_offset(shown[0].opened_at, zone)})"
        show.line(f"times are of {partner.time_zone}{where}")
    else:
        show.line(f"no tickets{' are open' if only_open else ''} in the ledger of {partner.id}")
    for line in _used(partner, known):
        show.line(line)


_COLUMNS = ("ticket", "severity", "about", "opened", "first response", "closed")


def _row(ticket: Ticket, flags: Sequence[Flag], zone: tzinfo, now: datetime, *, offset: bool) -> Sequence[str]:
    return (
        f"{ticket.id}\n{ticket.kind}",
        TARGETS[ticket.severity].name,
        "\n".join((_about(ticket), *(_FLAGS[flag] for flag in flags))),
        _time(ticket.opened_at, zone, offset=offset),
        f"{_response(ticket, now)}\ndue {_time(ticket.due, zone, offset=offset)}",
        _time(ticket.closed_at, zone, offset=offset) if ticket.closed_at else _NONE,
    )


def _about(ticket: Ticket) -> str:
    return ticket.event or "/".join(filter(None, (ticket.product, ticket.region))) or ticket.subject or _NONE


def _response(ticket: Ticket, now: datetime) -> str:
    """Whether it came in time, or how long there is."""
    if ticket.responded_at is not None:
        taken = span(ticket.responded_at - ticket.opened_at)
        return f"in time, after {taken}" if ticket.in_time else f"late by {span(ticket.responded_at - ticket.due)}"
    return "none recorded" if ticket.closed_at else _left(ticket.due, now)


def _left(due: datetime, now: datetime) -> str:
    return f"{span(due - now)} left" if now < due else f"overdue by {span(now - due)}"


def span(lasting: timedelta) -> str:
    """In its two greatest units, the rest dropped: `2 d 3 h`, `3 h 5 min`, `4 min 10 s`."""
    seconds = max(0, int(lasting.total_seconds()))
    parts = ((seconds // 86400, "d"), (seconds // 3600 % 24, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s"))
    first = next((n for n, (count, _) in enumerate(parts) if count), len(parts) - 1)
    return " ".join(f"{n} {unit}" for n, unit in parts[first : first + 2] if n) or "0 s"


def _used(partner: Partner, known: Tickets) -> Iterable[str]:
    counts = standing.counts(partner, known)
    if counts is None:
        return
    of = f"of {counts.allowance}" if counts.allowance is not None else "(as many as needed)"
    left = f", {counts.left} left" if counts.left is not None else ""
    over = f", {counts.over} over the allowance: a ticket package adds {PACKAGE_TICKETS}" if counts.over else ""
    days = f"{partner.valid_from} to {partner.valid_until}, UTC+8"
    yield f"technical tickets used: {counts.used} {of}{left}{over} ({days}); consulting tickets: {counts.consulting}"
    yield f"first responses: {counts.in_time} in time, {counts.late} late, {len(counts.awaiting)} awaited"


def _others(done: Recorded) -> Iterable[str]:
    event = done.ticket.event
    same = [t.id for t in done.tickets.tickets.values() if event and t.event == event and t.closed_at is None]
    others = [id_ for id_ in same if id_ != done.ticket.id]
    if others:
        yield f"note: about this event there is open already: {', '.join(others)}"


def _counts(partner: Partner, known: Tickets) -> dict[str, Any]:
    """As `/v1/me` has them."""
    counts = standing.counts(partner, known)
    if counts is None:
        return {}
    return {
        "technical": {"allowance": counts.allowance, "used": counts.used, "left": counts.left, "over": counts.over},
        "consulting": {"used": counts.consulting},
        "responses": {"in_time": counts.in_time, "late": counts.late},
        "open": counts.open,
        "awaiting_response": len(counts.awaiting),
    }


def _view(ticket: Ticket, flags: Sequence[Flag], now: datetime) -> dict[str, Any]:
    waits = ticket.responded_at is None and ticket.closed_at is None
    return {
        "id": ticket.id, "revision": ticket.revision, "kind": ticket.kind, "severity": ticket.severity,
        "event": ticket.event, "product": ticket.product, "region": ticket.region, "subject": ticket.subject,
        "opened_at": times.text(ticket.opened_at), "due": times.text(ticket.due),
        "responded_at": times.text_or_none(ticket.responded_at), "in_time": ticket.in_time,
        "seconds_left": int((ticket.due - now).total_seconds()) if waits else None,
        "closed_at": times.text_or_none(ticket.closed_at), "flags": flags,
    }  # fmt: skip


def _times(ticket: Ticket) -> Iterable[datetime]:
    return filter(None, (ticket.opened_at, ticket.due, ticket.closed_at))


def _zone(partner: Partner) -> tzinfo:
    from zoneinfo import ZoneInfo

    return ZoneInfo(partner.time_zone)


def _time(moment: datetime, zone: tzinfo, *, offset: bool) -> str:
    local = moment.astimezone(zone)
    return f"{local.year:04d}-{local:%m-%d %H:%M}" + (f" {_offset(moment, zone)}" if offset else "")


def _offset(moment: datetime, zone: tzinfo) -> str:
    sign = f"{moment.astimezone(zone):%z}"
    return f"UTC{sign[:3]}:{sign[3:5]}"
