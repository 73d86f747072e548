"""One request over real sockets: what is sent, to whom, and that it ends in time whatever the other side does."""

from __future__ import annotations

import gzip
import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import RpcRequest

from local.fakes.certificates import Authority
from local.fakes.loopback import HangUp, LoopbackServer, Reply, Request
from local.fakes.status.signature import sign, string_to_sign
from shd_relay import clock
from shd_relay.adapters.addresses import Addresses
from shd_relay.adapters.caller import Caller
from shd_relay.adapters.credentials import Credentials
from shd_relay.adapters.limiter import Limiter
from shd_relay.adapters.line import Line
from shd_relay.adapters.refusals import Verdict
from shd_relay.adapters.signing import Signed, Signer
from shd_relay.adapters.status_api import ListEventsSource
from shd_relay.adapters.transport import Answer, Transport, Untrusted
from shd_relay.adapters.watchdog import Watchdog
from shd_relay.errors import ContractError, SettingsError, SourceUnavailable
from shd_relay.model import FailedRead, Observation, Pair
from shd_relay.ports import ReadRequest

OURS = Credentials(access_key_id="LTAI-visible", access_key_secret="hidden-secret")
STS = Credentials(access_key_id="STS.visible", access_key_secret="hidden-secret", security_token="CAIS/to+ken==")
NOW = datetime(2026, 6, 10, 12, tzinfo=timezone.utc)
GOOD = Reply(body=b'{"Code": 200, "Success": true, "Total": 0, "Data": []}')
PLAIN = Signed("/?a=b", {"x-acs-action": "ListEvents"})
ROUND = 70  # pairs: more than threads
PROMPT = 5.0  # seconds of grace on a busy machine; what hangs would hang for ever


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@contextmanager
def to(url: str, *, trusted: Authority | None = None, size_cap: int = 8_000_000) -> Iterator[Transport]:
    made = Transport(url, connections=2, size_cap=size_cap, ca_bundle=str(trusted.file) if trusted else None)
    try:
        yield made
    finally:
        made.close()


def ask(url: str, *, seconds: float = 5.0, trusted: Authority | None = None, signed: Signed = PLAIN) -> Answer:
    with to(url, trusted=trusted) as transport:
        return transport.send(signed, seconds=seconds)


def noting(seen: list[Request]) -> Callable[[Request], Reply]:
    def answer(request: Request) -> Reply:
        seen.append(request)
        return GOOD

    return answer


def named(server: LoopbackServer) -> str:
    return server.url.replace("127.0.0.1", "localhost")


def read_many(url: str, *, seconds: float, budget: float, trusted: Authority | None = None) -> list[Any]:
    """What `ROUND` pairs come to; fails when they take longer than the budget."""
    began = clock.monotonic()
    source = ListEventsSource(
        url, OURS, deadline=began + budget, rate=5, rate_max=0, call_seconds=seconds, pause_seconds=0.005,
        ca_bundle=str(trusted.file) if trusted else None,
    )  # fmt: skip
    wanted = [ReadRequest(Pair(f"p{number}", "cn-hangzhou"), NOW) for number in range(ROUND)]
    outcomes = list(source.read(wanted, now=NOW, rung=0))
    assert clock.monotonic() < began + budget + PROMPT
    return outcomes


@contextmanager
def speaking(script: Callable[[socket.socket, threading.Event], None]) -> Iterator[int]:
    """The port of a listener that does as `script` says with each connection, until it ends or the event is set."""
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=converse, args=(connection,), daemon=True).start()

    def converse(connection: socket.socket) -> None:
        with connection:
            try:
                script(connection, stop)
            except OSError:
                return  # the client has had enough

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        stop.set()
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def dripping(head: bytes) -> Callable[[socket.socket, threading.Event], None]:
    def script(connection: socket.socket, stop: threading.Event) -> None:
        connection.recv(65_536)
        connection.sendall(head)
        while not stop.wait(0.01):
            connection.sendall(b"X")

    return script


# --- what is signed and sent


def by_the_sdk(server: LoopbackServer, form: dict[str, str]) -> None:
    client = AcsClient(OURS.access_key_id, OURS.access_key_secret, "cn-shanghai", auto_retry=False)
    request = RpcRequest("Status", "2020-01-17", "ListEventInProgress")
    request.set_accept_format("JSON")
    request.set_method("POST")
    request.set_endpoint(f"127.0.0.1:{server.port}")
    for name, value in form.items():
        request.add_body_params(name, value)
    client.do_action_with_exception(request)
    client.session.close()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the SDK's own urllib3 is of 2019
