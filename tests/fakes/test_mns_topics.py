from __future__ import annotations

from datetime import datetime, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mns.subscription import SubscriptionMeta
from mns.topic import Base64TopicMessage, TopicMessage, TopicMeta

from local.fakes.mns import LOCAL_KEY_ID, MnsError, MnsFake
from tests.fakes.mns_client import HandClock, account, broken, refused, signed


def test_a_topic_can_be_created_looked_at_changed_and_deleted() -> None:
    clock = HandClock()
    with MnsFake(clock=clock) as fake, account(fake) as client:
        topic = client.get_topic("service-health")
        assert topic.create(TopicMeta(maximum_message_size=2048)) == f"{fake.url}/topics/service-health"
        clock.move(5)
        topic.set_attributes(TopicMeta(logging_enabled=True))
        meta = topic.get_attributes()
        assert (meta.topic_name, meta.maximum_message_size, meta.logging_enabled) == ("service-health", 2048, True)
        assert (meta.create_time, meta.last_modify_time) == (1_000_000, 1_000_005)
        assert (meta.message_count, meta.message_retention_period) == (0, 86400)
        topic.delete()
        assert refused(topic.get_attributes) == "TopicNotExist"
        assert fake.topics == {}


def test_creating_the_same_topic_again_is_fine_and_another_one_under_its_name_is_not() -> None:
    with MnsFake() as fake, account(fake) as client:
        topic = client.get_topic("t")
        first = topic.create(TopicMeta(2048))
        assert topic.create(TopicMeta(2048)) == first
        assert [call.status for call in fake.calls] == [201, 204]
        assert refused(lambda: topic.create(TopicMeta(4096))) == "TopicAlreadyExist"


@pytest.mark.parametrize(
    ("name", "code"), [("a" * 121, "TopicNameLengthError"), ("a_b", "TopicNameInvalid"), ("-a", "TopicNameInvalid")]
)
def test_a_bad_topic_name_is_refused(name: str, code: str) -> None:
    with MnsFake() as fake, account(fake) as client:
        assert refused(lambda: client.get_topic(name).create(TopicMeta())) == code


@pytest.mark.parametrize("size", [1023, 65537])
def test_a_maximum_message_size_outside_the_limits_is_refused(size: int) -> None:
    with MnsFake() as fake, account(fake) as client:
        assert refused(lambda: client.get_topic("t").create(TopicMeta(size))) == "InvalidArgument"


def test_topics_are_listed_by_prefix_and_in_pages() -> None:
    with MnsFake() as fake, account(fake) as client:
        for name in ("a1", "a2", "a3", "b1"):
            fake.create_topic(name)
        urls, marker = client.list_topic(prefix="a", ret_number=2)
        assert urls == [f"{fake.url}/topics/a1", f"{fake.url}/topics/a2"]
        urls, marker = client.list_topic(prefix="a", ret_number=2, marker=marker)
        assert (urls, marker) == ([f"{fake.url}/topics/a3"], "")
        assert refused(lambda: client.list_topic(ret_number=1001)) == "InvalidArgument"


def test_a_listing_with_meta_carries_the_attributes() -> None:
    with MnsFake() as fake:
        fake.create_topic("t", MaximumMessageSize=1024)
        answer = signed(fake, "GET", "/topics", headers={"x-mns-with-meta": "true"})
        assert b"<MaximumMessageSize>1024</MaximumMessageSize>" in answer.body


def test_a_published_message_is_kept_in_order_with_its_circumstances() -> None:
    clock = HandClock()
    with MnsFake(clock=clock) as fake, account(fake) as client:
        fake.create_topic("t")
        topic = client.get_topic("t")
        answer = topic.publish_message(TopicMessage("hello", "incident"))
        clock.move(1.5)
        topic.publish_message(Base64TopicMessage("hello"))
        first, second = fake.published("t")
        assert answer.message_id == first.message_id
        assert answer.message_body_md5 == "5D41402ABC4B2A76B9719D911017C592"
        assert (first.body, first.tag, second.body, second.tag) == ("hello", "incident", "aGVsbG8=", "")
        assert second.time == datetime.fromtimestamp(1_000_001.5, timezone.utc)
        assert first.headers["authorization"].startswith(f"MNS {LOCAL_KEY_ID}:")
        assert topic.get_attributes().message_count == 2


