"""Section: a quiet minute in `auto`, how soon a change is pushed, and where one shard ends."""

from __future__ import annotations

import json
import math
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from local.fakes.mns import LOCAL_KEY_ID, LOCAL_SECRET, MnsFake
from local.fakes.status import LOCAL_KEY_ID as API_KEY_ID
from local.fakes.status import LOCAL_KEY_SECRET as API_SECRET
from local.fakes.status import StatusFake
from local.fakes.tablestore import TablestoreFake
from shd_relay import clock, ledger
from shd_relay.adapters.credentials import Credentials
from shd_relay.adapters.in_progress import InProgressSource
from shd_relay.adapters.memory_store import MemoryStore
from shd_relay.adapters.mns_topic import MnsPublisher
from shd_relay.adapters.status_api import ListEventsSource
from shd_relay.adapters.tablestore_store import TablestoreStore
from shd_relay.adapters.tablestore_tables import create_tables
from shd_relay.model import ALWAYS, IN_PROGRESS, LIST_EVENTS, Item, Message, Observation, Pair, Window
from shd_relay.plan import Plan
from shd_relay.poll import MakeSource, Poller
from shd_relay.ports import Findings, ReadRequest, Store
from shd_relay.settings_checks import TablestoreAddress
from tests.bench.billed_polls import bill, total
from tests.bench.markdown import table, wrapped

WATCHED = 1_470
SIZES = (1_000, 3_000, 10_000, 20_000)
MESSAGES = 400
TICKS, CHANGES = 90, 240
T0 = datetime(2026, 3, 1, tzinfo=timezone.utc)


def pairs_of(count: int) -> tuple[Pair, ...]:
    return tuple(Pair(f"product-{n // 35:03}", f"region-{n % 35:02}") for n in range(count))


class Told:
    """One of the two operations, over what it is told; it dates its answers alike and costs nothing."""

    def __init__(self, operation: str) -> None:
        self.operation = operation
        self.items: dict[Pair, Item] = {}
        self.asked = 0

    def read(self, requests: Sequence[ReadRequest], *, now: datetime, rung: int) -> Iterator[Observation]:
        self.asked += len(requests) if self.operation == LIST_EVENTS else 1
        for pair, since, _ in requests:
            items = (self.items[pair],) if pair in self.items else ()
            every = self.operation == IN_PROGRESS
            windows = (ALWAYS,) if every else (Window(since - timedelta(days=8), now + timedelta(days=14)),)
            yield Observation(pair=pair, operation=self.operation, at=now, items=items, windows=windows)

    def learned(self, now: datetime) -> Findings:
        return Findings()


