"""The policy of publishing, shown with the real SDK at the stand-in over real sockets."""

from __future__ import annotations

import logging
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from local.fakes.loopback import LoopbackServer, Reply, Request
from local.fakes.mns import LOCAL_KEY_ID, LOCAL_KEYS, LOCAL_SECRET, Fault, Key, MnsFake
from shd_relay import clock
from shd_relay.adapters.credentials import Credentials
from shd_relay.adapters.mns_refusals import check_module
from shd_relay.adapters.mns_topic import MnsPublisher
from shd_relay.errors import ContractError, MessageRefused, PublishUnavailable, RelayError
from shd_relay.model import Message

ROOT = Path(__file__).parents[2]
TOPIC = "service-health"
OURS = Credentials(access_key_id=LOCAL_KEY_ID, access_key_secret=LOCAL_SECRET)
MESSAGE = Message(id="evt_1.1", tag="incident", body='{"id": "evt_1.1", "title": "云服务 <异常> & \\"more\\""}')


@pytest.fixture
def mns() -> Iterator[MnsFake]:
    with MnsFake() as fake:
        fake.create_topic(TOPIC)
        yield fake


class Pauses(list[float]):
    """Notes how long it should have waited, and does not."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def publisher(
    url: str, credentials: Credentials = OURS, *, topic: str = TOPIC, budget: float = 30.0, timeout: float = 5.0,
    pause: Pauses | None = None, tries: int = 3,
) -> MnsPublisher:  # fmt: skip
    return MnsPublisher(
        url, topic, credentials, deadline=clock.monotonic() + budget, timeout_seconds=timeout, tries=tries,
        pause=Pauses() if pause is None else pause,
    )  # fmt: skip


def publish(url: str, message: Message = MESSAGE, **given: object) -> None:
    sender = publisher(url, **given)  # type: ignore[arg-type]
    try:
        sender.publish(message)
    finally:
        sender.close()


def bodies(mns: MnsFake) -> list[str]:
    return [each.body for each in mns.published(TOPIC)]


def test_the_topic_gets_the_very_text_and_the_tag(mns: MnsFake) -> None:
    publish(mns.url)
    [got] = mns.published(TOPIC)
    assert (got.body, got.tag) == (MESSAGE.body, "incident")


def test_several_messages_go_over_one_client(mns: MnsFake) -> None:
    sender = publisher(mns.url)
    for _ in range(3):
        sender.publish(MESSAGE)
    sender.close()
    assert bodies(mns) == [MESSAGE.body] * 3


def test_without_an_sts_token_no_token_is_sent(mns: MnsFake) -> None:
    publish(mns.url)
    assert mns.calls[-1].headers.get("security-token") is None


def test_an_sts_token_goes_as_the_token_and_not_as_the_version() -> None:
    keys = {**LOCAL_KEYS, "STS.local": Key(secret="sts-secret", token="sts-token")}
    credentials = Credentials(access_key_id="STS.local", access_key_secret="sts-secret", security_token="sts-token")
    with MnsFake(keys=keys) as mns:
        mns.create_topic(TOPIC)
        publish(mns.url, credentials=credentials)
        headers = mns.calls[-1].headers
        assert (headers["security-token"], headers["x-mns-version"]) == ("sts-token", "2015-06-06")


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault.THROTTLED, "TooManyRequests"),
        (Fault.QPS_LIMIT, "QpsLimitExceeded"),
        (Fault.INTERNAL_ERROR, "InternalError"),
        (Fault.EMPTY_500, "RespDataDamaged"),
        (Fault.HTML_502, "RespDataDamaged"),
        (Fault.REDIRECT, "RespDataDamaged"),
        (Fault.CLOSE_BEFORE, "NetWorkException"),
        (Fault.RESET_BEFORE, "NetWorkException"),
        (Fault.RESET_AFTER, "NetWorkException"),
        (Fault.BROKEN_XML, "RespDataDamaged"),
        (Fault.WRONG_MD5, "RespDataDamaged"),
    ],
)
def test_what_may_pass_is_tried_three_times_and_then_unavailable(mns: MnsFake, fault: Fault, code: str) -> None:
    mns.fail(fault, times=None)
    pauses = Pauses()
    with pytest.raises(PublishUnavailable) as caught:
        publish(mns.url, pause=pauses)
    assert caught.value.code == code
    assert len(pauses) == 2
    sent_by_the_sdk_itself = 2 if fault is Fault.CLOSE_BEFORE else 1
    assert len(mns.calls) == 3 * sent_by_the_sdk_itself


@pytest.mark.parametrize("fault", [Fault.THROTTLED, Fault.RESET_BEFORE, Fault.HTML_502, Fault.WRONG_MD5])
def test_a_passing_failure_is_mended_by_the_next_try_with_the_same_body(mns: MnsFake, fault: Fault) -> None:
    mns.fail(fault)
    publish(mns.url)
    assert set(bodies(mns)) == {MESSAGE.body}


def test_a_connection_that_was_reset_while_idle_costs_one_try(mns: MnsFake) -> None:
    mns.fail(Fault.RESET_IDLE)
    sender = publisher(mns.url)
    sender.publish(MESSAGE)
    sender.publish(Message(id="evt_1.2", tag="incident", body="{}"))
    sender.close()
    assert bodies(mns)[0] == MESSAGE.body
    assert bodies(mns)[-1] == "{}"


def test_pauses_grow_and_are_jittered(mns: MnsFake) -> None:
    mns.fail(Fault.THROTTLED, times=None)
    pauses = Pauses()
    with pytest.raises(PublishUnavailable):
        publish(mns.url, pause=pauses)
    assert 0.1 <= pauses[0] <= 0.3
    assert 0.2 <= pauses[1] <= 0.6


@pytest.mark.parametrize(
    ("fault", "code", "advice"),
    [
        (Fault.ACCESS_DENIED, "AccessDenied", "mns:PublishMessage"),
        (Fault.INVALID_ACCESS_KEY_ID, "InvalidAccessKeyId", "ALIBABA_CLOUD_ACCESS_KEY_ID"),
        (Fault.TOPIC_NOT_EXIST, "TopicNotExist", "MNS_TOPIC"),
    ],
)
def test_what_concerns_the_system_is_tried_once_and_says_what_to_check(
    mns: MnsFake, fault: Fault, code: str, advice: str
) -> None:
    mns.fail(fault, times=None)
    with pytest.raises(ContractError, match=advice) as caught:
        publish(mns.url)
    assert not isinstance(caught.value, MessageRefused)
    assert caught.value.code == code
    assert len(mns.calls) == 1


def test_a_topic_that_is_not_there_concerns_the_system(mns: MnsFake) -> None:
    with pytest.raises(ContractError, match="MNS_TOPIC") as caught:
        publish(mns.url, topic="elsewhere")
    assert caught.value.code == "TopicNotExist"


def test_a_wrong_secret_is_named_and_not_shown(mns: MnsFake) -> None:
    wrong = Credentials(access_key_id=LOCAL_KEY_ID, access_key_secret="wrong-secret-text")
    with pytest.raises(ContractError) as caught:
        publish(mns.url, credentials=wrong)
    assert caught.value.code == "SignatureDoesNotMatch"
    assert "ALIBABA_CLOUD_ACCESS_KEY_SECRET" in str(caught.value)
    assert "wrong-secret-text" not in str(caught.value)


@pytest.mark.parametrize(
    ("fault", "code"), [(Fault.INVALID_ARGUMENT, "InvalidArgument"), (Fault.MALFORMED_XML, "MalformedXML")]
)
def test_a_message_is_refused_only_after_three_refusals(mns: MnsFake, fault: Fault, code: str) -> None:
    mns.fail(fault, times=None)
    with pytest.raises(MessageRefused) as caught:
        publish(mns.url)
    assert caught.value.code == code
    assert len(mns.calls) == 3


def test_a_message_that_is_refused_once_only_goes_through(mns: MnsFake) -> None:
    mns.fail(Fault.INVALID_ARGUMENT)
    publish(mns.url)
    assert bodies(mns) == [MESSAGE.body]


def test_a_clock_that_is_off_is_tried_twice_and_concerns_the_system() -> None:
    with MnsFake(wall_clock=lambda: 1_000_000_000.0) as mns:
        mns.create_topic(TOPIC)
        with pytest.raises(ContractError, match="clock") as caught:
            publish(mns.url)
        assert caught.value.code == "TimeExpired"
        assert len(mns.calls) == 2


@pytest.mark.parametrize(
    "body",
    ["x" * 65_537, "云" * 30_000, "", "a\r\nb", "\x00", "\ud800", "\uffff", {"a": 1}, b"bytes"],
    ids=["bytes", "characters", "empty", "CR", "NUL", "surrogate", "U+FFFF", "dict", "bytes object"],
)
def test_what_the_topic_cannot_take_unchanged_is_refused_without_sending(mns: MnsFake, body: str) -> None:
    with pytest.raises(MessageRefused):
        publish(mns.url, Message(id="evt_1.1", tag="incident", body=body))
    assert mns.calls == ()


def test_a_tag_that_is_too_long_is_refused_without_sending(mns: MnsFake) -> None:
    with pytest.raises(MessageRefused):
        publish(mns.url, Message(id="evt_1.1", tag="x" * 17, body="{}"))
    assert mns.calls == ()


def test_the_largest_body_is_accepted(mns: MnsFake) -> None:
    publish(mns.url, Message(id="evt_1.1", tag="incident", body="x" * 65_536))
    assert len(bodies(mns)[0]) == 65_536


def test_an_answer_that_never_comes_ends_at_the_timeout(mns: MnsFake) -> None:
    mns.fail(Fault.HANG, times=None)
    with pytest.raises(PublishUnavailable):
        publish(mns.url, timeout=0.1, tries=1)
    mns.heal()


def test_what_is_cut_off_at_the_timeout_is_not_sent_again_by_the_sdk() -> None:
    asked: list[str] = []

    def silent(request: Request) -> Reply:
        asked.append(request.target)
        return Reply(status=201, delay_seconds=60)

    with LoopbackServer(silent) as server:
        with pytest.raises(PublishUnavailable) as caught:
            publish(server.url, timeout=0.15, tries=1)
        assert caught.value.code in ("Deadline", "NetWorkException")
    assert len(asked) == 1


def test_an_answer_that_drips_ends_at_the_timeout_and_is_not_sent_again() -> None:
    asked: list[str] = []

    def drip(request: Request) -> Reply:
        asked.append(request.target)
        return Reply(status=201, body=b"<Message>" * 100, drip_seconds=0.02)

    with LoopbackServer(drip) as server, pytest.raises(PublishUnavailable) as caught:
        publish(server.url, timeout=0.2, tries=1)
    assert caught.value.code == "Deadline"
    assert len(asked) == 1


def test_over_tls_an_answer_that_never_comes_ends_at_the_timeout_too() -> None:
    silent = socket.create_server(("127.0.0.1", 0))  # accepts in its backlog and never says hello
    with silent, pytest.raises(PublishUnavailable):
        publish(f"https://127.0.0.1:{silent.getsockname()[1]}", timeout=0.1, tries=1)


def test_nobody_behind_the_address_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(PublishUnavailable) as caught:
        publish(f"http://127.0.0.1:{port}")
    assert caught.value.code == "NetWorkException"


def test_no_try_begins_after_the_deadline(mns: MnsFake) -> None:
    with pytest.raises(PublishUnavailable) as caught:
        publish(mns.url, budget=-1.0)
    assert caught.value.code == "Deadline"
    assert mns.calls == ()


def test_a_pause_that_would_pass_the_deadline_is_not_begun(mns: MnsFake) -> None:
    mns.fail(Fault.THROTTLED, times=None)
    pauses = Pauses()
    with pytest.raises(PublishUnavailable) as caught:
        publish(mns.url, budget=0.09, pause=pauses)
    assert pauses == []
    assert caught.value.code in ("TooManyRequests", "Deadline")


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "127.0.0.1:80"])
def test_an_endpoint_that_is_none_is_not_held_against_the_message(url: str) -> None:
    with pytest.raises(ContractError, match="MNS_ENDPOINT") as caught:
        publish(url)
    assert not isinstance(caught.value, MessageRefused)


def _error(code: str, message: str) -> Reply:
    text = f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>R1</RequestId><HostId>h</HostId></Error>"
    return Reply(status=400, body=text.encode())


def _refusal_by(code: str, message: str, *, credentials: Credentials = OURS) -> RelayError:
    with LoopbackServer(lambda _: _error(code, message)) as server, pytest.raises(RelayError) as caught:
        publish(server.url, credentials=credentials)
    return caught.value


def test_an_unknown_code_stops_the_relay_rather_than_lose_the_message() -> None:
    error = _refusal_by("SomethingNew", "Nobody has seen this before.")
    assert type(error) is ContractError
    assert "SomethingNew: Nobody has seen this before. (request R1)" in str(error)


def test_an_unknown_code_that_speaks_of_the_message_refuses_the_message() -> None:
    assert isinstance(_refusal_by("MessageTooLarge", "Too large."), MessageRefused)


def test_secrets_in_an_error_text_do_not_come_through() -> None:
    secret = Credentials(access_key_id="LTAI-visible", access_key_secret="hidden+/secret", security_token="tok/en==")
    echoed = "Authorization: MNS LTAI-visible:abcdef= token tok/en== and tok%2Fen%3D%3D and hidden+/secret"
    text = str(_refusal_by("AccessSomething", echoed, credentials=secret))
    for part in ("LTAI-visible", "abcdef", "tok/en", "tok%2Fen", "hidden"):
        assert part not in text


def test_nothing_is_printed_and_nothing_is_logged(
    mns: MnsFake, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    mns.fail(Fault.HTML_502)
    publish(mns.url)
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


def test_no_thread_stays_behind(mns: MnsFake) -> None:
    publish(mns.url)
    assert [thread.name for thread in threading.enumerate() if isinstance(thread, threading.Timer)] == []


def test_another_package_of_the_same_name_is_refused_and_named() -> None:
    with pytest.raises(ContractError, match=r"aliyun-mns 1\.1\.5 .*prints the AccessKey secret"):
        check_module(SimpleNamespace(name="aliyun-mns", version="1.1.5", __file__="site/mns/pkg_info.py"))
    with pytest.raises(ContractError, match="unknown unknown"):
        check_module(SimpleNamespace())


def test_the_preinstalled_package_is_refused_before_it_runs(tmp_path: Path) -> None:
    package = tmp_path / "mns"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "pkg_info.py").write_text('name = "aliyun-mns"\nversion = "1.1.5"\n')
    (package / "topic.py").write_text("raise SystemExit('the topic was imported')\n")
    (package / "mns_client.py").write_text("raise SystemExit('the client was imported')\n")
    script = """
from shd_relay.adapters.credentials import Credentials
from shd_relay.adapters.mns_topic import MnsPublisher
from shd_relay.errors import ContractError
from shd_relay.model import Message
key = Credentials(access_key_id="a", access_key_secret="b")
try:
    MnsPublisher("http://127.0.0.1:1", "t", key, deadline=1e12).publish(Message(id="1", tag="t", body="{}"))
except ContractError as error:
    print(error.code)
"""
    path = f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(ROOT / 'shared')!r}]\n"
    run = subprocess.run([sys.executable, "-c", path + script], capture_output=True, text=True, check=False)
    assert (run.stdout, run.stderr) == ("WrongModule\n", "")
