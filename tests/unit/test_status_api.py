"""ListEvents over real sockets: what goes out, what becomes of every kind of answer, and how much is asked."""

from __future__ import annotations

import gzip
import json
import logging
import socket
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from urllib.parse import parse_qsl

import pytest

from local.fakes.loopback import HangUp, LoopbackServer, Reply, Request
from shd_relay import clock, window
from shd_relay.adapters.credentials import Credentials
from shd_relay.adapters.status_api import ListEventsSource
from shd_relay.model import FailedRead, Observation, Pair
from shd_relay.ports import Findings, ReadRequest

NOW = datetime(2026, 6, 10, 12, tzinfo=timezone.utc)
OURS = Credentials(access_key_id="LTAI-visible", access_key_secret="hidden-secret")
STS = Credentials(access_key_id="STS.visible", access_key_secret="hidden-secret", security_token="CAIS/to+ken==")
GOOD = {"Code": 200, "HTTPCode": 200, "Success": "true", "Total": 0, "Data": []}
Outcome = Observation | FailedRead
Params = Mapping[str, str]


def ok(**top: object) -> Reply:
    return Reply(body=json.dumps({**GOOD, **top}).encode())


def listing(*titles: str) -> Reply:
    return ok(Total=len(titles), Data=[{"Title": title, "CurrentStateSeverity": "ALARM"} for title in titles])


def refusal(code: str, status: int = 400, message: str = "m", **headers: str) -> Reply:
    given = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Reply(status=status, headers=given, body=json.dumps({"Code": code, "Message": message}).encode())


class Api:
    """Answers calls by a function of their parameters, and notes them."""

    def __init__(self, answer: Callable[[Params], Reply]) -> None:
        self.calls: list[Params] = []
        self.requests: list[Request] = []
        self._answer = answer
        self._lock = threading.Lock()
        self._server = LoopbackServer(self._serve)

    def _serve(self, request: Request) -> Reply:
        params = dict(parse_qsl(request.target.partition("?")[2], keep_blank_values=True))
        with self._lock:
            self.calls.append(params)
            self.requests.append(request)
        return self._answer(params)

    def __enter__(self) -> Api:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    @property
    def url(self) -> str:
        return self._server.url


def in_turn(*replies: Reply | HangUp) -> Callable[[Params], Reply]:
    """The replies one after the other, the last for ever."""
    left = list(replies)
    lock = threading.Lock()

    def answer(_: Params) -> Reply:
        with lock:
            reply = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(reply, HangUp):
            raise reply
        return reply

    return answer


def source(
    url: str, *, credentials: Credentials = OURS, budget: float = 20.0, rate: float = 5, rate_max: float = 0,
    threads: int = 8, call_seconds: float = 5.0, size_cap: int = 8_000_000, ca_bundle: str | None = None,
) -> ListEventsSource:  # fmt: skip
    return ListEventsSource(
        url, credentials, deadline=clock.monotonic() + budget, rate=rate, rate_max=rate_max, threads=threads,
        call_seconds=call_seconds, pause_seconds=0.005, size_cap=size_cap, ca_bundle=ca_bundle,
    )  # fmt: skip


def requests(count: int = 1, *, days: float = 0) -> list[ReadRequest]:
    return [ReadRequest(Pair(f"p{number}", "cn-hangzhou"), NOW - timedelta(days=days)) for number in range(count)]


def read(given: ListEventsSource, wanted: list[ReadRequest] | None = None, *, rung: int = 0) -> list[Outcome]:
    return list(given.read(requests() if wanted is None else wanted, now=NOW, rung=rung))


def read_one(answer: Callable[[Params], Reply], **given: object) -> Outcome:
    with Api(answer) as api:
        [outcome] = read(source(api.url, **given))  # type: ignore[arg-type]
    return outcome


def failed(answer: Callable[[Params], Reply], **given: object) -> FailedRead:
    outcome = read_one(answer, **given)
    assert isinstance(outcome, FailedRead)
    return outcome


# --- what goes out