def test_a_form_goes_out_as_the_sdk_itself_sends_it() -> None:
    form = {"RegionIds": '["cn-hangzhou", "oo-region"]', "Word": "a b+c~*&=?/杭州"}
    seen: list[Request] = []
    with LoopbackServer(noting(seen)) as server:
        ask(server.url, signed=Signer(OURS).sign("ListEventInProgress", {}, region="cn-shanghai", form=form))
        by_the_sdk(server, form)
    ours, theirs = seen
    assert ours.method == theirs.method == "POST"
    assert ours.body == theirs.body
    for name in ("Content-Type", "Content-Length", "x-acs-action", "x-acs-version"):
        assert ours.headers[name] == theirs.headers[name], name
    assert query_of(ours).keys() == query_of(theirs).keys()


@pytest.mark.parametrize("credentials", [OURS, STS], ids=["AccessKey", "STS"])
@pytest.mark.parametrize("form", [None, {}, {"RegionIds": '["cn-hangzhou"]', "Empty": "", "Odd": "~ *+%é"}])
def test_the_signature_is_over_the_method_the_query_and_the_form(
    credentials: Credentials, form: dict[str, str] | None
) -> None:
    seen: list[Request] = []
    with LoopbackServer(noting(seen)) as server:
        query = {"ProductId": "e c*s", "NumOfDay": None}
        ask(server.url, signed=Signer(credentials).sign("Any", query, region="cn-hangzhou", form=form))
    [request] = seen
    params = {**query_of(request), **dict(parse_qsl(request.body.decode(), keep_blank_values=True))}
    assert request.method == ("GET" if form is None else "POST")
    assert params["Signature"] == sign("hidden-secret", string_to_sign(request.method, params))
    assert params["ProductId"] == "e c*s" and "NumOfDay" not in params
    assert params.get("SecurityToken", "") == credentials.security_token
    assert (form or {}).items() <= params.items()


def query_of(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.target.partition("?")[2], keep_blank_values=True))


def test_a_plain_get_needs_a_target_and_headers_only() -> None:
    seen: list[Request] = []
    with LoopbackServer(noting(seen)) as server:
        answer = ask(server.url, signed=Signed("/page?x=%20", {"Accept": "text/html"}))
    assert (answer.status, answer.body) == (200, GOOD.body)
    assert (seen[0].method, seen[0].target, seen[0].headers["Accept"]) == ("GET", "/page?x=%20", "text/html")
    assert (seen[0].headers["Host"], seen[0].body) == (server.url.removeprefix("http://"), b"")


def test_a_caller_gives_what_its_reader_makes_of_a_body_or_a_verdict() -> None:
    """Also when that is empty, or a tuple as verdicts are."""
    bodies = iter([b"", b"a b", b"{}"])

    def read(body: bytes) -> tuple[str, ...]:
        if body == b"{}":
            raise ContractError("it says no", code="Forbidden")
        return tuple(body.decode().split())

    with LoopbackServer(lambda _: Reply(body=next(bodies))) as server, to(server.url) as transport:
        caller = Caller(
            "Any", transport, OURS, Limiter(5, 0), read=read, deadline=clock.monotonic() + 5, call_seconds=5,
            pause_seconds=0.01,
        )  # fmt: skip
        assert caller.call({}, region="r") == ()
        assert caller.call({}, region="r", form={"a": "b"}) == ("a", "b")
        refused = caller.call({}, region="r")
    assert isinstance(refused, Verdict)
    assert (refused.meaning, refused.code) == ("denied", "Forbidden")


# --- who is trusted


def test_the_name_is_sent_before_the_certificate_is_shown(authority: Authority) -> None:
    seen: list[Request] = []
    with LoopbackServer(noting(seen), tls=authority.server()) as server:
        assert ask(named(server), trusted=authority).body == GOOD.body
        assert ask(server.url, trusted=authority).body == GOOD.body
    assert [request.sni for request in seen] == ["localhost", None]  # an address is no name (RFC 6066)


@pytest.mark.parametrize(
    ("names", "bad", "cause"),
    [
        ((), {"expired": True}, "certificate has expired"),
        (("elsewhere.example",), {}, "Hostname mismatch, certificate is not valid for 'localhost'"),
        ((), {"self_signed": True}, "self-signed certificate"),
    ],
    ids=["expired", "other host", "self-signed"],
)
def test_a_wrong_certificate_is_refused_by_its_cause_and_nothing_is_sent(
    authority: Authority, names: tuple[str, ...], bad: dict[str, bool], cause: str
) -> None:
    seen: list[Request] = []
    context = authority.server(*names, **bad)
    with LoopbackServer(noting(seen), tls=context) as server:
        told = untrusted(named(server), authority)
    assert told.replace("self signed", "self-signed") == f"the certificate of localhost is refused: {cause}"
    assert seen == []


@pytest.mark.parametrize("stranger", [True, False], ids=["another bundle", "the system's"])
def test_a_certificate_of_an_unknown_authority_is_refused(authority: Authority, tmp_path: Path, stranger: bool) -> None:
    trusted = Authority(tmp_path, "Stranger") if stranger else None
    with LoopbackServer(lambda _: GOOD, tls=authority.server()) as server:
        assert "unable to get local issuer certificate" in untrusted(named(server), trusted)


