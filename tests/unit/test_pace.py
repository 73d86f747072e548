from __future__ import annotations

import math

import pytest

from shd_relay import pace
from shd_relay.pace import Pace


def run(given: Pace, seconds: float, *, begin: float = 0.0) -> tuple[Pace, int]:
    """Calls as often as allowed, each answered at once."""
    now, calls = begin, 0
    while (now := now + pace.ready_in(given, now)) < begin + seconds:
        given = pace.succeeded(pace.started(given, now), now)
        calls += 1
        now += 1e-9
    return given, calls


def test_it_begins_at_its_rate() -> None:
    begun = pace.started(pace.begin(5, 50), 100.0)
    assert pace.ready_in(begun, 100.0) == pytest.approx(0.2 - pace.SLACK)
    assert pace.known_rate(begun) == 5


def test_calls_come_at_the_rate_in_the_long_run() -> None:
    _, calls = run(pace.begin(50, 50), 10.0)
    assert 500 <= calls <= 506


def test_a_late_caller_catches_up_a_little_and_not_more() -> None:
    idle = pace.started(pace.begin(10, 10), 0.0)
    ready = 0
    while pace.ready_in(idle, 1000.0) == 0:
        idle, ready = pace.started(idle, 1000.0), ready + 1
    assert ready == 2


def test_success_raises_the_rate_by_so_much_a_second() -> None:
    grown, _ = run(pace.begin(5, 1000), 2.0)
    assert grown.rate == pytest.approx(5 + 2 * pace.INCREASE, rel=0.15)


def test_the_rate_never_passes_the_ceiling() -> None:
    grown, _ = run(pace.begin(5, 50), 20.0)
    assert grown.rate == 50
    assert pace.begin(80, 50).rate == 50


def test_a_long_silence_earns_one_second_of_increase() -> None:
    first = pace.succeeded(pace.begin(5, 1000), 0.0)
    assert pace.succeeded(first, 3600.0).rate == 5 + pace.INCREASE


def test_a_throttled_answer_halves_the_rate_and_rests() -> None:
    cut = pace.throttled(pace.begin(40, 50), 10.0, None)
    assert cut.rate == 20
    assert pace.ready_in(cut, 10.0) == pace.CUT_PAUSE


def test_the_rate_is_cut_once_a_second_at_most() -> None:
    cut = pace.throttled(pace.begin(40, 50), 10.0, None)
    assert pace.throttled(cut, 10.9, None).rate == 20
    assert pace.throttled(cut, 11.0, None).rate == 10


def test_the_rate_never_falls_below_the_floor() -> None:
    cut = pace.begin(5, 50)
    for second in range(20):
        cut = pace.throttled(cut, float(second * 2), None)
    assert cut.rate == pace.FLOOR
    assert pace.begin(0.01, 50).rate == pace.FLOOR


def test_a_wait_that_the_source_asks_for_is_kept_even_when_the_rate_was_cut_just_now() -> None:
    cut = pace.throttled(pace.begin(40, 50), 10.0, None)
    assert pace.ready_in(pace.throttled(cut, 10.5, 7.0), 10.5) == 7.0


def test_a_shorter_wait_does_not_shorten_a_longer_one() -> None:
    cut = pace.throttled(pace.begin(40, 50), 10.0, 7.0)
    assert pace.ready_in(pace.throttled(cut, 10.0, 1.0), 10.0) == 7.0


def test_answers_during_the_rest_earn_nothing() -> None:
    cut = pace.throttled(pace.succeeded(pace.begin(40, 50), 9.0), 10.0, 5.0)
    assert pace.succeeded(cut, 12.0).rate == 20


def test_without_a_ceiling_there_is_no_pacing_until_the_source_throttles() -> None:
    free = pace.begin(5, 0)
    for _ in range(1000):
        free = pace.succeeded(pace.started(free, 1.0), 1.0)
    assert pace.ready_in(free, 1.0) == 0
    assert pace.known_rate(free) is None
    cut = pace.throttled(free, 1.0, None)
    assert pace.known_rate(cut) == 5


def test_without_a_ceiling_the_rate_grows_again_without_bound() -> None:
    cut = pace.throttled(pace.begin(5, 0), 0.0, None)
    grown, _ = run(cut, 30.0)
    assert grown.rate > 300
    assert math.isfinite(grown.rate)


@pytest.mark.parametrize(("text", "wait"), [("1", 1.0), ("0.5", 0.5), (" 3 ", 3.0), ("60", 60.0)])
def test_a_sane_wait_is_taken(text: str, wait: float) -> None:
    assert pace.sane_wait(text) == wait


@pytest.mark.parametrize("text", [None, "", "0", "-1", "61", "soon", "nan", "inf", "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_a_wait_that_makes_no_sense_is_none(text: str | None) -> None:
    assert pace.sane_wait(text) is None


@pytest.mark.parametrize("limit", [10, 100])
def test_against_an_unknown_limit_most_of_what_is_possible_is_done_and_little_is_throttled(limit: int) -> None:
    given, now, window, done, throttled = pace.begin(5, 0), 0.0, -1, 0, 0
    given = pace.throttled(given, 0.0, None)
    in_second = 0
    while (now := now + pace.ready_in(given, now)) < 55.0:
        given = pace.started(given, now)
        if int(now) != window:
            window, in_second = int(now), 0
        in_second += 1
        if in_second > limit:
            given, throttled = pace.throttled(given, now, None), throttled + 1
        else:
            given, done = pace.succeeded(given, now), done + 1
        now += 1e-9
    assert done >= 0.6 * limit * 55
    assert throttled <= 0.1 * (done + throttled)
