"""The simulation's figures, told at the end of a whole run too."""

from __future__ import annotations

from tests.simulation.conftest import pytest_terminal_summary

__all__ = ["pytest_terminal_summary"]
