"""Hypothesis drives the simulation: what happens next is its choice, and what breaks a law shrinks to the least story.

`SIMULATION_EXAMPLES` and `SIMULATION_STEPS` in the environment make it longer: `make prove` does.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta

from hypothesis import HealthCheck, settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.simulation.effects import faults_of
from tests.simulation.runs import MOST_SKEW
from tests.simulation.stage import Faults, Stage, no_fault
from tests.simulation.upstream import PAIRS

EXAMPLES, STEPS = (int(os.environ.get(f"SIMULATION_{name}", most)) for name, most in (("EXAMPLES", 60), ("STEPS", 50)))
points = strategies.integers(1, 30)
choices = strategies.integers(0, 20)


def fault_at(point: int, choice: int, *, lies: bool) -> Faults:
    """One fault at this effect, one of those that it can have. `lies`: the source may say what is not so."""

    def fault(number: int, name: str) -> str:
        kinds = [kind for kind in faults_of(name) if lies or kind not in {"empty", "old"}]
        return kinds[choice % len(kinds)] if number == point else ""

    return fault


def outage(of: str) -> Faults:
    """The store, the topic or the source does not work at all."""

    def fault(_: int, name: str) -> str:
        if name in {"read", "publish"}:
            return {"read": "failed", "publish": "error before"}[name] if name == of else ""
        return "error before" if of == "store" else ""

    return fault


class Relay(RuleBasedStateMachine):
    """`looked`: when all pairs were read last. What began and ended in a longer time than an hour before a wrong answer
    is history after it, as that answer counts as a look (design.md, 4.1): there the source does not lie here."""

    stage: Stage
    looked: datetime

    @initialize(seed=strategies.integers(0, 9_999))
    def begin(self, seed: int) -> None:
        """What is there at the very first read is history: the story begins after it."""
        self.stage = Stage(seed, frozen=bool(seed % 2))
        self.looked = self.stage.clock
        self.poll()

    def poll(self, faults: Faults = no_fault, *, inner: Faults = no_fault, skew: timedelta = timedelta()) -> None:
        if not self._was_just_looked_at():
            self.stage.world.settle()  # to leave an event out is a lie, too
        before, reports = len(self.stage.reports), self.stage.reports
        self.stage.poll(faults, inner=inner, skew=skew)
        if any(r["state"] == "done" and r["polled"] == len(PAIRS) for r in reports[before:]):
            self.looked = self.stage.clock

    def _was_just_looked_at(self) -> bool:
        return self.stage.clock - self.looked < timedelta(minutes=50)

    def fault(self, point: int, choice: int) -> Faults:
        return fault_at(point, choice, lies=self._was_just_looked_at())

    @rule(edits=strategies.integers(1, 4))
    def the_world_is_edited(self, edits: int) -> None:
        self.stage.happen(edits)

    @rule(seconds=strategies.sampled_from((1, 30, 60, 60, 60, 600)))
    def time_passes(self, seconds: int) -> None:
        self.stage.wait(seconds)

    @precondition(lambda self: self.stage.clock - self.looked < timedelta(days=60))
    @rule(days=strategies.integers(1, 30))
    def it_ages_out(self, days: int) -> None:
        """Nobody polls for so long, and what ended long ago is forgotten; but what ended over a hundred days before
        somebody polls again is no news (detect.NO_NEWS)."""
        self.stage.wait(86_400 * days)

    @rule()
    def a_poll(self) -> None:
        self.stage.wait(60)
        self.poll()

    @rule(point=points, choice=choices)
    def a_poll_with_a_fault(self, point: int, choice: int) -> None:
        self.stage.wait(60)
        self.poll(self.fault(point, choice))

    @rule(point=points, choice=choices, pause=points)
    def a_poll_stands_still_and_another_has_a_fault(self, point: int, choice: int, pause: int) -> None:
        self.stage.wait(60)
        self.poll(lambda number, _: "pause after" if number == pause else "", inner=self.fault(point, choice))

    @rule(skew=strategies.floats(-MOST_SKEW, MOST_SKEW))
    def a_poll_whose_clock_is_off(self, skew: float) -> None:
        self.stage.wait(60)
        self.poll(skew=timedelta(seconds=skew))

    @rule(of=strategies.sampled_from(("store", "publish", "read")), polls=strategies.integers(1, 4))
    def an_outage(self, of: str, polls: int) -> None:
        for _ in range(polls):
            self.stage.wait(60)
            self.poll(outage(of))

    @invariant()
    def no_law_is_broken_yet(self) -> None:
        if hasattr(self, "stage"):
            assert not self.stage.judge.problems, "\n".join([*self.stage.trace, *map(str, self.stage.judge.problems)])

    def teardown(self) -> None:
        if hasattr(self, "stage"):
            self.poll()
            problems = self.stage.quiet()
            assert not problems, "\n".join([*self.stage.trace, *map(str, problems)])


TestRelay = Relay.TestCase
TestRelay.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck)
)
