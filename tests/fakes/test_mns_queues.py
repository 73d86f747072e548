from __future__ import annotations

import json
import threading
from contextlib import suppress
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mns.mns_exception import MNSServerException
from mns.queue import Message, QueueMeta
from mns.topic import Base64TopicMessage, TopicMessage

from local.fakes.mns import MnsError, MnsFake
from tests.fakes.mns_client import HandClock, account, refused, signed

EMPTY = "MessageNotExist"


def raw_queue(client: Any, name: str = "q") -> Any:
    queue = client.get_queue(name)
    queue.set_encoding(False)
    return queue


@pytest.mark.filterwarnings("ignore:Call to deprecated function:DeprecationWarning")  # the SDK's own counters
def test_a_queue_can_be_created_looked_at_changed_and_deleted() -> None:
    with MnsFake(clock=HandClock()) as fake, account(fake) as client:
        queue = client.get_queue("q")
        meta = QueueMeta(vis_timeout=7, max_msg_size=2048, msg_ttl=60, delay_sec=1, polling_wait_sec=2)
        assert queue.create(meta) == queue.create(meta) == f"{fake.url}/queues/q"
        assert refused(lambda: queue.create(QueueMeta())) == "QueueAlreadyExist"
        queue.set_attributes(QueueMeta(vis_timeout=8))
        queue.send_message(Message("x"))
        known = queue.get_attributes()
        assert (known.visibility_timeout, known.maximum_message_size, known.message_retention_period) == (8, 2048, 60)
        assert (known.delay_seconds, known.polling_wait_seconds, known.queue_name) == (1, 2, "q")
        assert (known.active_messages, known.inactive_messages, known.delay_messages) == (0, 0, 1)
        assert client.list_queue() == ([f"{fake.url}/queues/q"], "")
        queue.delete()
        assert fake.queues == {}
        assert refused(lambda: queue.send_message(Message("x"))) == "QueueNotExist"


@pytest.mark.parametrize(("name", "code"), [("q" * 121, "QueueNameLengthError"), ("a_b", "InvalidQueueName")])
def test_a_bad_queue_name_is_refused(name: str, code: str) -> None:
    with MnsFake() as fake, account(fake) as client:
        assert refused(lambda: client.get_queue(name).create(QueueMeta())) == code


def test_a_setting_that_is_no_number_or_out_of_range_is_refused() -> None:
    with MnsFake() as fake:
        for text in ("<DelaySeconds>604801", "<VisibilityTimeout>0", "<DelaySeconds>-1", "<DelaySeconds>x"):
            name = text[1:].partition(">")[0]
            body = f"<Queue>{text}</{name}></Queue>".encode()
            assert signed(fake, "PUT", "/queues/q", body).code == "InvalidArgument"
        assert signed(fake, "PUT", "/queues/q", b"<Queue><LoggingEnabled>maybe</LoggingEnabled></Queue>").status == 400


def test_a_message_goes_in_and_comes_out_once() -> None:
    clock = HandClock()
    with MnsFake(clock=clock) as fake, account(fake) as client:
        fake.create_queue("q")
        queue = client.get_queue("q")
        sent = queue.send_message(Message("hello", priority=3))
        clock.move(2)
        got = queue.receive_message()
        assert (got.message_id, got.message_body, got.priority) == (sent.message_id, b"hello", 3)
        assert (got.dequeue_count, got.enqueue_time, got.first_dequeue_time) == (1, 1_000_000_000, 1_000_002_000)
        assert got.next_visible_time == 1_000_032_000
        assert refused(queue.receive_message) == EMPTY
        queue.delete_message(got.receipt_handle)
        assert fake.messages("q") == ()


def test_a_message_that_is_not_deleted_comes_back_with_another_handle() -> None:
    clock = HandClock()
    with MnsFake(clock=clock) as fake, account(fake) as client:
        fake.create_queue("q", VisibilityTimeout=10)
        queue = client.get_queue("q")
        queue.send_message(Message("x"))
        first = queue.receive_message()
        clock.move(9.999)
        assert refused(queue.receive_message) == EMPTY
        clock.move(0.001)
        assert refused(lambda: queue.delete_message(first.receipt_handle)) == EMPTY
        second = queue.receive_message()
        assert (second.dequeue_count, second.first_dequeue_time) == (2, first.first_dequeue_time)
        assert second.receipt_handle != first.receipt_handle
        assert refused(lambda: queue.delete_message(first.receipt_handle)) == EMPTY
        queue.delete_message(second.receipt_handle)
        assert refused(lambda: queue.delete_message(second.receipt_handle)) == EMPTY


