"""What was asked for, and what the logs said of it: between gather.py, which reads, and the reports, which measure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

from shd_relay.config_partners import Partner
from shd_relay.model import HealthEvent
from shd_relay.plans import ReportName
from shd_relay.reports.critical_watch import CriticalWatch
from shd_relay.reports.fold import Fold
from shd_relay.reports.reach import Reach
from shd_relay.reports.shapes_head import LogRange, Period
from shd_relay.tickets import Tickets

SETTLE = timedelta(days=3)
"""For so long after a period the log is read: what ended on its last day is often told late. Then it is final."""

Progress = Callable[[int, int], None]
"""Told how many rows were read, of how many."""


class Question(NamedTuple):
    """One report. `known`: what was committed up to then is taken; None: up to SETTLE after the period."""

    name: ReportName
    partner: Partner
    reach: Reach
    period: Period
    zone: tzinfo
    known: datetime | None = None

    @property
    def settles_at(self) -> datetime:
        settled = self.period.until + SETTLE
        return max(settled, self.known) if self.known else settled

    def reads_until(self, now: datetime) -> datetime:
        """What was committed later is not looked at."""
        return min(self.known or self.settles_at, now)


class Found(NamedTuple):
    """`carried`: what the period began with, for the digest. `watch`, `tickets`: None where the report does not ask for
    them. `asked_until`: tickets are known up to then, whether the relay looked or not. `logs`: what was read."""

    fold: Fold
    carried: list[HealthEvent]
    watch: CriticalWatch | None
    tickets: Tickets | None
    known_until: datetime
    asked_until: datetime
    logs: tuple[LogRange, ...]
