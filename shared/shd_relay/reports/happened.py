"""What happened in a period: events with their times, and the times in which somebody looked.

An event lasts from the start to the end that SHD last gave; one that is not over, to what is known; one that SHD took
back, until it did; one that was called off, or has not begun, not at all. One that turned out to be another event is
no event of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from shd_relay.model import HealthEvent
from shd_relay.reports import intervals
from shd_relay.reports.intervals import Span, Spans
from shd_relay.reports.reach import Key
from shd_relay.reports.shapes_head import Period
from shd_relay.reports.shapes_parts import UnwatchedSpell, Why


class Spell(NamedTuple):
    """A time that was not watched, as the log tells it; `until` None: it goes on."""

    why: Why
    since: datetime
    until: datetime | None


class Times(NamedTuple):
    """How the period falls into what was watched, what was blind (stale and without a poll, too), and what nobody could
    have watched: before the log began, and after what is known. Clean lists; together they are the period."""

    bounds: Span
    watched: Spans
    blind: Spans
    beyond: Spans
    spells: tuple[UnwatchedSpell, ...]


class Happened(NamedTuple):
    """An event that overlaps the period. `lasted`: from begin to end, as far as known; `span`: its part within the
    period; both may be empty. `ended`: None if it is not over."""

    event: HealthEvent
    key: Key
    begun: datetime
    ended: datetime | None
    lasted: Span
    span: Span


def times(period: Period, began: datetime | None, known_until: datetime, spells: Sequence[Spell]) -> Times:
    """`began`: the log's first commit; None: it has none."""
    bounds = intervals.micros(period.since), intervals.micros(period.until)
    known = intervals.clipped(
        (intervals.micros(began) if began else bounds[1], intervals.micros(known_until)), bounds
    )  # fmt: skip
    within = intervals.union([known])
    told = [intervals.clipped(_span(spell, known_until), known) for spell in spells]
    blind = intervals.union(told)
    return Times(
        bounds=bounds,
        watched=intervals.without(within, blind),
        blind=blind,
        beyond=intervals.without([bounds], within),
        spells=tuple(_told(spells, told, known, bounds, has_log=began is not None)),
    )


def events_of(
    events: Iterable[tuple[Key, HealthEvent]], first: Mapping[str, datetime], period: Period, known_until: datetime
) -> list[Happened]:
    """Those that overlap the period, by start and id, what turned out to be another event included. `first`: when we
    first knew of those that the log does not give a start for."""
    bounds = intervals.micros(period.since), intervals.micros(period.until)
    known = intervals.micros(known_until)
    found = (_happened(key, event, first.get(event.id, event.since), bounds, known) for key, event in events)
    return sorted((each for each in found if each), key=lambda each: (each.begun, each.event.id))


def _happened(key: Key, event: HealthEvent, first: datetime, bounds: Span, known: int) -> Happened | None:
    begun = event.start or first
    begin = intervals.micros(begun)
    ended = _ended(event)
    if event.state in {"scheduled", "cancelled"}:
        end = begin
    else:
        end = max(begin, known if ended is None else intervals.micros(ended))
    span = intervals.clipped((begin, end), bounds)
    if begin >= bounds[1] or (end <= bounds[0] and begin < bounds[0]):
        return None
    return Happened(event, key, begun, ended, (begin, end), (span[0], max(span)))


def _ended(event: HealthEvent) -> datetime | None:
    if not event.over:
        return None
    if event.state == "withdrawn":
        return min(event.end or event.since, event.since)
    return event.end or event.since


def _span(spell: Spell, known_until: datetime) -> Span:
    return intervals.micros(spell.since), intervals.micros(spell.until or known_until)


def _told(
    spells: Sequence[Spell], told: Sequence[Span], known: Span, bounds: Span, *, has_log: bool
) -> list[UnwatchedSpell]:
    """The spells within the period, by time; what lies before the log and after what is known is one each."""
    found = [_spell(spell.why, span, ongoing=spell.until is None) for spell, span in zip(spells, told, strict=True)]
    if not has_log or known[0] > bounds[0]:
        found.append(_spell("before_log", (bounds[0], min(known[0], bounds[1])), ongoing=not has_log))
    if has_log and known[1] < bounds[1]:
        found.append(_spell("not_yet", (max(known[1], bounds[0]), bounds[1]), ongoing=True))
    return sorted((each for each in found if each.since < each.until), key=lambda each: (each.since, each.until))


def _spell(why: Why, span: Span, *, ongoing: bool) -> UnwatchedSpell:
    return UnwatchedSpell(
        why=why,
        since=intervals.moment(span[0]),
        until=intervals.moment(span[1]),
        seconds=intervals.seconds(span[1] - span[0]),
        ongoing=ongoing,
    )