def test_a_call_names_the_pair_the_days_and_the_action() -> None:
    with Api(in_turn(ok())) as api:
        read(source(api.url), [ReadRequest(Pair("ecs", "ap-southeast-1"), NOW)])
        [call], [request] = api.calls, api.requests
    assert (call["Action"], call["Version"], call["Format"]) == ("ListEvents", "2020-01-17", "JSON")
    assert (call["ProductId"], call["RegionId"]) == ("ecs", "ap-southeast-1")
    assert (call["EndDate"], call["NumOfDay"]) == ("2026-06-24", "21")
    assert (request.method, request.headers["x-acs-action"]) == ("GET", "ListEvents")
    assert "SecurityToken" not in call


def test_an_sts_token_is_sent_and_stays_with_its_own_source() -> None:
    with Api(in_turn(ok())) as api:
        read(source(api.url, credentials=STS))
        read(source(api.url))
    assert api.calls[0]["SecurityToken"] == "CAIS/to+ken=="
    assert "SecurityToken" not in api.calls[1]


def test_keys_in_the_sdks_own_variables_do_not_win_over_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALIYUN_ACCESS_KEY_ID", "intruder")
    monkeypatch.setenv("ALIYUN_ACCESS_KEY_SECRET", "intruder")
    with Api(in_turn(ok())) as api:
        read(source(api.url))
    assert api.calls[0]["AccessKeyId"] == "LTAI-visible"


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert isinstance(read_one(in_turn(ok())), Observation)


def test_every_attempt_has_a_nonce_of_its_own() -> None:
    with Api(in_turn(refusal("InternalError", 500), refusal("ServiceUnavailable", 503), ok())) as api:
        read(source(api.url))
    assert len({call["SignatureNonce"] for call in api.calls}) == 3


def test_calls_begin_in_the_order_of_the_requests() -> None:
    with Api(in_turn(ok())) as api:
        read(source(api.url, threads=1), requests(20))
    assert [call["ProductId"] for call in api.calls] == [f"p{number}" for number in range(20)]


def test_as_many_calls_run_at_once_as_there_are_threads() -> None:
    together = threading.Barrier(8, timeout=10)

    def answer(_: Params) -> Reply:
        together.wait()
        return ok()

    with Api(answer) as api:
        assert len(read(source(api.url, threads=8), requests(8))) == 8


def _ours() -> set[threading.Thread]:
    """Our threads in this process: other tests may have left some of other adapters."""
    return {thread for thread in threading.enumerate() if thread.name.startswith("shd-")}


def test_connections_are_used_again_and_dropped_at_the_end() -> None:
    before = _ours()
    with Api(in_turn(ok())) as api:
        read(source(api.url, threads=2), requests(30))
    assert len(api.calls) == 30
    assert _ours() <= before


def test_no_request_is_no_call() -> None:
    with Api(in_turn(ok())) as api:
        assert read(source(api.url), []) == []
    assert api.calls == []


# --- answers


def test_an_answer_is_an_observation_with_its_items_time_and_window() -> None:
    outcome = read_one(in_turn(listing("a", "b")))
    assert isinstance(outcome, Observation)
    assert (outcome.pair, outcome.operation, outcome.at) == (Pair("p0", "cn-hangzhou"), "ListEvents", NOW)
    assert [item.title for item in outcome.items] == ["a", "b"]
    assert outcome.windows == tuple(ask.window for ask in window.plan(NOW, NOW, 0))
    assert outcome.unreadable == ()


def test_an_item_that_cannot_be_read_is_told_beside_the_others() -> None:
    outcome = read_one(in_turn(ok(Total=2, Data=[{"Title": "a"}, {"Title": 5}])))
    assert isinstance(outcome, Observation)
    assert [item.title for item in outcome.items] == ["a"]
    assert outcome.unreadable == ('{"Title": 5}',)


