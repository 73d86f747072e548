"""How fast to call a source whose limit nobody knows: additive increase, multiplicative decrease, and a memory of it.

While no limit is known the rate rises with every answer. A throttled answer cuts it to what the source bore; from there
it grows slowly at first, then faster: it stays near a limit that stands, and finds one that has risen. For an hour
after a throttled answer later reads stay below what was learned from it.

Values only: `now` is monotonic seconds; where it is a datetime, the wall clock's. Who waits is the limiter's business.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from shd_relay.records import Learned

FLOOR = 0.5  # calls per second: even a source that throttles all the time is asked again
HIGHEST = 10_000.0  # calls per second; 64 threads never made so many, whatever a record says
SLACK = 0.05  # seconds that a late caller may catch up with; calls that come in a heap are too many for a second

QUICK = 8.0  # calls per second and answer, while no limit is known: from 5 to 100 a second in 0.6 s, to 1,000 in 1 s
CALM = 10.0  # seconds without a throttled answer after which the limit may be another: quick again
STEP = 0.006  # of the rate after a cut, per second and calm second: 3 % more after 3 s, 30 % after 10 s
PATIENCE = 4.0  # times as long does that take for each second of wait that the source names: it costs so much to ask

KEEP = 0.97  # of what was borne: with STEP, one answer in 30 is throttled at 10 a second, one in 300 at 100
CUT = 0.5  # the deepest cut, but of what a quick rise had added
CUT_EVERY = 1.0  # seconds, from the rest after a cut; answers that were under way then say nothing new
NEXT_PAUSE = 0.05  # seconds of rest after a throttled answer that cuts nothing and names no wait
LONGEST_WAIT = 60.0  # seconds; a Retry-After beyond this, or none at all, is not obeyed to the letter

MARGIN = 0.8  # of what was learned: below it the uneven arrival of calls is borne too
MEMORY = timedelta(hours=1)
MEASURED = 5.0  # seconds of turns; windows of one second blur an average over so many by less than the margin
FEW = 10  # calls; fewer say nothing about a rate


class Turns(Struct, frozen=True):
    """Turns that were given, how many of them were refused, and the seconds that all took, each at the rate it had,
    with the rests that nobody asked for."""

    given: int = 0
    refused: int = 0
    seconds: float = 0.0

    def __add__(self, other: Turns) -> Turns:
        return Turns(self.given + other.given, self.refused + other.refused, self.seconds + other.seconds)


class Lately(Struct, frozen=True):
    """Answers in the half second that began at `at`, and in the two before it."""

    at: float = -math.inf
    answers: int = 0
    before: int = 0
    earlier: int = 0


class Pace(Struct, frozen=True, kw_only=True):
    """Calls per second now, their ceiling, and the moment of the next call.

    `rate` is infinite when there is no ceiling and no throttled answer was seen yet. `begun`: where the read began.
    `base`: the rate after the last cut, `calm` the seconds of success since (`patience` times slower), `resumed_at` the
    end of the rest after it, `cycle` the turns since, `past` those between the cuts before. `risen`: that cut ended a
    quick rise. `paced`: whether the last turn had to be waited for; to a slower caller the rate means nothing.
    """

    rate: float
    ceiling: float
    begun: float
    base: float
    calm: float
    patience: float = 1.0
    next_at: float = -math.inf
    earned_at: float = -math.inf
    resumed_at: float = -math.inf
    risen: bool = False
    paced: bool = False
    lately: Lately = Lately()
    cycle: Turns = Turns()
    past: Turns = Turns()


def begin(rate: float, rate_max: float, known: Learned | None = None, now: datetime | None = None) -> Pace:
    """`rate_max` 0: no ceiling, and no pacing at all until the source throttles. What is `known` goes before `rate`;
    `now` says whether its throttled answer is so recent that the read has to stay below it."""
    known = _sane(known)
    throttled_at = known.throttled_at if known else None
    ceiling = max(rate_max, FLOOR) if rate_max > 0 else math.inf
    if known and throttled_at and now and throttled_at > now - MEMORY:
        ceiling = min(ceiling, max(MARGIN * known.rate, FLOOR))
    start = min(max(known.rate if known else rate, FLOOR), ceiling)
    free = math.isinf(ceiling) and throttled_at is None
    calm = CALM if throttled_at is None else 0.0
    return Pace(rate=math.inf if free else start, ceiling=ceiling, begun=start, base=start, calm=calm)


def ready_in(pace: Pace, now: float) -> float:
    """Seconds until the next call may start; 0.0 when it may start now."""
    return max(0.0, pace.next_at - now)


def started(pace: Pace, now: float) -> Pace:
    """A call starts."""
    earliest, turn, cycle = now - SLACK, 1 / pace.rate, pace.cycle
    return replace(
        pace,
        next_at=max(pace.next_at, earliest) + turn,
        paced=pace.next_at >= earliest,
        cycle=Turns(cycle.given + 1, cycle.refused, cycle.seconds + turn),
    )


def succeeded(pace: Pace, now: float) -> Pace:
    """A call got an answer. At most one second of growth is earned at once, however long the last success is ago."""
    lately, since = _answered(pace.lately, now), now - pace.earned_at
    counted = replace(pace, lately=lately, earned_at=max(now, pace.earned_at))
    if now < pace.resumed_at:
        return _recounted(counted, now) if pace.risen else counted
    if pace.rate >= pace.ceiling or not pace.paced:
        return counted
    earned = max(0.0, min(since, 1.0)) / pace.patience
    calm = pace.calm + earned
    growth = QUICK if calm >= CALM else STEP * pace.base * calm * earned
    return replace(counted, rate=min(pace.rate + growth, pace.ceiling), calm=calm)


def throttled(pace: Pace, now: float, retry_after: float | None) -> Pace:
    """A call was refused for being one too many. `retry_after`: the seconds the source wants us to wait, if it said."""
    wait = None if retry_after is None else min(retry_after, LONGEST_WAIT)
    if now - pace.resumed_at >= CUT_EVERY:
        return _cut(pace, now, wait)
    resume = max(pace.next_at, now + (NEXT_PAUSE if wait is None else wait))
    rested = replace(pace, next_at=resume, earned_at=max(resume, pace.earned_at))
    refused = Turns(0, 1, resume - max(pace.next_at, now) if wait is None else 0.0)
    if now >= pace.resumed_at:
        return replace(rested, cycle=pace.cycle + refused)
    return rested if pace.risen else replace(rested, past=pace.past + refused)


def learned(pace: Pace, known: Learned | None, now: datetime) -> Learned | None:
    """What the next read should know; `known` is what this one was begun with. None while there is no rate at all.

    A throttled answer counts as of `now`. What was borne since the first is an average; while that is too short, the
    rate after the cut; and that lowers what the read began with only if there were more than a few answers since.
    """
    if pace.resumed_at == -math.inf:
        return _unthrottled(pace, _sane(known), now)
    turns, rate = pace.past + pace.cycle, pace.rate
    borne = turns.given - turns.refused
    if borne < FEW:
        rate = max(rate, pace.begun)
    elif turns.seconds >= MEASURED:
        rate = borne / turns.seconds
    return Learned(rate=round(max(rate, FLOOR), 2), throttled_at=now)


def sane_wait(text: str | None) -> float | None:
    """The seconds of a Retry-After style header; None when it is absent or makes no sense."""
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    return seconds if 0 < seconds <= LONGEST_WAIT else None


def _cut(pace: Pace, now: float, wait: float | None) -> Pace:
    """To what the source bore. Unless it names a wait, the rest is the time that what was too much in a second takes.

    A call that was refused has used up nothing, so its turn is given to the next one.
    """
    risen, cycle = pace.calm >= CALM, pace.cycle + Turns(0, 1)
    if risen:
        # where nothing rose or calls failed, the answers are too few to go by
        least = pace.begun if math.isinf(pace.rate) else max(pace.base * CUT, pace.rate / QUICK)
        bore = min(max(_in_a_second(pace.lately, now), least), pace.rate)
    else:
        share = 1 - (cycle.refused - 1) / cycle.given if cycle.refused < cycle.given else 0.0
        bore = pace.rate * max(CUT, share)
    rate = min(max(bore if risen else bore * KEEP, FLOOR), pace.ceiling)
    pause = 1 - bore / pace.rate if wait is None else wait
    resume = max(pace.next_at - 1 / pace.rate, pace.earned_at, now + pause)
    return replace(
        pace, rate=rate, base=rate, calm=0.0, patience=1 + PATIENCE * (wait or 0.0), risen=risen,
        next_at=resume, resumed_at=resume, earned_at=max(resume, pace.earned_at),
        cycle=Turns(), past=pace.past if risen else pace.past + cycle,
    )  # fmt: skip


def _recounted(pace: Pace, now: float) -> Pace:
    """A quick rise was cut by the answers that were there; the calls that were under way bring more."""
    rate = min(max(pace.rate, _in_a_second(pace.lately, now)), pace.ceiling)
    return replace(pace, rate=rate, base=rate)


def _answered(lately: Lately, now: float) -> Lately:
    """With one more answer, at `now`."""
    passed = now - lately.at
    if passed < 0.5:
        return Lately(lately.at, lately.answers + 1, lately.before, lately.earlier)
    if passed < 1.0:
        return Lately(lately.at + 0.5, 1, lately.answers, lately.before)
    if passed < 1.5:
        return Lately(lately.at + 1.0, 1, 0, lately.answers)
    return Lately(now, 1)


def _in_a_second(lately: Lately, now: float) -> float:
    """How many answers came in the second up to the last of them, or up to `now`."""
    return lately.answers + lately.before + lately.earlier * max(0.0, 1 - (now - lately.at) / 0.5)


def _unthrottled(pace: Pace, known: Learned | None, now: datetime) -> Learned | None:
    """The greatest rate that was reached. A time that lies ahead was written by a wrong clock."""
    reached = [max(known.rate, FLOOR)] if known else []
    if not math.isinf(pace.rate):
        reached.append(pace.begun if pace.cycle.given < FEW else pace.rate)
    throttled_at = known.throttled_at if known else None
    at = min(throttled_at, now) if throttled_at else None
    return Learned(rate=round(max(reached), 2), throttled_at=at) if reached else None


def _sane(learned: Learned | None) -> Learned | None:
    """A record may hold anything."""
    if learned is None or not 0 < learned.rate <= HIGHEST:
        return None
    at = learned.throttled_at
    return learned if at is None or at.tzinfo else Learned(rate=learned.rate)