def test_messages_older_than_a_day_no_longer_count() -> None:
    clock = HandClock()
    with MnsFake(clock=clock) as fake, account(fake) as client:
        fake.create_topic("t")
        topic = client.get_topic("t")
        topic.publish_message(TopicMessage("old"))
        clock.move(86400)
        assert topic.get_attributes().message_count == 0


def test_publishing_to_an_unknown_topic_is_refused() -> None:
    with MnsFake() as fake, account(fake) as client:
        assert refused(lambda: client.get_topic("t").publish_message(TopicMessage("x"))) == "TopicNotExist"


def test_the_size_of_a_message_is_counted_in_bytes() -> None:
    with MnsFake() as fake, account(fake) as client:
        fake.create_topic("t", MaximumMessageSize=1024)
        topic = client.get_topic("t")
        topic.publish_message(TopicMessage("香" * 341))
        assert refused(lambda: topic.publish_message(TopicMessage("香" * 342))) == "InvalidArgument"
        assert len(fake.published()) == 1


def test_a_tag_of_more_than_16_characters_is_refused() -> None:
    body = b"<Message><MessageBody>x</MessageBody><MessageTag>%s</MessageTag></Message>"
    with MnsFake() as fake:
        fake.create_topic("t")
        assert signed(fake, "POST", "/topics/t/messages", body % (b"t" * 16)).status == 201
        assert signed(fake, "POST", "/topics/t/messages", body % (b"t" * 17)).code == "InvalidArgument"


@pytest.mark.parametrize(
    "body",
    [
        b"<Message><MessageBody>x</MessageBody>",
        b"not xml",
        b"<Message/>",
        b"<Message><MessageBody/></Message>",
        b"<Message><MessageBody><a>x</a></MessageBody></Message>",
        b"<Topic><MessageBody>x</MessageBody></Topic>",
        b'<!DOCTYPE m [<!ENTITY e "x">]><Message><MessageBody>&e;</MessageBody></Message>',
        "<Message><MessageBody>x</MessageBody></Message>".encode("utf-16"),
        b"\xff",
    ],
)
def test_xml_that_is_broken_or_dangerous_is_refused(body: bytes) -> None:
    with MnsFake() as fake:
        fake.create_topic("t")
        answer = signed(fake, "POST", "/topics/t/messages", body)
        assert (answer.status, answer.code) == (400, "MalformedXML")
        assert fake.published() == ()


def test_the_namespace_of_a_request_does_not_matter() -> None:
    with MnsFake() as fake:
        fake.create_topic("t")
        for namespace in ("http://mns.aliyuncs.com/doc/v1", "urn:other"):
            body = f'<m:Message xmlns:m="{namespace}"><m:MessageBody>x</m:MessageBody></m:Message>'.encode()
            assert signed(fake, "POST", "/topics/t/messages", body).status == 201


def test_an_answer_has_one_namespace_and_lower_case_request_id() -> None:
    with MnsFake() as fake:
        fake.create_topic("t")
        answer = signed(fake, "GET", "/topics/t")
        assert answer.body.count(b"xmlns") == 1
        assert b'<Topic xmlns="http://mns.aliyuncs.com/doc/v1/">' in answer.body
        assert len(answer.headers["x-mns-request-id"]) == 24


def test_an_unknown_address_is_refused() -> None:
    with MnsFake() as fake:
        for method, target in (("GET", "/"), ("POST", "/topics"), ("PATCH", "/topics/t"), ("GET", "/topics/t/x/y/z")):
            assert signed(fake, method, target).code == "InvalidRequestURL"


