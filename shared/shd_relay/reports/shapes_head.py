"""What stands at the head of each report: for whom, of when, and what it is made of."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from msgspec import Struct

from shd_relay.plans import PlanId, ReportName

FORMAT = 1
"""The version of these shapes; it grows when a field goes or changes its meaning."""


class Holder(Struct, frozen=True, kw_only=True):
    """The partner. `allowance`: technical tickets of the plan and its packages; None: as many as needed."""

    id: str
    name: str
    plan: PlanId
    plan_name: str
    valid_from: date
    valid_until: date  # both days inclusive, UTC+8
    ticket_packages: int
    allowance: int | None


class Period(Struct, frozen=True, kw_only=True):
    """`first_day`, `last_day`: whole days in the time zone, both inclusive; None where times were asked for. `seconds`:
    of clocks that run on, whatever the zone does."""

    since: datetime
    until: datetime
    first_day: date | None
    last_day: date | None
    seconds: float


class Scope(Struct, frozen=True, kw_only=True):
    """`products`, `regions`: as the config limits them; None: all of the watch list. `pairs`: watched ones in scope."""

    products: tuple[str, ...] | None
    regions: tuple[str, ...] | None
    pairs: int


class LogRange(Struct, frozen=True, kw_only=True):
    """Rows of a log that were read: from `first` to `last` seq, both inclusive; `entries` 0: none, then both are None.
    `sha256`: of each row its seq and its length (eight bytes each, big endian) and its bytes. `last_commit`: of the
    last row, when it was committed. `changes`: how many are in them (of pushes: known times).

    `scoped`: the partner's scope is limited, and nothing here depends on what lies outside: rows with nothing in scope
    are none, they are counted from 1, and in the hash stand the commit time (microseconds since 1970) for the seq, and
    of the row the changes in scope and those of the relay's own state (of pushes: their times), as JSON."""

    name: Literal["changes", "pushes", "tickets"]
    first: int | None
    last: int | None
    entries: int
    changes: int
    last_commit: datetime | None
    sha256: str
    scoped: bool = False


class Definition(Struct, frozen=True):
    """A word of the report, and what it means there."""

    term: str
    text: str


class Head(Struct, frozen=True, kw_only=True):
    """`final`: nothing that is committed later changes the report. `settles_at`: from when on it is final.
    `known_until`: what was committed up to then is in it. `log_began`: the first commit; None: there is none.
    `rule`: the number of the rule that suggests ticket severities. `digest`: SHA-256 of all that the report is made of
    (partner, scope, names, period, definitions, ranges of the logs)."""

    report: ReportName
    title: str
    format: int
    partner: Holder
    period: Period
    time_zone: str
    scope: Scope
    known_until: datetime
    settles_at: datetime
    final: bool
    log_began: datetime | None
    rule: int
    logs: tuple[LogRange, ...]  # changes, pushes, tickets
    digest: str
    definitions: tuple[Definition, ...]
