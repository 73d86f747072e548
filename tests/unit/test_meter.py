"""What the poller counts of itself: durations, reads and polls, in one record that nothing depends on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from shd_relay import ledger, meter
from shd_relay.adapters.memory_store import MemoryStore
from shd_relay.errors import ContractError, PublishUnavailable, StoreUnavailable
from shd_relay.model import IN_PROGRESS, LIST_EVENTS, SHARD, FailedRead, Message, Observation, Pair
from shd_relay.ports import ReadRequest
from shd_relay.records import METER, Histogram, Meter
from shd_relay.report import Report
from tests.world import ECS, OSS, T0, Clock, Dashboard, Relay, Topic, item, minutes, seen


def saved(relay: Relay) -> Meter:
    found = ledger.decode_record(relay.store.load_record(SHARD, METER), Meter)
    assert found is not None
    return found


def durations(histogram: Histogram) -> dict[float, int]:
    """How many durations were at most so many seconds, buckets without any left out."""
    return {bound: count for bound, count in zip((*histogram.bounds, 1e9), histogram.counts, strict=True) if count}


class Slow(Dashboard):
    """A dashboard that takes so many seconds after each answer."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        super().__init__()
        self._clock, self._seconds = clock, seconds

    def read(self, requests: Sequence[ReadRequest], *, now: datetime, rung: int) -> Iterator[Observation | FailedRead]:
        for outcome in super().read(requests, now=now, rung=rung):
            yield outcome
            self._clock.minute += self._seconds / 60


class SlowTopic(Topic):
    def __init__(self, clock: Clock, seconds: float) -> None:
        super().__init__()
        self._clock, self._seconds = clock, seconds

    def publish(self, message: Message) -> None:
        super().publish(message)
        self._clock.minute += self._seconds / 60


class MeterFails(MemoryStore):
    """A store that fails for the meter alone; counts the calls for it."""

    def __init__(self, *, loading: Exception | None = None, saving: Exception | None = None) -> None:
        super().__init__()
        self.loading, self.saving = loading, saving
        self.calls: list[str] = []

    def load_record(self, shard: str, name: str) -> bytes | None:
        if name == METER:
            self.calls.append("load")
            if self.loading:
                raise self.loading
        return super().load_record(shard, name)

    def save_record(self, shard: str, name: str, token: int, blob: bytes) -> bool:
        if name == METER:
            self.calls.append("save")
            if self.saving:
                raise self.saving
        return super().save_record(shard, name, token, blob)


def test_the_way_of_a_change_is_timed_from_first_seen_to_committed_to_accepted() -> None:
    relay = Relay()
    relay.dashboard, relay.topic = Slow(relay.clock, 3), SlowTopic(relay.clock, 15)
    relay.dashboard.items[ECS] = (item("A"), item("B"))
    relay.poll()

    times = saved(relay).times
    assert (durations(times["commit"]), times["commit"].seconds) == ({5.0: 2}, 6.0)
    assert (durations(times["accept"]), times["accept"].seconds) == ({20.0: 1, 40.0: 1}, 45.0)
    assert (durations(times["publish"]), times["publish"].seconds) == ({20.0: 1, 40.0: 1}, 51.0)


def test_a_change_that_waits_for_the_topic_is_timed_when_it_is_accepted_and_once() -> None:
    relay = Relay()
    relay.dashboard.items[ECS] = (item(),)
    relay.topic.failures = [PublishUnavailable("no answer") for _ in range(3)]
    for _ in range(3):
        relay.poll()
    assert durations(saved(relay).times["publish"]) == {}

    relay.poll(after=8)
    relay.poll()
    assert durations(saved(relay).times["publish"]) == {600.0: 1}


def test_a_clock_that_goes_back_makes_no_duration_below_zero() -> None:
    relay = Relay()
    relay.dashboard, relay.topic = Slow(relay.clock, -90), SlowTopic(relay.clock, -90)
    relay.dashboard.items[ECS] = (item(),)
    relay.poll()

    assert [(name, times.seconds, sum(times.counts)) for name, times in saved(relay).times.items()] == [
        ("commit", 0.0, 1), ("accept", 0.0, 1), ("publish", 0.0, 1), ("poll", 0.0, 1),
    ]  # fmt: skip


def test_the_time_that_a_poll_takes_is_counted() -> None:
    relay = Relay()
    relay.dashboard = Slow(relay.clock, 12.5)
    relay.poll(monotonic=lambda: relay.clock.minute * 60)

    assert durations(saved(relay).times["poll"]) == {20.0: 1}


def test_reads_are_counted_by_operation_and_outcome() -> None:
    relay = Relay(ECS, OSS, Pair("rds", "cn-hongkong"))
    relay.dashboard.failing[ECS] = "status 500"
    relay.dashboard.unreadable[OSS] = ('{"Title": 7}',)
    relay.poll()
    relay.poll()

    assert saved(relay).reads == {LIST_EVENTS: {"failed": 2, "partial": 2, "good": 2}}


def failed(**more: Any) -> FailedRead:
    return FailedRead(pair=ECS, operation=IN_PROGRESS, at=T0, reason="no", **more)


