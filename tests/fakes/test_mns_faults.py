from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from mns.account import Account
from mns.queue import Message
from mns.topic import TopicMessage, TopicMeta

from local.fakes.mns import LOCAL_KEY_ID, LOCAL_SECRET, Fault, Key, MnsFake, on
from tests.fakes.mns_client import account, broken, raw, refused, signed

ROOT = Path(__file__).parents[2]


@contextmanager
def ready() -> Iterator[tuple[MnsFake, Any]]:
    """A stand-in with one topic, and the SDK's handle of it."""
    with MnsFake() as fake, account(fake) as client:
        fake.create_topic("t")
        yield fake, client.get_topic("t")


def bodies(fake: MnsFake) -> list[str]:
    return [each.body for each in fake.published("t")]


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Fault.THROTTLED, 429, "TooManyRequests"),
        (Fault.QPS_LIMIT, 400, "QpsLimitExceeded"),
        (Fault.INTERNAL_ERROR, 500, "InternalError"),
        (Fault.ACCESS_DENIED, 403, "AccessDenied"),
        (Fault.INVALID_ACCESS_KEY_ID, 403, "InvalidAccessKeyId"),
        (Fault.TOPIC_NOT_EXIST, 404, "TopicNotExist"),
        (Fault.INVALID_ARGUMENT, 400, "InvalidArgument"),
        (Fault.MALFORMED_XML, 400, "MalformedXML"),
    ],
)
def test_a_refusal_is_told_by_status_and_code_and_stores_nothing(fault: Fault, status: int, code: str) -> None:
    with ready() as (fake, topic):
        fake.fail(fault)
        assert refused(lambda: topic.publish_message(TopicMessage("x"))) == code
        assert (fake.calls[-1].status, fake.calls[-1].fault, bodies(fake)) == (status, fault, [])
        topic.publish_message(TopicMessage("y"))
        assert bodies(fake) == ["y"]


@pytest.mark.parametrize(("fault", "status"), [(Fault.EMPTY_500, 500), (Fault.HTML_502, 502), (Fault.REDIRECT, 302)])
def test_an_answer_that_is_not_of_the_service_stores_nothing(fault: Fault, status: int) -> None:
    with ready() as (fake, topic):
        fake.fail(fault)
        assert broken(lambda: topic.publish_message(TopicMessage("x"))) == "RespDataDamaged"
        assert (fake.calls[-1].status, bodies(fake)) == (status, [])


def test_a_broken_answer_hides_that_the_message_is_stored() -> None:
    with ready() as (fake, topic):
        fake.fail(Fault.BROKEN_XML)
        assert broken(lambda: topic.publish_message(TopicMessage("x"))) == "RespDataDamaged"
        assert (fake.calls[-1].status, bodies(fake)) == (201, ["x"])


def test_a_wrong_digest_comes_with_a_stored_message() -> None:
    with ready() as (fake, topic):
        fake.fail(Fault.WRONG_MD5)
        assert topic.publish_message(TopicMessage("x")).message_body_md5 == "0" * 32
        assert bodies(fake) == ["x"]


@pytest.mark.parametrize("fault", [Fault.BROKEN_XML, Fault.WRONG_MD5])
def test_a_refusal_is_not_spoilt(fault: Fault) -> None:
    with MnsFake() as fake, account(fake) as client:
        fake.fail(fault)
        assert refused(lambda: client.get_topic("t").publish_message(TopicMessage("x"))) == "TopicNotExist"


def test_a_close_before_the_work_makes_the_sdk_send_again_without_a_duplicate() -> None:
    with ready() as (fake, topic):
        fake.fail(Fault.CLOSE_BEFORE)
        topic.publish_message(TopicMessage("x"))
        assert [call.fault for call in fake.calls] == [Fault.CLOSE_BEFORE, None]
        assert bodies(fake) == ["x"]


def test_a_close_after_the_work_makes_the_sdk_publish_twice_in_silence() -> None:
    with ready() as (fake, topic):
        fake.fail(Fault.CLOSE_AFTER)
        topic.publish_message(TopicMessage("x"))
        assert [call.fault for call in fake.calls] == [Fault.CLOSE_AFTER, None]
        assert bodies(fake) == ["x", "x"]


@pytest.mark.parametrize(("fault", "stored"), [(Fault.RESET_BEFORE, []), (Fault.RESET_AFTER, ["x"])])
def test_a_reset_is_not_sent_again(fault: Fault, stored: list[str]) -> None:
    with ready() as (fake, topic):
        fake.fail(fault)
        assert broken(lambda: topic.publish_message(TopicMessage("x"))) == "NetWorkException"
        assert (len(fake.calls), fake.calls[0].status, bodies(fake)) == (1, None, stored)


