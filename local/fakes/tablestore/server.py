"""The stand-in as one object: its life, its faults, and what tests and people may see of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Mapping
from datetime import datetime

from local.fakes.loopback import LoopbackServer, Reply, Request
from local.fakes.tablestore.auth import LOCAL_KEYS, Key
from local.fakes.tablestore.errors import Units
from local.fakes.tablestore.faults import EVERY_SECOND_ROW, Armed, Call, Fault, When
from local.fakes.tablestore.instance import Instance
from local.fakes.tablestore.rows import Key as RowKey
from local.fakes.tablestore.rows import Row
from local.fakes.tablestore.serving import Serving
from local.fakes.tablestore.state_page import answer_page, state_of_instance
from local.fakes.tablestore.tables import KEEP_FOR_EVER, KeyType, Schema


class TablestoreFake:
    """Tablestore on 127.0.0.1. State belongs to the object and survives `stop` and `start`: an outage, not a loss.

    `clock` gives versions, time to live and the validity of temporary keys; `wall_clock` (epoch seconds) judges the
    date header and dates the answers, as the SDK compares both with the machine's clock. `keys` may be changed while
    it runs. Every method is safe from any thread.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        keys: Mapping[str, Key] = LOCAL_KEYS,
        instance: str = "local",
        clock: Callable[[], datetime | float] = time.time,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self.keys = dict(keys)
        self.instance = instance
        self._serving = Serving(instance_name=instance, keys=self.keys, clock=clock, wall_clock=wall_clock)
        self._lock = self._serving.changed
        self._server = LoopbackServer(self._answer, port=port)

    @property
    def url(self) -> str:
        """Known once it was started; the same after a stop and a start."""
        return self._server.url

    def start(self) -> TablestoreFake:
        self._server.start()
        return self

    def stop(self) -> None:
        """Drops every connection, hanging requests too. What is stored stays."""
        self._release()
        self._server.stop()

    def reset(self) -> None:
        """Forgets tables, rows, calls and faults; the keys stay."""
        with self._lock:
            self._serving.instance = Instance()
            self._serving.calls.clear()
            self.heal()

    def __enter__(self) -> TablestoreFake:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def create_table(
        self, name: str, key: Mapping[str, KeyType], *, time_to_live: int = KEEP_FOR_EVER, max_versions: int = 1
    ) -> None:
        """`key` in the order of the key columns; `time_to_live` in seconds. Raises OtsError where the wire would."""
        schema = Schema(name=name, key=tuple(key.items()), time_to_live=time_to_live, max_versions=max_versions)
        with self._lock:
            self._serving.instance.create(schema, self._serving.milliseconds())

    def fail(
        self,
        fault: Fault,
        *,
        times: int | None = 1,
        when: When | None = None,
        delay_seconds: float = 0.0,
        rows: Container[int] = EVERY_SECOND_ROW,
    ) -> None:
        """The next `times` calls (None: all) that `when` accepts (None: any call) go wrong, until `heal`.

        `delay_seconds` is for SLOW; `rows`, positions in the batch from 0 over all its tables, for PARTIAL_BATCH.
        `when` runs under the lock of the stand-in, once for each request that arrives.
        """
        with self._lock:
            self._serving.faults.arm(Armed(fault=fault, left=times, when=when, delay_seconds=delay_seconds, rows=rows))

    def heal(self) -> None:
        """Disarms every fault and ends what hangs."""
        with self._lock:
            self._serving.faults.heal()
            self._release()

    @property
    def tables(self) -> dict[str, Schema]:
        with self._lock:
            return {name: table.schema for name, table in self._serving.instance.tables.items()}

    def rows(self, table: str) -> dict[RowKey, Row]:
        """The rows of a table in key order, without what has expired. Raises OtsError: no such table."""
        with self._lock:
            return dict(self._serving.instance.table(table).rows(self._serving.milliseconds()))

    @property
    def calls(self) -> tuple[Call, ...]:
        with self._lock:
            return tuple(self._serving.calls.values())

    @property
    def units(self) -> Units:
        """What all calls since the last reset cost."""
        return sum((call.units for call in self.calls), Units())

    def wait_until(self, condition: Callable[[], bool], *, timeout_seconds: float = 10.0) -> bool:
        """Blocks until `condition`, looked at after every change, holds; False when the time is over."""
        with self._lock:
            return self._lock.wait_for(condition, timeout_seconds)

    def state(self) -> dict[str, object]:
        """What the page /_local/state shows: plain values, without credentials."""
        with self._lock:
            now = self._serving.milliseconds()
            faults = self._serving.faults.describe()
            return state_of_instance(self.instance, self._serving.instance, self.calls, faults, now=now)

    def _release(self) -> None:
        with self._lock:
            self._serving.releases += 1
            self._lock.notify_all()

    def _answer(self, request: Request) -> Reply:
        if request.target.startswith("/_local/"):
            return answer_page(request, self.state)
        return self._serving.answer(request)
