"""Every sentence of ReadStore and Store in ports.py, over each adapter. What one alone does is in its unit tests.

When the store fails is in test_store_failures.py.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from shd_relay.adapters.memory_store import MemoryStore
from shd_relay.adapters.sqlite_store import SqliteStore
from shd_relay.model import SHARD, START, Position
from shd_relay.ports import Checkpoint, Lease, ReadStore, Row, Store
from shd_relay.records import Parked
from tests.contract.sentences import proves
from tests.contract.store_places import Memory, StorePlace

T = TypeVar("T")
Opener = Callable[[], Store]

NOW = datetime(2023, 11, 12, 9, 39, 0, 123457, tzinfo=timezone.utc)
TTL = 60.0
MEGABYTE = bytes(range(256)) * 4096


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def acquired(store: Store, owner: str = "a", now: datetime = NOW, shard: str = SHARD) -> Lease:
    lease = store.acquire(shard, owner, now, TTL)
    assert lease is not None
    return lease


def at_once(*actions: Callable[[], T]) -> list[T]:
    """Runs all the actions in threads that start together; what each returned, in no order."""
    results: list[T] = []
    gate = threading.Barrier(len(actions))

    def run(action: Callable[[], T]) -> None:
        gate.wait()
        results.append(action())

    threads = [threading.Thread(target=run, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == len(actions)
    return results


@proves(ReadStore.close, "the store can be used again afterwards.")
def test_close_a_closed_store_can_be_used_again_and_still_holds_what_it_held(store: Store) -> None:
    store.append(SHARD, 1, b"one")
    store.close()
    store.close()
    assert store.read_log(SHARD, 0, 10) == [Row(1, b"one")]
    assert store.append(SHARD, 2, b"two")


@proves(ReadStore.close, "Lets go of connections;")
def test_close_lets_go_of_connections(place: StorePlace) -> None:
    with closing(place.open()) as store:
        store.append(SHARD, 1, b"one")
        held = place.connections()
        store.close()
        assert (held > 0, place.connections()) == (not isinstance(place, Memory), 0)


def test_a_store_that_was_never_used_can_be_closed(store: Store) -> None:
    store.close()


def test_what_one_store_wrote_another_one_of_the_same_place_reads(open_store: Opener) -> None:
    open_store().append(SHARD, 1, b"one")
    assert open_store().read_log(SHARD, 0, 10) == [Row(1, b"one")]


@proves(Store.acquire, "The lease, for ttl_seconds from `now`, with a token greater than any before;")
def test_acquire_the_lease_runs_from_now_for_its_ttl(store: Store) -> None:
    lease = acquired(store)
    assert lease.until == later(TTL)
    assert lease.until.tzinfo == timezone.utc
    assert lease.token > 0


@proves(Store.acquire, "None while another owner's runs.")
@proves(Lease, "`until` is when others may take it.")
@pytest.mark.parametrize("passed", [0, 1, TTL - 0.000001])
def test_acquire_gives_none_while_another_owners_lease_runs(open_store: Opener, passed: float) -> None:
    acquired(open_store(), "a")
    assert open_store().acquire(SHARD, "b", later(passed), TTL) is None


def test_acquire_a_refused_caller_does_not_disturb_the_lease_that_runs(store: Store) -> None:
    lease = acquired(store, "a")
    store.acquire(SHARD, "b", later(1), TTL)
    renewed = store.renew(SHARD, lease, later(2), TTL)
    assert renewed == Lease(lease.token, later(2 + TTL))


@proves(Lease, "`token` grows with every acquisition;", "`until` is when others may take it.")
@pytest.mark.parametrize("passed", [TTL, TTL + 0.000001, 10 * TTL])
def test_acquire_the_token_grows_after_the_lease_expired(store: Store, passed: float) -> None:
    first = acquired(store, "a")
    assert acquired(store, "b", later(passed)).token > first.token


@proves(Lease, "`token` grows with every acquisition;")
def test_acquire_the_token_grows_after_a_release(store: Store) -> None:
    first = acquired(store, "a")
    store.release(SHARD, first)
    assert acquired(store, "b").token > first.token


@proves(Store.acquire, "The lease, for ttl_seconds from `now`, with a token greater than any before;")
def test_acquire_the_token_is_greater_than_any_before(store: Store) -> None:
    tokens = []
    for hour, owner in enumerate(["a", "b", "b", "a", "c"]):
        lease = acquired(store, owner, later(hour * 3600))
        tokens.append(lease.token)
        if hour % 2:
            store.release(SHARD, lease)
    assert tokens == sorted(set(tokens))


@proves(Store.acquire, "None while another owner's runs.")
def test_acquire_one_of_eight_that_ask_at_once_gets_the_lease(open_store: Opener) -> None:
    stores = [open_store() for _ in range(8)]
    leases = at_once(*[lambda s=s, n=n: s.acquire(SHARD, f"owner-{n}", NOW, TTL) for n, s in enumerate(stores)])
    assert sum(lease is not None for lease in leases) == 1


@proves(Store.acquire, "None while another owner's runs.")
def test_acquire_one_of_eight_threads_of_one_store_gets_the_lease(store: Store) -> None:
    leases = at_once(*[lambda n=n: store.acquire(SHARD, f"owner-{n}", NOW, TTL) for n in range(8)])
    assert sum(lease is not None for lease in leases) == 1


@proves(Store.acquire, "The lease, for ttl_seconds from `now`, with a token greater than any before;")
def test_acquire_one_of_eight_that_ask_at_once_gets_the_expired_lease(open_store: Opener) -> None:
    old = acquired(open_store(), "dead")
    stores = [open_store() for _ in range(8)]
    leases = at_once(*[lambda s=s, n=n: s.acquire(SHARD, f"owner-{n}", later(TTL), TTL) for n, s in enumerate(stores)])
    assert [lease.token > old.token for lease in leases if lease is not None] == [True]


@proves(Lease, "`token` grows with every acquisition;")
def test_acquire_two_that_ask_at_once_as_one_owner_get_different_tokens(open_store: Opener) -> None:
    stores = [open_store() for _ in range(4)]
    leases = at_once(*[lambda s=s: acquired(s, "a") for s in stores])
    assert len({lease.token for lease in leases}) == 4


@proves(
    Store.acquire,
    "A lease that runs for more than twice ttl_seconds from `now` counts as expired: a clock that is wrong wrote it.",
)
def test_acquire_a_lease_by_a_clock_that_is_wrong_counts_as_expired(store: Store) -> None:
    wrong = acquired(store, "a", later(TTL + 0.000001))
    assert acquired(store, "b").token > wrong.token


@proves(
    Store.acquire,
    "A lease that runs for more than twice ttl_seconds from `now` counts as expired: a clock that is wrong wrote it.",
)
def test_acquire_a_lease_that_runs_for_exactly_twice_the_ttl_still_counts(store: Store) -> None:
    acquired(store, "a", later(TTL))
    assert store.acquire(SHARD, "b", NOW, TTL) is None


@proves(Store.acquire, "The owner of a running lease gets it anew, with a new token.")
def test_acquire_the_owner_of_a_running_lease_gets_it_anew_with_a_new_token(store: Store) -> None:
    first = acquired(store, "a")
    anew = acquired(store, "a", later(1))
    assert anew.token > first.token
    assert anew.until == later(1 + TTL)
    assert store.renew(SHARD, first, later(2), TTL) is None


@proves(Store.renew, "The same token, for ttl_seconds from `now`;")
def test_renew_gives_the_same_token_with_a_later_until(store: Store) -> None:
    lease = acquired(store, "a")
    renewed = store.renew(SHARD, lease, later(30), TTL)
    assert renewed == Lease(lease.token, later(30 + TTL))


@proves(Store.renew, "The same token, for ttl_seconds from `now`;")
def test_renew_the_later_until_holds_off_others(store: Store) -> None:
    lease = acquired(store, "a")
    store.renew(SHARD, lease, later(30), TTL)
    assert store.acquire(SHARD, "b", later(30 + TTL - 1), TTL) is None
    assert store.acquire(SHARD, "b", later(30 + TTL), TTL) is not None


@proves(Store.renew, "None if it was acquired anew since.")
def test_renew_gives_none_after_another_owner_acquired_the_lease(store: Store) -> None:
    lease = acquired(store, "a")
    theirs = acquired(store, "b", later(TTL))
    assert store.renew(SHARD, lease, later(TTL + 1), TTL) is None
    assert store.renew(SHARD, theirs, later(TTL + 1), TTL) == Lease(theirs.token, later(2 * TTL + 1))


@proves(Store.renew, "Having expired is no loss.")
def test_renew_having_expired_alone_is_no_loss(store: Store) -> None:
    lease = acquired(store, "a")
    assert store.renew(SHARD, lease, later(5 * TTL), TTL) == Lease(lease.token, later(6 * TTL))
    assert store.acquire(SHARD, "b", later(5 * TTL), TTL) is None


def test_renew_gives_none_where_no_lease_was_ever_acquired(store: Store) -> None:
    assert store.renew(SHARD, Lease(1, NOW), NOW, TTL) is None


@proves(Store.release, "Ends the lease at once if it is still this one's;")
def test_release_ends_the_lease_at_once(store: Store) -> None:
    store.release(SHARD, acquired(store, "a"))
    assert store.acquire(SHARD, "b", NOW, TTL) is not None


@proves(Store.release, "does nothing otherwise.")
def test_release_by_an_old_lease_does_nothing(store: Store) -> None:
    old = acquired(store, "a")
    acquired(store, "b", later(TTL))
    store.release(SHARD, old)
    assert store.acquire(SHARD, "c", later(TTL), TTL) is None


@proves(Store.release, "Ends the lease at once if it is still this one's;")
def test_release_by_a_lease_from_before_a_renewal_still_ends_it(store: Store) -> None:
    lease = acquired(store, "a")
    store.renew(SHARD, lease, later(30), TTL)
    store.release(SHARD, lease)
    assert store.acquire(SHARD, "b", later(30), TTL) is not None


@proves(Store.release, "does nothing otherwise.")
def test_release_where_no_lease_was_ever_acquired_does_nothing(store: Store) -> None:
    store.release(SHARD, Lease(1, NOW))
    assert store.acquire(SHARD, "a", NOW, TTL) is not None


@proves(Store.append, "Puts the row if none is under `seq`: True if this call put it, False if one was there.")
def test_append_says_true_if_this_call_put_the_row_and_false_if_one_was_there(open_store: Opener) -> None:
    assert open_store().append(SHARD, 1, b"one") is True
    assert open_store().append(SHARD, 1, b"one") is False


@proves(Store.append, "Never overwrites.")
def test_append_never_overwrites(store: Store) -> None:
    store.append(SHARD, 1, b"first")
    assert store.append(SHARD, 1, b"second") is False
    assert store.read_log(SHARD, 0, 10) == [Row(1, b"first")]


@proves(
    Store.append,
    "Puts the row if none is under `seq`: True if this call put it, False if one was there.",
    "Never overwrites.",
)
def test_append_exactly_one_of_eight_that_put_at_once_is_told_true_and_its_row_stands(open_store: Opener) -> None:
    blobs = [f"entry-{n}".encode() for n in range(8)]
    stores = [open_store() for _ in blobs]
    told = at_once(*[lambda s=s, b=b: (s.append(SHARD, 1, b), b) for s, b in zip(stores, blobs, strict=True)])
    winners = [blob for won, blob in told if won]
    assert [Row(1, blob) for blob in winners] == open_store().read_log(SHARD, 0, 10)


@proves(Store.append, "Puts the row if none is under `seq`: True if this call put it, False if one was there.")
def test_append_threads_that_each_put_what_is_free_leave_no_gap_and_lose_nothing(store: Store) -> None:
    def put_ten(name: int) -> int:
        seq = mine = 0
        while mine < 10:
            seq += 1
            mine += store.append(SHARD, seq, str(name).encode())
        return mine

    assert at_once(*[lambda n=n: put_ten(n) for n in range(4)]) == [10] * 4
    rows = store.read_log(SHARD, 0, 100)
    assert [row.seq for row in rows] == list(range(1, 41))
    assert sorted(row.blob for row in rows) == sorted(str(n).encode() for n in range(4) for _ in range(10))


def test_read_log_is_empty_before_the_first_append(store: Store) -> None:
    assert store.read_log(SHARD, 0, 10) == []


@proves(ReadStore.read_log, "At most `limit` rows with seq after+1, after+2, ... in this order;")
def test_read_log_gives_the_rows_after_a_seq_in_their_order(store: Store) -> None:
    for seq in (11, 3, 2, 10, 1, 9, 8, 7, 6, 5, 4):
        store.append(SHARD, seq, b"%d" % seq)
    assert store.read_log(SHARD, 2, 100) == [Row(seq, b"%d" % seq) for seq in range(3, 12)]
    assert store.read_log(SHARD, 11, 100) == []


@proves(ReadStore.read_log, "At most `limit` rows with seq after+1, after+2, ... in this order;")
@pytest.mark.parametrize(("limit", "count"), [(-1, 0), (0, 0), (1, 1), (4, 4), (5, 5), (6, 5)])
def test_read_log_gives_at_most_limit_rows(store: Store, limit: int, count: int) -> None:
    for seq in range(1, 6):
        store.append(SHARD, seq, b"")
    assert [row.seq for row in store.read_log(SHARD, 0, limit)] == list(range(1, count + 1))


@proves(ReadStore.read_log, "stops before the first missing seq.")
def test_read_log_stops_before_the_first_missing_seq(store: Store) -> None:
    for seq in (1, 2, 4, 5):
        store.append(SHARD, seq, b"")
    assert [row.seq for row in store.read_log(SHARD, 0, 10)] == [1, 2]
    assert store.read_log(SHARD, 2, 10) == []
    assert [row.seq for row in store.read_log(SHARD, 3, 10)] == [4, 5]
    store.append(SHARD, 3, b"")
    assert [row.seq for row in store.read_log(SHARD, 0, 10)] == [1, 2, 3, 4, 5]


@proves(ReadStore.load_checkpoint, "None before the first.")
def test_load_checkpoint_is_none_before_the_first(store: Store) -> None:
    assert store.load_checkpoint(SHARD) is None


@proves(Store.save_checkpoint, "Saves it unless one with a greater seq is there;")
def test_save_checkpoint_one_with_a_greater_seq_is_saved(store: Store) -> None:
    assert store.save_checkpoint(SHARD, Checkpoint(0, b"zero")) is True
    assert store.save_checkpoint(SHARD, Checkpoint(7, b"seven")) is True
    assert store.load_checkpoint(SHARD) == Checkpoint(7, b"seven")


@proves(Store.save_checkpoint, "False in that case.")
def test_save_checkpoint_an_older_one_is_refused_and_the_saved_one_stays(open_store: Opener) -> None:
    open_store().save_checkpoint(SHARD, Checkpoint(7, b"seven"))
    assert open_store().save_checkpoint(SHARD, Checkpoint(6, b"six")) is False
    assert open_store().load_checkpoint(SHARD) == Checkpoint(7, b"seven")


@proves(Store.save_checkpoint, "Saves it unless one with a greater seq is there;")
@proves(ReadStore.load_checkpoint, "The checkpoint saved last with the greatest seq;")
def test_save_checkpoint_one_of_equal_seq_with_another_blob_is_saved(store: Store) -> None:
    store.save_checkpoint(SHARD, Checkpoint(7, b"old fold"))
    assert store.save_checkpoint(SHARD, Checkpoint(7, b"new fold")) is True
    assert store.load_checkpoint(SHARD) == Checkpoint(7, b"new fold")


@proves(Store.save_checkpoint, "Saves it unless one with a greater seq is there;")
def test_save_checkpoint_the_very_one_that_is_saved_was_not_older(store: Store) -> None:
    store.save_checkpoint(SHARD, Checkpoint(7, b"seven"))
    assert store.save_checkpoint(SHARD, Checkpoint(7, b"seven")) is True
    assert store.load_checkpoint(SHARD) == Checkpoint(7, b"seven")


@proves(ReadStore.load_checkpoint, "The checkpoint saved last with the greatest seq;")
def test_load_checkpoint_gives_the_one_with_the_greatest_seq_when_several_save_at_once(open_store: Opener) -> None:
    stores = [open_store() for _ in range(8)]
    at_once(*[lambda s=s, n=n: s.save_checkpoint(SHARD, Checkpoint(n, b"%d" % n)) for n, s in enumerate(stores)])
    assert open_store().load_checkpoint(SHARD) == Checkpoint(7, b"7")


@proves(ReadStore.load_watermark, "(0, 0) before the first save.")
def test_load_watermark_is_before_everything_before_the_first_save(store: Store) -> None:
    assert store.load_watermark(SHARD) == Position(0, 0)


@proves(Store.save_watermark, "Saves it if it is greater than the saved one;")
@proves(ReadStore.load_watermark, "The greatest position that was saved: how far the relay has published;")
@pytest.mark.parametrize("greater", [Position(3, 3), Position(4, 0), Position(10, 1)])
def test_save_watermark_a_greater_one_is_saved(store: Store, greater: Position) -> None:
    assert store.save_watermark(SHARD, Position(3, 2)) is True
    assert store.save_watermark(SHARD, greater) is True
    assert store.load_watermark(SHARD) == greater
    assert isinstance(store.load_watermark(SHARD), Position)


@proves(Store.save_watermark, "False if it was not.")
@proves(ReadStore.load_watermark, "The greatest position that was saved: how far the relay has published;")
@pytest.mark.parametrize("other", [START, Position(2, 9), Position(3, 1), Position(3, 2)])
def test_save_watermark_one_that_is_not_greater_is_refused(store: Store, other: Position) -> None:
    store.save_watermark(SHARD, Position(3, 2))
    assert store.save_watermark(SHARD, other) is False
    assert store.load_watermark(SHARD) == Position(3, 2)


@proves(Store.save_watermark, "False if it was not.")
def test_save_watermark_the_very_beginning_is_not_greater_than_nothing(store: Store) -> None:
    assert store.save_watermark(SHARD, START) is False
    assert store.load_watermark(SHARD) == START


@proves(ReadStore.load_record, "None before the first.")
def test_load_record_is_none_before_the_first(store: Store) -> None:
    store.save_record(SHARD, "work", 1, b"w")
    assert store.load_record(SHARD, "poll") is None


@proves(ReadStore.load_record, "The record saved last under `name`;")
@proves(Store.save_record, "Saves the record unless one with a greater token is there;")
def test_load_record_gives_the_one_saved_last_under_its_name(store: Store) -> None:
    for token, name, blob in ((1, "work", b"w1"), (1, "poll", b"p1"), (1, "work", b"w2"), (2, "poll", b"p2")):
        assert store.save_record(SHARD, name, token, blob) is True
    assert (store.load_record(SHARD, "work"), store.load_record(SHARD, "poll")) == (b"w2", b"p2")


@proves(Store.save_record, "False in that case.")
def test_save_record_is_refused_when_one_with_a_greater_token_is_there(open_store: Opener) -> None:
    open_store().save_record(SHARD, "work", 7, b"new")
    assert open_store().save_record(SHARD, "work", 6, b"old") is False
    assert open_store().load_record(SHARD, "work") == b"new"


@proves(ReadStore.load_document, "None if there is none.")
def test_load_document_is_none_if_there_is_none(store: Store) -> None:
    store.put_documents([("evt_a", "2023-11", b"a")], 1)
    assert store.load_document("evt_b") is None


@proves(
    Store.put_documents, "Puts each (id, month, document) unless the one that is there was put with a greater `seq`;"
)
@proves(ReadStore.load_document, "The document that stands under the event's id;")
def test_put_documents_puts_them_all(store: Store) -> None:
    store.put_documents([("evt_a", "2023-11", b"a"), ("evt_b", "2023-12", b"b")], 1)
    assert (store.load_document("evt_a"), store.load_document("evt_b")) == (b"a", b"b")


@proves(
    Store.put_documents, "Puts each (id, month, document) unless the one that is there was put with a greater `seq`;"
)
def test_put_documents_puts_over_what_is_there(store: Store) -> None:
    store.put_documents([("evt_a", "2023-11", b"old"), ("evt_b", "2023-11", b"b")], 1)
    store.put_documents([("evt_a", "2023-11", b"new")], 1)
    assert store.list_documents("2023-11", "", 10) == [("evt_a", b"new"), ("evt_b", b"b")]


@proves(
    Store.put_documents, "Puts each (id, month, document) unless the one that is there was put with a greater `seq`;"
)
def test_put_documents_leaves_one_that_was_put_with_a_greater_seq(store: Store) -> None:
    store.put_documents([("evt_a", "2023-11", b"new")], 5)
    store.put_documents([("evt_a", "2023-12", b"old"), ("evt_b", "2023-12", b"b")], 4)
    assert store.load_document("evt_a") == b"new"
    assert store.list_documents("2023-12", "", 10) == [("evt_b", b"b")]
    store.put_documents([("evt_a", "2023-11", b"again")], 5)
    assert store.load_document("evt_a") == b"again"


@proves(
    Store.put_documents, "Puts each (id, month, document) unless the one that is there was put with a greater `seq`;"
)
def test_put_documents_under_another_month_is_listed_there(store: Store) -> None:
    store.put_documents([("evt_a", "2023-11", b"old")], 1)
    store.put_documents([("evt_a", "2023-12", b"new")], 1)
    assert store.load_document("evt_a") == b"new"
    assert store.list_documents("2023-12", "", 10) == [("evt_a", b"new")]


@proves(
    Store.put_documents, "Puts each (id, month, document) unless the one that is there was put with a greater `seq`;"
)
def test_put_documents_the_last_of_two_of_one_id_stands(store: Store) -> None:
    store.put_documents([("evt_a", "2023-11", b"1"), ("evt_a", "2023-11", b"2")], 1)
    assert store.load_document("evt_a") == b"2"


def test_put_documents_takes_none_and_two_thousand(store: Store) -> None:
    store.put_documents([], 1)
    store.put_documents([(f"evt_{n:04}", "2023-11", b"%d" % n) for n in range(2000)], 1)
    assert len(store.list_documents("2023-11", "", 5000)) == 2000


@proves(
    ReadStore.list_documents,
    "At most `limit` (id, document) of a month (`YYYY-MM`), by id, those greater than `after`.",
)
def test_list_documents_gives_those_of_the_month_by_id(store: Store) -> None:
    put = [("evt_c", "2023-11"), ("evt_B", "2023-11"), ("evt_d", "2023-12"), ("evt_a", "2023-11"), ("é", "2023-11")]
    store.put_documents([(id_, month, id_.encode()) for id_, month in put], 1)
    assert [id_ for id_, _ in store.list_documents("2023-11", "", 10)] == ["evt_B", "evt_a", "evt_c", "é"]
    assert store.list_documents("2023-12", "", 10) == [("evt_d", b"evt_d")]
    assert store.list_documents("2024-01", "", 10) == []


@proves(
    ReadStore.list_documents,
    "At most `limit` (id, document) of a month (`YYYY-MM`), by id, those greater than `after`.",
)
def test_list_documents_pages_of_two_give_each_once(store: Store) -> None:
    store.put_documents([(f"evt_{n}", "2023-11", b"%d" % n) for n in range(5)], 1)
    pages, after = [], ""
    while page := store.list_documents("2023-11", after, 2):
        pages.append([id_ for id_, _ in page])
        after = page[-1][0]
    assert pages == [["evt_0", "evt_1"], ["evt_2", "evt_3"], ["evt_4"]]


@proves(
    ReadStore.list_documents,
    "At most `limit` (id, document) of a month (`YYYY-MM`), by id, those greater than `after`.",
)
@pytest.mark.parametrize("limit", [0, -1])
def test_list_documents_gives_none_for_a_limit_of_none(store: Store, limit: int) -> None:
    store.put_documents([("evt_a", "2023-11", b"a")], 1)
    assert store.list_documents("2023-11", "", limit) == []


def parked(key: str, at: datetime = NOW, reason: str = "MessageRefused: too long", body: str = "{}") -> Parked:
    return Parked(key=key, at=at, reason=reason, body=body)


def test_list_parked_is_empty_before_the_first(store: Store) -> None:
    assert store.list_parked(SHARD) == []


@proves(Store.park, "Keeps it under its key;")
def test_park_keeps_it_whole(store: Store) -> None:
    kept = parked("evt_a.1", reason="云服务器异常 \U0001f525", body="<b>\x00\n" * 1000)
    store.park(SHARD, kept)
    assert store.list_parked(SHARD) == [kept]


@proves(Store.park, "what is already parked under the key stays as it is.")
def test_park_what_is_already_parked_under_the_key_stays_as_it_is(open_store: Opener) -> None:
    open_store().park(SHARD, parked("evt_a.1", body="first"))
    open_store().park(SHARD, parked("evt_a.1", at=later(-1), reason="again", body="second"))
    assert open_store().list_parked(SHARD) == [parked("evt_a.1", body="first")]


@proves(ReadStore.list_parked, "What is parked, oldest first.")
def test_list_parked_gives_the_oldest_first(store: Store) -> None:
    for key, seconds in (("a", 2), ("b", 0.000001), ("c", 0), ("d", 1)):
        store.park(SHARD, parked(key, later(seconds)))
    assert [found.key for found in store.list_parked(SHARD)] == ["c", "b", "d", "a"]


def test_shards_are_apart(store: Store) -> None:
    lease = acquired(store, "a", shard="one")
    store.append("one", 1, b"one")
    store.save_checkpoint("one", Checkpoint(5, b"one"))
    store.save_watermark("one", Position(5, 5))
    store.save_record("one", "work", 5, b"one")
    store.park("one", parked("key", body="one"))

    assert store.read_log("two", 0, 10) == []
    assert store.load_checkpoint("two") is None
    assert store.load_watermark("two") == START
    assert store.load_record("two", "work") is None
    assert store.list_parked("two") == []

    assert acquired(store, "b", shard="two").token > 0
    assert store.renew("one", lease, later(1), TTL) is not None
    assert store.append("two", 1, b"two")
    assert store.save_checkpoint("two", Checkpoint(1, b"two"))
    assert store.save_watermark("two", Position(1, 1))
    assert store.save_record("two", "work", 1, b"two")
    store.park("two", parked("key", body="two"))

    assert store.read_log("one", 0, 10) == [Row(1, b"one")]
    assert store.load_checkpoint("one") == Checkpoint(5, b"one")
    assert store.load_watermark("one") == Position(5, 5)
    assert store.load_record("one", "work") == b"one"
    assert store.list_parked("one") == [parked("key", body="one")]


@proves(Checkpoint, "`blob` is opaque to the store.")
@pytest.mark.parametrize("blob", [b"", b"\x00", MEGABYTE], ids=["empty", "nul", "1 MB"])
def test_blobs_come_back_byte_for_byte(store: Store, blob: bytes) -> None:
    store.append(SHARD, 1, blob)
    store.save_checkpoint(SHARD, Checkpoint(1, blob))
    store.save_record(SHARD, "work", 1, blob)
    store.put_documents([("evt_a", "2023-11", blob)], 1)
    assert store.read_log(SHARD, 0, 1) == [Row(1, blob)]
    assert store.load_checkpoint(SHARD) == Checkpoint(1, blob)
    assert store.load_record(SHARD, "work") == blob
    assert store.load_document("evt_a") == blob
    assert store.list_documents("2023-11", "", 1) == [("evt_a", blob)]


SHARDS = st.sampled_from(["main", "two"])
OWNERS = st.sampled_from(["a", "b", "c"])
SEQS = st.integers(0, 6)
BLOBS = st.binary(max_size=4)
IDS = st.sampled_from(["evt_a", "evt_B", "evt_c", "é"])
MONTHS = st.sampled_from(["2023-11", "2023-12"])
MOMENTS = st.integers(0, 400_000_000).map(lambda micros: NOW + timedelta(microseconds=micros))
TTLS = st.sampled_from([0.5, 60.0, 60.0000005, 300.0])
LIMITS = st.integers(-1, 4)


class SqliteIsLikeMemory(RuleBasedStateMachine):
    """Whatever is asked of both, both answer the same."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.memory = MemoryStore()
        self.sqlite = SqliteStore(self.folder / "relay.db", pragmas=("synchronous = OFF",))
        self.leases: list[Lease] = [Lease(1, NOW)]

    def both(self, ask: Callable[[Store], T]) -> T:
        answer = ask(self.memory)
        assert ask(self.sqlite) == answer
        return answer

    @rule(shard=SHARDS, owner=OWNERS, now=MOMENTS, ttl=TTLS)
    def acquire(self, shard: str, owner: str, now: datetime, ttl: float) -> None:
        lease = self.both(lambda store: store.acquire(shard, owner, now, ttl))
        self.leases += [lease] if lease else []

    @rule(shard=SHARDS, which=st.integers(0, 20), now=MOMENTS, ttl=TTLS)
    def renew(self, shard: str, which: int, now: datetime, ttl: float) -> None:
        lease = self.leases[which % len(self.leases)]
        self.both(lambda store: store.renew(shard, lease, now, ttl))

    @rule(shard=SHARDS, which=st.integers(0, 20))
    def release(self, shard: str, which: int) -> None:
        lease = self.leases[which % len(self.leases)]
        self.both(lambda store: store.release(shard, lease))

    @rule(shard=SHARDS, seq=SEQS, blob=BLOBS)
    def append(self, shard: str, seq: int, blob: bytes) -> None:
        self.both(lambda store: store.append(shard, seq, blob))

    @rule(shard=SHARDS, after=SEQS, limit=LIMITS)
    def read_log(self, shard: str, after: int, limit: int) -> None:
        self.both(lambda store: store.read_log(shard, after, limit))

    @rule(shard=SHARDS, checkpoint=st.builds(Checkpoint, SEQS, BLOBS))
    def save_checkpoint(self, shard: str, checkpoint: Checkpoint) -> None:
        self.both(lambda store: store.save_checkpoint(shard, checkpoint))

    @rule(shard=SHARDS, position=st.builds(Position, SEQS, SEQS))
    def save_watermark(self, shard: str, position: Position) -> None:
        self.both(lambda store: store.save_watermark(shard, position))

    @rule(shard=SHARDS, name=st.sampled_from(["work", "poll"]), token=SEQS, blob=BLOBS)
    def save_record(self, shard: str, name: str, token: int, blob: bytes) -> None:
        self.both(lambda store: store.save_record(shard, name, token, blob))
        self.both(lambda store: store.load_record(shard, name))

    @rule(documents=st.lists(st.tuples(IDS, MONTHS, BLOBS), max_size=3), seq=st.integers(0, 3))
    def put_documents(self, documents: list[tuple[str, str, bytes]], seq: int) -> None:
        self.both(lambda store: store.put_documents(documents, seq))

    @rule(month=MONTHS, after=st.just("") | IDS, limit=LIMITS, id_=IDS)
    def read_documents(self, month: str, after: str, limit: int, id_: str) -> None:
        self.both(lambda store: store.list_documents(month, after, limit))
        self.both(lambda store: store.load_document(id_))

    @rule(shard=SHARDS, key=IDS, at=MOMENTS, text=st.text(st.characters(codec="utf-8"), max_size=4))
    def park(self, shard: str, key: str, at: datetime, text: str) -> None:
        self.both(lambda store: store.park(shard, Parked(key=key, at=at, reason=text, body=text)))

    @rule()
    def close(self) -> None:
        self.both(lambda store: store.close())

    @invariant()
    def what_they_hold_is_the_same(self) -> None:
        for shard in ("main", "two"):
            self.both(lambda store, shard=shard: store.load_checkpoint(shard))  # type: ignore[misc]
            self.both(lambda store, shard=shard: store.load_watermark(shard))  # type: ignore[misc]
            self.both(lambda store, shard=shard: store.list_parked(shard))  # type: ignore[misc]

    def teardown(self) -> None:
        self.sqlite.close()
        shutil.rmtree(self.folder)


TestSqliteIsLikeMemory = SqliteIsLikeMemory.TestCase
TestSqliteIsLikeMemory.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)
