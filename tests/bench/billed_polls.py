"""Polls over the real Tablestore adapter, the vendor's SDK and the stand-in, and what the stand-in counts of them."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from local.fakes.tablestore import LOCAL_KEY_ID, LOCAL_SECRET, Call, TablestoreFake
from shd_relay.adapters.credentials import Credentials
from shd_relay.adapters.tablestore_store import TablestoreStore
from shd_relay.adapters.tablestore_tables import create_tables
from shd_relay.model import FailedRead, Item, Message, Observation, Pair, Window
from shd_relay.plan import Plan
from shd_relay.poll import Poller
from shd_relay.ports import Findings, ReadRequest, Store
from shd_relay.settings_checks import TablestoreAddress

PAIRS = tuple(Pair(f"product-{n // 30:03}", f"region-{n % 30:02}") for n in range(3_000))
STANDING, CHANGED = 20, 100  # events that are open all the time, and those that begin and end at once
FAILING, MIXING = 0.1, 12
PLAN = Plan(
    shard="main", pairs=PAIRS, interval_seconds=60, budget_seconds=45.0, lease_seconds=55.0, rate=0.0, public_url=None
)
T0 = datetime(2026, 3, 1, tzinfo=timezone.utc)


class Cost(NamedTuple):
    """Requests and capacity units."""

    calls: int = 0
    read: int = 0
    write: int = 0

    def __add__(self, other: tuple[int, ...]) -> Cost:  # type: ignore[override]
        return Cost(*(mine + its for mine, its in zip(self, other, strict=True)))


Bill = dict[tuple[str, str], Cost]
"""By the name of the call and the row, or the table, that it is about."""


class Clock:
    def __init__(self) -> None:
        self.now = T0

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Watched:
    """A source that lists, for every pair, what is in `items`; so many of the reads fail, drawn anew each time.

    As our adapter of the status API it dates all answers of a poll alike, which packs well; failed reads do not.
    """

    operation = "ListEvents"

    def __init__(self) -> None:
        self.items: dict[Pair, Item] = {}
        self.failing = 0.0
        self._rng = random.Random(1)  # noqa: S311

    def read(self, requests: Sequence[ReadRequest], *, now: datetime, rung: int) -> Iterator[Observation | FailedRead]:
        for pair, since, _ in requests:
            if self._rng.random() < self.failing:
                yield FailedRead(pair=pair, operation=self.operation, at=now, reason="timed out")
                continue
            listed = (self.items[pair],) if pair in self.items else ()
            windows = (Window(since - timedelta(days=8), now + timedelta(days=14)),)
            yield Observation(pair=pair, operation=self.operation, at=now, items=listed, windows=windows)

    def learned(self, now: datetime) -> Findings:
        return Findings()


class Accepting:
    def publish(self, message: Message) -> None:
        pass


class Bench:
    """One stand-in with our tables, and polls over it a minute apart."""

    def __init__(self, fake: TablestoreFake, store: Store) -> None:
        self._clock = Clock()
        self.source = Watched()
        self._fake = fake
        self._store = store

    def poll(self) -> Bill:
        """Raises AssertionError if the poll did not come to its end."""
        self._clock.move(60.021_357)
        before = len(self._fake.calls)
        poller = Poller(
            plan=PLAN, store=self._store, sources={self.source.operation: lambda deadline, pace: self.source},
            publisher=lambda deadline: Accepting(), now=self._clock, monotonic=lambda: 0.0,
            owner=f"{self._clock():%d %H:%M:%S.%f}",
        )  # fmt: skip
        report = poller.run()
        assert (report["state"], report["polled"] + report["failed"]) == ("done", len(PAIRS)), report
        return bill(self._fake.calls[before:])

    def begin(self, pairs: Sequence[Pair]) -> None:
        start = self._clock()
        for pair in pairs:
            self.source.items[pair] = Item(title=f"Service of {pair} is abnormal", severity="ALARM", start=start)

    def end(self, pairs: Sequence[Pair]) -> None:
        for pair in pairs:
            item = self.source.items[pair]
            self.source.items[pair] = Item(title=item.title, severity="NORMAL", start=item.start, end=self._clock())


def bill(calls: Sequence[Call]) -> Bill:
    found: Bill = defaultdict(Cost)
    for call in calls:
        found[call.action, _row(call)] += Cost(1, call.units.read, call.units.write)
    return dict(found)


def _row(call: Call) -> str:
    key = call.rows[0][1] if call.rows else ()
    table = call.table.removeprefix("shd_")
    return f"{table}: {key[1]}" if table == "meta" else table


def measured() -> dict[str, Bill]:
    """By the name of the poll; the first, which sees everything for the first time, is not told."""
    with TablestoreFake() as fake:
        address = TablestoreAddress(instance=fake.instance, endpoint=fake.url)
        create_tables(address, _keys)
        with closing(TablestoreStore(address, _keys)) as store:
            return _polls(Bench(fake, store))


def _keys() -> Credentials:
    return Credentials(access_key_id=LOCAL_KEY_ID, access_key_secret=LOCAL_SECRET)


def _polls(bench: Bench) -> dict[str, Bill]:
    standing, changing = PAIRS[:STANDING], PAIRS[STANDING : STANDING + CHANGED]
    bench.begin(standing)
    bench.poll()
    found = {f"no change, {STANDING} events open": _steady(bench)}
    bench.begin(changing)
    found[f"{CHANGED} events begin"] = bench.poll()
    found[f"no change, {STANDING + CHANGED} events open"] = _steady(bench)
    bench.end(changing)
    found[f"{CHANGED} events end"] = bench.poll()
    bench.source.failing = FAILING
    found[f"no change, one read in {1 / FAILING:.0f} fails"] = _steady(bench)
    return found


def _steady(bench: Bench) -> Bill:
    """The dearest of three polls, once failed reads of many polls have mixed."""
    for _ in range(MIXING):
        bench.poll()
    return max((bench.poll() for _ in range(3)), key=lambda bill: total(bill)[1:])


def total(bill: Bill) -> Cost:
    return sum(bill.values(), Cost())
