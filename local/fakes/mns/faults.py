"""What can go wrong on the wire, armed per stand-in and spent per request."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum

from local.fakes.loopback import HangUp, Reply
from local.fakes.mns.answers import xml


class Fault(Enum):
    """BEFORE: nothing is stored. AFTER: the request is served in full and only its answer suffers."""

    THROTTLED = "429 TooManyRequests, before"
    QPS_LIMIT = "400 QpsLimitExceeded, before"
    INTERNAL_ERROR = "500 InternalError, before"
    EMPTY_500 = "500 without body, before"
    HTML_502 = "502 with a page of a proxy, before"
    REDIRECT = "302 to elsewhere, before"
    ACCESS_DENIED = "403 AccessDenied, before"
    INVALID_ACCESS_KEY_ID = "403 InvalidAccessKeyId, before"
    TOPIC_NOT_EXIST = "404 TopicNotExist, before"
    INVALID_ARGUMENT = "400 InvalidArgument, before"
    MALFORMED_XML = "400 MalformedXML, before"
    CLOSE_BEFORE = "orderly close without an answer, before"
    RESET_BEFORE = "TCP reset without an answer, before"
    HANG = "never answers, before; ends with heal() or stop()"
    CLOSE_AFTER = "orderly close without an answer, after: the SDK sends again by itself"
    RESET_AFTER = "TCP reset without an answer, after"
    RESET_IDLE = "answers well, then resets the idle connection"
    BROKEN_XML = "201 with broken XML, after"
    WRONG_MD5 = "a wrong MessageBodyMD5, after"
    SLOW = "answers after delay_seconds, after"


REFUSALS: Mapping[Fault, str] = {
    Fault.THROTTLED: "TooManyRequests",
    Fault.QPS_LIMIT: "QpsLimitExceeded",
    Fault.INTERNAL_ERROR: "InternalError",
    Fault.ACCESS_DENIED: "AccessDenied",
    Fault.INVALID_ACCESS_KEY_ID: "InvalidAccessKeyId",
    Fault.TOPIC_NOT_EXIST: "TopicNotExist",
    Fault.INVALID_ARGUMENT: "InvalidArgument",
    Fault.MALFORMED_XML: "MalformedXML",
}
FOREIGN_ANSWERS: Mapping[Fault, Reply] = {
    Fault.EMPTY_500: Reply(status=500),
    Fault.HTML_502: Reply(
        status=502, headers=(("Content-Type", "text/html"),), body=b"<html><body><h1>502 Bad Gateway<br></h1></body>"
    ),
    Fault.REDIRECT: Reply(status=302, headers=(("Location", "http://127.0.0.1:9/elsewhere"),)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, in the order of arrival. `body` and `tag` are those of a published or sent message, else empty.

    `action` is the word of the access policy (PublishMessage, ReceiveMessage ...), empty for an unknown address.
    `status` is None as long as there is no answer, and for ever when the connection was closed instead.
    """

    number: int
    action: str
    method: str
    target: str
    topic: str
    queue: str
    subscription: str
    body: str
    tag: str
    time: datetime
    headers: Mapping[str, str] = field(repr=False)
    fault: Fault | None = None
    status: int | None = None


When = Callable[[Call], bool]


def on(action: str, *, topic: str = "", queue: str = "") -> When:
    """A predicate for `fail`: calls of this action, on this topic or queue if one is named."""
    return lambda call: call.action == action and topic in ("", call.topic) and queue in ("", call.queue)


@dataclass(slots=True, kw_only=True)
class Armed:
    fault: Fault
    left: int | None
    when: When | None
    delay_seconds: float


def spoil(armed: Armed, reply: Reply) -> Reply:
    """What becomes of the answer to a request that was served. Raises HangUp where none goes out."""
    fault = armed.fault
    if fault in (Fault.CLOSE_AFTER, Fault.RESET_AFTER):
        raise HangUp(reset=fault is Fault.RESET_AFTER)
    if fault is Fault.RESET_IDLE:
        return replace(reply, reset=True)
    if fault is Fault.SLOW:
        return replace(reply, delay_seconds=armed.delay_seconds)
    if reply.status >= 400:
        return reply  # a refusal stays one: only a good answer can be spoilt
    if fault is Fault.BROKEN_XML:
        return replace(xml(201, b'<?xml version="1.0"?><Message><MessageId>'), headers=reply.headers)
    body = re.sub(rb"(?<=<MessageBodyMD5>)[0-9A-F]{32}", b"0" * 32, reply.body)
    return replace(reply, body=body)
