"""A process that has the real handler and both SDKs loaded, and forks a child for every poll that it is told of.

So a death costs a fork, not the start of an interpreter. It has one thread, which a fork needs; pytest never forks.

A line of JSON on standard input starts polls at one moment, `{"start": [order, ...]}` (see child.py), ends one,
`{"kill": id}`, or lets one that stands still go on, `{"go on": id}`. A line of JSON on standard output says that one
stands still, or how it ended. At the end of the input every child is killed.
"""

from __future__ import annotations

import gc
import importlib
import json
import math
import os
import selectors
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

PIECE = 65_536
PAUSED = b"paused\n"
SIGNALS = {"kill": signal.SIGKILL, "go on": signal.SIGCONT}


@dataclass
class Child:
    """A poll that runs. `overdue`: the moment at which it is killed, in monotonic seconds."""

    id: int
    pid: int
    pipe: int
    overdue: float | None
    told: bytearray = field(default_factory=bytearray)


class Zygote:
    """`poll` is what a child does: the order, where it tells of it, and what it reads from until it may begin."""

    def __init__(self, poll: Callable[[dict[str, Any], int, int], None]) -> None:
        self._poll = poll
        self._selector = selectors.SelectSelector()  # an epoll descriptor would be shared with the children
        self._children: dict[int, Child] = {}
        self._input = bytearray()

    def serve(self) -> None:
        """Until the input ends."""
        self._selector.register(0, selectors.EVENT_READ, None)
        try:
            while True:
                for key, _ in self._selector.select(self._patience()):
                    if key.data is not None:
                        self._hear(key.data)
                    elif not self._obey():
                        return
                now = time.monotonic()
                late = [child for child in self._children.values() if (child.overdue or math.inf) <= now]
                self._signal(signal.SIGKILL, late)
        finally:
            self._signal(signal.SIGKILL, self._children.values())
            for child in list(self._children.values()):
                self._bury(child)

    def _patience(self) -> float | None:
        moments = [child.overdue for child in self._children.values() if child.overdue is not None]
        return max(0.0, min(moments) - time.monotonic()) if moments else None

    def _obey(self) -> bool:
        """Carries out the whole lines that came; False at the end of the input."""
        piece = os.read(0, PIECE)
        self._input += piece
        *lines, rest = self._input.split(b"\n")
        self._input = bytearray(rest)
        for line in lines:
            wish = json.loads(line)
            if "start" in wish:
                self._start(wish["start"])
            else:
                [(what, id_)] = wish.items()
                self._signal(SIGNALS[what], [child for child in self._children.values() if child.id == id_])
        return bool(piece)

    def _start(self, orders: list[dict[str, Any]]) -> None:
        """All of them wait at one gate, and are let go together once the last is there."""
        gate, opening = os.pipe()
        children = [self._fork(order, gate, opening) for order in orders]
        for child in children:
            os.read(child.pipe, 1)
        os.close(opening)
        os.close(gate)
        for child, order in zip(children, orders, strict=True):
            seconds = (order.get("kill") or {}).get("seconds")
            child.overdue = None if seconds is None else time.monotonic() + seconds
            self._children[child.pid] = child
            self._selector.register(child.pipe, selectors.EVENT_READ, child)

    def _fork(self, order: dict[str, Any], gate: int, opening: int) -> Child:
        read, write = os.pipe()
        pid = os.fork()
        if pid:
            os.close(write)
            return Child(id=order["id"], pid=pid, pipe=read, overdue=None)
        status = 1
        try:
            os.close(opening)
            self._poll(order, write, gate)
            status = 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
            raise
        finally:
            os._exit(status)

    def _hear(self, child: Child) -> None:
        piece = os.read(child.pipe, PIECE)
        if piece == PAUSED:
            _tell({"id": child.id, "paused": True})
        elif piece:
            child.told += piece
        else:
            self._bury(child)

    def _signal(self, number: signal.Signals, children: Iterable[Child]) -> None:
        """They are our children and nobody has waited for them yet: their ids are still theirs."""
        for child in children:
            child.overdue = None
            os.kill(child.pid, number)

    def _bury(self, child: Child) -> None:
        self._selector.unregister(child.pipe)
        os.close(child.pipe)
        del self._children[child.pid]
        _, status = os.waitpid(child.pid, 0)
        told = json.loads(child.told) if child.told.endswith(b"}\n") else {}
        _load(told.pop("modules", ()))
        _tell({"id": child.id, "status": os.waitstatus_to_exitcode(status), "told": told})


def _tell(what: Mapping[str, Any]) -> None:
    with suppress(BrokenPipeError):
        os.write(1, json.dumps(what).encode() + b"\n")


def _load(names: Iterable[str]) -> None:
    """What a child had to load, the next ones find loaded."""
    for name in names:
        with suppress(ImportError):
            importlib.import_module(name)


def main() -> None:
    # The SDK's library for one version of Python starts a thread when it is loaded, even where it then does not fit.
    sys.modules["tablestore.ots_sdk.ots_sdk"] = None  # type: ignore[assignment]
    from tests.death.child import poll

    threads = sum(1 for _ in os.scandir("/proc/self/task")) if sys.platform == "linux" else 1
    if threads != 1:
        raise SystemExit(f"{threads} threads, and only one may fork")
    gc.freeze()  # what is loaded is shared with the children, as long as nobody's collector touches it
    Zygote(poll).serve()


if __name__ == "__main__":
    main()
