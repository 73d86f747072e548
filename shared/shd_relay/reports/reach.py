"""What a report is about: the pairs of a partner's scope, and their names."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from shd_relay import catalogue
from shd_relay.config_partners import Partner
from shd_relay.model import Pair
from shd_relay.reports.shapes_parts import Named

Key = tuple[str, str]
"""A pair, folded: SHD's ids differ in case between its own pages."""


class Cell(NamedTuple):
    """One pair of the scope. `watched`: it is on the watch list."""

    product: Named
    region: Named
    watched: bool


class Reach:
    """The scope of the partner over `watched`, the whole watch list in its order. What a partner sees of pairs that
    nobody watches is as in web/ask.py: only what nobody left out on purpose."""

    def __init__(self, partner: Partner, watched: Sequence[Pair], global_region: str) -> None:
        self._products, self._regions = _folded(partner.products), _folded(partner.regions)
        self._global_region = global_region
        self._named: dict[tuple[bool, str], Named] = {}
        self._keys: dict[Key, Key | None] = {}  # as spelled -> folded; None: out of scope
        self.cells: dict[Key, Cell] = {
            key_of(*pair): self._cell(pair, watched=True) for pair in watched if self._names(*key_of(*pair))
        }
        """The watched pairs of the scope, in their order."""

    @property
    def limited(self) -> bool:
        """Whether there is something that this partner may not see."""
        return self._products is not None or self._regions is not None

    def key(self, product: str, region: str) -> Key | None:
        """The pair as key; None if it is out of scope."""
        spelled = product, region
        if spelled not in self._keys:
            key = key_of(product, region)
            beyond = self._names(*key) and catalogue.is_beyond(Pair(product, region))
            self._keys[spelled] = key if key in self.cells or beyond else None
        return self._keys[spelled]

    def cell(self, product: str, region: str) -> Cell:
        """The pair with its names, as the watch list spells it, if it is there."""
        return self.cells.get(key_of(product, region)) or self._cell(Pair(product, region), watched=False)

    @cached_property
    def pairs(self) -> int:
        """How many watched pairs are in scope."""
        return len(self.cells)

    def _names(self, product: str, region: str) -> bool:
        return (self._products is None or product in self._products) and (
            self._regions is None or region in self._regions
        )

    def _cell(self, pair: Pair, *, watched: bool) -> Cell:
        return Cell(self._name(pair.product, is_region=False), self._name(pair.region, is_region=True), watched)

    def _name(self, id_: str, *, is_region: bool) -> Named:
        if (is_region, id_) not in self._named:
            names = catalogue.region_names(id_, self._global_region) if is_region else catalogue.product_names(id_)
            self._named[is_region, id_] = Named(id_, *(names or (id_, id_)))
        return self._named[is_region, id_]


def key_of(product: str, region: str) -> Key:
    return product.casefold(), region.casefold()


def _folded(ids: tuple[str, ...] | None) -> frozenset[str] | None:
    return None if ids is None else frozenset(map(str.casefold, ids))
