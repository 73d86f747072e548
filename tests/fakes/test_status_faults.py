"""Each fault does on the wire what its name says, to the calls it is armed for and to no other."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import threading
from collections.abc import Iterator
from datetime import datetime, timezone

import pytest
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import RpcRequest

from local.fakes.status import LOCAL_KEY_ID, LOCAL_KEY_SECRET, Call, Dialect, Fault, ShownEvent, StatusFake
from tests.fakes.status_wire import ask, send_over, signed

EVENT = ShownEvent(
    product="ecs", region="cn-hangzhou", title="trouble", start=datetime(2026, 3, 10, tzinfo=timezone.utc)
)


@pytest.fixture
def fake() -> Iterator[StatusFake]:
    with StatusFake() as running:
        running.world.put(EVENT)
        yield running


@pytest.fixture
def client() -> Iterator[AcsClient]:
    acs = AcsClient(LOCAL_KEY_ID, LOCAL_KEY_SECRET, "cn-hangzhou")
    yield acs
    acs.session.close()


def by_sdk(fake: StatusFake, client: AcsClient) -> bytes:
    request = RpcRequest("Status", "2020-01-17", "ListEvents")
    request.set_endpoint(fake.endpoint)
    request.add_query_param("ProductId", "ecs")
    answer: bytes = client.do_action_with_exception(request)
    return answer


def test_every_fault_can_be_armed_and_is_over_after_its_times(fake: StatusFake) -> None:
    silent = {Fault.HANG, Fault.CLOSE_BEFORE_ANSWER, Fault.RESET, Fault.STALE_CONNECTION, Fault.CUT_BODY}
    for fault in sorted(set(Fault) - silent, key=lambda fault: fault.value):
        fake.fail(fault, seconds=0.0 if fault is not Fault.CLOCK_SKEW else None)
        ask(fake)
        assert fake.calls[-1].fault == fault.name
        assert ask(fake).json["Total"] == 1


def test_an_error_envelope_comes_with_200(fake: StatusFake) -> None:
    fake.fail(Fault.ERROR_ENVELOPE_200)
    answer = ask(fake)
    assert answer.status == 200
    assert (answer.json["Success"], answer.json["Code"], answer.json["Data"]) == ("false", 500, None)


def test_a_bad_item_comes_beside_the_good_one(fake: StatusFake) -> None:
    for fault in (Fault.ITEM_NOT_OBJECT, Fault.ITEM_WITHOUT_TITLE, Fault.ITEM_GARBAGE_TIMES):
        fake.fail(fault)
    no_object, no_title, garbage = (ask(fake).json for _ in range(3))
    assert all(body["Data"][0]["Title"] == "trouble" for body in (no_object, no_title, garbage))
    assert all((body["Total"], len(body["Data"])) == (2, 2) for body in (no_object, no_title, garbage))
    assert no_object["Data"][1] == "not an object"
    assert "Title" not in no_title["Data"][1]
    assert (garbage["Data"][1]["SartTime"], garbage["Data"][1]["EndTime"]) == ("soon", {"at": -1})


def test_the_total_promises_more_than_the_data(fake: StatusFake) -> None:
    fake.fail(Fault.TOTAL_TOO_LARGE)
    fake.fail(Fault.DATA_NULL_WITH_TOTAL)
    more, null = ask(fake).json, ask(fake).json
    assert (more["Total"], len(more["Data"])) == (2, 1)
    assert (null["Total"], null["Data"]) == (1, None)


def test_a_body_is_as_huge_as_asked(fake: StatusFake) -> None:
    fake.fail(Fault.HUGE_BODY)
    fake.fail(Fault.HUGE_BODY, size=3_000_000)
    assert len(ask(fake).body) > 1_000_000
    assert len(ask(fake).body) > 3_000_000


def test_a_redirect_leads_elsewhere(fake: StatusFake) -> None:
    fake.fail(Fault.REDIRECT)
    answer = ask(fake)
    assert (answer.status, answer.headers["location"], answer.body) == (302, "/redirected", b"")


@pytest.mark.parametrize(
    ("fault", "status", "content_type", "body"),
    [
        (Fault.HTML_200, 200, "text/html", b"<html><body>Please log in</body></html>"),
        (Fault.EMPTY_200, 200, "application/json;charset=utf-8", b""),
        (Fault.BAD_GATEWAY_HTML, 502, "text/html", b"<html><h1>502 Bad Gateway</h1></html>"),
        (Fault.ERROR_BODY_NUMBER, 400, "application/json;charset=utf-8", b"123"),
        (Fault.ERROR_BODY_NULL, 400, "application/json;charset=utf-8", b"null"),
        (Fault.ERROR_BODY_STRING, 400, "application/json;charset=utf-8", b'"Code"'),
    ],
)
def test_another_body_takes_the_answers_place(
    fake: StatusFake, fault: Fault, status: int, content_type: str, body: bytes
) -> None:
    fake.fail(fault)
    answer = ask(fake)
    assert (answer.status, answer.headers["content-type"], answer.body) == (status, content_type, body)


def test_truncated_json_is_whole_to_http_only(fake: StatusFake) -> None:
    fake.fail(Fault.TRUNCATED_JSON)
    answer = ask(fake)
    assert int(answer.headers["content-length"]) == len(answer.body)
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.body)


def test_a_good_answer_in_another_script_is_no_utf_8(fake: StatusFake) -> None:
    fake.fail(Fault.NOT_UTF8_200)
    answer = ask(fake)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json;charset=utf-8")
    assert json.loads(answer.body.decode("gbk"))["Data"] == []
    with pytest.raises(UnicodeDecodeError):
        answer.body.decode()


def test_another_dialect_is_spoken_for_one_call(fake: StatusFake) -> None:
    fake.fail(Dialect(times="seconds", success="bool"), when=lambda call: call.params["ProductId"] == "ecs")
    assert ask(fake, ProductId="oss").json["Success"] == "true"
    assert ask(fake).json["Data"][0]["SartTime"] == EVENT.start.timestamp()
    assert ask(fake).json["Data"][0]["SartTime"] == EVENT.start.timestamp() * 1000
    assert [call.fault for call in fake.calls] == [None, "DIALECT", None]


def test_a_cut_body_is_shorter_than_promised(fake: StatusFake) -> None:
    fake.fail(Fault.CUT_BODY)
    with pytest.raises(http.client.IncompleteRead) as caught:
        ask(fake)
    assert len(caught.value.partial) > 0


def test_a_gzip_body_says_so_and_unpacks(fake: StatusFake) -> None:
    fake.fail(Fault.GZIP)
    answer = ask(fake)
    assert answer.headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(answer.body))["Total"] == 1


def test_xml_comes_where_json_was_asked_for(fake: StatusFake) -> None:
    fake.fail(Fault.XML_FOR_JSON)
    answer = ask(fake)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/xml;charset=utf-8")
    assert b"<ListEventsResponse>" in answer.body


@pytest.mark.parametrize(("seconds", "code"), [(3600.0, "InvalidTimeStamp.Expired"), (60.0, 200)])
def test_a_skewed_clock_judges_the_time_stamp(fake: StatusFake, seconds: float, code: str | int) -> None:
    fake.fail(Fault.CLOCK_SKEW, seconds=seconds)
    assert ask(fake).json["Code"] == code


@pytest.mark.parametrize(
    ("fault", "crash"),
    [
        (Fault.SIGNATURE_WITHOUT_COLON, IndexError),
        (Fault.ERROR_BODY_NUMBER, TypeError),
        (Fault.ERROR_BODY_NULL, TypeError),
        (Fault.ERROR_BODY_STRING, TypeError),
        (Fault.NOT_UTF8_ERROR, UnicodeDecodeError),
    ],
)
def test_what_crashes_the_sdk_still_does(
    fake: StatusFake, client: AcsClient, fault: Fault, crash: type[Exception]
) -> None:
    fake.fail(fault)
    with pytest.raises(crash):
        by_sdk(fake, client)


def test_the_sdk_takes_a_throttling_for_what_it_is_and_does_not_try_again(fake: StatusFake, client: AcsClient) -> None:
    fake.fail(Fault.THROTTLING_USER)
    with pytest.raises(ServerException) as caught:
        by_sdk(fake, client)
    assert (caught.value.get_error_code(), caught.value.get_http_status()) == ("Throttling.User", 400)
    assert len(fake.calls) == 1


def test_a_connection_is_closed_or_reset_before_the_answer(fake: StatusFake) -> None:
    fake.fail(Fault.CLOSE_BEFORE_ANSWER)
    fake.fail(Fault.RESET)
    with pytest.raises(http.client.RemoteDisconnected):
        ask(fake)
    with pytest.raises(ConnectionResetError):
        ask(fake)
    assert [(call.fault, call.code, call.status) for call in fake.calls] == [
        ("CLOSE_BEFORE_ANSWER", "200", None),
        ("RESET", "200", None),
    ]


def test_an_idle_connection_is_gone_though_it_was_promised(fake: StatusFake) -> None:
    fake.fail(Fault.CLOSE_AFTER_IDLE)
    connection = http.client.HTTPConnection(fake.endpoint, timeout=5)
    try:
        answer = send_over(connection, signed())
        assert (answer.json["Total"], "connection" in answer.headers) == (1, False)
        assert isinstance(connection.sock, socket.socket)
        assert connection.sock.recv(1) == b""
    finally:
        connection.close()


def test_only_a_used_connection_is_stale(fake: StatusFake) -> None:
    fake.fail(Fault.STALE_CONNECTION)
    connection = http.client.HTTPConnection(fake.endpoint, timeout=5)
    try:
        assert send_over(connection, signed()).status == 200
        with pytest.raises(http.client.RemoteDisconnected):
            send_over(connection, signed())
        assert send_over(connection, signed()).status == 200
    finally:
        connection.close()
    assert [(call.reused, call.fault) for call in fake.calls] == [
        (False, None),
        (True, "STALE_CONNECTION"),
        (False, None),
    ]


def test_a_call_that_hangs_is_let_go_when_the_stand_in_stops(fake: StatusFake) -> None:
    hanging = threading.Event()

    def note(_: Call) -> bool:
        hanging.set()
        return True

    fake.fail(Fault.HANG, when=note)
    ended: list[type[BaseException]] = []

    def call() -> None:
        try:
            ask(fake)
        except (http.client.HTTPException, OSError) as error:
            ended.append(type(error))

    caller = threading.Thread(target=call)
    caller.start()
    assert hanging.wait(5)
    assert ended == []
    fake.stop()
    caller.join(5)
    assert len(ended) == 1


def test_a_hanging_call_outlasts_the_clients_patience(fake: StatusFake) -> None:
    fake.fail(Fault.HANG)
    connection = http.client.HTTPConnection(fake.endpoint, timeout=0.05)
    try:
        with pytest.raises(TimeoutError):
            send_over(connection, signed())
    finally:
        connection.close()


@pytest.mark.parametrize("fault", [Fault.LATE, Fault.SLOW_DRIP])
def test_a_late_or_dripping_answer_outlasts_the_clients_patience(fake: StatusFake, fault: Fault) -> None:
    fake.fail(fault, seconds=60.0)
    connection = http.client.HTTPConnection(fake.endpoint, timeout=0.05)
    try:
        with pytest.raises(TimeoutError):
            send_over(connection, signed())
    finally:
        connection.close()


def test_a_dripping_answer_starts_at_once_and_comes_whole(fake: StatusFake) -> None:
    fake.fail(Fault.SLOW_DRIP, seconds=0.0001)
    assert ask(fake).json["Total"] == 1
    fake.fail(Fault.SLOW_DRIP, seconds=60.0)
    connection = http.client.HTTPConnection(fake.endpoint, timeout=5)
    try:
        connection.putrequest("GET", "/")
        connection.endheaders()
        assert connection.getresponse().read(1) == b"<"
    finally:
        connection.close()


def test_armed_faults_queue_up_and_choose_their_calls(fake: StatusFake) -> None:
    fake.fail(Fault.INTERNAL_ERROR, times=2, when=lambda call: call.params["ProductId"] == "oss")
    fake.fail(Fault.SERVICE_UNAVAILABLE, times=None, when=lambda call: call.params["ProductId"] != "ecs")
    statuses = [ask(fake, ProductId=product).status for product in ("ecs", "oss", "rds", "oss", "oss", "ecs")]
    assert statuses == [200, 500, 503, 500, 503, 200]
    fake.heal()
    assert ask(fake, ProductId="rds").status == 200


def test_a_predicate_sees_the_call_before_its_outcome(fake: StatusFake) -> None:
    seen: list[Call] = []

    def note(call: Call) -> bool:
        seen.append(call)
        return False

    fake.fail(Fault.INTERNAL_ERROR, when=note)
    ask(fake)
    (call,) = seen
    assert (call.number, call.action, call.method, call.code, call.status) == (1, "ListEvents", "GET", None, None)
    assert call.headers["host"] == fake.endpoint


def test_many_threads_get_their_own_answers_and_are_all_recorded(fake: StatusFake) -> None:
    totals: list[int] = []

    def caller(product: str) -> None:
        totals.extend(ask(fake, ProductId=product).json["Total"] for _ in range(5))

    threads = [threading.Thread(target=caller, args=(product,)) for product in ("ecs", "oss") * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(totals) == [0] * 20 + [1] * 20
    assert sorted(call.number for call in fake.calls) == list(range(1, 41))
