"""SHD Relay and the baseline: the same stories, the same clock, the same faults, the same judge.

A fault is drawn for a place that both have: the n-th read, the n-th call to the store or the n-th publish of the
timer's m-th poll. Both meet it if they get so far: a tool that makes more calls has more places, and meets more.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from tests.simulation.baseline import Baseline
from tests.simulation.effects import ANYWHERE, ERRORS, READS, faults_of
from tests.simulation.fair_judge import Verdict, judge
from tests.simulation.hearing import Ear
from tests.simulation.stage import OURS, Cast, Faults, Stage, no_fault
from tests.simulation.timeline import Dashboard, Timeline, lively, long_lived, plain, same_second

BASELINE = OURS._replace(poller=Baseline)
TOOLS = {"SHD Relay": OURS, "baseline": BASELINE}
EVERYWHERE = ("read", "store", "publish")


class Row(NamedTuple):
    """What goes wrong: `faults`, each as likely as the others, at `rate` of the effects of the kinds in `where`."""

    name: str
    story: Callable[[int], Timeline]
    faults: tuple[str, ...] = ()
    rate: float = 0.0
    where: tuple[str, ...] = EVERYWHERE


def _both(what: str) -> tuple[str, ...]:
    return f"{what} before", f"{what} after"


NO_FAULT = Row("no fault", plain)
REWRITTEN = Row("no fault, every kind of edit", lively)
CRASH = Row("the process is killed", plain, _both("crash"), 0.02)
TOPIC = Row("the topic does not answer", plain, ERRORS, 0.2, ("publish",))
LONG = Row("events that live for twelve days", long_lived)
SECOND = Row("ended in the second of the last note", same_second)
CHAOS = Row("all faults at once", plain, (*ANYWHERE, *ERRORS, *READS, "twice"), 0.02)
TRUTHFUL_CHAOS = Row(
    "all but old answers, every kind of edit", lively, tuple(what for what in CHAOS.faults if what != "old"), CHAOS.rate
)
ROWS = (
    NO_FAULT,
    REWRITTEN,
    LONG,
    SECOND,
    CRASH,
    Row("the store does not answer", plain, ERRORS, 0.02, ("store",)),
    TOPIC,
    Row("the topic accepts twice", plain, ("twice",), 0.2, ("publish",)),
    Row("the process stands still for a minute", plain, _both("pause"), 0.01),
    Row("a second poll runs meanwhile", plain, _both("overlap"), 0.02),
    Row("reads fail", plain, ("failed",), 0.2, ("read",)),
    Row("reads are throttled", plain, ("throttled",), 0.2, ("read",)),
    Row("answers are empty", plain, ("empty",), 0.2, ("read",)),
    Row("answers lack an item", plain, ("partial",), 0.2, ("read",)),
    Row("answers are old", plain, ("old",), 0.2, ("read",)),
    CHAOS,
    TRUTHFUL_CHAOS,
    CHAOS._replace(name="all faults at once, every kind of edit", story=lively),
)


@dataclass
class Tally:
    """What many runs of one row came to for one tool."""

    polls: int = 0
    effects: int = 0
    faults: int = 0
    verdict: Verdict = field(default_factory=Verdict)


def compare(row: Row, seeds: Iterable[int]) -> dict[str, Tally]:
    """By tool; both play every seed."""
    numbers = tuple(seeds)
    return {name: _tally(row, numbers, cast) for name, cast in TOOLS.items()}


def _tally(row: Row, seeds: Iterable[int], cast: Cast) -> Tally:
    tally = Tally()
    for seed in seeds:
        stage, verdict, met = play(row, seed, cast)
        tally.polls += stage.polls
        tally.effects += stage.effects
        tally.faults += met
        tally.verdict.add(verdict)
    return tally


def play(row: Row, seed: int, cast: Cast) -> tuple[Stage, Verdict, int]:
    """One run: the stage at its end, the verdict, and how many faults were met."""
    timeline = _story(row.story, seed)
    stage = Stage(seed, cast)
    stage.world = Dashboard(timeline)
    stage.judge = ear = Ear(stage.now)
    met = Counter()
    for tick, at in enumerate(timeline.polls):
        stage.clock = max(stage.clock, at)  # a poll that took longer than the interval delays the next
        hurt = row.faults and 0 < tick < len(timeline.polls) - timeline.quiet
        stage.poll(plan(row, f"{seed} {tick}", met) if hurt else no_fault)
    verdict = judge(timeline, ear.heard, stage.clock)
    stage.store.close()
    return stage, verdict, met.total()


@lru_cache(maxsize=256)
def _story(story: Callable[[int], Timeline], seed: int) -> Timeline:
    return story(seed)


def plan(row: Row, draw: str, met: Counter[str]) -> Faults:
    """The faults of one poll, by the kind of effect and its number among its kind; counts those that happen."""
    seen: Counter[str] = Counter()

    def fault(_: int, name: str) -> str:
        kind = name if name in {"read", "publish"} else "store"
        seen[kind] += 1
        rng = random.Random(f"{draw} {kind} {seen[kind]}")  # noqa: S311
        fits = [what for what in row.faults if kind in row.where and what in faults_of(name)]
        if not fits or rng.random() >= row.rate:
            return ""
        what = rng.choice(fits)
        met[what] += 1
        return what

    return fault


HEADS = (
    "what goes wrong", "tool", "faults met", "facts", "lost", "doubled", "mislabelled", "misordered", "delay, median",
    "95 %",
)  # fmt: skip


def lines(row: Row, tallies: dict[str, Tally]) -> Iterator[tuple[str, ...]]:
    """The row's cells for each tool, under HEADS."""
    for number, (tool, tally) in enumerate(tallies.items()):
        verdict = tally.verdict
        counts = (tally.faults, verdict.facts, verdict.lost, verdict.doubled, verdict.mislabelled, verdict.misordered)
        delays = (f"{verdict.delay(share):,.0f} s" for share in (0.5, 0.95))
        yield ("" if number else row.name, tool, *(f"{count:,}" for count in counts), *delays)
