"""One poll in a process of its own: the real handler, watched for its effects, and killed at one of them.

An effect is a call of a port as the adapters implement it, and the read of one pair. Nothing of ours is replaced: the
interpreter's trace sees the calls. `before` the call begins nothing of it has happened, `after` it all has.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from itertools import count
from types import CodeType, FrameType, SimpleNamespace
from typing import Any

from functions.poll.index import handler
from shd_relay import clock, ports
from shd_relay.adapters import mns_topic, tablestore_client
from shd_relay.adapters.caller import Caller
from shd_relay.adapters.sqlite_store import SqliteStore
from shd_relay.adapters.tablestore_store import TablestoreStore

TIMEOUT_SECONDS = 20  # of the function: also how long the lease of a dead poller keeps the next one out
STORE_CALLS = sorted(name for name in dir(ports.Store) if not name.startswith("_") and name != "close")
EFFECTS: dict[CodeType, str] = {
    **{getattr(store, name).__code__: name for store in (SqliteStore, TablestoreStore) for name in STORE_CALLS},
    mns_topic.MnsPublisher.publish.__code__: "publish",
    Caller.call.__code__: "read",
}
mns_topic._sdk()
tablestore_client.sdk()
LOADED = frozenset(sys.modules)

Trace = Callable[[FrameType, str, Any], Any]


class Watch:
    """A trace function for all threads. `kill`: `{"effect": n, "when": "before" | "after"}`, with `"pause": true` if it
    is to stand still there until it is told to go on; `{"call": n}` (the n-th call of any function); or what the zygote
    does by itself."""

    def __init__(self, kill: dict[str, Any], out: int) -> None:
        self.names: list[str] = []
        self._end = partial(_pause, out) if kill.get("pause") else _die
        self._effects, self._calls = count(1), count(1)
        self._effect, self._when, self._call = kill.get("effect"), kill.get("when"), kill.get("call")

    @property
    def calls(self) -> int:
        return next(self._calls) - 1

    def __call__(self, frame: FrameType, event: str, _: Any) -> Trace | None:
        """The interpreter calls it for every call of a function."""
        if next(self._calls) == self._call:
            _die()
        name = EFFECTS.get(frame.f_code)
        if name is None:
            return None
        self.names.append(name)
        if next(self._effects) != self._effect:
            return None
        if self._when == "before":
            self._end()
            return None
        frame.f_trace_lines = False
        return self._within

    def _within(self, frame: FrameType, event: str, _: Any) -> Trace:
        if event == "return":
            self._end()
        return self._within


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _pause(out: int) -> None:
    os.write(out, b"paused\n")
    os.kill(os.getpid(), signal.SIGSTOP)


def poll(order: dict[str, Any], out: int, gate: int) -> None:
    """Waits until the gate is opened, polls, and tells how it went, with the modules that it had to load.

    The order: `environ`, `now` (a time that stands still), `request` (its id), `kill` (see Watch; None: its effects
    are not even counted), and `limit`: how large a file may become, None for any size.
    """
    _be_alone()
    os.environ.clear()
    os.environ.update(order["environ"])
    now = datetime.fromisoformat(order["now"])
    clock.use(lambda: now)
    if order["limit"] is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["limit"], order["limit"]))
    context = SimpleNamespace(request_id=order["request"], function=SimpleNamespace(timeout=TIMEOUT_SECONDS))
    watch = Watch(order["kill"] or {}, out)
    os.write(out, b"\n")
    os.read(gate, 1)
    began = time.monotonic()
    if order["kill"] is not None:
        threading.settrace(watch)
        sys.settrace(watch)
    report = handler(b"{}", context)
    sys.settrace(None)
    told = {
        "report": report, "effects": watch.names, "calls": watch.calls, "seconds": time.monotonic() - began,
        "modules": sorted(sys.modules.keys() - LOADED),
    }  # fmt: skip
    _write(out, json.dumps(told).encode() + b"\n")


def _be_alone() -> None:
    """The zygote's input and output are not ours; the handler's log goes nowhere, as its report says the same."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    os.close(nowhere)


def _write(out: int, data: bytes) -> None:
    while data:
        data = data[os.write(out, data) :]
