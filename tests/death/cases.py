"""The single hurts: each is named by a few words, and played the same way in the tests, in the proof and in a replay.

effect N before|after      killed at that effect
overtaken N before|after   stands still at that effect while another poller, an hour ahead, polls to its end
received OF KIND NTH       killed while that request is under way, which is never served
served OF KIND NTH         killed once that request has been served, before its answer
hurt OF KIND NTH FAULT     that request meets the fault
restart OF KIND NTH        the stand-in stops and starts again while that request hangs
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from local.stores import StoreName
from tests.death import flight, twins
from tests.death.flight import Faults, Request
from tests.death.places import Place
from tests.death.runs import Clean, Figures, Runs, mend, replay_line
from tests.death.scenarios import Scenario

Case = tuple[str, ...]
TIMES = ("before", "after")


def at_every_effect(what: str, clean: Clean) -> Iterator[Case]:
    """`what` is `effect` or `overtaken`."""
    for number in range(1, len(clean.ended.effects) + 1):
        yield from ((what, str(number), when) for when in TIMES)


def at_first(what: str, clean: Clean, names: Iterable[str]) -> Iterator[Case]:
    """The same at the first effect of each of these names."""
    for name in names:
        yield from ((what, str(clean.ended.effects.index(name) + 1), when) for when in TIMES)


def of_requests(what: str, requests: Iterable[Request]) -> Iterator[Case]:
    """`what` is `received`, `served` or `restart`."""
    yield from ((what, *request.words) for request in requests)


def each_fault(requests: Sequence[Request], faults: Faults) -> Iterator[Case]:
    """Every fault for every request."""
    yield from (("hurt", *request.words, fault.name) for request in requests for fault in faults[request.of])


def faults_by_turns(requests: Sequence[Request], faults: Faults) -> Iterator[Case]:
    """One fault for every request."""
    for number, request in enumerate(requests):
        of = faults[request.of]
        yield ("hurt", *request.words, of[number % len(of)].name)


def play(place: Place, case: Case) -> None:
    """The hurt, and the polls that mend."""
    what, *words = case
    PLAYS[what](place, *words)
    mend(place)


def figures_of(runs: Runs, store: StoreName, scenario: Scenario, cases: Iterable[Case]) -> Figures:
    with Figures(store).timed() as figures:
        for case in cases:
            place, _ = runs.prepared(store, scenario)
            play(place, case)
            figures.add(place, replay_line(store, scenario.name, *case), hurts=1)
    return figures


def figures_at_once(
    runs: Runs, store: StoreName, scenario: Scenario, cases: Sequence[Case], places: int = 8
) -> Figures:
    """The same for cases that mostly wait: several places wait at once."""
    _, clean = runs.prepared(store, scenario)

    def some(share: Sequence[Case]) -> None:
        with Place(store, scenario, runs.pollers) as place:
            for case in share:
                place.put_back(clean.before)
                play(place, case)
                figures.add(place, replay_line(store, scenario.name, *case), hurts=1)

    with Figures(store).timed() as figures, ThreadPoolExecutor(places) as threads:
        list(threads.map(some, [cases[n::places] for n in range(places)]))
    return figures


def _effect(place: Place, number: str, when: str) -> None:
    ended = place.poll(place.hurt_step, {"effect": int(number), "when": when})
    assert ended.killed, f"it outlived effect {number}: {ended.report}"


def _overtaken(place: Place, number: str, when: str) -> None:
    twins.overtake(place, int(number), when)


def _in_flight(*, applied: bool) -> Callable[..., None]:
    return lambda place, *words: flight.die_in_flight(place, Request.of_words(*words), applied=applied)


def _hurt(place: Place, of: str, kind: str, nth: str, fault: str) -> None:
    flight.hurt(place, Request.of_words(of, kind, nth), fault)


def _restart(place: Place, *words: str) -> None:
    flight.restart(place, Request.of_words(*words))


PLAYS: dict[str, Callable[..., None]] = {
    "effect": _effect,
    "overtaken": _overtaken,
    "received": _in_flight(applied=False),
    "served": _in_flight(applied=True),
    "hurt": _hurt,
    "restart": _restart,
}
