"""Replies and the small readers that the operations on topics and on queues share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from local.fakes.loopback import Reply
from local.fakes.mns.account import Account
from local.fakes.mns.auth import VERSION
from local.fakes.mns.errors import MnsError
from local.fakes.mns.routes import Ask
from local.fakes.mns.settings import Settings
from local.fakes.mns.wire import Value, document, element, fields, listing, number, parse

Operation = Callable[[Account, Ask], Reply]
XML_TYPE = ("Content-Type", "text/xml;charset=utf-8")
NO_CONTENT = Reply(status=204)


def xml(status: int, body: bytes) -> Reply:
    return Reply(status=status, headers=(XML_TYPE,), body=body)


def created(new: bool, url: str) -> Reply:
    """201 or, when the same was there already, 204. The SDK needs Location in both."""
    return Reply(status=201 if new else 204, headers=(("Location", url),))


def refusal(error: MnsError, *, request_id: str, host: str) -> Reply:
    parts = (("Code", error.code), ("Message", error.message), ("RequestId", request_id), ("HostId", host))
    return xml(error.status, document("Error", parts))


def stamped(reply: Reply, request_id: str) -> tuple[tuple[str, str], ...]:
    """The headers of an answer of the service. Lower case: the SDK looks for x-mns-request-id in just this form."""
    return (("x-mns-request-id", request_id), ("x-mns-version", VERSION), ("Server", "AliyunMQS"), *reply.headers)


def settings_of(ask: Ask, root: str) -> dict[str, str]:
    """The fields of a request that may come without a body: then none."""
    return fields(parse(ask.body, root)) if ask.body else {}


def query_number(ask: Ask, name: str, default: int, low: int, high: int) -> int:
    return number(ask.query[name], low, high) if name in ask.query else default


def setting_elements(settings: Settings) -> list[tuple[str, Value]]:
    return list(settings.items())


def page(
    ask: Ask, root: str, item: str, names: Iterable[str], describe: Callable[[str], Iterable[tuple[str, Value]]]
) -> Reply:
    """One page of a list by name, with NextMarker only if more follow. The marker is the last name that was told."""
    headers: Mapping[str, str] = ask.headers
    count = number(headers.get("x-mns-ret-number", "1000"), 1, 1000)
    prefix, marker = headers.get("x-mns-prefix", ""), headers.get("x-mns-marker", "")
    found = [name for name in sorted(names) if name.startswith(prefix) and name > marker]
    shown = found[:count]
    tail = [("NextMarker", shown[-1])] if len(found) > count else []
    return xml(200, listing(root, (element(item, describe(name)) for name in shown), tail))
