"""The operations on queues themselves: XML in, a rule of the account, XML out."""

from __future__ import annotations

from collections.abc import Iterable

from local.fakes.loopback import Reply
from local.fakes.mns.account import Account
from local.fakes.mns.answers import NO_CONTENT, Operation, created, page, setting_elements, settings_of, xml
from local.fakes.mns.queues import state_of
from local.fakes.mns.routes import Ask
from local.fakes.mns.wire import Value, document


def create_queue(account: Account, ask: Ask) -> Reply:
    new = account.create_queue(ask.queue, settings_of(ask, "Queue"))
    return created(new, f"{ask.url}/queues/{ask.queue}")


def set_queue_attributes(account: Account, ask: Ask) -> Reply:
    account.set_queue(ask.queue, settings_of(ask, "Queue"))
    return NO_CONTENT


def get_queue_attributes(account: Account, ask: Ask) -> Reply:
    return xml(200, document("Queue", _queue_elements(account, ask.queue)))


def delete_queue(account: Account, ask: Ask) -> Reply:
    account.queues.pop(ask.queue, None)
    return NO_CONTENT


def list_queue(account: Account, ask: Ask) -> Reply:
    with_meta = ask.headers.get("x-mns-with-meta") == "true"

    def describe(name: str) -> Iterable[tuple[str, Value]]:
        yield "QueueURL", f"{ask.url}/queues/{name}"
        yield from _queue_elements(account, name) if with_meta else ()

    return page(ask, "Queues", "Queue", account.queues, describe)


def _queue_elements(account: Account, name: str) -> list[tuple[str, Value]]:
    queue, now = account.queue(name), account.now()
    states = [state_of(message, now) for message in queue.messages(now)]
    return [
        ("QueueName", queue.name),
        ("CreateTime", queue.created // 1000),
        ("LastModifyTime", queue.modified // 1000),
        ("ActiveMessages", states.count("active")),
        ("InactiveMessages", states.count("inactive")),
        ("DelayMessages", states.count("delayed")),
        *setting_elements(queue.settings),
    ]


OPERATIONS: dict[str, Operation] = {
    "CreateQueue": create_queue,
    "SetQueueAttributes": set_queue_attributes,
    "GetQueueAttributes": get_queue_attributes,
    "DeleteQueue": delete_queue,
    "ListQueue": list_queue,
}
