"""Where a host is: looked up once, and waited for no longer than the one who asks has time."""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from typing import Any, NamedTuple


class UnknownHost(OSError):
    """No address belongs to the name, or nobody could say."""


class Address(NamedTuple):
    """What `socket.socket` and its `connect` take."""

    family: socket.AddressFamily
    kind: socket.SocketKind
    protocol: int
    where: Any


class Addresses:
    """Of one host and port, for all threads.

    A look-up cannot be interrupted. So it has a thread of its own, and one that hangs is left to itself.
    """

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._changed = threading.Condition()
        self._found: Sequence[Address] = ()
        self._error: Exception | None = None
        self._looking = False
        self._closed = False

    def within(self, seconds: float) -> Sequence[Address]:
        """Those that are known, the last good one first. One look-up runs at a time; after one that failed the next who
        asks begins another.

        Raises UnknownHost, and TimeoutError when it took longer than `seconds` or nobody needs it any more.
        """
        with self._changed:
            if not self._found and not self._looking:
                self._looking, self._error = True, None
                threading.Thread(target=self._look_up, name="shd-dns", daemon=True).start()
            self._changed.wait_for(lambda: self._found or self._error or self._closed, seconds)
            if self._found:
                return self._found
            if self._error:
                raise UnknownHost(f"the name {self._host} is not known: {self._error}")
            raise TimeoutError

    def good(self, address: Address) -> None:
        """A connection came about: others try this one first."""
        with self._changed:
            if self._found[0] != address:
                self._found = (address, *(other for other in self._found if other != address))

    def close(self) -> None:
        """Who waits gives up."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _look_up(self) -> None:
        found, failure = self._asked()
        with self._changed:
            self._found, self._error, self._looking = found, failure, False
            self._changed.notify_all()

    def _asked(self) -> tuple[Sequence[Address], Exception | None]:
        try:
            found = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            return (), error
        return tuple(Address(family, kind, protocol, where) for family, kind, protocol, _, where in found), None
