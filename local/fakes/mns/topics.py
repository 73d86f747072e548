"""Topics, subscriptions and what was published, as frozen values, and the pure rules between them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from local.fakes.mns.errors import MnsError
from local.fakes.mns.settings import LONGEST_TAG, Settings
from local.fakes.mns.wire import body_md5, document

STRATEGIES = ("BACKOFF_RETRY", "EXPONENTIAL_DECAY_RETRY")
FORMATS = ("XML", "JSON", "SIMPLIFIED")
QUEUE_ENDPOINT = re.compile(r"acs:mns:(?P<region>[^:]+):(?P<account>[^:]+):queues/(?P<queue>[^/:]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """`created` and `modified` in epoch milliseconds."""

    name: str
    settings: Settings
    created: int
    modified: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """`queue` is the name of the queue that the endpoint means; `filter_tag` empty takes every message."""

    topic: str
    name: str
    endpoint: str
    queue: str
    filter_tag: str
    strategy: str
    content_format: str
    created: int
    modified: int

    def wants(self, tag: str) -> bool:
        return not self.filter_tag or self.filter_tag == tag

    def same_as(self, other: Subscription) -> bool:
        """Whether creating `other` over this one changes nothing."""
        return (self.endpoint, self.filter_tag, self.strategy, self.content_format) == (
            other.endpoint,
            other.filter_tag,
            other.strategy,
            other.content_format,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One message that a topic took. `number` orders all messages of the account; header names are lower-case."""

    number: int
    topic: str
    message_id: str
    body: str
    tag: str
    time: datetime
    headers: Mapping[str, str] = field(repr=False)

    @property
    def milliseconds(self) -> int:
        return round(self.time.timestamp() * 1000)


def check_tag(tag: str) -> str:
    if len(tag) > LONGEST_TAG:
        raise MnsError("InvalidArgument", f"A tag is longer than {LONGEST_TAG} characters.")
    return tag


def check_size(topic: Topic, body: str) -> None:
    """In bytes of the body text. The service's code for this is not documented; InvalidArgument is inferred."""
    if len(body.encode()) > int(topic.settings["MaximumMessageSize"]):
        raise MnsError("InvalidArgument", "The message is longer than MaximumMessageSize.")


def endpoint_queue(endpoint: str, *, region: str, account: str) -> str:
    """The queue that an endpoint names. Everything else is refused: push, mail and text messages are not served."""
    match = QUEUE_ENDPOINT.fullmatch(endpoint)
    if match is None:
        raise MnsError("EndpointInvalid", "Only queue endpoints, acs:mns:REGION:ACCOUNT:queues/NAME, are served here.")
    if (match["region"], match["account"]) != (region, account):
        raise MnsError("EndpointInvalid", f"The only queues here are acs:mns:{region}:{account}:queues/NAME.")
    return match["queue"]


def subscription(
    topic: str, name: str, fields: Mapping[str, str], *, region: str, account: str, now: int
) -> Subscription:
    """A new subscription from the fields of the request."""
    endpoint = fields.get("Endpoint", "")
    return Subscription(
        topic=topic,
        name=name,
        endpoint=endpoint,
        queue=endpoint_queue(endpoint, region=region, account=account),
        filter_tag=check_tag(fields.get("FilterTag", "")),
        strategy=one_of(fields.get("NotifyStrategy", STRATEGIES[0]), STRATEGIES),
        content_format=one_of(fields.get("NotifyContentFormat", FORMATS[0]), FORMATS),
        created=now,
        modified=now,
    )


def one_of(value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise MnsError("InvalidArgument", f"A value is none of {', '.join(known)}.")
    return value


def notification(message: Published, to: Subscription, *, account: str) -> str:
    """What the endpoint gets: the body itself, or the body and its circumstances as XML or JSON."""
    if to.content_format == "SIMPLIFIED":
        return message.body
    parts = {
        "TopicOwner": account,
        "TopicName": message.topic,
        "Subscriber": account,
        "SubscriptionName": to.name,
        "MessageId": message.message_id,
        "MessageMD5": body_md5(message.body),
        "MessageTag": message.tag,
        "Message": message.body,
        "PublishTime": str(message.milliseconds),  # a string in JSON too
    }
    present = {name: value for name, value in parts.items() if value}
    if to.content_format == "JSON":
        return json.dumps(present, ensure_ascii=False, separators=(",", ":"))
    return document("Notification", present.items()).decode()
