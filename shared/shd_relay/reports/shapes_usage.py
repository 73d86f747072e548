"""The shape of the Product Usage Report."""

from __future__ import annotations

from msgspec import Struct

from shd_relay.reports.shapes_head import Head
from shd_relay.reports.shapes_parts import EventRow, Measure, Named, UnwatchedSpell


class UsageRow(Struct, frozen=True, kw_only=True):
    """One pair. `longest_seconds`: of its incidents, within the period."""

    product: Named
    region: Named
    watched: bool
    measure: Measure
    longest_seconds: float | None
    events: tuple[EventRow, ...]  # by start


class UsageTotals(Struct, frozen=True, kw_only=True):
    """`pairs`: watched; `quiet`: of them, those without any event."""

    pairs: int
    quiet: int
    pairs_hit: int
    incidents: int
    maintenances: int
    notices: int
    watched_seconds: float  # of one clock, as are the next two; see Totals
    blind_seconds: float
    unwatched_seconds: float
    incident_pair_seconds: float
    availability: float | None


class ProductUsage(Struct, frozen=True, kw_only=True):
    """Product Usage Report. `not_contained`: sentences."""

    head: Head
    not_contained: tuple[str, ...]
    totals: UsageTotals
    rows: tuple[UsageRow, ...]  # in the order of the watch list; unwatched ones after it, by id
    unwatched: tuple[UnwatchedSpell, ...] = ()  # by since