def test_a_reset_of_the_idle_connection_fails_the_next_message_and_not_the_one_after() -> None:
    with ready() as (fake, topic):
        fake.fail(Fault.RESET_IDLE)
        topic.publish_message(TopicMessage("1"))
        assert broken(lambda: topic.publish_message(TopicMessage("2"))) == "NetWorkException"
        topic.publish_message(TopicMessage("3"))
        assert bodies(fake) == ["1", "3"]


def test_a_slow_answer_comes_too_late_for_a_message_that_is_stored() -> None:
    with ready() as (fake, topic):
        topic.mns_client.set_connection_timeout(0.05)
        fake.fail(Fault.SLOW, delay_seconds=30)
        assert broken(lambda: topic.publish_message(TopicMessage("x"))) == "NetWorkException"
        assert fake.wait_until(lambda: bodies(fake) == ["x"])


def test_a_hanging_request_stores_nothing_and_others_are_served_meanwhile() -> None:
    with ready() as (fake, topic):
        fake.fail(Fault.HANG, when=lambda call: call.body == "stuck")
        topic.mns_client.set_connection_timeout(0.05)
        assert broken(lambda: topic.publish_message(TopicMessage("stuck"))) == "NetWorkException"
        with account(fake) as other:
            other.get_topic("t").publish_message(TopicMessage("x"))
        assert bodies(fake) == ["x"]


def test_healing_ends_what_hangs() -> None:
    with ready() as (fake, topic):
        fake.fail(Fault.HANG)
        sender = threading.Thread(target=lambda: topic.publish_message(TopicMessage("x")))
        sender.start()
        assert fake.wait_until(lambda: len(fake.calls) == 1)
        fake.heal()
        sender.join(10)
        assert bodies(fake) == ["x"]  # the SDK sends again when the connection closes


def test_a_fault_without_a_number_lasts_until_it_is_healed() -> None:
    with ready() as (fake, topic):
        fake.fail(Fault.THROTTLED, times=None)
        for _ in range(3):
            assert refused(lambda: topic.publish_message(TopicMessage("x"))) == "TooManyRequests"
        fake.heal()
        topic.publish_message(TopicMessage("x"))
        assert bodies(fake) == ["x"]


def test_faults_are_spent_in_the_order_they_were_armed() -> None:
    with ready() as (fake, topic):
        fake.fail(Fault.THROTTLED)
        fake.fail(Fault.INTERNAL_ERROR, times=2)
        codes = [refused(lambda: topic.publish_message(TopicMessage("x"))) for _ in range(3)]
        assert codes == ["TooManyRequests", "InternalError", "InternalError"]
        topic.publish_message(TopicMessage("x"))


def test_a_particular_message_can_be_refused() -> None:
    with ready() as (fake, topic):
        fake.fail(Fault.INVALID_ARGUMENT, times=None, when=lambda call: "poison" in call.body or call.tag == "bad")
        topic.publish_message(TopicMessage("fine"))
        assert refused(lambda: topic.publish_message(TopicMessage("a poison b"))) == "InvalidArgument"
        assert refused(lambda: topic.publish_message(TopicMessage("x", "bad"))) == "InvalidArgument"
        assert bodies(fake) == ["fine"]


def test_a_fault_can_be_kept_to_an_action_and_an_object() -> None:
    with ready() as (fake, topic), account(fake) as client:
        fake.create_queue("q")
        fake.fail(Fault.THROTTLED, times=None, when=on("PublishMessage", topic="t"))
        fake.fail(Fault.INTERNAL_ERROR, times=None, when=on("SendMessage", queue="q"))
        topic.get_attributes()
        assert refused(lambda: topic.publish_message(TopicMessage("x"))) == "TooManyRequests"
        assert refused(lambda: client.get_queue("q").send_message(Message("x"))) == "InternalError"


def test_a_fault_for_no_call_at_all_cannot_be_armed() -> None:
    with pytest.raises(ValueError, match="times"):
        MnsFake().fail(Fault.THROTTLED, times=0)


