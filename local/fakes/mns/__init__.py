"""A stand-in of Alibaba Cloud MNS: topics and queues over HTTP on loopback, for the unmodified SDK. See README.md."""

from __future__ import annotations

from local.fakes.mns.auth import LOCAL_KEY_ID, LOCAL_KEYS, LOCAL_SECRET, Key
from local.fakes.mns.errors import MnsError
from local.fakes.mns.faults import Call, Fault, on
from local.fakes.mns.queues import QueuedMessage
from local.fakes.mns.server import MnsFake
from local.fakes.mns.topics import Published, Subscription, Topic

__all__ = [
    "LOCAL_KEYS",
    "LOCAL_KEY_ID",
    "LOCAL_SECRET",
    "Call",
    "Fault",
    "Key",
    "MnsError",
    "MnsFake",
    "Published",
    "QueuedMessage",
    "Subscription",
    "Topic",
    "on",
]
