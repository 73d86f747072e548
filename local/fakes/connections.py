"""The sockets of a stand-in: one thread for each connection, from its handshake to its end."""

from __future__ import annotations

import os
import socket
import ssl
import struct
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from local.fakes.http_messages import HangUp, Reply, Request


class Silence:
    """How many more connections are to be met with silence. Safe for threads."""

    def __init__(self) -> None:
        self._left: int | None = 0
        self._lock = threading.Lock()

    def set(self, times: int | None) -> None:
        with self._lock:
            self._left = times

    def take(self) -> bool:
        """Whether this connection is one of them, counted down."""
        with self._lock:
            if self._left:
                self._left -= 1
                return True
            return self._left is None


_here = threading.local()  # `sni`: the name that this thread's connection asked for


def note_sni(_: ssl.SSLObject, name: str | None, __: ssl.SSLContext) -> None:
    _here.sni = name


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    allow_reuse_address = True

    def __init__(
        self,
        address: tuple[str, int],
        answer: Callable[[Request], Reply],
        stopping: threading.Event,
        tls: ssl.SSLContext | None,
        silence: Silence,
    ) -> None:
        super().__init__(address, Handler)
        self.answer = answer
        self.stopping = stopping
        self.tls = tls
        self._silence = silence
        self._open: set[socket.socket] = set()
        self._silent: set[socket.socket] = set()
        self._lock = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        silent = self._silence.take()  # here, not in its thread: connections are counted as they come
        with self._lock:
            self._open.add(request)
            if silent:
                self._silent.add(request)
        super().process_request(request, client_address)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """In the connection's thread, handshake and all."""
        _here.sni = None
        with self._lock:
            silent = request in self._silent
            self._silent.discard(request)
        if silent:
            while request.recv(65536):  # until the client gives up or the server stops
                pass
        elif self.tls is None:
            super().finish_request(request, client_address)
        else:
            self._finish_securely(request, client_address, self.tls)

    def _finish_securely(self, request: socket.socket, client_address: Any, tls: ssl.SSLContext) -> None:
        secured = tls.wrap_socket(request, server_side=True, do_handshake_on_connect=False)
        with self._lock:
            self._open.add(secured)  # the plain one is spent
        try:
            if self.stopping.is_set():
                return
            secured.do_handshake()
            super().finish_request(secured, client_address)
        finally:
            self.shutdown_request(secured)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def drop_connections(self) -> None:
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            try:
                socket.socket.shutdown(connection, socket.SHUT_RDWR)  # of TLS too: it takes nothing from its thread
            except OSError:
                continue  # the peer was faster

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is no error of the stand-in; anything else is shown."""
        if not isinstance(sys.exc_info()[1], (OSError, ValueError)):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one send: without it Nagle and delayed ACK cost 40 ms an answer
    server: Server

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        request = Request(
            method=self.command,
            target=self.path,
            headers=self.headers,
            body=body,
            secure=self.server.tls is not None,
            sni=getattr(_here, "sni", None),
        )
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