def test_a_subscription_can_be_made_looked_at_listed_and_ended() -> None:
    with MnsFake() as fake, account(fake) as client:
        fake.create_topic("t")
        fake.create_queue("q")
        subscription = client.get_subscription("t", "s")
        meta = SubscriptionMeta(fake.queue_endpoint("q"), filter_tag="incident")
        url = subscription.subscribe(meta)
        assert subscription.subscribe(meta) == url == f"{fake.url}/topics/t/subscriptions/s"
        known = subscription.get_attributes()
        assert (known.endpoint, known.filter_tag) == ("acs:mns:local:1234567890:queues/q", "incident")
        assert (known.notify_strategy, known.notify_content_format) == ("BACKOFF_RETRY", "XML")
        assert known.topic_owner == "1234567890"
        subscription.set_attributes(SubscriptionMeta(notify_strategy="EXPONENTIAL_DECAY_RETRY"))
        assert fake.subscriptions("t")[0].strategy == "EXPONENTIAL_DECAY_RETRY"
        assert refused(lambda: subscription.subscribe(meta)) == "SubscriptionAlreadyExist"
        assert client.get_topic("t").list_subscription() == ([url], "")
        subscription.unsubscribe()
        subscription.unsubscribe()
        assert refused(subscription.get_attributes) == "SubscriptionNotExist"


def test_deleting_a_topic_ends_its_subscriptions() -> None:
    with MnsFake() as fake, account(fake) as client:
        fake.create_topic("t")
        fake.create_queue("q")
        fake.subscribe("t", "s", queue="q")
        client.get_topic("t").delete()
        fake.create_topic("t")
        assert fake.subscriptions("t") == ()


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://example.com/hook",
        "https://example.com/hook",
        "mail:directmail:someone@example.com",
        "sms:directsms:anonymous",
        "acs:mns:elsewhere:1234567890:queues/q",
        "acs:mns:local:999:queues/q",
        "acs:mns:local:1234567890:topics/q",
    ],
)
def test_an_endpoint_that_is_not_served_is_refused(endpoint: str) -> None:
    with MnsFake() as fake, account(fake) as client:
        fake.create_topic("t")
        fake.create_queue("q")
        subscription = client.get_subscription("t", "s")
        assert refused(lambda: subscription.subscribe(SubscriptionMeta(endpoint))) == "EndpointInvalid"


def test_a_subscription_of_what_is_not_there_or_does_not_fit_is_refused() -> None:
    with MnsFake() as fake, account(fake) as client:
        fake.create_queue("small", MaximumMessageSize=1024)

        def code(queue: str, name: str = "s", **more: str) -> str:
            meta = SubscriptionMeta(fake.queue_endpoint(queue), **more)
            return refused(lambda: client.get_subscription("t", name).subscribe(meta))

        assert code("small") == "TopicNotExist"
        fake.create_topic("t")
        assert code("absent") == "QueueNotExist"
        assert code("small") == "InvalidArgument"
        assert code("small", name="a_b") == "SubscriptionNameInvalid"
        assert code("small", name="s" * 121) == "SubscriptionNameLengthError"
        assert code("small", notify_strategy="NEVER") == "InvalidArgument"
        assert code("small", notify_content_format="YAML") == "InvalidArgument"


def test_a_filter_tag_outside_ascii_does_not_reach_the_service() -> None:
    with MnsFake() as fake, account(fake) as client:
        fake.create_topic("t")
        fake.create_queue("q")
        subscription = client.get_subscription("t", "s")
        latin = SubscriptionMeta(fake.queue_endpoint("q"), filter_tag="ä")
        assert refused(lambda: subscription.subscribe(latin)) == "InvalidDegist"
        chinese = SubscriptionMeta(fake.queue_endpoint("q"), filter_tag="香")
        assert broken(lambda: subscription.subscribe(chinese)) == "NetWorkException"


def test_setting_up_in_python_follows_the_rules_of_the_wire() -> None:
    fake = MnsFake()
    fake.create_topic("t")
    with pytest.raises(MnsError, match="TopicAlreadyExist"):
        fake.create_topic("t", MaximumMessageSize=1024)
    with pytest.raises(MnsError, match="QueueNotExist"):
        fake.subscribe("t", "s", queue="q")


XML_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="￾￿"), min_size=1)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(body=XML_TEXT, tag=st.text("abc-&<>\"'香", max_size=16))
def test_every_text_and_tag_arrives_as_it_was_published(body: str, tag: str) -> None:
    with MnsFake() as fake, account(fake) as client:
        fake.create_topic("t")
        client.get_topic("t").publish_message(TopicMessage(body, tag))
        assert [(each.body, each.tag) for each in fake.published("t")] == [(body, tag)]
