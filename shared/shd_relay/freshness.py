"""Unknown is not fine and not down (design.md, law 6): how old the data is, and what may be said of it.

blind: two polls in a row without one complete answer, or no finished poll for three intervals.
stale: over half of the pairs had their last good read longer ago than the bound.
Judged whenever somebody asks, from the poll record alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Literal

from shd_relay.model import HealthEvent, Pair, SourceState
from shd_relay.records import PollRecord

PairStatus = Literal["operational", "notice", "maintenance", "incident", "unknown"]

INTERVALS = 3
POLLS_WITHOUT_ANSWER = 2


def source_state(
    record: PollRecord | None, pairs: Sequence[Pair], now: datetime, interval_seconds: float
) -> SourceState:
    """What the source as a whole is, seen at `now`; without any answer so far it is blind."""
    if record is None or record.complete_at is None or record.without_answer >= POLLS_WITHOUT_ANSWER:
        return "blind"
    if now - record.finished > timedelta(seconds=INTERVALS * interval_seconds):
        return "blind"
    bound = timedelta(seconds=record.bound_seconds)
    old = sum(now - _waiting_since(record, pair, now) > bound for pair in pairs)
    return "stale" if 2 * old > len(pairs) else "fresh"


def is_stale(record: PollRecord | None, pair: Pair, now: datetime) -> bool:
    """Whether the pair's last good read is too old to call it operational. One never read is stale from the start."""
    last_good = record.read.get(str(pair)) if record else None
    if record is None or last_good is None:
        return True
    return now - last_good > timedelta(seconds=record.bound_seconds)


def next_turn(record: PollRecord | None, pairs: Sequence[Pair], now: datetime, interval_seconds: float) -> datetime:
    """When next the source or one of the pairs turns old, if nothing is read before; `datetime.max` for never."""
    never = datetime.max.replace(tzinfo=timezone.utc)
    if record is None:
        return never
    bound = timedelta(seconds=record.bound_seconds)
    moments = {_waiting_since(record, pair, now) + bound for pair in pairs}
    moments.add(record.finished + timedelta(seconds=INTERVALS * interval_seconds))
    return min((moment for moment in moments if moment >= now), default=never)


def _waiting_since(record: PollRecord, pair: Pair, now: datetime) -> datetime:
    """The last good read, or when the pair joined the watch list: a longer list does not make the source stale."""
    key = str(pair)
    return record.read.get(key) or record.joined.get(key, now)


def pair_status(events: Iterable[HealthEvent], *, stale: bool) -> PairStatus:
    """The worst that is open, whether stale or not; nothing open is operational only while the read is not stale."""
    open_kinds = {event.kind for event in events if event.state == "open"}
    for kind in ("incident", "maintenance", "notice"):
        if kind in open_kinds:
            return kind
    return "unknown" if stale else "operational"


def next_record(
    last: PollRecord | None,
    *,
    watched: Iterable[Pair],
    read: Mapping[Pair, datetime | None],
    answered: int,
    failed: int,
    bound_seconds: float,
    began: datetime,
    now: datetime,
    token: int,
) -> PollRecord:
    """The record of a poll that comes to its end `now`, after `last`.

    `read`: last good reads, this poll's included. `answered`: how many complete answers this poll got.
    """
    names = {str(pair): read.get(pair) for pair in watched}
    joined = last.joined if last else {}
    return PollRecord(
        started=began,
        finished=now,
        token=token,
        complete_at=now if answered else (last.complete_at if last else None),
        without_answer=0 if answered else (last.without_answer if last else 0) + 1,
        read={name: moment for name, moment in names.items() if moment},
        joined={name: joined.get(name, now) for name, moment in names.items() if not moment},
        bound_seconds=bound_seconds,
        polled=answered,
        failed=failed,
    )