@pytest.mark.parametrize(
    ("outcomes", "words"),
    [
        ([seen(), seen()], {"good": 1}),
        ([seen(), seen(unreadable=("x",))], {"partial": 1}),
        ([seen(whole=False)], {"partial": 1}),
        ([seen(), failed()], {"partial": 1}),
        ([failed(), failed(throttled=True)], {"throttled": 1}),
        ([failed(), failed()], {"failed": 1}),
        ([failed(), failed(asked=False)], {"failed": 1}),
        ([failed(asked=False)], {"unasked": 1}),
        ([], {}),
    ],
)
def test_a_call_that_tells_of_all_pairs_is_one_read_of_one_outcome(outcomes: list[Any], words: dict[str, int]) -> None:
    class Listing(Dashboard):
        operation = IN_PROGRESS

        def read(self, requests: Any, *, now: datetime, rung: int) -> Iterator[Observation | FailedRead]:
            yield from outcomes

    store = MemoryStore()
    tally = meter.Tally(Report(poll="p"), lambda: T0, lambda: 0.0)
    assert list(tally.watched(Listing()).read([], now=T0, rung=0)) == outcomes
    tally.save(store, SHARD, 1)

    found = ledger.decode_record(store.load_record(SHARD, METER), Meter)
    assert found is not None
    assert found.reads == ({IN_PROGRESS: words} if words else {})


def test_a_poll_that_did_not_come_to_its_end_is_counted_by_the_next_one() -> None:
    relay = Relay()
    relay.poll()
    assert saved(relay).polls == {"done": 1, "unfinished": 0}
    whole = relay.store.put_documents

    def away(*_: Any) -> None:
        raise StoreUnavailable("no answer")

    relay.dashboard.items[ECS] = (item(),)
    relay.store.put_documents = away
    assert relay.poll()["state"] == "store-unavailable"
    relay.store.put_documents = whole
    relay.poll()

    assert saved(relay).polls == {"done": 2, "unfinished": 1}


def test_a_poll_that_found_another_at_work_is_not_counted() -> None:
    relay = Relay()
    relay.poll()
    lease = relay.store.acquire(SHARD, "another", minutes(2), 55)
    assert relay.poll()["state"] == "busy"
    relay.store.release(SHARD, lease)
    relay.poll()

    assert saved(relay).polls == {"done": 2, "unfinished": 1}  # the other one, which left no count


@pytest.mark.parametrize("error", [StoreUnavailable("no answer"), ContractError("refused")])
@pytest.mark.parametrize("where", ["loading", "saving"])
def test_a_meter_that_cannot_be_kept_costs_the_poll_nothing(where: str, error: Exception) -> None:
    relay = Relay(store=MeterFails(**{where: error}))  # type: ignore[arg-type]
    relay.dashboard.items[ECS] = (item(),)
    report = relay.poll()

    assert (report["state"], report["error"], report["published"], report["source"]) == ("done", None, 1, "fresh")
    assert relay.store.calls == (["load"] if where == "loading" else ["load", "save"])
    assert MemoryStore.load_record(relay.store, SHARD, METER) is None


def test_a_poll_reads_the_meter_once_and_writes_it_once_whatever_happens() -> None:
    relay = Relay(ECS, OSS, store=MeterFails())
    relay.dashboard.items = {ECS: (item("A"),), OSS: (item("B"),)}
    relay.poll()
    assert relay.store.calls == ["load", "save"]
    relay.poll()
    assert relay.store.calls == ["load", "save"] * 2


def test_losing_the_meter_sets_counters_back_and_pushes_ends_and_forgets_nothing() -> None:
    relay = Relay()
    relay.dashboard.items[ECS] = (item("A"),)
    for _ in range(3):
        relay.poll()
    told, events = list(relay.topic.told), ledger.load(relay.store)[0].events
    assert (saved(relay).polls["done"], saved(relay).since) == (3, minutes(1))

    relay.store.save_record(SHARD, METER, 3, b"garbage")
    relay.poll()

    assert (saved(relay).polls, saved(relay).since) == ({"done": 1, "unfinished": 0}, minutes(4))
    assert (relay.topic.told, ledger.load(relay.store)[0].events) == (told, events)


@pytest.mark.parametrize(
    "before",
    [Histogram(bounds=(1.0, 2.0), counts=(5, 5, 5), seconds=9.0), Histogram(bounds=meter.BOUNDS, counts=(5,))],
)
def test_a_histogram_with_other_buckets_begins_anew(before: Histogram) -> None:
    found = meter.with_durations(before, [1.5])

    assert (durations(found), found.seconds) == ({2.5: 1}, 1.5)


def test_a_duration_that_is_just_as_long_as_a_bound_lies_below_it_and_one_beyond_all_is_kept() -> None:
    found = meter.with_durations(meter.with_durations(None, [60.0, 60.1]), [86_400.0])

    assert (durations(found), found.seconds) == ({60.0: 1, 90.0: 1, 1e9: 1}, 60.0 + 60.1 + 86_400)


def test_an_older_poll_that_comes_late_counts_no_poll_backwards() -> None:
    before = Meter(token=9, since=T0, polls={"done": 4, "unfinished": 2})
    found = meter.after(before, 7, T0 + timedelta(minutes=1), {}, {})

    assert found.polls == {"done": 5, "unfinished": 2}
