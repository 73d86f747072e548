"""The calls that a stand-in has seen."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from local.fakes.status.calls import Call


@dataclass
class Journal:
    """Numbers calls as they come and keeps them as they were decided. Safe for threads."""

    _calls: list[Call] = field(default_factory=list)
    _count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def number(self) -> int:
        with self._lock:
            self._count += 1
            return self._count

    def record(self, call: Call) -> None:
        with self._lock:
            self._calls.append(call)

    def calls(self) -> list[Call]:
        with self._lock:
            return list(self._calls)
