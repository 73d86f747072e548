from __future__ import annotations

import math
import threading
import time
from datetime import datetime, timedelta, timezone
from itertools import pairwise

import msgspec
import pytest

from shd_relay import clock, pace
from shd_relay.adapters.limiter import Limiter
from shd_relay.pace import Lately, Learned, Pace, Turns

NOW = datetime(2026, 6, 10, 12, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)


def met(rate: float, ago: timedelta = timedelta()) -> Learned:
    return Learned(rate=rate, throttled_at=NOW - ago)


def steady(rate: float, ceiling: float = math.inf, **given: object) -> Pace:
    """Amid a sawtooth: it was cut at 0.0 and resumed at once."""
    state: dict[str, object] = {"resumed_at": 0.0, "next_at": 0.0, "earned_at": 0.0, "cycle": Turns(100, 0, 2.5)}
    return msgspec.structs.replace(pace.begin(rate, ceiling, met(rate, 2 * HOUR)), **(state | given))


def run(given: Pace, seconds: float, *, begin: float = 0.0) -> tuple[Pace, int]:
    """Calls as often as allowed, each answered at once."""
    now, calls = begin, 0
    while (now := now + pace.ready_in(given, now)) < begin + seconds:
        given = pace.succeeded(pace.started(given, now), now)
        calls += 1
        now += 1e-9
    return given, calls


# --- turns


def test_it_begins_at_its_rate() -> None:
    begun = pace.started(pace.begin(5, 50), 100.0)
    assert (begun.rate, begun.ceiling) == (5, 50)
    assert pace.ready_in(begun, 100.0) == pytest.approx(0.2 - pace.SLACK)


def test_calls_come_at_the_rate_in_the_long_run() -> None:
    _, calls = run(pace.begin(50, 50), 10.0)
    assert 500 <= calls <= 503


def test_a_late_caller_catches_up_a_little_and_not_more() -> None:
    idle = pace.started(pace.begin(20, 20), 0.0)
    ready = 0
    while pace.ready_in(idle, 1000.0) == 0:
        idle, ready = pace.started(idle, 1000.0), ready + 1
    assert ready == 2


# --- a rise while no limit is known


def test_every_answer_raises_the_rate_while_no_limit_is_known() -> None:
    given, now = pace.begin(5, 1000), 0.0
    rates = []
    for _ in range(4):
        now += pace.ready_in(given, now)
        given = pace.succeeded(pace.started(given, now), now)
        rates.append(given.rate)
    assert rates == [5, 13, 21, 29]  # nobody waited for the first turn


def test_from_5_calls_a_second_it_comes_to_100_in_less_than_a_second_and_to_1000_soon_after() -> None:
    assert run(pace.begin(5, 5000), 0.7)[0].rate >= 100
    assert run(pace.begin(5, 5000), 1.0)[0].rate >= 1000


def test_the_rate_never_passes_the_ceiling() -> None:
    assert run(pace.begin(5, 50), 20.0)[0].rate == 50
    assert pace.begin(80, 50).rate == 50
    assert pace.begin(80, 0.1).rate == pace.FLOOR


def test_a_caller_who_is_slower_than_the_rate_does_not_raise_it() -> None:
    given = pace.begin(5, 1000)
    for second in range(100):
        given = pace.succeeded(pace.started(given, float(second)), second + 0.1)
    assert given.rate == 5


def test_a_throttled_answer_cuts_a_rise_to_the_answers_of_a_second() -> None:
    risen, calls = run(pace.begin(5, 1000), 0.8)
    assert (calls, risen.rate) == (44, 5 + 43 * pace.QUICK)
    cut = pace.throttled(risen, 0.8, None)
    assert cut.rate == 44
    assert pace.ready_in(cut, 0.8) == pytest.approx(1 - 44 / risen.rate)


def test_answers_that_were_under_way_when_a_rise_was_cut_count_too() -> None:
    cut = pace.throttled(run(pace.begin(5, 1000), 0.8)[0], 0.8, None)
    for _ in range(7):
        cut = pace.succeeded(cut, 0.9)
    assert (cut.rate, cut.base) == (51, 51)


