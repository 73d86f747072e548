"""Values and ports for tests of the pure core and the poll: a dashboard that is edited, a topic that is listened to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from shd_relay.adapters.memory_store import MemoryStore
from shd_relay.model import FailedRead, Item, Message, Observation, Pair, Window
from shd_relay.plan import Plan
from shd_relay.poll import Poller
from shd_relay.ports import Findings, ReadRequest
from shd_relay.records import PairWork

ECS = Pair("ecs", "cn-hongkong")
OSS = Pair("oss", "cn-hongkong")
T0 = datetime(2022, 12, 18, 1, 0, tzinfo=timezone.utc)
OPERATION = "ListEvents"


def minutes(count: float) -> datetime:
    """So many minutes after T0."""
    return T0 + timedelta(minutes=count)


def item(title: str = "Trouble", severity: str | None = "ALARM", start: float | None = 0, **more: Any) -> Item:
    """An item; `start` and `end` in minutes after T0."""
    if "end" in more and more["end"] is not None:
        more["end"] = minutes(more["end"])
    return Item(title=title, severity=severity, start=None if start is None else minutes(start), **more)


def seen(*items: Item, at: float = 1, pair: Pair = ECS, unreadable: tuple[str, ...] = (), **more: Any) -> Observation:
    """A complete answer at `at` minutes after T0, whose window covers thirty days around T0."""
    windows = more.pop("windows", (Window(T0 - timedelta(days=15), T0 + timedelta(days=15)),))
    return Observation(
        pair=pair,
        operation=more.pop("operation", OPERATION),
        at=minutes(at),
        items=items,
        windows=windows,
        unreadable=unreadable,
        **more,
    )


def read_before(at: float = 0) -> PairWork:
    """The work record of a pair whose last good read was `at` minutes after T0."""
    return PairWork(last_good=minutes(at), last_answer=minutes(at), last_tried=minutes(at))


class Dashboard:
    """A source that lists what is in `items`, and fails for the pairs in `failing` with the reason given there."""

    operation = OPERATION

    def __init__(self) -> None:
        self.items: dict[Pair, tuple[Item, ...]] = {}
        self.unreadable: dict[Pair, tuple[str, ...]] = {}
        self.failing: dict[Pair, str] = {}
        self.requests: list[ReadRequest] = []

    def read(self, requests: Sequence[ReadRequest], *, now: datetime, rung: int) -> Iterator[Observation | FailedRead]:
        self.requests = list(requests)
        for pair, *_ in requests:
            if pair in self.failing:
                yield FailedRead(
                    pair=pair, operation=OPERATION, at=now, reason=self.failing[pair], code="InternalError"
                )
                continue
            window = Window(now - timedelta(days=15), now + timedelta(days=15))
            yield Observation(
                pair=pair, operation=OPERATION, at=now, items=self.items.get(pair, ()), windows=(window,),
                unreadable=self.unreadable.get(pair, ()),
            )  # fmt: skip

    def learned(self, now: datetime) -> Findings:
        return Findings()


class Topic:
    """A topic whose only subscriber keeps everything; `failures` are raised, first to last, one a publish."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.failures: list[Exception] = []
        self.refuse_ids: dict[str, Exception] = {}

    def publish(self, message: Message) -> None:
        if self.failures:
            raise self.failures.pop(0)
        if message.id in self.refuse_ids:
            raise self.refuse_ids[message.id]
        self.messages.append(message)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(message.body) for message in self.messages]

    @property
    def told(self) -> list[tuple[str, str, int]]:
        """(change, title, revision) of every message."""
        return [(b["data"]["change"], b["data"]["event"]["title"], b["data"]["event"]["revision"]) for b in self.bodies]


class Clock:
    """Minutes after T0, moved by hand."""

    def __init__(self) -> None:
        self.minute = 0.0

    def now(self) -> datetime:
        return minutes(self.minute)


class Relay:
    """Dashboard, store, topic and clock, and polls over them."""

    def __init__(self, *pairs: Pair, store: Any = None) -> None:
        self.dashboard, self.topic, self.clock = Dashboard(), Topic(), Clock()
        self.store = store or MemoryStore()
        self.polls = 0
        self.plan = Plan(
            shard="main", pairs=pairs or (ECS,), interval_seconds=60, budget_seconds=45.0, lease_seconds=55.0,
            rate=0.0, public_url=None,
        )  # fmt: skip

    def poll(self, after: float = 1.0, **changes: Any) -> dict[str, Any]:
        """One poll, `after` minutes later; keyword arguments replace ports of this poll."""
        self.clock.minute += after
        self.polls += 1
        ports: dict[str, Any] = {
            "store": self.store,
            "sources": {OPERATION: lambda deadline, pace: self.dashboard}, "publisher": lambda deadline: self.topic,
            "now": self.clock.now, "monotonic": lambda: 0.0, "owner": f"poll-{self.polls}",
        }  # fmt: skip
        return Poller(plan=self.plan, **(ports | changes)).run()
