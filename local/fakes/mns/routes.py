"""Which operation a request asks for: method and path as one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from local.fakes.loopback import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request that was understood. `action` is the word of the access policy; names are empty where none is given."""

    action: str
    query: Mapping[str, str]
    headers: Mapping[str, str] = field(repr=False)
    body: bytes
    topic: str = ""
    queue: str = ""
    subscription: str = ""
    url: str = ""


# (method, path, query marker) -> action; the first that fits counts. A name in braces takes any one segment.
ROUTES: tuple[tuple[str, str, str, str], ...] = (
    ("GET", "topics", "", "ListTopic"),
    ("PUT", "topics/{topic}", "metaoverride", "SetTopicAttributes"),
    ("PUT", "topics/{topic}", "", "CreateTopic"),
    ("GET", "topics/{topic}", "", "GetTopicAttributes"),
    ("DELETE", "topics/{topic}", "", "DeleteTopic"),
    ("POST", "topics/{topic}/messages", "", "PublishMessage"),
    ("GET", "topics/{topic}/subscriptions", "", "ListSubscriptionByTopic"),
    ("PUT", "topics/{topic}/subscriptions/{subscription}", "metaoverride", "SetSubscriptionAttributes"),
    ("PUT", "topics/{topic}/subscriptions/{subscription}", "", "Subscribe"),
    ("GET", "topics/{topic}/subscriptions/{subscription}", "", "GetSubscriptionAttributes"),
    ("DELETE", "topics/{topic}/subscriptions/{subscription}", "", "Unsubscribe"),
    ("GET", "queues", "", "ListQueue"),
    ("PUT", "queues/{queue}", "metaoverride", "SetQueueAttributes"),
    ("PUT", "queues/{queue}", "", "CreateQueue"),
    ("GET", "queues/{queue}", "", "GetQueueAttributes"),
    ("DELETE", "queues/{queue}", "", "DeleteQueue"),
    ("POST", "queues/{queue}/messages", "", "SendMessage"),
    ("GET", "queues/{queue}/messages", "peekonly", "PeekMessage"),
    ("GET", "queues/{queue}/messages", "", "ReceiveMessage"),
    ("PUT", "queues/{queue}/messages", "", "ChangeMessageVisibility"),
    ("DELETE", "queues/{queue}/messages", "", "DeleteMessage"),
)


def understand(request: Request, url: str) -> Ask:
    """`action` is empty when no operation has this address."""
    path, _, query_text = request.target.partition("?")
    query = _query(query_text)
    action, names = _match(request.method, [unquote(part) for part in path[1:].split("/")], query)
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Ask(action=action, query=query, headers=headers, body=request.body, url=url, **names)


def _match(method: str, path: list[str], query: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    for wanted, pattern, marker, action in ROUTES:
        parts = pattern.split("/")
        if wanted != method or len(parts) != len(path) or (marker and query.get(marker) != "true"):
            continue
        pairs = list(zip(parts, path, strict=True))
        if all(part == value or part.startswith("{") for part, value in pairs):
            return action, {part[1:-1]: value for part, value in pairs if part.startswith("{")}
    return "", {}


def _query(text: str) -> dict[str, str]:
    """Percent signs are decoded, a plus sign stays: the SDK sends receipt handles as they are."""
    pairs = (part.partition("=") for part in text.split("&") if part)
    return {unquote(name): unquote(value) for name, _, value in pairs}