def test_what_overlapping_windows_list_twice_is_one_item() -> None:
    with Api(in_turn(listing("a", "b"), listing("b", "c"))) as api:
        [outcome] = read(source(api.url), requests(days=100))
    assert isinstance(outcome, Observation)
    assert [item.title for item in outcome.items] == ["a", "b", "c"]
    assert len(outcome.windows) == 2
    assert [call["EndDate"] for call in api.calls] == ["2026-06-24", "2026-03-28"]


def test_when_one_of_several_windows_fails_nothing_is_concluded() -> None:
    with Api(in_turn(listing("a"), refusal("Whatever"))) as api:
        [outcome] = read(source(api.url), requests(days=100))
    assert isinstance(outcome, FailedRead)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(body=b"<html>502</html>"), "malformed answer: a web page"),
        (Reply(body=b"null"), "malformed answer: a JSON null"),
        (Reply(body=b'{"Code": 200, "Data"'), "malformed answer: not JSON, or cut off"),
        (Reply(body="错误".encode("gbk")), "malformed answer: not UTF-8 text"),
        (ok(Total=5), "truncated answer: 0 items of 5"),
        (ok(Data=None, Total=5), "malformed answer: Data is null though Total is 5"),
        (ok(Success=False, Message="internal"), "the answer says error: internal"),
        (Reply(status=302, headers=(("Location", "http://127.0.0.1:9/"),)), "HTTP 302: a redirect"),
        (refusal("SomethingNew", 400, "Nobody knows."), "SomethingNew: Nobody knows."),
        (Reply(status=418, body=b"123"), "HTTP 418: no reason given"),
        (Reply(status=404, body="错误".encode("gbk")), "HTTP 404: no reason given"),
        (Reply(headers=(("Content-Encoding", "br"),), body=b"x"), "malformed answer: encoded as br"),
        (Reply(headers=(("Content-Encoding", "gzip"),), body=b"x" * 50), "malformed answer: not gzip"),
        (Reply(headers=(("Content-Encoding", "gzip"),), body=gzip.compress(b"{}" * 9)[:-9]), "gzip that is cut off"),
    ],
    ids=["html", "null", "cut", "gbk", "truncated", "null data", "error", "302", "unknown", "418", "404", "br", "raw",
         "cut gzip"],
)  # fmt: skip
def test_an_answer_that_is_none_fails_this_read_at_once(reply: Reply, said: str) -> None:
    with Api(in_turn(reply)) as api:
        [outcome] = read(source(api.url))
    assert isinstance(outcome, FailedRead)
    assert said in outcome.reason
    assert not outcome.throttled
    assert len(api.calls) == 1


def test_gzip_is_understood_though_it_was_not_asked_for() -> None:
    answer = listing("zipped")
    packed = Reply(headers=(("Content-Encoding", "gzip"),), body=gzip.compress(answer.body))
    assert isinstance(read_one(in_turn(packed)), Observation)


@pytest.mark.parametrize("packed", [False, True])
def test_an_answer_over_the_cap_is_not_read_to_its_end(packed: bool) -> None:
    body = b" " * 2_000_000
    headers = (("Content-Encoding", "gzip"),) if packed else ()
    outcome = failed(in_turn(Reply(headers=headers, body=gzip.compress(body) if packed else body)), size_cap=100_000)
    assert outcome.reason == "answer too large: more than 100000 bytes"


def test_a_large_answer_below_the_cap_is_read() -> None:
    outcome = read_one(in_turn(listing(*(f"event {number} " + "x" * 100 for number in range(10_000)))))
    assert isinstance(outcome, Observation)
    assert len(outcome.items) == 10_000


# --- what may pass


@pytest.mark.parametrize(
    "reply",
    [
        refusal("InternalError", 500), refusal("ServiceUnavailable", 503), Reply(status=502, body=b"<html>"),
        refusal("SignatureNonceUsed"), refusal("InternalError", 400), HangUp(), HangUp(reset=True),
        Reply(body=b"x" * 100, send_only=10),
    ],
    ids=["500", "503", "502", "nonce", "code before status", "close", "reset", "cut off"],
)  # fmt: skip
def test_what_may_pass_is_tried_three_times_in_all(reply: Reply | HangUp) -> None:
    with Api(in_turn(reply)) as api:
        [outcome] = read(source(api.url))
        assert isinstance(outcome, FailedRead)
        assert len(api.calls) == 3
    assert isinstance(read_one(in_turn(reply, reply, ok())), Observation)