def untrusted(url: str, trusted: Authority | None) -> str:
    with pytest.raises(Untrusted) as caught:
        ask(url, trusted=trusted)
    assert caught.value.code == "SSLCertVerificationError"
    return str(caught.value)


def test_a_refused_certificate_ends_the_asking_for_no_other_pair_is_trusted_more(authority: Authority) -> None:
    with LoopbackServer(lambda _: GOOD, tls=authority.server(expired=True)) as server:
        outcomes = read_many(named(server), seconds=5, budget=20, trusted=authority)
    assert {outcome.code for outcome in outcomes} == {"SSLCertVerificationError"}
    assert {outcome.reason.partition(": ")[2] for outcome in outcomes} == {"certificate has expired"}
    assert any(not outcome.asked for outcome in outcomes)


def test_a_bundle_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no-such\.pem: no certificates"):
        Transport("https://localhost", connections=1, size_cap=1, ca_bundle=str(tmp_path / "no-such.pem"))


def test_plain_http_behind_https_is_a_failure_that_says_ssl() -> None:
    with LoopbackServer(lambda _: GOOD) as server, pytest.raises(SourceUnavailable, match="SSL") as caught:
        ask(server.url.replace("http:", "https:"))
    assert caught.value.code == "SSLError"


# --- the name


def test_a_name_that_is_not_known_is_said_and_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def unknown(host: str, *_: Any, **__: Any) -> Any:
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with to("https://nowhere.example") as transport:
        for _ in range(2):
            with pytest.raises(SourceUnavailable, match=r"the name nowhere\.example is not known: .*Name or") as caught:
                transport.send(PLAIN, seconds=5)
    assert (caught.value.code, asked) == ("UnknownHost", ["nowhere.example"] * 2)


def test_a_name_server_that_hangs_holds_no_read_beyond_its_time_and_is_asked_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with hanging_names(monkeypatch) as asked:
        outcomes = read_many("https://status.example", seconds=0.05, budget=0.2)
    assert {outcome.code for outcome in outcomes} == {"Deadline"}
    assert outcomes[0].reason.endswith(" s, looking up its name")
    assert asked == ["status.example"]


def test_a_read_that_is_given_up_waits_for_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    with hanging_names(monkeypatch), to("https://status.example") as transport:
        threading.Timer(0.05, transport.close).start()
        with pytest.raises(SourceUnavailable) as caught:
            transport.send(PLAIN, seconds=60)
    assert caught.value.code == "Deadline"


