"""The read-only JSON page of the stand-in, outside the paths of MNS: what is stored, and what was asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from itertools import islice
from typing import TypeVar

from local.fakes.loopback import Reply, Request
from local.fakes.mns.account import Account
from local.fakes.mns.faults import Call
from local.fakes.mns.queues import inspect
from local.fakes.mns.topics import Published, Subscription

PATH = "/_local/state"
LONGEST_LIST = 200  # of messages and of calls, the newest
SECRET_HEADERS = frozenset({"authorization", "security-token"})
T = TypeVar("T")


def answer_page(request: Request, state: Callable[[], Mapping[str, object]]) -> Reply:
    if request.target != PATH:
        return Reply(status=404)
    if request.method not in ("GET", "HEAD"):
        return Reply(status=405, headers=(("Allow", "GET, HEAD"),))
    body = json.dumps(state(), ensure_ascii=False, indent=1).encode()
    headers = (("Content-Type", "application/json; charset=utf-8"), ("Cache-Control", "no-store"))
    return Reply(headers=headers, body=body)


def state_of_account(account: Account, calls: Iterable[Call], faults: list[dict[str, object]]) -> dict[str, object]:
    """Plain values for JSON. The caller holds the lock."""
    return {
        "account": account.account,
        "region": account.region,
        "topics": {name: _topic(account, name) for name in account.topics},
        "queues": {name: _queue(account, name) for name in account.queues},
        "faults": faults,
        "delivery": asdict(account.delivery),
        "calls": [_call(call) for call in _newest(calls)],
    }


def _topic(account: Account, name: str) -> dict[str, object]:
    subscriptions = [each for (topic, _), each in account.subscriptions.items() if topic == name]
    published = [each for each in account.published if each.topic == name]
    return {
        "settings": dict(account.topics[name].settings),
        "subscriptions": [_subscription(each) for each in subscriptions],
        "published_count": len(published),
        "published": [_published(each) for each in _newest(published)],
    }


def _queue(account: Account, name: str) -> dict[str, object]:
    now = account.now()
    messages = account.queues[name].messages(now)
    shown = [_plain(asdict(inspect(message, now))) for message in islice(messages, LONGEST_LIST)]
    return {
        "settings": dict(account.queues[name].settings),
        "message_count": len(messages),
        "messages": shown,
    }


def _subscription(each: Subscription) -> dict[str, object]:
    return {
        "name": each.name,
        "endpoint": each.endpoint,
        "filter_tag": each.filter_tag,
        "strategy": each.strategy,
        "content_format": each.content_format,
    }


def _published(each: Published) -> dict[str, object]:
    return {
        "number": each.number,
        "message_id": each.message_id,
        "body": each.body,
        "tag": each.tag,
        "time": each.time.isoformat(),
        "headers": {name: value for name, value in each.headers.items() if name not in SECRET_HEADERS},
    }


def _call(call: Call) -> dict[str, object]:
    return {
        "number": call.number,
        "action": call.action,
        "method": call.method,
        "target": call.target,
        "time": call.time.isoformat(),
        "fault": call.fault.name if call.fault else None,
        "status": call.status,
    }


def _plain(values: Mapping[str, object]) -> dict[str, object]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}


def _newest(values: Iterable[T]) -> list[T]:
    return list(values)[-LONGEST_LIST:]
