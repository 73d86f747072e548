"""The account: all state behind one lock, and the rules that touch more than one object.

Every method expects the caller to hold `changed`, which is both the lock and what long polls wait on.
"""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone

from local.fakes.mns import queues, settings, topics
from local.fakes.mns.errors import MnsError

KEPT_RECORDS = 100_000  # published messages and calls that are remembered


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How a topic hands messages to queues: each `copies` times, and `newest_first` before those that wait."""

    copies: int = 1
    newest_first: bool = False


class Account:
    def __init__(self, *, account: str, region: str, clock: Callable[[], datetime | float]) -> None:
        self.account = account
        self.region = region
        self.changed = threading.Condition(threading.RLock())
        self.delivery = Delivery()
        self.serving = 0  # goes up with each stop: what waits in an older serving hangs up
        self.polling = 0  # long polls that wait now
        self._clock = clock
        self._number = 0
        self.reset()

    def reset(self) -> None:
        """Forgets topics, subscriptions, queues and messages. Numbers go on, so that no id comes twice."""
        self.topics: dict[str, topics.Topic] = {}
        self.subscriptions: dict[tuple[str, str], topics.Subscription] = {}
        self.queues: dict[str, queues.Queue] = {}
        self.published: deque[topics.Published] = deque(maxlen=KEPT_RECORDS)
        self.changed_now()

    def changed_now(self) -> None:
        with self.changed:
            self.changed.notify_all()

    def wait_as_poller(self, seconds: float) -> None:
        self.polling += 1
        self.changed.notify_all()  # whoever waits for a poller to be there
        try:
            self.changed.wait(seconds)
        finally:
            self.polling -= 1

    def now(self) -> int:
        """Epoch milliseconds by the injected clock."""
        time = self._clock()
        return round((time.timestamp() if isinstance(time, datetime) else time) * 1000)

    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.now() / 1000, timezone.utc)

    def next_number(self) -> int:
        self._number += 1
        return self._number

    def new_id(self, number: int) -> str:
        """32 upper-case hex digits, the same in every run."""
        text = f"{self.account}/{self.region}/{number}"
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest().upper()

    def topic(self, name: str) -> topics.Topic:
        if name not in self.topics:
            raise MnsError("TopicNotExist")
        return self.topics[name]

    def queue(self, name: str) -> queues.Queue:
        if name not in self.queues:
            raise MnsError("QueueNotExist")
        return self.queues[name]

    def subscription(self, topic: str, name: str) -> topics.Subscription:
        self.topic(topic)
        if (topic, name) not in self.subscriptions:
            raise MnsError("SubscriptionNotExist")
        return self.subscriptions[topic, name]

    def create_topic(self, name: str, fields: Mapping[str, str]) -> bool:
        """True: created; False: an equal one is there already."""
        settings.check_name(name, settings.TOPIC_NAME)
        wanted = settings.read(fields, settings.TOPIC_RANGES, settings.defaults(settings.TOPIC_RANGES))
        known = self.topics.get(name)
        if known is not None and known.settings != wanted:
            raise MnsError("TopicAlreadyExist")
        if known is not None:
            return False
        now = self.now()
        self.topics[name] = topics.Topic(name=name, settings=wanted, created=now, modified=now)
        return True

    def set_topic(self, name: str, fields: Mapping[str, str]) -> None:
        topic = self.topic(name)
        wanted = settings.read(fields, settings.TOPIC_RANGES, topic.settings)
        self.topics[name] = replace(topic, settings=wanted, modified=self.now())

    def delete_topic(self, name: str) -> None:
        self.topics.pop(name, None)
        self.subscriptions = {key: value for key, value in self.subscriptions.items() if key[0] != name}

    def create_queue(self, name: str, fields: Mapping[str, str]) -> bool:
        """True: created; False: an equal one is there already."""
        settings.check_name(name, settings.QUEUE_NAME)
        wanted = settings.read(fields, settings.QUEUE_RANGES, settings.defaults(settings.QUEUE_RANGES))
        known = self.queues.get(name)
        if known is not None and known.settings != wanted:
            raise MnsError("QueueAlreadyExist")
        if known is not None:
            return False
        self.queues[name] = queues.Queue(name=name, settings=wanted, now=self.now())
        return True

    def set_queue(self, name: str, fields: Mapping[str, str]) -> None:
        queue = self.queue(name)
        queue.settings = settings.read(fields, settings.QUEUE_RANGES, queue.settings)
        queue.modified = self.now()

    def subscribe(self, topic: str, name: str, fields: Mapping[str, str]) -> bool:
        """True: created; False: an equal one is there already."""
        settings.check_name(name, settings.SUBSCRIPTION_NAME)
        source = self.topic(topic)
        wanted = topics.subscription(topic, name, fields, region=self.region, account=self.account, now=self.now())
        if self.queue(wanted.queue).seconds("MaximumMessageSize") < int(source.settings["MaximumMessageSize"]):
            raise MnsError("InvalidArgument", "The queue takes smaller messages than the topic.")
        known = self.subscriptions.get((topic, name))
        if known is not None and not known.same_as(wanted):
            raise MnsError("SubscriptionAlreadyExist")
        if known is not None:
            return False
        self.subscriptions[topic, name] = wanted
        return True

    def set_subscription(self, topic: str, name: str, fields: Mapping[str, str]) -> None:
        """Only the strategy can be set, as in the service."""
        known = self.subscription(topic, name)
        strategy = topics.one_of(fields.get("NotifyStrategy", known.strategy), topics.STRATEGIES)
        self.subscriptions[topic, name] = replace(known, strategy=strategy, modified=self.now())

    def publish(self, topic: str, *, body: str, tag: str, headers: Mapping[str, str]) -> topics.Published:
        topics.check_size(self.topic(topic), body)
        number = self.next_number()
        message = topics.Published(
            number=number,
            topic=topic,
            message_id=self.new_id(number),
            body=body,
            tag=topics.check_tag(tag),
            time=self.moment(),
            headers=headers,
        )
        self.published.append(message)
        self._fan_out(message)
        return message

    def send(self, queue: queues.Queue, body: str, *, delay: int | None, priority: int) -> queues.Message:
        number = self.next_number()
        return queue.put(
            number=number,
            message_id=self.new_id(number),
            body=body,
            now=self.now(),
            delay_seconds=delay,
            priority=priority,
        )

    def _fan_out(self, message: topics.Published) -> None:
        """To each queue that wants the tag. A push worker for http endpoints would take its work here."""
        for subscription in self.subscriptions.values():
            queue = self.queues.get(subscription.queue)
            if subscription.topic != message.topic or not subscription.wants(message.tag) or queue is None:
                continue
            body = topics.notification(message, subscription, account=self.account)
            for _ in range(self.delivery.copies):
                number = self.next_number()
                queue.put(
                    number=number,
                    message_id=self.new_id(number),
                    body=body,
                    now=self.now(),
                    newest_first=self.delivery.newest_first,
                )
