"""Every remote effect of a poll is a numbered point; at each, every fault; at pairs of them, pairs of faults; chaos.

Judged from the subscriber's side alone (judge.py). The full figures: prove.py.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from tests.simulation.casts import cast_on
from tests.simulation.explore import Bounds, Explorer
from tests.simulation.runs import Chaos, Figures, Long, Script, figures_of, pairs, play, points, singles

Prove = Callable[[str, Figures], None]

SINGLE_SEEDS = (1, 2)
EFFECTS = [23, 29, 27, 27, 27]  # of each poll of the first script


def test_without_a_fault_nothing_is_lost_and_nothing_doubled(prove: Prove) -> None:
    figures = figures_of(Script(seed) for seed in range(30))
    prove("no fault", figures)
    assert figures.duplicates == 0
    assert figures.messages > 150


def test_every_effect_of_a_poll_is_counted() -> None:
    """A new effect belongs behind a port; these numbers then change on purpose."""
    assert [len(names) for names in points(SINGLE_SEEDS[0])] == EFFECTS
    assert sorted({name for names in points(SINGLE_SEEDS[0]) for name in names}) == [
        "acquire", "append", "load_checkpoint", "load_record", "load_watermark", "publish", "put_documents", "read",
        "read_log", "release", "renew", "save_checkpoint", "save_record", "save_watermark",
    ]  # fmt: skip


@pytest.mark.parametrize("seed", SINGLE_SEEDS)
def test_no_fault_at_any_point_breaks_a_law(seed: int, prove: Prove) -> None:
    figures = figures_of(singles([seed]))
    prove(f"every point x every fault, seed {seed}", figures)
    assert figures.most_duplicates <= 1


def test_no_two_faults_break_a_law(prove: Prove) -> None:
    draw = random.Random(3)  # noqa: S311
    figures = figures_of(pairs(3, draw, share=0.08))
    prove("pairs of points, 8 % of them", figures)
    assert figures.runs > 200


@pytest.mark.parametrize(
    ("bounds", "most_duplicates"),
    [
        (Bounds(polls=2, faults=1, expiries=1, edits=0), 1),
        (Bounds(polls=2, faults=1, expiries=0, edits=1), 1),
        (Bounds(polls=2, faults=0, expiries=1, edits=1), 1),
        pytest.param(Bounds(polls=2, faults=1, expiries=1, edits=1), 2, marks=pytest.mark.prove),
    ],
)
def test_no_interleaving_of_two_polls_with_a_fault_a_lease_expiry_and_an_edit_breaks_a_law(
    bounds: Bounds, most_duplicates: int, tell: Callable[[str, list[str]], None]
) -> None:
    found = Explorer(bounds).search()
    said = f"<= {bounds.faults} fault, <= {bounds.expiries} lease expiry, <= {bounds.edits} edit"
    tell(f"all interleavings of two polls, {said}", found.cells())
    assert not found.problems, "\n".join([*map(str, found.problems), *found.path])
    assert found.complete
    assert found.states > 1_000
    assert found.most_duplicates <= most_duplicates


def test_chaos_in_memory_breaks_no_law(prove: Prove) -> None:
    prove("chaos, memory", figures_of(Chaos(seed, 500) for seed in range(6)))


def test_chaos_with_many_faults_breaks_no_law(prove: Prove) -> None:
    prove("chaos, memory, 10 % of all effects fail", figures_of(Chaos(seed, 200, 0.1) for seed in range(100, 105)))


def test_chaos_with_clocks_that_are_up_to_an_hour_off_breaks_no_law(prove: Prove) -> None:
    prove("chaos, memory, clocks off", figures_of(Chaos(seed, 300, skew=True) for seed in range(300, 304)))


@pytest.mark.parametrize("store", ["sqlite", "tablestore"])
def test_chaos_on_a_real_store_breaks_no_law(store: str, prove: Prove) -> None:
    with cast_on(store) as cast:
        prove(f"chaos, {store}", figures_of([Chaos(seed, 150, 0.04) for seed in range(200, 202)], cast))


def test_an_event_that_lives_longer_than_any_constant_window_is_heard_to_its_end(prove: Prove) -> None:
    prove("events that live for twelve days", figures_of(Long(seed) for seed in range(5)))


@pytest.mark.parametrize(("store", "polls"), [("memory", 120), ("sqlite", 30), ("tablestore", 30)])
def test_one_seed_gives_one_run(store: str, polls: int) -> None:
    """What a failing seed prints can be played again: nothing in a run comes from anywhere but its seed."""
    with cast_on(store) as cast:
        first, second = (play(Chaos(7, polls, 0.05), cast)[0] for _ in range(2))
    assert list(first.trace) == list(second.trace)
    assert first.judge.received == second.judge.received
