"""A partner's tickets: the fold of its log, what is counted, and what is due."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from shd_relay import tickets
from shd_relay.adapters.memory_store import MemoryStore
from shd_relay.errors import ContractError
from shd_relay.plans import TARGETS
from shd_relay.ports import Row
from shd_relay.support import Desk
from shd_relay.ticket_severity import Important
from shd_relay.tickets import NO_TICKETS, Ticket, TicketEntry, Tickets, TicketVerb, counted, over_allowance, shard_of
from tests.web_world import event

T0 = datetime(2026, 3, 1, 8, tzinfo=timezone.utc)


def minutes(count: float) -> datetime:
    return T0 + timedelta(minutes=count)


def ticket(id_: str = "t1", **more: object) -> Ticket:
    values = {"id": id_, "revision": 1, "kind": "technical", "severity": "critical", "opened_at": T0, "event": "e1"}
    return Ticket(**(values | more))  # type: ignore[arg-type]


def written(*told: tuple[TicketVerb, Ticket], store: MemoryStore | None = None, partner: str = "acme") -> MemoryStore:
    store = store or MemoryStore()
    for seq, (verb, each) in enumerate(told, 1):
        entry = TicketEntry(id=f"{seq}", at=minutes(seq), verb=verb, ticket=each)
        assert store.append(shard_of(partner), seq, tickets.encode_entry(entry))
    return store


def test_the_fold_is_each_ticket_as_it_was_last() -> None:
    answered = ticket(revision=2, responded_at=minutes(5))
    store = written(("opened", ticket()), ("opened", ticket("t2")), ("responded", answered))
    found = tickets.load(store, "acme")
    assert (found.seq, found.at) == (3, minutes(3))
    assert found.tickets == {"t1": answered, "t2": ticket("t2")}
    assert tickets.load(store, "other") == NO_TICKETS


def test_a_fold_goes_on_from_an_earlier_one_and_can_stop_at_a_time() -> None:
    store = written(*[("opened", ticket(f"t{n}")) for n in range(450)])  # more than two pages
    early = tickets.load(store, "acme", until=minutes(250))
    assert early.seq == 250
    assert tickets.load(store, "acme", early) == tickets.load(store, "acme")
    assert len(tickets.load(store, "acme").tickets) == 450


def test_an_entry_that_is_not_the_next_or_cannot_be_read_stops_the_reader() -> None:
    entry = TicketEntry(id="1", at=T0, verb="opened", ticket=ticket())
    with pytest.raises(ContractError, match="does not follow"):
        tickets.apply(NO_TICKETS, 2, entry)
    newer = tickets.encode_entry(TicketEntry(schema=2, id="1", at=T0, verb="opened", ticket=ticket()))
    with pytest.raises(ContractError, match="newer version"):
        tickets.decode_entry(Row(1, newer))
    with pytest.raises(ContractError, match="entry 7 cannot be read"):
        tickets.decode_entry(Row(7, b"{}"))


@pytest.mark.parametrize("severity", list(TARGETS))
def test_a_response_is_in_time_only_before_it_is_due(severity: str) -> None:
    within = TARGETS[severity].within  # type: ignore[index]
    opened = ticket(severity=severity)
    assert opened.due == T0 + within
    assert opened.in_time is None
    assert ticket(severity=severity, responded_at=T0 + within).in_time is False
    assert ticket(severity=severity, responded_at=T0 + within - timedelta(milliseconds=1)).in_time is True


def test_technical_tickets_of_the_period_are_counted_by_when_they_were_opened() -> None:
    all_ = [
        ticket("late", opened_at=minutes(60)), ticket("b", opened_at=minutes(1)), ticket("a", opened_at=minutes(1)),
        ticket("talk", kind="consulting"), ticket("first"), ticket("before", opened_at=minutes(-1)),
    ]  # fmt: skip
    assert [t.id for t in counted(all_, T0, minutes(60))] == ["first", "a", "b"]
    assert over_allowance(all_, 2, T0, minutes(60)) == {"b"}
    assert over_allowance(all_, None, T0, minutes(60)) == frozenset()


def test_what_an_event_means_follows_its_open_ticket_else_the_suggestion() -> None:
    important = Important(business_critical=frozenset({"ecs"}))
    found = Desk(important, [event()]).of(event())
    assert (found.suggestion.severity, found.ticket, found.due) == ("critical", None, None)
    assert found.within == timedelta(minutes=15)
    mine = Tickets(
        tickets={
            "closed": ticket("closed", closed_at=minutes(9)),
            "open": ticket("open", severity="urgent", opened_at=minutes(10)),
            "elsewhere": ticket("elsewhere", event="e2"),
        }
    )
    found = Desk(important, [event()], mine).of(event())
    assert found.ticket is not None
    assert (found.ticket.id, found.within, found.due) == ("open", timedelta(minutes=40), minutes(50))
