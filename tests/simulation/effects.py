"""Every remote effect of a poll is a numbered point, and each point a place where something goes wrong.

A fault is named `what when`. Crash: the process ends, and nothing that it would still do is done. Error: the store or
the topic does not answer, before or after applying. Pause: the process stands still for longer than its lease, and
another poll runs meanwhile. Overlap: another poll is started right there, without time passing. Slow: a read takes so
long that what was read before it is committed first. Refused: the topic does not take this one message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from shd_relay.errors import MessageRefused, PublishUnavailable, StoreUnavailable
from shd_relay.model import FailedRead, Message, Observation, Pair
from shd_relay.ports import Findings, Publisher, ReadRequest, Store
from tests.simulation.upstream import OPERATION, Answer, World

TIMES = ("before", "after")
ANYWHERE = tuple(f"{what} {when}" for what in ("crash", "pause", "overlap") for when in TIMES)
ERRORS = ("error before", "error after")
READS = ("failed", "throttled", "empty", "partial", "old")
FAULTS = {
    "read": (*ANYWHERE, *READS, "slow"),
    "sweep": (*ANYWHERE, *READS, "slow"),
    "publish": (*ANYWHERE, *ERRORS, "twice", "refused"),
}
KINDS = (*ANYWHERE, *ERRORS, *READS, "slow", "twice", "refused")
HARMLESS = {"pause", "overlap", "slow", "refused"}  # no reason for a duplicate in itself


def faults_of(name: str) -> tuple[str, ...]:
    """The faults that the effect of this name can have."""
    return FAULTS.get(name, (*ANYWHERE, *ERRORS))


class DeathError(BaseException):
    """The process ends here: nothing above may catch it."""


class Call(NamedTuple):
    """One effect that is about to happen; `do` takes the fault that the world itself should show, or an empty text.

    `wire`: an error before or after is the world's own to show, and what comes of it is what `do` raises.
    """

    name: str
    do: Callable[[str], Any]
    args: tuple[Any, ...] = ()
    more: Mapping[str, Any] = {}
    wire: bool = False


Hook = Callable[[Call], Any]
"""Carries the effect out, or not, or twice; what it returns or raises is what the poll gets."""


class Invocation:
    """Numbers the effects of one poll and does the planned faults; `meanwhile` is told of a pause or an overlap."""

    def __init__(
        self, *, plan: Callable[[int, str], str], meanwhile: Callable[[str], None], trace: Callable[[str], None]
    ) -> None:
        self.count = 0
        self.faults = 0
        self.names: list[str] = []
        self._plan = plan
        self._meanwhile = meanwhile
        self._trace = trace
        self._dead = False

    def __call__(self, call: Call) -> Any:
        if self._dead:
            raise DeathError(call.name)
        self.count += 1
        self.names.append(call.name)
        fault = self._plan(self.count, call.name)
        self._trace(f"{self.count:3} {call.name}{' <- ' + fault if fault else ''}")
        return self._do(call, fault) if fault else call.do("")

    def _do(self, call: Call, fault: str) -> Any:
        what, _, when = fault.partition(" ")
        # A pair of faults may put "refused" where another effect has come to stand: a mark that is refused is a reason.
        self.faults += what not in HARMLESS or (what == "refused" and call.name != "publish")
        if fault in READS or (what == "error" and call.wire):
            return call.do(fault)
        if what == "refused":
            raise MessageRefused(fault)
        if what == "slow":
            self._meanwhile(what)
        if fault == "twice":
            call.do("")
        elif what in {"pause", "overlap"} and when == "before":
            self._meanwhile(what)
        result = None if when == "before" and what in {"crash", "error"} else call.do("")
        if what in {"pause", "overlap"} and when == "after":
            self._meanwhile(what)
        if what == "crash":
            self._dead = True
            raise DeathError(call.name)
        if what == "error":
            raise PublishUnavailable(fault) if call.name == "publish" else StoreUnavailable(fault)
        return result


STORE_CALLS = frozenset(
    {
        "acquire", "renew", "release", "append", "read_log", "load_checkpoint", "save_checkpoint", "load_watermark",
        "save_watermark", "load_record", "save_record", "load_document", "put_documents", "park",
    }
)  # fmt: skip


Spoil = Callable[[str], AbstractContextManager[None]]
"""Makes the store itself fail, for one call, in the way that the fault's name says."""


class StorePort:
    """A store whose every call is an effect. `spoil`: how a store that can fail by itself is made to."""

    def __init__(self, inner: Store, hook: Hook, spoil: Spoil | None = None) -> None:
        self._inner = inner
        self._hook = hook
        self._spoil = spoil

    def __getattr__(self, name: str) -> Any:
        if name not in STORE_CALLS:
            raise AttributeError(f"{name} is no effect that the simulation knows")
        found, spoil = getattr(self._inner, name), self._spoil

        def call(*args: Any, **more: Any) -> Any:
            def do(fault: str) -> Any:
                if not fault or spoil is None:
                    return found(*args, **more)
                with spoil(fault):
                    return found(*args, **more)

            return self._hook(Call(name, do, args, more, wire=spoil is not None))

        return call


class TopicPort:
    def __init__(self, inner: Publisher, hook: Hook) -> None:
        self._inner = inner
        self._hook = hook

    def publish(self, message: Message) -> None:
        self._hook(Call("publish", lambda _: self._inner.publish(message), (message,)))


class SourcePort:
    """The world as a source: each pair's read is an effect. `answers` remembers what was given."""

    operation = OPERATION

    def __init__(self, world: World, hook: Hook) -> None:
        self._world = world
        self._hook = hook
        self.answers: list[tuple[Pair, Answer]] = []

    def read(self, requests: Sequence[ReadRequest], *, now: datetime, rung: int) -> Iterator[Observation | FailedRead]:
        for request in requests:
            yield self._hook(Call("read", partial(self._answer, request, now), (request, now)))

    def learned(self, now: datetime) -> Findings:
        return Findings()

    def _answer(self, request: ReadRequest, now: datetime, fault: str) -> Observation | FailedRead:
        outcome, answer = self._world.answer(request, now, fault)
        self.answers.append((request.pair, answer))
        return outcome