class Heard:
    """A topic that notes when it was told of each pair's event."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def publish(self, message: Message) -> None:
        self.messages.append(message)


class World:
    """Polls a minute apart, over a store in memory."""

    def __init__(self, pairs: tuple[Pair, ...]) -> None:
        self.pairs = pairs
        self.listed, self.ongoing = Told(LIST_EVENTS), Told(IN_PROGRESS)
        self.topic, self.store = Heard(), MemoryStore()
        self.now = T0

    def poll(self, names: Sequence[str] = (IN_PROGRESS, LIST_EVENTS)) -> dict[str, object]:
        self.now += timedelta(minutes=1)
        made: dict[str, MakeSource] = {
            source.operation: lambda *_, source=source: source
            for source in (self.ongoing, self.listed)
            if source.operation in names
        }
        return _poller(self.pairs, self.store, made, lambda _: self.topic, lambda: self.now).run()


def _poller(
    pairs: tuple[Pair, ...], store: Store, sources: dict[str, MakeSource], publisher: Callable[[float], Heard],
    now: Callable[[], datetime],
) -> Poller:  # fmt: skip
    plan = Plan(
        shard="main", pairs=pairs, interval_seconds=60, budget_seconds=45.0, lease_seconds=55.0, rate=0.0,
        public_url=None,
    )  # fmt: skip
    return Poller(
        plan=plan, store=store, sources=sources, publisher=publisher, now=now, monotonic=clock.monotonic,
        owner=f"{now():%d %H:%M:%S.%f}",
    )  # fmt: skip


def quiet_minute() -> tuple[Counter[str], tuple[int, int, int]]:
    """Calls by operation, and the store's requests and units, of the third poll over real sockets: the first reads
    every pair for the first time."""
    keys = Credentials(access_key_id=API_KEY_ID, access_key_secret=API_SECRET)
    pairs, moment = pairs_of(WATCHED), [T0]
    with StatusFake(clock=lambda: moment[0]) as api, TablestoreFake() as tables:
        address = TablestoreAddress(instance=tables.instance, endpoint=tables.url)
        create_tables(address, _tablestore_keys)
        regions = list(dict.fromkeys(pair.region for pair in pairs))
        made: dict[str, MakeSource] = {
            IN_PROGRESS: lambda deadline, _: InProgressSource(
                api.url, keys, deadline=deadline, regions=regions, global_region="oo-region"
            ),
            LIST_EVENTS: lambda deadline, _: ListEventsSource(api.url, keys, deadline=deadline, rate=50, rate_max=0),
        }
        with closing(TablestoreStore(address, _tablestore_keys)) as store:
            for _ in range(3):
                before, billed = len(api.calls), len(tables.calls)
                _poller(pairs, store, made, lambda _: Heard(), lambda: moment[0]).run()
                moment[0] += timedelta(minutes=1)
            calls = Counter(call.action for call in api.calls[before:])
            return calls, tuple(total(bill(tables.calls[billed:])))  # type: ignore[return-value]


def _tablestore_keys() -> Credentials:
    from local.fakes.tablestore import LOCAL_KEY_ID as KEY_ID
    from local.fakes.tablestore import LOCAL_SECRET as SECRET

    return Credentials(access_key_id=KEY_ID, access_key_secret=SECRET)


def ticks_to_push(listed: bool, ongoing: bool) -> list[int]:
    """How many polls after the API shows that an event began it is pushed; 1: by the next one."""
    rng = random.Random(7)  # noqa: S311
    world = World(pairs_of(WATCHED))
    world.poll()
    begun: dict[str, int] = {}
    waited: list[int] = []
    for tick in range(TICKS):
        for pair in rng.sample(world.pairs, CHANGES // TICKS + 1) if tick < TICKS // 2 else ():
            if str(pair) not in begun:
                item = Item(title=f"{pair} is abnormal", severity="ALARM", start=world.now)
                if listed:
                    world.listed.items[pair] = item
                if ongoing:
                    world.ongoing.items[pair] = Item(title=item.title, start=item.start, source_id=str(pair))
                begun[str(pair)] = tick
        told = len(world.topic.messages)
        world.poll()
        for message in world.topic.messages[told:]:
            envelope = json.loads(message.body)
            if envelope["data"]["change"] == "opened":
                waited.append(tick - begun[envelope["subject"]] + 1)
    assert len(waited) == len(begun), (len(waited), len(begun))
    return sorted(waited)


class Size(NamedTuple):
    pairs: int
    auto: float
    list_events: float
    burst: float
    checkpoint: int
    entries: int


def size_of(count: int) -> Size:
    """CPU seconds of a quiet poll in auto, of one that reads every pair, and of one in which every pair opens an event;
    what the last leaves in the store."""
    quiet = World(pairs_of(count))
    quiet.poll()
    auto = statistics.median(_cpu(quiet.poll) for _ in range(3))
    alone = World(pairs_of(count))
    alone.poll([LIST_EVENTS])
    every = statistics.median(_cpu(lambda: alone.poll([LIST_EVENTS])) for _ in range(3))
    for pair in quiet.pairs:
        quiet.listed.items[pair] = Item(
            title=f"{pair} is abnormal, everywhere at once", severity="ALARM", start=quiet.now
        )
        quiet.ongoing.items[pair] = Item(title=quiet.listed.items[pair].title, start=quiet.now, source_id="1")
    burst = _cpu(quiet.poll)
    checkpoint = quiet.store.load_checkpoint("main")
    state, _ = ledger.load(quiet.store)
    return Size(count, auto, every, burst, len(checkpoint.blob) if checkpoint else 0, state.seq)


def _cpu(act: Callable[[], object]) -> float:
    began = time.process_time()
    act()
    return time.process_time() - began


def messages_a_second() -> float:
    """Publishing through the vendor's SDK over a socket, one after the other, as the relay does."""
    keys = Credentials(access_key_id=LOCAL_KEY_ID, access_key_secret=LOCAL_SECRET)
    with MnsFake() as fake:
        fake.create_topic("service-health")
        topic = MnsPublisher(fake.url, "service-health", keys, deadline=clock.monotonic() + 60)
        body = "{" + f'"text":"{"x" * 900}"' + "}"
        began = time.perf_counter()
        for number in range(MESSAGES):
            topic.publish(Message(id=f"e.{number}", tag="incident", body=body))
        seconds = time.perf_counter() - began
        topic.close()
    return MESSAGES / seconds


