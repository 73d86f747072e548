"""The whole poll through its ports, on a memory store, a dashboard that is edited and a topic that is listened to."""

from __future__ import annotations

from typing import Any

import pytest

from shd_relay import freshness, ledger, poll
from shd_relay.adapters.memory_store import MemoryStore
from shd_relay.errors import ContractError, MessageRefused, PublishUnavailable, StoreUnavailable
from shd_relay.model import SHARD, Entry, Message, Pair, Position
from shd_relay.ports import Lease
from shd_relay.records import Parked, PollRecord
from tests.world import ECS, OSS, Relay, Topic, item, minutes


class Faulty(MemoryStore):
    """A store that fails as it is told: `before` raises instead of the call, `after` once it was applied."""

    def __init__(self) -> None:
        super().__init__()
        self.before: dict[str, int] = {}
        self.after: dict[str, int] = {}

    def _maybe(self, when: dict[str, int], name: str) -> None:
        if when.get(name, 0):
            when[name] -= 1
            raise StoreUnavailable(f"{name} failed")

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name.startswith("_") or name in ("before", "after") or not callable(found):
            return found

        def call(*args: Any, **more: Any) -> Any:
            self._maybe(self.before, name)
            result = found(*args, **more)
            self._maybe(self.after, name)
            return result

        return call


def test_a_change_is_committed_published_and_marked_and_the_next_poll_says_nothing() -> None:
    relay = Relay(ECS, OSS)
    relay.dashboard.items[ECS] = (item("Trouble"),)
    report = relay.poll()
    assert {k: report[k] for k in ("polled", "failed", "changes", "published", "pending", "source", "state")} == {
        "polled": 2, "failed": 0, "changes": 1, "published": 1, "pending": 0, "source": "fresh", "state": "done",
    }  # fmt: skip
    assert relay.topic.told == [("opened", "Trouble", 1)]
    assert relay.store.load_watermark(SHARD) == Position(1, 1)
    again = relay.poll()
    assert (again["changes"], again["published"]) == (0, 0)
    assert len(relay.topic.messages) == 1


def test_the_whole_life_of_an_event_arrives_in_order() -> None:
    relay = Relay()
    relay.poll()
    relay.dashboard.items[ECS] = (item("Trouble", start=1.5),)
    relay.poll()
    relay.dashboard.items[ECS] = (item("Much trouble", start=1.5),)
    relay.poll()
    relay.dashboard.items[ECS] = (item("[Recovered] Much trouble", "NORMAL", start=1.5, end=3.5),)
    relay.poll()
    assert [(verb, revision) for verb, _, revision in relay.topic.told] == [
        ("opened", 1),
        ("updated", 2),
        ("resolved", 3),
    ]


def test_a_failed_read_changes_nothing_and_is_named() -> None:
    relay = Relay(ECS, OSS)
    relay.dashboard.items[ECS] = (item(),)
    relay.poll()
    relay.dashboard.failing[ECS] = "status 500"
    for _ in range(20):
        report = relay.poll()
    assert (report["failed"], report["reasons"], report["source"]) == (1, {"InternalError: status 500": 1}, "fresh")
    assert len(relay.topic.messages) == 1


def test_two_polls_without_an_answer_are_pushed_as_blind_and_the_first_answer_as_recovered() -> None:
    relay = Relay(ECS, OSS)
    relay.poll()
    relay.dashboard.failing = {ECS: "down", OSS: "down"}
    assert relay.poll()["source"] == "fresh"
    assert relay.poll()["source"] == "blind"
    relay.poll()
    relay.dashboard.failing = {}
    assert relay.poll()["source"] == "fresh"
    assert [(b["type"], b["subject"], b["id"]) for b in relay.topic.bodies] == [
        ("com.aliyun.shd.feed.blind.v1", "feed", "feed.1"), ("com.aliyun.shd.feed.recovered.v1", "feed", "feed.2"),
    ]  # fmt: skip
    assert relay.topic.messages[0].tag == "feed"
    assert relay.topic.bodies[0]["data"]["counts"] == {"pairs": 2, "stale": 0}


def test_pairs_that_cannot_be_read_for_three_intervals_make_the_source_stale() -> None:
    third = Pair("rds", "cn-hongkong")
    relay = Relay(ECS, OSS, third)
    relay.poll()
    relay.dashboard.failing = {ECS: "down", OSS: "down"}
    sources = [relay.poll()["source"] for _ in range(5)]
    assert sources == ["fresh", "fresh", "fresh", "stale", "stale"]
    assert relay.topic.bodies[0]["data"]["pairs"] == [str(ECS), str(OSS)]


