from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from shd_relay import cursor, ledger
from shd_relay.adapters.memory_store import MemoryStore
from shd_relay.errors import ContractError, RequestError
from shd_relay.model import SHARD, Change, Entry, HealthEvent, Position
from shd_relay.ports import Checkpoint
from tests.world import minutes


def event(id_: str = "evt_a", state: Any = "open", start: float = 0, **more: Any) -> HealthEvent:
    changed = minutes(more.pop("changed", start))
    return HealthEvent(
        id=id_, revision=1, kind="incident", product="ecs", region="r", title="t", state=state, start=minutes(start),
        since=changed, changed_at=changed, **more,
    )  # fmt: skip


def entry(*events: HealthEvent, at: float = 1, id_: str = "e") -> Entry:
    changes = tuple(Change(verb="opened", event=e, observed_at=minutes(at)) for e in events)
    return Entry(id=id_, at=minutes(at), token=1, changes=changes)


def store_with(*entries: Entry) -> MemoryStore:
    store = MemoryStore()
    for seq, one in enumerate(entries, 1):
        assert store.append(SHARD, seq, ledger.encode_entry(one))
    return store


def test_the_state_is_the_fold_of_the_log_whatever_the_checkpoint_is() -> None:
    entries = [entry(event(f"evt_{n}"), at=n) for n in range(1, 6)]
    whole, touched = ledger.load(store_with(*entries))
    assert (whole.seq, whole.at, len(touched)) == (5, minutes(5), 5)
    for upto in range(6):
        store = store_with(*entries)
        state = ledger.EMPTY
        for seq in range(upto):
            state = ledger.apply(state, seq + 1, entries[seq])
        store.save_checkpoint(SHARD, ledger.to_checkpoint(state))
        assert ledger.load(store) == (whole, frozenset(f"evt_{n}" for n in range(upto + 1, 6)))


@pytest.mark.parametrize("blob", [b"", b"garbage", ledger.to_checkpoint(ledger.State(fold=99, seq=1)).blob])
def test_a_checkpoint_that_cannot_be_read_or_is_of_another_fold_is_no_truth(blob: bytes) -> None:
    store = store_with(entry(event()), entry(event("evt_b"), at=2))
    store.save_checkpoint(SHARD, Checkpoint(1, blob))
    assert ledger.load(store)[0].seq == 2


def test_an_entry_of_a_newer_version_stops_the_reader() -> None:
    store = store_with(entry(event()))
    newer = json.loads(ledger.encode_entry(entry(event("evt_b")))) | {"schema": 2, "unheard": True}
    store.append(SHARD, 2, json.dumps(newer).encode())
    with pytest.raises(ContractError, match="a newer version wrote the log"):
        ledger.load(store)


def test_an_entry_that_cannot_be_read_stops_the_reader() -> None:
    store = store_with(entry(event()))
    store.append(SHARD, 2, b'{"schema": 1}')
    with pytest.raises(ContractError, match="log entry cannot be read"):
        ledger.load(store)


def test_an_entry_that_is_not_the_next_is_refused() -> None:
    with pytest.raises(ContractError, match="does not follow"):
        ledger.apply(ledger.EMPTY, 2, entry(event()))


def test_an_entry_survives_its_encoding() -> None:
    one = entry(event(end=minutes(3), severity="ALARM"), at=4)
    assert ledger.decode_entry(ledger.encode_entry(one)) == one


def test_what_ended_long_ago_is_forgotten_unless_an_older_event_of_the_pair_still_lives() -> None:
    day = timedelta(days=1) / timedelta(minutes=1)
    ended = event("evt_old", "resolved", start=0)
    living = event("evt_new", "open", start=200 * day)
    state = ledger.apply(ledger.EMPTY, 1, entry(ended, at=1))
    state = ledger.apply(state, 2, entry(living, at=121 * day))
    assert set(state.events) == {"evt_new"}

    state = ledger.apply(ledger.EMPTY, 1, entry(event("evt_very_old", "open", start=-day), ended, at=1))
    state = ledger.apply(state, 2, entry(living, at=121 * day))
    assert set(state.events) == {"evt_very_old", "evt_old", "evt_new"}


def test_what_a_long_event_began_before_is_remembered_for_another_week_after_its_end() -> None:
    """So long the window reaches back to its start, and what it lists must be known: or it gets a second identity."""
    day = timedelta(days=1) / timedelta(minutes=1)
    old, long = event("evt_old", "resolved", start=0), event("evt_long", "open", start=-day)
    ended = msgspec.structs.replace(long, state="resolved", revision=2, changed_at=minutes(150 * day))
    state = ledger.apply(ledger.EMPTY, 1, entry(long, old, at=1))
    state = ledger.apply(state, 2, entry(ended, at=150 * day))
    for days, kept in ((152, True), (157, True), (159, False)):
        later = ledger.apply(state, 3, entry(event("evt_new", "open", start=days * day), at=days * day))
        assert ("evt_old" in later.events) is kept


def test_records_that_cannot_be_read_are_as_none() -> None:
    from shd_relay.records import WorkRecord

    assert ledger.decode_record(None, WorkRecord) is None
    assert ledger.decode_record(b"garbage", WorkRecord) is None
    made = WorkRecord(rung=2)
    assert ledger.decode_record(ledger.encode_record(made), WorkRecord) == made


@pytest.mark.parametrize("position", [Position(0, 0), Position(1, 1), Position(10**17, 12345)])
def test_a_cursor_leads_back_to_its_position(position: Position) -> None:
    assert cursor.decode(cursor.encode(position)) == position


def test_no_cursor_is_the_start() -> None:
    assert cursor.decode("") == Position(0, 0)


@pytest.mark.parametrize(
    "text", ["x", "é", "AAAA", "bWFpbjoxOjE=", "b3RoZXI6MToxIA", cursor.encode(Position(1, 1)) + "A", "\x00", "=" * 9]
)
def test_a_cursor_that_was_not_given_out_is_a_bad_request(text: str) -> None:
    with pytest.raises(RequestError) as refusal:
        cursor.decode(text)
    assert refusal.value.status == 400


def test_the_feeds_own_event_is_never_forgotten() -> None:
    """Its revisions go on: a consumer drops what is not newer."""
    day = timedelta(days=1) / timedelta(minutes=1)
    state = ledger.apply(ledger.EMPTY, 1, entry(event("feed", "resolved", start=0), at=1))
    state = ledger.apply(state, 2, entry(event("evt_new", "open", start=400 * day), at=400 * day))
    assert set(state.events) == {"feed", "evt_new"}
