from __future__ import annotations

from datetime import date, datetime, timezone

import pytest

from shd_relay.plans import (
    PLANS,
    REPORTS,
    TARGETS,
    allowance,
    ends_soon,
    in_force,
    plan_id,
    reports_of,
    validity,
    working_days_left,
)

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def test_the_four_plans_have_names_in_their_order() -> None:
    assert [(id_, plan.name) for id_, plan in PLANS.items()] == [
        ("selected", "Selected"),
        ("premium", "Premium"),
        ("elite", "Elite"),
        ("flagship", "Flagship"),
    ]


def test_the_allowance_is_the_plan_s_number_and_ten_more_for_each_package() -> None:
    assert [allowance(plan, 0) for plan in PLANS] == [10, 20, 30, None]
    assert [allowance(plan, 2) for plan in PLANS] == [30, 40, 50, None]


def test_the_five_severities_are_answered_as_the_statement_of_work_says() -> None:
    assert [(t.number, t.name, t.within.total_seconds() / 60) for t in TARGETS.values()] == [
        (1, "Critical", 15), (2, "Urgent", 40), (3, "High", 240), (4, "Medium", 480), (5, "Low", 1080),
    ]  # fmt: skip


@pytest.mark.parametrize("report", list(REPORTS))
def test_elite_and_flagship_come_with_every_report(report: str) -> None:
    assert reports_of(report) == ["Elite", "Flagship"]  # type: ignore[arg-type]


def test_a_plan_holds_from_its_first_midnight_in_china_to_the_last() -> None:
    assert validity(FIRST, LAST) == (utc("2025-12-31T16:00"), utc("2026-12-31T16:00"))


@pytest.mark.parametrize(
    ("today", "last", "left"),
    [
        ("2026-12-31", "2026-12-31", 0),  # the last day itself, a Thursday
        ("2027-01-05", "2026-12-31", 0),
        ("2026-12-30", "2026-12-31", 1),
        ("2026-12-18", "2026-12-21", 1),  # from Friday to Monday
        ("2026-12-19", "2026-12-20", 0),  # a week end
        ("2026-12-17", "2026-12-31", 10),
        ("2026-12-16", "2026-12-31", 11),
        ("2026-11-19", "2026-12-31", 30),
        ("2026-01-01", "9999-12-31", 2080316),
    ],
)
def test_working_days_are_monday_to_friday_after_today_up_to_the_last_day(today: str, last: str, left: int) -> None:
    until = date.fromisoformat(last)
    assert working_days_left(until, utc(f"{today}T03:00")) == left


def test_today_is_the_day_in_china() -> None:
    assert working_days_left(LAST, utc("2026-12-30T15:59")) == 1
    assert working_days_left(LAST, utc("2026-12-30T16:00")) == 0


@pytest.mark.parametrize(
    ("today", "said"), [("2026-11-18", None), ("2026-11-19", "soon"), ("2026-12-16", "soon"), ("2026-12-17", "now")]
)
def test_a_plan_s_end_is_announced_thirty_and_ten_working_days_ahead(today: str, said: str | None) -> None:
    assert ends_soon(LAST, utc(f"{today}T03:00")) == said


@pytest.mark.parametrize("plan", list(PLANS))
def test_every_plan_is_known_by_its_id(plan: str) -> None:
    assert plan_id(plan) == plan


def test_premier_is_premium() -> None:
    assert plan_id("premier") == "premium"


@pytest.mark.parametrize("text", ["", "gold", "Flagship"])
def test_any_other_word_is_no_plan(text: str) -> None:
    assert plan_id(text) is None


@pytest.mark.parametrize(
    ("now", "held"),
    [
        ("2025-12-31T15:59:59.999999", False),
        ("2025-12-31T16:00:00", True),  # midnight of the first day in UTC+8
        ("2026-06-15T12:00:00", True),
        ("2026-12-31T15:59:59.999999", True),
        ("2026-12-31T16:00:00", False),  # the last day is over in UTC+8
    ],
)
def test_a_plan_holds_from_the_first_to_the_last_moment_of_its_days_in_utc_8(now: str, held: bool) -> None:
    assert in_force(FIRST, LAST, utc(now)) is held


def test_a_plan_of_one_day_holds_on_that_day() -> None:
    assert in_force(FIRST, FIRST, utc("2026-01-01T04:00:00"))
