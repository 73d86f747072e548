"""A world, a store, a subscriber, a clock, and polls over them: what every kind of run plays on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from shd_relay.adapters.memory_store import MemoryStore
from shd_relay.plan import Plan
from shd_relay.poll import Poller
from shd_relay.ports import Source, Store
from tests.simulation.effects import Call, DeathError, Hook, Invocation, SourcePort, Spoil, StorePort, TopicPort
from tests.simulation.judge import Judge
from tests.simulation.upstream import PAIRS, T0, World

LEASE = 55.0
EFFECT = timedelta(milliseconds=20)  # what one effect takes
SLOW_READ = 6.0  # seconds; longer than what a poll reads before it commits
PLAN = Plan(
    shard="main", pairs=PAIRS, interval_seconds=60, budget_seconds=45.0, lease_seconds=LEASE, rate=0.0, public_url=None
)
Faults = Callable[[int, str], str]


def no_fault(number: int, name: str) -> str:
    return ""


class Cast(NamedTuple):
    """Who plays. The suite plays ours; test_wrong_on_purpose.py puts a wrong one in one place."""

    poller: type[Poller] = Poller
    store: Callable[[], Store] = MemoryStore
    around_store: Callable[[Store, Judge], Store] = lambda store, judge: store
    around_source: Callable[[SourcePort], Source] = lambda source: source
    world: Callable[[int], World] = World
    judge: type[Judge] = Judge
    sources: Callable[[World, Hook], tuple[Any, ...]] = lambda world, hook: (SourcePort(world, hook),)
    spoil: Spoil | None = None
    quiet_polls: int = 4  # after which all must have settled
    on: str = "memory"  # the name of the store, as casts.py has it


OURS = Cast()


class Stage:
    """One run. `frozen`: the process's own stopwatch stands still, so that no budget ever ends a poll by itself."""

    def __init__(self, seed: int, cast: Cast = OURS, *, frozen: bool = False) -> None:
        self.world = cast.world(seed)
        self.judge = cast.judge(self.world)
        self.cast = cast
        self.store = cast.store()
        self.clock = T0
        self.polls = self.faults = self.expiries = self.effects = 0
        self.trace: deque[str] = deque(maxlen=600)
        self.reports: list[dict[str, Any]] = []
        self._frozen = frozen
        self._acquired = 0
        self._holding: set[int] = set()  # polls that took the lease, live, and were not overtaken

    def now(self) -> datetime:
        return self.clock

    def wait(self, seconds: float) -> None:
        self.clock += timedelta(seconds=seconds)

    def poll(
        self,
        faults: Faults = no_fault,
        *,
        inner: Faults = no_fault,
        turn: Callable[[], None] = lambda: None,
        skew: timedelta = timedelta(),
    ) -> Invocation:
        """One poll; `inner` are the faults of a poll that runs while this one stands still.

        `turn` is called before every effect, and returns when it is this poll's turn. `skew`: how far its clock is off.
        """
        if skew:
            self.judge.clocks_are_off_by(abs(skew))
        self.polls += 1
        number = self.polls
        invocation = Invocation(
            plan=faults,
            meanwhile=lambda what: self._meanwhile(what, inner),
            trace=lambda line: self.trace.append(f"{self.clock:%H:%M:%S} poll {number} {line}"),
        )
        try:
            self._run(number, invocation, turn, skew)
        finally:
            self._holding.discard(number)
            self.effects += invocation.count
            self.faults += invocation.faults
        return invocation

    def _run(self, number: int, invocation: Invocation, turn: Callable[[], None], skew: timedelta) -> None:
        def hook(call: Call) -> Any:
            turn()
            self.clock += EFFECT
            result = invocation(call)
            if call.name == "acquire" and result is not None:
                self._took_lease(number)
            return result

        sources = self.cast.sources(self.world, hook)
        before = self._acquired
        poller = self.cast.poller(
            plan=PLAN._replace(pairs=self.world.pairs),
            store=self.cast.around_store(StorePort(self.store, hook, self.cast.spoil), self.judge),
            sources={source.operation: partial(self._source, source) for source in sources},
            publisher=lambda deadline: TopicPort(self.judge, hook),
            now=lambda: self.clock + skew,
            monotonic=lambda: 0.0 if self._frozen else (self.clock - T0).total_seconds(),
            owner=f"poll-{number}",
        )
        try:
            report = poller.run()
        except DeathError:
            return
        self.reports.append(report)
        self.trace.append(f"         poll {number}     {report['state']} {report['error'] or report['stopped'] or ''}")
        alone = self._acquired == before + 1
        if report["state"] == "done" and alone:
            for source in sources:
                for pair, answer in source.answers:
                    self.world.ack(pair, answer)

    def _source(self, source: SourcePort, *_: object) -> Source:
        return self.cast.around_source(source)

    def _meanwhile(self, what: str, inner: Faults) -> None:
        """The process stands still: another poll runs. After a pause its lease has run out. A slow read only lasts."""
        if what == "slow":
            self.wait(SLOW_READ)
            return
        if what == "pause":
            self.wait(LEASE + 5)
            self.happen(1)
        self.poll(inner)

    def _took_lease(self, number: int) -> None:
        self._acquired += 1
        self.expiries += bool(self._holding)  # somebody who lives and has just lost it
        self._holding = {number}

    def happen(self, edits: int) -> None:
        for _ in range(edits):
            if name := self.world.edit(self.clock):
                self.trace.append(f"{self.clock:%H:%M:%S} world: {name}")

    def quiet(self) -> list[tuple[str, str]]:
        """Time passes without a fault and without an edit, until all must have settled; then the verdict."""
        self.world.settle()
        self.clock += self.judge.slack  # what was counted from a moment that lay ahead must have its time, too
        for left in reversed(range(self.cast.quiet_polls)):
            self.wait(360 if left else 60)  # polls that come late record it; the last comes when it is due
            self.poll()
        late = self.reports[-1]["changes"]
        return self.judge.verdict(self.store, self.clock, allowed=self.faults + self.expiries, late=late)
