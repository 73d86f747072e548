"""The shape of the Critical Support Summary."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from shd_relay.model import Verb
from shd_relay.reports.shapes_head import Head
from shd_relay.reports.shapes_parts import EventRow, TicketLine, UnwatchedSpell


class CriticalSpell(Struct, frozen=True, kw_only=True):
    """A time within the period in which the rule suggested Critical. `until` None: it still does, as far as is known.
    `reason`: the rule's own sentence, at its beginning; `hit`: pairs of the region or product that were hit."""

    since: datetime
    until: datetime | None
    reason: str
    hit: int
    wide: bool


class Moment(Struct, frozen=True, kw_only=True):
    """One line of a timeline. `what`: `begun`, `update`, `ended` (the source's own times); `change` (we committed it),
    `pushed`; `opened`, `due`, `responded`, `closed` of a ticket. `verb`, `revision`: of a change; `ticket`: its id.
    `text`: the source's words of an update (hostile), a title, a severity; may be empty."""

    at: datetime
    by: Literal["source", "relay", "ticket"]
    what: Literal["begun", "update", "ended", "change", "pushed", "opened", "due", "responded", "closed"]
    verb: Verb | None = None
    revision: int | None = None
    ticket: str | None = None
    text: str = ""


class PushLine(Struct, frozen=True, kw_only=True):
    """One pushed change. `pushed_at` None: not known, or not by then. `seconds`: from commit to push."""

    revision: int
    verb: Verb
    observed_at: datetime
    committed_at: datetime
    pushed_at: datetime | None
    seconds: float | None


class CriticalEvent(Struct, frozen=True, kw_only=True):
    """`why`: `rule` (suggested), `ticket` (a ticket of severity Critical is about it), `both`. `critical_seconds`: of
    the spells, within the period."""

    event: EventRow
    why: Literal["rule", "ticket", "both"]
    spells: tuple[CriticalSpell, ...]
    critical_seconds: float
    timeline: tuple[Moment, ...]  # by time
    pushes: tuple[PushLine, ...]  # by revision
    tickets: tuple[TicketLine, ...]  # all about the event, by opening


class CriticalTotals(Struct, frozen=True, kw_only=True):
    """`without_ticket`: critical events about which no ticket was opened. Ticket numbers are of Critical ones."""

    events: int
    by_rule: int
    by_ticket: int
    ongoing: int
    without_ticket: int
    pairs_hit: int
    critical_seconds: float  # of events
    longest_seconds: float | None
    pushes: int
    median_push_seconds: float | None
    max_push_seconds: float | None
    tickets: int
    in_time: int
    late: int
    unanswered: int
    waiting: int


class CriticalSupport(Struct, frozen=True, kw_only=True):
    """Critical Support Summary. `business_critical`: the product ids that the config names so, sorted; None: all that
    no other list names. Empty: nothing can be critical by the rule, and the report has to say so. `other_tickets`:
    tickets of severity Critical that are about no event in the report."""

    head: Head
    business_critical: tuple[str, ...] | None
    totals: CriticalTotals
    events: tuple[CriticalEvent, ...]  # by start
    other_tickets: tuple[TicketLine, ...]  # by opening
    unwatched: tuple[UnwatchedSpell, ...] = ()  # by since; what was critical then is not known
