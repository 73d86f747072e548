"""Deadlines that hold: socket timeouts start anew with each byte, so a slow drip outlives them. This cuts it off."""

from __future__ import annotations

import math
import socket
import threading
from collections.abc import Callable
from typing import Any

from shd_relay import clock


class Watch:
    """One call under watch, as a context; `cut` says whether its deadline came before its end."""

    def __init__(self, dog: Watchdog, deadline: float, end: Callable[[], None]) -> None:
        self._dog = dog
        self.deadline = deadline
        self.end = end
        self.cut = False

    def __enter__(self) -> Watch:
        self._dog.begin(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._dog.leave(self)


class Watchdog:
    """Ends calls at their deadline (`clock.monotonic` seconds), from one thread that lives until `close`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._watched: set[Watch] = set()
        self._wakes_at = math.inf
        self._thread: threading.Thread | None = None
        self._closed = False

    def watch(self, deadline: float, end: Callable[[], None]) -> Watch:
        """Calls `end` once, from another thread, if the block still runs at the deadline or at `close`.

        After `close` the block gets a watch that is cut already, and should do nothing.
        """
        return Watch(self, deadline, end)

    def close(self) -> None:
        """Ends what is under watch at once, and then the thread."""
        with self._lock:
            self._closed = True
            self._changed.notify()
            thread = self._thread
        if thread is not None:
            thread.join()

    def begin(self, watch: Watch) -> None:
        with self._lock:
            if self._closed:
                watch.cut = True
                return
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="shd-watchdog", daemon=True)
                self._thread.start()
            self._watched.add(watch)
            if watch.deadline < self._wakes_at:
                self._changed.notify()  # any other finds the thread awake in time

    def leave(self, watch: Watch) -> None:
        with self._lock:
            self._watched.discard(watch)

    def _run(self) -> None:
        with self._lock:
            while True:
                now = clock.monotonic()
                self._cut(now)
                if self._closed:
                    return
                self._wakes_at = min((watch.deadline for watch in self._watched), default=math.inf)
                self._changed.wait(None if self._wakes_at == math.inf else max(self._wakes_at - now, 0.0))

    def _cut(self, now: float) -> None:
        for watch in [watch for watch in self._watched if self._closed or watch.deadline <= now]:
            self._watched.discard(watch)
            watch.cut = True
            watch.end()


def hang_up(sock: socket.socket | None) -> None:
    """Wakes whoever connects, reads or writes there: they find the connection ended."""
    if sock is None:
        return
    try:
        socket.socket.shutdown(sock, socket.SHUT_RDWR)  # not SSLSocket's own, which changes it under the reader
    except OSError:
        return  # it has ended already


def hang_up_latest(here: threading.local) -> Callable[[], None]:
    """Ends the connection that this thread used last, if it is one of `remembering`."""
    held = here.__dict__  # this thread's own; the watchdog's thread would see another
    return lambda: hang_up(getattr(held.get("connection"), "sock", None))


def remembering(base: Any, here: threading.local) -> Any:
    """A pool's class of connections, noting which one the thread is using: only then can it be cut off."""

    class Remembered(base):  # type: ignore[misc]
        def request(self, *args: Any, **kwargs: Any) -> Any:
            here.connection = self
            return super().request(*args, **kwargs)

    Remembered.__name__ = base.__name__  # as it stands in error texts
    return Remembered
