"""Which period is meant, and its days and weeks in the partner's time zone."""

from __future__ import annotations

import itertools
from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shd_relay.errors import RequestError
from shd_relay.reports import period
from shd_relay.reports.shapes import Period

NOW = datetime(2024, 5, 15, 12, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)


def asked(first: str, last: str, zone: str = "Europe/Berlin", now: datetime = NOW) -> Period:
    return period.asked(first, last, period.zone_of(zone), now)


def hours(found: Period, zone: str) -> list[float]:
    return [(part.until - part.since) / HOUR for part in period.days(found, period.zone_of(zone))]


@pytest.mark.parametrize(
    ("zone", "first", "last", "expected"),
    [
        ("Europe/Berlin", "2024-03-30", "2024-04-01", [24, 23, 24]),
        ("Europe/Berlin", "2024-10-26", "2024-10-28", [24, 25, 24]),
        ("America/New_York", "2024-03-10", "2024-03-10", [23]),
        ("Asia/Beirut", "2024-03-31", "2024-03-31", [23]),  # no midnight: the day begins at one
        ("Africa/Cairo", "2023-10-26", "2023-10-27", [25, 24]),  # midnight comes back as eleven
        ("America/Havana", "2023-11-05", "2023-11-05", [25]),  # midnight comes twice
        ("Australia/Lord_Howe", "2024-04-07", "2024-04-07", [24.5]),
        ("Pacific/Apia", "2011-12-29", "2011-12-31", [24, 24]),  # the 30th was left out
        ("Asia/Shanghai", "2024-02-28", "2024-03-01", [24, 24, 24]),
        ("UTC", "2023-02-28", "2023-03-01", [24, 24]),
    ],
)
def test_days_have_the_hours_that_the_zone_gives_them(zone: str, first: str, last: str, expected: list[float]) -> None:
    found = period.asked(first, last, period.zone_of(zone), datetime(2025, 1, 1, tzinfo=timezone.utc))
    assert hours(found, zone) == expected
    assert found.seconds == sum(expected) * 3600


@pytest.mark.parametrize(
    ("now", "first", "last"),
    [
        (datetime(2024, 3, 1, 0, 30, tzinfo=timezone.utc), date(2024, 2, 1), date(2024, 2, 29)),
        (datetime(2024, 2, 29, 23, 30, tzinfo=timezone.utc), date(2024, 2, 1), date(2024, 2, 29)),  # March in Berlin
        (datetime(2024, 1, 1, 12, tzinfo=timezone.utc), date(2023, 12, 1), date(2023, 12, 31)),
        (datetime(2023, 3, 31, 12, tzinfo=timezone.utc), date(2023, 2, 1), date(2023, 2, 28)),
    ],
)
def test_without_days_it_is_the_last_whole_month_of_the_zone(now: datetime, first: date, last: date) -> None:
    found = asked("", "", now=now)
    assert (found.first_day, found.last_day) == (first, last)


def test_times_are_half_open_and_days_whole() -> None:
    found = asked("2024-03-01T08:00:00 01:00", "2024-03-01T09:30:00Z")  # the plus of the query came as a blank
    assert found.since == datetime(2024, 3, 1, 7, tzinfo=timezone.utc)
    assert found.seconds == 2.5 * 3600
    assert found.first_day is None
    mixed = asked("2024-03-01", "2024-03-01T09:30:00Z")
    assert mixed.since == datetime(2024, 2, 29, 23, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("first", "last", "why"),
    [
        ("2024-03-02", "2024-03-01", "to: lies before from"),
        ("2024-03-01T00:00:00Z", "2024-03-01T00:00:00Z", "to: is the same as from"),
        ("2024-05-16", "2024-05-17", "from: lies in the future"),
        ("2024-05-01", "2024-05-16", "to: lies in the future; today is the last day that can be asked for"),
        ("2024-02-30", "2024-03-01", "from: must be a day as 2024-03-31, or a time as 2024-03-31T00:00:00Z"),
        ("march", "2024-03-01", "from: must be a day as 2024-03-31, or a time as 2024-03-31T00:00:00Z"),
        ("2024-03-01T00:00:00", "2024-03-02", "from: must be a day as 2024-03-31, or a time as 2024-03-31T00:00:00Z"),
        ("2024-03-01", "", "from: give from and to, or neither: the last whole month"),
        ("", "2024-03-01", "to: give from and to, or neither: the last whole month"),
        ("2023-01-01", "2024-02-05", "to: a report is of at most 400 days"),
        ("0001-01-01", "0001-01-02", "from: too near the end of the calendar"),
        ("2024-03-01", "9999-12-31", "from: too near the end of the calendar"),
    ],
)
def test_what_cannot_be_meant_is_one_clear_line(first: str, last: str, why: str) -> None:
    with pytest.raises(RequestError) as caught:
        asked(first, last)
    assert caught.value.status == 400
    assert caught.value.detail.startswith(why)
    assert "\n" not in caught.value.detail


def test_a_day_that_the_zone_left_out_is_no_period() -> None:
    with pytest.raises(RequestError, match="from: the partner's time zone left that day out"):
        asked("2011-12-30", "2011-12-30", "Pacific/Apia")


def test_four_hundred_days_and_today_are_not_too_much() -> None:
    assert (asked("2023-01-01", "2024-02-04").until - asked("2023-01-01", "2024-02-04").since).days == 400
    assert asked("2024-05-01", "2024-05-15").last_day == date(2024, 5, 15)


def test_a_moment_lies_in_the_past() -> None:
    assert period.moment("known", "", NOW) is None
    assert period.moment("known", "2024-05-15T12:00:00Z", NOW) == NOW
    for text in ("2024-05-15T12:00:01Z", "2024-05-15", "soon"):
        with pytest.raises(RequestError, match="known: "):
            period.moment("known", text, NOW)


def test_weeks_go_from_monday_to_sunday_and_are_clipped() -> None:
    found = period.weeks(asked("2023-12-30", "2024-01-09"), period.zone_of("Europe/Berlin"))
    assert [(part.name, part.first_day.day, part.last_day.day) for part in found] == [
        ("2023-W52", 30, 31), ("2024-W01", 1, 7), ("2024-W02", 8, 9),
    ]  # fmt: skip


ZONES = ("Europe/Berlin", "Pacific/Apia", "America/Havana", "Africa/Cairo", "Asia/Kathmandu", "Antarctica/Troll")


@given(st.sampled_from(ZONES), st.integers(0, 5_000), st.integers(0, 399), st.integers(0, 86_399))
def test_the_parts_of_a_period_are_all_of_it_without_a_hole(zone: str, day: int, days: int, second: int) -> None:
    first = date(2010, 1, 1) + timedelta(days=day)
    since = period.midnight(first, period.zone_of(zone)) + timedelta(seconds=second)
    found = Period(since=since, until=since + timedelta(days=days, seconds=1), first_day=None, last_day=None, seconds=0)
    for parts in (period.days(found, period.zone_of(zone)), period.weeks(found, period.zone_of(zone))):
        assert (parts[0].since, parts[-1].until) == (found.since, found.until)
        assert all(a.until == b.since and a.name < b.name for a, b in itertools.pairwise(parts))
        assert all(part.since < part.until for part in parts)