def test_a_connection_that_was_closed_while_idle_costs_a_retry_and_no_answer() -> None:
    with Api(in_turn(Reply(body=ok().body, reset=True))) as api:
        outcomes = read(source(api.url, threads=1), requests(3))
    assert [type(outcome) for outcome in outcomes] == [Observation] * 3


def test_nobody_behind_the_address_is_a_failed_read_that_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    [outcome] = read(source(f"http://127.0.0.1:{port}"))
    assert isinstance(outcome, FailedRead)
    assert "Connection refused" in outcome.reason
    assert outcome.code == "ConnectionRefusedError"


@pytest.mark.parametrize("drips", [b"x" * 1000, b"{" * 1000])
def test_an_answer_that_drips_ends_at_the_calls_deadline(drips: bytes) -> None:
    outcome = failed(in_turn(Reply(body=drips, drip_seconds=0.02)), call_seconds=0.15)
    assert (outcome.code, outcome.reason) == ("Deadline", "no answer within 0.15 s")


def test_an_answer_that_never_begins_ends_at_the_calls_deadline() -> None:
    assert failed(in_turn(Reply(delay_seconds=60)), call_seconds=0.1).code == "Deadline"


def test_headers_that_drip_end_at_the_calls_deadline() -> None:
    stop = threading.Event()

    def drip(listener: socket.socket) -> None:
        while not stop.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65_536)
                try:
                    connection.sendall(b"HTTP/1.1 200 OK\r\n")
                    while not stop.wait(0.02):
                        connection.sendall(b"X")
                except OSError:
                    continue

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener,))
        thread.start()
        [outcome] = read(source(f"http://127.0.0.1:{listener.getsockname()[1]}", call_seconds=0.15))
        stop.set()
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
    assert isinstance(outcome, FailedRead)
    assert outcome.code == "Deadline"


def test_a_call_never_outlives_the_budget() -> None:
    assert failed(in_turn(Reply(delay_seconds=60)), call_seconds=60, budget=0.15).code == "Deadline"


# --- throttling and budget


@pytest.mark.parametrize(
    "reply",
    [
        refusal("Throttling", x_acs_retry_after="0.01"), refusal("Throttling.User", x_acs_retry_after="0.01"),
        refusal("Throttling.Api", 503, x_acs_retry_after="0.01"), refusal("", 429, Retry_After="0.01"),
        refusal("Odd", 400, x_acs_retry_after="0.01"), ok(Code="Throttling.User", Success=False),
    ],
    ids=["plain", "user", "api", "429", "header", "under 200"],
)  # fmt: skip
def test_a_throttled_call_is_made_again_and_slows_the_source_down(reply: Reply) -> None:
    with Api(in_turn(reply, ok())) as api:
        given = source(api.url, rate=40)
        [outcome] = read(given)
    assert isinstance(outcome, Observation)
    assert len(api.calls) == 2
    learned = given.learned(NOW).pace
    assert learned is not None
    assert learned.throttled_at == NOW


def test_a_call_that_stays_throttled_ends_with_the_budget_and_says_so() -> None:
    outcome = failed(in_turn(refusal("Throttling.User", x_acs_retry_after="0.02")), budget=0.2)
    assert (outcome.throttled, outcome.code) == (True, "Throttling.User")


def test_a_wait_longer_than_the_budget_is_not_begun() -> None:
    with Api(in_turn(refusal("Throttling.User", x_acs_retry_after="60"))) as api:
        outcomes = read(source(api.url, threads=2), requests(50))
    assert len(api.calls) <= 2
    assert all(isinstance(outcome, FailedRead) and outcome.throttled for outcome in outcomes)
    assert len(outcomes) == len(api.calls)


