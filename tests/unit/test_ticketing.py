"""What may be recorded of a ticket, and how it is committed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone

import pytest

from shd_relay import ticketing, tickets
from shd_relay.adapters.memory_store import MemoryStore
from shd_relay.config import Partner
from shd_relay.errors import RequestError, StoreUnavailable
from shd_relay.ports import Row
from shd_relay.ticketing import Decide, Opening
from shd_relay.tickets import NO_TICKETS, Ticket, Tickets

T0 = datetime(2026, 3, 1, 8, tzinfo=timezone.utc)
URGENT = Opening(kind="technical", severity="urgent")


def minutes(count: float) -> datetime:
    return T0 + timedelta(minutes=count)


class Ledger:
    """One partner's, over a store; each call is a command of its own."""

    def __init__(self, store: MemoryStore | None = None) -> None:
        self.store = store or MemoryStore()
        self.commands = 0

    def record(self, decide: Decide, now: datetime = T0) -> Ticket:
        self.commands += 1
        return ticketing.record(self.store, "acme", decide, now=now, owner=f"{id(self)}.{self.commands}").ticket

    def open(self, now: datetime = T0, **asked: object) -> Ticket:
        opening = Opening(**({"kind": "technical", "severity": "urgent"} | asked))  # type: ignore[arg-type]
        return self.record(ticketing.opening(opening, now), now)

    def respond(self, id_: str, now: datetime, at: datetime | None = None) -> Ticket:
        return self.record(ticketing.responding(id_, at, now), now)

    def close(self, id_: str, now: datetime, at: datetime | None = None) -> Ticket:
        return self.record(ticketing.closing(id_, at, now), now)

    def all(self) -> Tickets:
        return tickets.load(self.store, "acme")

    def entry_times(self) -> list[datetime]:
        return [tickets.decode_entry(row).at for row in self.store.read_log("tickets/acme", 0, 100)]


def refused(act: Callable[[], object], status: int) -> str:
    with pytest.raises(RequestError) as caught:
        act()
    assert caught.value.status == status
    assert "\n" not in caught.value.detail
    return caught.value.detail


def test_a_ticket_is_opened_answered_and_closed_and_each_is_one_entry() -> None:
    ledger = Ledger()
    opened = ledger.open(id="0004", event="e1", product="ecs", region="cn-hongkong", subject="down")
    assert (opened.id, opened.revision, opened.opened_at, opened.event) == ("0004", 1, T0, "e1")
    ledger.respond("0004", minutes(30))
    closed = ledger.close("0004", minutes(90))
    assert (closed.revision, closed.responded_at, closed.closed_at) == (3, minutes(30), minutes(90))
    assert ledger.all().tickets == {"0004": closed}
    assert ledger.all().seq == 3


def test_without_a_number_of_the_vendors_we_give_one_that_is_free() -> None:
    ledger = Ledger()
    ledger.open(id="t-3")
    assert [ledger.open().id for _ in range(3)] == ["t-2", "t-4", "t-5"]
    assert ledger.open(id="t-1").id == "t-1"


def test_it_may_have_happened_earlier_or_a_minute_ahead_of_our_clock() -> None:
    ledger = Ledger()
    assert ledger.open(at=minutes(-600)).opened_at == minutes(-600)
    ahead = ledger.open(at=T0 + ticketing.SKEW)
    assert ledger.respond(ahead.id, minutes(0.5)).responded_at == ahead.opened_at  # now, but not before it was opened
    east = timezone(timedelta(hours=8))
    assert (
        ledger.open(at=datetime(2026, 3, 1, 15, 56, tzinfo=east)).opened_at.isoformat() == "2026-03-01T07:56:00+00:00"
    )


def test_what_cannot_be_is_refused_in_one_line_that_says_what_is() -> None:
    ledger = Ledger()
    ledger.open(id="a")
    ledger.open(id="b")
    ledger.respond("a", minutes(10))
    said = refused(lambda: ledger.open(id="a"), 409)
    assert said == (
        "ticket a is recorded already: opened at 2026-03-01T08:00:00.000Z, answered at 2026-03-01T08:10:00.000Z"
    )
    said = refused(lambda: ledger.respond("a", minutes(20)), 409)
    assert said == "ticket a is answered already: the first response came at 2026-03-01T08:10:00.000Z"
    assert refused(lambda: ledger.close("c", minutes(20)), 404) == "there is no ticket c; open: a, b"
    assert refused(lambda: ledger.respond("", minutes(20)), 404).startswith("there is no ticket ;")
    ledger.close("a", minutes(20))
    said = "ticket a was closed at 2026-03-01T08:20:00.000Z; open: b"
    assert refused(lambda: ledger.close("a", minutes(30)), 409) == said
    assert "is answered already" in refused(lambda: ledger.respond("a", minutes(30)), 409)
    ledger.close("b", minutes(20))
    assert refused(lambda: ledger.close("x" * 900, minutes(30)), 404).endswith("…; none is open")
    assert ledger.all().seq == 5


def test_a_first_response_that_was_forgotten_is_recorded_after_the_ticket_was_closed() -> None:
    ledger = Ledger()
    ledger.open(id="a")
    ledger.close("a", minutes(60))
    said = refused(lambda: ledger.respond("a", minutes(90)), 409)
    assert said == (
        "ticket a was closed at 2026-03-01T09:00:00.000Z: say when before that the first response came, with --at"
    )
    answered = ledger.respond("a", minutes(90), at=minutes(30))
    assert (answered.responded_at, answered.closed_at, answered.in_time) == (minutes(30), minutes(60), True)


