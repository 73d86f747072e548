"""One zygote and the places of a whole session; figures are told at its end, with those of the simulation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest

from tests.death.pollers import Pollers
from tests.death.runs import Figures, Runs

Prove = Callable[[str, Sequence[Figures]], None]


@pytest.fixture(scope="session")
def pollers() -> Iterator[Pollers]:
    with Pollers() as running:
        yield running


@pytest.fixture(scope="session")
def runs(pollers: Pollers) -> Iterator[Runs]:
    with Runs(pollers) as made:
        yield made


@pytest.fixture
def prove(record_property: Callable[[str, object], None]) -> Prove:
    """Tells the figures, and fails with what replays each run that broke a law."""

    def check(name: str, figures: Sequence[Figures]) -> None:
        for each in figures:
            record_property("simulation", [name, *each.told()])  # tests/simulation/conftest.py prints it
        failures = [each.explain() for each in figures if each.failures]
        assert not failures, "\n".join(failures)

    return check
