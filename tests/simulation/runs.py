"""The kinds of run: one fault, two faults, chaos. Each run is named by one line, and that line replays it."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache, partial
from typing import NamedTuple

from tests.simulation.effects import faults_of
from tests.simulation.interleave import interleaved
from tests.simulation.judge import LAWS, by_law
from tests.simulation.stage import OURS, Cast, Stage

PROVE = "PYTHONPATH=.:shared .venv/bin/python -m tests.simulation.prove"
TICKS = 5  # polls of a script in which faults are put; quiet ones come after


OVERLAPS = 0.05  # of the polls of a chaos run: two or three at once, their effects interleaved at random
SKEWED = 0.1  # of the polls of a chaos run with clocks that are off
MOST_SKEW = 3_300  # seconds: what is over when it is first seen is news up to an hour (design.md, 4.1)


class Fault(NamedTuple):
    """`what` happens at effect `point` of the script's poll `tick`."""

    tick: int
    point: int
    what: str


class Script(NamedTuple):
    """A run of one seed of the world with these faults."""

    seed: int
    faults: tuple[Fault, ...] = ()


class Chaos(NamedTuple):
    """So many polls of one seed, each effect with a fault at `rate`, some polls standing still past their lease.

    `skew`: some of the polls have a clock that is off by up to an hour, either way.
    """

    seed: int
    polls: int
    rate: float = 0.02
    skew: bool = False


class Long(NamedTuple):
    """Events that live for days, longer than any constant window; then they end."""

    seed: int
    days: int = 12


Run = Script | Chaos | Long


