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
_Moments = Sequence[datetime | None]


def source_state(
    record: PollRecord | None, pairs: Sequence[Pair], now: datetime, interval_seconds: float
) -> SourceState:
    """What the source as a whole is, seen at `now`; without any answer so far it is blind."""
    return judged(record, pairs, now, interval_seconds)[0]


def judged(
    record: PollRecord | None, pairs: Sequence[Pair], now: datetime, interval_seconds: float
) -> tuple[SourceState, datetime]:
    """`source_state` and `next_turn`; one look at the record for both, as there may be thousands of pairs."""
    waiting = _waiting_since(record, pairs) if record else []
    return _state(record, waiting, now, interval_seconds), _turn(record, waiting, now, interval_seconds)


def _state(record: PollRecord | None, waiting: _Moments, now: datetime, interval_seconds: float) -> SourceState:
    if record is None or record.complete_at is None or record.without_answer >= POLLS_WITHOUT_ANSWER:
        return "blind"
    if now - record.finished > timedelta(seconds=INTERVALS * interval_seconds):
        return "blind"
    limit = _limit(record, now)
    old = sum(moment < limit for moment in waiting if moment)
    return "stale" if 2 * old > len(waiting) else "fresh"


def is_stale(record: PollRecord | None, pair: Pair, now: datetime) -> bool:
    """Whether the pair's last good read is too old to call it operational. One never read is stale from the start."""
    return are_stale(record, [record.read.get(str(pair)) if record else None], now)[0]


def are_stale(record: PollRecord | None, last_good: Sequence[datetime | None], now: datetime) -> list[bool]:
    """The same of pairs whose last good reads are at hand."""
    if record is None:
        return [True] * len(last_good)
    limit = _limit(record, now)
    return [moment is None or moment < limit for moment in last_good]


def next_turn(record: PollRecord | None, pairs: Sequence[Pair], now: datetime, interval_seconds: float) -> datetime:
    """When next the source or one of the pairs turns old, if nothing is read before; `datetime.max` for never."""
    return judged(record, pairs, now, interval_seconds)[1]


def _turn(record: PollRecord | None, waiting: _Moments, now: datetime, interval_seconds: float) -> datetime:
    never = datetime.max.replace(tzinfo=timezone.utc)
    if record is None:
        return never
    limit = _limit(record, now)
    young = min((moment for moment in waiting if moment and moment >= limit), default=None)
    turns = [record.finished + timedelta(seconds=INTERVALS * interval_seconds)]
    if young is not None:
        turns.append(young + timedelta(seconds=record.bound_seconds))
    return min((moment for moment in turns if moment >= now), default=never)


def _limit(record: PollRecord, now: datetime) -> datetime:
    """What was read before is old."""
    return now - timedelta(seconds=record.bound_seconds)


def _waiting_since(record: PollRecord, pairs: Iterable[Pair]) -> list[datetime | None]:
    """Of each pair the last good read, or when it joined the watch list: a longer list does not make the source stale.
    None: the record does not know it, it has only now joined."""
    read, joined = record.read.get, record.joined.get
    return [read(name) or joined(name) for name in map("/".join, pairs)]  # str(pair) of thousands, without a call each


def pair_status(events: Iterable[HealthEvent], *, stale: bool) -> PairStatus:
    """The worst that is open, whether stale or not; nothing open is operational only while the read is not stale."""
    open_kinds = {event.kind for event in events if event.state == "open"} if events else ()
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
