"""What the page says, before it is markup: the headline, the cards, the board and the history."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from shd_relay.freshness import PairStatus
from shd_relay.model import HealthEvent, Pair, SourceState, Update
from shd_relay.web import age, page_days
from shd_relay.web.ask import Ask
from shd_relay.web.events_view import begins, ends
from shd_relay.web.facts import Facts
from shd_relay.web.page_days import History
from shd_relay.web.page_marks import KINDS, WORST_FIRST
from shd_relay.web.status_view import PairView, in_scope, pair_views

RECENT = timedelta(days=7)
MOST_CARDS = 50


class Card(NamedTuple):
    """Events that differ in nothing but the pair: a failure of a whole region is one thing to read about. `titles` are
    several only where there would be more cards than a person reads. `updates`: the newest first."""

    event: HealthEvent
    pairs: tuple[Pair, ...]
    ids: tuple[str, ...]
    titles: tuple[str, ...]
    updates: tuple[Update, ...]


class Section(NamedTuple):
    """Cards under a heading; `more` that are not shown."""

    cards: tuple[Card, ...]
    more: int


class Headline(NamedTuple):
    """The worst that is true of the scope, and where; `pairs` is empty only if nothing is watched."""

    status: PairStatus
    pairs: tuple[Pair, ...]


class PageModel(NamedTuple):
    """Everything on the page; nothing in it is the time of answering."""

    source: SourceState
    as_of: datetime | None
    headline: Headline
    now: Section
    planned: Section
    recent: Section
    board: tuple[PairView, ...]
    history: History


def page_model(ask: Ask, facts: Facts) -> PageModel:
    board = pair_views(ask, facts, in_scope(ask, facts))
    events = seen(ask, facts)
    return PageModel(
        source=age.source_state(ask, facts),
        as_of=age.as_of(facts, ask.viewer.pairs),
        headline=_headline(board),
        now=_section(sorted((e for e in events if e.state == "open"), key=_worst_first)),
        planned=_section(sorted((e for e in events if e.state == "scheduled"), key=begins)),
        recent=_section(sorted((e for e in events if _ended_lately(e, ask.now)), key=_last_ended_first)),
        board=tuple(board),
        history=page_days.history(events, dict.fromkeys(v.product for v in board), facts.state, ask.now),
    )


def seen(ask: Ask, facts: Facts) -> list[HealthEvent]:
    """The events for people: of the scope, without drills and the relay's own, and without those that turned out to be
    another."""
    return [e for e in facts.state.events.values() if e.kind in KINDS and not e.merged_into and ask.viewer.sees(e)]


def cards(events: Iterable[HealthEvent]) -> list[Card]:
    """The events as cards, in the order of the first of each; titles apart as long as that makes few enough."""
    every = list(events)
    told_apart = _grouped(every, titled=True)
    return told_apart if len(told_apart) <= MOST_CARDS else _grouped(every, titled=False)


def alike(event: HealthEvent, other: HealthEvent) -> bool:
    """Whether two events differ in nothing but the pair."""
    return _key(event, titled=True) == _key(other, titled=True)


def _headline(board: Iterable[PairView]) -> Headline:
    views = list(board)
    statuses = {view.status for view in views}
    worst: PairStatus = next((status for status in WORST_FIRST if status in statuses), "operational")
    return Headline(worst, tuple(Pair(view.product, view.region) for view in views if view.status == worst))


def _section(events: Iterable[HealthEvent]) -> Section:
    found = cards(events)
    return Section(tuple(found[:MOST_CARDS]), max(0, len(found) - MOST_CARDS))


def _grouped(events: Iterable[HealthEvent], *, titled: bool) -> list[Card]:
    groups: dict[tuple[object, ...], list[HealthEvent]] = {}
    for event in events:
        groups.setdefault(_key(event, titled=titled), []).append(event)
    return [_card(group) for group in groups.values()]


def _key(event: HealthEvent, *, titled: bool) -> tuple[object, ...]:
    title = event.title if titled else ""
    return event.kind, event.state, title, event.severity, event.start, event.end, event.inferred


def _card(group: list[HealthEvent]) -> Card:
    updates = {(update.at, update.text): update for event in group for update in event.updates}
    return Card(
        event=group[0],
        pairs=tuple(event.pair for event in group),
        ids=tuple(event.id for event in group),
        titles=tuple(dict.fromkeys(event.title for event in group)),
        updates=tuple(sorted(updates.values(), key=lambda update: update.at, reverse=True)),
    )


def _worst_first(event: HealthEvent) -> tuple[int, float]:
    return KINDS.index(event.kind), -begins(event).timestamp()


def _ended_lately(event: HealthEvent, now: datetime) -> bool:
    end = ends(event)
    return end is not None and end >= now - RECENT


def _last_ended_first(event: HealthEvent) -> float:
    return -(ends(event) or begins(event)).timestamp()