def test_visibility_can_be_changed_and_that_changes_the_handle() -> None:
    clock = HandClock()
    with MnsFake(clock=clock) as fake, account(fake) as client:
        fake.create_queue("q")
        queue = client.get_queue("q")
        queue.send_message(Message("x"))
        old = queue.receive_message().receipt_handle
        changed = queue.change_message_visibility(old, 100)
        assert int(changed.next_visible_time) == 1_000_100_000
        assert refused(lambda: queue.change_message_visibility(old, 1)) == EMPTY
        clock.move(99)
        queue.delete_message(changed.receipt_handle)
        assert fake.messages("q") == ()


def test_a_message_can_be_handed_back_at_once() -> None:
    with MnsFake(clock=HandClock()) as fake, account(fake) as client:
        fake.create_queue("q")
        queue = client.get_queue("q")
        queue.send_message(Message("x"))
        queue.change_message_visibility(queue.receive_message().receipt_handle, 0)
        assert queue.receive_message().dequeue_count == 2


def test_a_handle_or_a_timeout_that_is_missing_or_wrong_is_refused() -> None:
    with MnsFake() as fake, account(fake) as client:
        fake.create_queue("q")
        queue = client.get_queue("q")
        queue.send_message(Message("x"))
        handle = queue.receive_message().receipt_handle
        assert refused(lambda: queue.delete_message(handle[:-4] + "AAA=")) == "ReceiptHandleError"
        for method, query, code in (
            ("DELETE", "", "MissingReceiptHandle"),
            ("PUT", "?VisibilityTimeout=1", "MissingReceiptHandle"),
            ("PUT", f"?ReceiptHandle={handle}", "MissingVisibilityTimeout"),
            ("PUT", f"?ReceiptHandle={handle}&VisibilityTimeout=43201", "InvalidArgument"),
        ):
            assert signed(fake, method, f"/queues/q/messages{query}").code == code


def test_a_delayed_message_can_be_taken_back_before_anyone_sees_it() -> None:
    clock = HandClock()
    with MnsFake(clock=clock) as fake, account(fake) as client:
        fake.create_queue("q")
        queue = client.get_queue("q")
        queue.send_message(Message("kept", delay_seconds=5))
        dropped = queue.send_message(Message("dropped", delay_seconds=5))
        assert refused(queue.receive_message) == EMPTY
        assert [each.state for each in fake.messages("q")] == ["delayed", "delayed"]
        queue.delete_message(dropped.receipt_handle)
        clock.move(5)
        assert queue.receive_message().message_body == b"kept"
        assert refused(queue.receive_message) == EMPTY


def test_a_message_ends_with_the_retention_of_its_queue() -> None:
    clock = HandClock()
    with MnsFake(clock=clock) as fake, account(fake) as client:
        fake.create_queue("q", MessageRetentionPeriod=60)
        queue = client.get_queue("q")
        queue.send_message(Message("x"))
        clock.move(60)
        assert refused(queue.receive_message) == EMPTY
        assert fake.messages("q") == ()


def test_a_more_urgent_message_comes_out_first() -> None:
    with MnsFake() as fake, account(fake) as client:
        fake.create_queue("q")
        queue = raw_queue(client)
        for body, priority in (("usual", 8), ("urgent", 1), ("usual too", 8)):
            queue.send_message(Message(body, priority=priority))
        assert [each.message_body for each in queue.batch_receive_message(16)] == ["urgent", "usual", "usual too"]


def test_peeking_changes_nothing() -> None:
    with MnsFake() as fake, account(fake) as client:
        fake.create_queue("q")
        queue = raw_queue(client)
        queue.send_message(Message("a"))
        queue.send_message(Message("b"))
        assert queue.peek_message().message_body == "a"
        assert [each.message_body for each in queue.batch_peek_message(16)] == ["a", "b"]
        assert [(each.state, each.dequeue_count) for each in fake.messages("q")] == [("active", 0)] * 2


