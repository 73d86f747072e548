"""The part of `/metrics` about the support plan of the partner whose token asks; no other partner's is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Literal

from shd_relay import plans
from shd_relay.web import standing
from shd_relay.web.ask import Ask
from shd_relay.web.exposition import Sample
from shd_relay.web.standing import Counts

ROWS: tuple[tuple[str, Literal["gauge"], str], ...] = (
    ("plan_ends_timestamp_seconds", "gauge", "When the support plan of the partner that asks ends."),
    ("plan_working_days_left", "gauge", "Working days, Monday to Friday, after today until the plan ends."),
    ("plan_tickets_allowance", "gauge", "Technical tickets that the plan and its packages give; +Inf: unlimited."),
    ("plan_tickets_used", "gauge", "Tickets opened while the plan holds, by kind."),
    ("plan_tickets_open", "gauge", "Tickets that are not closed."),
    ("plan_tickets_awaiting_response", "gauge", "Open tickets without a first response."),
    ("plan_tickets_overdue", "gauge", "Those of them whose first response is overdue, by severity."),
    ("plan_tickets_late", "gauge", "Tickets opened while the plan holds whose first response came too late."),
)
"""Names without the prefix, as those of metrics.py."""


def of_plan(ask: Ask) -> Iterator[tuple[str, list[Sample]]]:
    """What there is to tell; without those of tickets where they cannot be read."""
    partner = ask.viewer.partner
    if partner is None:
        return
    own = {"partner": partner.id, "plan": partner.plan}
    _, end = plans.validity(partner.valid_from, partner.valid_until)
    yield "plan_ends_timestamp_seconds", [Sample(end.timestamp(), own)]
    yield "plan_working_days_left", [Sample(plans.working_days_left(partner.valid_until, ask.now), own)]
    counts = standing.counts(partner, ask.tickets())
    if counts:
        yield from _of_tickets(counts, own, ask.now)


def _of_tickets(counts: Counts, own: Mapping[str, str], now: datetime) -> Iterator[tuple[str, list[Sample]]]:
    allowance = float("inf") if counts.allowance is None else counts.allowance
    used = (("technical", counts.used), ("consulting", counts.consulting))
    overdue = Counter(ticket.severity for ticket in counts.overdue(now))
    yield "plan_tickets_allowance", [Sample(allowance, own)]
    yield "plan_tickets_used", [Sample(count, {**own, "kind": kind}) for kind, count in used]
    yield "plan_tickets_open", [Sample(counts.open, own)]
    yield "plan_tickets_awaiting_response", [Sample(len(counts.awaiting), own)]
    yield (
        "plan_tickets_overdue",
        [Sample(overdue[severity], {**own, "severity": severity}) for severity in plans.SEVERITIES],
    )
    yield "plan_tickets_late", [Sample(counts.late, own)]
