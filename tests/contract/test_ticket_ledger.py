"""The ledger of tickets over each store: one entry each, whoever else records, and whatever answer is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timezone

import pytest

from shd_relay import ticketing, tickets
from shd_relay.errors import StoreUnavailable
from shd_relay.ports import Row, Store
from shd_relay.ticketing import Opening, Recorded
from tests.contract.store_places import FrailPlace

Opener = Callable[[], Store]
NOW = datetime(2026, 3, 1, 8, tzinfo=timezone.utc)


def opened(store: Store, owner: str, id_: str | None = None) -> Recorded:
    asked = Opening(kind="technical", severity="urgent", id=id_)
    return ticketing.record(store, "acme", ticketing.opening(asked, NOW), now=NOW, owner=owner)


def test_a_ticket_is_read_back_as_it_was_recorded_and_by_nobody_else(open_store: Opener) -> None:
    opened(open_store(), "a", "0004KJ7Q2X")
    ticketing.record(open_store(), "acme", ticketing.closing("0004KJ7Q2X", None, NOW), now=NOW, owner="b")
    found = tickets.load(open_store(), "ACME")
    assert (found.seq, found.at, found.tickets["0004KJ7Q2X"].closed_at) == (2, NOW, NOW)
    assert tickets.load(open_store(), "acm") == tickets.NO_TICKETS
    assert open_store().read_log("main", 0, 1) == []  # never among what is relayed


def test_of_two_operators_at_once_both_are_recorded_one_after_the_other(open_store: Opener) -> None:
    stores = [open_store(), open_store()]
    gate = threading.Barrier(len(stores))

    def work(number: int) -> None:
        gate.wait()
        for turn in range(4):
            opened(stores[number], f"{number}.{turn}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(stores))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(tickets.load(open_store(), "acme").tickets) == [f"t-{n}" for n in range(1, 9)]


class LosesAnswers:
    """Puts what it is given, and says that nobody knows, so many times."""

    def __init__(self, store: Store, times: int) -> None:
        self.store = store
        self.times = times
        self.before: Callable[[], object] | None = None

    def read_log(self, shard: str, after: int, limit: int) -> list[Row]:
        return self.store.read_log(shard, after, limit)

    def append(self, shard: str, seq: int, blob: bytes) -> bool:
        before, self.before = self.before, None
        if before:
            before()
        put = self.store.append(shard, seq, blob)
        if self.times:
            self.times -= 1
            raise StoreUnavailable("the answer was lost")
        return put


def test_when_the_answer_is_lost_the_own_entry_is_found_and_not_put_twice(store: Store) -> None:
    found = opened(LosesAnswers(store, times=5), "a")  # type: ignore[arg-type]
    assert (found.ticket.id, found.tickets) == ("t-1", tickets.load(store, "acme"))
    assert found.tickets.seq == 1


def test_when_who_came_second_hears_nothing_it_is_decided_again(open_store: Opener) -> None:
    other, lossy = open_store(), LosesAnswers(open_store(), times=1)
    lossy.before = lambda: opened(other, "b", "theirs")
    assert opened(lossy, "a").ticket.id == "t-2"  # type: ignore[arg-type]
    assert list(tickets.load(other, "acme").tickets) == ["theirs", "t-2"]


def test_while_the_place_fails_nothing_is_claimed_and_it_goes_on_where_it_was(
    frail: FrailPlace, open_frail: Opener
) -> None:
    opened(open_frail(), "a")
    frail.break_down()
    with pytest.raises(StoreUnavailable):
        opened(open_frail(), "b")
    frail.mend()
    assert opened(open_frail(), "c").ticket.id == "t-2"


def test_answers_lost_on_the_wire_leave_one_entry_each(frail: FrailPlace, open_frail: Opener) -> None:
    if not frail.may_lose_answers:
        pytest.skip("a commit that failed was not made")
    frail.lose_answers()
    opened(open_frail(), "a")
    frail.mend()
    assert list(tickets.load(open_frail(), "acme").tickets) == ["t-1"]
