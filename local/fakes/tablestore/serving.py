"""One request from the wire to its answer: record it, spend a fault on it, check who asks, serve it."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from local.fakes.armed import Faults
from local.fakes.loopback import Reply, Request
from local.fakes.tablestore.answers import error_body
from local.fakes.tablestore.asks import Ask, touched
from local.fakes.tablestore.auth import Key, authenticate, authorize, stamped
from local.fakes.tablestore.errors import OtsError, Units
from local.fakes.tablestore.faults import (
    FOREIGN_ANSWERS,
    HANGING,
    REFUSALS,
    REFUSALS_AFTER,
    Armed,
    Call,
    Fault,
    hang_up_before,
    spoil,
)
from local.fakes.tablestore.instance import Instance
from local.fakes.tablestore.limits import LARGEST_BODY
from local.fakes.tablestore.operations import NO_ROWS, Done, operate
from local.fakes.tablestore.requests import read_request

KEPT_CALLS = 100_000
WRONG_DATE_BY = timedelta(hours=1)


class Serving:
    """Works under one lock, `changed`; hanging requests let go of it while they wait."""

    def __init__(
        self,
        *,
        instance_name: str,
        keys: Mapping[str, Key],
        clock: Callable[[], datetime | float],
        wall_clock: Callable[[], float],
    ) -> None:
        self.instance = Instance()
        self.faults: Faults[Armed] = Faults()
        self.calls: dict[int, Call] = {}
        self.changed = threading.Condition(threading.RLock())
        self.releases = 0  # counts heal and stop: what hangs waits for the next
        self._instance_name = instance_name
        self._keys = keys
        self._clock = clock
        self._wall_clock = wall_clock
        self._last_call = 0

    def now(self) -> datetime:
        now = self._clock()
        return now if isinstance(now, datetime) else datetime.fromtimestamp(now, timezone.utc)

    def milliseconds(self) -> int:
        return int(self.now().timestamp() * 1000)

    def answer(self, request: Request) -> Reply:
        """Raises HangUp where the connection ends without an answer."""
        with self.changed:
            action = request.target.removeprefix("/")
            ask = _understand(action, request)
            number = self._record(request, action, ask)
            try:
                reply = self._serve(request, action, ask, number)
                self._note(number, status=reply.status)
                return reply
            finally:
                self.changed.notify_all()

    def _serve(self, request: Request, action: str, ask: Ask | OtsError, number: int) -> Reply:
        armed = self.faults.spend(self.calls[number])
        if armed is None:
            return self._operate(request, action, ask, number, None)
        self._note(number, fault=armed.fault)
        if armed.fault in FOREIGN_ANSWERS:
            return FOREIGN_ANSWERS[armed.fault]
        if armed.fault in REFUSALS:
            return self._refuse(request, OtsError(REFUSALS[armed.fault]), number)
        if armed.fault is Fault.HANG:
            self._hang()
        hang_up_before(armed.fault)
        reply = self._operate(request, action, ask, number, armed)
        if armed.fault in REFUSALS_AFTER:
            return self._refuse(request, OtsError(REFUSALS_AFTER[armed.fault]), number)
        if armed.fault in HANGING:
            self.changed.notify_all()  # what it did is done, whoever waits for it may look
            self._hang()
        return spoil(armed, reply, request.headers.get("x-ots-accesskeyid", ""))

    def _hang(self) -> None:
        releases = self.releases
        self.changed.wait_for(lambda: self.releases != releases)

    def _operate(self, request: Request, action: str, ask: Ask | OtsError, number: int, armed: Armed | None) -> Reply:
        busy = armed.rows if armed is not None and armed.fault is Fault.PARTIAL_BATCH else NO_ROWS
        try:
            self._check(request, action)
            if isinstance(ask, OtsError):
                raise ask
            done = operate(self.instance, action, ask, now=self.milliseconds(), busy=busy)
        except OtsError as error:
            return self._refuse(request, error, number)
        self._note(number, units=done.units)
        ago = WRONG_DATE_BY if armed is not None and armed.fault is Fault.WRONG_DATE else timedelta()
        return self._stamp(request, 200, done, number, ago)

    def _check(self, request: Request, action: str) -> None:
        if request.method != "POST":
            raise OtsError("OTSMethodNotAllowed")
        authorize(authenticate(request, self._keys, self._instance_name, now=self.now(), wall=self._wall()), action)

    def _refuse(self, request: Request, error: OtsError, number: int) -> Reply:
        self._note(number, code=error.code, units=error.units)
        return self._stamp(request, error.status, Done(error_body(error)), number)

    def _stamp(self, request: Request, status: int, done: Done, number: int, ago: timedelta = timedelta()) -> Reply:
        key_id = request.headers.get("x-ots-accesskeyid", "")
        headers = stamped(
            done.body,
            target=request.target,
            key_id=key_id,
            key=self._keys.get(key_id),
            request_id=_request_id(number),
            date=self._wall() - ago,
        )
        return Reply(status=status, headers=headers, body=done.body)

    def _wall(self) -> datetime:
        return datetime.fromtimestamp(self._wall_clock(), timezone.utc)

    def _record(self, request: Request, action: str, ask: Ask | OtsError) -> int:
        self._last_call += 1
        rows = () if isinstance(ask, OtsError) else touched(ask)
        self.calls[self._last_call] = Call(
            number=self._last_call,
            action=action,
            rows=tuple((table, tuple(part for _, part in key)) for table, key in rows),
            size=len(request.body),
            time=self.now(),
        )
        self.calls.pop(self._last_call - KEPT_CALLS, None)
        self.changed.notify_all()  # whoever waits for a call to arrive, even one that will hang
        return self._last_call

    def _note(
        self,
        number: int,
        *,
        status: int | None = None,
        fault: Fault | None = None,
        code: str = "",
        units: Units | None = None,
    ) -> None:
        call = self.calls.get(number)
        if call is None:
            return  # a reset came while the call was waiting
        self.calls[number] = replace(
            call,
            status=status or call.status,
            fault=fault or call.fault,
            code=code or call.code,
            units=call.units if units is None else call.units + units,
        )


def _understand(action: str, request: Request) -> Ask | OtsError:
    """What is asked, or what is wrong with it: that is told after the signature was checked."""
    if len(request.body) > LARGEST_BODY:
        return OtsError("OTSRequestBodyTooLarge")
    try:
        return read_request(action, request.body)
    except OtsError as error:
        return error


def _request_id(number: int) -> str:
    digest = hashlib.md5(f"request/{number}".encode(), usedforsecurity=False).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:]}"
