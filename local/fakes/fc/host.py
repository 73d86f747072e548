"""The function host: what `s deploy` and Function Compute are to the two functions, on this machine."""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

from local.fakes.fc import http_event
from local.fakes.fc.manifest import Function, HttpTrigger, ManifestError, read_manifest
from local.fakes.fc.pool import THROTTLED, UNHANDLED, InvocationResult, Pool, new_request_id
from local.fakes.fc.surroundings import ACCOUNT_ID, Credentials, Flavour, Surroundings
from local.fakes.fc.timers import run_timer, timer_event
from local.fakes.loopback import LoopbackServer, Reply, Request

LOG_LINES_KEPT = 10_000
INSTANCE_LIMIT = 4  # of a function without reserved concurrency; the platform's own limit is 100 an account


def _real_time() -> datetime:
    return datetime.now(timezone.utc)


class FunctionHost:
    """Runs the functions of an s.yaml. Functions are named by their resource (`poll`) or their functionName.

    manifest              path of the s.yaml
    env                   stands for the deployer's environment when ${env(..)} is rendered
    code                  code folder as the file writes it -> folder to run instead
    environment           per resource: variables on top of the file's; None takes one away
    credentials           what the functions' role gives
    python                the interpreter to run functions with
    fc_environment        True sets FC_FUNCTION_NAME too, by which a function knows that it is in the cloud
    context_flavour       which runtime's context object the handlers get
    clock, clock_module   virtual time: each call carries `clock()`, and before anything else of the code is loaded the
                          instance imports that module and calls its `use` with a callable that returns it
    timeouts              per resource: seconds instead of the file's
    reserved_concurrency  per resource: instead of the file's; None lifts it
    ports                 per resource: the port of the HTTP trigger; otherwise a free one
    http_error_status     what a caller of the HTTP trigger gets when the function failed
    on_log                called with (resource, line) from the reader threads
    """

    def __init__(
        self,
        manifest: Path,
        *,
        env: Mapping[str, str],
        code: Mapping[str, Path] | None = None,
        environment: Mapping[str, Mapping[str, str | None]] | None = None,
        credentials: Credentials | None = None,
        python: str = sys.executable,
        fc_environment: bool = False,
        context_flavour: Flavour = "3.12",
        clock: Callable[[], datetime] = _real_time,
        clock_module: str | None = None,
        timeouts: Mapping[str, float] | None = None,
        reserved_concurrency: Mapping[str, int | None] | None = None,
        instance_limit: int = INSTANCE_LIMIT,
        ports: Mapping[str, int] | None = None,
        http_error_status: int = 502,
        on_log: Callable[[str, str], None] | None = None,
    ) -> None:
        self._clock = clock
        self._http_error_status = http_error_status
        self._on_log = on_log
        self._ports = ports or {}
        self.functions: dict[str, Function] = {}
        self._pools: dict[str, Pool] = {}
        self._logs: dict[str, deque[str]] = {}
        self._servers: dict[str, LoopbackServer] = {}
        reserved = reserved_concurrency or {}
        for found in read_manifest(manifest, env=env, code=code):
            name = found.resource
            function = replace(
                found,
                timeout=float((timeouts or {}).get(name, found.timeout)),
                reserved_concurrency=reserved.get(name, found.reserved_concurrency),
            )
            surroundings = Surroundings(
                function=function,
                clock=clock,
                on_line=partial(self._log, name),
                python=python,
                flavour=context_flavour,
                clock_module=clock_module,
                credentials=credentials,
                fc_environment=fc_environment,
                overrides=(environment or {}).get(name, {}),
            )
            limit = function.reserved_concurrency
            self.functions[name] = function
            self._logs[name] = deque(maxlen=LOG_LINES_KEPT)
            self._pools[name] = Pool(surroundings, limit=limit or instance_limit, waits=limit is None)

    def __enter__(self) -> FunctionHost:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> FunctionHost:
        """Opens one loopback port for each HTTP trigger. Instances start with the first call."""
        try:
            for function in self.functions.values():
                if function.http:
                    server = LoopbackServer(
                        partial(self._serve, function, function.http), port=self._ports.get(function.resource, 0)
                    )
                    self._servers[function.resource] = server.start()
        except OSError:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Ends ports and instances; calls that are under way are killed and come back as failed."""
        for pool in self._pools.values():
            pool.stop()
        for server in self._servers.values():
            server.stop()
        self._servers.clear()

    def invoke(self, name: str, payload: bytes = b"") -> InvocationResult:
        """As `s <name> invoke -e <payload>`: synchronous, never repeated."""
        function, request_id = self._function(name), new_request_id()
        if function.http:
            request = http_event.invocation_as_request(function.name, payload)
            payload = http_event.to_event(request, self._origin(function, function.http, request_id))
        return self._pools[function.resource].invoke(payload, request_id=request_id)

    def tick(self, name: str) -> InvocationResult:
        """Fires the function's first timer now, once, whatever its schedule; waits for the result, repeats nothing."""
        function = self._function(name)
        if not function.timers:
            raise ManifestError(f"{name} has no timer trigger")
        return self._pools[function.resource].invoke(timer_event(function.timers[0], self._clock()))

    def run_timers(
        self,
        stop: threading.Event,
        *,
        speed: float = 1.0,
        on_result: Callable[[str, InvocationResult], None] = lambda _name, _result: None,
    ) -> None:
        """Fires every enabled timer on its schedule until `stop` is set; returns when the last run has.

        Overlap, throttling, retries and the age of events are as the file's asyncInvokeConfig says. `on_result` is
        called with (resource, result) after every attempt, from several threads.
        """
        threads = [
            threading.Thread(
                target=run_timer,
                args=(function, trigger),
                kwargs={
                    "invoke": self._pools[function.resource].invoke,
                    "stop": stop,
                    "clock": self._clock,
                    "speed": speed,
                    "on_result": partial(on_result, function.resource),
                },
            )
            for function in self.functions.values()
            for trigger in function.timers
            if trigger.enabled
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def url(self, name: str) -> str:
        """`http://127.0.0.1:<port>` of the function's HTTP trigger; known once the host was started."""
        return self._servers[self._function(name).resource].url

    def logs(self, name: str) -> tuple[str, ...]:
        """The last lines that the function wrote to stdout, stderr or the root logger."""
        return tuple(self._logs[self._function(name).resource])

    def kill(self, name: str, signum: int = 9) -> int:
        """Signals every living instance, also in the middle of a call; says how many there were."""
        return self._pools[self._function(name).resource].kill(signum)

    def pids(self, name: str) -> tuple[int, ...]:
        return self._pools[self._function(name).resource].pids()

    def recycle(self, name: str) -> None:
        """Ends the idle instances, as the platform does after some minutes: the next call is a cold start."""
        self._pools[self._function(name).resource].recycle()

    def _function(self, name: str) -> Function:
        for function in self.functions.values():
            if name in (function.resource, function.name):
                return function
        raise KeyError(name)

    def _log(self, resource: str, line: str) -> None:
        self._logs[resource].append(line)
        if self._on_log:
            self._on_log(resource, line)

    def _origin(self, function: Function, trigger: HttpTrigger, request_id: str) -> http_event.Origin:
        return http_event.Origin(
            request_id=request_id,
            account_id=ACCOUNT_ID,
            trigger_id=f"{function.name}-{trigger.name}",
            now=self._clock(),
        )

    def _serve(self, function: Function, trigger: HttpTrigger, request: Request) -> Reply:
        request_id = new_request_id()
        reply = self._answer(function, trigger, request, request_id)
        return replace(reply, headers=(*reply.headers, ("X-Fc-Request-Id", request_id)))

    def _answer(self, function: Function, trigger: HttpTrigger, request: Request, request_id: str) -> Reply:
        if not trigger.internet:
            return http_event.platform_error(403, "AccessDenied", "the trigger is not open to the internet")
        refused = http_event.refusal(request, trigger.methods)
        if refused:
            return refused
        event = http_event.to_event(request, self._origin(function, trigger, request_id))
        result = self._pools[function.resource].invoke(event, request_id=request_id)
        if result.status == 429:
            return http_event.platform_error(429, THROTTLED, "no instance is free")
        try:
            return http_event.to_reply(result.payload) if result.ok else self._failed(result.payload)
        except http_event.ResponseError as error:
            return http_event.platform_error(self._http_error_status, "InvalidResponse", str(error))

    def _failed(self, payload: bytes) -> Reply:
        headers = (("Content-Type", "application/json"), ("X-Fc-Error-Type", UNHANDLED))
        return Reply(status=self._http_error_status, headers=headers, body=payload)
