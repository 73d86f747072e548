"""From one answer about all pairs to one outcome for each: what the in-progress list and the page have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from shd_relay.dialect_in_progress import UNKNOWN, Sweep, one_each
from shd_relay.model import ALWAYS, FailedRead, Item, Observation, Pair
from shd_relay.ports import ReadRequest

MOST_FURTHER = 1_000  # pairs that nobody asked for; an answer that invents more is not about health
REGION_LESS = frozenset({"oo-region", "non-regional", "global"})  # status-api.md 2.2: which one is right is not known


class Spelling:
    """Pairs as the watch list spells them: upstream's ids are compared without case, and a service without a region has
    that of SHD_GLOBAL_REGION. What is not on the list is spelt as it first came."""

    def __init__(self, requests: Sequence[ReadRequest], global_region: str) -> None:
        self._global = global_region
        pairs = [request.pair for request in requests]
        self._products = {pair.product.lower(): pair.product for pair in pairs}
        self._regions = {pair.region.lower(): pair.region for pair in pairs}
        self._pairs = {(pair.product.lower(), pair.region.lower()): pair for pair in pairs}

    def pair(self, said: Pair) -> Pair:
        region = self._global if said.region.lower() in REGION_LESS | {UNKNOWN} else said.region
        key = said.product.lower(), region.lower()
        if key not in self._pairs:
            product, region = self._products.setdefault(key[0], said.product), self._regions.setdefault(key[1], region)
            self._pairs[key] = Pair(product, region)
        return self._pairs[key]


def observations(
    operation: str, requests: Sequence[ReadRequest], sweep: Sweep, now: datetime, global_region: str
) -> Iterator[Observation]:
    """One for every pair asked for, and for every further pair that the answer names, MOST_FURTHER at most.

    An item that cannot be read may be of any event, so then no absence proves anything; if it does not say of which
    pair it is, no pair was read whole.
    """
    spelling = Spelling(requests, global_region)
    items: dict[Pair, list[Item]] = {request.pair: [] for request in requests}
    unreadable: dict[Pair, list[str]] = {}
    for said, found in sweep.items.items():
        items.setdefault(spelling.pair(said), []).extend(found)
    for said, raw in sweep.unreadable.items():
        unreadable.setdefault(spelling.pair(said), []).extend(raw)
    windows = () if unreadable else (ALWAYS,)
    whole = Pair(UNKNOWN, UNKNOWN) not in sweep.unreadable
    for pair in list(dict.fromkeys((*items, *unreadable)))[: len(requests) + MOST_FURTHER]:
        yield Observation(
            pair=pair, operation=operation, at=now, items=one_each(items.get(pair, ())), windows=windows, whole=whole,
            unreadable=tuple(dict.fromkeys(unreadable.get(pair, ()))),
        )  # fmt: skip


def failures(
    operation: str, requests: Sequence[ReadRequest], now: datetime, *, reason: str, code: str, throttled: bool = False
) -> Iterator[FailedRead]:
    """The same for every pair: there was one call."""
    for request in requests:
        yield FailedRead(
            pair=request.pair, operation=operation, at=now, reason=reason, code=code, throttled=throttled
        )  # fmt: skip
