"""The shape of the Service Summary Report."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from msgspec import Struct

from shd_relay.plans import Severity
from shd_relay.reports.shapes_head import Head
from shd_relay.reports.shapes_parts import EventRow, Measure, Named, TicketLine, UnwatchedSpell

StepName = Literal["source_to_committed", "observed_to_pushed", "committed_to_pushed"]


class Totals(Struct, frozen=True, kw_only=True):
    """`events` = incidents + maintenances + notices, withdrawn and cancelled ones included, duplicates (found to be
    another event) not. `watched_seconds` + `blind_seconds` + `unwatched_seconds` = the period (of one clock, not of
    pairs): `blind_seconds` is blind, stale or without a poll, `unwatched_seconds` before the log began or not known
    yet. `incident_union_seconds`: time with an open incident in any pair."""

    events: int
    incidents: int
    maintenances: int
    notices: int
    ongoing: int
    carried: int
    history: int
    withdrawn: int
    cancelled: int
    duplicates: int
    changes: int  # committed in the period, in scope
    pushed: int  # of them, those that are pushed
    pairs: int
    pairs_hit: int
    watched_seconds: float
    blind_seconds: float
    unwatched_seconds: float
    incident_pair_seconds: float
    incident_union_seconds: float
    availability: float | None


class GroupRow(Struct, frozen=True, kw_only=True):
    """A product or a region."""

    of: Named
    measure: Measure


class KindRow(Struct, frozen=True, kw_only=True):
    """Seconds are of events, within the period, that were not called off and have begun; `median_seconds`,
    `longest_seconds` None: there is none."""

    kind: Literal["incident", "maintenance", "notice"]
    events: int
    ongoing: int
    withdrawn: int
    cancelled: int
    seconds: float
    median_seconds: float | None
    longest_seconds: float | None


class PairRow(Struct, frozen=True, kw_only=True):
    """A cell of the heat map. `watched` False: it is on no watch list now, but SHD spoke of it; no availability."""

    product: Named
    region: Named
    watched: bool
    measure: Measure


class SpanRow(Struct, frozen=True, kw_only=True):
    """A day, or a week (Monday to Sunday), in the partner's time zone, clipped to the period. `name`: 2024-03-31, or
    2024-W13. `watched_seconds`, `blind_seconds`, `unwatched_seconds`: of one clock, as in Totals."""

    name: str
    first_day: date
    last_day: date
    since: datetime
    until: datetime
    watched_seconds: float
    blind_seconds: float
    unwatched_seconds: float
    measure: Measure


class Bucket(Struct, frozen=True):
    """How many took up to this many seconds, and longer than the bucket before; None: any longer."""

    up_to: float | None
    count: int


class LatencyStep(Struct, frozen=True, kw_only=True):
    """`count` changes of which both times are known, `unknown` of which they are not. Median and p95 by nearest rank;
    None where count is 0."""

    step: StepName
    count: int
    unknown: int
    median_seconds: float | None
    p95_seconds: float | None
    max_seconds: float | None
    buckets: tuple[Bucket, ...]


class TicketRow(Struct, frozen=True, kw_only=True):
    """Tickets of one severity opened in the period; answered = in_time + late. `closed`: of them, closed by now."""

    severity: Severity
    severity_name: str
    target_seconds: float
    opened: int
    technical: int
    consulting: int
    answered: int
    in_time: int
    late: int
    unanswered: int
    waiting: int
    closed: int
    median_response_seconds: float | None


class Allowance(Struct, frozen=True, kw_only=True):
    """Technical tickets from `since` (valid_from) to `until` (the end of the period or of the plan). `allowed`, `left`
    None: as many as needed. `over`: those opened after it was used up."""

    since: datetime
    until: datetime
    allowed: int | None
    used: int
    left: int | None
    over: int


class TicketSummary(Struct, frozen=True, kw_only=True):
    by_severity: tuple[TicketRow, ...]  # all five, the worst first
    opened: int
    in_time: int
    late: int
    unanswered: int
    waiting: int
    closed: int
    allowance: Allowance
    tickets: tuple[TicketLine, ...]  # by opening


class ServiceSummary(Struct, frozen=True, kw_only=True):
    """Service Summary Report."""

    head: Head
    totals: Totals
    by_product: tuple[GroupRow, ...]  # in the order of the watch list; unwatched ones after it, by id
    by_region: tuple[GroupRow, ...]  # the same
    by_kind: tuple[KindRow, ...]  # incident, maintenance, notice
    by_pair: tuple[PairRow, ...]  # in the order of the watch list
    by_day: tuple[SpanRow, ...]
    by_week: tuple[SpanRow, ...]
    worst_week: SpanRow | None  # of by_week, the lowest availability; None: no week had an incident while watched
    longest: tuple[EventRow, ...]  # incidents, at most 10, the longest within the period first
    maintenance: tuple[EventRow, ...]  # by start; at most MOST_MAINTENANCE of them
    maintenance_omitted: int
    unwatched: tuple[UnwatchedSpell, ...]  # by since
    latency: tuple[LatencyStep, ...]  # the three steps
    tickets: TicketSummary
