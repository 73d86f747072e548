"""The faults that are armed, in order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from local.fakes.status.calls import Call, Fault, Played
from local.fakes.status.dialect import Dialect
from local.fakes.status.errors import ApiError
from local.fakes.status.faults import is_of_gateway

SECONDS = {Fault.LATE: 0.2, Fault.SLOW_DRIP: 0.05, Fault.CLOCK_SKEW: 3600.0}
HUGE = 1_500_000


@dataclass
class _Armed:
    played: Played
    when: Callable[[Call], bool] | None
    left: int | None

    def fits(self, call: Call) -> bool:
        if self.left == 0 or (self.played.what is Fault.STALE_CONNECTION and not call.reused):
            return False
        if self.when is not None:
            return self.when(call)
        return not (call.is_of_page and is_of_gateway(self.played))


@dataclass
class Armoury:
    """The first armed fault that fits a call is played on it. Safe for threads."""

    _armed: list[_Armed] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def arm(
        self,
        what: Fault | ApiError | Dialect,
        *,
        times: int | None,
        when: Callable[[Call], bool] | None,
        seconds: float | None,
        size: int | None,
    ) -> None:
        measure = (SECONDS.get(what, 0.0) if isinstance(what, Fault) else 0.0) if seconds is None else seconds
        played = Played(what=what, seconds=measure, size=HUGE if size is None else size)
        with self._lock:
            self._armed.append(_Armed(played=played, when=when, left=times))

    def take(self, call: Call) -> Played | None:
        """The fault for this call, counted down."""
        with self._lock:
            armed = next((one for one in self._armed if one.fits(call)), None)
            if armed is None:
                return None
            if armed.left is not None:
                armed.left -= 1
            return armed.played

    def clear(self) -> None:
        with self._lock:
            self._armed.clear()
