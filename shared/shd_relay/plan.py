"""What one poller is told to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from shd_relay.model import Pair


def _nothing_beyond(_: Pair) -> bool:
    return False


class Plan(NamedTuple):
    """What one poller is told to do. `budget_seconds` bounds reading and publishing together; `rate` 0: no limit.

    `beyond`: whether events of a pair that is not watched are kept all the same, as nobody could have known it.
    `backfill_days`: an order to read so much of the past.
    """

    shard: str
    pairs: tuple[Pair, ...]
    interval_seconds: float
    budget_seconds: float
    lease_seconds: float
    rate: float
    public_url: str | None
    beyond: Callable[[Pair], bool] = _nothing_beyond
    backfill_days: int | None = None
