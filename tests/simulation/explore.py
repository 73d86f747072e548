"""Every interleaving of two or three overlapping polls, with so many faults, lease expiries and edits of the world.

The state of a poll that stands before an effect is what it got from its effects so far, and when. So a poll need not be
copied: it is played again from its answers up to the first effect that has none, once for every history, and the
search walks over (store, messages, world, histories) alone. What is reached twice is judged once.
"""

from __future__ import annotations

import time
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from shd_relay.adapters.memory_store import MemoryStore
from shd_relay.errors import PublishUnavailable, StoreUnavailable
from shd_relay.model import FailedRead, Item, Message, Observation, Window
from shd_relay.ports import ReadRequest
from tests.simulation.effects import Call, SourcePort, StorePort, TopicPort
from tests.simulation.judge import Judge
from tests.simulation.stage import LEASE, OURS, PLAN, Cast, Stage
from tests.simulation.upstream import OPERATION, PAIRS, T0, Truth, World

PAIR = PAIRS[0]
START = T0 + timedelta(minutes=1)
ENDED = START - timedelta(seconds=5)
TAG = "0123456789ab"
_FIRST = Item(title=f"{TAG} fails", severity="NOTIFICATION", start=T0 - timedelta(seconds=20))
SHOWN = (
    _FIRST,
    Item(title=f"{TAG} fails badly", severity="ALARM", start=_FIRST.start),
    Item(title=f"{TAG} fails badly", severity="ALARM", start=_FIRST.start, end=ENDED),
)
"""What the world shows, one edit after the other."""


class Bounds(NamedTuple):
    polls: int = 2
    faults: int = 1
    expiries: int = 1
    edits: int = 1
    states: int = 1_000_000


class State(NamedTuple):
    """`store` and `told` are numbers of what was met; `polls`: the history each poll stands at, UNBORN or OVER."""

    store: int
    told: int
    shown: int
    polls: tuple[int, ...]
    faults: int
    expiries: int


UNBORN, OVER = -1, -2


class Outcome(NamedTuple):
    """What an effect gave, and when it did."""

    at: datetime
    value: Any = None
    error: type[Exception] | None = None


class Node(NamedTuple):
    """A poll that stands before `call`; None: it is over."""

    poll: int
    born: datetime
    history: tuple[Outcome, ...]
    call: Call | None


class _StandError(BaseException):
    """The poll stands before an effect that has no outcome yet."""


@dataclass
class Found:
    """What a search came to."""

    states: int = 0
    ends: int = 0
    histories: int = 0
    complete: bool = True
    most_duplicates: int = 0
    problems: list[tuple[str, str]] = field(default_factory=list)
    path: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def cells(self) -> list[str]:
        bound = "all of them" if self.complete else "as many as the bound allows"
        return [
            f"states {self.states:,} ({bound})", f"end states {self.ends:,}", f"histories {self.histories:,}",
            f"problems {len(self.problems)}", f"duplicates at most {self.most_duplicates}",
            f"seconds {self.seconds:.1f}",
        ]  # fmt: skip


