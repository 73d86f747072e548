"""Signed requests over kept connections: verified TLS with SNI, no redirects or proxies, bounded in time and size."""

from __future__ import annotations

import ssl
import zlib
from collections import deque
from collections.abc import Mapping
from http.client import HTTPException, HTTPResponse, IncompleteRead
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from shd_relay import clock
from shd_relay.adapters.addresses import Addresses
from shd_relay.adapters.credentials import redact
from shd_relay.adapters.line import Line, trust
from shd_relay.adapters.signing import Signed
from shd_relay.adapters.watchdog import Watchdog
from shd_relay.errors import ContractError, SourceUnavailable

_PIECE = 65_536
_HEADERS = {"User-Agent": "shd-relay"}


class Answer(NamedTuple):
    """One HTTP answer; names of headers in lower case, the body decoded."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Untrusted(ContractError):
    """The other side showed a certificate that is not good for it: nothing was sent."""


class Transport:
    """Connections to one endpoint, of which so many are kept for further use; safe for threads.

    To be closed; it cannot be used after that. `ca_bundle`: a file of certificates to trust in place of the system's.
    """

    def __init__(self, endpoint: str, *, connections: int, size_cap: int, ca_bundle: str | None = None) -> None:
        parts = urlsplit(endpoint)
        secure = parts.scheme == "https"
        self._host, self._port = parts.hostname or "", parts.port or (443 if secure else 80)
        self._context = trust(ca_bundle) if secure else None
        self._addresses = Addresses(self._host, self._port)
        self._idle: deque[Line] = deque()
        self._connections = connections
        self._size_cap = size_cap
        self._watchdog = Watchdog()
        self._closed = False

    def send(self, signed: Signed, *, seconds: float) -> Answer:
        """One request, once, within `seconds` from the first step to the last byte.

        Raises SourceUnavailable (code "Deadline" when the time ran out) when no whole answer came, ContractError when
        it is too large or not decodable, Untrusted when nothing was sent for the sake of the certificate.
        """
        line = self._line()
        began = clock.monotonic()
        line.begin(began + seconds)
        with self._watchdog.watch(began + seconds, line.hang_up) as watch:
            if self._closed:
                raise SourceUnavailable("the read was given up", code="Deadline")
            try:
                answer = self._exchange(line, signed)
            except ssl.SSLCertVerificationError as error:
                raise self._untrusted(error) from None
            except (HTTPException, OSError, ValueError) as error:
                if watch.cut or isinstance(error, TimeoutError):
                    raise _late(line, min(seconds, clock.monotonic() - began)) from None
                raise SourceUnavailable(f"no answer: {redact(error)}", code=type(error).__name__) from None
        if watch.cut:  # headers that end early pass for whole ones, and so does a body without a length
            line.close()
            raise _late(line, seconds)
        self._keep(line)
        return answer

    def close(self) -> None:
        """Ends the calls that are under way, and drops the connections."""
        self._closed = True
        self._addresses.close()
        self._watchdog.close()
        self._drop()

    def _line(self) -> Line:
        try:
            return self._idle.pop()
        except IndexError:
            return Line(self._host, self._port, self._addresses, self._context)

    def _keep(self, line: Line) -> None:
        line.used_at = clock.monotonic()
        if len(self._idle) < self._connections:
            self._idle.append(line)
        else:
            line.close()
        if self._closed:
            self._drop()

    def _drop(self) -> None:
        while self._idle:
            self._line().close()

    def _exchange(self, line: Line, signed: Signed) -> Answer:
        whole = False
        try:
            line.freshen()
            line.request(signed.method, signed.target, signed.body, {**_HEADERS, **signed.headers})
            with line.getresponse() as response:
                body = self._body(response)
                whole = True
        finally:
            if not whole:
                line.close()  # what is left unread would be taken for the next answer
        return Answer(response.status, {name.lower(): value for name, value in response.headers.items()}, body)

    def _body(self, response: HTTPResponse) -> bytes:
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("identity", "", "gzip", "x-gzip"):
            raise ContractError(f"malformed answer: encoded as {redact(encoding, limit=20)}, which was not asked for")
        decoder = zlib.decompressobj(wbits=31) if encoding.endswith("gzip") else None
        body = bytearray()
        while piece := response.read(_PIECE):
            body += piece if decoder is None else self._inflate(decoder, piece, len(body))
            if len(body) > self._size_cap:
                raise ContractError(f"answer too large: more than {self._size_cap} bytes")
        if response.length:
            raise IncompleteRead(b"", response.length)
        if decoder is not None and not decoder.eof:
            raise ContractError("malformed answer: gzip that is cut off")
        return bytes(body)

    def _inflate(self, decoder: Any, piece: bytes, so_far: int) -> bytes:
        """At most one byte more than is allowed: a bomb is found out before it has burst."""
        try:
            inflated: bytes = decoder.decompress(piece, self._size_cap - so_far + 1)
        except zlib.error:
            raise ContractError("malformed answer: not gzip, though it says so") from None
        return inflated

    def _untrusted(self, error: ssl.SSLCertVerificationError) -> Untrusted:
        said = redact(error.verify_message or error).rstrip(".")
        return Untrusted(f"the certificate of {self._host} is refused: {said}", code=type(error).__name__)


def _late(line: Line, seconds: float) -> SourceUnavailable:
    doing = f", {line.doing}" if line.doing else ""
    return SourceUnavailable(f"no answer within {seconds:.2g} s{doing}", code="Deadline")