_QUIET = """
{pairs:,} pairs in `auto`, nothing happens, over real sockets and the Tablestore SDK: **{sweep} call of
ListEventInProgress and {calls} of ListEvents**, {requests} requests to the store, {read} read and {write} write CU. The
poll itself takes {cpu:.2f} s of CPU beside its calls; what a call costs stands above.
"""
_PUSH = """
How long after the API shows that an event began it is pushed, in ticks (polls a minute apart; 1 is the next poll), with
{pairs:,} pairs watched, all quiet before:
"""
_SHARD = """
Where one shard ends. Sources, store and topic cost nothing here, so this is the relay's own CPU for one poll: quiet in
`auto`, quiet with every pair read by ListEvents, and one in which every pair opens an event at once. The last grows the
state: its checkpoint, packed, and the entries of the log that the burst took (at most 1 MB each).
"""
_RATE = """
Messages go one after the other, each marked before the next: {rate:,.0f} a second through the vendor's SDK to the
stand-in on this machine, with no network between. With 20 ms for a publish and 10 ms for a mark it is 33 a second, some
1,200 in the budget of a poll: what all of {pairs:,} pairs say at once arrives within two polls.
"""


def section() -> str:
    calls, (requests, read, write) = quiet_minute()
    sizes = [size_of(count) for count in SIZES]
    watched = size_of(WATCHED)
    rows = [
        (name, statistics.median(ticks), ticks[math.ceil(0.99 * len(ticks)) - 1], len(ticks))
        for name, ticks in (
            ("both operations", ticks_to_push(True, True)),
            ("ListEventInProgress alone", ticks_to_push(False, True)),
            ("ListEvents alone", ticks_to_push(True, False)),
        )
    ]
    return "\n\n".join((
        "## A quiet minute, and where one shard ends",
        wrapped(_QUIET.format(
            pairs=WATCHED, sweep=calls[IN_PROGRESS], calls=calls[LIST_EVENTS],
                requests=requests, read=read, write=write,
            cpu=watched.auto,
        )),
        wrapped(_PUSH.format(pairs=WATCHED)),
        table(("shown by", "p50", "p99", "events"), rows),
        wrapped(_SHARD),
        table(
            ("pairs", "quiet, auto", "quiet, all read", "all open at once", "checkpoint", "entries"),
            [(f"{s.pairs:,}", f"{s.auto:.2f} s", f"{s.list_events:.2f} s", f"{s.burst:.2f} s",
              f"{s.checkpoint / 1000:,.0f} KB", s.entries) for s in sizes],
        ),
        wrapped(_RATE.format(rate=messages_a_second(), pairs=WATCHED)),
    ))  # fmt: skip
