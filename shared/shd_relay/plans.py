"""Support plans: their ids, their names, and when a partner's plan is in force."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Literal

PlanId = Literal["selected", "premium", "elite", "flagship"]

UTC8 = timezone(timedelta(hours=8))

PLANS: dict[PlanId, str] = {"selected": "Selected", "premium": "Premium", "elite": "Elite", "flagship": "Flagship"}
"""Ids and display names, from the least to the most."""

_IDS: dict[str, PlanId] = {**{plan: plan for plan in PLANS}, "premier": "premium"}


def plan_id(text: str) -> PlanId | None:
    """The plan that is meant (`premier` is an older word for premium); None if there is no such plan."""
    return _IDS.get(text)


def in_force(valid_from: date, valid_until: date, now: datetime) -> bool:
    """Whether a plan holds at `now`. Both days are whole days in UTC+8, and both are inside."""
    return valid_from <= now.astimezone(UTC8).date() <= valid_until
