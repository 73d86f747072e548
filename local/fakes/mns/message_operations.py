"""The operations on the messages of a queue: XML in, a rule of the queue, XML out."""

from __future__ import annotations

import time
from xml.etree.ElementTree import Element

from local.fakes.loopback import HangUp, Reply
from local.fakes.mns.account import Account
from local.fakes.mns.answers import NO_CONTENT, Operation, query_number, xml
from local.fakes.mns.errors import NO_SUCH_MESSAGE, MnsError
from local.fakes.mns.queues import DEFAULT_PRIORITY, LARGEST_BATCH, Message, Queue
from local.fakes.mns.routes import Ask
from local.fakes.mns.settings import QUEUE_RANGES
from local.fakes.mns.wire import Value, body_md5, document, element, fields, listing, local_name, number, parse

LONGEST_NAP = 0.1  # seconds between looks of a long poll: the injected clock may run faster than the machine's


def send_message(account: Account, ask: Ask) -> Reply:
    """One message, or up to 16 under the root Messages; of a batch with a bad message none is taken."""
    queue = account.queue(ask.queue)
    root = parse(ask.body, "Message", "Messages")
    single = local_name(root) == "Message"
    nodes = [root] if single else [node for node in root if local_name(node) == "Message"]
    if not 1 <= len(nodes) <= LARGEST_BATCH:
        raise MnsError("InvalidArgument", f"A batch has 1 to {LARGEST_BATCH} messages.")
    drafts = [_draft(queue, node) for node in nodes]
    sent = [account.send(queue, body, delay=delay, priority=priority) for body, delay, priority in drafts]
    answers = [_sent_elements(account, message, with_handle=single) for message in sent]
    if single:
        return xml(201, document("Message", answers[0]))
    return xml(201, listing("Messages", (element("Message", answer) for answer in answers)))


def receive_message(account: Account, ask: Ask) -> Reply:
    queue = account.queue(ask.queue)
    count = query_number(ask, "numOfMessages", 1, 1, LARGEST_BATCH)
    wait = query_number(ask, "waitseconds", queue.seconds("PollingWaitSeconds"), 0, 30)
    return _messages(ask, _long_poll(account, ask.queue, count, wait), received=True)


def peek_message(account: Account, ask: Ask) -> Reply:
    count = query_number(ask, "numOfMessages", 1, 1, LARGEST_BATCH)
    return _messages(ask, account.queue(ask.queue).visible(count, account.now()), received=False)


def delete_message(account: Account, ask: Ask) -> Reply:
    """One by the query, or a batch by the body; a batch answers 404 with what could not be deleted."""
    queue = account.queue(ask.queue)
    if ask.body:
        return _delete_batch(account, queue, parse(ask.body, "ReceiptHandles"))
    queue.delete(_handle(ask), account.now())
    return NO_CONTENT


def change_message_visibility(account: Account, ask: Ask) -> Reply:
    queue, handle = account.queue(ask.queue), _handle(ask)
    if "VisibilityTimeout" not in ask.query:
        raise MnsError("MissingVisibilityTimeout")
    _, high, _ = QUEUE_RANGES["VisibilityTimeout"]
    seconds = number(ask.query["VisibilityTimeout"], 0, high)  # 0, as the SDK allows, hands the message back at once
    message = queue.change_visibility(handle, seconds, account.now())
    parts = (("ReceiptHandle", message.handle), ("NextVisibleTime", message.visible))
    return xml(200, document("ChangeVisibility", parts))


def _long_poll(account: Account, name: str, count: int, wait: int) -> list[Message]:
    """Waits by the machine's clock. A queue that is deleted meanwhile is refused, a stop of the server hangs up."""
    end, serving = time.monotonic() + wait, account.serving
    while True:
        now = account.now()
        queue = account.queue(name)
        received = queue.receive(count, now)
        left = end - time.monotonic()
        if received or left <= 0:
            return received
        upcoming = queue.next_visible(now)
        nap = LONGEST_NAP if upcoming is None else min(LONGEST_NAP, (upcoming - now) / 1000)
        account.wait_as_poller(min(left, nap))
        if account.serving != serving:
            raise HangUp


def _messages(ask: Ask, messages: list[Message], *, received: bool) -> Reply:
    if not messages:
        raise MnsError(NO_SUCH_MESSAGE)
    shown = [_message_elements(message, received=received) for message in messages]
    if "numOfMessages" in ask.query:
        return xml(200, listing("Messages", (element("Message", parts) for parts in shown)))
    return xml(200, document("Message", shown[0]))


def _delete_batch(account: Account, queue: Queue, root: Element) -> Reply:
    handles = [node.text or "" for node in root if local_name(node) == "ReceiptHandle"]
    if not 1 <= len(handles) <= LARGEST_BATCH:
        raise MnsError("InvalidArgument", f"A batch has 1 to {LARGEST_BATCH} receipt handles.")
    failed = []
    for handle in handles:
        try:
            queue.delete(handle, account.now())
        except MnsError as error:
            parts = (("ErrorCode", error.code), ("ErrorMessage", error.message), ("ReceiptHandle", handle))
            failed.append(element("Error", parts))
    return xml(404, listing("Errors", failed)) if failed else NO_CONTENT


def _draft(queue: Queue, node: Element) -> tuple[str, int | None, int]:
    """Body, delay in seconds if given, and priority."""
    parts = fields(node)
    if "MessageBody" not in parts:
        raise MnsError("MalformedXML", "MessageBody is missing or has elements of its own.")
    queue.check_size(parts["MessageBody"])
    low, high, _ = QUEUE_RANGES["DelaySeconds"]
    delay = number(parts["DelaySeconds"], low, high) if "DelaySeconds" in parts else None
    priority = number(parts["Priority"], 1, 16) if "Priority" in parts else DEFAULT_PRIORITY
    return parts["MessageBody"], delay, priority


def _handle(ask: Ask) -> str:
    handle = ask.query.get("ReceiptHandle")
    if not handle:
        raise MnsError("MissingReceiptHandle")
    return handle


def _sent_elements(account: Account, message: Message, *, with_handle: bool) -> list[tuple[str, Value]]:
    delayed = message.visible > account.now()
    return [
        ("MessageId", message.message_id),
        ("MessageBodyMD5", body_md5(message.body)),
        ("ReceiptHandle", message.handle if delayed and with_handle else None),
    ]


def _message_elements(message: Message, *, received: bool) -> list[tuple[str, Value]]:
    return [
        ("MessageId", message.message_id),
        ("ReceiptHandle", message.handle if received else None),
        ("MessageBody", message.body),
        ("MessageBodyMD5", body_md5(message.body)),
        ("EnqueueTime", message.enqueued),
        ("NextVisibleTime", message.visible if received else None),
        ("FirstDequeueTime", message.first_received),
        ("DequeueCount", message.received),
        ("Priority", message.priority),
    ]


OPERATIONS: dict[str, Operation] = {
    "SendMessage": send_message,
    "ReceiveMessage": receive_message,
    "PeekMessage": peek_message,
    "DeleteMessage": delete_message,
    "ChangeMessageVisibility": change_message_visibility,
}
