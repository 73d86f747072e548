"""Stand-ins, a store and a subscriber on loopback, which one poll after the other meets. They can be put back."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from local.fakes.mns import MnsFake
from local.fakes.mns import on as on_topic
from local.fakes.status import ShownEvent, StatusFake
from local.fakes.tablestore import LOCAL_KEY_ID, LOCAL_SECRET
from local.fakes.tablestore import Call as TableCall
from local.stores import StoreName
from local.subscriber import QueueSubscriber
from tests.death.kept import KeptStore, SqliteFile, Tables
from tests.death.pollers import Ended, Order, Pollers
from tests.death.scenarios import REGION, T0, Scenario, Step, at

TOPIC, QUEUE = "service-health", "on-call"
KEYS = {"ALIBABA_CLOUD_ACCESS_KEY_ID": LOCAL_KEY_ID, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": LOCAL_SECRET}
MEMORY = Path("/dev/shm")  # what dies here is a process, never the power: where it can, the file stays off the disk


def name_of(call: Any) -> str:
    """Its action, for a store its table, too, and which kind of row where a table has several."""
    if not isinstance(call, TableCall) or not call.rows:
        return str(call.action)
    table, key = call.rows[0]
    kind = str(key[1]) if table == "shd_meta" else ""
    return f"{call.action} {table.removeprefix('shd_')} {kind}".strip()


class Ear(QueueSubscriber):
    """Takes the messages as they came, byte for byte."""

    def bodies(self) -> list[str]:
        heard = []
        while batch := self._receive():
            heard += [message.message_body for message in batch]
            self._queue.batch_delete_message([message.receipt_handle for message in batch])
        return heard


class Kept(NamedTuple):
    """What a place was like: its store, and what had been heard there."""

    store: Any
    heard: tuple[str, ...]


def _numbered(events: Sequence[ShownEvent]) -> list[ShownEvent]:
    """Each with an Id that it keeps when the place is put back."""
    return [replace(event, id=number) for number, event in enumerate(events, 1)]


class Place:
    """A context manager. `heard`: every message that the subscriber got, in order; `polls`: how many were begun
    since it was put back.

    `folder`: where the SQLite file stands, None for one that goes with the place.
    """

    def __init__(self, store: StoreName, scenario: Scenario, pollers: Pollers, folder: Path | None = None) -> None:
        self._stack = ExitStack()
        self._folder = folder
        self._store_name = store
        self._pollers = pollers
        self.scenario = scenario
        self.now = T0
        self.heard: list[str] = []
        self.polls = 0

    def __enter__(self) -> Place:
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _start(self) -> None:
        folder = Path(tempfile.mkdtemp(prefix="shd-death-", dir=MEMORY if os.access(MEMORY, os.W_OK) else None))
        self._stack.callback(shutil.rmtree, folder, ignore_errors=True)
        self.api = self._stack.enter_context(StatusFake(clock=lambda: self.now))
        self.api.world.put(*_numbered(self.scenario.events))
        self.mns = self._stack.enter_context(MnsFake())
        self._make_topic()
        self.tables = Tables() if self._store_name == "tablestore" else None
        if self.tables:
            self._stack.enter_context(self.tables)
            self.tables.set_up()
        self.store: KeptStore = self.tables or SqliteFile(self._folder or folder)
        config = folder / "config.yaml"
        config.write_text(f"watch:\n  products: [{', '.join(self.scenario.products)}]\n  regions: [{REGION}]\n")
        self.environ = KEYS | {
            "PATH": os.defpath, "SHD_CONFIG": str(config), "SHD_ENDPOINT": self.api.url, "MNS_ENDPOINT": self.mns.url,
            "MNS_TOPIC": TOPIC, "SHD_STORE": self.store.address, "SHD_RATE_MAX": "0",
        }  # fmt: skip

    def _make_topic(self) -> None:
        self.mns.create_topic(TOPIC, **self.scenario.topic)
        self.mns.create_queue(QUEUE)
        self.mns.subscribe(TOPIC, "on-call", queue=QUEUE)

    @property
    def hurt_step(self) -> Step:
        return self.scenario.steps[self.scenario.hurt]

    def keep(self) -> Kept:
        return Kept(self.store.keep(), tuple(self.heard))

    def put_back(self, kept: Kept) -> None:
        """As it was, and nothing is wrong with anything."""
        self.api.reset()
        self.api.world.put(*_numbered(self.scenario.events))
        self.mns.reset()
        self._make_topic()
        self.store.put_back(kept.store)
        self.heard = list(kept.heard)
        self.polls = 0

    def begin(self, step: Step) -> None:
        """The clock, and what is wrong at this step, until `heal`."""
        self.now = at(step.minute)
        if step.api is not None:
            when = (lambda call: call.params.get("ProductId") == step.of) if step.of else None
            self.api.fail(step.api, times=None, when=when)
        if step.mns is not None:
            self.mns.fail(step.mns, times=None, when=on_topic("PublishMessage"))

    def heal(self) -> None:
        """Nothing is wrong with anything any more, and nothing hangs."""
        self.api.heal()
        self.mns.heal()
        if self.tables:
            self.tables.heal()

    def requests(self) -> list[str]:
        """What was asked of the stand-ins since the place was put back, in the order of each: `PutRow log`."""
        published = [call for call in self.mns.calls if call.action == "PublishMessage"]
        return [name_of(call) for call in (*(self.tables.calls if self.tables else ()), *published, *self.api.calls)]

    def order(self, kill: Mapping[str, Any] | None = None, *, now: datetime | None = None, **more: Any) -> Order:
        self.polls += 1
        return Order(self.environ | more.pop("environ", {}), now or self.now, kill, **more)

    def poll(self, step: Step, kill: Mapping[str, Any] | None = None, **more: Any) -> Ended:
        """One poll at that step. What the subscriber then finds, it hears."""
        self.begin(step)
        ended = self._pollers.poll(self.order(kill, **more))
        self.end()
        return ended

    def end(self) -> None:
        """After a poll: all is well again, and the subscriber listens."""
        self.heal()
        self.listen()

    def start(self, *orders: Order) -> Sequence[Any]:
        return self._pollers.start(*orders)

    def listen(self) -> None:
        ear = Ear(url=self.mns.url, queue=QUEUE, access_key_id=LOCAL_KEY_ID, access_key_secret=LOCAL_SECRET)
        try:
            self.heard += ear.bodies()
        finally:
            ear.close()
