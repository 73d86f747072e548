"""The pace against every course of events, and against a simulated source with a limit that nobody told us."""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from typing import Literal, NamedTuple

import msgspec
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from shd_relay import pace
from shd_relay.pace import Learned, Pace

NOW = datetime(2026, 6, 10, 12, tzinfo=timezone.utc)
MINUTE = timedelta(minutes=1)
THREADS = 64
BUDGET = 55.0
AT_LEAST, AT_MOST = 0.95, 0.10  # of what the limit allows; of the answers

RATES = st.floats(0.01, 5_000)
CEILINGS = st.just(0.0) | RATES
TIMES = st.datetimes(timezones=st.none() | st.just(timezone.utc))
KNOWN = st.none() | st.builds(Learned, rate=st.floats(), throttled_at=st.none() | TIMES)
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["start", "answer", "throttled"]),
        st.floats(0, 3) | st.just(0.0),  # seconds since the one before
        st.none() | st.floats(0.001, 200),
    ),
    max_size=60,
)


def course(state: Pace, events: list[tuple[str, float, float | None]]) -> list[tuple[float, Pace]]:
    """What became of it, step by step: turns begin when they may."""
    now, steps = 1000.0, [(1000.0, state)]
    for what, seconds, wait in events:
        now += seconds
        if what == "start":
            now += pace.ready_in(state, now)
            state = pace.started(state, now)
        elif what == "answer":
            state = pace.succeeded(state, now)
        else:
            state = pace.throttled(state, now, wait)
        steps.append((now, state))
    return steps


@given(RATES, CEILINGS, KNOWN, EVENTS)
def test_whatever_comes_the_rate_stays_between_floor_and_ceiling_and_a_turn_always_comes(
    rate: float, rate_max: float, known: Learned | None, events: list[tuple[str, float, float | None]]
) -> None:
    for now, state in course(pace.begin(rate, rate_max, known, NOW), events):
        assert pace.FLOOR <= state.rate <= state.ceiling
        assert state.ceiling <= max(rate_max, pace.FLOOR) or rate_max == 0
        assert 0 <= pace.ready_in(state, now) <= pace.LONGEST_WAIT + 1 / pace.FLOOR


@given(RATES, CEILINGS, KNOWN, EVENTS, st.floats(0.001, 200), EVENTS)
def test_no_turn_comes_before_the_wait_that_the_source_asked_for(
    rate: float, rate_max: float, known: Learned | None, before: list[tuple[str, float, float | None]],
    wait: float, after: list[tuple[str, float, float | None]],
) -> None:  # fmt: skip
    now, state = course(pace.begin(rate, rate_max, known, NOW), before)[-1]
    until = now + min(wait, pace.LONGEST_WAIT)
    state = pace.throttled(state, now, wait)
    for what, seconds, longer in after:
        now += seconds
        if now >= until:
            break
        assert now + pace.ready_in(state, now) >= until - 1e-6
        state = pace.succeeded(state, now) if what == "answer" else pace.throttled(state, now, longer)


@given(RATES, CEILINGS, KNOWN, EVENTS)
def test_cuts_are_a_second_apart_and_none_but_that_of_a_rise_takes_more_than_half(
    rate: float, rate_max: float, known: Learned | None, events: list[tuple[str, float, float | None]]
) -> None:
    steps = course(pace.begin(rate, rate_max, known, NOW), events)
    cut_at = -math.inf
    for (_, before), (now, after) in pairwise(steps):
        if after.rate < before.rate:
            assert now - cut_at >= pace.CUT_EVERY - 1e-6
            assert after.risen or after.rate >= before.rate * pace.CUT * pace.KEEP - 1e-9
            cut_at = now


@given(RATES, CEILINGS, KNOWN, EVENTS)
def test_what_is_learned_is_a_rate_that_can_be_kept_and_begun_with(
    rate: float, rate_max: float, known: Learned | None, events: list[tuple[str, float, float | None]]
) -> None:
    steps = course(pace.begin(rate, rate_max, known, NOW), events)
    learned = pace.learned(steps[-1][1], known, NOW)
    if learned is None:
        assert math.isinf(steps[-1][1].rate)
        return
    assert 0 < learned.rate <= max(pace.HIGHEST, rate, steps[-1][1].rate)
    assert learned.throttled_at is None or learned.throttled_at <= NOW
    assert msgspec.json.decode(msgspec.json.encode(learned), type=Learned) == learned