class Explorer:
    def __init__(self, bounds: Bounds, cast: Cast = OURS) -> None:
        self._bounds = bounds
        self._cast = cast
        self._stores: list[dict[str, dict[Any, Any]]] = []
        self._store_ids: dict[Hashable, int] = {}
        self._told: list[tuple[Message, ...]] = [()]
        self._told_ids: dict[tuple[Message, ...], int] = {(): 0}
        self._nodes: list[Node] = []
        self._next: dict[Hashable, int] = {}
        self._done: dict[Hashable, tuple[Any, int, int]] = {}

    def search(self) -> Found:
        """Depth first; stops at the first problem, and tells the way that led there."""
        began = time.perf_counter()
        found, first = Found(), self._first()
        seen, judged = {first}, set()
        stack: list[tuple[State, tuple[Any, ...]]] = [(first, ())]
        while stack:
            state, path = stack.pop()
            found.states += 1
            if all(poll == OVER for poll in state.polls) and state._replace(polls=()) not in judged:
                judged.add(state._replace(polls=()))
                found.ends += 1
                duplicates, found.problems = self._judge(state)
                found.most_duplicates = max(found.most_duplicates, duplicates)
                if found.problems:
                    found.path = _told_way(path)
                    break
            if len(seen) >= self._bounds.states:
                found.complete = False
                continue
            for name, after in self._steps(state):
                if after not in seen:
                    seen.add(after)
                    stack.append((after, (path, name)))
        found.histories = len(self._nodes)
        found.seconds = time.perf_counter() - began
        return found

    def _first(self) -> State:
        stage = Stage(0, self._cast)
        stage.world = _world(0)
        stage.judge.world = stage.world
        stage.poll()
        assert isinstance(stage.store, MemoryStore)
        told = self._tell(())
        return State(self._keep(stage.store), told, 0, (UNBORN,) * self._bounds.polls, 0, 0)

    # steps

    def _steps(self, state: State) -> Iterator[tuple[str, State]]:
        bounds, at = self._bounds, _clock(state)
        if state.shown < bounds.edits and self._is_reading(state):
            yield "the world is edited", state._replace(shown=state.shown + 1)
        if state.expiries < bounds.expiries and any(poll >= 0 for poll in state.polls):
            yield "a lease's time passes", state._replace(expiries=state.expiries + 1)
        for index, poll in enumerate(state.polls):
            if poll == OVER:
                continue
            here = self._born(index, at) if poll == UNBORN else poll
            yield from self._effects(state, index, here, at)
            if poll == UNBORN and all(other == OVER for n, other in enumerate(state.polls) if n != index):
                yield f"poll {index} never comes", _put(state, index, OVER)

    def _is_reading(self, state: State) -> bool:
        """An edit is noticed by reads alone: it makes a difference only while a poll stands before one."""
        calls = [self._nodes[poll].call for poll in state.polls if poll >= 0]
        return any(call is not None and call.name == "read" for call in calls)

    def _effects(self, state: State, index: int, here: int, at: datetime) -> Iterator[tuple[str, State]]:
        call = self._nodes[here].call
        assert call
        name = f"poll {index} {call.name}"
        value, store, told = self._apply(state, here)
        after = state._replace(store=store, told=told)
        yield name, _put(after, index, self._after(here, Outcome(at, value)))
        if state.faults >= self._bounds.faults:
            return
        hurt, hurt_after = state._replace(faults=state.faults + 1), after._replace(faults=state.faults + 1)
        yield f"{name} <- crash before", _put(hurt, index, OVER)
        yield f"{name} <- crash after", _put(hurt_after, index, OVER)
        if call.name == "read":
            failed = FailedRead(pair=PAIR, operation=OPERATION, at=at, reason="failed")
            empty = _answer(call, ())
            for what, answer in (("failed", failed), ("empty", empty)):
                yield f"{name} <- {what}", _put(hurt, index, self._after(here, Outcome(at, answer)))
            return
        error = PublishUnavailable if call.name == "publish" else StoreUnavailable
        lost = self._after(here, Outcome(at, None, error))
        yield f"{name} <- error before", _put(hurt, index, lost)
        yield f"{name} <- error after", _put(hurt_after, index, lost)
        if call.name == "publish":
            twice = self._tell((*self._told[told], call.args[0]))
            yield f"{name} <- twice", _put(hurt_after._replace(told=twice), index, self._after(here, Outcome(at)))

    def _apply(self, state: State, here: int) -> tuple[Any, int, int]:
        """The effect's value, and the store and the messages after it."""
        call = self._nodes[here].call
        assert call
        if call.name == "read":
            return _answer(call, (SHOWN[state.shown],)), state.store, state.told
        if call.name == "publish":
            return None, state.store, self._tell((*self._told[state.told], call.args[0]))
        key = (state.store, here)
        if key not in self._done:
            store = self._store(state.store)
            value = getattr(store, call.name)(*call.args, **call.more)
            self._done[key] = (value, self._keep(store), 0)
        value, after, _ = self._done[key]
        return value, after, state.told

    # polls as histories

    def _born(self, poll: int, at: datetime) -> int:
        key = (poll, at)
        if key not in self._next:
            self._next[key] = self._play(poll, at, ())[0]
        return self._next[key]

    def _after(self, here: int, outcome: Outcome) -> int:
        value = tuple(outcome.value) if isinstance(outcome.value, list) else outcome.value
        at_any_time = (here, value, outcome.error)
        key = (*at_any_time, outcome.at)
        if at_any_time in self._next:
            return self._next[at_any_time]
        if key not in self._next:
            node = self._nodes[here]
            after, looked_at_clock = self._play(node.poll, node.born, (*node.history, outcome))
            self._next[key if looked_at_clock else at_any_time] = after
            return after
        return self._next[key]

    def _play(self, poll: int, born: datetime, history: tuple[Outcome, ...]) -> tuple[int, bool]:
        """Where the poll stands then, and whether it has looked at the clock since the last outcome."""
        player = _Player(self._cast, poll, born, history)
        call = player.run()
        if call is None:
            return OVER, player.looked_at_clock
        self._nodes.append(Node(poll, born, history, call))
        return len(self._nodes) - 1, player.looked_at_clock

    # stores and messages

    def _keep(self, store: MemoryStore) -> int:
        held = {name: dict(value) for name, value in vars(store).items() if isinstance(value, dict)}
        key = tuple((name, frozenset(value.items())) for name, value in held.items())
        if key not in self._store_ids:
            self._store_ids[key] = len(self._stores)
            self._stores.append(held)
        return self._store_ids[key]

    def _store(self, number: int) -> MemoryStore:
        store = self._cast.store()
        assert isinstance(store, MemoryStore)
        for name, value in self._stores[number].items():
            setattr(store, name, dict(value))
        return store

    def _tell(self, messages: tuple[Message, ...]) -> int:
        if messages not in self._told_ids:
            self._told_ids[messages] = len(self._told)
            self._told.append(messages)
        return self._told_ids[messages]

    # judgement

    def _judge(self, state: State) -> tuple[int, list[tuple[str, str]]]:
        stage = Stage(0, self._cast)
        stage.world = stage.judge.world = _world(state.shown)
        stage.store = self._store(state.store)
        stage.clock = _clock(state)
        stage.polls = 100  # polls of their own names
        for message in (self._opening(), *self._told[state.told]):
            stage.judge.publish(message)
        stage.faults, stage.expiries = state.faults, state.expiries
        return stage.judge.duplicates, stage.quiet()

    def _opening(self) -> Message:
        """What the first poll told, before the search begins."""
        if not hasattr(self, "_opened"):
            stage = Stage(0, self._cast)
            stage.world = stage.judge.world = _world(0)
            heard: list[Message] = []
            stage.judge.publish = heard.append  # type: ignore[method-assign, assignment]
            stage.poll()
            (self._opened,) = heard
        return self._opened