def test_a_dead_topic_loses_nothing_and_what_waited_comes_first_and_in_order() -> None:
    relay = Relay(ECS, OSS)
    relay.dashboard.items = {ECS: (item("A"),), OSS: (item("B"),)}
    relay.topic.failures = [PublishUnavailable("no answer", code="TooManyRequests")]
    report = relay.poll()
    assert (report["published"], report["pending"], report["stopped"]) == (0, 2, "no answer")
    relay.dashboard.items[ECS] = (item("A", end=1.5),)
    report = relay.poll()
    assert (report["published"], report["pending"], report["stopped"]) == (3, 0, None)
    assert [(v, t) for v, t, _ in relay.topic.told] == [("opened", "A"), ("opened", "B"), ("resolved", "A")]


def test_a_topic_that_refuses_everything_stops_the_relay_and_parks_nothing() -> None:
    relay = Relay()
    relay.dashboard.items[ECS] = (item(),)
    relay.topic.failures = [ContractError("the topic does not exist", code="TopicNotExist")]
    report = relay.poll()
    assert (report["pending"], report["stopped"]) == (1, "the topic does not exist")
    assert relay.store.list_parked(SHARD) == []


def test_a_refused_message_is_parked_a_short_notice_goes_in_its_place_and_the_rest_goes_on() -> None:
    relay = Relay(ECS, OSS)
    relay.dashboard.items = {ECS: (item("A" * 500),), OSS: (item("B"),)}
    relay.topic.failures = [MessageRefused("it has a character that XML does not take", code="MalformedXML")]
    report = relay.poll()
    assert (report["published"], report["parked"], report["pending"]) == (2, 1, 0)
    [parked] = relay.store.list_parked(SHARD)
    assert parked.key.startswith("message:evt_")
    assert "A" * 500 in parked.body
    assert [body["data"]["change"] for body in relay.topic.bodies] == ["opened", "opened"]
    assert relay.topic.bodies[0]["data"]["truncated"] is True


def test_a_message_that_is_refused_even_when_short_is_parked_and_the_rest_goes_on() -> None:
    relay = Relay(ECS, OSS)
    relay.dashboard.items = {ECS: (item("A"),), OSS: (item("B"),)}
    relay.topic.failures = [MessageRefused("no"), MessageRefused("no")]
    report = relay.poll()
    assert (report["parked"], report["pending"], len(relay.topic.messages)) == (1, 0, 1)


def test_while_another_poller_holds_the_lease_nothing_is_done() -> None:
    relay = Relay()
    relay.dashboard.items[ECS] = (item(),)
    assert relay.store.acquire(SHARD, "other", minutes(1), 55.0)
    report = relay.poll()
    assert (report["state"], report["polled"], relay.topic.messages) == ("busy", 0, [])


def test_a_poller_that_was_overtaken_drops_what_it_saw_and_the_winner_is_right() -> None:
    relay = Relay()
    relay.dashboard.items[ECS] = (item(),)

    class Rival(MemoryStore):
        raced = False

        def append(self, shard: str, seq: int, blob: bytes) -> bool:
            if not self.raced:
                self.raced = True
                assert super().append(shard, seq, _rewritten(blob))
            return super().append(shard, seq, blob)

    relay.store = Rival()
    report = relay.poll()
    assert (report["state"], report["published"], len(relay.topic.messages)) == ("overtaken", 0, 0)
    assert relay.poll()["published"] == 1
    assert relay.topic.told == [("opened", "Trouble", 1)]


def _rewritten(blob: bytes) -> bytes:
    entry = ledger.decode_entry(blob)
    return ledger.encode_entry(Entry(id="rival", at=entry.at, token=9, changes=entry.changes))