def test_a_batch_is_received_and_deleted_together() -> None:
    with MnsFake() as fake, account(fake) as client:
        fake.create_queue("q")
        queue = raw_queue(client)
        for start in (0, 16):
            queue.batch_send_message([Message(str(number)) for number in range(start, start + 16)])
        first = queue.batch_receive_message(16)
        assert [each.message_body for each in first] == [str(number) for number in range(16)]
        queue.batch_delete_message([each.receipt_handle for each in first])
        assert len(fake.messages("q")) == 16
        assert refused(lambda: queue.batch_receive_message(17)) == "InvalidArgument"
        assert refused(lambda: queue.batch_send_message([Message("x")] * 17)) == "InvalidArgument"


def test_a_batch_delete_says_which_handles_failed_and_deletes_the_rest() -> None:
    with MnsFake() as fake, account(fake) as client:
        fake.create_queue("q")
        queue = client.get_queue("q")
        queue.send_message(Message("x"))
        handle = queue.receive_message().receipt_handle
        with pytest.raises(MNSServerException) as caught:
            queue.batch_delete_message(["made-up", handle])
        assert caught.value.type == "ReceiptHandleError"
        assert [each["ReceiptHandle"] for each in caught.value.sub_errors] == ["made-up"]
        assert fake.messages("q") == ()


def test_of_a_batch_with_a_bad_message_nothing_is_taken() -> None:
    with MnsFake() as fake, account(fake) as client:
        fake.create_queue("q", MaximumMessageSize=1024)
        queue = raw_queue(client)
        assert refused(lambda: queue.batch_send_message([Message("ok"), Message("x" * 1025)])) == "InvalidArgument"
        assert fake.messages("q") == ()


def test_a_long_poll_wakes_up_when_a_message_arrives() -> None:
    with MnsFake() as fake, account(fake) as reader, account(fake) as writer:
        fake.create_queue("q")
        got: list[bytes] = []
        waiter = threading.Thread(target=lambda: got.append(reader.get_queue("q").receive_message(30).message_body))
        waiter.start()
        assert fake.wait_until(lambda: fake.polling == 1)
        writer.get_queue("q").send_message(Message("at last"))
        waiter.join(10)
        assert got == [b"at last"]
        assert fake.polling == 0


def test_a_long_poll_sees_a_message_that_becomes_visible() -> None:
    clock = HandClock()
    with MnsFake(clock=clock) as fake, account(fake) as client:
        fake.create_queue("q", PollingWaitSeconds=30)
        client.get_queue("q").send_message(Message("later", delay_seconds=5))
        got: list[bytes] = []
        waiter = threading.Thread(target=lambda: got.append(client.get_queue("q").receive_message().message_body))
        waiter.start()
        assert fake.wait_until(lambda: fake.polling == 1)
        clock.move(5)
        waiter.join(10)
        assert got == [b"later"]


def test_a_long_poll_ends_with_its_queue() -> None:
    with MnsFake() as fake, account(fake) as reader, account(fake) as writer:
        fake.create_queue("q")
        codes: list[str] = []
        waiter = threading.Thread(
            target=lambda: codes.append(refused(lambda: reader.get_queue("q").receive_message(30)))
        )
        waiter.start()
        assert fake.wait_until(lambda: fake.polling == 1)
        writer.get_queue("q").delete()
        waiter.join(10)
        assert codes == ["QueueNotExist"]


def test_a_long_poll_over_30_seconds_is_refused() -> None:
    with MnsFake() as fake, account(fake) as client:
        fake.create_queue("q")
        assert refused(lambda: client.get_queue("q").receive_message(31)) == "InvalidArgument"


def test_two_consumers_never_hold_the_same_message() -> None:
    with MnsFake() as fake, account(fake) as first, account(fake) as second:
        fake.create_queue("q")
        raw_queue(first).batch_send_message([Message(str(number)) for number in range(10)])
        bodies = [raw_queue(client).receive_message().message_body for client in (first, second) * 5]
        assert sorted(bodies) == [str(number) for number in range(10)]