@contextmanager
def hanging_names(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    asked: list[str] = []
    let_go = threading.Event()

    def hang(host: str, *_: Any, **__: Any) -> Any:
        asked.append(host)
        let_go.wait()
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    yield asked
    let_go.set()
    for thread in threading.enumerate():
        if thread.name == "shd-dns":
            thread.join()


def test_a_host_of_several_addresses_is_asked_at_one_that_answers_and_there_first_from_then_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = taken.getsockname()
    with LoopbackServer(lambda _: GOOD) as server:
        addresses = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", at) for at in (closed, ("127.0.0.1", server.port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: addresses)
        known = Addresses("status.example", server.port)
        line = Line("status.example", server.port, known, None)
        line.begin(clock.monotonic() + 5)
        line.request("GET", "/")
        assert line.getresponse().read() == GOOD.body
        line.close()
    assert [address.where for address in known.within(1)] == [("127.0.0.1", server.port), closed]


# --- time


def test_a_handshake_that_hangs_ends_every_call_and_the_read_in_time(authority: Authority) -> None:
    with LoopbackServer(lambda _: GOOD, tls=authority.server()) as server:
        server.silence(None)
        outcomes = read_many(named(server), seconds=0.2, budget=0.8, trusted=authority)
    assert any(
        outcome.reason.endswith(" s, in the TLS handshake") for outcome in outcomes
    )  # a busy machine may be slow
    assert {outcome.code for outcome in outcomes} == {"Deadline"}


@pytest.mark.parametrize(
    ("scheme", "head"),
    [
        ("https", b"\x16\x03\x03\x40\x00"),
        ("http", b""),
        ("http", b"HTTP/1.1 200 OK\r\n"),
        ("http", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"),
        ("http", b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"),
        ("http", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFF\r\n"),
    ],
    ids=["handshake", "status", "headers", "body", "body without length", "chunk"],
)
def test_what_drips_ends_at_the_deadline(scheme: str, head: bytes) -> None:
    began = clock.monotonic()
    with speaking(dripping(head)) as port, pytest.raises(SourceUnavailable) as caught:
        ask(f"{scheme}://127.0.0.1:{port}", seconds=0.05)
    assert (caught.value.code, str(caught.value).partition(",")[0]) == ("Deadline", "no answer within 0.05 s")
    assert clock.monotonic() < began + PROMPT


def test_an_address_that_stays_silent_ends_at_the_deadline() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for each in waiting:  # the kernel drops who comes after them
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        with pytest.raises(SourceUnavailable, match=r"no answer within 0\.1 s, connecting"):
            ask(f"http://127.0.0.1:{full.getsockname()[1]}", seconds=0.1)
        for each in waiting:
            each.close()


def test_closing_ends_a_call_under_way_and_refuses_further_ones() -> None:
    arrived = threading.Event()

    def hold(_: Request) -> Reply:
        arrived.set()
        return Reply(delay_seconds=60)

    with LoopbackServer(hold) as server, to(server.url) as transport:
        closing = threading.Thread(target=lambda: (arrived.wait(), transport.close()))
        closing.start()
        for _ in range(2):
            with pytest.raises(SourceUnavailable) as caught:
                transport.send(PLAIN, seconds=60)
            assert caught.value.code == "Deadline"
            closing.join()


def test_a_watch_that_is_asked_for_after_the_end_is_cut_and_ends_nothing() -> None:
    ended: list[None] = []
    dog = Watchdog()
    dog.close()
    with dog.watch(clock.monotonic() + 60, lambda: ended.append(None)) as watch:
        assert watch.cut
    assert ended == []


def test_an_earlier_deadline_is_kept_though_a_later_one_is_watched() -> None:
    dog = Watchdog()
    over = threading.Event()
    with dog.watch(clock.monotonic() + 60, lambda: None) as later, dog.watch(clock.monotonic(), over.set) as sooner:
        assert over.wait(PROMPT)
        assert (sooner.cut, later.cut) == (True, False)
    dog.close()


# --- answers


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(body=b"x" * 100, send_only=10), "IncompleteRead"),
        (Reply(headers=(("Content-Encoding", "gzip"),), body=gzip.compress(b"x"), send_only=5), "IncompleteRead"),
        (HangUp(), "RemoteDisconnected"),
        (HangUp(reset=True), "ConnectionResetError"),
    ],
    ids=["cut body", "cut gzip", "no answer", "reset"],
)
@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
def test_half_an_answer_is_none(authority: Authority, secure: bool, reply: Reply | HangUp, code: str) -> None:
    def answer(_: Request) -> Reply:
        if isinstance(reply, HangUp):
            raise reply
        return reply

    with (
        LoopbackServer(answer, tls=authority.server() if secure else None) as server,
        pytest.raises(SourceUnavailable, match="no answer: ") as caught,
    ):
        ask(named(server), trusted=authority)
    assert caught.value.code in ({code, "RemoteDisconnected"} if secure else {code})


def test_over_tls_large_packed_and_redirecting_answers_are_what_they_are(authority: Authority) -> None:
    large = b"x" * 1_000_000
    replies = iter([
        Reply(body=large), Reply(headers=(("Content-Encoding", "gzip"),), body=gzip.compress(large)),
        Reply(status=302, headers=(("Location", "https://elsewhere.example/"),)), GOOD,
    ])  # fmt: skip
    with (
        LoopbackServer(lambda _: next(replies), tls=authority.server()) as server,
        to(named(server), trusted=authority, size_cap=1_000_000) as transport,
    ):
        answers = [transport.send(PLAIN, seconds=5) for _ in range(4)]
    assert [answer.body for answer in answers[:2]] == [large, large]
    assert (answers[2].status, answers[2].headers["location"]) == (302, "https://elsewhere.example/")
    assert answers[3].body == GOOD.body


def test_a_connection_that_ended_while_it_lay_idle_is_opened_anew() -> None:
    with LoopbackServer(lambda _: Reply(body=b"x", reset=True)) as server:
        line = Line("127.0.0.1", server.port, Addresses("127.0.0.1", server.port), None)
        for _ in range(2):
            line.begin(clock.monotonic() + 5)
            line.freshen()
            line.request("GET", "/")
            assert line.getresponse().read() == b"x"
            select.select([line.sock], [], [], PROMPT)  # until the reset is there
            line.used_at = clock.monotonic() - 60
        line.close()


def test_a_good_read_over_tls_uses_no_more_connections_than_threads(authority: Authority) -> None:
    handshakes: list[str | None] = []
    context = authority.server()
    with LoopbackServer(lambda _: GOOD, tls=context) as server:
        context.sni_callback = lambda _, name, __: handshakes.append(name)
        outcomes = read_many(named(server), seconds=5, budget=20, trusted=authority)
    assert {type(outcome) for outcome in outcomes} == {Observation}
    assert 0 < len(handshakes) <= 64
    assert not isinstance(outcomes[0], FailedRead)
