"""What the three reports say, as values. They stand in JSON as they are here, in this order.

Times are aware and in UTC; `since` and `until` are half open. Durations are in seconds, rounded to milliseconds, shares
to six digits. None: not known, or nothing to say it of. Rows stand in the order that their field's comment names.
"""

from __future__ import annotations

from shd_relay.reports.shapes_critical import (
    CriticalEvent,
    CriticalSpell,
    CriticalSupport,
    CriticalTotals,
    Moment,
    PushLine,
)
from shd_relay.reports.shapes_head import FORMAT, Definition, Head, Holder, LogRange, Period, Scope
from shd_relay.reports.shapes_parts import EventRow, Measure, Named, TicketLine, UnwatchedSpell, Why
from shd_relay.reports.shapes_summary import (
    Allowance,
    Bucket,
    GroupRow,
    KindRow,
    LatencyStep,
    PairRow,
    ServiceSummary,
    SpanRow,
    StepName,
    TicketRow,
    TicketSummary,
    Totals,
)
from shd_relay.reports.shapes_usage import ProductUsage, UsageRow, UsageTotals

__all__ = [
    "FORMAT",
    "Allowance",
    "Bucket",
    "CriticalEvent",
    "CriticalSpell",
    "CriticalSupport",
    "CriticalTotals",
    "Definition",
    "EventRow",
    "GroupRow",
    "Head",
    "Holder",
    "KindRow",
    "LatencyStep",
    "LogRange",
    "Measure",
    "Moment",
    "Named",
    "PairRow",
    "Period",
    "ProductUsage",
    "PushLine",
    "Report",
    "Scope",
    "ServiceSummary",
    "SpanRow",
    "StepName",
    "TicketLine",
    "TicketRow",
    "TicketSummary",
    "Totals",
    "UnwatchedSpell",
    "UsageRow",
    "UsageTotals",
    "Why",
]

Report = ServiceSummary | CriticalSupport | ProductUsage