def test_pairs_that_the_budget_does_not_reach_yield_nothing() -> None:
    with Api(in_turn(ok())) as api:
        outcomes = read(source(api.url, rate=0.5, rate_max=0.5, budget=1.0), requests(50))
    assert [outcome.pair.product for outcome in outcomes] == ["p0"]


def test_after_the_deadline_no_call_begins() -> None:
    with Api(in_turn(ok())) as api:
        assert read(source(api.url, budget=-1), requests(5)) == []
    assert api.calls == []


def test_a_rate_learned_in_one_read_is_where_the_next_begins() -> None:
    with Api(in_turn(refusal("Throttling", x_acs_retry_after="0.01"), ok())) as api:
        given = source(api.url, rate=40, rate_max=50)
        read(given)
        first = given.learned(NOW).pace
        read(given)
    assert first is not None
    assert given.learned(NOW).pace is not None


def test_without_ceiling_and_throttling_no_rate_is_learned() -> None:
    with Api(in_turn(ok())) as api:
        given = source(api.url)
        read(given, requests(30))
    assert given.learned(NOW) == Findings()


def test_a_reader_that_stops_early_leaves_nothing_running() -> None:
    before = _ours()
    with Api(in_turn(ok(), Reply(delay_seconds=60))) as api:
        outcomes = source(api.url, threads=4).read(requests(100), now=NOW, rung=0)
        assert isinstance(next(outcomes), Observation)
        outcomes.close()  # type: ignore[attr-defined]
    assert _ours() <= before


# --- refusals that concern everyone


@pytest.mark.parametrize(
    ("code", "status", "advice"),
    [
        ("InvalidAccessKeyId.NotFound", 404, "SHD_ACCESS_KEY_ID"),
        ("InvalidAccessKeyId.Inactive", 400, "disabled"),
        ("InvalidAccessKeySecret", 400, "SHD_ACCESS_KEY_SECRET"),
        ("SignatureDoesNotMatch", 400, "SHD_ACCESS_KEY_SECRET"),
        ("IncompleteSignature", 400, "signature"),
        ("MissingSecurityToken", 400, "SHD_SECURITY_TOKEN"),
        ("InvalidSecurityToken.Expired", 403, "expired"),
        ("InvalidSecurityToken.MismatchWithAccessKey", 400, "one set"),
        ("InvalidAction.NotFound", 404, "ListEvents is not offered (any more) to this account"),
        ("InvalidApi.NotFound", 404, "ListEvents is not offered (any more) to this account"),
        ("Forbidden.RAM", 403, "status:ListEvents"),
        ("NoPermission", 400, "status:ListEvents"),
        ("InvalidTimeStamp.Expired", 400, "clock"),
        ("IllegalTimestamp", 400, "clock"),
        ("InvalidProtocol.NeedSsl", 400, "https"),
        ("InvalidProduct.NotFound", 404, "SHD_ENDPOINT"),
        ("Nobody.Knows", 403, "m"),
    ],
)
def test_a_refusal_of_everyone_says_what_to_check_and_ends_the_asking(code: str, status: int, advice: str) -> None:
    with Api(in_turn(refusal(code, status))) as api:
        outcomes = read(source(api.url, threads=1), requests(40))
    assert len(api.calls) == 5
    assert len(outcomes) == 40
    assert {(outcome.code, outcome.reason) for outcome in outcomes if isinstance(outcome, FailedRead)} == {
        (code, outcomes[0].reason)  # type: ignore[union-attr]
    }
    assert advice in outcomes[0].reason  # type: ignore[union-attr]


def test_a_product_that_is_denied_ends_nothing_for_the_others_and_the_asking_goes_on() -> None:
    """A RAM policy may allow one product and deny another: 35 regions of one are no word about the next."""

    def answer(params: Params) -> Reply:
        return refusal("NoPermission.Oss", 403) if params["ProductId"] == "oss" else ok(Data=[], Total=0)

    wanted = [ReadRequest(Pair("oss", f"r{n}"), NOW) for n in range(20)] + requests(3)
    with Api(answer) as api:
        outcomes = read(source(api.url, threads=1), wanted)
    assert len(api.calls) == 8  # five of the product that is denied, and those of the others
    assert [isinstance(outcome, FailedRead) for outcome in outcomes] == [True] * 20 + [False] * 3


