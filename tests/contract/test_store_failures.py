"""What the store port says of failure, over every adapter that can fail: this process's own memory always answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from shd_relay.errors import ContractError, StoreUnavailable
from shd_relay.model import SHARD, Position
from shd_relay.ports import Checkpoint, Lease, ReadStore, Row, Store
from shd_relay.records import Parked
from tests.contract.sentences import proves
from tests.contract.store_places import FrailPlace
from tests.contract.test_store import NOW, TTL

Opener = Callable[[], Store]
PARKED = Parked(key="evt_a.1", at=NOW, reason="MessageRefused", body="{}")
DOCUMENTS = [(f"evt_{n}", "2023-11", b"new %d" % n) for n in range(4)]
LEASE = Lease(1, NOW + timedelta(seconds=TTL))

CALLS: dict[str, Callable[[Store], Any]] = {
    "load_checkpoint": lambda store: store.load_checkpoint(SHARD),
    "read_log": lambda store: store.read_log(SHARD, 0, 10),
    "load_watermark": lambda store: store.load_watermark(SHARD),
    "load_record": lambda store: store.load_record(SHARD, "work"),
    "load_document": lambda store: store.load_document("evt_0"),
    "list_documents": lambda store: store.list_documents("2023-11", "", 10),
    "list_parked": lambda store: store.list_parked(SHARD),
    "acquire": lambda store: store.acquire(SHARD, "a", NOW, TTL),
    "renew": lambda store: store.renew(SHARD, LEASE, NOW, TTL),
    "release": lambda store: store.release(SHARD, LEASE),
    "append": lambda store: store.append(SHARD, 1, b"one"),
    "save_checkpoint": lambda store: store.save_checkpoint(SHARD, Checkpoint(1, b"fold")),
    "save_watermark": lambda store: store.save_watermark(SHARD, Position(1, 1)),
    "save_record": lambda store: store.save_record(SHARD, "work", 1, b"work"),
    "put_documents": lambda store: store.put_documents(DOCUMENTS, 1),
    "park": lambda store: store.park(SHARD, PARKED),
}


class Kept(NamedTuple):
    """What a write in CALLS leaves behind, and the call that reads it back."""

    read: str
    before: Any
    after: Any


KEPT = {
    "append": Kept("read_log", [], [Row(1, b"one")]),
    "save_checkpoint": Kept("load_checkpoint", None, Checkpoint(1, b"fold")),
    "save_watermark": Kept("load_watermark", Position(0, 0), Position(1, 1)),
    "save_record": Kept("load_record", None, b"work"),
    "put_documents": Kept("list_documents", [], [(id_, blob) for id_, _, blob in DOCUMENTS]),
    "park": Kept("list_parked", [], [PARKED]),
}
each_call = pytest.mark.parametrize("call", CALLS)
each_write = pytest.mark.parametrize("write", KEPT)


def test_every_method_but_close_is_called_here() -> None:
    assert {name for name in dir(Store) if not name.startswith("_")} - {"close"} == CALLS.keys()


@proves(
    ReadStore,
    "Every method but `close` raises StoreUnavailable when the store does not answer, and ContractError when what it"
    " holds is not ours.",
)
@each_call
def test_a_store_that_does_not_answer_is_unavailable_and_answers_later(
    frail: FrailPlace, open_frail: Opener, call: str
) -> None:
    store = open_frail()
    store.load_watermark(SHARD)
    frail.break_down()
    with pytest.raises(StoreUnavailable):
        CALLS[call](store)
    store.close()
    frail.mend()
    CALLS[call](store)


@proves(
    ReadStore,
    "Every method but `close` raises StoreUnavailable when the store does not answer, and ContractError when what it"
    " holds is not ours.",
)
@each_call
def test_what_is_not_ours_is_a_contract_error(frail: FrailPlace, open_frail: Opener, call: str) -> None:
    frail.hold_what_is_not_ours()
    store = open_frail()
    with pytest.raises(ContractError):
        CALLS[call](store)
    store.close()


@proves(Store, "A write that raised StoreUnavailable may have been applied: read back before you repeat.")
@each_write
def test_a_write_that_raised_was_made_or_not_and_reading_back_says_which(
    frail: FrailPlace, open_frail: Opener, write: str
) -> None:
    store, kept = open_frail(), KEPT[write]
    CALLS[kept.read](store)
    frail.lose_answers()
    with pytest.raises(StoreUnavailable):
        CALLS[write](store)
    frail.mend()
    found = CALLS[kept.read](store)
    assert found in (kept.before, kept.after)
    repeated = CALLS[write](store)
    assert CALLS[kept.read](store) == kept.after
    if write == "append":
        assert (found == kept.after, repeated) == (frail.may_lose_answers, not frail.may_lose_answers)


@proves(Store, "A write that raised StoreUnavailable may have been applied: read back before you repeat.")
def test_an_acquire_that_raised_may_hold_the_lease_and_its_owner_gets_it_all_the_same(
    frail: FrailPlace, open_frail: Opener
) -> None:
    store = open_frail()
    store.load_watermark(SHARD)
    frail.lose_answers()
    with pytest.raises(StoreUnavailable):
        store.acquire(SHARD, "a", NOW, TTL)
    frail.mend()
    assert (open_frail().acquire(SHARD, "b", NOW, TTL) is None) == frail.may_lose_answers
    after = NOW if frail.may_lose_answers else NOW + timedelta(seconds=TTL)
    lease = store.acquire(SHARD, "a", after, TTL)
    assert lease is not None
    assert lease.token == 2


@proves(Store.put_documents, "Any part of them may have been put when it raises.")
def test_documents_that_were_put_in_part_are_old_or_new_and_a_repetition_puts_the_rest(
    frail: FrailPlace, open_frail: Opener
) -> None:
    store = open_frail()
    store.put_documents([(id_, month, b"old") for id_, month, _ in DOCUMENTS], 1)
    frail.fail_in_part()
    with pytest.raises(StoreUnavailable):
        store.put_documents(DOCUMENTS, 2)
    frail.mend()
    for id_, _, blob in DOCUMENTS:
        assert store.load_document(id_) in (b"old", blob)
    store.put_documents(DOCUMENTS, 2)
    assert [store.load_document(id_) for id_, _, _ in DOCUMENTS] == [blob for _, _, blob in DOCUMENTS]
    assert store.list_documents("2023-11", "", 10) == [(id_, blob) for id_, _, blob in DOCUMENTS]
