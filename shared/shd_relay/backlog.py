"""What is committed and not yet accepted by the topic: how much of it, and since when."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from typing import NamedTuple

from shd_relay import ledger
from shd_relay.model import Position
from shd_relay.ports import ReadStore

MOST_COUNTED = 5_000


class Backlog(NamedTuple):
    """`mark`: how far the topic has accepted. `waiting` changes come after it, the oldest committed at
    `oldest`; None: none waits."""

    mark: Position
    waiting: int = 0
    oldest: datetime | None = None


def of(store: ReadStore, shard: str) -> Backlog:
    """What waits, counted up to MOST_COUNTED, as each must be read. Raises what the store raises."""
    mark = store.load_watermark(shard)
    after = islice(ledger.changes_after(store, mark, shard), MOST_COUNTED)
    committed = [placed.entry.at for placed in after if placed.change.pushed]
    return Backlog(mark, len(committed), min(committed, default=None))