def test_what_was_never_asked_says_so() -> None:
    with Api(in_turn(refusal("InvalidAccessKeyId.NotFound", 404))) as api:
        outcomes = read(source(api.url, threads=1), requests(8))
    assert [outcome.asked for outcome in outcomes if isinstance(outcome, FailedRead)] == [True] * 5 + [False] * 3


def test_a_pair_whose_window_is_always_refused_narrows_nobody_elses() -> None:
    def answer(params: Params) -> Reply:
        return refusal("InvalidParameter") if params["ProductId"] == "p0" else ok(Data=[], Total=0)

    with Api(answer) as api:
        read(source(api.url, threads=1), requests(3))
    days = [call["NumOfDay"] for call in api.calls if call["ProductId"] != "p0"]
    assert days == [api.calls[0]["NumOfDay"]] * 2


def test_an_event_that_changed_between_two_overlapping_calls_is_one_as_the_later_call_says() -> None:
    row = {"Title": "Disks fail", "CurrentStateSeverity": "ALARM", "SartTime": 1_766_000_000_000, "EndTime": None}
    ended = row | {"EndTime": 1_766_000_600_000}
    with Api(in_turn(ok(Data=[row], Total=1), ok(Data=[ended], Total=1))) as api:
        [outcome] = read(source(api.url), requests(1, days=150))
    assert len(api.calls) == 2
    assert isinstance(outcome, Observation)
    assert [item.end is not None for item in outcome.items] == [True]


def test_a_refused_signature_that_echoes_the_parameters_is_not_taken_for_a_refused_window() -> None:
    echo = "Specified signature is not matched. server string to sign is:GET&%2F&EndDate%3D2026-06-24%26NumOfDay%3D21"
    with Api(in_turn(refusal("SignatureDoesNotMatch", message=echo))) as api:
        given = source(api.url)
        assert isinstance(read(given)[0], FailedRead)
    assert (len(api.calls), given.learned(NOW).rung) == (1, 0)


def test_with_many_threads_hardly_more_calls_are_made_when_all_are_refused() -> None:
    with Api(in_turn(refusal("InvalidAccessKeyId.NotFound", 404))) as api:
        assert len(read(source(api.url, threads=8), requests(300))) == 300
    assert len(api.calls) <= 5 + 8


def test_refusals_between_answers_do_not_end_the_asking() -> None:
    def answer(params: Params) -> Reply:
        return ok() if int(params["ProductId"][1:]) % 4 == 0 else refusal("Forbidden.RAM", 403)

    with Api(answer) as api:
        read(source(api.url, threads=1), requests(40))
    assert len(api.calls) == 40


def test_refusals_of_single_pairs_never_end_the_asking() -> None:
    with Api(in_turn(refusal("InvalidParameter.ProductId"))) as api:
        outcomes = read(source(api.url, threads=1), requests(40))
    assert len(api.calls) == 40
    assert all(isinstance(outcome, FailedRead) for outcome in outcomes)


def test_a_wrong_clock_is_told_with_how_far_it_is_off() -> None:
    server_time = datetime.now(timezone.utc) + timedelta(hours=2)
    outcome = failed(in_turn(refusal("InvalidTimeStamp.Expired", Date=format_datetime(server_time, usegmt=True))))
    _, _, told = outcome.reason.partition("clock is wrong: ")
    assert told.endswith(" s behind the server's")
    assert abs(int(told.split()[0]) - 7200) <= 60


def test_a_wrong_clock_without_a_servers_date_is_told_without_a_number() -> None:
    outcome = failed(in_turn(refusal("InvalidTimeStamp.Expired", Date="soon")))
    assert outcome.reason == "InvalidTimeStamp.Expired: this machine's clock is wrong"


