"""What the page says, before it is markup: the headline, the cards and the board."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from shd_relay.freshness import PairStatus
from shd_relay.model import HealthEvent, Pair, SourceState, Update
from shd_relay.web import age
from shd_relay.web.ask import Ask
from shd_relay.web.events_view import begins, ends
from shd_relay.web.facts import Facts
from shd_relay.web.page_names import Labels
from shd_relay.web.status_view import PairView, in_scope, pair_views

RECENT = timedelta(days=7)
MOST_CARDS = 50

_WORST_FIRST = ("incident", "maintenance", "notice")


class Card(NamedTuple):
    """Events that differ in nothing but the pair: a failure of a whole region is one thing to read about."""

    event: HealthEvent
    pairs: tuple[Pair, ...]
    ids: tuple[str, ...]
    updates: tuple[Update, ...]


class Section(NamedTuple):
    """Cards under a heading; `more` that are not shown."""

    cards: tuple[Card, ...]
    more: int


class Headline(NamedTuple):
    """The worst that is true of the scope, and how many pairs it is true of."""

    status: PairStatus
    affected: int
    total: int


class PageModel(NamedTuple):
    """Everything on the page; nothing in it is the time of answering."""

    viewer: str
    source: SourceState
    as_of: datetime | None
    headline: Headline
    now: Section
    planned: Section
    recent: Section
    board: tuple[PairView, ...]
    labels: Labels


def page_model(ask: Ask, facts: Facts) -> PageModel:
    board = pair_views(ask, facts, in_scope(ask, facts))
    events = [e for e in facts.state.events.values() if e.kind in _WORST_FIRST and ask.viewer.sees(e)]
    return PageModel(
        viewer=ask.viewer.name,
        source=age.source_state(ask, facts),
        as_of=age.as_of(facts, ask.viewer.pairs),
        headline=_headline(board),
        now=_section(sorted((e for e in events if e.state == "open"), key=_worst_first)),
        planned=_section(sorted((e for e in events if e.state == "scheduled"), key=begins)),
        recent=_section(sorted((e for e in events if _ended_lately(e, ask.now)), key=_last_ended_first)),
        board=tuple(board),
        labels=Labels(ask.site.global_region),
    )


def _headline(board: Iterable[PairView]) -> Headline:
    statuses = [view.status for view in board]
    worst = next((s for s in (*_WORST_FIRST, "unknown") if s in statuses), "operational")
    return Headline(worst, statuses.count(worst), len(statuses))  # type: ignore[arg-type]


def _section(events: Iterable[HealthEvent]) -> Section:
    groups: dict[tuple[object, ...], list[HealthEvent]] = {}
    for event in events:
        key = (event.kind, event.state, event.title, event.severity, event.start, event.end, event.inferred)
        groups.setdefault(key, []).append(event)
    cards = [_card(group) for group in groups.values()]
    return Section(tuple(cards[:MOST_CARDS]), max(0, len(cards) - MOST_CARDS))


def _card(group: list[HealthEvent]) -> Card:
    updates = {(update.at, update.text): update for event in group for update in event.updates}
    return Card(
        event=group[0],
        pairs=tuple(event.pair for event in group),
        ids=tuple(event.id for event in group),
        updates=tuple(sorted(updates.values(), key=lambda update: update.at, reverse=True)),
    )


def _worst_first(event: HealthEvent) -> tuple[int, float]:
    return _WORST_FIRST.index(event.kind), -begins(event).timestamp()


def _ended_lately(event: HealthEvent, now: datetime) -> bool:
    end = ends(event)
    return end is not None and end >= now - RECENT


def _last_ended_first(event: HealthEvent) -> float:
    return -(ends(event) or begins(event)).timestamp()
