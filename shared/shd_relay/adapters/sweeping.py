"""From one answer about all pairs to one outcome for each: what the in-progress list and the page have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from shd_relay.dialect_in_progress import UNKNOWN, Sweep
from shd_relay.model import ALWAYS, FailedRead, Item, Observation, Pair
from shd_relay.ports import ReadRequest

REGION_LESS = frozenset({"oo-region", "non-regional", "global"})  # status-api.md 2.2: which one is right is not known


class Spelling:
    """Pairs as the watch list spells them: upstream's ids are compared without case, and a service without a region has
    that of SHD_GLOBAL_REGION."""

    def __init__(self, requests: Sequence[ReadRequest], global_region: str) -> None:
        self._global = global_region
        self._known = {(p.product.lower(), p.region.lower()): p for p in (request.pair for request in requests)}
        self._words = {word.lower(): word for pair in self._known.values() for word in pair}

    def pair(self, said: Pair) -> Pair:
        region = self._global if said.region.lower() in REGION_LESS | {UNKNOWN} else said.region
        known = self._known.get((said.product.lower(), region.lower()))
        if known:
            return known
        return Pair(*(self._words.get(word.lower(), word) for word in (said.product, region)))


def observations(
    operation: str, requests: Sequence[ReadRequest], sweeps: Iterable[Sweep], now: datetime, global_region: str
) -> Iterator[Observation]:
    """One for every pair asked for, and for every further pair that the answers name.

    An item that cannot be read may be of any event, so then no absence proves anything.
    """
    spelling = Spelling(requests, global_region)
    items: dict[Pair, list[Item]] = {request.pair: [] for request in requests}
    unreadable: dict[Pair, list[str]] = {}
    for sweep in sweeps:
        for said, found in sweep.items.items():
            items.setdefault(spelling.pair(said), []).extend(found)
        for said, raw in sweep.unreadable.items():
            unreadable.setdefault(spelling.pair(said), []).extend(raw)
    windows = () if unreadable else (ALWAYS,)
    for pair in dict.fromkeys((*items, *unreadable)):
        yield Observation(
            pair=pair, operation=operation, at=now, items=tuple(dict.fromkeys(items.get(pair, ()))), windows=windows,
            unreadable=tuple(unreadable.get(pair, ())),
        )  # fmt: skip


def failures(
    operation: str, requests: Sequence[ReadRequest], now: datetime, *, reason: str, code: str, throttled: bool = False
) -> Iterator[FailedRead]:
    """The same for every pair: there was one call."""
    for request in requests:
        yield FailedRead(
            pair=request.pair, operation=operation, at=now, reason=reason, code=code, throttled=throttled
        )  # fmt: skip
