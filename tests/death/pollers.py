"""The tests' end of the zygote: polls are started, awaited and killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
WATCH: Mapping[str, Any] = {}  # a poll that is not killed, and tells its effects
PATIENCE_SECONDS = 60.0  # no poll of these tests takes as long


class Order(NamedTuple):
    """One poll: see child.poll. `kill` may also be `{"seconds": s}`, counted from the poll's beginning, and WATCH."""

    environ: Mapping[str, str]
    now: datetime
    kill: Mapping[str, Any] | None = None
    limit: int | None = None


class Ended(NamedTuple):
    """How a poll ended. All but `killed` is empty when it was killed; effects and calls when nobody watched."""

    killed: bool
    report: dict[str, Any]
    effects: tuple[str, ...]
    calls: int
    seconds: float


class Running(NamedTuple):
    """A poll that was started. `paused` is set once it stands still, as its order says."""

    pollers: Pollers
    id: int
    future: Future[Ended]
    paused: threading.Event

    def kill(self) -> None:
        """SIGKILL now, unless it has ended."""
        self.pollers.tell({"kill": self.id})

    def go_on(self) -> None:
        self.pollers.tell({"go on": self.id})

    def wait(self) -> Ended:
        return self.future.result(PATIENCE_SECONDS)


class Pollers:
    """A context manager; may be used from several threads. Nothing of it is left when it ends."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._running: dict[int, Running] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Pollers:
        environ = {
            "PATH": os.defpath, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'shared'}",
            "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1",  # who forks has one thread
        }  # fmt: skip
        command = [sys.executable, "-m", "tests.death.zygote"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env=environ)
        self._reader = threading.Thread(target=self._read, name="zygote", daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait(PATIENCE_SECONDS)
        self._reader.join()
        self._process.stdout.close()

    def start(self, *orders: Order) -> list[Running]:
        """Starts them at one moment."""
        running = [Running(self, next(self._numbers), Future(), threading.Event()) for _ in orders]
        with self._lock:
            self._running |= {each.id: each for each in running}
        self.tell({"start": [_wire(each.id, order) for each, order in zip(running, orders, strict=True)]})
        return running

    def poll(self, order: Order) -> Ended:
        [running] = self.start(order)
        return running.wait()

    def tell(self, wish: Mapping[str, Any]) -> None:
        assert self._process.stdin
        with self._lock:
            self._process.stdin.write(json.dumps(wish).encode() + b"\n")
            self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            said = json.loads(line)
            with self._lock:
                running = self._running[said["id"]] if "paused" in said else self._running.pop(said["id"])
            _take(running, said)
        with self._lock:
            for running in self._running.values():
                running.future.set_exception(RuntimeError("the zygote has ended"))


def _take(running: Running, said: Mapping[str, Any]) -> None:
    if "paused" in said:
        running.paused.set()
    elif said["told"] or said["status"] == -signal.SIGKILL:
        running.future.set_result(_ended(said))
    else:
        reason = f"a poll ended with status {said['status']}; why, stands in standard error"
        running.future.set_exception(RuntimeError(reason))


def _wire(number: int, order: Order) -> dict[str, Any]:
    rest = {"environ": dict(order.environ), "now": order.now.isoformat(), "kill": order.kill, "limit": order.limit}
    return {"id": number, "request": f"poll-{number}"} | rest


def _ended(end: Mapping[str, Any]) -> Ended:
    told, killed = end["told"], end["status"] == -signal.SIGKILL
    effects = tuple(told.get("effects", ()))
    return Ended(killed, told.get("report", {}), effects, told.get("calls", 0), told.get("seconds", 0.0))