def test_a_poller_whose_lease_was_taken_commits_nothing() -> None:
    relay = Relay()
    relay.dashboard.items[ECS] = (item(),)

    class Taken(MemoryStore):
        def renew(self, shard: str, lease: Lease, now: Any, ttl_seconds: float) -> Lease | None:
            return None

    relay.store = Taken()
    assert relay.poll()["state"] == "overtaken"
    assert relay.store.read_log(SHARD, 0, 9) == []


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_append_whose_outcome_is_unknown_is_settled_by_reading_the_row_back(when: str) -> None:
    store = Faulty()
    relay = Relay(store=store)
    relay.dashboard.items[ECS] = (item(),)
    getattr(store, when)["append"] = 1
    report = relay.poll()
    assert (report["state"], report["changes"], report["published"]) == ("done", 1, 1)
    assert len(store.read_log(SHARD, 0, 9)) == 1


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    "name",
    ["acquire", "load_checkpoint", "read_log", "load_record", "load_watermark", "renew", "append", "put_documents",
     "save_checkpoint", "save_record", "save_watermark"],
)  # fmt: skip
def test_a_store_that_fails_at_any_call_costs_at_most_one_duplicate(when: str, name: str) -> None:
    for skipped in range(4):
        store = Faulty()
        relay = Relay(store=store)
        relay.dashboard.items[ECS] = (item("A"),)
        for _ in range(skipped):
            relay.poll()
        getattr(store, when)[name] = 3  # append is tried three times
        broken = relay.poll()
        assert broken["state"] in {"store-unavailable", "done", "busy"}
        store.before.clear()
        store.after.clear()
        relay.poll()
        relay.dashboard.items[ECS] = (item("A", end=relay.clock.minute),)
        for _ in range(2):
            report = relay.poll()
        assert (report["state"], report["pending"]) == ("done", 0)
        revisions = [revision for _, _, revision in relay.topic.told]
        assert sorted(set(revisions)) == [1, 2]
        assert len(revisions) <= 3
        assert ledger.load(store)[0].seq == 2
        assert store.load_document(relay.topic.bodies[0]["data"]["event"]["id"]) is not None


def test_documents_of_a_commit_that_crashed_before_them_are_rebuilt_by_the_next_poll() -> None:
    store = Faulty()
    relay = Relay(store=store)
    relay.dashboard.items[ECS] = (item("A"),)
    store.before["put_documents"] = 1
    assert relay.poll()["state"] == "store-unavailable"
    assert store.list_documents("2022-12", "", 9) == []
    relay.poll()
    assert len(store.list_documents("2022-12", "", 9)) == 1


def test_a_store_that_refuses_is_reported_and_nothing_is_read() -> None:
    relay = Relay()
    relay.store.append(SHARD, 1, b'{"schema": 99}')
    report = relay.poll()
    assert (report["state"], report["polled"]) == ("store-refused", 0)
    assert "newer version" in report["error"]


def test_an_item_that_cannot_be_read_is_parked_once_and_flags_its_pair_alone() -> None:
    relay = Relay(ECS, OSS)
    relay.dashboard.items[ECS] = (item("Readable"),)
    relay.dashboard.unreadable[ECS] = ('{"Title": 7}',)
    report = relay.poll()
    relay.poll()
    assert (report["partial"], report["polled"], report["published"]) == (1, 1, 1)
    assert [parked.body for parked in relay.store.list_parked(SHARD)] == ['{"Title": 7}']
    record = ledger.decode_record(relay.store.load_record(SHARD, poll.POLL), PollRecord)
    assert record is not None
    assert freshness.is_stale(record, ECS, relay.clock.now())
    assert not freshness.is_stale(record, OSS, relay.clock.now())


def test_losing_the_work_record_pushes_ends_and_forgets_nothing() -> None:
    relay = Relay()
    relay.dashboard.items[ECS] = (item("A"), item("B", end=0.5, start=-60))
    relay.poll()
    told = list(relay.topic.told)
    relay.store.save_record(SHARD, poll.WORK, 10**6, b"garbage")
    relay.poll()
    assert relay.topic.told == told


def test_commit_times_never_go_back() -> None:
    relay = Relay()
    relay.clock.minute = 60
    relay.dashboard.items[ECS] = (item("A"),)
    relay.poll()
    relay.dashboard.items[ECS] = (item("A"), item("B", start=1))
    relay.poll(after=-59)
    times = [ledger.decode_entry(row.blob).at for row in relay.store.read_log(SHARD, 0, 9)]
    assert times == [minutes(61), minutes(61)]


def test_incidents_of_one_poll_are_told_first() -> None:
    relay = Relay(ECS, OSS)
    relay.dashboard.items = {ECS: (item("Notice", "NOTIFICATION"),), OSS: (item("Incident"),)}
    relay.poll()
    assert [title for _, title, _ in relay.topic.told] == ["Incident", "Notice"]


