"""The operations on topics and subscriptions: XML in, a rule of the account, XML out."""

from __future__ import annotations

from collections.abc import Iterable

from local.fakes.loopback import Reply
from local.fakes.mns.account import Account
from local.fakes.mns.answers import (
    NO_CONTENT,
    Operation,
    created,
    page,
    setting_elements,
    settings_of,
    xml,
)
from local.fakes.mns.errors import MnsError
from local.fakes.mns.routes import Ask
from local.fakes.mns.settings import TOPIC_RETENTION_SECONDS
from local.fakes.mns.wire import Value, body_md5, document, fields, parse


def create_topic(account: Account, ask: Ask) -> Reply:
    new = account.create_topic(ask.topic, settings_of(ask, "Topic"))
    return created(new, f"{ask.url}/topics/{ask.topic}")


def set_topic_attributes(account: Account, ask: Ask) -> Reply:
    account.set_topic(ask.topic, settings_of(ask, "Topic"))
    return NO_CONTENT


def get_topic_attributes(account: Account, ask: Ask) -> Reply:
    return xml(200, document("Topic", _topic_elements(account, ask.topic)))


def delete_topic(account: Account, ask: Ask) -> Reply:
    account.delete_topic(ask.topic)
    return NO_CONTENT


def list_topic(account: Account, ask: Ask) -> Reply:
    with_meta = ask.headers.get("x-mns-with-meta") == "true"

    def describe(name: str) -> Iterable[tuple[str, Value]]:
        yield "TopicURL", f"{ask.url}/topics/{name}"
        yield from _topic_elements(account, name) if with_meta else ()

    return page(ask, "Topics", "Topic", account.topics, describe)


def publish_message(account: Account, ask: Ask) -> Reply:
    """Mail, text-message and property elements are accepted and go no further."""
    parts = fields(parse(ask.body, "Message"))
    account.topic(ask.topic)
    if "MessageBody" not in parts:
        raise MnsError("MalformedXML", "MessageBody is missing or has elements of its own.")
    message = account.publish(
        ask.topic, body=parts["MessageBody"], tag=parts.get("MessageTag", ""), headers=ask.headers
    )
    answer = (("MessageId", message.message_id), ("MessageBodyMD5", body_md5(message.body)))
    return xml(201, document("Message", answer))


def subscribe(account: Account, ask: Ask) -> Reply:
    new = account.subscribe(ask.topic, ask.subscription, settings_of(ask, "Subscription"))
    return created(new, f"{ask.url}/topics/{ask.topic}/subscriptions/{ask.subscription}")


def set_subscription_attributes(account: Account, ask: Ask) -> Reply:
    account.set_subscription(ask.topic, ask.subscription, settings_of(ask, "Subscription"))
    return NO_CONTENT


def get_subscription_attributes(account: Account, ask: Ask) -> Reply:
    known = account.subscription(ask.topic, ask.subscription)
    parts: list[tuple[str, Value]] = [
        ("SubscriptionName", known.name),
        ("Subscriber", account.account),
        ("TopicOwner", account.account),
        ("TopicName", known.topic),
        ("Endpoint", known.endpoint),
        ("FilterTag", known.filter_tag),
        ("NotifyStrategy", known.strategy),
        ("NotifyContentFormat", known.content_format),
        ("CreateTime", known.created // 1000),
        ("LastModifyTime", known.modified // 1000),
    ]
    return xml(200, document("Subscription", parts))


def unsubscribe(account: Account, ask: Ask) -> Reply:
    account.topic(ask.topic)
    account.subscriptions.pop((ask.topic, ask.subscription), None)
    return NO_CONTENT


def list_subscription_by_topic(account: Account, ask: Ask) -> Reply:
    account.topic(ask.topic)
    names = [name for topic, name in account.subscriptions if topic == ask.topic]

    def describe(name: str) -> Iterable[tuple[str, Value]]:
        yield "SubscriptionURL", f"{ask.url}/topics/{ask.topic}/subscriptions/{name}"

    return page(ask, "Subscriptions", "Subscription", names, describe)


def _topic_elements(account: Account, name: str) -> list[tuple[str, Value]]:
    topic = account.topic(name)
    oldest = account.now() - TOPIC_RETENTION_SECONDS * 1000
    kept = sum(1 for message in account.published if message.topic == name and message.milliseconds > oldest)
    return [
        ("TopicName", topic.name),
        ("CreateTime", topic.created // 1000),
        ("LastModifyTime", topic.modified // 1000),
        ("MessageRetentionPeriod", TOPIC_RETENTION_SECONDS),
        ("MessageCount", kept),
        *setting_elements(topic.settings),
    ]


OPERATIONS: dict[str, Operation] = {
    "CreateTopic": create_topic,
    "SetTopicAttributes": set_topic_attributes,
    "GetTopicAttributes": get_topic_attributes,
    "DeleteTopic": delete_topic,
    "ListTopic": list_topic,
    "PublishMessage": publish_message,
    "Subscribe": subscribe,
    "SetSubscriptionAttributes": set_subscription_attributes,
    "GetSubscriptionAttributes": get_subscription_attributes,
    "Unsubscribe": unsubscribe,
    "ListSubscriptionByTopic": list_subscription_by_topic,
}
