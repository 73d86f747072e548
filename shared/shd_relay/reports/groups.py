"""Events as a page lists them: what struck a hundred pairs at once is one line. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from msgspec import structs

from shd_relay.reports.shapes import EventRow, Named

_ANY = Named("", "", "")
_MOST_NAMES = 3


class Group(NamedTuple):
    """Events that differ in their place alone, and how the place of all is said."""

    row: EventRow
    pairs: int
    products: str
    regions: str


def grouped(rows: Iterable[EventRow], together: bool) -> list[Group]:
    """Each where the first of it stands. `together` False: each row is a group of its own."""
    found: dict[object, list[EventRow]] = {}
    for n, row in enumerate(rows):
        key = structs.astuple(structs.replace(row, id="", product=_ANY, region=_ANY, revision=0)) if together else n
        found.setdefault(key, []).append(row)
    return [
        Group(
            of[0],
            len(of),
            _places("products", [row.product for row in of]),
            _places("regions", [row.region for row in of]),
        )
        for of in found.values()
    ]


def _places(what: str, of: Iterable[Named]) -> str:
    names = list(dict.fromkeys(named.en for named in of))
    return f"{len(names):,} {what}" if len(names) > _MOST_NAMES else ", ".join(names)
