"""The pace of a read, as its threads wait by it."""

from __future__ import annotations

import threading

from shd_relay import clock, pace


class Limiter:
    """Grants turns. It outlives a read, so that the next one begins at the pace that was found.

    `rate` and `rate_max` as in `pace.begin`.
    """

    def __init__(self, rate: float, rate_max: float) -> None:
        self._pace = pace.begin(rate, rate_max)
        self._changed = threading.Condition()
        self._closed = False

    def wait_turn(self, deadline: float) -> bool:
        """Returns True when a call may start; False, without waiting for it, when that is not before the deadline."""
        with self._changed:
            while True:
                now = clock.monotonic()
                wait = pace.ready_in(self._pace, now)
                if self._closed or now + wait >= deadline:
                    return False
                if wait == 0:
                    self._pace = pace.started(self._pace, now)
                    return True
                self._changed.wait(wait)

    def rest(self, seconds: float) -> None:
        """Waits so long; less when the read is given up."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed, timeout=seconds)

    def succeeded(self) -> None:
        with self._changed:
            self._pace = pace.succeeded(self._pace, clock.monotonic())

    def throttled(self, retry_after: float | None) -> None:
        with self._changed:
            self._pace = pace.throttled(self._pace, clock.monotonic(), retry_after)

    def rate(self) -> float | None:
        with self._changed:
            return pace.known_rate(self._pace)

    def close(self) -> None:
        """Nobody gets a turn any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def open(self) -> None:
        with self._changed:
            self._closed = False
