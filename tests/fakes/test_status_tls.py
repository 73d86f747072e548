"""The stand-in over TLS: certificates good and bad, server names, and handshakes that hang."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.http.protocol_type import HTTPS
from aliyunsdkcore.request import RpcRequest

from local.fakes.certificates import Authority
from local.fakes.status import LOCAL_KEY_ID, LOCAL_KEY_SECRET, Fault, GatewayRules, StatusFake
from tests.fakes.status_wire import Answer, ask, send_over, signed


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def fake(authority: Authority) -> Iterator[StatusFake]:
    with StatusFake(tls=authority.server()) as running:
        yield running


def ask_securely(fake: StatusFake, context: ssl.SSLContext, *, host: str = "127.0.0.1", timeout: float = 5) -> Answer:
    connection = http.client.HTTPSConnection(host, fake.port, context=context, timeout=timeout)
    try:
        return send_over(connection, signed())
    finally:
        connection.close()


def test_a_good_certificate_is_accepted_under_each_of_its_names(fake: StatusFake, authority: Authority) -> None:
    assert fake.url == f"https://127.0.0.1:{fake.port}"
    assert ask_securely(fake, authority.client()).json["Code"] == 200
    assert ask_securely(fake, authority.client(), host="localhost").json["Code"] == 200
    assert [(call.secure, call.sni) for call in fake.calls] == [(True, None), (True, "localhost")]


def test_calls_over_plain_http_are_told_from_secure_ones(fake: StatusFake, authority: Authority) -> None:
    with StatusFake() as plain:
        for each in (fake, plain):
            each.gateway = GatewayRules(need_ssl=True)
        assert ask(plain).json["Code"] == "InvalidProtocol.NeedSsl"
        assert (plain.calls[0].secure, plain.calls[0].sni) == (False, None)
    assert ask_securely(fake, authority.client()).json["Code"] == 200


def test_each_connection_has_its_own_server_name(fake: StatusFake, authority: Authority) -> None:
    context = authority.client()
    context.check_hostname = False
    for name in ("status.aliyuncs.com", None, "localhost"):
        with (
            socket.create_connection(("127.0.0.1", fake.port), timeout=5) as plain,
            context.wrap_socket(plain, server_hostname=name) as secured,
        ):
            for _ in range(2):
                secured.sendall(f"GET /?{urlencode(signed())} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                assert secured.recv(65536).startswith(b"HTTP/1.1 200")
    seen = [(call.sni, call.reused) for call in fake.calls]
    assert seen == [(n, r) for n in ("status.aliyuncs.com", None, "localhost") for r in (False, True)]


@pytest.mark.parametrize(
    ("names", "expired", "self_signed", "why"),
    [
        (("elsewhere.example", "127.0.0.2"), False, False, "127.0.0.1"),
        ((), True, False, "expired"),
        ((), False, True, "self.signed"),
    ],
)
def test_a_bad_certificate_is_refused_by_a_client_that_looks(
    authority: Authority, names: tuple[str, ...], expired: bool, self_signed: bool, why: str
) -> None:
    context = authority.server(*names, expired=expired, self_signed=self_signed)
    with StatusFake(tls=context) as fake, pytest.raises(ssl.SSLCertVerificationError, match=why):
        ask_securely(fake, authority.client())
    assert fake.calls == []


def test_a_certificate_of_an_unknown_authority_is_refused(fake: StatusFake, tmp_path: Path) -> None:
    stranger = Authority(tmp_path, "Stranger")
    with pytest.raises(ssl.SSLCertVerificationError, match=r"issuer|unable to get"):
        ask_securely(fake, stranger.client())
    with pytest.raises(ssl.SSLCertVerificationError):
        ask_securely(fake, ssl.create_default_context())


@pytest.mark.filterwarnings("ignore:ssl:DeprecationWarning")  # the urllib3 inside the SDK is of 2019
def test_the_sdk_speaks_to_it_over_https(fake: StatusFake, authority: Authority) -> None:
    acs = AcsClient(LOCAL_KEY_ID, LOCAL_KEY_SECRET, "cn-hangzhou", verify=str(authority.file))
    request = RpcRequest("Status", "2020-01-17", "ListEvents", protocol=HTTPS)
    request.set_endpoint(fake.endpoint)
    request.add_query_param("ProductId", "ecs")
    try:
        assert json.loads(acs.do_action_with_exception(request))["Total"] == 0
    finally:
        acs.session.close()
    assert fake.calls[-1].secure


def test_a_handshake_can_hang_and_holds_up_nobody_else(fake: StatusFake, authority: Authority) -> None:
    context = authority.client()
    fake.hang_connections()
    with pytest.raises(TimeoutError):
        ask_securely(fake, context, timeout=0.1)
    with socket.create_connection(("127.0.0.1", fake.port), timeout=5):  # a client that never says hello
        assert ask_securely(fake, context).status == 200
    fake.hang_connections(times=None)
    for _ in range(2):
        with pytest.raises(TimeoutError):
            ask_securely(fake, context, timeout=0.05)
    fake.heal()
    assert ask_securely(fake, context).status == 200
    assert len(fake.calls) == 2


def test_a_connection_without_tls_can_hang_too() -> None:
    with StatusFake() as fake:
        fake.hang_connections()
        connection = http.client.HTTPConnection(fake.endpoint, timeout=0.05)
        with pytest.raises(TimeoutError):
            send_over(connection, signed())
        connection.close()
        assert ask(fake).status == 200


def test_an_open_connection_is_not_hit_by_what_is_done_to_new_ones(fake: StatusFake, authority: Authority) -> None:
    connection = http.client.HTTPSConnection("127.0.0.1", fake.port, context=authority.client(), timeout=5)
    try:
        assert send_over(connection, signed()).status == 200
        fake.hang_connections(times=None)
        assert send_over(connection, signed()).status == 200
    finally:
        connection.close()


def test_stopping_drops_handshakes_that_hang_and_connections_that_are_open(
    fake: StatusFake, authority: Authority
) -> None:
    fake.hang_connections()
    hanging = socket.create_connection(("127.0.0.1", fake.port), timeout=5)
    silent = socket.create_connection(("127.0.0.1", fake.port), timeout=5)
    connection = http.client.HTTPSConnection("127.0.0.1", fake.port, context=authority.client(), timeout=5)
    send_over(connection, signed())
    fake.stop()
    assert hanging.recv(1) == silent.recv(1) == b""
    with pytest.raises((http.client.HTTPException, OSError)):
        send_over(connection, signed())
    for each in (hanging, silent, connection):
        each.close()
    fake.start()
    assert ask_securely(fake, authority.client()).status == 200


@pytest.mark.parametrize("fault", [Fault.CLOSE_BEFORE_ANSWER, Fault.RESET, Fault.CUT_BODY, Fault.STALE_CONNECTION])
def test_faults_of_the_socket_are_played_under_tls(fake: StatusFake, authority: Authority, fault: Fault) -> None:
    fake.fail(fault)
    connection = http.client.HTTPSConnection("127.0.0.1", fake.port, context=authority.client(), timeout=5)
    with pytest.raises((http.client.HTTPException, OSError)):  # noqa: PT012 - a stale one needs a call before it
        send_over(connection, signed())
        send_over(connection, signed())
    connection.close()
    assert ask_securely(fake, authority.client()).status == 200


def test_many_clients_shake_hands_at_once(fake: StatusFake, authority: Authority) -> None:
    context = authority.client()
    statuses: list[int] = []
    threads = [threading.Thread(target=lambda: statuses.append(ask_securely(fake, context).status)) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 24