def test_where_nothing_rose_the_first_cut_takes_half() -> None:
    begun = pace.started(pace.begin(40, 50), 0.0)
    assert pace.throttled(begun, 0.1, None).rate == 20


def test_calls_that_fail_do_not_deepen_the_cut_of_a_rise() -> None:
    risen = msgspec.structs.replace(run(pace.begin(5, 1000), 0.8)[0], lately=Lately(0.8, 3))
    assert pace.throttled(risen, 0.9, None).rate == risen.rate / pace.QUICK


def test_without_a_ceiling_there_is_no_pacing_until_the_source_throttles() -> None:
    free = pace.begin(5, 0)
    for _ in range(1000):
        free = pace.succeeded(pace.started(free, 1.0), 1.0)
    assert pace.ready_in(free, 1.0) == 0
    assert pace.learned(free, None, NOW) is None
    cut = pace.throttled(free, 1.0, None)
    assert (cut.rate, pace.ready_in(cut, 1.0)) == (1000, 1.0)


def test_without_a_ceiling_and_an_answer_it_lands_where_it_was_told_to_begin() -> None:
    assert pace.throttled(pace.started(pace.begin(5, 0), 0.0), 0.1, None).rate == 5


# --- the sawtooth


def test_near_a_limit_a_throttled_answer_takes_a_little_and_gives_its_turn_back() -> None:
    given = steady(40, next_at=10.02)
    cut = pace.throttled(given, 10.0, None)
    assert cut.rate == 40 * pace.KEEP
    assert pace.ready_in(cut, 10.0) == 0
    assert cut.past == Turns(100, 1, 2.5)


def test_of_many_refused_turns_the_share_that_was_borne_is_kept_and_the_rest_lasts_as_long_as_the_others_took() -> None:
    cut = pace.throttled(steady(40, cycle=Turns(50, 10, 1.25)), 10.0, None)
    assert cut.rate == pytest.approx(40 * 0.8 * pace.KEEP)
    assert pace.ready_in(cut, 10.0) == pytest.approx(0.2)


def test_no_cut_takes_more_than_half() -> None:
    cut = pace.throttled(steady(40, cycle=Turns(50, 49, 1.25)), 10.0, None)
    assert (cut.rate, pace.ready_in(cut, 10.0)) == (20 * pace.KEEP, 0.5)


def test_the_rate_is_cut_once_a_second_at_most() -> None:
    cut = pace.throttled(steady(40), 10.0, None)
    again = pace.throttled(cut, 10.9, None)
    assert (again.rate, pace.ready_in(again, 10.9)) == (cut.rate, pytest.approx(pace.NEXT_PAUSE))
    assert pace.throttled(cut, 11.0, None).rate < cut.rate


def test_a_second_is_counted_from_the_end_of_the_rest() -> None:
    cut = pace.throttled(steady(40), 10.0, 7.0)
    assert pace.throttled(cut, 17.9, None).rate == cut.rate
    assert pace.throttled(cut, 18.0, None).rate < cut.rate


def test_all_threads_throttled_at_once_are_one_cut() -> None:
    cut = pace.throttled(steady(40), 10.0, None)
    for _ in range(63):
        cut = pace.throttled(cut, 10.01, None)
    assert (cut.rate, cut.cycle) == (40 * pace.KEEP, Turns(0, 63, pytest.approx(pace.NEXT_PAUSE)))


def test_the_rate_never_falls_below_the_floor() -> None:
    cut = pace.begin(5, 50)
    for second in range(20):
        cut = pace.throttled(cut, float(second * 2), None)
    assert cut.rate == pace.FLOOR
    assert pace.begin(0.01, 50).rate == pace.FLOOR


def test_after_a_cut_it_grows_slowly_at_first_then_faster_then_as_if_no_limit_were_known() -> None:
    given, _ = run(steady(100), 3.0)
    assert given.rate == pytest.approx(100 + 100 * pace.STEP * 3**2 / 2, rel=0.002)
    given, _ = run(given, 6.9, begin=3.0)
    assert given.rate == pytest.approx(100 + 100 * pace.STEP * 9.9**2 / 2, rel=0.002)
    assert run(given, 1.0, begin=9.9)[0].rate > 1000


