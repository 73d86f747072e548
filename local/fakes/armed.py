"""The faults that a stand-in is told to commit, in order."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, Generic, Protocol, TypeVar


class ArmedFault(Protocol):
    """One fault: how many more times (None: for ever), and on which calls (None: on any)."""

    left: int | None

    @property
    def fault(self) -> Enum: ...

    @property
    def when(self) -> Callable[[Any], bool] | None: ...


A = TypeVar("A", bound=ArmedFault)


class Faults(Generic[A]):
    """The armed faults, oldest first: the first that fits a call is spent on it. The caller holds the lock."""

    def __init__(self) -> None:
        self._armed: list[A] = []

    def arm(self, armed: A) -> None:
        """Raises ValueError for a number of times below 1."""
        if armed.left is not None and armed.left < 1:
            raise ValueError("times counts from 1; None is for ever")
        self._armed.append(armed)

    def heal(self) -> None:
        self._armed.clear()

    def spend(self, call: object) -> A | None:
        for armed in self._armed:
            if armed.when is not None and not armed.when(call):
                continue
            if armed.left is not None:
                armed.left -= 1
            self._armed = [each for each in self._armed if each.left != 0]
            return armed
        return None

    def describe(self) -> list[dict[str, object]]:
        return [{"fault": armed.fault.name, "left": armed.left} for armed in self._armed]
