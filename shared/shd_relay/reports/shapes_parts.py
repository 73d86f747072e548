"""What several reports speak of: names, events, measures and tickets."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from shd_relay.model import Kind, State
from shd_relay.plans import Severity
from shd_relay.tickets import TicketKind

Why = Literal["before_log", "blind", "stale", "no_poll", "not_yet"]
"""Why a time was not watched: the log had not begun; SHD did not answer; over half of the pairs were not read; no poll
was finished; it lies after what is known."""


Result = Literal["in_time", "late", "unanswered", "waiting"]


class Named(Struct, frozen=True):
    """A product or region: the id as the config spells it, and the catalogue's names (the id where it has none)."""

    id: str
    en: str
    zh: str


class EventRow(Struct, frozen=True, kw_only=True):
    """One event. `start`: the source's, else when we first knew of it. `end`: None while it is not over.
    `seconds`: how long it went on within the period (0 for what was called off); `whole_seconds`: in all, None while it
    is not over. `carried`: it began before the period. `history`: it was over when first seen, so nobody was told.
    `inferred`: its end was concluded, not said. `ongoing`: it is open by what is known."""

    id: str
    kind: Kind
    product: Named
    region: Named
    title: str
    severity: str | None
    state: State
    start: datetime
    end: datetime | None
    seconds: float
    whole_seconds: float | None
    carried: bool
    history: bool
    inferred: bool
    ongoing: bool
    revision: int


class Measure(Struct, frozen=True, kw_only=True):
    """What is said of some pairs over some time. Events count where they overlap it, so numbers of days do not add up;
    `begun` ones do. `pairs`: those that are watched, `pairs_hit`: of them those with an incident. `watched_seconds`:
    pair-seconds watched, `incident_seconds`: of them those with an open incident; `availability` = 1 - incident /
    watched, rounded down, None where nothing was watched. `maintenance_seconds`: watched or not."""

    incidents: int
    incidents_begun: int
    maintenances: int
    notices: int
    pairs: int
    pairs_hit: int
    watched_seconds: float
    incident_seconds: float
    maintenance_seconds: float
    availability: float | None


class TicketLine(Struct, frozen=True, kw_only=True):
    """One ticket. `response_seconds`: from opening to the first response. `result`: `in_time`, `late` (answered, but
    not before it was due), `unanswered` (due, and no response recorded), `waiting` (not due yet). `over_allowance`: it
    came after the allowance was used up."""

    id: str
    kind: TicketKind
    severity: Severity
    event: str | None
    product: str | None
    region: str | None
    subject: str
    opened_at: datetime
    due: datetime
    responded_at: datetime | None
    closed_at: datetime | None
    target_seconds: float
    response_seconds: float | None
    result: Result
    over_allowance: bool


class UnwatchedSpell(Struct, frozen=True, kw_only=True):
    """Within the period. Spells may overlap. `ongoing`: it is not over by what is known."""

    why: Why
    since: datetime
    until: datetime
    seconds: float
    ongoing: bool
