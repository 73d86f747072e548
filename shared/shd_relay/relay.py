"""The publishing half: log -> topic, in order, one message at a time (design.md, law 3).

Publish after the commit, mark after the publish. At least once: a crash between the two repeats one message, under the
same id. What the topic refuses for itself is parked and a short notice goes in its place; anything else stops the relay
and stays in the log for the next poll.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from shd_relay import appending, ledger, message, pushed
from shd_relay.errors import ContractError, MessageRefused, PublishUnavailable
from shd_relay.ledger import Placed
from shd_relay.model import Message
from shd_relay.ports import Publisher, Store
from shd_relay.pushed import Pushed
from shd_relay.records import Parked

OUT_OF_TIME = "out of time, or another poller took over"


class Relayed(NamedTuple):
    """What became of one change. `stopped`: why the relay stops here, in the topic's own word; None: it goes on."""

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
    count: Callable[[Placed, Relayed], None],
) -> str | None:
    """Publishes what is committed after the watermark, in log order, as long as `may_go_on`: None if it came to the
    end, else why not. `count` is told what became of each change as soon as it is known, before it is marked.

    `may_go_on` says whether the lease is still ours and the budget lasts; it is asked before every message. A mark of
    somebody else's that is further ends it, too: a clock that is wrong then costs one duplicate, not the whole backlog.
    Raises what the store raises; what was published since the last mark is then published again, once.
    """
    mark = reached = store.load_watermark(shard)
    times: list[datetime | None] = []  # of the entry's changes so far
    for placed in ledger.changes_after(store, mark, shard):
        seq, offset = reached = placed.position
        done = Relayed()
        if placed.change.pushed:
            if not may_go_on():
                return OUT_OF_TIME
            done = _publish(store, publisher, shard, public_url, now, placed)
            count(placed, done)
            if done.stopped:
                return done.stopped
        known = times if offset > 1 else []
        times = [*known, *[None] * (offset - 1 - len(known)), now() if done.published else None]
        if offset == len(placed.entry.changes):  # before the mark passes it: else a crash would leave a hole
            row = pushed.encode(Pushed(at=tuple(times)))
            appending.put(store, pushed.shard_of(shard), seq, row, is_ours=lambda _: True)  # another's is as good
        if placed.change.pushed:
            mark = reached
            if not store.save_watermark(shard, mark):
                return OUT_OF_TIME
    if reached > mark:  # history at the end of the log, which nobody is told of
        store.save_watermark(shard, reached)
    return None


def _publish(  # noqa: PLR0917 - one call, in the order of the sentence
    store: Store,
    publisher: Callable[[], Publisher],
    shard: str,
    public_url: str | None,
    now: Callable[[], datetime],
    placed: Placed,
) -> Relayed:
    """Publishes the change; if its message is refused, parks it and sends a short notice in its place."""
    full = message.of(*placed, public_url)
    refused = _sent(publisher, full)
    if not isinstance(refused, MessageRefused):
        return Relayed(published=1) if refused is None else Relayed(stopped=str(refused))
    store.park(shard, Parked(key=f"message:{full.id}", at=now(), reason=str(refused), body=full.body))
    refused = _sent(publisher, message.notice_of(*placed, public_url))
    if refused is None:
        return Relayed(published=1, parked=1)
    if isinstance(refused, MessageRefused):  # even so short: it is parked, and stands in /v1/changes
        return Relayed(parked=1)
    return Relayed(stopped=str(refused))


def _sent(publisher: Callable[[], Publisher], told: Message) -> PublishUnavailable | ContractError | None:
    """Why the topic did not take it; None if it did."""
    try:
        publisher().publish(told)
    except (PublishUnavailable, ContractError) as error:
        return error
    return None
