"""The pace of a read, as its threads wait by it."""

from __future__ import annotations

import threading
from datetime import datetime

from shd_relay import clock, pace
from shd_relay.records import Learned


class Limiter:
    """Grants turns. It outlives a read, so that the next one begins at the pace that was found.

    `rate`, `rate_max`, `known` and `now` as in `pace.begin`.
    """

    def __init__(self, rate: float, rate_max: float, known: Learned | None = None, now: datetime | None = None) -> None:
        self._known = known
        self._pace = pace.begin(rate, rate_max, known, now)
        self._line = threading.Lock()  # one thread waits for the time, the others for it: nobody wakes in vain
        self._changed = threading.Condition(threading.Lock())
        self._closed = False

    def wait_turn(self, deadline: float) -> bool:
        """Returns True when a call may start; False, without waiting for it, when that is not before the deadline."""
        left = min(deadline - clock.monotonic(), threading.TIMEOUT_MAX)
        if left <= 0 or not self._line.acquire(timeout=left):
            return False
        try:
            with self._changed:
                return self._take_turn(deadline)
        finally:
            self._line.release()

    def _take_turn(self, deadline: float) -> bool:
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
            before, self._pace = self._pace, pace.throttled(self._pace, clock.monotonic(), retry_after)
            if self._pace.next_at < before.next_at:  # the turn of the refused call goes to who waits for the next one
                self._changed.notify_all()

    def learned(self, now: datetime) -> Learned | None:
        """What the next read should know, by the wall clock's `now`; None while there is no rate at all."""
        with self._changed:
            return pace.learned(self._pace, self._known, now)

    def close(self) -> None:
        """Nobody gets a turn any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def open(self) -> None:
        with self._changed:
            self._closed = False
