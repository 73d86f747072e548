"""Deadlines that hold: socket timeouts start anew with each byte, so a slow drip outlives them. This cuts it off."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from shd_relay import clock


class Watch:
    """One call under watch; `cut` says whether its deadline came before its end."""

    def __init__(self, deadline: float, end: Callable[[], None]) -> None:
        self.deadline = deadline
        self.end = end
        self.cut = False


class Watchdog:
    """Ends calls at their deadline (`clock.monotonic` seconds), from one thread that lives until `close`."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._watched: set[Watch] = set()
        self._thread: threading.Thread | None = None
        self._closed = False

    @contextmanager
    def watch(self, deadline: float, end: Callable[[], None]) -> Iterator[Watch]:
        """Calls `end` once, from another thread, if the block still runs at the deadline or at `close`.

        After `close` the block gets a watch that is cut already, and should do nothing.
        """
        watch = Watch(deadline, end)
        with self._condition:
            if self._closed:
                watch.cut = True
            else:
                self._begin(watch)
        try:
            yield watch
        finally:
            with self._condition:
                self._watched.discard(watch)

    def close(self) -> None:
        """Ends what is under watch at once, and then the thread."""
        with self._condition:
            self._closed = True
            self._condition.notify()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _begin(self, watch: Watch) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="shd-watchdog", daemon=True)
            self._thread.start()
        self._watched.add(watch)
        if watch.deadline <= min(other.deadline for other in self._watched):
            self._condition.notify()  # only an earlier deadline than all others shortens the wait

    def _run(self) -> None:
        with self._condition:
            while True:
                now = clock.monotonic()
                self._cut(now)
                if self._closed:
                    return
                nearest = min((watch.deadline for watch in self._watched), default=None)
                self._condition.wait(None if nearest is None else max(nearest - now, 0.0))

    def _cut(self, now: float) -> None:
        for watch in [watch for watch in self._watched if self._closed or watch.deadline <= now]:
            self._watched.discard(watch)
            watch.cut = True
            watch.end()


def hang_up(connection: object) -> None:
    """Wakes whoever reads or writes on an http.client connection: it finds the connection ended."""
    sock = getattr(connection, "sock", None)
    if sock is None:
        return
    try:
        socket.socket.shutdown(sock, socket.SHUT_RDWR)  # not SSLSocket's own, which changes it under the reader
    except OSError:
        return  # it has ended already


def hang_up_latest(here: threading.local) -> Callable[[], None]:
    """Ends the connection that this thread used last, if it is one of `remembering`."""
    held = here.__dict__  # this thread's own; the watchdog's thread would see another
    return lambda: hang_up(held.get("connection"))


def remembering(base: Any, here: threading.local) -> Any:
    """A pool's class of connections, noting which one the thread is using: only then can it be cut off."""

    class Remembered(base):  # type: ignore[misc]
        def request(self, *args: Any, **kwargs: Any) -> Any:
            here.connection = self
            return super().request(*args, **kwargs)

    Remembered.__name__ = base.__name__  # as it stands in error texts
    return Remembered