def test_an_outage_larger_than_one_entry_is_committed_in_several_and_arrives_whole() -> None:
    pairs = [Pair(f"product{n}", "cn-hongkong") for n in range(120)]
    relay = Relay(*pairs)
    relay.dashboard.items = {pair: (item("T" * 4_000),) for pair in pairs}
    report = relay.poll()
    rows = relay.store.read_log(SHARD, 0, 99)
    assert (report["changes"], report["published"]) == (120, 120)
    assert len(rows) == 2
    assert all(len(row.blob) <= ledger.ENTRY_BYTES for row in rows)


def test_when_the_budget_is_spent_the_relay_stops_and_goes_on_next_time() -> None:
    relay = Relay(ECS, OSS)
    relay.dashboard.items = {ECS: (item("A"),), OSS: (item("B"),)}
    report = relay.poll(monotonic=lambda: 1e6 if relay.topic.messages else 0.0)
    assert (report["published"], report["pending"]) == (1, 1)
    assert "out of time" in report["stopped"]
    assert relay.poll()["pending"] == 0
    assert sorted(title for _, title, _ in relay.topic.told) == ["A", "B"]


def test_a_relay_whose_mark_another_has_passed_sends_one_duplicate_and_not_its_whole_backlog() -> None:
    """Its clock may be wrong, and still say that it holds the lease."""
    relay = Relay(ECS)
    relay.topic.failures = [PublishUnavailable("down")]
    relay.dashboard.items[ECS] = tuple(item(f"Trouble {n}", start=n) for n in range(1, 6))
    assert relay.poll(after=10)["pending"] == 5

    class Overtaken(Topic):
        def publish(self, message: Message) -> None:
            super().publish(message)
            relay.store.save_watermark("main", Position(1, 5))  # whoever overtook it has relayed all of them

    late = Overtaken()
    report = relay.poll(publisher=lambda deadline: late)
    assert len(late.messages) == 1
    assert (report["published"], report["stopped"], report["pending"]) == (1, None, 0)


def test_what_the_topic_took_is_counted_also_when_the_store_fails_to_mark_it() -> None:
    store = Faulty()
    relay = Relay(ECS, store=store)
    relay.dashboard.items[ECS] = (item(),)
    store.before["save_watermark"] = 1
    report = relay.poll()
    assert (report["state"], report["published"]) == ("store-unavailable", 1)
    assert len(relay.topic.messages) == 1


def test_a_store_that_refuses_to_park_is_the_stores_fault_and_not_the_topics() -> None:
    class NoParking(MemoryStore):
        def park(self, shard: str, parked: Parked) -> None:
            raise ContractError("a table is missing")

    relay = Relay(ECS, store=NoParking())
    relay.dashboard.items[ECS] = (item(),)
    relay.topic.failures = [MessageRefused("too odd")]
    report = relay.poll()
    assert (report["state"], report["error"], report["stopped"]) == ("store-refused", "a table is missing", None)


def test_the_very_first_poll_that_fails_is_blind_but_no_turn_yet() -> None:
    relay = Relay()
    relay.dashboard.failing[ECS] = "down"
    report = relay.poll()
    assert (report["source"], report["changes"], relay.topic.messages) == ("blind", 0, [])
    relay.poll()
    assert [body["data"]["change"] for body in relay.topic.bodies] == ["blind"]


def test_a_relay_whose_only_pair_has_an_item_that_cannot_be_read_is_not_blind() -> None:
    relay = Relay()
    relay.dashboard.unreadable[ECS] = ("{}",)
    sources = [relay.poll()["source"] for _ in range(6)]
    assert "blind" not in sources
    assert sources[-1] == "stale"


def test_a_poller_that_was_overtaken_late_leaves_the_newer_document_as_it_is() -> None:
    store = Faulty()
    relay = Relay(store=store)
    relay.dashboard.items[ECS] = (item("A"),)

    class Slow:
        """Stalls before the documents: meanwhile its lease runs out and another poll goes through."""

        def __getattr__(self, name: str) -> Any:
            if name != "put_documents":
                return getattr(store, name)
            relay.dashboard.items[ECS] = (item("A", end=1.5),)
            relay.clock.minute += 5
            relay.poll(store=store)
            return store.put_documents

    relay.poll(store=Slow())
    [(_, blob)] = store.list_documents("2022-12", "", 9)
    assert ledger.decode_document(blob).state == "resolved"