def test_a_time_said_to_the_minute_is_not_before_what_happened_in_that_minute() -> None:
    ledger = Ledger()
    ledger.open(minutes(0.75), id="a")
    assert ledger.respond("a", minutes(9), at=T0).responded_at == minutes(0.75)
    assert "lies before" in refused(lambda: ledger.close("a", minutes(9), at=minutes(0.5)), 400)


def test_of_many_open_tickets_a_refusal_names_some() -> None:
    ledger = Ledger()
    for _ in range(11):
        ledger.open()
    assert refused(lambda: ledger.close("x", T0), 404).endswith("t-7, t-8 and 3 more")


def test_a_time_in_the_future_without_a_zone_or_out_of_order_is_refused() -> None:
    ledger = Ledger()
    assert "lies in the future" in refused(lambda: ledger.open(at=minutes(1.1)), 400)
    assert "no time zone" in refused(lambda: ledger.open(at=datetime(2026, 3, 1)), 400)  # noqa: DTZ001 - that is it
    ledger.open(id="a")
    said = refused(lambda: ledger.respond("a", minutes(5), at=minutes(-1)), 400)
    assert said.endswith("lies before 2026-03-01T08:00:00.000Z, when it was opened")
    assert "when it was opened" in refused(lambda: ledger.close("a", minutes(5), at=minutes(-1)), 400)
    ledger.respond("a", minutes(5))
    said = refused(lambda: ledger.close("a", minutes(9), at=minutes(4)), 400)
    assert said.endswith("when the first response came")


@pytest.mark.parametrize("id_", ["", "a b", "a\n", "x" * 65, "\x1b[31m", "\u202e1", "a\u00a0b"])
def test_an_id_is_printable_without_blanks(id_: str) -> None:
    refused(lambda: Ledger().open(id=id_), 400)


def test_texts_are_one_clean_line_each() -> None:
    found = Ledger().open(subject="a\n\x1b[31mb\u0000 " + "x" * 900, event=" e1\n", product="\t")
    assert found.subject.startswith("a [31mb x")
    assert (len(found.subject), found.subject[-1], found.event, found.product) == (300, "…", "e1", None)


def test_commit_times_never_go_back_even_when_the_clock_does() -> None:
    ledger = Ledger()
    ledger.open(minutes(10))
    ledger.open(minutes(5))
    ledger.open(minutes(12))
    assert ledger.entry_times() == [minutes(10), minutes(10), minutes(12)]


def test_who_comes_second_decides_again_over_what_the_first_recorded() -> None:
    store = _Overtaken(MemoryStore())
    first, second = Ledger(store.store), Ledger(store)  # type: ignore[arg-type]
    store.before_append = [first.open, first.open]
    assert second.open().id == "t-3"
    store.before_append = [lambda: first.close("t-3", minutes(1))]
    assert "was closed at" in refused(lambda: second.close("t-3", minutes(2)), 409)
    assert first.all().seq == 4


def test_who_is_overtaken_all_the_time_gives_up_and_nothing_is_recorded() -> None:
    store = _Overtaken(MemoryStore())
    first, second = Ledger(store.store), Ledger(store)  # type: ignore[arg-type]
    store.before_append = [first.open] * 100
    with pytest.raises(StoreUnavailable, match="this one is not recorded"):
        second.open(id="mine")
    assert "mine" not in first.all().tickets


class _Overtaken:
    """A store in which something happens between the read and the write."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.before_append: list[Callable[[], object]] = []

    def read_log(self, shard: str, after: int, limit: int) -> list[Row]:
        return self.store.read_log(shard, after, limit)

    def append(self, shard: str, seq: int, blob: bytes) -> bool:
        if self.before_append:
            self.before_append.pop(0)()
        return self.store.append(shard, seq, blob)


def partner(**more: object) -> Partner:
    values = {
        "id": "acme", "name": "Acme", "plan": "selected", "valid_from": date(2026, 3, 1),
        "valid_until": date(2026, 3, 31),
    }  # fmt: skip
    return Partner(**(values | more))  # type: ignore[arg-type]


def test_a_ticket_over_the_allowance_or_outside_of_the_plan_is_recorded_and_flagged() -> None:
    ledger = Ledger()
    day_before = datetime(2026, 2, 28, 15, 59, tzinfo=timezone.utc)  # the plan's days are of UTC+8
    ledger.open(id="early", at=day_before)
    ledger.open(id="chat", kind="consulting", at=day_before + timedelta(minutes=1))
    for number in range(11):
        ledger.open(id=f"n{number}", at=minutes(number - 60))
    found = ticketing.flags(ledger.all(), partner())
    assert {id_: flags for id_, flags in found.items() if flags} == {
        "early": ("outside-plan",),
        "n10": ("over-allowance",),
    }
    assert not any(ticketing.flags(ledger.all(), partner(plan="flagship", valid_from=date(2026, 2, 1))).values())
    assert ticketing.flags(NO_TICKETS, partner()) == {}
    package = ticketing.flags(ledger.all(), partner(ticket_packages=1))
    assert package["n10"] == ()
