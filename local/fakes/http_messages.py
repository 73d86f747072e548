"""What goes over a stand-in's connections: requests as they came, answers, and the lack of one."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as it came: `target` is the raw request target, neither decoded nor re-encoded.

    `secure` says that it came over TLS, `sni` which name the client sent in its ClientHello (None: none).
    """

    method: str
    target: str
    headers: Message
    body: bytes
    secure: bool = False
    sni: str | None = None


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
