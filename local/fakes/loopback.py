"""One small HTTP/1.1 server for every stand-in: loopback only, any free port, one thread a connection.

A stand-in is a function `Request -> Reply`. It sees the request target as it came over the wire (signatures are made
over those very bytes) and can misbehave on the socket, not only in the answer: see `Reply` and `HangUp`.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as it came: `target` is the raw request target, neither decoded nor re-encoded."""

    method: str
    target: str
    headers: Message
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer. A 204 and a 304 are sent without body and without Content-Length.

    `delay_seconds` passes before the first byte; `drip_seconds` passes after each byte of the body;
    `send_only` cuts the body after so many bytes and closes; `close` ends the connection after the answer; `reset`
    sends a TCP reset after the whole answer: the peer reads it, and finds out when it uses the connection again.
    """

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    delay_seconds: float = 0.0
    drip_seconds: float = 0.0
    send_only: int | None = None
    close: bool = False
    reset: bool = False


class HangUp(Exception):
    """Close the connection without an answer; `reset` sends a TCP reset instead of an orderly end."""

    def __init__(self, *, reset: bool = False, delay_seconds: float = 0.0) -> None:
        super().__init__("hang up")
        self.reset = reset
        self.delay_seconds = delay_seconds


class LoopbackServer:
    """Serves `answer` on 127.0.0.1 until it is stopped; usable as a context manager.

    `port=0` takes a free port. `url` is known once `start` has returned. Every request gets its own call of `answer`,
    from the thread of its connection: `answer` guards its own state.
    """

    def __init__(self, answer: Callable[[Request], Reply], *, port: int = 0) -> None:
        self._answer = answer
        self._wanted_port = port
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self.stopping = threading.Event()

    @property
    def port(self) -> int:
        """The port that is served, or that was served last."""
        return int(self._server.server_address[1]) if self._server else self._wanted_port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> LoopbackServer:
        self.stopping.clear()
        self._server = _Server(("127.0.0.1", self._wanted_port), self._answer, self.stopping)
        self._wanted_port = self.port  # a restart comes back under the same address
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

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


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], answer: Callable[[Request], Reply], stopping: threading.Event) -> None:
        super().__init__(address, _Handler)
        self.answer = answer
        self.stopping = stopping
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def drop_connections(self) -> None:
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # the peer was faster

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is no error of the stand-in; anything else is shown."""
        if not isinstance(sys.exc_info()[1], (OSError, ValueError)):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one send: without it Nagle and delayed ACK cost 40 ms an answer
    server: _Server

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        request = Request(method=self.command, target=self.path, headers=self.headers, body=body)
        try:
            reply = self.server.answer(request)
        except HangUp as fault:
            self._hang_up(fault)
            return
        self._wait(reply.delay_seconds)
        self._send(reply)

    def __getattr__(self, name: str) -> Any:
        """Every method is the stand-in's to answer, also one that nobody has heard of."""
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def _send(self, reply: Reply) -> None:
        bodiless = reply.status in (204, 304)
        self.send_response_only(reply.status)
        names = {name.lower() for name, _ in reply.headers}
        if "date" not in names:
            self.send_header("Date", self.date_time_string())
        for name, value in reply.headers:
            self.send_header(name, value)
        unknown = self.command == "HEAD" and not reply.body  # the length of what a GET would bring
        if not bodiless and not unknown and "content-length" not in names:
            self.send_header("Content-Length", str(len(reply.body)))
        if reply.close:
            self.send_header("Connection", "close")
        self.end_headers()
        if not bodiless and self.command != "HEAD":
            self._send_body(reply)
        if reply.close or reply.send_only is not None:
            self.close_connection = True
        if reply.reset:
            self.wfile.flush()
            self._reset()

    def _send_body(self, reply: Reply) -> None:
        body = reply.body if reply.send_only is None else reply.body[: reply.send_only]
        if not reply.drip_seconds:
            self.wfile.write(body)
            return
        for offset in range(len(body)):
            self.wfile.write(body[offset : offset + 1])
            self.wfile.flush()
            self._wait(reply.drip_seconds)

    def _hang_up(self, fault: HangUp) -> None:
        self._wait(fault.delay_seconds)
        if fault.reset:
            self._reset()
        self.close_connection = True

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())  # past socketserver's own shutdown, which would send an orderly end
        self.close_connection = True

    def _wait(self, seconds: float) -> None:
        """Waits so long, or until the server is stopped."""
        end = time.monotonic() + seconds
        while seconds and not self.server.stopping.is_set() and (left := end - time.monotonic()) > 0:
            self.server.stopping.wait(left)

    def log_message(self, *_: Any) -> None:
        return
