"""What the log said at an earlier time, and the snapshots that keep it from being folded whole."""

from __future__ import annotations

import random
import string
from datetime import datetime

import pytest

from shd_relay import ledger, past
from shd_relay.adapters.memory_store import MemoryStore
from shd_relay.errors import ContractError, RequestError
from shd_relay.model import SHARD, Change, Entry
from shd_relay.ports import Row
from tests.web_world import event
from tests.world import minutes


class Counting(MemoryStore):
    """Counts the rows of the log that were read."""

    rows_read = 0

    def read_log(self, shard: str, after: int, limit: int) -> list[Row]:
        rows = super().read_log(shard, after, limit)
        self.rows_read += len(rows)
        return rows


def filled(entries: int, *, snapshots: bool = True) -> Counting:
    """Entry n was committed in minute n, and tells of event n."""
    store, state = Counting(), ledger.EMPTY
    for seq in range(1, entries + 1):
        told = event(f"e{seq}", since=minutes(seq), changed_at=minutes(seq), start=minutes(seq))
        entry = Entry(id=f"n{seq}", at=minutes(seq), token=1, changes=(_opened(told, minutes(seq)),))
        store.append(SHARD, seq, ledger.encode_entry(entry))
        state = ledger.apply(state, seq, entry)
        if snapshots:
            past.keep_snapshot(store, SHARD, 1, seq - 1, state)
    store.rows_read = 0
    return store


def _opened(told: object, at: datetime) -> Change:
    return Change(verb="opened", event=told, observed_at=at)  # type: ignore[arg-type]


@pytest.mark.parametrize(("moment", "seq"), [(0.5, 0), (1, 1), (1.5, 1), (7, 7), (450, 450), (9_999, 450)])
def test_the_last_entry_up_to_a_moment_is_found_by_halves(moment: float, seq: int) -> None:
    store = filled(450)

    assert past.last_seq(store, minutes(moment), 450) == seq
    assert store.rows_read <= 9


@pytest.mark.parametrize("seq", [1, 19, 20, 21, 199, 200, 201, 399, 400, 450])
@pytest.mark.parametrize("snapshots", [True, False])
def test_the_state_of_any_entry_is_the_fold_up_to_it_with_snapshots_or_without(seq: int, snapshots: bool) -> None:
    store = filled(450, snapshots=snapshots)
    whole = ledger.fold(ledger.EMPTY, store.read_log(SHARD, 0, seq))
    store.rows_read = 0

    assert past.state_of(store, seq) == whole
    assert store.rows_read == (seq % past.SNAPSHOT_EVERY if snapshots else seq)


def test_a_snapshot_that_is_missing_or_of_another_version_costs_reads_and_nothing_else() -> None:
    store = filled(450)
    store.save_record(SHARD, "state-2", 2, b"garbage")

    assert past.state_of(store, 450).seq == 450
    assert store.rows_read == 250


def test_a_snapshot_of_a_later_entry_than_is_asked_for_is_passed_over() -> None:
    store, late = filled(450, snapshots=False), ledger.fold(ledger.EMPTY, filled(450).read_log(SHARD, 0, 300))
    past.keep_snapshot(store, SHARD, 1, 190, late)

    assert past.state_of(store, 250).seq == 250


def test_no_snapshot_is_kept_before_one_is_due() -> None:
    store, state = MemoryStore(), ledger.fold(ledger.EMPTY, filled(199).read_log(SHARD, 0, 199))
    past.keep_snapshot(store, SHARD, 1, 0, state)

    assert store.load_record(SHARD, "state-0") is None


def test_a_snapshot_that_no_record_can_hold_or_that_the_store_refuses_is_left_out() -> None:
    state = ledger.fold(ledger.EMPTY, filled(200).read_log(SHARD, 0, 200))
    words = random.Random(7)  # noqa: S311
    long = "".join(words.choices(string.ascii_letters, k=3_000_000))
    great = ledger.apply(
        ledger.State(seq=199),
        200,
        Entry(id="x", at=minutes(200), token=1, changes=(_opened(event(title=long), minutes(1)),)),
    )
    store, refusing = MemoryStore(), Refusing()
    past.keep_snapshot(store, SHARD, 1, 199, great)
    past.keep_snapshot(refusing, SHARD, 1, 199, state)

    assert store.load_record(SHARD, "state-1") is None
    assert refusing.asked == 1


class Refusing(MemoryStore):
    asked = 0

    def save_record(self, shard: str, name: str, token: int, blob: bytes) -> bool:
        self.asked += 1
        raise ContractError("refused by the test")


def test_more_entries_than_a_request_can_fold_are_refused() -> None:
    with pytest.raises(RequestError, match="too long ago"):
        past.state_of(MemoryStore(), past.MOST_FOLDED + 1)
