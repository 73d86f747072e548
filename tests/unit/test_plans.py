from __future__ import annotations

from datetime import date, datetime, timezone

import pytest

from shd_relay.plans import PLANS, in_force, plan_id

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def test_the_four_plans_have_names_in_their_order() -> None:
    assert list(PLANS.items()) == [
        ("selected", "Selected"),
        ("premium", "Premium"),
        ("elite", "Elite"),
        ("flagship", "Flagship"),
    ]


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
