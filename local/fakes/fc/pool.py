"""The instances of one function: who is idle, who is busy, who may be started, and what a call comes to."""

from __future__ import annotations

import base64
import json
import signal
import threading
import time
import uuid
from dataclasses import dataclass, replace
from typing import Any

from local.fakes.fc.instance import Answer, Instance, InstanceDied, InstanceTimeout
from local.fakes.fc.surroundings import Surroundings

UNHANDLED = "UnhandledInvocationError"
THROTTLED = "ResourceThrottled"
LOAD_SECONDS = 30.0  # to import the handler's module; an initializer has its own limit on top


@dataclass(frozen=True, slots=True, kw_only=True)
class InvocationResult:
    """What one invocation came to.

    `status` is that of the invoke API: 200 also for a function that failed, 429 when no instance was free.
    `error_type` is the header X-Fc-Error-Type, None for success; then `payload` is what the handler returned, else the
    platform's JSON with errorMessage, errorType and, for an exception, stackTrace. `logs` are the call's own lines.
    """

    status: int
    payload: bytes
    error_type: str | None
    request_id: str
    duration_seconds: float
    logs: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return self.error_type is None


class Pool:
    """`limit` instances at most. `waits` says what happens beyond: wait for a free one, or be throttled."""

    def __init__(self, surroundings: Surroundings, *, limit: int, waits: bool) -> None:
        self._given = surroundings
        self._function = surroundings.function
        self._limit = limit
        self._waits = waits
        self._changed = threading.Condition()
        self._idle: list[Instance] = []
        self._busy: set[Instance] = set()
        self._claimed = 0  # places taken: busy instances and those that are being started
        self._stopped = False

    def invoke(self, event: bytes, *, request_id: str | None = None) -> InvocationResult:
        request_id = request_id or new_request_id()
        began = time.monotonic()
        if not self._claim():
            body = _failure("ResourceThrottled", f"reserved concurrency of {self._limit} is in use")
            return _result(request_id, began, body, status=429, error_type=THROTTLED)
        try:
            return self._run(event, request_id, began)
        finally:
            with self._changed:
                self._claimed -= 1
                self._changed.notify_all()

    def kill(self, signum: int = signal.SIGKILL) -> int:
        """Signals every instance that is in a call or idle; says how many."""
        with self._changed:
            targets = [*self._busy, *self._idle]
        for instance in targets:
            instance.kill(signum)
        if signum == signal.SIGKILL:
            self.recycle()  # the next call must not meet one that is dying
        return len(targets)

    def pids(self) -> tuple[int, ...]:
        with self._changed:
            return tuple(instance.pid for instance in (*self._busy, *self._idle))

    def recycle(self) -> None:
        """Ends the idle instances: the next call is a cold start."""
        with self._changed:
            idle, self._idle = self._idle, []
        for instance in idle:
            instance.close()

    def stop(self) -> None:
        """Kills what is in a call, waits until those calls have returned, ends the rest."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        while True:
            self.kill()
            with self._changed:
                if not self._claimed:
                    break
                self._changed.wait(0.05)  # an instance that was just being started is killed in the next round
        self.recycle()

    def _claim(self) -> bool:
        with self._changed:
            while self._claimed >= self._limit and self._waits and not self._stopped:
                self._changed.wait()
            if self._claimed >= self._limit or self._stopped:
                return False
            self._claimed += 1
            return True

    def _run(self, event: bytes, request_id: str, began: float) -> InvocationResult:
        instance, cold = self._take()
        try:
            answer = self._load(instance, request_id) if cold else Answer(b"")
            if answer.usable:
                call = self._message("invoke", request_id, event=base64.b64encode(event).decode())
                answer = self._call(instance, call, self._function.timeout)
        except BaseException:
            self._give_back(instance, usable=False)  # the caller was interrupted: nobody will read this answer
            raise
        logs = self._give_back(instance, usable=answer.usable)
        return _result(request_id, began, answer.payload, logs=logs, error_type=UNHANDLED if answer.failed else None)

    def _take(self) -> tuple[Instance, bool]:
        """An instance, and whether it is a new one."""
        with self._changed:
            while self._idle:
                instance = self._idle.pop()
                if instance.alive:
                    self._busy.add(instance)
                    return instance, False
                instance.close()
            instance = self._start()
            self._busy.add(instance)
            return instance, True

    def _start(self) -> Instance:
        given = self._given
        environment = {**given.environment(), "FC_INSTANCE_ID": f"c-{uuid.uuid4().hex[:24]}"}
        return Instance(python=given.python, code=self._function.code, environment=environment, on_line=given.on_line)

    def _give_back(self, instance: Instance, *, usable: bool) -> tuple[str, ...]:
        """Keeps the instance warm, or ends it; returns the log of its call, complete in both cases."""
        if not usable:
            instance.close(at_once=True)
        logs = instance.take_lines()
        with self._changed:
            self._busy.discard(instance)
            if usable:
                self._idle.append(instance)
        return logs

    def _load(self, instance: Instance, request_id: str) -> Answer:
        """Imports the code and runs the initializer; an instance that cannot is given up."""
        function = self._function
        call = self._message(
            "start",
            request_id,
            code=str(function.code),
            handler=function.handler,
            initializer=function.initializer,
            clock_module=self._given.clock_module,
        )
        seconds = LOAD_SECONDS + (function.initializer_timeout if function.initializer else 0)
        return replace(answer := self._call(instance, call, seconds), usable=not answer.failed)

    def _message(self, what: str, request_id: str, **more: Any) -> dict[str, Any]:
        given = self._given
        context = {**given.context(request_id), "request_id": request_id}
        return {"do": what, "now": given.clock().isoformat(), "flavour": given.flavour, "context": context, **more}

    @staticmethod
    def _call(instance: Instance, message: dict[str, Any], seconds: float) -> Answer:
        try:
            return instance.call(message, timeout=seconds)
        except InstanceTimeout:
            body = _failure("FunctionTimeout", f"Function timed out after {seconds:g} seconds")
        except InstanceDied:
            code = instance.close()
            body = _failure("FunctionExited", f"Function instance exited unexpectedly (code {code})")
        return Answer(body, failed=True, usable=False)


def new_request_id() -> str:
    """In the shape of the platform's: 1-<seconds>-<8 hex>-<12 hex>."""
    noise = uuid.uuid4().hex
    return f"1-{int(time.time()):08x}-{noise[:8]}-{noise[8:20]}"


def _failure(kind: str, text: str) -> bytes:
    return json.dumps({"errorMessage": text, "errorType": kind}).encode()


def _result(
    request_id: str,
    began: float,
    payload: bytes,
    *,
    status: int = 200,
    error_type: str | None = None,
    logs: tuple[str, ...] = (),
) -> InvocationResult:
    return InvocationResult(
        status=status,
        payload=payload,
        error_type=error_type,
        request_id=request_id,
        duration_seconds=time.monotonic() - began,
        logs=logs,
    )
