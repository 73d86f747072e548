"""A status relay as most are built, for comparison: careful where its kind is careful, wrong where its kind is wrong.

  record, then send          what was recorded and not sent is not sent later (peers.md, section 5: eight of twelve)
  window by constant         it asks for the last week, whatever is open
  whole seconds              it looks at an event again when its newest time, in whole seconds, or its severity moved
  start and title as key     SHD gives no id

What it does well, and others of its kind do not: a failed read changes nothing; one item that fails does not keep the
others from being sent; a failing topic does not end the round; an announced end is told when it has come; severity is
compared as it is; nothing that vanishes, in a short or an empty answer, is called over. It takes no lease.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from shd_relay.errors import PublishUnavailable, StoreUnavailable
from shd_relay.model import FailedRead, Item, Message, Pair
from shd_relay.plan import Plan
from shd_relay.ports import Publisher, ReadRequest, Source, Store
from shd_relay.records import Learned
from shd_relay.report import Report


class Recorded(NamedTuple):
    """All that its table holds of an event. `second`: the newest of its times that has come, in whole seconds."""

    severity: str | None
    second: int


class Table:
    """Rows by key in a store, last writer wins. Each call is one effect, and so a place for a fault."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, key: str) -> Recorded | None:
        """Raises StoreUnavailable."""
        blob = self._store.load_document(key)
        return None if blob is None else Recorded(*json.loads(blob))

    def put(self, key: str, row: Recorded) -> None:
        """Raises StoreUnavailable; it may be there all the same."""
        self._store.put_documents([(key, "", json.dumps(row).encode())], 0)


class Baseline:
    """One round; made and used as shd_relay.poll.Poller is."""

    def __init__(
        self,
        *,
        plan: Plan,
        store: Store,
        sources: Mapping[str, Callable[[float, Learned | None], Source]],
        publisher: Callable[[float], Publisher],
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        owner: str,
    ) -> None:
        self._pairs = plan.pairs
        self._table = Table(store)
        [make] = sources.values()
        self._source = make(0.0, None)
        self._topic = publisher(0.0)
        self._now = now
        self._report = Report(poll=owner)

    def run(self) -> dict[str, Any]:
        now = self._now()
        requests = [ReadRequest(pair, now) for pair in self._pairs]
        for outcome in self._source.read(requests, now=now, rung=0):
            if isinstance(outcome, FailedRead):
                self._report.note(outcome)
                self._report.failed += 1
                continue
            self._report.polled += 1
            for item in outcome.items:
                self._look_at(outcome.pair, item)
        return self._report.as_json()

    def _look_at(self, pair: Pair, item: Item) -> None:
        """Records what is new, then sends it."""
        key, row = key_of(pair, item), recorded(item, self._now())
        try:
            known = self._table.get(key)
            if known == row:
                return
            self._table.put(key, row)
        except StoreUnavailable:
            return  # the next round looks at it again
        try:
            self._topic.publish(message_of(key, pair, item, is_new=known is None, now=self._now()))
            self._report.published += 1
        except PublishUnavailable:
            self._report.stopped = "logged, and that was it"


def key_of(pair: Pair, item: Item) -> str:
    return f"{pair} {second(item.start)} {item.title}"


def recorded(item: Item, now: datetime) -> Recorded:
    times = (item.start, item.end, *(update.at for update in item.updates))
    return Recorded(item.severity, max((at for at in map(second, times) if at <= second(now)), default=0))


def message_of(key: str, pair: Pair, item: Item, *, is_new: bool, now: datetime) -> Message:
    """A JSON object: `label` new, updated or resolved; `status` upcoming, open or closed; times in milliseconds."""
    status = status_of(item, now)
    body = {
        "key": key,
        "label": "resolved" if status == "closed" else "new" if is_new else "updated",
        "status": status,
        "product": pair.product,
        "region": pair.region,
        "title": item.title,
        "severity": item.severity,
        "startTime": text(item.start),
        "endTime": text(item.end),
        "updates": [{"at": text(update.at), "text": update.text} for update in item.updates],
    }
    return Message(id=key, tag="alert", body=json.dumps(body))


def status_of(item: Item, now: datetime) -> str:
    if item.severity == "NORMAL" or (item.end is not None and second(item.end) <= second(now)):
        return "closed"
    return "upcoming" if second(item.start) > second(now) else "open"


def second(moment: datetime | None) -> int:
    """Whole seconds since 1970; 0 where there is no time."""
    return 0 if moment is None else int(moment.timestamp())


def text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
