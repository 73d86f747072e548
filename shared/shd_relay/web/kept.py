"""Ready answers, kept as long as what they were made of is what is known."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from shd_relay.tickets import Tickets
from shd_relay.web.facts import Facts
from shd_relay.web.http import Request, Response
from shd_relay.web.table import ROUTES

MOST_BYTES = 32_000_000  # of an instance that has 256 MB or more
MOST_ANSWERS = 2_000
_OVERHEAD = 1_500  # bytes that an answer costs besides its body
_ASKED = ("authorization", "accept", "accept-encoding", "accept-language", "if-none-match", "origin")
"""The request headers that an answer may depend on."""
_ASKED_OF_OPEN = ("accept", "accept-encoding", "if-none-match", "origin")
"""The same of addresses that ask for no token: else each token would have a copy of its own of what is for everybody.
They have no languages either."""
_OPEN = frozenset(route.template for route in ROUTES if route.scope is None)


class Own(NamedTuple):
    """The tickets of a partner that an answer was made of."""

    partner_id: str
    tickets: Tickets


class Kept(NamedTuple):
    """An answer, the facts it was made of (None: of none), when it was made and until when it holds. `ready`: what a
    shell made of it to return, the headers of its own aside. `own`: None if no tickets were looked at."""

    response: Response
    facts: Facts | None
    since: datetime
    until: datetime
    ready: dict[str, Any]
    own: Own | None = None


def key_of(request: Request) -> bytes:
    """What was asked, and by whom, as a digest: no token stays in memory, and comparing takes the same time always."""
    headers = [request.headers.get(name) for name in (_ASKED_OF_OPEN if request.path in _OPEN else _ASKED)]
    parts = repr((request.method, request.path, request.query, headers))  # no part can pass for two others
    return hashlib.blake2b(parts.encode(), digest_size=16).digest()


def next_hour(now: datetime) -> datetime:
    """Days begin and end with an hour, in any zone that matters here: plans, and the page's days."""
    return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


class Answers:
    """The answers kept; the least lately used go first. May be used by several threads."""

    def __init__(self, *, most_bytes: int = MOST_BYTES, most_answers: int = MOST_ANSWERS) -> None:
        self._answers: OrderedDict[bytes, Kept] = OrderedDict()
        self._bytes = 0
        self._facts: Facts | None = None  # those that the newest answer was made of
        self._lock = threading.Lock()
        self._most_bytes = most_bytes
        self._most_answers = most_answers

    def find(self, key: bytes, now: datetime) -> Kept | None:
        """The answer, if its time has not passed; whether its facts are still what is known, the caller sees."""
        with self._lock:
            kept = self._answers.get(key)
            if kept is None or not kept.since <= now < kept.until:
                return None
            self._answers.move_to_end(key)
            return kept

    def keep(self, key: bytes, kept: Kept) -> None:
        """Keeps the answer, unless it is so great that all others would have to go for it."""
        if _size(kept) > self._most_bytes // 4:
            return
        with self._lock:
            self._forget_others(kept.facts)
            self._drop(self._answers.pop(key, None))
            self._answers[key] = kept
            self._bytes += _size(kept)
            while self._answers and (self._bytes > self._most_bytes or len(self._answers) > self._most_answers):
                self._drop(self._answers.popitem(last=False)[1])

    def _forget_others(self, facts: Facts | None) -> None:
        """What was made of other facts is never given again, and would keep them in memory: thousands of times each."""
        if facts is None or facts is self._facts:
            return
        self._facts = facts
        for key in [key for key, kept in self._answers.items() if kept.facts is not None and kept.facts is not facts]:
            self._drop(self._answers.pop(key))

    def _drop(self, kept: Kept | None) -> None:
        if kept is not None:
            self._bytes -= _size(kept)


def _size(kept: Kept) -> int:
    """The body and the headers, and what a shell made of them."""
    headers = sum(len(name) + len(value) for name, value in kept.response.headers)
    return 2 * (len(kept.response.body) + headers) + _OVERHEAD