@given(RATES, CEILINGS, KNOWN, EVENTS)
def test_a_throttled_answer_keeps_the_next_read_a_fifth_below_what_was_learned(
    rate: float, rate_max: float, known: Learned | None, events: list[tuple[str, float, float | None]]
) -> None:
    state = course(pace.begin(rate, rate_max, known, NOW), events)[-1][1]
    assume(state.resumed_at > -math.inf)
    learned = pace.learned(state, known, NOW)
    assert learned is not None and learned.throttled_at == NOW
    assert learned.rate <= state.ceiling + 0.005  # rounded
    following = pace.begin(rate, rate_max, learned, NOW + MINUTE)
    assert following.rate == following.ceiling <= max(pace.MARGIN * learned.rate, pace.FLOOR)


@given(KNOWN)
@example(Learned(rate=40.0, throttled_at=datetime.max.replace(tzinfo=timezone.utc)))
@example(Learned(rate=40.0, throttled_at=NOW))
def test_without_a_throttled_answer_nothing_is_held_down_for_longer_than_an_hour(known: Learned | None) -> None:
    for minute in range(62):
        begun = pace.begin(5, 100, known, NOW + minute * MINUTE)
        if begun.ceiling == 100:
            break
        assert minute <= 60
        known = pace.learned(begun, known, NOW + minute * MINUTE)
    assert begun.ceiling == 100


# --- against a source with a limit


class Source:
    """Accepts `limit` calls in any second ("sliding"), or in each second of its clock ("fixed"), and refuses others."""

    def __init__(self, limit: int, window: Literal["sliding", "fixed"], phase: float = 0.0) -> None:
        self._limit = limit
        self._window = window
        self._phase = phase
        self._accepted: deque[float] = deque()

    def accepts(self, now: float) -> bool:
        now += self._phase
        begun = math.floor(now) if self._window == "fixed" else now - 1 + 1e-9
        while self._accepted and self._accepted[0] < begun:
            self._accepted.popleft()
        if len(self._accepted) >= self._limit:
            return False
        self._accepted.append(now)
        return True


class Met(NamedTuple):
    """Answers of one read, and the pace at its end."""

    accepted: int
    throttled: int
    state: Pace

    @property
    def share(self) -> float:
        return self.throttled / (self.accepted + self.throttled)


def read(
    state: Pace, source: Source, seconds: float, rng: random.Random, *,
    begin: float = 0.0, latency: float = 0.03, threads: int = THREADS, wait: float | None = None,
) -> Met:  # fmt: skip
    """As many threads as there are read without end. Turns come up to a millisecond late, answers a tenth."""
    now, end, accepted, throttled, number = begin, begin + seconds, 0, 0, 0
    under_way: list[tuple[float, int, bool]] = []
    while True:
        turn = now + pace.ready_in(state, now) if len(under_way) < threads else math.inf
        if turn > now and turn < math.inf:
            turn += rng.random() * 0.001
        if under_way and under_way[0][0] <= turn:
            now, _, good = heapq.heappop(under_way)
            state = pace.succeeded(state, now) if good else pace.throttled(state, now, wait)
            accepted, throttled = accepted + good, throttled + (not good)
        elif turn >= end:
            if not under_way:
                return Met(accepted, throttled, state)
            now = under_way[0][0]
            end = min(end, now)  # no call begins any more
        else:
            now = turn
            if pace.ready_in(state, now) == 0:
                state, number = pace.started(state, now), number + 1
                took = latency * (1 + rng.random() / 10)
                heapq.heappush(under_way, (now + took, number, source.accepts(now + latency / 2)))


def ten_after(first: Met, source: Source, rate_max: float, rng: random.Random) -> tuple[int, int]:
    """Answers and throttled ones of the ten polls after, of 20 s each, a minute apart."""
    known, accepted, throttled = pace.learned(first.state, None, NOW), 0, 0
    for poll in range(1, 11):
        now = NOW + poll * MINUTE
        met = read(pace.begin(5, rate_max, known, now), source, 20.0, rng, begin=60.0 * poll)
        known = pace.learned(met.state, known, now)
        accepted, throttled = accepted + met.accepted, throttled + met.throttled
    return accepted + throttled, throttled


