"""How old what we know is, and what may be said of it: part of every answer (design.md, law 6)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from shd_relay import freshness
from shd_relay.model import Pair, SourceState
from shd_relay.web.ask import Ask
from shd_relay.web.facts import Facts
from shd_relay.web.http import Pairs


def source_state(ask: Ask, facts: Facts) -> SourceState:
    """What the source is for everybody, whoever asks; blind while the store does not answer."""
    if facts.unreadable:
        return "blind"
    return freshness.source_state(facts.record, ask.site.pairs, ask.now, ask.site.interval_seconds)


def checked_at(facts: Facts, pair: Pair) -> datetime | None:
    """The last good read of the pair."""
    return facts.record.read.get(str(pair)) if facts.record else None


def as_of(facts: Facts, pairs: Iterable[Pair]) -> datetime | None:
    """The newest complete answer among these pairs."""
    return max(filter(None, (checked_at(facts, pair) for pair in pairs)), default=None)


def headers(ask: Ask, facts: Facts, pairs: Iterable[Pair]) -> Pairs:
    """`X-Source-State`, and `X-Data-Age` in whole seconds when anything was ever read."""
    state = ("X-Source-State", source_state(ask, facts))
    newest = as_of(facts, pairs)
    if newest is None:
        return (state,)
    age = max(0, int((ask.now - newest).total_seconds()))
    return (state, ("X-Data-Age", str(age)))
