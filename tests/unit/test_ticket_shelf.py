"""The tickets an instance keeps: some seconds old at most, each partner its own, and told if they are not known."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from shd_relay.tickets import NO_TICKETS, shard_of
from shd_relay.web.ticket_shelf import UNREAD, TicketShelf
from tests.web_tickets import record, ticket
from tests.web_world import NOW, House


def shelf_of(house: House, **more: Any) -> TicketShelf:
    return TicketShelf(house.store, **more)


def test_tickets_are_read_once_in_some_seconds_and_then_only_what_is_new() -> None:
    house = House()
    record(house, ticket("t1"), ticket("t2"))
    shelf = shelf_of(house)
    first = shelf.tickets("acme", 100.0, NOW)
    reads = len(house.store.logs_read)
    record(house, ticket("t3"))
    before = house.store.rows_read

    assert list(first.tickets) == ["t1", "t2"]
    assert shelf.tickets("acme", 104.9, NOW) is first
    assert len(house.store.logs_read) == reads + 2  # those of `record`
    assert list(shelf.tickets("acme", 105.0, NOW).tickets) == ["t1", "t2", "t3"]
    assert house.store.rows_read == before + 1


@pytest.mark.parametrize("moved", [timedelta(seconds=5), timedelta(hours=-1)])
def test_a_clock_that_was_moved_asks_for_the_tickets_of_its_own_moment(moved: timedelta) -> None:
    house = House()
    shelf = shelf_of(house)
    assert shelf.tickets("acme", 100.0, NOW) == NO_TICKETS
    record(house, ticket())

    assert list(shelf.tickets("acme", 100.0, NOW + moved).tickets) == ["t1"]


def test_while_nothing_is_recorded_it_is_the_very_same_object() -> None:
    house = House()
    record(house, ticket())
    shelf = shelf_of(house)
    first = shelf.tickets("acme", 100.0, NOW)

    assert shelf.tickets("acme", 200.0, NOW) is first
    assert shelf.tickets("small", 100.0, NOW) is NO_TICKETS
    assert shelf.tickets("small", 200.0, NOW) is NO_TICKETS


def test_a_store_that_is_away_gives_the_last_copy_and_without_one_says_that_nothing_is_known() -> None:
    house = House()
    record(house, ticket())
    shelf = shelf_of(house)
    first = shelf.tickets("acme", 100.0, NOW)
    house.store.broken = True

    assert shelf.tickets("acme", 200.0, NOW) is first
    assert shelf.tickets("small", 200.0, NOW) is UNREAD
    house.store.broken = False
    assert shelf.tickets("small", 204.0, NOW) is UNREAD  # in an outage one request waits for the store, and not each
    assert shelf.tickets("small", 205.0, NOW) is NO_TICKETS


def test_a_log_that_cannot_be_read_says_so_in_the_log_lines_and_nobody_elses_suffers(
    caplog: pytest.LogCaptureFixture,
) -> None:
    house = House()
    record(house, ticket("t9"), who="small")
    house.store.append(shard_of("acme"), 1, b'{"secret": 1}')
    shelf = shelf_of(house)

    assert shelf.tickets("acme", 100.0, NOW) is UNREAD
    assert list(shelf.tickets("small", 100.0, NOW).tickets) == ["t9"]
    assert [line.startswith("the tickets of acme are refused: ticket entry 1") for line in caplog.messages] == [True]
    assert "secret" not in caplog.text


def test_the_tickets_of_a_time_are_those_that_were_recorded_by_then() -> None:
    house = House()
    record(house, ticket("t1"), at=NOW - timedelta(minutes=9))
    record(house, ticket("t2"), at=NOW - timedelta(minutes=3))
    shelf = shelf_of(house)
    known = shelf.tickets("acme", 100.0, NOW)

    assert list(shelf.recorded_by(NOW - timedelta(minutes=9), "acme", known).tickets) == ["t1"]
    assert shelf.recorded_by(NOW - timedelta(minutes=10), "acme", known) == NO_TICKETS
    house.store.broken = True  # after the last of them nothing needs to be read
    assert shelf.recorded_by(NOW - timedelta(minutes=3), "acme", known) is known


def test_the_copies_of_few_partners_are_kept_those_who_asked_last() -> None:
    house = House()
    record(house, ticket())
    shelf = shelf_of(house, most_partners=2)
    first = shelf.tickets("acme", 100.0, NOW)
    shelf.tickets("small", 100.0, NOW)
    assert shelf.tickets("acme", 100.0, NOW) is first
    shelf.tickets("old", 100.0, NOW)
    assert shelf.tickets("acme", 100.0, NOW) is first
    house.store.logs_read.clear()
    shelf.tickets("small", 100.0, NOW)

    assert house.store.logs_read == [shard_of("small")]


def test_threads_that_ask_at_once_share_one_copy_and_one_read() -> None:
    house = House()
    record(house, *(ticket(f"t{n}") for n in range(300)))
    house.store.rows_read = 0
    shelf = shelf_of(house)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: shelf.tickets("acme", 100.0, NOW), range(64)))

    assert all(each is found[0] for each in found)
    assert house.store.rows_read == len(found[0].tickets) == 300