def test_at_most_one_second_of_growth_is_earned_at_once() -> None:
    given = pace.succeeded(steady(100, paced=True), 3600.0)
    assert (given.rate, given.calm) == (100 + 100 * pace.STEP, 1.0)


def test_answers_during_the_rest_earn_nothing() -> None:
    cut = pace.throttled(pace.succeeded(steady(40, paced=True), 9.0), 10.0, 5.0)
    assert pace.succeeded(cut, 12.0).rate == cut.rate


# --- the wait that the source asks for


def test_a_wait_that_the_source_asks_for_is_kept_even_when_the_rate_was_cut_just_now() -> None:
    cut = pace.throttled(steady(40), 10.0, None)
    assert pace.ready_in(pace.throttled(cut, 10.5, 7.0), 10.5) == 7.0


def test_a_shorter_wait_does_not_shorten_a_longer_one() -> None:
    cut = pace.throttled(steady(40), 10.0, 7.0)
    assert pace.ready_in(pace.throttled(cut, 10.0, 1.0), 10.0) == 7.0
    assert pace.ready_in(pace.throttled(cut, 11.0, None), 11.0) == 6.0


def test_a_turn_that_is_given_back_shortens_no_wait() -> None:
    cut = pace.throttled(steady(0.5), 10.0, None)
    waiting = pace.throttled(cut, 10.9, 3.0)
    again = pace.throttled(waiting, 11.5, None)
    assert (again.resumed_at, pace.ready_in(again, 11.5)) == (13.9, pytest.approx(2.4))


def test_a_source_that_names_a_wait_is_tried_less_often() -> None:
    cut = pace.throttled(steady(100), 10.0, 1.0)
    grown, _ = run(cut, 5.0, begin=11.0)
    assert grown.calm == pytest.approx(1.0, rel=0.02)
    assert grown.rate == pytest.approx(cut.rate * (1 + pace.STEP / 2), rel=0.001)


@pytest.mark.parametrize(("text", "wait"), [("1", 1.0), ("0.5", 0.5), (" 3 ", 3.0), ("60", 60.0)])
def test_a_sane_wait_is_taken(text: str, wait: float) -> None:
    assert pace.sane_wait(text) == wait


