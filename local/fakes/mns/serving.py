"""One request from the wire to its answer: record it, spend a fault on it, check who asks, serve it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timezone

from local.fakes.armed import Faults
from local.fakes.loopback import HangUp, Reply, Request
from local.fakes.mns import message_operations, queue_operations, topic_operations
from local.fakes.mns.account import KEPT_RECORDS, Account
from local.fakes.mns.answers import refusal, stamped
from local.fakes.mns.auth import Key, authenticate, authorize
from local.fakes.mns.errors import MnsError
from local.fakes.mns.faults import FOREIGN_ANSWERS, REFUSALS, Armed, Call, Fault, spoil
from local.fakes.mns.routes import Ask, understand
from local.fakes.mns.wire import fields, parse

OPERATIONS = {**topic_operations.OPERATIONS, **queue_operations.OPERATIONS, **message_operations.OPERATIONS}


class Serving:
    """Works under the lock of the account; long polls and hanging requests let go of it while they wait."""

    def __init__(self, *, account: Account, keys: Mapping[str, Key], wall_clock: Callable[[], float]) -> None:
        self.faults: Faults[Armed] = Faults()
        self.healed = 0
        self.calls: dict[int, Call] = {}
        self._account = account
        self._keys = keys
        self._wall_clock = wall_clock
        self._last_call = 0

    def answer(self, request: Request, url: str) -> Reply:
        """Raises HangUp where the connection ends without an answer."""
        with self._account.changed:
            ask = understand(request, url)
            number = self._record(request, ask)
            try:
                reply = self._serve(request, ask, number)
                self._note(number, status=reply.status)
                return reply
            finally:
                self._account.changed.notify_all()

    def _serve(self, request: Request, ask: Ask, number: int) -> Reply:
        armed = self.faults.spend(self.calls[number])
        if armed is None:
            return self._operate(request, ask, number)
        self._note(number, fault=armed.fault)
        if armed.fault in FOREIGN_ANSWERS:
            return FOREIGN_ANSWERS[armed.fault]
        if armed.fault in REFUSALS:
            return _stamp(_refuse(MnsError(REFUSALS[armed.fault]), ask, number), number)
        self._hang_up_before(armed)
        return spoil(armed, self._operate(request, ask, number))

    def _operate(self, request: Request, ask: Ask, number: int) -> Reply:
        try:
            reply = self._checked(request, ask)
        except MnsError as error:
            reply = _refuse(error, ask, number)
        return _stamp(reply, number)

    def _checked(self, request: Request, ask: Ask) -> Reply:
        wall = datetime.fromtimestamp(self._wall_clock(), timezone.utc)
        key = authenticate(request, self._keys, now=self._account.moment(), wall=wall)
        if not ask.action:
            raise MnsError("InvalidRequestURL")
        authorize(key, ask.action)
        return OPERATIONS[ask.action](self._account, ask)

    def _hang_up_before(self, armed: Armed) -> None:
        if armed.fault is Fault.HANG:
            serving, healed = self._account.serving, self.healed
            self._account.changed.wait_for(lambda: (self._account.serving, self.healed) != (serving, healed))
        if armed.fault in (Fault.HANG, Fault.CLOSE_BEFORE, Fault.RESET_BEFORE):
            raise HangUp(reset=armed.fault is Fault.RESET_BEFORE)

    def _record(self, request: Request, ask: Ask) -> int:
        self._last_call += 1
        body, tag = _said(ask)
        self.calls[self._last_call] = Call(
            number=self._last_call,
            action=ask.action,
            method=request.method,
            target=request.target,
            topic=ask.topic,
            queue=ask.queue,
            subscription=ask.subscription,
            body=body,
            tag=tag,
            time=self._account.moment(),
            headers=ask.headers,
        )
        self.calls.pop(self._last_call - KEPT_RECORDS, None)
        self._account.changed.notify_all()  # whoever waits for a call to arrive, even one that will hang
        return self._last_call

    def _note(self, number: int, *, status: int | None = None, fault: Fault | None = None) -> None:
        call = self.calls.get(number)
        if call is not None:  # a reset may have come while the call was waiting
            self.calls[number] = replace(call, status=status, fault=fault or call.fault)


def _said(ask: Ask) -> tuple[str, str]:
    """Body and tag of a message that is published or sent; what cannot be read is empty here and refused later."""
    if ask.action not in ("PublishMessage", "SendMessage"):
        return "", ""
    try:
        parts = fields(parse(ask.body, "Message"))
    except MnsError:
        return "", ""
    return parts.get("MessageBody", ""), parts.get("MessageTag", "")


def _refuse(error: MnsError, ask: Ask, number: int) -> Reply:
    return refusal(error, request_id=_request_id(number), host=ask.url)


def _stamp(reply: Reply, number: int) -> Reply:
    return replace(reply, headers=stamped(reply, _request_id(number)))


def _request_id(number: int) -> str:
    return hashlib.md5(f"request/{number}".encode(), usedforsecurity=False).hexdigest()[:24].upper()
