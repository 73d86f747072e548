"""How often the matcher takes one event for another, in simulated polls of a pair that is edited a lot."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.simulation.identity_mix import HARSH, TYPICAL, by_start, by_start_and_title, simulate

Tell = Callable[[str, Sequence[str]], None]
POLLS = 5_000


def test_the_typical_mix_has_at_most_40_identity_errors_in_a_thousand_events(tell: Tell) -> None:
    result = simulate(TYPICAL, 1, POLLS)
    tell("identity, typical mix", result.cells())
    assert result.events > 180
    assert result.per_thousand <= 40


def test_the_harsh_mix_has_at_most_200_identity_errors_in_a_thousand_events(tell: Tell) -> None:
    result = simulate(HARSH, 1, POLLS)
    tell("identity, harsh mix", result.cells())
    assert result.per_thousand <= 200


def test_the_measure_sees_what_simpler_keys_do(tell: Tell) -> None:
    """A measure that could not tell a poor matcher would prove nothing."""
    for name, matcher, least in (("start", by_start, 100), ("start and title", by_start_and_title, 300)):
        result = simulate(TYPICAL, 1, 2_000, matcher)
        tell(f"identity, by {name} alone", result.cells())
        assert result.per_thousand > least