def test_deliveries_can_be_repeated_and_turned_around() -> None:
    with ready() as (fake, topic):
        fake.create_queue("q")
        fake.subscribe("t", "s", queue="q")
        fake.deliver(copies=2)
        topic.publish_message(TopicMessage("1"))
        fake.deliver(newest_first=True)
        topic.publish_message(TopicMessage("2"))
        topic.publish_message(TopicMessage("3"))
        fake.heal()
        topic.publish_message(TopicMessage("4"))
        assert [each.body for each in fake.messages("q")] == ["3", "2", "1", "1", "4"]
        assert len({each.message_id for each in fake.messages("q")}) == 5
        assert bodies(fake) == ["1", "2", "3", "4"]


def test_an_outage_loses_nothing_and_comes_back_under_the_same_address() -> None:
    with ready() as (fake, topic):
        url = fake.url
        topic.publish_message(TopicMessage("before"))
        fake.stop()
        assert broken(lambda: topic.publish_message(TopicMessage("during"))) == "NetWorkException"
        fake.start()
        assert fake.url == url
        topic.publish_message(TopicMessage("after"))
        assert bodies(fake) == ["before", "after"]


def test_an_outage_ends_a_long_poll() -> None:
    with MnsFake() as fake:
        fake.create_queue("q")
        words: list[str] = []
        with account(fake) as client:
            waiter = threading.Thread(
                target=lambda: words.append(broken(lambda: client.get_queue("q").receive_message(30)))
            )
            waiter.start()
            assert fake.wait_until(lambda: fake.polling == 1)
            fake.stop()
            waiter.join(10)
        assert words == ["NetWorkException"]


def test_a_reset_forgets_everything_but_the_keys() -> None:
    with MnsFake(keys={"k": Key(secret="s")}) as fake, account(fake, "k", "s") as client:
        client.get_topic("t").create(TopicMeta())
        first = client.get_topic("t").publish_message(TopicMessage("x")).message_id
        fake.fail(Fault.THROTTLED, times=None)
        fake.reset()
        assert (fake.topics, fake.queues, fake.published(), fake.calls) == ({}, {}, (), ())
        client.get_topic("t").create(TopicMeta())
        assert client.get_topic("t").publish_message(TopicMessage("x")).message_id != first


def test_two_stand_ins_do_not_know_of_each_other() -> None:
    with ready() as (one, topic), ready() as (two, other):
        one.fail(Fault.THROTTLED)
        other.publish_message(TopicMessage("x"))
        assert (bodies(one), bodies(two)) == ([], ["x"])
        assert refused(lambda: topic.publish_message(TopicMessage("x"))) == "TooManyRequests"


def test_waiting_for_what_does_not_come_ends_with_false() -> None:
    assert not MnsFake().wait_until(lambda: False, timeout_seconds=0)


def test_the_state_page_shows_what_is_stored_and_no_credentials() -> None:
    with MnsFake(keys={"k": Key(secret="very-secret", token="very-token")}) as fake:
        fake.create_topic("t")
        fake.create_queue("q")
        fake.subscribe("t", "s", queue="q", filter_tag="incident")
        with account(fake, "k", "very-secret", "very-token") as client:
            client.get_topic("t").publish_message(TopicMessage("香", "incident"))
        fake.fail(Fault.THROTTLED, times=3)
        answer = raw(fake, "GET", "/_local/state")
        page = json.loads(answer.body)
        assert page["topics"]["t"]["published"][0]["body"] == "香"
        assert page["topics"]["t"]["subscriptions"][0]["filter_tag"] == "incident"
        assert page["queues"]["q"]["messages"][0]["body"] == "香"
        assert page["faults"] == [{"fault": "THROTTLED", "left": 3}]
        assert page["calls"][0]["action"] == "PublishMessage"
        assert page == fake.state()
        assert b"very-" not in answer.body
        assert b"MNS k:" not in answer.body


def test_the_state_page_is_read_only_and_alone() -> None:
    with MnsFake() as fake:
        assert raw(fake, "POST", "/_local/state", b"x").status == 405
        assert raw(fake, "GET", "/_local/else").status == 404
        assert fake.calls == ()
        assert signed(fake, "GET", "/topics").status == 200


def test_the_command_serves_the_sdk_until_it_is_told_to_stop() -> None:
    command = [sys.executable, "-m", "local.fakes.mns", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as process:
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(4)]
            url = lines[0].split()[1]
            assert urlsplit(url).hostname == "127.0.0.1"
            assert f"{LOCAL_KEY_ID} / {LOCAL_SECRET}" in lines[2]
            client = Account(url, LOCAL_KEY_ID, LOCAL_SECRET)
            assert client.get_topic("t").create(TopicMeta()) == f"{url}/topics/t"
            client.get_client().http.conn.close()
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
