"""The poll record after a poll, and the turn of the source's state that it shows. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from shd_relay import feed, freshness, schedule
from shd_relay.ledger import State
from shd_relay.model import IN_PROGRESS, LIST_EVENTS, Change, Pair
from shd_relay.records import PairWork, PollRecord


def last_reads(pairs: Sequence[Pair], work: Mapping[str, PairWork]) -> dict[Pair, datetime | None]:
    """When each pair was last read whole, by whichever of the two operations."""
    return {pair: _last_good(work, pair) for pair in pairs}


def turned(  # noqa: PLR0917 - what was noted, of what, when
    record: PollRecord, pairs: Sequence[Pair], state: State, interval_seconds: float, now: datetime, at: datetime
) -> Change | None:
    """The change of the feed, if subscribers do not know yet what the source is; `at`: the time of the commit to come.

    One poll that failed is no turn yet, not even the first.
    """
    if record.complete_at is None and record.without_answer < freshness.POLLS_WITHOUT_ANSWER:
        return None
    return feed.turn(
        state.feed,
        freshness.source_state(record, pairs, now, interval_seconds),
        complete_at=record.complete_at,
        old_pairs=[str(pair) for pair in pairs if freshness.is_stale(record, pair, now)],
        watched=len(pairs),
        now=now,
        at=at,
    )


def unseen(
    last: PollRecord | None, state: State, interval_seconds: float, began: datetime, at: datetime
) -> Change | None:
    """The change that records that no poll was finished for three intervals before the one that `began`, as whoever
    asked in that time was told: blind. None if there is nothing to record, or the log says blind of that time already:
    of a part of it, after a poll that recorded it and was not finished either, the rest is recorded.

    Nobody is pushed what is over; reports and `?at=` must not take that time for one without an incident.
    """
    if last is None:
        return None
    late = last.finished + timedelta(seconds=freshness.INTERVALS * interval_seconds)
    blind = [spell.until for spell in state.spells if spell.source == "blind"]
    since = max((late, *filter(None, blind)))
    return feed.unseen(state.feed, since, began, at) if since < began and None not in blind else None


def begun(record: PollRecord, state: State, at: datetime) -> Change | None:
    """What the log begins with where the first complete answer told of nothing: that somebody has looked since then."""
    return feed.unseen(None, at, at, at) if record.complete_at and not state.seq else None


def _last_good(work: Mapping[str, PairWork], pair: Pair) -> datetime | None:
    found = (work.get(schedule.key(name, pair)) for name in (LIST_EVENTS, IN_PROGRESS))
    return max((done.last_good for done in found if done and done.last_good), default=None)
