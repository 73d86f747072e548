"""A subscriber as a partner would write one: a queue on the topic, the vendor's SDK, the consumer's rule."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

BATCH = 16  # the most that MNS gives at once


@dataclass
class Inbox:
    """What arrived, in order, and what the consumer's rule made of it: the last revision of each event."""

    arrived: list[dict[str, Any]] = field(default_factory=list)
    latest: dict[str, dict[str, Any]] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    duplicates: int = 0
    out_of_order: int = 0

    def take(self, message: dict[str, Any]) -> bool:
        """Takes one CloudEvent; whether it was news. What is not newer than the last revision is dropped."""
        self.arrived.append(message)
        event = message["data"]["event"]
        last = self.latest.get(event["id"])
        if message["id"] in self.seen:
            self.duplicates += 1
            return False
        self.seen.add(message["id"])
        if last is not None and event["revision"] <= last["revision"]:
            self.out_of_order += 1
            return False
        self.latest[event["id"]] = event
        return True


class QueueSubscriber:
    """Reads one queue until it is empty. Messages are deleted once they are in the inbox."""

    def __init__(self, *, url: str, queue: str, access_key_id: str, access_key_secret: str) -> None:
        from mns.account import Account

        self._account = Account(url, access_key_id, access_key_secret)
        self._queue = self._account.get_queue(queue)
        self._queue.set_encoding(False)  # the bodies are raw JSON, not base64
        self.inbox = Inbox()

    def drain(self) -> list[dict[str, Any]]:
        """Everything that waits now; the messages that were news."""
        news = []
        while batch := self._receive():
            for message in batch:
                body = json.loads(message.message_body)
                if self.inbox.take(body):
                    news.append(body)
            self._queue.batch_delete_message([message.receipt_handle for message in batch])
        return news

    def _receive(self) -> list[Any]:
        from mns.mns_exception import MNSServerException

        try:
            return list(self._queue.batch_receive_message(BATCH))
        except MNSServerException as error:
            if error.type == "MessageNotExist":  # how MNS says that a queue is empty
                return []
            raise

    def close(self) -> None:
        self._account.get_client().http.conn.close()
