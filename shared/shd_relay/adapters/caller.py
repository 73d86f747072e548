"""One call of the status API until it has an answer: pace, signature, deadline, retries.

Shared by all threads of a read, as is what they learn together: the pace, and that every further call would be refused.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Generic, TypeVar

from shd_relay import clock
from shd_relay.adapters.credentials import Credentials, redact
from shd_relay.adapters.limiter import Limiter
from shd_relay.adapters.refusals import Verdict, judge
from shd_relay.adapters.signing import Signer
from shd_relay.adapters.transport import Answer, Transport, Untrusted
from shd_relay.envelope import Refusal, read_refusal
from shd_relay.errors import ContractError, SourceUnavailable

SAME_REFUSALS = 5  # in a row, without a success between them: the next ones will be the same
RETRIES = 2  # after a failure that may pass

T = TypeVar("T")


class Refused:
    """Remembers refusals that concern everyone: the same one several times in a row ends the asking.

    One that may concern a product alone ("denied") has to come from several products, before any answer.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._from: set[object] = set()
        self._last: Verdict | None = None
        self._answered = False

    @property
    def for_good(self) -> Verdict | None:
        """What every further call would be refused with; None while that is not clear."""
        return self._last if len(self._from) >= SAME_REFUSALS else None

    def note(self, verdict: Verdict | None, product: str | None = None) -> None:
        """What a call came to; None: an answer."""
        with self._lock:
            if self.for_good is not None:
                return
            self._answered = self._answered or verdict is None
            lasting = verdict is not None and (
                verdict.meaning == "everyone" or (verdict.meaning == "denied" and not self._answered)
            )
            if verdict is None or not lasting:
                self._from.clear()
                return
            if self._last is None or self._last.code != verdict.code:
                self._from.clear()
            self._from.add(product if verdict.meaning == "denied" else object())
            self._last = verdict


class Caller(Generic[T]):
    """Calls one action. `deadline`: `clock.monotonic` seconds after which no call starts or goes on.

    `read` makes an answer, never a Verdict, of a body that came with status 200; for one that is none it raises
    ContractError, with the code that the body gives if that is a refusal.
    `pause_seconds` is the longest rest before the first retry of what may pass.
    """

    def __init__(
        self, action: str, transport: Transport, credentials: Credentials, limiter: Limiter, *,
        read: Callable[[bytes], T], deadline: float, call_seconds: float, pause_seconds: float,
    ) -> None:  # fmt: skip
        self._action = action
        self._transport = transport
        self._credentials = credentials
        self._signer = Signer(credentials)
        self._limiter = limiter
        self._read = read
        self._deadline = deadline
        self._call_seconds = call_seconds
        self._pause_seconds = pause_seconds
        self.refused = Refused()

    def call(
        self, query: Mapping[str, str | None], *, region: str, form: Mapping[str, str] | None = None
    ) -> T | Verdict:
        """With `form` it is a POST. The turn for the first try is taken already. Retries take their own."""
        failures = 0
        while True:
            outcome = self._try(query, region, form)
            if not isinstance(outcome, Verdict):
                self._limiter.succeeded()
                self.refused.note(None)
                return outcome
            if outcome.meaning == "throttled":
                self._limiter.throttled(outcome.wait)
            elif outcome.meaning == "passing" and failures < RETRIES:
                failures += 1
                self._rest(failures)
            else:
                self.refused.note(outcome, query.get("ProductId"))
                return outcome
            if not self._limiter.wait_turn(self._deadline):
                return outcome

    def _rest(self, failures: int) -> None:
        left = max(self._deadline - clock.monotonic(), 0.0)
        jitter = random.uniform(0.25, 1.0)  # noqa: S311 - no secret depends on it
        self._limiter.rest(min(self._pause_seconds * failures * jitter, left))

    def _try(self, query: Mapping[str, str | None], region: str, form: Mapping[str, str] | None) -> T | Verdict:
        """One request. Whatever goes wrong, in the SDK's code too, is a verdict and concerns this call only."""
        try:
            signed = self._signer.sign(self._action, query, region=region, form=form)
            seconds = min(self._call_seconds, self._deadline - clock.monotonic())
            answer = self._transport.send(signed, seconds=max(seconds, 0.001))
            return self._understood(answer)
        except SourceUnavailable as error:
            return Verdict("passing", error.code, redact(error, self._credentials))
        except Untrusted as error:
            return Verdict("everyone", error.code, redact(error, self._credentials))
        except ContractError as error:
            return Verdict("pair", error.code, redact(error, self._credentials))
        except Exception as error:  # noqa: BLE001 - SDKs raise whatever they please (status-api.md 3.8)
            return Verdict("pair", type(error).__name__, f"unexpected {redact(repr(error), self._credentials)}")

    def _understood(self, answer: Answer) -> T | Verdict:
        if answer.status == 200:
            try:
                return self._read(answer.body)
            except ContractError as error:
                if not error.code:
                    raise
                return self._judge(answer, Refusal(error.code, str(error)))
        return self._judge(answer, read_refusal(answer.body))

    def _judge(self, answer: Answer, refusal: Refusal) -> Verdict:
        machine = datetime.now(timezone.utc)  # not clock.now: the signature was made with the machine's time
        return judge(self._action, answer.status, answer.headers, refusal, now=machine, credentials=self._credentials)
