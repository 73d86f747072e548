"""The stand-in as a server: requests in, answers out, every call recorded."""

from __future__ import annotations

import ssl
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from types import MappingProxyType
from urllib.parse import urlsplit

from local.fakes.loopback import HangUp, LoopbackServer, Reply, Request
from local.fakes.status import gateway, in_progress, list_events, pages
from local.fakes.status.armed import Armoury
from local.fakes.status.calls import Call, Fault, Played
from local.fakes.status.dialect import Dialect, Document, camel_cased
from local.fakes.status.errors import ApiError
from local.fakes.status.faults import dialect_of, on_document, on_wire, refusal_of
from local.fakes.status.gateway import Ask, GatewayRules
from local.fakes.status.in_progress import InProgressRules
from local.fakes.status.journal import Journal
from local.fakes.status.keys import LOCAL_KEYS, Key
from local.fakes.status.list_events import ListingRules
from local.fakes.status.memory import Memory
from local.fakes.status.pages import PageRules
from local.fakes.status.reading import Connections, form_of, host_of, params_of
from local.fakes.status.render import error_document, render
from local.fakes.status.world import World


def utc_now() -> datetime:
    return datetime.now(timezone.utc)


class StatusFake:
    """The SHD status API on a loopback port. All state is this object's.

    `clock` says what moment the dashboard shows; `machine` is the time that time stamps, tokens, nonces and the rate
    limit are judged by. Both return aware times. With `tls` it speaks HTTPS only. `keys`, `gateway`, `listing`,
    `in_progress`, `pages` and `dialect` may be set while it runs.
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
        in_progress: InProgressRules | None = None,
        pages: PageRules | None = None,
        dialect: Dialect | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.world = World() if world is None else world
        self._clock = clock
        self._machine = machine
        self._initial = (
            dict(LOCAL_KEYS if keys is None else keys),
            gateway or GatewayRules(),
            listing or ListingRules(),
            in_progress or InProgressRules(),
            pages or PageRules(),
            dialect or Dialect(),
        )
        self._server = LoopbackServer(self._answer, port=port, tls=tls)
        self._operations = {"ListEvents": self._list_events, "ListEventInProgress": self._list_event_in_progress}
        self._armoury = Armoury()
        self._connections = Connections()
        self._start_afresh()

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def port(self) -> int:
        return self._server.port

    @property
    def endpoint(self) -> str:
        """Host and port, as the SDK's `set_endpoint` takes it."""
        return f"127.0.0.1:{self._server.port}"

    @property
    def calls(self) -> list[Call]:
        """Every call so far, in the order in which they were decided."""
        return self._journal.calls()

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
        what: Fault | ApiError | Dialect,
        *,
        times: int | None = 1,
        when: Callable[[Call], bool] | None = None,
        seconds: float | None = None,
        size: int | None = None,
    ) -> None:
        """Arms a fault, any refusal or another dialect for the next `times` calls (None: until healed) that fit `when`.

        Armed ones queue up: the first that fits a call is played on it. `when` sees the call without its outcome. Where
        it is not given, what only the gateway can do leaves calls of the page alone. `seconds` measures LATE (delay),
        SLOW_DRIP (pause after each byte) and CLOCK_SKEW (how far the gateway's clock is ahead); `size` is the length in
        bytes that HUGE_BODY adds.
        """
        self._armoury.arm(what, times=times, when=when, seconds=seconds, size=size)

    def hang_connections(self, times: int | None = 1) -> None:
        """The next `times` new connections (None: until healed) are accepted and get not a byte, nor a handshake."""
        self._server.silence(times)

    def heal(self) -> None:
        """Takes back every fault that is armed; connections that hang go on hanging until their client gives up."""
        self._armoury.clear()
        self._server.silence(0)

    def reset(self) -> None:
        """As it was built: rules, keys and dialect as given then, no events, faults, nonces or recorded calls."""
        self.heal()
        self.world.clear()
        self._start_afresh()

    def _start_afresh(self) -> None:
        keys, self.gateway, self.listing, self.in_progress, self.pages, self.dialect = self._initial
        self.keys: dict[str, Key] = dict(keys)
        self._memory = Memory()
        self._journal = Journal()

    def _answer(self, request: Request) -> Reply:
        page = pages.name_of(request.target)
        call = self._call_of(request, page)
        played = self._armoury.take(call)
        code, reply = self._read_page(page, call, played) if page is not None else self._operate(request, call, played)
        call = replace(call, code=code, fault=played.name if played else None)
        try:
            reply = on_wire(reply, played)
        except HangUp:
            self._journal.record(call)
            raise
        self._journal.record(replace(call, status=reply.status))
        return reply

    def _call_of(self, request: Request, page: str | None) -> Call:
        params = params_of(request)
        connection, reused = self._connections.current()
        return Call(
            number=self._journal.number(),
            at=self._machine(),
            method=request.method,
            action=f"page:{page}" if page is not None else params.get("Action", ""),
            params=MappingProxyType(params),
            form=MappingProxyType(form_of(request)),
            headers=MappingProxyType({name.lower(): value for name, value in request.headers.items()}),
            connection=connection,
            reused=reused,
            secure=request.secure,
            sni=request.sni,
        )

    def _operate(self, request: Request, call: Call, played: Played | None) -> tuple[str, Reply]:
        """What the gateway and the operation behind it answer to a signed call: its code, and how it is sent."""
        request_id = str(uuid.uuid4()).upper()
        dialect = dialect_of(played, self.dialect)
        as_json = call.params.get("Format", "XML").upper() == "JSON"
        as_json = as_json and not (played and played.what is Fault.XML_FOR_JSON)
        error = refusal_of(played) or gateway.refusal(self._ask(request, call, played))
        result = error or self._operations[call.action](call, dialect, request_id)
        if isinstance(result, ApiError):
            keys = self.dialect.unknown_keys
            document = error_document(result, request_id=request_id, host=host_of(request), unknown_keys=keys)
            reply = render(document, as_json=as_json, root="Error", status=result.status)
            return result.code, replace(reply, headers=(*reply.headers, *result.headers))
        document = on_document(result, call.action, played)
        if call.action == "ListEventInProgress" and self.in_progress.camel_case:
            document = camel_cased(document)
        return "200", render(document, as_json=as_json, root=f"{call.action}Response")

    def _ask(self, request: Request, call: Call, played: Played | None) -> Ask:
        skew = played.seconds if played and played.what is Fault.CLOCK_SKEW else 0.0
        return Ask(
            method=request.method,
            path=urlsplit(request.target).path,
            host=host_of(request),
            params=call.params,
            now=call.at + timedelta(seconds=skew),
            arrived=call.at,
            keys=self.keys,
            actions=frozenset(self._operations),
            rules=self.gateway,
            memory=self._memory,
            secure=call.secure,
        )

    def _list_events(self, call: Call, dialect: Dialect, request_id: str) -> ApiError | Document:
        return list_events.answer(
            call.params, self.world, self._clock(), rules=self.listing, dialect=dialect, request_id=request_id
        )

    def _list_event_in_progress(self, call: Call, dialect: Dialect, request_id: str) -> ApiError | Document:
        rules = self.in_progress
        params = call.form if rules.form_only else call.params
        return in_progress.answer(
            params, self.world, self._clock(), rules=rules, dialect=dialect, request_id=request_id
        )

    def _read_page(self, page: str, call: Call, played: Played | None) -> tuple[str, Reply]:
        rules = self.pages
        error = pages.refusal(page, call.method, rules) or refusal_of(played)
        if error:
            return error.code, pages.rendered(error)
        dialect = dialect_of(played, rules.dialect)
        document = pages.document(page, call.params, self.world, self._clock(), rules=rules, dialect=dialect)
        return "200", pages.rendered(on_document(document, call.action, played))
