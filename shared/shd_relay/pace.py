"""How fast to call a source whose limit nobody knows: additive increase, multiplicative decrease.

Values only: `now` is monotonic seconds. Who waits, and how, is the fan-out's business.
"""

from __future__ import annotations

import math

from msgspec import Struct
from msgspec.structs import replace

FLOOR = 0.5  # calls per second: even a source that throttles all the time is asked again
INCREASE = 20.0  # calls per second, per second of success (measured: state-and-proof.md 3.2)
CUT = 0.5
CUT_PAUSE = 0.5  # seconds of rest after a throttled answer that names no wait
CUT_EVERY = 1.0  # seconds; answers that were under way when the rate was cut say nothing new
SLACK = 0.1  # seconds that a late caller may catch up with
LONGEST_WAIT = 60.0  # seconds; a Retry-After beyond this, or none at all, is not obeyed to the letter


class Pace(Struct, frozen=True, kw_only=True):
    """Calls per second now, their ceiling, and the moment of the next call.

    `rate` is infinite when there is no ceiling and no throttled answer was seen yet; `fallback` is where it lands then.
    """

    rate: float
    ceiling: float
    fallback: float
    next_at: float = -math.inf
    grown_at: float = -math.inf
    cut_at: float = -math.inf


def begin(rate: float, rate_max: float) -> Pace:
    """`rate_max` 0: no ceiling, and no pacing at all until the source throttles; then from `rate`."""
    start = max(rate, FLOOR)
    if rate_max <= 0:
        return Pace(rate=math.inf, ceiling=math.inf, fallback=start)
    ceiling = max(rate_max, FLOOR)
    return Pace(rate=min(start, ceiling), ceiling=ceiling, fallback=min(start, ceiling))


def ready_in(pace: Pace, now: float) -> float:
    """Seconds until the next call may start; 0.0 when it may start now."""
    return max(0.0, pace.next_at - now)


def started(pace: Pace, now: float) -> Pace:
    """A call starts."""
    return replace(pace, next_at=max(pace.next_at, now - SLACK) + 1 / pace.rate)


def succeeded(pace: Pace, now: float) -> Pace:
    """A call got an answer. At most one second of increase is earned at once, however long the last success is ago."""
    if pace.rate >= pace.ceiling:
        return pace
    earned = min(max(now - pace.grown_at, 0.0), 1.0) if pace.grown_at > -math.inf else 0.0
    return replace(pace, rate=min(pace.ceiling, pace.rate + INCREASE * earned), grown_at=max(now, pace.grown_at))


def throttled(pace: Pace, now: float, retry_after: float | None) -> Pace:
    """A call was refused for being one too many. `retry_after`: the seconds the source wants us to wait, if it said."""
    pause = CUT_PAUSE if retry_after is None else min(retry_after, LONGEST_WAIT)
    resume = max(pace.next_at, now + pause)
    rested = replace(pace, next_at=resume, grown_at=max(resume, pace.grown_at))
    if now - pace.cut_at < CUT_EVERY:
        return rested
    base = pace.fallback if math.isinf(pace.rate) else pace.rate * CUT
    return replace(rested, rate=max(FLOOR, base), cut_at=now)


def known_rate(pace: Pace) -> float | None:
    """The rate that the next read may start with; None when none was found."""
    return None if math.isinf(pace.rate) else pace.rate


def sane_wait(text: str | None) -> float | None:
    """The seconds of a Retry-After style header; None when it is absent or makes no sense."""
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    return seconds if 0 < seconds <= LONGEST_WAIT else None
