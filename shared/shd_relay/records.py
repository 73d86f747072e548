"""What the relay notes for itself: work record, poll record, meter, and what was parked. Frozen values, as in model.py.

Losing the first two may delay; it never pushes, ends or forgets anything (design.md, law 1). Losing the meter sets
counters back, and that is all.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

WORK, POLL, METER = "work", "poll", "meter"  # names under which a store holds the records
MUTE_POLLS = 10  # an operation without an answer in so many polls in a row is worth a word


class Missing(Struct, frozen=True, array_like=True):
    """An event that complete answers, whose window covers its start, did not list: how often in a row, since when."""

    count: int
    since: datetime


class PairWork(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The work record of one pair and operation.

    `last_answer`: the last complete answer, even if some item in it could not be read; `last_good`: without such items.
    """

    last_good: datetime | None = None
    last_answer: datetime | None = None
    last_tried: datetime | None = None
    missing: dict[str, Missing] = {}


class Learned(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the source bore: calls per second, and when it last throttled by the wall clock."""

    rate: float
    throttled_at: datetime | None = None


class Refused(Struct, frozen=True, kw_only=True):
    """An operation that is refused until a person mends something: why, since when, and when it was last asked."""

    reason: str
    since: datetime
    asked: datetime


class Backfill(Struct, frozen=True, kw_only=True):
    """An order to read the past, and how far it came: `days` back from `ordered`, window by window, the newest first.

    `window`: the one at work, counted from 0. `left`: names of the pairs still to read in it, None before it began.
    `rounds`: how often what is left of it was tried. `done`, `failed`: reads so far, of `total`. `found`: what they
    brought that was not known.
    """

    days: int
    ordered: datetime
    window: int = 0
    left: tuple[str, ...] | None = None
    rounds: int = 0
    done: int = 0
    failed: int = 0
    total: int = 0
    found: int = 0
    finished: datetime | None = None


class WorkRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What no change carries. Keys of `pairs` are `<operation> <product>/<region>`.

    `rung` is how far the source made us narrow the query window; `pace` how fast it bore to be asked. `refused`: by
    operation. `failing`: reads of a product that failed in a row; `mute`: polls in a row in which an operation had no
    answer.
    """

    pairs: dict[str, PairWork] = {}
    rung: int = 0
    pace: Learned | None = None
    refused: dict[str, Refused] = {}
    failing: dict[str, int] = {}
    mute: dict[str, int] = {}
    backfill: Backfill | None = None


class PollRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How reading goes, for those who judge it later: the status function, and the next poll.

    `finished`: the last poll that came to its end. `complete_at`: the last complete answer. `without_answer`: polls in
    a row without one. `read` holds, for every pair of that poll's watch list that was ever read, its last good read;
    `joined`, for the others, since when they are watched. `bound_seconds`: a pair whose last good read is older than
    this is stale.
    """

    started: datetime
    finished: datetime
    token: int
    complete_at: datetime | None = None
    without_answer: int = 0
    read: dict[str, datetime] = {}
    joined: dict[str, datetime] = {}
    bound_seconds: float
    polled: int = 0
    failed: int = 0


class Histogram(Struct, frozen=True, kw_only=True):
    """How many durations were at most as long as each of `bounds` and longer than the one before, the last without a
    bound; and the sum of them. All in seconds."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    seconds: float = 0.0


class Meter(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the polls counted since `since`, as far as they came to their end: nobody else can count what they did.

    `token`: of the last poll that counted. `polls`: by outcome, `reads`: by operation and outcome. `times`: by name.
    """

    token: int
    since: datetime
    polls: dict[str, int] = {}
    reads: dict[str, dict[str, int]] = {}
    times: dict[str, Histogram] = {}


class Parked(Struct, frozen=True, kw_only=True):
    """Something that could not go on its way, kept for a person: a refused message, or an item that cannot be read."""

    key: str
    at: datetime
    reason: str
    body: str
