"""How old what we know is, and what may be said of it: part of every answer (design.md, law 6)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from shd_relay import freshness
from shd_relay.model import Pair, SourceState
from shd_relay.web.ask import Ask
from shd_relay.web.facts import Facts
from shd_relay.web.http import Pairs


def source_state(ask: Ask, facts: Facts) -> SourceState:
    """What the source is for everybody, whoever asks; blind while the store does not answer. Of the past we know what
    subscribers were told."""
    if facts.unreadable:
        return "blind"
    if facts.past:
        until = facts.polled_until
        if until is None or ask.now - until > timedelta(seconds=freshness.INTERVALS * ask.site.interval_seconds):
            return "blind"
        return next((spell.source for spell in facts.state.spells if spell.until is None), "fresh")
    return facts.source_state(ask.site.pairs, ask.now, ask.site.interval_seconds)


def is_stale(ask: Ask, facts: Facts, pair: Pair) -> bool:
    """Whether the pair's last good read is too old to call it operational. Which pairs were stale in the past was not
    written down, but whether they were all in doubt was."""
    if facts.past:
        return source_state(ask, facts) != "fresh"
    return freshness.is_stale(facts.record, pair, ask.now)


def checked_at(facts: Facts, pair: Pair) -> datetime | None:
    """The last good read of the pair; None for none, and for the past."""
    return facts.record.read.get(str(pair)) if facts.record else None


def are_stale(ask: Ask, facts: Facts, moments: Sequence[datetime | None]) -> list[bool]:
    """`is_stale` of pairs that were checked then; there may be thousands."""
    if facts.past:
        return [source_state(ask, facts) != "fresh"] * len(moments)
    return freshness.are_stale(facts.record, moments, ask.now)


def as_of(facts: Facts, pairs: Sequence[Pair]) -> datetime | None:
    """The newest complete answer among these pairs; None for the past, as it was written down nowhere."""
    return max(filter(None, facts.checked(pairs)), default=None)


def headers(ask: Ask, facts: Facts) -> Pairs:
    """`X-Source-State`. The age of the data, `View.as_of`, is counted when the answer goes out."""
    return (("X-Source-State", source_state(ask, facts)),)
