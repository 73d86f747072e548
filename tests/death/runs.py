"""Runs: a scenario up to the poll that is hurt, the hurt, the polls that mend, the verdict; and what many came to."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import NamedTuple

from local.stores import StoreName
from tests.death.judge import LAWS, judge
from tests.death.places import Kept, Place
from tests.death.pollers import WATCH, Ended, Pollers
from tests.death.scenarios import Scenario

STORES: tuple[StoreName, ...] = ("sqlite", "tablestore")
COLUMNS = ("store", "deaths or faults", "polls", "changes", "delivered", *LAWS, "duplicates", "per one", "seconds")


class Clean(NamedTuple):
    """The hurt step when nothing goes wrong at it, what it asked of whom, and the place as it was before."""

    before: Kept
    ended: Ended
    requests: list[str]


@dataclass
class Figures:
    """What many runs on one store came to. `hurts`: deaths and faults. May be added to by several threads."""

    store: str
    hurts: int = 0
    polls: int = 0
    changes: int = 0
    delivered: int = 0
    duplicates: int = 0
    seconds: float = 0.0
    laws: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock, repr=False)

    def row(self) -> tuple[str, ...]:
        counts = (self.hurts, self.polls, self.changes, self.delivered, *(self.laws[law] for law in LAWS))
        numbers = [f"{count:,}" for count in (*counts, self.duplicates)]
        return (self.store, *numbers, f"{self.duplicates / max(1, self.hurts):.3f}", f"{self.seconds:.1f}")

    def told(self) -> list[str]:
        return [f"{name} {cell}" for name, cell in zip(COLUMNS, self.row(), strict=True)]

    def explain(self) -> str:
        return "\n".join(self.failures[:5])

    def join(self, other: Figures) -> None:
        """Those of other runs on the same store, too."""
        for name in ("hurts", "polls", "changes", "delivered", "duplicates", "seconds", "laws", "failures"):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @contextmanager
    def timed(self) -> Iterator[Figures]:
        began = time.perf_counter()
        yield self
        self.seconds += time.perf_counter() - began

    def add(self, place: Place, replay: str, *, hurts: int, allowed: int | None = None) -> None:
        """The verdict on a place where all is quiet again. `allowed` duplicates, None: as many as hurts."""
        reader = place.store.reader()
        try:
            limit = hurts if allowed is None else allowed
            found = judge(place.heard, reader, place.scenario.events, place.now, limit)
        finally:
            reader.close()
        with self.lock:
            self.hurts += hurts
            self.polls += place.polls
            self.changes += found.changes
            self.delivered += found.delivered
            self.duplicates += found.duplicates
            self.laws.update(law for law, _ in found.problems)
            if found.problems:
                problems = [f"  {law}: {text}" for law, text in found.problems]
                self.failures.append("\n".join([f"replay: {replay}", *problems]))


class Runs:
    """Places for every scenario and store, made when they are needed. A context manager."""

    def __init__(self, pollers: Pollers) -> None:
        self.pollers = pollers
        self._stack = ExitStack()
        self._places: dict[tuple[StoreName, str], tuple[Place, Clean]] = {}

    def __enter__(self) -> Runs:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def prepared(self, store: StoreName, scenario: Scenario) -> tuple[Place, Clean]:
        """A place that stands before the hurt step, and how that goes when nothing is wrong."""
        found = self._places.get((store, scenario.name))
        if found is None:
            place = self.place(store, scenario)
            found = self._places[store, scenario.name] = (place, prelude(place))
        found[0].put_back(found[1].before)
        return found

    def place(self, store: StoreName, scenario: Scenario) -> Place:
        """A new one, that goes with these runs."""
        return self._stack.enter_context(Place(store, scenario, self.pollers))


def prelude(place: Place) -> Clean:
    for step in place.scenario.steps[: place.scenario.hurt]:
        place.poll(step)
    before = place.keep()
    place.put_back(before)
    ended = place.poll(place.hurt_step, WATCH)
    return Clean(before, ended, place.requests())


def mend(place: Place) -> None:
    """The steps after the hurt one, in which nothing is wrong."""
    for step in place.scenario.steps[place.scenario.hurt + 1 :]:
        place.poll(step)


def replay_line(store: str, scenario: str, *words: object) -> str:
    """The command that plays a run again."""
    quoted = " ".join(f"'{word}'" for word in (store, scenario, *words))
    return f"PYTHONPATH=.:shared .venv/bin/python -m tests.death.prove --replay {quoted}"
