"""Figures of the simulations, told at the end of the session."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.simulation.runs import COLUMNS, Figures

_TOLD = "simulation"
Tell = Callable[[str, Sequence[str]], None]


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """Notes one line of figures under a name; they come to the terminal from any worker."""
    return lambda name, cells: record_property(_TOLD, [name, *cells])


@pytest.fixture
def prove(tell: Tell) -> Callable[[str, Figures], None]:
    """Tells the figures of runs, and fails with the replay line and the trace if any law was broken."""

    def check(name: str, figures: Figures) -> None:
        tell(name, [f"{column} {cell}" for column, cell in zip(COLUMNS, figures.row(), strict=True)])
        assert not figures.failures, figures.explain()

    return check


def pytest_terminal_summary(terminalreporter: Any) -> None:
    lines = [
        value
        for report in terminalreporter.stats.get("passed", []) + terminalreporter.stats.get("failed", [])
        for name, value in getattr(report, "user_properties", ())
        if name == _TOLD and report.when == "call"
    ]
    if not lines:
        return
    terminalreporter.section("simulation")
    for name, *cells in lines:
        terminalreporter.write_line(f"{name}: {', '.join(cells)}")