# --- the window


def window_limited(*, most_days: int = 9999, look_ahead: int = 9999) -> Callable[[Params], Reply]:
    def answer(params: Params) -> Reply:
        ahead = (datetime.fromisoformat(params["EndDate"]) - datetime(2026, 6, 10)).days  # noqa: DTZ001
        if ahead > look_ahead:
            return refusal("InvalidParameter", message="Specified parameter EndDate is not valid.")
        if int(params["NumOfDay"]) > most_days:
            return refusal("InvalidNumOfDay")
        return ok()

    return answer


@pytest.mark.parametrize(
    ("limits", "days", "rung"),
    [
        ({}, 0, 0),
        ({"look_ahead": 1}, 0, 1),
        ({"look_ahead": 0}, 0, 2),
        ({"most_days": 30}, 20, 1),
        ({"most_days": 31}, 60, 3),
        ({"most_days": 30, "look_ahead": 0}, 60, 5),
        ({"most_days": 7, "look_ahead": 0}, 10, 6),
    ],
)
def test_a_refused_window_is_narrowed_until_it_is_taken(limits: dict[str, int], days: int, rung: int) -> None:
    with Api(window_limited(**limits)) as api:
        given = source(api.url)
        [outcome] = read(given, requests(days=days))
    assert isinstance(outcome, Observation)
    assert given.learned(NOW).rung == rung
    assert outcome.windows == tuple(ask.window for ask in window.plan(NOW - timedelta(days=days), NOW, rung))


def test_one_refusal_narrows_the_window_for_all_who_come_after() -> None:
    with Api(window_limited(look_ahead=0)) as api:
        read(source(api.url, threads=1), requests(20))
    assert Counter(call["EndDate"] for call in api.calls) == {"2026-06-24": 1, "2026-06-11": 1, "2026-06-10": 20}


def test_a_read_begins_at_the_rung_it_is_given() -> None:
    with Api(window_limited(look_ahead=0)) as api:
        given = source(api.url)
        read(given, requests(5), rung=2)
    assert {call["EndDate"] for call in api.calls} == {"2026-06-10"}
    assert given.learned(NOW).rung == 2


def test_a_pair_refused_at_every_rung_fails_and_teaches_nothing() -> None:
    def answer(params: Params) -> Reply:
        return refusal("InvalidParameter", message="no") if params["ProductId"] == "p0" else ok()

    with Api(answer) as api:
        given = source(api.url, threads=1)
        outcomes = read(given, requests(5))
    assert [type(outcome) for outcome in outcomes] == [FailedRead, *[Observation] * 4]
    assert len(api.calls) == len(window.RUNGS) + 4
    assert given.learned(NOW).rung == 0


# --- secrets


def test_no_secret_of_a_hostile_answer_or_of_a_failed_connection_comes_through(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    seen: list[Params] = []

    def echo(params: Params) -> Reply:
        seen.append(params)
        text = "&".join(f"{name}={value}" for name, value in params.items())
        return refusal(f"Odd.{params['AccessKeyId']}", message=f"sign is:{text} token {params['SecurityToken']}")

    outcomes = [failed(echo, credentials=STS), failed(in_turn(HangUp(reset=True)), credentials=STS)]
    secrets = ["STS.visible", "hidden-secret", "CAIS", seen[0]["Signature"], seen[0]["SignatureNonce"]]
    for text in [*(outcome.reason + outcome.code + repr(outcome) for outcome in outcomes), caplog.text]:
        assert [secret for secret in secrets if secret in text] == []


def test_what_the_sdk_itself_chokes_on_is_one_failed_read() -> None:
    with Api(in_turn(ok())) as api:
        outcomes = read(source(api.url), [ReadRequest(Pair("\ud800", "r"), NOW), *requests(3)])
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["FailedRead", *["Observation"] * 3]
    [bad] = [outcome for outcome in outcomes if isinstance(outcome, FailedRead)]
    assert bad.code == "UnicodeEncodeError"