def test_a_topic_gives_each_queue_what_its_filter_tag_asks_for() -> None:
    with MnsFake() as fake, account(fake) as client:
        fake.create_topic("t")
        fake.create_queue("all")
        fake.create_queue("incidents")
        fake.subscribe("t", "everything", queue="all")
        fake.subscribe("t", "some", queue="incidents", filter_tag="incident")
        for body, tag in (("1", "incident"), ("2", "notice"), ("3", ""), ("4", "incident2")):
            client.get_topic("t").publish_message(TopicMessage(body, tag))
        assert [each.body for each in fake.messages("all")] == ["1", "2", "3", "4"]
        assert [each.body for each in fake.messages("incidents")] == ["1"]


def test_a_subscription_sees_only_what_comes_after_it() -> None:
    with MnsFake() as fake, account(fake) as client:
        fake.create_topic("t")
        fake.create_queue("q")
        client.get_topic("t").publish_message(TopicMessage("before"))
        fake.subscribe("t", "s", queue="q")
        client.get_topic("t").publish_message(TopicMessage("after"))
        assert [each.body for each in fake.messages("q")] == ["after"]


def delivered(content_format: str, tag: str = "notice") -> str:
    with MnsFake(clock=HandClock()) as fake, account(fake) as client:
        fake.create_topic("t")
        fake.create_queue("q")
        fake.subscribe("t", "s", queue="q", content_format=content_format)
        client.get_topic("t").publish_message(TopicMessage('{"text": "<香>\r&amp;"}', tag))
        return str(raw_queue(client).receive_message().message_body)


def test_a_simplified_notification_is_the_body_itself() -> None:
    assert delivered("SIMPLIFIED") == '{"text": "<香>\n&amp;"}'  # XML makes a lone CR a LF on the way in


def test_a_json_notification_wraps_the_body() -> None:
    got = json.loads(delivered("JSON"))
    assert got["Message"] == '{"text": "<香>\n&amp;"}'
    assert (got["TopicName"], got["SubscriptionName"], got["MessageTag"]) == ("t", "s", "notice")
    assert got["PublishTime"] == "1000000000"
    assert "MessageTag" not in json.loads(delivered("JSON", tag=""))


def test_an_xml_notification_wraps_the_body() -> None:
    root = ElementTree.fromstring(delivered("XML"))
    assert root.tag.endswith("}Notification")
    assert root.findtext("{*}Message") == '{"text": "<香>\n&amp;"}'
    assert root.findtext("{*}PublishTime") == "1000000000"


def test_a_base64_message_comes_through_a_simplified_subscription_to_the_default_client() -> None:
    with MnsFake() as fake, account(fake) as client:
        fake.create_topic("t")
        fake.create_queue("q")
        fake.subscribe("t", "s", queue="q")
        client.get_topic("t").publish_message(Base64TopicMessage("香"))
        assert client.get_queue("q").receive_message().message_body == "香".encode()


def test_a_subscription_outlives_its_queue() -> None:
    with MnsFake() as fake, account(fake) as client:
        fake.create_topic("t")
        fake.create_queue("q")
        fake.subscribe("t", "s", queue="q")
        client.get_queue("q").delete()
        client.get_topic("t").publish_message(TopicMessage("lost"))
        with pytest.raises(MnsError, match="QueueNotExist"):
            fake.messages("q")


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("send"), st.integers(0, 9)),
            st.tuples(st.just("receive"), st.integers(1, 3)),
            st.tuples(st.just("delete"), st.integers(0, 5)),
            st.tuples(st.just("wait"), st.sampled_from([1, 15, 30])),
        ),
        max_size=20,
    )
)
def test_every_message_is_deleted_once_or_still_there(steps: list[tuple[str, int]]) -> None:
    clock, handles, sent, deleted = HandClock(), list[Any](), list[str](), list[str]()
    with MnsFake(clock=clock) as fake, account(fake) as client:
        fake.create_queue("q")
        queue = raw_queue(client)
        for word, number in steps:
            if word == "send":
                sent.append(queue.send_message(Message(str(number))).message_id)
            elif word == "wait":
                clock.move(number)
            elif word == "receive" and any(each.state == "active" for each in fake.messages("q")):
                handles.extend(queue.batch_receive_message(number))
            elif word == "delete" and number < len(handles):
                before = len(fake.messages("q"))
                with suppress(MNSServerException):
                    queue.delete_message(handles[number].receipt_handle)
                    deleted.append(handles[number].message_id)
                assert before - len(fake.messages("q")) in (0, 1)
        left = [each.message_id for each in fake.messages("q")]
        assert sorted(left + deleted) == sorted(sent)
