"""The publishing half: log -> topic, in order, one message at a time (design.md, law 3).

Publish after the commit, mark after the publish. At least once: a crash between the two repeats one message, under the
same id. What the topic refuses for itself is parked and a short notice goes in its place; anything else stops the relay
and stays in the log for the next poll.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from shd_relay import ledger, message
from shd_relay.errors import ContractError, MessageRefused, PublishUnavailable
from shd_relay.ledger import Placed
from shd_relay.ports import Publisher, Store
from shd_relay.records import Parked

MOST_COUNTED = 5_000
OUT_OF_TIME = "out of time, or another poller took over"


class Relayed(NamedTuple):
    """How far it came. `stopped`: why it did not come to the end, with the topic's own word for it; None: it did."""

    published: int = 0
    parked: int = 0
    stopped: str | None = None


def relay(
    store: Store,
    publisher: Callable[[], Publisher],
    *,
    shard: str,
    public_url: str | None,
    may_go_on: Callable[[], bool],
    now: Callable[[], datetime],
) -> Relayed:
    """Publishes what is committed after the watermark, in log order, as long as `may_go_on`.

    `may_go_on` says whether the lease is still ours and the budget lasts; it is asked before every message. A mark of
    somebody else's that is further ends it, too: a clock that is wrong then costs one duplicate, not the whole backlog.
    Raises StoreUnavailable when the store does; what was published since the last mark is then published again, once.
    """
    published = parked = 0
    mark = reached = store.load_watermark(shard)
    for placed in ledger.changes_after(store, mark, shard):
        reached = placed.position
        if not placed.change.pushed:
            continue
        if not may_go_on():
            return Relayed(published, parked, OUT_OF_TIME)
        try:
            accepted = _publish(store, publisher(), shard, public_url, now, placed)
        except (PublishUnavailable, ContractError) as error:
            return Relayed(published, parked, str(error))
        published += accepted.published
        parked += accepted.parked
        mark = reached
        if not store.save_watermark(shard, mark):
            return Relayed(published, parked, OUT_OF_TIME)
    if reached > mark:  # history at the end of the log, which nobody is told of
        store.save_watermark(shard, reached)
    return Relayed(published, parked)


def pending(store: Store, shard: str) -> int:
    """How many committed changes the topic has not accepted yet; counted up to MOST_COUNTED, as each must be read."""
    mark = store.load_watermark(shard)
    waiting = (placed.change.pushed for placed in ledger.changes_after(store, mark, shard))
    return sum(islice(waiting, MOST_COUNTED))


def _publish(  # noqa: PLR0917 - one call, in the order of the sentence
    store: Store,
    publisher: Publisher,
    shard: str,
    public_url: str | None,
    now: Callable[[], datetime],
    placed: Placed,
) -> Relayed:
    """Publishes the change; if its message is refused, parks it and sends a short notice in its place."""
    full = message.of(*placed, public_url)
    try:
        publisher.publish(full)
    except MessageRefused as refusal:
        store.park(shard, Parked(key=f"message:{full.id}", at=now(), reason=str(refusal), body=full.body))
    else:
        return Relayed(published=1)
    try:
        publisher.publish(message.notice_of(*placed, public_url))
    except MessageRefused:  # even so short: it is parked, and stands in /v1/changes
        return Relayed(parked=1)
    return Relayed(published=1, parked=1)
