"""One queue: its messages and the rules of receiving, receipt handles, visibility, delay and retention.

Times are epoch milliseconds and always an argument. Nothing here locks: the caller holds the lock of the account.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from datetime import datetime, timezone

from local.fakes.mns.errors import NO_SUCH_MESSAGE, MnsError
from local.fakes.mns.settings import Settings

LARGEST_BATCH = 16
DEFAULT_PRIORITY = 8


@dataclass(slots=True, kw_only=True)
class Message:
    """A message in a queue. `received` counts receives; `handle` is the one receipt handle that is good now."""

    number: int
    message_id: str
    body: str
    priority: int
    enqueued: int
    visible: int
    handle: str
    first_received: int = 0
    received: int = 0
    turn: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedMessage:
    """What the inspection API tells of a message; `state` is `active`, `inactive` (received) or `delayed`."""

    message_id: str
    body: str
    priority: int
    dequeue_count: int
    enqueued: datetime
    visible: datetime
    state: str


class Queue:
    """Messages come out by priority, then in the order they came; `newest_first` on put turns that order around."""

    def __init__(self, *, name: str, settings: Settings, now: int) -> None:
        self.name = name
        self.settings = settings
        self.created = now
        self.modified = now
        self._messages: dict[str, Message] = {}

    def seconds(self, name: str) -> int:
        return int(self.settings[name])

    def check_size(self, body: str) -> None:
        if len(body.encode()) > self.seconds("MaximumMessageSize"):
            raise MnsError("InvalidArgument", "The message is longer than MaximumMessageSize.")

    def put(
        self,
        *,
        number: int,
        message_id: str,
        body: str,
        now: int,
        delay_seconds: int | None = None,
        priority: int = DEFAULT_PRIORITY,
        newest_first: bool = False,
    ) -> Message:
        """`number` places the message: greater is later, unless `newest_first`."""
        delay = self.seconds("DelaySeconds") if delay_seconds is None else delay_seconds
        message = Message(
            number=-number if newest_first else number,
            message_id=message_id,
            body=body,
            priority=priority,
            enqueued=now,
            visible=now + delay * 1000,
            handle=_handle(message_id, 0),
        )
        self._messages[message_id] = message
        return message

    def messages(self, now: int) -> list[Message]:
        """All that are within retention, in the order they come out."""
        oldest = now - self.seconds("MessageRetentionPeriod") * 1000
        for message in [each for each in self._messages.values() if each.enqueued <= oldest]:
            del self._messages[message.message_id]
        return sorted(self._messages.values(), key=lambda message: (message.priority, message.number))

    def visible(self, count: int, now: int) -> list[Message]:
        """At most `count` messages that can be received now; nothing is changed."""
        return [message for message in self.messages(now) if message.visible <= now][:count]

    def receive(self, count: int, now: int) -> list[Message]:
        received = self.visible(count, now)
        for message in received:
            message.received += 1
            message.first_received = message.first_received or now
            _hide(message, now + self.seconds("VisibilityTimeout") * 1000)
        return received

    def next_visible(self, now: int) -> int | None:
        """When the next hidden or delayed message comes into sight."""
        return min((message.visible for message in self.messages(now) if message.visible > now), default=None)

    def delete(self, handle: str, now: int) -> None:
        message = self._held(handle, now)
        del self._messages[message.message_id]

    def change_visibility(self, handle: str, seconds: int, now: int) -> Message:
        message = self._held(handle, now)
        _hide(message, now + seconds * 1000)
        return message

    def _held(self, handle: str, now: int) -> Message:
        """The message that this handle still holds. A handle ends with its visibility or with the next one."""
        message_id = _message_id(handle)
        self.messages(now)  # forgets what is past its retention
        message = self._messages.get(message_id)
        if message is None or message.handle != handle or message.visible <= now:
            raise MnsError(NO_SUCH_MESSAGE)
        return message


def state_of(message: Message, now: int) -> str:
    if message.visible <= now:
        return "active"
    return "inactive" if message.received else "delayed"


def inspect(message: Message, now: int) -> QueuedMessage:
    return QueuedMessage(
        message_id=message.message_id,
        body=message.body,
        priority=message.priority,
        dequeue_count=message.received,
        enqueued=datetime.fromtimestamp(message.enqueued / 1000, timezone.utc),
        visible=datetime.fromtimestamp(message.visible / 1000, timezone.utc),
        state=state_of(message, now),
    )


def _hide(message: Message, until: int) -> None:
    message.turn += 1
    message.visible = until
    message.handle = _handle(message.message_id, message.turn)


def _handle(message_id: str, turn: int) -> str:
    """Message, turn and a check, so that a made-up handle is told from an old one; contains `+`, `/` and `=`."""
    raw = bytes.fromhex(message_id) + turn.to_bytes(4, "big")
    return "1-" + base64.b64encode(raw + _check(raw)).decode()


def _message_id(handle: str) -> str:
    try:
        raw = base64.b64decode(handle.removeprefix("1-"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise MnsError("ReceiptHandleError") from error
    if not handle.startswith("1-") or len(raw) != 23 or _check(raw[:20]) != raw[20:]:
        raise MnsError("ReceiptHandleError")
    return raw[:16].hex().upper()


def _check(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()[:3]
