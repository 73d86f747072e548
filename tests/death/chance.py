"""Whole stories in which polls are killed at moments drawn from a seed.

A moment is the n-th call of any function, or so many seconds after the poll's beginning, which falls into the middle of
a statement of SQLite or of a request as well. The second kind depends on the machine: its replay dies nearby.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

from local.stores import StoreName
from tests.death.places import Kept, Place
from tests.death.pollers import WATCH, Ended
from tests.death.runs import Figures, Runs, replay_line
from tests.death.scenarios import FIRST, MAINTENANCE, MANY, RICH, Scenario, Step

SHARE = 0.5  # of the polls are killed
BEYOND = 1.1  # of the time that the poll takes when nothing is wrong: some outlive it
MARGIN_SECONDS = 0.01
OTHERS = (FIRST, MAINTENANCE, MANY)  # the large one and that of refused messages take their time


class Stories:
    """Places at the very beginning, and how each step goes when nothing is wrong. `others`: half of the stories are
    of these scripts, the rest of the rich one."""

    def __init__(self, runs: Runs, others: Sequence[Scenario] = OTHERS) -> None:
        self._runs = runs
        self._others = others
        self._known: dict[tuple[StoreName, str], tuple[Place, Kept, list[Ended]]] = {}

    def begin(self, store: StoreName, scenario: Scenario) -> tuple[Place, list[Ended]]:
        if (store, scenario.name) not in self._known:
            place = self._runs.place(store, scenario)
            kept = place.keep()
            clean = [place.poll(step, WATCH) for step in scenario.steps]
            self._known[store, scenario.name] = (place, kept, clean)
        place, kept, clean = self._known[store, scenario.name]
        place.put_back(kept)
        return place, clean

    def play(self, store: StoreName, seed: int, figures: Figures) -> None:
        """One story: every other poll dies, and then all is quiet."""
        draw = random.Random(f"{store} {seed}")  # noqa: S311
        scenario = draw.choice([RICH, draw.choice(self._others)])
        place, clean = self.begin(store, scenario)
        deaths = 0
        for number, (step, usual) in enumerate(zip(scenario.steps, clean, strict=True)):
            kill = _moment(draw, usual) if number >= scenario.first and draw.random() < SHARE else None
            deaths += place.poll(step, kill).killed
        for step in quiet(scenario):
            place.poll(step)
        figures.add(place, replay_line(store, scenario.name, "seed", seed), hurts=deaths)

    def kill(self, store: StoreName, kills: int, first_seed: int) -> Figures:
        """Stories until so many polls have died."""
        with Figures(store).timed() as figures:
            for seed in count(first_seed):
                if figures.hurts >= kills:
                    break
                self.play(store, seed, figures)
        return figures


def quiet(scenario: Scenario) -> Iterator[Step]:
    """The polls after the last step."""
    last = scenario.steps[-1].minute
    yield from (Step(minute=last + minutes) for minutes in scenario.calm)


def _moment(draw: random.Random, usual: Ended) -> dict[str, Any]:
    if draw.random() < 0.5:
        return {"call": draw.randint(1, max(1, usual.calls))}
    return {"seconds": draw.uniform(0, BEYOND * usual.seconds + MARGIN_SECONDS)}
