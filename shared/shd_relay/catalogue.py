"""The shipped catalogue: what `all` means in a watch list, and what products and regions are called.

It says what to ask for and how to write it, never what exists: ids are checked in shape, and what is missing here can
be watched and is shown all the same. Which services have no region (`global` in the file) is a guess from what they
are, as no list of the dashboard's is known; a wrong guess costs one call more. The file is read when first asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

import msgspec

from shd_relay.model import Pair

_FILE = Path(__file__).with_name("catalogue.json")


class Catalogue(msgspec.Struct, frozen=True):
    """What `all` stands for: ids as SHD spells them."""

    products: tuple[str, ...]
    regions: tuple[str, ...]


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A product or region: `en` and `zh` are its names in Alibaba Cloud's own pages, `aliases` other ids of it there.
    `is_global`: a service without a region."""

    id: str
    en: str
    zh: str
    aliases: tuple[str, ...] = ()
    is_global: bool = msgspec.field(default=False, name="global")


class Contents(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file. `products` and `regions` are what `all` stands for; `more_products` have names only; `no_region` is
    where services without a region are."""

    products: tuple[Entry, ...]
    more_products: tuple[Entry, ...]
    regions: tuple[Entry, ...]
    no_region: Entry


@lru_cache(maxsize=1)
def contents() -> Contents:
    """The data file beside this module."""
    return msgspec.json.decode(_FILE.read_bytes(), type=Contents)


@lru_cache(maxsize=1)
def shipped() -> Catalogue:
    """The products and regions that `all` stands for."""
    return Catalogue(tuple(row.id for row in contents().products), tuple(row.id for row in contents().regions))


def product_names(id_: str) -> tuple[str, str] | None:
    """The English and the Chinese name of the product with that id or alias; None for one that is not in the file."""
    return _names(_products().get(_folded(id_)))


def region_names(id_: str, no_region: str | None = None) -> tuple[str, str] | None:
    """The same for a region; `no_region` is one more id of where services without a region are."""
    row = _regions().get(_folded(id_))
    if row is None and no_region is not None and _folded(id_) == _folded(no_region):
        row = contents().no_region
    return _names(row)


def is_global(product: str) -> bool:
    """Whether the product is a service without a region; False for one that is not in the file."""
    row = _products().get(_folded(product))
    return row is not None and row.is_global


def is_known_product(id_: str) -> bool:
    """Whether it is one that `all` stands for: then who does not watch it left it out on purpose. That cannot be said
    of an alias, or of a product that has a name only."""
    return _folded(id_) in _known()[0]


def is_known_region(id_: str) -> bool:
    """The same for a region; where services without a region are is none."""
    return _folded(id_) in _known()[1]


def is_beyond(pair: Pair) -> bool:
    """Whether a pair that is on no watch list is one that nobody left out on purpose. What an answer says of it is
    kept, pushed and shown."""
    return not (is_known_product(pair.product) and is_known_region(pair.region))


@lru_cache(maxsize=1)
def _products() -> Mapping[str, Entry]:
    return _by_id((*contents().products, *contents().more_products))


@lru_cache(maxsize=1)
def _regions() -> Mapping[str, Entry]:
    return _by_id((*contents().regions, contents().no_region))


@lru_cache(maxsize=1)
def _known() -> tuple[frozenset[str], frozenset[str]]:
    return frozenset(map(_folded, shipped().products)), frozenset(map(_folded, shipped().regions))


def _by_id(rows: Iterable[Entry]) -> dict[str, Entry]:
    return {_folded(id_): row for row in rows for id_ in (row.id, *row.aliases)}


def _names(row: Entry | None) -> tuple[str, str] | None:
    return None if row is None else (row.en, row.zh)


def _folded(id_: str) -> str:
    return id_.strip().casefold()
