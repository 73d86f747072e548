"""A report by its name, and as bytes: the same inputs give the same bytes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import msgspec

from shd_relay import times
from shd_relay.errors import RequestError
from shd_relay.plans import PLANS, REPORTS, PlanId, ReportName, reports_of
from shd_relay.reports.critical_support import critical_support
from shd_relay.reports.product_usage import product_usage
from shd_relay.reports.question import Found, Question
from shd_relay.reports.service_summary import service_summary
from shd_relay.reports.shapes import Report

_MAKERS: dict[ReportName, Callable[[Question, Found], Report]] = {
    "service-summary": service_summary,
    "critical-support": critical_support,
    "product-usage": product_usage,
}
FORMATS = ("html", "json", "csv")
MEDIA = {"html": "text/html; charset=utf-8", "json": "application/json", "csv": "text/csv; charset=utf-8"}


def named(text: str) -> ReportName | None:
    """The report that is meant; None if there is none."""
    return next((name for name in REPORTS if name == text), None)


def check_entitled(plan: PlanId, name: ReportName) -> None:
    """Raises RequestError (403), which says which plans have it, if the plan has not."""
    if name not in PLANS[plan].reports:
        having = " and ".join(reports_of(name))
        raise RequestError(403, f"the {REPORTS[name]} comes with {having}; this partner's plan is {PLANS[plan].name}")


def made(asked: Question, found: Found) -> Report:
    """Pure."""
    return _MAKERS[asked.name](asked, found)


def written(report: Report, format_: str) -> bytes:
    """As html, json or csv."""
    if format_ == "json":
        return msgspec.json.encode(_plain(msgspec.to_builtins(report, builtin_types=(datetime, date)))) + b"\n"
    if format_ == "csv":
        from shd_relay.reports.csv_text import render as render_csv

        return render_csv(report)
    from shd_relay.reports.html import render  # the library of the templates is heavy

    return render(report)


def file_name(report: Report, format_: str) -> str:
    """Such as acme-service-summary-2024-03-01-2024-03-31.csv; ids of partners are plain (config_checks.check_id)."""
    period = report.head.period
    if period.first_day and period.last_day:
        days = f"{period.first_day}-{period.last_day}"
    else:
        days = f"{period.since:%Y-%m-%dT%H%MZ}-{period.until:%Y-%m-%dT%H%MZ}"
    return f"{report.head.partner.id}-{report.head.report}-{days}.{format_}"


def _plain(value: Any) -> Any:
    """With times as messages show them."""
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return times.text(value) if isinstance(value, datetime) else value