@dataclass
class Figures:
    """What many runs came to. `failures`: the line that replays it, its problems, its trace."""

    runs: int = 0
    polls: int = 0
    effects: int = 0
    faults: int = 0
    expiries: int = 0
    messages: int = 0
    duplicates: int = 0
    most_duplicates: int = 0
    seconds: float = 0.0
    laws: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[str, list[tuple[str, str]], list[str]]] = field(default_factory=list)

    def add(self, run: Run, stage: Stage, problems: list[tuple[str, str]]) -> None:

        self.runs += 1
        self.polls += stage.polls
        self.effects += stage.effects
        self.faults += stage.faults
        self.expiries += stage.expiries
        self.messages += stage.judge.received
        self.duplicates += stage.judge.duplicates
        self.most_duplicates = max(self.most_duplicates, stage.judge.duplicates)
        self.laws += by_law(problems)
        if problems and len(self.failures) < 5:
            self.failures.append((replay_line(run, stage.cast.on), problems, list(stage.trace)))

    def merge(self, other: Figures) -> None:
        """Adds what other runs came to; `seconds` are added too."""
        for name in ("runs", "polls", "effects", "faults", "expiries", "messages", "duplicates", "seconds"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.most_duplicates = max(self.most_duplicates, other.most_duplicates)
        self.laws += other.laws
        self.failures = (self.failures + other.failures)[:5]

    def row(self) -> tuple[str, ...]:
        per_fault = self.duplicates / max(1, self.faults + self.expiries)
        counts = (self.runs, self.polls, self.effects, self.faults, self.expiries, self.messages)
        wrong = (self.laws[law] for law in LAWS)
        cells = [f"{count:,}" for count in (*counts, *wrong, self.duplicates)]
        return (*cells, f"{per_fault:.3f}", f"{self.seconds:.1f}")

    def explain(self) -> str:
        """For the report of a failed test: how to see it again, and what happened."""
        return "\n\n".join(
            "\n".join([f"replay: {line}", *(f"  {law}: {text}" for law, text in problems), "trace:", *trace])
            for line, problems, trace in self.failures
        )


COLUMNS = (
    "runs", "polls", "points", "faults", "lease expiries", "messages", *LAWS, "duplicates", "per fault", "seconds"
)  # fmt: skip


def play(run: Run, cast: Cast = OURS) -> tuple[Stage, list[tuple[str, str]]]:
    """Plays it to the end; the stage and the problems."""
    stage, problems = _played(run, cast)
    stage.store.close()
    return stage, problems


def _played(run: Run, cast: Cast) -> tuple[Stage, list[tuple[str, str]]]:
    if isinstance(run, Chaos):
        return _chaos(run, cast)
    return _script(run, cast) if isinstance(run, Script) else _long(run, cast)


def figures_of(
    runs: Iterable[Run], cast: Cast = OURS, *, until: Callable[[Figures], bool] = lambda figures: False
) -> Figures:
    figures, began = Figures(), time.perf_counter()
    for run in runs:
        figures.add(run, *play(run, cast))
        if until(figures):
            break
    figures.seconds = time.perf_counter() - began
    return figures


@cache
def points(seed: int, cast: Cast = OURS) -> tuple[tuple[str, ...], ...]:
    """The names of the effects of each poll of the script, when nothing goes wrong."""
    stage = Stage(seed, cast)
    return tuple(tuple(names) for names in _ticks(stage, {}))


def every_fault(seed: int, cast: Cast = OURS) -> Iterator[Fault]:
    for tick, names in enumerate(points(seed, cast)):
        for point, name in enumerate(names, 1):
            for what in faults_of(name):
                yield Fault(tick, point, what)


def singles(seeds: Iterable[int], cast: Cast = OURS) -> Iterator[Script]:
    for seed in seeds:
        yield from (Script(seed, (fault,)) for fault in every_fault(seed, cast))


def pairs(seed: int, rng: random.Random | None = None, share: float = 1.0, cast: Cast = OURS) -> Iterator[Script]:
    """All pairs of points and, by turns, of their faults; with `rng` a share of the pairs, drawn by it.

    Every pair of points gets one pair of faults, drawn by the pair's own seed.
    """
    places = [
        (tick, point, name) for tick, names in enumerate(points(seed, cast)) for point, name in enumerate(names, 1)
    ]
    for n, first in enumerate(places):
        for second in places[n + 1 :]:
            if rng and rng.random() >= share:
                continue
            draw = random.Random(f"{seed} {first} {second}")  # noqa: S311
            yield Script(seed, tuple(Fault(t, p, draw.choice(faults_of(name))) for t, p, name in (first, second)))


def replay_line(run: Run, store: str = "memory") -> str:
    """The command that plays this one run again and prints its trace."""
    on = "" if store == "memory" else f" --store {store}"
    if isinstance(run, Chaos):
        skew = " --skew" if run.skew else ""
        return f"{PROVE} --chaos {run.seed} {run.polls} {run.rate}{skew}{on}"
    if isinstance(run, Long):
        return f"{PROVE} --long {run.seed} {run.days}{on}"
    faults = " ".join(f"'{fault.tick}:{fault.point}:{fault.what}'" for fault in run.faults)
    return f"{PROVE} --script {run.seed} {faults}{on}"


def _script(run: Script, cast: Cast) -> tuple[Stage, list[tuple[str, str]]]:
    stage = Stage(run.seed, cast, frozen=bool(run.seed % 2))
    plan: dict[int, dict[int, str]] = {}
    for fault in run.faults:
        plan.setdefault(fault.tick, {})[fault.point] = fault.what
    for _ in _ticks(stage, plan):
        pass
    return stage, stage.quiet()


def _ticks(stage: Stage, plan: dict[int, dict[int, str]]) -> Iterator[list[str]]:
    """The very first poll is followed by a clean one before anything happens: what is over when a pair is read for the
    first time is history (design.md, 4.1), and rightly told to nobody."""
    for tick in range(TICKS):
        if tick:
            stage.happen(3)
        yield stage.poll(partial(_planned, plan.get(tick, {}))).names
        stage.wait(60)
        if not tick:
            stage.poll()
            stage.wait(60)


def _planned(faults: dict[int, str], number: int, name: str) -> str:
    return faults.get(number, "")


def _chaos(run: Chaos, cast: Cast) -> tuple[Stage, list[tuple[str, str]]]:
    """A poll a minute; one that stands still does so at any effect, and a poll that runs meanwhile may as well."""
    rng = random.Random(f"chaos {run.seed}")  # noqa: S311
    stage = Stage(run.seed, cast, frozen=rng.random() < 0.5)

    def faults(number: int, name: str) -> str:
        return rng.choice(faults_of(name)) if rng.random() < run.rate else ""

    stage.poll()  # what is there at the very first read is history; the world begins after it
    while stage.polls < run.polls:
        stage.happen(rng.choice((0, 0, 0, 1, 1, 2, 4)))
        stage.wait(60)
        if rng.random() < OVERLAPS:
            interleaved(stage, rng, lambda number, name: _alone(faults(number, name)))
        else:
            stage.poll(faults, inner=faults, skew=_skew(rng) if run.skew else timedelta())
    return stage, stage.quiet()


def _skew(rng: random.Random) -> timedelta:
    return timedelta(seconds=rng.uniform(-MOST_SKEW, MOST_SKEW)) if rng.random() < SKEWED else timedelta()


def _alone(fault: str) -> str:
    """Polls that are interleaved stand still by themselves."""
    return "" if fault.startswith(("pause", "overlap")) else fault


def _long(run: Long, cast: Cast) -> tuple[Stage, list[tuple[str, str]]]:
    stage = Stage(run.seed, cast)
    stage.poll()
    stage.world.begin(3, stage.clock)
    for _ in range(run.days):
        stage.wait(60)
        stage.poll()
        stage.wait(86_400)
    stage.world.end_all(stage.clock)
    return stage, stage.quiet()
