"""`/v1/status`: what each pair is, and since when we know it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from shd_relay import freshness, times
from shd_relay.freshness import PairStatus
from shd_relay.model import HealthEvent, Pair, SourceState
from shd_relay.web import age
from shd_relay.web.ask import Ask, View, folded, within
from shd_relay.web.facts import Facts


class PairView(msgspec.Struct, frozen=True, gc=False):
    """One row of the answer. `events`: ids of what is open now, the oldest first."""

    product: str
    region: str
    status: PairStatus
    checked_at: str | None
    events: tuple[str, ...]


class StatusView(msgspec.Struct, frozen=True, kw_only=True):
    """The answer. `as_of`: the newest complete answer of SHD among the pairs in view; null: none yet."""

    as_of: str | None
    source: SourceState
    pairs: tuple[PairView, ...]


def status(ask: Ask) -> View:
    facts = ask.look()
    chosen = in_view(ask, facts)
    as_of = _last_told(ask, facts) if facts.past else age.as_of(facts, chosen)
    body = StatusView(
        as_of=times.text_or_none(as_of),
        source=age.source_state(ask, facts),
        pairs=tuple(pair_views(ask, facts, chosen)),
    )
    return View(body=msgspec.json.encode(body), headers=age.headers(ask, facts), as_of=as_of)


def _last_told(ask: Ask, facts: Facts) -> datetime | None:
    """The last read before that time that brought a change which the viewer sees: the others were not written down."""
    return max((e.changed_at for e in facts.state.events.values() if ask.viewer.sees(e)), default=None)


def in_view(ask: Ask, facts: Facts) -> tuple[Pair, ...]:
    """The pairs of the scope that the filters leave."""
    products, regions = ask.params["product"], ask.params["region"]
    scope = in_scope(ask, facts)
    if products is None and regions is None:
        return scope
    return tuple(pair for pair in scope if within(pair, products, regions))


def in_scope(ask: Ask, facts: Facts) -> tuple[Pair, ...]:
    """The scope on the watch list, and after it, by their ids, pairs that nobody watches and where something is open
    now: an answer named them. Of those nothing else is known, so they come and go with their events."""
    found: dict[tuple[str, str], Pair] = {}
    for event in facts.state.events.values():
        trouble = event.state == "open" and event.kind not in {"feed", "drill"}
        if trouble and folded(event.pair) not in ask.viewer.keys and ask.viewer.sees(event):
            found.setdefault(folded(event.pair), event.pair)
    return (*ask.viewer.pairs, *(found[key] for key in sorted(found)))


def pair_views(ask: Ask, facts: Facts, pairs: Sequence[Pair]) -> list[PairView]:
    """One row a pair. While the source is blind nothing without trouble is called operational."""
    blind = age.source_state(ask, facts) == "blind"
    opened = open_by_pair(facts)
    checked = facts.checked(pairs)
    stale = [True] * len(pairs) if blind else age.are_stale(ask, facts, checked)
    quiet = {old: freshness.pair_status((), stale=old) for old in (False, True)}
    views = []
    for pair, old, moment in zip(pairs, stale, times.texts(checked), strict=True):
        events = opened.get(folded(pair))
        word = freshness.pair_status(events, stale=old) if events else quiet[old]
        ids = tuple([event.id for event in events]) if events else ()
        views.append(PairView(pair.product, pair.region, word, moment, ids))
    return views


def open_by_pair(facts: Facts) -> dict[tuple[str, str], list[HealthEvent]]:
    """What is open, by folded pair, the oldest first."""
    found: dict[tuple[str, str], list[HealthEvent]] = {}
    opened = (event for event in facts.state.events.values() if event.state == "open")
    for event in sorted(opened, key=lambda e: (e.start or e.since, e.id)):
        found.setdefault(folded(event.pair), []).append(event)
    return found
