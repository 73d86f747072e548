"""One small HTTP/1.1 server for every stand-in: loopback only, any free port, one thread a connection, TLS if wanted.

A stand-in is a function `Request -> Reply`. It sees the request target as it came over the wire (signatures are made
over those very bytes) and can misbehave on the socket, not only in the answer: see `Reply` and `HangUp`.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable

from local.fakes.connections import Server, Silence, note_sni
from local.fakes.http_messages import HangUp, Reply, Request

__all__ = ["HangUp", "LoopbackServer", "Reply", "Request"]


class LoopbackServer:
    """Serves `answer` on 127.0.0.1 until it is stopped; usable as a context manager.

    `port=0` takes a free port. `url` is known once `start` has returned. Every request gets its own call of `answer`,
    from the thread of its connection: `answer` guards its own state. With `tls` it speaks HTTPS only, and takes the
    context's `sni_callback` for itself. Handshakes too are made in the connection's thread: one that hangs holds up no
    other.
    """

    def __init__(self, answer: Callable[[Request], Reply], *, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self._answer = answer
        self._wanted_port = port
        self._tls = tls
        self._silence = Silence()
        self._server: Server | None = None
        self._thread: threading.Thread | None = None
        self.stopping = threading.Event()

    @property
    def port(self) -> int:
        """The port that is served, or that was served last."""
        return int(self._server.server_address[1]) if self._server else self._wanted_port

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def start(self) -> LoopbackServer:
        self.stopping.clear()
        if self._tls:
            self._tls.sni_callback = note_sni
        address = ("127.0.0.1", self._wanted_port)
        self._server = Server(address, self._answer, self.stopping, self._tls, self._silence)
        self._wanted_port = self.port  # a restart comes back under the same address
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def silence(self, times: int | None) -> None:
        """The next `times` connections (None: all, 0: none) are accepted and get not one byte, not even a handshake."""
        self._silence.set(times)

    def stop(self) -> None:
        """Stops listening and drops the connections that are open."""
        self.stopping.set()
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._server.drop_connections()
        self._server.server_close()
        self._thread.join()
        self._server = None

    def __enter__(self) -> LoopbackServer:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
