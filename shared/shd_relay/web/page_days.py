"""The last 90 days, counted in days of UTC: the worst of each day for each product, and what happened on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta, timezone
from typing import Literal, NamedTuple

from shd_relay.ledger import Spell, State
from shd_relay.model import HealthEvent
from shd_relay.web.events_view import begins, ends
from shd_relay.web.page_marks import KINDS

DAYS = 90

Cell = Literal["incident", "maintenance", "notice", "unknown", "operational", "nothing"]
"""What a bar shows; `nothing`: we were not there yet."""


class Run(NamedTuple):
    """Days in a row with the same cell: the first, counted from the first of all, and how many."""

    cell: Cell
    first: int
    days: int


class Row(NamedTuple):
    """A product: its runs of trouble, how many events of each kind (those of one time in several regions are one), for
    how long there was an incident that is over, and how many go on."""

    product: str
    runs: tuple[Run, ...]
    counts: Mapping[str, int]
    lasted: timedelta
    open: int


class History(NamedTuple):
    """`base`: what the days were where nothing happened. `rows` in the order of the board. `days`: what began on a day,
    or before the first, with the spells in which the source was not fresh; only days that have something, the newest
    first. `began`: the first day of which we know; None while we know of none."""

    first: date
    base: tuple[Run, ...]
    rows: tuple[Row, ...]
    days: tuple[tuple[date, tuple[HealthEvent, ...], tuple[Spell, ...]], ...]
    began: date | None


class _Stretch(NamedTuple):
    event: HealthEvent
    since: datetime
    until: datetime


def history(events: Iterable[HealthEvent], products: Iterable[str], state: State, now: datetime) -> History:
    first = now.astimezone(timezone.utc).date() - timedelta(days=DAYS - 1)
    stretches = [s for e in events if (s := _stretch(e, now)) and _index(s.until, first) >= 0]
    by_product: dict[str, list[_Stretch]] = {product.casefold(): [] for product in products}
    names = {product.casefold(): product for product in products}
    for stretch in stretches:
        folded = stretch.event.product.casefold()
        names.setdefault(folded, stretch.event.product)
        by_product.setdefault(folded, []).append(stretch)
    base = _base(state, first, now)
    return History(
        first=first,
        base=tuple(_runs(base)),
        rows=tuple(_row(names[folded], found, base, first) for folded, found in by_product.items()),
        days=_days(stretches, state.spells, first, now),
        began=state.began and state.began.astimezone(timezone.utc).date(),
    )


def _stretch(event: HealthEvent, now: datetime) -> _Stretch | None:
    """When the event was going on, as far as it was; None for what never began."""
    if event.state in {"scheduled", "cancelled"} or begins(event) > now:
        return None
    return _Stretch(event, begins(event), max(begins(event), min(now, ends(event) or now)))


def _index(moment: datetime, first: date) -> int:
    return (moment.astimezone(timezone.utc).date() - first).days


def _base(state: State, first: date, now: datetime) -> list[Cell]:
    """Days without trouble: nothing known before the log began, unknown where the source was not fresh."""
    began = _index(state.began, first) if state.began else DAYS
    cells: list[Cell] = ["nothing" if day < began else "operational" for day in range(DAYS)]
    for spell in state.spells:
        for day in _covered(spell.since, spell.until or now, first):
            cells[day] = "unknown"
    return cells


def _covered(since: datetime, until: datetime, first: date) -> range:
    """The days that a time lies in, as far as they are shown. It ends before its last moment: midnight is no day."""
    last = max(since, until - timedelta(microseconds=1))
    return range(max(0, _index(since, first)), min(DAYS - 1, _index(last, first)) + 1)


def _row(product: str, stretches: Iterable[_Stretch], base: list[Cell], first: date) -> Row:
    worst: dict[int, int] = {}
    told: dict[str, set[tuple[datetime | None, datetime | None, str]]] = {}
    for event, since, until in stretches:
        told.setdefault(event.kind, set()).add((event.start, event.end, event.state))
        rank = KINDS.index(event.kind)
        for day in _covered(since, until, first):
            worst[day] = min(rank, worst.get(day, rank))
    cells = [KINDS[worst[day]] if day in worst else base[day] for day in range(DAYS)]
    return Row(
        product=product,
        runs=tuple(run for run in _runs(cells) if run.cell in KINDS),
        counts={kind: len(told[kind]) for kind in KINDS if kind in told},
        lasted=_union((s.since, s.until) for s in stretches if s.event.kind == "incident" and s.event.over),
        open=sum(key[2] == "open" for keys in told.values() for key in keys),
    )


def _runs(cells: Iterable[Cell]) -> list[Run]:
    found: list[Run] = []
    for day, cell in enumerate(cells):
        if found and found[-1].cell == cell:
            found[-1] = found[-1]._replace(days=found[-1].days + 1)
        else:
            found.append(Run(cell, day, 1))
    return found


def _union(times: Iterable[tuple[datetime, datetime]]) -> timedelta:
    """How long it was in all; times that overlap count once."""
    total, reached = timedelta(), datetime.min.replace(tzinfo=timezone.utc)
    for since, until in sorted(times):
        total += max(timedelta(), until - max(since, reached))
        reached = max(reached, until)
    return total


def _days(
    stretches: Iterable[_Stretch], spells: Iterable[Spell], first: date, now: datetime
) -> tuple[tuple[date, tuple[HealthEvent, ...], tuple[Spell, ...]], ...]:
    events: dict[int, list[HealthEvent]] = {}
    unseen: dict[int, list[Spell]] = {}
    for stretch in sorted(stretches, key=lambda s: (KINDS.index(s.event.kind), s.since)):
        events.setdefault(max(0, _index(stretch.since, first)), []).append(stretch.event)
    for spell in spells:
        if _index(spell.until or now, first) >= 0:
            unseen.setdefault(max(0, _index(spell.since, first)), []).append(spell)
    found = sorted({*events, *unseen}, reverse=True)
    return tuple((first + timedelta(days=n), tuple(events.get(n, ())), tuple(unseen.get(n, ()))) for n in found)
