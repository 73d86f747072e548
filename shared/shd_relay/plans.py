"""The support plans: what each entitles to, how soon which severity is answered, and when a plan is in force.

Every figure is of the statement of work of 2021-09 (SOURCE); where it contradicts itself, DOUBTS says what we took.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Literal, get_args

from msgspec import Struct

PlanId = Literal["selected", "premium", "elite", "flagship"]
Severity = Literal["critical", "urgent", "high", "medium", "low"]
ReportName = Literal["service-summary", "critical-support", "product-usage"]

UTC8 = timezone(timedelta(hours=8))
SOURCE = "statement of work for partner support plans, 2021-09"
DOUBTS = (
    (
        "The list of services gives all three reports to Elite and Flagship; the list of deliverables names the first "
        "two for Elite, and for Flagship the first two and the critical time guarantee. We take both to have all three."
    ),
    "No period is stated for the numbers of tickets: they are counted from valid_from to valid_until.",
    "The second plan is spelt both Premium and Premier: both are read, Premium is shown.",
)
PACKAGE_TICKETS = 10
"""How many technical tickets a ticket package adds to a plan."""
APPLY_WORKING_DAYS = 10
"""How long in advance a plan has to be applied for, at least."""


class ResponseTarget(Struct, frozen=True, kw_only=True):
    """A ticket severity, 1 the worst: the first response comes in less than `within`."""

    number: int
    name: str
    when: str
    within: timedelta


TARGETS: dict[Severity, ResponseTarget] = {
    "critical": ResponseTarget(
        number=1, name="Critical", within=timedelta(minutes=15),
        when="business-critical system or component down, immediate support needed",
    ),
    "urgent": ResponseTarget(
        number=2, name="Urgent", within=timedelta(minutes=40),
        when="production system or component down or greatly impaired",
    ),
    "high": ResponseTarget(number=3, name="High", within=timedelta(hours=4), when="key system impaired"),
    "medium": ResponseTarget(number=4, name="Medium", within=timedelta(hours=8), when="system impaired"),
    "low": ResponseTarget(number=5, name="Low", within=timedelta(hours=18), when="general question or request"),
}  # fmt: skip
"""The worst first."""
SEVERITIES: tuple[Severity, ...] = get_args(Severity)

REPORTS: dict[ReportName, str] = {
    "service-summary": "Service Summary Report",
    "critical-support": "Critical Support Summary",
    "product-usage": "Product Usage Report",
}


class SupportPlan(Struct, frozen=True, kw_only=True):
    """What a plan entitles to. `technical_tickets` None: as many as needed, as consulting tickets are in every plan."""

    name: str
    technical_tickets: int | None
    services: tuple[str, ...]
    reports: tuple[ReportName, ...] = ()


_EVERY = (
    "SHD: running status of mainstream products per region",
    "SHD: messages of planned maintenance",
    "SHD: messages of exceptions, after which a consulting ticket may be opened",
)
_REVIEW = ("business objective review", "ticket closure")

PLANS: dict[PlanId, SupportPlan] = {
    "selected": SupportPlan(name="Selected", technical_tickets=10, services=(*_EVERY, *_REVIEW)),
    "premium": SupportPlan(name="Premium", technical_tickets=20, services=(*_EVERY, *_REVIEW)),
    "elite": SupportPlan(
        name="Elite", technical_tickets=30, reports=tuple(REPORTS),
        services=(
            *_EVERY, "service management: urgent cases accelerated, proactive service",
            "architecture consulting for the use case", "service reports",
        ),
    ),
    "flagship": SupportPlan(
        name="Flagship", technical_tickets=None, reports=tuple(REPORTS),
        services=(
            *_EVERY, "IM enterprise group (7x24)", "service management",
            "quarterly online consulting and workshops (extra purchase)", "critical time service (high priority)",
            "service reports",
        ),
    ),
}  # fmt: skip
"""From the least to the most. Tickets of all severities are taken 7x24 in each."""

_IDS: dict[str, PlanId] = {**{plan: plan for plan in PLANS}, "premier": "premium"}


def plan_id(text: str) -> PlanId | None:
    """The plan that is meant (`premier` is another spelling of premium); None if there is no such plan."""
    return _IDS.get(text)


def in_force(valid_from: date, valid_until: date, now: datetime) -> bool:
    """Whether a plan holds at `now`. Both days are whole days in UTC+8, and both are inside."""
    return valid_from <= now.astimezone(UTC8).date() <= valid_until


def validity(valid_from: date, valid_until: date) -> tuple[datetime, datetime]:
    """The first moment of the plan, and the first after it."""
    first = datetime.combine(valid_from, datetime.min.time(), UTC8)
    last = datetime.combine(min(valid_until, date.max - timedelta(days=1)), datetime.min.time(), UTC8)
    return first, last + timedelta(days=1)


def allowance(plan: PlanId, packages: int) -> int | None:
    """How many technical tickets the plan and its ticket packages give; None: as many as needed."""
    own = PLANS[plan].technical_tickets
    return None if own is None else own + PACKAGE_TICKETS * packages


def working_days_left(valid_until: date, now: datetime) -> int:
    """How many working days, Monday to Friday, come after today (UTC+8) up to the last day of the plan. No holidays."""
    today = now.astimezone(UTC8).date()
    days = max(0, (valid_until - today).days)
    weeks, rest = divmod(days, 7)
    return weeks * 5 + sum((today.weekday() + day) % 7 < 5 for day in range(1, rest + 1))


def ends_soon(valid_until: date, now: datetime) -> Literal["soon", "now"] | None:
    """Whether to speak of the plan's end: `soon` in its last 30 working days; `now` in its last 10, when the latest day
    to apply for the next one has come or is gone (APPLY_WORKING_DAYS). None: not yet."""
    left = working_days_left(valid_until, now)
    if left <= APPLY_WORKING_DAYS:
        return "now"
    return "soon" if left <= 30 else None


def reports_of(report: ReportName) -> list[str]:
    """The names of the plans that the report comes with, from the least to the most."""
    return [plan.name for plan in PLANS.values() if report in plan.reports]
