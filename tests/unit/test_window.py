from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from itertools import pairwise

import pytest

from shd_relay import window
from shd_relay.window import RUNGS, Ask, plan

NOW = datetime(2026, 6, 10, 12, tzinfo=timezone.utc)
TODAY = date(2026, 6, 10)
CHINA = timezone(timedelta(hours=8))


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def test_an_ordinary_read_looks_a_week_back_and_two_weeks_ahead() -> None:
    assert plan(days_ago(0), NOW, 0) == (Ask(date(2026, 6, 24), 21),)


def test_today_is_the_day_in_china() -> None:
    evening = datetime(2026, 6, 10, 16, tzinfo=timezone.utc)
    assert plan(evening, evening, 2)[0].end == date(2026, 6, 11)


def test_a_gap_since_the_last_read_widens_the_window() -> None:
    assert plan(days_ago(20), NOW, 0) == (Ask(date(2026, 6, 24), 14 + 22),)


def test_what_surely_is_covered_leaves_a_day_at_both_ends() -> None:
    covered = Ask(TODAY, 7).window
    assert covered is not None
    assert covered.since == datetime(2026, 6, 5, tzinfo=CHINA)
    assert covered.until == datetime(2026, 6, 10, tzinfo=CHINA)
    assert covered.since.tzinfo is timezone.utc


@pytest.mark.parametrize("zone", [timezone.utc, CHINA])
@pytest.mark.parametrize(("first", "last"), [(1, 1), (0, 0), (0, 1)], ids=["inclusive", "end exclusive", "both"])
def test_what_surely_is_covered_is_covered_in_every_reading_of_the_parameters(
    zone: timezone, first: int, last: int
) -> None:
    ask = Ask(TODAY, 7)
    begins = datetime(2026, 6, 10, tzinfo=zone) - timedelta(days=ask.days - first)
    ends = datetime(2026, 6, 10, tzinfo=zone) + timedelta(days=last)
    covered = ask.window
    assert covered is not None
    assert begins <= covered.since < covered.until <= ends


@pytest.mark.parametrize("days", [1, 2])
def test_a_day_or_two_cover_nothing_for_sure(days: int) -> None:
    assert Ask(TODAY, days).window is None


@pytest.mark.parametrize("rung", range(len(RUNGS)))
@pytest.mark.parametrize("days", [0, 1, 6, 7, 13, 18])
def test_the_calls_of_every_rung_together_cover_what_is_wanted(rung: int, days: int) -> None:
    since = days_ago(days)
    windows = [ask.window for ask in plan(since, NOW, rung)]
    for later, earlier in pairwise(windows):
        assert later is not None
        assert earlier is not None
        assert earlier.until >= later.since
    last = windows[-1]
    assert last is not None
    assert last.since <= since


@pytest.mark.parametrize("rung", range(len(RUNGS)))
def test_no_call_asks_for_more_than_its_rung_allows(rung: int) -> None:
    for days in range(400):
        for ask in plan(days_ago(days), NOW, rung):
            assert 1 <= ask.days <= RUNGS[rung].most_days
            assert ask.end <= TODAY + timedelta(days=RUNGS[rung].look_ahead)


def test_an_old_open_event_costs_a_second_call_that_ends_earlier() -> None:
    assert plan(days_ago(100), NOW, 0) == (Ask(date(2026, 6, 24), 90), Ask(date(2026, 3, 28), 28))


def test_the_number_of_calls_for_one_pair_is_bounded_and_the_windows_say_what_is_not_covered() -> None:
    asks = plan(days_ago(3000), NOW, 0)
    assert len(asks) == window.MOST_CALLS
    oldest = asks[-1].window
    assert oldest is not None
    assert not oldest.covers(days_ago(3000))


def test_a_wish_for_the_future_is_one_for_today() -> None:
    assert plan(days_ago(-5), NOW, 2) == plan(NOW, NOW, 2)


def test_rungs_grow_narrower_and_days_are_given_up_last() -> None:
    assert RUNGS[0] == (14, 90)
    assert RUNGS[-1] == (0, 7)
    assert [rung.most_days for rung in RUNGS] == sorted((rung.most_days for rung in RUNGS), reverse=True)


@pytest.mark.parametrize(("rung", "nearest"), [(-3, 0), (0, 0), (99, len(RUNGS) - 1)])
def test_a_rung_that_is_none_is_the_nearest(rung: int, nearest: int) -> None:
    assert window.clamp(rung) == nearest
    assert plan(NOW, NOW, rung) == plan(NOW, NOW, nearest)