@pytest.mark.parametrize("text", [None, "", "0", "-1", "61", "soon", "nan", "inf", "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_a_wait_that_makes_no_sense_is_none(text: str | None) -> None:
    assert pace.sane_wait(text) is None


# --- the memory: how the next read begins


def test_for_an_hour_after_a_throttled_answer_it_begins_a_fifth_below_what_was_learned_and_stays_there() -> None:
    begun = pace.begin(5, 100, met(50, HOUR - timedelta(seconds=1)), NOW)
    assert (begun.rate, begun.ceiling) == (40, 40)
    assert run(begun, 60.0)[0].rate == 40
    assert pace.begin(5, 0, met(50), NOW).ceiling == 40


def test_after_an_hour_it_begins_at_what_was_learned_and_grows_as_after_a_cut() -> None:
    begun = pace.begin(5, 100, met(50, HOUR), NOW)
    assert (begun.rate, begun.ceiling, begun.calm) == (50, 100, 0)
    assert run(begun, 3.0)[0].rate == pytest.approx(50 * (1 + pace.STEP * 4.5), rel=0.005)
    without = pace.begin(5, 0, met(50, HOUR), NOW)
    assert (without.rate, without.ceiling) == (50, math.inf)


def test_a_rate_that_was_never_throttled_is_where_it_begins_and_no_limit() -> None:
    assert pace.begin(5, 100, Learned(rate=30.0), NOW) == msgspec.structs.replace(
        pace.begin(30, 100), begun=30.0, base=30.0, rate=30.0
    )
    assert math.isinf(pace.begin(5, 0, Learned(rate=30.0), NOW).rate)


def test_what_was_learned_never_lifts_the_ceiling_and_never_sinks_below_the_floor() -> None:
    assert pace.begin(5, 20, met(50), NOW).rate == 20
    assert pace.begin(5, 20, met(50, HOUR), NOW).rate == 20
    assert pace.begin(5, 50, met(0.01), NOW).ceiling == pace.FLOOR


@pytest.mark.parametrize("rate", [0.0, -3.0, math.nan, math.inf, -math.inf, 1e300, pace.HIGHEST + 1])
def test_a_rate_that_makes_no_sense_was_not_learned(rate: float) -> None:
    assert pace.begin(5, 50, met(rate), NOW) == pace.begin(5, 50)
    assert pace.learned(pace.begin(5, 50), met(rate), NOW) == Learned(rate=5)


def test_a_time_without_a_zone_is_none() -> None:
    naive = Learned(rate=30.0, throttled_at=datetime(2026, 6, 10, 12))  # noqa: DTZ001
    assert pace.begin(5, 50, naive, NOW).rate == 30
    assert pace.learned(pace.begin(5, 50, naive, NOW), naive, NOW) == Learned(rate=30.0)


def test_a_time_that_lies_ahead_counts_as_now_and_not_for_longer_than_an_hour() -> None:
    ahead = met(50, -timedelta(days=400))
    begun = pace.begin(5, 100, ahead, NOW)
    assert begun.rate == 40
    assert pace.learned(begun, ahead, NOW) == met(50)


# --- the memory: what a read leaves


def test_without_a_throttled_answer_the_greatest_rate_is_learned() -> None:
    assert pace.learned(run(pace.begin(5, 50), 5.0)[0], None, NOW) == Learned(rate=50)
    assert pace.learned(run(pace.begin(5, 20, Learned(rate=50.0)), 5.0)[0], Learned(rate=50.0), NOW) == Learned(rate=50)


def test_a_read_below_what_was_learned_leaves_it_as_it_is() -> None:
    known = met(50, timedelta(minutes=30))
    assert pace.learned(run(pace.begin(5, 100, known, NOW), 20.0)[0], known, NOW) == known


def test_without_pacing_what_was_known_stays_known() -> None:
    known = Learned(rate=30.0)
    assert pace.learned(run(pace.begin(5, 0, known), 0.0)[0], known, NOW) == known


def test_a_few_calls_without_a_throttled_answer_teach_nothing() -> None:
    given, calls = run(pace.begin(5, 50), 0.4)
    assert (calls, given.rate) == (3, 21)
    assert pace.learned(given, None, NOW) == Learned(rate=5)


def test_a_few_calls_with_a_throttled_answer_teach_that_there_was_one() -> None:
    given, _ = run(pace.begin(5, 50), 0.4)
    assert pace.learned(pace.throttled(given, 0.4, None), None, NOW) == met(5)
    below = pace.begin(5, 50, met(40), NOW)
    assert pace.learned(pace.throttled(pace.started(below, 0.0), 0.1, None), met(40), NOW) == met(32)


def test_soon_after_the_first_throttled_answer_the_rate_after_the_cut_is_learned() -> None:
    cut = pace.throttled(run(pace.begin(5, 1000), 0.8)[0], 0.8, None)
    assert pace.learned(cut, None, NOW) == met(44)
    later, _ = run(cut, 3.0, begin=0.8)
    assert pace.learned(later, None, NOW) == met(round(later.rate, 2))


def test_later_on_what_was_borne_on_average_is_learned() -> None:
    given = steady(40, past=Turns(300, 5, 7.5), cycle=Turns(100, 3, 2.5))
    assert pace.learned(given, None, NOW) == met(39.2)


def test_turns_of_a_quick_rise_are_not_in_the_average_nor_those_that_were_under_way_at_its_end() -> None:
    cut = pace.throttled(steady(40, calm=pace.CALM, past=Turns(300, 5, 7.5)), 10.0, None)
    assert pace.throttled(cut, 10.01, None).past == Turns(300, 5, 7.5)


def test_turns_that_were_under_way_at_another_cut_are() -> None:
    cut = pace.throttled(steady(40, cycle=Turns(100, 10, 2.5)), 10.0, None)
    assert pace.throttled(cut, 10.01, None).past == Turns(100, 12, 2.5)


def test_less_than_the_floor_is_never_learned() -> None:
    assert pace.learned(steady(0.5, past=Turns(40, 30, 80.0), cycle=Turns()), None, NOW) == met(pace.FLOOR)


def test_refused_turns_to_the_end_do_not_undo_what_was_known() -> None:
    storm, now = pace.begin(5, 100, met(50, HOUR), NOW), 0.0
    for _ in range(60):
        now += pace.ready_in(storm, now)
        storm = pace.throttled(pace.started(storm, now), now, None)
    assert storm.rate == pace.FLOOR
    assert pace.learned(storm, None, NOW) == met(50)


def test_waits_that_the_source_asked_for_are_no_turns_and_our_own_rests_are() -> None:
    cut = pace.throttled(steady(40), 10.0, 5.0)
    assert pace.throttled(cut, 15.1, 30.0).cycle == Turns(0, 1, 0.0)
    assert pace.throttled(cut, 15.1, None).cycle == Turns(0, 1, pytest.approx(pace.NEXT_PAUSE))


def test_throttled_below_what_was_learned_it_learns_less() -> None:
    known, rates = met(50), [50.0]
    for _ in range(5):
        given, _ = run(pace.begin(5, 100, known, NOW), 10.0)
        given, _ = run(pace.throttled(given, 10.0, None), 10.0, begin=10.0)
        known = pace.learned(given, known, NOW) or known
        rates.append(known.rate)
    assert all(after <= before * pace.MARGIN for before, after in pairwise(rates))


def test_what_is_learned_is_kept_as_json() -> None:
    for learned in (met(49.25), Learned(rate=5)):
        assert msgspec.json.decode(msgspec.json.encode(learned), type=Learned) == learned


# --- the limiter


def test_a_turn_that_is_not_before_the_deadline_is_not_waited_for() -> None:
    limiter, begun = Limiter(0.5, 0.5), time.monotonic()
    assert limiter.wait_turn(begun + 60)
    assert not limiter.wait_turn(begun + 1)
    limiter.throttled(30.0)
    assert not limiter.wait_turn(begun + 20)
    assert not limiter.wait_turn(begun - 1)
    assert time.monotonic() < begun + 0.5


def test_closed_it_grants_no_turn_and_ends_all_waiting() -> None:
    limiter = Limiter(0.5, 0.5)
    assert limiter.wait_turn(clock.monotonic() + 60)
    granted: list[bool] = []
    deadline = clock.monotonic() + 60
    threads = [threading.Thread(target=lambda: granted.append(limiter.wait_turn(deadline))) for _ in range(2)]
    for thread in threads:
        thread.start()
    limiter.close()
    for thread in threads:
        thread.join(timeout=5)
    assert granted == [False, False]
    limiter.open()
    assert not limiter.wait_turn(clock.monotonic() + 0.5)


def test_a_turn_that_was_given_back_goes_to_who_waits() -> None:
    limiter = Limiter(0.5, 100, met(0.5, 2 * HOUR), NOW)
    assert limiter.wait_turn(clock.monotonic() + 60)
    granted = threading.Event()

    def wait() -> None:
        if limiter.wait_turn(clock.monotonic() + 60):
            granted.set()

    thread = threading.Thread(target=wait)
    begun = time.monotonic()
    thread.start()
    limiter.throttled(0.01)
    thread.join(timeout=5)
    assert granted.is_set() and time.monotonic() < begun + 1


def test_many_threads_get_their_turns_at_the_rate() -> None:
    limiter, begun = Limiter(200, 200), time.monotonic()
    times: list[float] = []

    def take() -> None:
        for _ in range(4):
            assert limiter.wait_turn(begun + 60)
            times.append(time.monotonic() - begun)

    threads = [threading.Thread(target=take) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert len(times) == 64
    assert max(times) >= 63 / 200 - pace.SLACK - 0.001


def test_the_limiter_tells_what_it_learned_by_the_wall_clock_of_the_asker() -> None:
    limiter = Limiter(40, 50, met(50, HOUR), NOW)
    assert limiter.learned(NOW) == met(50, HOUR)
    limiter.throttled(None)
    assert limiter.learned(NOW) == met(50)