WINDOWS = st.sampled_from(["sliding", "fixed"])


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from([10, 50, 100]), WINDOWS, st.floats(0, 1), st.floats(0.005, 0.05), st.sampled_from([1, 2, 20]),
    st.integers(0, 1000),
)  # fmt: skip
def test_most_of_what_the_limit_allows_is_used_little_is_throttled_and_nothing_in_the_polls_after(
    limit: int, window: Literal["sliding", "fixed"], phase: float, latency: float, room: int, seed: int
) -> None:
    rng, source = random.Random(seed), Source(limit, window, phase)  # noqa: S311
    met = read(pace.begin(5, limit * room), source, BUDGET, rng, latency=latency)
    assert met.accepted >= AT_LEAST * limit * BUDGET
    assert met.share <= AT_MOST
    if met.throttled:
        answers, throttled = ten_after(met, source, limit * room, rng)
        assert answers >= 0.7 * limit * 200
        assert throttled <= 0.001 * answers


@settings(deadline=None, max_examples=30)
@given(st.sampled_from([50, 100]), WINDOWS, st.floats(0, 1), st.floats(0.005, 0.05), st.integers(0, 1000))
def test_without_a_ceiling_it_is_the_same_though_all_threads_are_throttled_at_once(
    limit: int, window: Literal["sliding", "fixed"], phase: float, latency: float, seed: int
) -> None:
    rng, source = random.Random(seed), Source(limit, window, phase)  # noqa: S311
    met = read(pace.begin(5, 0), source, BUDGET, rng, latency=latency)
    assert met.accepted >= AT_LEAST * limit * BUDGET
    assert met.share <= AT_MOST
    answers, throttled = ten_after(met, source, 0, rng)
    assert answers >= 0.7 * limit * 200
    assert throttled <= 0.001 * answers


@pytest.mark.parametrize("window", ["sliding", "fixed"])
@pytest.mark.parametrize("rate_max", [0, 2000])
def test_a_limit_of_1000_is_used_as_well(window: Literal["sliding", "fixed"], rate_max: float) -> None:
    rng, source = random.Random(1), Source(1000, window, 0.3)  # noqa: S311
    met = read(pace.begin(5, rate_max), source, BUDGET, rng, latency=0.02)
    assert met.accepted >= AT_LEAST * 1000 * BUDGET
    assert met.share <= 0.02
    known = pace.learned(met.state, None, NOW)
    after = read(pace.begin(5, rate_max, known, NOW + MINUTE), source, 20.0, rng, begin=60.0, latency=0.02)
    assert after.accepted >= 0.75 * 1000 * 20
    assert after.throttled == 0


@settings(deadline=None, max_examples=30)
@given(st.integers(5, 100), WINDOWS, st.lists(st.floats(0.5, 8), min_size=3, max_size=8), st.integers(0, 1000))
def test_several_short_polls_soon_come_to_a_rate_that_is_borne_and_that_is_not_absurdly_low(
    limit: int, window: Literal["sliding", "fixed"], lengths: list[float], seed: int
) -> None:
    rng, source, known = random.Random(seed), Source(limit, window), None  # noqa: S311
    for poll, seconds in enumerate([*lengths, 30.0, 20.0]):
        now = NOW + poll * MINUTE
        met = read(pace.begin(5, 200, known, now), source, seconds, rng, begin=60.0 * poll)
        known = pace.learned(met.state, known, now)
    assert met.throttled <= 1
    assert known is not None and known.rate >= 0.4 * limit


@settings(deadline=None, max_examples=20)
@given(WINDOWS, st.floats(0.2, 3.0), st.integers(0, 1000))
def test_a_source_that_names_a_wait_is_throttled_a_handful_of_times(
    window: Literal["sliding", "fixed"], wait: float, seed: int
) -> None:
    rng, source = random.Random(seed), Source(50, window)  # noqa: S311
    met = read(pace.begin(5, 200), source, BUDGET, rng, wait=wait)
    assert met.throttled <= 40
    assert met.accepted >= (0.9 - 0.05 * wait) * 50 * BUDGET


@pytest.mark.parametrize("window", ["sliding", "fixed"])
def test_a_limit_that_falls_and_rises_is_followed_within_the_read(window: Literal["sliding", "fixed"]) -> None:
    rng = random.Random(1)  # noqa: S311
    first = read(pace.begin(5, 0), Source(100, window), 20.0, rng)
    low = read(first.state, Source(10, window), 20.0, rng, begin=20.0)
    assert low.accepted >= 0.85 * 10 * 20
    assert low.throttled <= 100
    high = read(low.state, Source(100, window), 30.0, rng, begin=40.0)
    assert high.accepted >= 0.6 * 100 * 30
