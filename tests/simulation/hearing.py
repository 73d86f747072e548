"""What a subscriber hears of either tool, in one form: the statements that the fair judge judges."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from shd_relay.model import FEED, Item, Message

NEW = {"new", "opened", "scheduled"}
OVER = {"closed", "resolved", "withdrawn", "cancelled"}
_TAG = re.compile(r"[0-9a-f]{12}")


class Words(NamedTuple):
    """What is said of an event, times in milliseconds. `note`: when its newest update was written."""

    title: str
    severity: str | None
    start: str | None
    end: str | None
    note: str | None


class Statement(NamedTuple):
    """One message, of whichever tool. `identity`: by what a subscriber knows the event again; `revision` 0: none."""

    at: datetime
    tag: str
    identity: str
    revision: int
    new: bool
    state: str
    words: Words

    @property
    def over(self) -> bool:
        return self.state in OVER


class Ear:
    """The topic and its only subscriber: notes what comes, and when."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.heard: list[Statement] = []
        self._now = now

    def publish(self, message: Message) -> None:
        if statement := _understood(json.loads(message.body), self._now()):
            self.heard.append(statement)


def _understood(body: dict[str, Any], at: datetime) -> Statement | None:
    """None: the tool speaks of itself, not of an event."""
    if "specversion" not in body:
        return _statement(at, body["key"], 0, body["label"], body["status"], body)
    event = body["data"]["event"]
    if event["id"] == FEED:
        return None
    return _statement(at, event["id"], event["revision"], body["data"]["change"], event["state"], event)


def _statement(at: datetime, identity: str, revision: int, label: str, state: str, said: dict[str, Any]) -> Statement:
    tag = _TAG.search(said["title"])
    assert tag, said
    notes = [update["at"] for update in said["updates"]]
    words = Words(said["title"], said["severity"], said["startTime"], said["endTime"], max(notes, default=None))
    return Statement(at, tag[0], identity, revision, label in NEW, state, words)


def words_of(item: Item) -> Words:
    """As a message says it; written anew here, so that a mistake of a tool's own is not the judge's."""
    notes = [_text(update.at) for update in item.updates]
    return Words(item.title, item.severity, _text(item.start), _text(item.end), max(filter(None, notes), default=None))


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
