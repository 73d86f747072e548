"""Every remote effect of a poll is a numbered point; at each, every fault, and the consumer must not notice a loss.

Judged from the subscriber's side alone: every committed change arrived, revisions without gaps and never backwards, its
view is the dashboard's in the end, nothing ended that did not, and at most one duplicate for one fault.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from shd_relay import ledger
from shd_relay.adapters.memory_store import MemoryStore
from shd_relay.errors import PublishUnavailable, StoreUnavailable
from shd_relay.model import SHARD, Item, Pair
from tests.world import ECS, OSS, Dashboard, Relay, Topic, item

FAULTS = ("crash before", "crash after", "error before", "error after")
STORE_CALLS = {
    "acquire", "renew", "release", "append", "read_log", "load_checkpoint", "save_checkpoint", "load_watermark",
    "save_watermark", "load_record", "save_record", "put_documents", "park",
}  # fmt: skip


class ProcessDeathError(BaseException):
    """The process ends here: nothing above may catch it."""


class Effects:
    """Numbers the remote effects and does its fault at one of them, once."""

    def __init__(self, point: int | None, fault: str) -> None:
        self.count = 0
        self._point = point
        self._fault = fault
        self.names: list[str] = []

    def call(self, name: str, error: Exception, do: Callable[..., Any], *args: Any, **more: Any) -> Any:
        self.count += 1
        self.names.append(name)
        if self.count != self._point:
            return do(*args, **more)
        if self._fault.endswith("after"):
            do(*args, **more)
        raise ProcessDeathError(name) if self._fault.startswith("crash") else error


class Store:
    """A store whose calls are effects."""

    def __init__(self, inner: MemoryStore, effects: Effects) -> None:
        self._inner = inner
        self._effects = effects

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in STORE_CALLS:
            return found
        return lambda *args, **more: self._effects.call(name, StoreUnavailable(name), found, *args, **more)


class Publisher:
    def __init__(self, inner: Topic, effects: Effects) -> None:
        self._inner = inner
        self._effects = effects

    def publish(self, message: Any) -> None:
        self._effects.call("publish", PublishUnavailable("publish"), self._inner.publish, message)


class Source:
    operation = Dashboard.operation

    def __init__(self, inner: Dashboard, effects: Effects) -> None:
        self._inner = inner
        self._effects = effects

    def read(self, requests: Any, *, now: Any, rung: int) -> Iterator[Any]:
        for request in requests:
            found = list(self._inner.read([request], now=now, rung=rung))
            yield from self._effects.call("read", StoreUnavailable("a read never raises"), lambda found=found: found)

    learned = Dashboard.learned


# What the dashboard shows at each poll, by pair.
SCRIPT: tuple[dict[Pair, tuple[Item, ...]], ...] = (
    {},
    {ECS: (item("Disks fail", start=1.5),)},
    {ECS: (item("Disks fail badly", start=1.5),), OSS: (item("Slow", "NOTIFICATION", start=2.5),)},
    {
        ECS: (item("[Recovered] Disks fail badly", "NORMAL", start=1.5, end=3.5),),
        OSS: (item("Slow", "ALARM", start=2.5),),
    },
    {ECS: (item("Disks fail badly", start=1.5),), OSS: (item("Slow", "ALARM", start=2.5, end=4.5),)},
    {ECS: (item("Disks fail badly", start=1.5, end=5.5),), OSS: (item("Slow", "ALARM", start=2.5, end=4.5),)},
)  # fmt: skip


def play(faulty_poll: int | None, point: int | None, fault: str) -> tuple[Relay, Effects]:
    """The script, with one fault in one poll, then quiet polls until the lease has run out and all has settled."""
    relay = Relay(ECS, OSS)
    effects = Effects(point, fault)
    for number, shown in enumerate((*SCRIPT, *[SCRIPT[-1]] * 3)):
        relay.dashboard.items = dict(shown)
        if number != faulty_poll:
            relay.poll()
            continue
        try:
            relay.poll(
                store=Store(relay.store, effects),
                source=lambda *_: Source(relay.dashboard, effects),
                publisher=lambda *_: Publisher(relay.topic, effects),
            )
        except ProcessDeathError:
            continue
    return relay, effects


def problems(relay: Relay) -> list[str]:
    """What the subscriber would hold against us."""
    found = []
    last: dict[str, int] = {}
    seen: dict[str, str] = {}
    duplicates = 0
    for message in relay.topic.messages:
        body = json.loads(message.body)
        id_, revision = body["data"]["event"]["id"], body["data"]["event"]["revision"]
        if seen.setdefault(message.id, message.body) != message.body:
            found.append(f"{message.id} says two things")
        if revision <= last.get(id_, 0):
            duplicates += 1
        elif revision != last.get(id_, 0) + 1:
            found.append(f"{id_} jumps from {last.get(id_, 0)} to {revision}")
        last[id_] = max(last.get(id_, 0), revision)
    state = ledger.load(relay.store)[0]
    found += [f"{e.id} was never told whole" for e in state.events.values() if e.revision != last.get(e.id, 0)]
    titles = {(e.pair, e.title, e.state) for e in state.events.values() if e.id != "feed"}
    if titles != {(ECS, "Disks fail badly", "resolved"), (OSS, "Slow", "resolved")}:
        found.append(f"the view is not the dashboard's: {titles}")
    if duplicates > 1:
        found.append(f"{duplicates} duplicates")
    return found


EFFECTS_OF_POLL = [play(number, None, "")[1].count for number in range(len(SCRIPT))]


def test_without_a_fault_nothing_is_lost_and_nothing_doubled() -> None:
    relay, _ = play(None, None, "")
    assert problems(relay) == []
    assert len(relay.topic.messages) == len({message.id for message in relay.topic.messages}) == 8


def test_every_effect_of_a_poll_is_counted() -> None:
    """A new effect belongs behind a port; this number then changes on purpose."""
    assert EFFECTS_OF_POLL == [12, 21, 24, 24, 24, 22]


@pytest.mark.parametrize("fault", FAULTS)
def test_no_fault_at_any_point_of_any_poll_loses_doubles_twice_or_falsifies(fault: str) -> None:
    runs = 0
    for number, effects in enumerate(EFFECTS_OF_POLL):
        for point in range(1, effects + 1):
            relay, done = play(number, point, fault)
            assert problems(relay) == [], f"poll {number}, point {point} ({done.names[-1]}), {fault}"
            runs += 1
    assert runs == sum(EFFECTS_OF_POLL)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (lambda relay, body: relay.topic.messages.pop(2), "a lost message"),
        (lambda relay, body: relay.topic.messages.extend(relay.topic.messages[:2]), "two duplicates"),
        (lambda relay, body: relay.topic.messages.reverse(), "wrong order"),
    ],
)
def test_the_judge_sees_what_it_must_see(wrong: Any, why: str) -> None:
    relay, _ = play(None, None, "")
    wrong(relay, None)
    assert problems(relay), why


def test_reading_the_log_after_all_this_gives_every_change_once() -> None:
    relay, _ = play(3, 12, "crash after")
    entries = [ledger.decode_entry(row.blob) for row in relay.store.read_log(SHARD, 0, 99)]
    ids = [(c.event.id, c.event.revision) for entry in entries for c in entry.changes]
    assert len(ids) == len(set(ids))
