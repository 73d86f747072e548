"""Two pollers in two processes: let go at the same moment, or one while the other stands still."""

from __future__ import annotations

import random
from datetime import timedelta

from local.stores import StoreName
from tests.death.places import Place
from tests.death.pollers import Ended, Pollers
from tests.death.runs import Figures, replay_line
from tests.death.scenarios import Step, at, rounds

MODES = ("lease in force", "lease looks expired", "one of two dies")
AHEAD = timedelta(hours=1)
MOST_SECONDS = 0.08  # what a poll takes, more or less


def play(pollers: Pollers, store: StoreName, mode: str, number: int, seed: int = 0) -> tuple[Figures, list[set[str]]]:
    """So many rounds, then two polls alone. The figures, and the states that the two came to in each round.

    `lease looks expired`: the clock of one is an hour ahead, so that neither believes the other's lease. Each time that
    they meet may cost one duplicate, and so does a death; nothing else does.
    """
    figures = Figures(store)
    draw = random.Random(f"{store} {mode} {seed}")  # noqa: S311
    states: list[set[str]] = []
    scenario = rounds(number)
    with figures.timed(), Place(store, scenario, pollers) as place:
        place.poll(Step(minute=0))
        deaths = 0
        for minute in range(1, number + 1):
            ends = _round(place, minute, mode, draw)
            deaths += sum(end.killed for end in ends)
            states.append({end.report["state"] for end in ends if not end.killed})
            place.listen()
        for minutes in (3, 5):
            place.poll(Step(minute=number + minutes))
        allowed = number if mode == "lease looks expired" else deaths
        replay = replay_line(store, scenario.name, mode, number, seed)
        figures.add(place, replay, hurts=deaths, allowed=allowed)
    return figures, states


def _round(place: Place, minute: int, mode: str, draw: random.Random) -> list[Ended]:
    place.now = at(minute)
    other = place.now + AHEAD if mode == "lease looks expired" else place.now
    kill = {"seconds": draw.uniform(0, MOST_SECONDS)} if mode == "one of two dies" else None
    orders = [place.order(kill), place.order(now=other)]
    draw.shuffle(orders)
    return [running.wait() for running in place.start(*orders)]


def overtake(place: Place, effect: int, when: str) -> tuple[Ended, Ended]:
    """The hurt poll stands still at an effect; another one, whose clock is ahead, polls to its end; the first goes on,
    and its clock still says that its lease is in force. That may cost one duplicate. How the two ended."""
    place.begin(place.hurt_step)
    [slow] = place.start(place.order({"effect": effect, "when": when, "pause": True}))
    assert slow.paused.wait(10), f"it never came to effect {effect}"
    [other] = place.start(place.order(now=place.now + AHEAD))
    quick = other.wait()
    slow.go_on()
    ended = slow.wait()
    place.end()
    return ended, quick
