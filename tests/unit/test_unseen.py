"""Times in which nobody looked, and when each change was pushed: what the log says for reports and `?at=`."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from shd_relay import ledger, pushed
from shd_relay.errors import MessageRefused, PublishUnavailable, StoreUnavailable
from shd_relay.ledger import Spell
from shd_relay.model import FEED, SHARD
from tests.unit.test_poll import Faulty
from tests.web_world import HK, NOW, House, event
from tests.world import ECS, OSS, Relay, item, minutes


def spells(relay: Relay) -> tuple[Spell, ...]:
    return ledger.load(relay.store)[0].spells


def test_a_poll_that_comes_late_records_that_nobody_looked_and_pushes_nothing() -> None:
    relay = Relay()
    relay.poll()
    relay.poll(after=3)  # three intervals: as late as may be
    assert spells(relay) == ()
    report = relay.poll(after=20)
    assert spells(relay) == (Spell("blind", minutes(7), minutes(24)),)
    assert (report["changes"], report["published"], report["source"]) == (1, 0, "fresh")
    assert relay.topic.messages == []
    assert FEED not in ledger.load(relay.store)[0].events
    assert relay.poll()["changes"] == 0


def test_a_log_begins_with_the_first_complete_answer_even_if_it_tells_of_nothing() -> None:
    relay = Relay()
    relay.dashboard.failing = {ECS: "down"}
    relay.poll()
    assert ledger.load(relay.store)[0].began is None
    relay.dashboard.failing = {}
    assert (relay.poll()["changes"], relay.poll()["changes"]) == (1, 0)
    state, _ = ledger.load(relay.store)
    assert (state.began, state.seq, state.spells, state.events) == (minutes(2), 1, (), {})
    assert relay.topic.messages == []


def test_what_is_known_to_be_blind_is_not_recorded_twice() -> None:
    relay = Relay()
    relay.poll()
    relay.dashboard.failing = {ECS: "down"}
    relay.poll()
    relay.poll()
    relay.poll(after=30)
    assert spells(relay) == (Spell("blind", minutes(3), None),)
    relay.dashboard.failing = {}
    relay.poll(after=30)
    assert spells(relay) == (Spell("blind", minutes(3), minutes(63)),)
    assert [told for told, _, _ in relay.topic.told] == ["blind", "recovered"]


def test_polls_that_never_finish_record_each_time_once() -> None:
    store = Faulty()
    relay = Relay(store=store)
    relay.poll()
    store.before["save_record"] = 99
    for _ in range(2):
        assert relay.poll(after=20)["state"] == "store-unavailable"
    store.before.clear()
    relay.poll(after=20)
    assert spells(relay) == tuple(Spell("blind", minutes(a), minutes(b)) for a, b in ((4, 21), (21, 41), (41, 61)))


def test_the_feed_s_own_event_stays_what_subscribers_were_told() -> None:
    relay = Relay()
    relay.poll()
    relay.dashboard.failing = {ECS: "down"}
    relay.poll()
    relay.poll()
    relay.dashboard.failing = {}
    relay.poll()
    told = ledger.load(relay.store)[0].feed
    relay.poll(after=60)
    assert ledger.load(relay.store)[0].feed == told
    assert len(spells(relay)) == 2


def asked(house: House, hours: float) -> str:
    moment = (NOW + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")
    status = house.json(f"/v1/status?at={moment}")
    assert {pair["status"] for pair in status["pairs"]} <= {"unknown" if status["source"] != "fresh" else "operational"}
    return str(status["source"])


def test_asked_of_a_time_in_which_nobody_looked_it_is_blind() -> None:
    house = House()
    gone = event(state="resolved", revision=0)
    house.tell(gone, at=NOW - timedelta(hours=5))
    hole = (NOW - timedelta(hours=4), NOW - timedelta(hours=2))
    late = event(FEED, kind="feed", product="", region="", title="", revision=0, state="resolved")
    house.commit(msgspec.structs.replace(House.change(late, verb="recorded"), gap=hole), at=hole[1])
    house.tell(event("e2", region=HK, state="resolved", revision=0), at=NOW - timedelta(hours=1))
    assert [asked(house, hours) for hours in (-4.5, -4, -2.01, -2, -1.5)] == [
        "fresh", "blind", "blind", "fresh", "fresh",
    ]  # fmt: skip
    assert "feed" not in {e["id"] for e in house.json("/v1/events")["events"]}
    assert house.json("/v1/changes")["changes"] == []


def times(relay: Relay) -> list[tuple[int, list[float | None]]]:
    rows = pushed.read(relay.store, 0, 100)
    return [
        (seq, [None if at is None else (at - minutes(0)).total_seconds() / 60 for at in row.at]) for seq, row in rows
    ]


def test_when_each_change_was_pushed_stands_beside_the_log() -> None:
    relay = Relay(ECS, OSS)
    relay.dashboard.items = {ECS: (item("A"), item("Old", "NORMAL", start=-3000, end=-2000)), OSS: (item("B"),)}
    relay.poll()
    entry = ledger.decode_entry(relay.store.read_log(SHARD, 0, 1)[0].blob)
    assert times(relay) == [(1, [1 if change.pushed else None for change in entry.changes])]
    assert len(entry.changes) == 3


def test_what_waited_has_the_time_at_which_it_went_and_a_part_pushed_earlier_has_none() -> None:
    relay = Relay(ECS, OSS)
    relay.dashboard.items = {ECS: (item("A"),), OSS: (item("B"),)}
    first = relay.topic.publish

    def one_only(message: object) -> None:
        if relay.topic.messages:
            raise PublishUnavailable("no answer")
        first(message)  # type: ignore[arg-type]

    relay.topic.publish = one_only  # type: ignore[method-assign, assignment]
    relay.poll()
    assert times(relay) == []
    relay.topic.publish = first  # type: ignore[method-assign]
    relay.poll(after=2)
    assert times(relay) == [(1, [None, 3])]


def test_what_the_topic_refuses_for_good_has_no_time() -> None:
    relay = Relay()
    relay.dashboard.items = {ECS: (item("A"),)}
    relay.topic.failures = [MessageRefused("too long"), MessageRefused("too long")]
    relay.poll()
    assert times(relay) == [(1, [None])]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_store_that_does_not_take_the_time_leaves_no_hole_and_costs_at_most_one_duplicate(when: str) -> None:
    store = Faulty()
    relay = Relay(store=store)
    relay.dashboard.items = {ECS: (item("A"),)}
    relay.poll()
    relay.dashboard.items = {ECS: (item("A"), item("B", start=1))}
    taken = store.append

    def failing(shard: str, seq: int, blob: bytes) -> bool:
        if shard == pushed.shard_of():
            if when == "after":
                taken(shard, seq, blob)
            raise StoreUnavailable("append failed")
        return taken(shard, seq, blob)

    store.__dict__["append"] = failing
    settled = when == "after"  # what stands there is looked at
    assert relay.poll()["state"] == ("done" if settled else "store-unavailable")
    del store.__dict__["append"]
    relay.poll()
    assert [seq for seq, _ in times(relay)] == [1, 2]
    assert [title for _, title, _ in relay.topic.told] == ["A", "B", *(["B"] * (not settled))]


def test_a_row_that_cannot_be_read_says_nothing() -> None:
    relay = Relay()
    relay.store.append(pushed.shard_of(), 1, b"garbage")
    assert pushed.read(relay.store, 0, 5) == [(1, pushed.Pushed(at=()))]
