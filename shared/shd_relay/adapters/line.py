"""One connection to the endpoint, which another thread can hang up in every state that it goes through."""

from __future__ import annotations

import http.client
import select
import socket
import ssl
from functools import lru_cache

from shd_relay import clock
from shd_relay.adapters.addresses import Address, Addresses
from shd_relay.adapters.watchdog import hang_up
from shd_relay.errors import SettingsError

CONNECT_SECONDS = 3.0  # for each address of the host: a silent one leaves time for the others
IDLE_SECONDS = 1.0  # after which a connection is looked at before it is used again: gateways end them after some ten


class Line(http.client.HTTPConnection):
    """Verified TLS with SNI if it has a context, plain otherwise. Closed, it opens itself anew for the next request.

    Its socket has no time-out: who uses it calls `begin` before each request, and has it hung up at the deadline.
    """

    def __init__(self, host: str, port: int, addresses: Addresses, context: ssl.SSLContext | None) -> None:
        super().__init__(host, port)
        self.default_port = 443 if context else 80  # which the Host header leaves out
        self.used_at = 0.0
        self.doing = ""  # what comes before a request; told when the time runs out meanwhile
        self._deadline = 0.0
        self._hung_up = False
        self._addresses = addresses
        self._context = context
        self._wire: socket.socket | None = None  # `sock` is None while it connects, and while a last answer is read

    def begin(self, deadline: float) -> None:
        """A request follows, to be over at `deadline` (`clock.monotonic` seconds)."""
        self._deadline = deadline
        self._hung_up = False
        self.doing = ""

    def connect(self) -> None:
        """Raises OSError; TimeoutError when the deadline came, or no address answered."""
        self.sock = self._dialled()
        if self._context is not None:
            self.doing = "in the TLS handshake"
            # The handshake comes after: until the wrapped socket is held, nobody can hang up.
            self.sock = self._context.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
            self._hold(self.sock)
            self.sock.do_handshake()
        self.doing = ""

    def hang_up(self) -> None:
        """Wakes whoever uses it: they find the connection ended. It stays so until the next `begin`."""
        self._hung_up = True  # first: what is not held yet finds it when it will be
        hang_up(self._wire)

    def freshen(self) -> None:
        """Closes a connection that has lain idle and on which something came meanwhile: its end, as a rule."""
        if self.sock is not None and clock.monotonic() - self.used_at > IDLE_SECONDS:
            poll = select.poll()
            poll.register(self.sock, select.POLLIN)
            if poll.poll(0):
                self.close()

    def _dialled(self) -> socket.socket:
        self.doing = "looking up its name"
        addresses = self._addresses.within(self._left())
        self.doing = "connecting"
        failure = OSError("no address")
        for address in addresses:
            try:
                wire = self._dial(address)
            except OSError as error:
                failure = error
            else:
                self._addresses.good(address)
                return wire
        raise failure

    def _dial(self, address: Address) -> socket.socket:
        wire = socket.socket(address.family, address.kind, address.protocol)
        try:
            self._hold(wire)
            wire.settimeout(min(CONNECT_SECONDS, self._left()))
            wire.connect(address.where)
            wire.settimeout(None)
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            wire.close()
            raise
        return wire

    def _hold(self, wire: socket.socket) -> None:
        self._wire = wire
        if self._hung_up:
            raise TimeoutError

    def _left(self) -> float:
        return max(self._deadline - clock.monotonic(), 0.001)


@lru_cache(maxsize=4)
def trust(ca_bundle: str | None) -> ssl.SSLContext:
    """Verifies chain and name. Reading the system's certificates takes some 30 ms: once in the life of a process.

    Raises SettingsError for a bundle that cannot be read.
    """
    try:
        context = ssl.create_default_context(cafile=ca_bundle)
    except OSError as error:
        raise SettingsError([f"{ca_bundle}: no certificates to trust can be read there: {error}"]) from error
    context.set_alpn_protocols(["http/1.1"])
    return context
