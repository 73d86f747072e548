"""Signed requests over pooled connections: verified TLS with SNI, no redirects or proxies, bounded in time and size."""

from __future__ import annotations

import logging
import threading
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from shd_relay import clock
from shd_relay.adapters.credentials import redact
from shd_relay.adapters.watchdog import Watchdog, hang_up_latest, remembering
from shd_relay.errors import ContractError, SourceUnavailable

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

_PIECE = 65_536


class Answer(NamedTuple):
    """One HTTP answer; names of headers in lower case, the body decoded."""

    status: int
    headers: Mapping[str, str]
    body: bytes


CONNECT_SECONDS = (
    3.0  # for each address of the host, which nothing else bounds: four silent ones stay within the reserve
)


class Transport:
    """Connections to one endpoint, safe for `connections` threads. To be closed; it cannot be used after that.

    `ca_bundle`: a file of certificates to trust in place of the system's.
    """

    def __init__(self, endpoint: str, *, connections: int, size_cap: int, ca_bundle: str | None = None) -> None:
        import urllib3

        logging.getLogger("urllib3").setLevel(logging.ERROR)  # at DEBUG it writes every query, signature and all
        self._errors = urllib3.exceptions.HTTPError
        self._timeout = urllib3.Timeout
        self._size_cap = size_cap
        self._here = threading.local()
        self._watchdog = Watchdog()
        trust = {"ca_certs": ca_bundle} if ca_bundle and endpoint.startswith("https:") else {}
        self._pool = urllib3.connection_from_url(endpoint, maxsize=connections, block=False, retries=False, **trust)
        self._pool.ConnectionCls = remembering(self._pool.ConnectionCls, self._here)

    def get(self, target: str, headers: Mapping[str, str], *, seconds: float) -> Answer:
        """One GET, once, within `seconds` from its first byte to its last.

        Raises SourceUnavailable (code "Deadline" when the time ran out) when no whole answer came, and ContractError
        when it is too large or not decodable.
        """
        self._here.connection = None
        with self._watchdog.watch(clock.monotonic() + seconds, hang_up_latest(self._here)) as watch:
            if watch.cut:
                raise SourceUnavailable("the read was given up", code="Deadline")
            try:
                answer = self._get(target, headers, seconds)
            except (self._errors, OSError, ValueError) as error:
                if watch.cut or isinstance(error, TimeoutError) or "timed out" in str(error):
                    raise SourceUnavailable(f"no answer within {seconds:.3g} s", code="Deadline") from None
                raise SourceUnavailable(f"no answer: {redact(error)}", code=type(error).__name__) from None
            if watch.cut:  # headers that end early pass for whole ones, and so does a body without a length
                raise SourceUnavailable(f"no answer within {seconds:.3g} s", code="Deadline")
            return answer

    def close(self) -> None:
        """Ends the calls that are under way, and drops the connections."""
        self._watchdog.close()
        self._pool.close()

    def _get(self, target: str, headers: Mapping[str, str], seconds: float) -> Answer:
        response = self._pool.urlopen(
            "GET",
            target,
            headers=headers,
            timeout=self._timeout(connect=min(seconds, CONNECT_SECONDS), read=seconds),
            redirect=False,
            preload_content=False,
            assert_same_host=False,
        )
        whole = False
        try:
            body = self._body(response)
            whole = True
        finally:
            if not whole:
                response.close()  # what is left unread would be taken for the next answer
            response.release_conn()
        return Answer(response.status, {name.lower(): value for name, value in response.headers.items()}, body)

    def _body(self, response: BaseHTTPResponse) -> bytes:
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("identity", "", "gzip", "x-gzip"):
            raise ContractError(f"malformed answer: encoded as {redact(encoding, limit=20)}, which was not asked for")
        decoder = zlib.decompressobj(wbits=31) if encoding.endswith("gzip") else None
        body = bytearray()
        while piece := response.read(_PIECE, decode_content=False):
            body += piece if decoder is None else self._inflate(decoder, piece, len(body))
            if len(body) > self._size_cap:
                raise ContractError(f"answer too large: more than {self._size_cap} bytes")
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
