"""One event of two operations under lag, disagreement, late joins, and the loss of either: no law is broken, and the
two never quarrel in public."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shd_relay import detect, join, merge
from shd_relay.model import HealthEvent
from tests.simulation.runs import Chaos, Figures, Script, figures_of, singles
from tests.simulation.two_world import BOTH

Prove = Callable[[str, Figures], None]


def test_without_a_fault_both_tell_of_every_event_once(prove: Prove) -> None:
    figures = figures_of((Script(seed) for seed in range(30)), BOTH)
    prove("two operations, no fault", figures)
    assert figures.duplicates == 0
    assert figures.messages > 100


def test_lag_disagreement_late_joins_and_the_loss_of_either_break_no_law(prove: Prove) -> None:
    prove("two operations, each lost now and then", figures_of((Chaos(seed, 300, 0.0) for seed in range(12)), BOTH))


def test_no_fault_at_any_point_breaks_a_law(prove: Prove) -> None:
    figures = figures_of(singles([3], BOTH), BOTH)
    prove("two operations, every point x every fault", figures)
    assert figures.most_duplicates <= 1


def test_chaos_breaks_no_law(prove: Prove) -> None:
    prove("two operations, chaos", figures_of((Chaos(seed, 250) for seed in range(500, 508)), BOTH))


def listed_by_nobody_else(*_: object) -> bool:
    return True


def whoever_says_so_reopens(event: HealthEvent, operation: str, item: Any, claim: str, now: Any) -> bool:
    return claim != merge.claims_of(event).get(operation) or event.over


def never_late(*_: object) -> bool:
    return False


MUTANTS: tuple[tuple[str, Any, str, Any, set[str]], ...] = (
    ("absence from one is absence", detect._Desk, "_nobody_else_knows", listed_by_nobody_else, {"false_end"}),
    ("whoever says so reopens", merge, "_moves", whoever_says_so_reopens, {"quarrel"}),
    ("nothing is ever joined", join, "with_others", lambda *_: {}, {"view"}),
    ("an end that was taken back ends it again", merge, "_is_late", never_late, {"quarrel"}),
)


@pytest.mark.parametrize(("name", "place", "attribute", "wrong", "laws"), MUTANTS, ids=[m[0] for m in MUTANTS])
def test_wrong_merging_is_caught(
    name: str, place: Any, attribute: str, wrong: Any, laws: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, attribute, wrong)
    runs = (Chaos(seed, 300, 0.0) for seed in range(60, 100))
    figures = figures_of(runs, BOTH, until=lambda found: bool(laws & found.laws.keys()))
    assert laws & figures.laws.keys(), f"{name} passes: {figures.laws}"