class _Player:
    """Plays one poll from its history up to the first effect that has no outcome."""

    def __init__(self, cast: Cast, poll: int, born: datetime, history: tuple[Outcome, ...]) -> None:
        self._history = list(reversed(history))
        self._clock = born
        self._call: Call | None = None
        self.looked_at_clock = False
        world = World(0, (PAIR,))
        self._poller = cast.poller(
            plan=PLAN._replace(pairs=(PAIR,)),
            store=cast.around_store(StorePort(MemoryStore(), self._hook), Judge(world)),
            sources={OPERATION: lambda deadline, pace: cast.around_source(SourcePort(world, self._hook))},
            publisher=lambda deadline: TopicPort(Judge(world), self._hook),
            now=self._now,
            monotonic=lambda: 0.0,
            owner=f"explored-{poll}",
        )

    def run(self) -> Call | None:
        try:
            self._poller.run()
        except _StandError:
            return self._call
        return None

    def _now(self) -> datetime:
        if self._call is None:  # once it stands, nothing that it does counts
            self.looked_at_clock = True
        return self._clock

    def _hook(self, call: Call) -> Any:
        if self._call is not None:
            raise _StandError
        if not self._history:
            self._call = call
            raise _StandError
        outcome = self._history.pop()
        self._clock, self.looked_at_clock = outcome.at, False
        if outcome.error:
            raise outcome.error("explored")
        return outcome.value


def _answer(call: Call, items: tuple[Item, ...]) -> Observation:
    request, now = call.args
    assert isinstance(request, ReadRequest)
    window = Window(now - timedelta(days=8), now + timedelta(days=14))
    return Observation(pair=PAIR, operation=OPERATION, at=now, items=items, windows=(window,))


def _world(shown: int) -> World:
    world = World(0, (PAIR,))
    truth = Truth(TAG, PAIR, SHOWN[0])
    for item in SHOWN[1 : shown + 1]:
        truth.edit(title=item.title, severity=item.severity, end=item.end)
    world.truths[TAG] = truth
    return world


def _clock(state: State) -> datetime:
    return START + timedelta(seconds=(LEASE + 5) * state.expiries)


def _put(state: State, index: int, node: int) -> State:
    polls = (*state.polls[:index], node, *state.polls[index + 1 :])
    return state._replace(polls=polls)


def _told_way(path: tuple[Any, ...]) -> list[str]:
    names = []
    while path:
        path, name = path
        names.append(name)
    return names[::-1]
