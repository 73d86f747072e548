"""The stand-in as a server: requests in, answers out, every call recorded."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from local.fakes.loopback import HangUp, LoopbackServer, Reply, Request
from local.fakes.status import gateway, list_events
from local.fakes.status.armed import Armoury
from local.fakes.status.calls import Call, Fault, Played
from local.fakes.status.errors import ApiError
from local.fakes.status.faults import on_document, on_wire, refusal_of
from local.fakes.status.gateway import Ask, GatewayRules
from local.fakes.status.keys import LOCAL_KEYS, Key
from local.fakes.status.list_events import Dialect, ListingRules
from local.fakes.status.memory import Memory
from local.fakes.status.reading import Connections, host_of, params_of
from local.fakes.status.render import error_document, render
from local.fakes.status.world import World


def utc_now() -> datetime:
    return datetime.now(timezone.utc)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What was decided on a call: a refusal, or the document of a good answer."""

    request_id: str
    error: ApiError | None
    document: dict[str, Any]


class StatusFake:
    """The SHD status API on a loopback port. All state is this object's.

    `clock` says what moment the dashboard shows; `machine` is the time that time stamps, tokens, nonces and the rate
    limit are judged by. Both return aware times. `keys`, `gateway`, `listing` and `dialect` may be set
    while it runs.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        keys: Mapping[str, Key] | None = None,
        world: World | None = None,
        clock: Callable[[], datetime] = utc_now,
        machine: Callable[[], datetime] = utc_now,
        gateway: GatewayRules | None = None,
        listing: ListingRules | None = None,
        dialect: Dialect | None = None,
    ) -> None:
        self.world = World() if world is None else world
        self._clock = clock
        self._machine = machine
        self._initial = (
            dict(LOCAL_KEYS if keys is None else keys),
            gateway or GatewayRules(),
            listing or ListingRules(),
            dialect or Dialect(),
        )
        self._server = LoopbackServer(self._answer, port=port)
        self._operations = {"ListEvents": self._list_events}
        self._lock = threading.Lock()
        self._armoury = Armoury()
        self._connections = Connections()
        self._start_afresh()

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def endpoint(self) -> str:
        """Host and port, as the SDK's `set_endpoint` takes it."""
        return f"127.0.0.1:{self._server.port}"

    @property
    def calls(self) -> list[Call]:
        """Every call so far, in the order in which they were decided."""
        with self._lock:
            return list(self._calls)

    def start(self) -> StatusFake:
        self._server.start()
        return self

    def stop(self) -> None:
        """Drops all connections, also those of calls that hang. `start` brings it back under the same address."""
        self._server.stop()

    def __enter__(self) -> StatusFake:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def fail(
        self,
        what: Fault | ApiError,
        *,
        times: int | None = 1,
        when: Callable[[Call], bool] | None = None,
        seconds: float | None = None,
        size: int | None = None,
    ) -> None:
        """Arms a fault, or any refusal, for the next `times` calls (None: until healed) that fit `when`.

        Armed ones queue up: the first that fits a call is played on it. `when` sees the call without its outcome.
        `seconds` measures LATE (delay), SLOW_DRIP (pause after each byte) and CLOCK_SKEW (how far the gateway's clock
        is ahead); `size` is the length in bytes that HUGE_BODY adds.
        """
        self._armoury.arm(what, times=times, when=when, seconds=seconds, size=size)

    def heal(self) -> None:
        """Takes back every fault that is armed."""
        self._armoury.clear()

    def reset(self) -> None:
        """As it was built: rules, keys and dialect as given then, no events, faults, nonces or recorded calls."""
        self.heal()
        self.world.clear()
        self._start_afresh()

    def _start_afresh(self) -> None:
        keys, self.gateway, self.listing, self.dialect = self._initial
        self.keys: dict[str, Key] = dict(keys)
        self._memory = Memory()
        with self._lock:
            self._calls: list[Call] = []
            self._count = 0

    def _answer(self, request: Request) -> Reply:
        call = self._call_of(request)
        played = self._armoury.take(call)
        outcome = self._decide(request, call, played)
        code = outcome.error.code if outcome.error else "200"
        fault = played.name if played else None
        try:
            reply = on_wire(self._rendered(request, call, outcome, played), played)
        except HangUp:
            self._record(replace(call, code=code, fault=fault))
            raise
        self._record(replace(call, code=code, status=reply.status, fault=fault))
        return reply

    def _call_of(self, request: Request) -> Call:
        params = params_of(request)
        connection, reused = self._connections.current()
        with self._lock:
            self._count += 1
            number = self._count
        return Call(
            number=number,
            at=self._machine(),
            method=request.method,
            action=params.get("Action", ""),
            params=MappingProxyType(params),
            headers=MappingProxyType({name.lower(): value for name, value in request.headers.items()}),
            connection=connection,
            reused=reused,
        )

    def _decide(self, request: Request, call: Call, played: Played | None) -> _Outcome:
        request_id = str(uuid.uuid4()).upper()
        skew = played.seconds if played and played.what is Fault.CLOCK_SKEW else 0.0
        ask = Ask(
            method=request.method,
            path=urlsplit(request.target).path,
            host=host_of(request),
            params=call.params,
            now=call.at + timedelta(seconds=skew),
            keys=self.keys,
            actions=frozenset(self._operations),
            rules=self.gateway,
            memory=self._memory,
        )
        if error := refusal_of(played) or gateway.refusal(ask):
            return _Outcome(request_id, error, {})
        return self._operations[call.action](request_id, call.params)

    def _list_events(self, request_id: str, params: Mapping[str, str]) -> _Outcome:
        now, rules = self._clock(), self.listing
        today = now.astimezone(list_events.CHINA).date()
        if error := list_events.refusal(params, rules, today):
            return _Outcome(request_id, error, {})
        shown = self.world.at(now, product=params.get("ProductId"), region=params.get("RegionId"))
        events = list_events.select(params, shown, rules, today)
        return _Outcome(request_id, None, list_events.document(events, self.dialect, request_id))

    def _rendered(self, request: Request, call: Call, outcome: _Outcome, played: Played | None) -> Reply:
        wants_json = call.params.get("Format", "XML").upper() == "JSON"
        as_json = wants_json and not (played and played.what is Fault.XML_FOR_JSON)
        if outcome.error is None:
            return render(on_document(outcome.document, played), as_json=as_json, root=f"{call.action}Response")
        document = error_document(
            outcome.error,
            request_id=outcome.request_id,
            host=host_of(request),
            unknown_keys=self.dialect.unknown_keys,
        )
        reply = render(document, as_json=as_json, root="Error", status=outcome.error.status)
        return replace(reply, headers=(*reply.headers, *outcome.error.headers))

    def _record(self, call: Call) -> None:
        with self._lock:
            self._calls.append(call)
