"""What Statuspage v2 answers look like: the union of the fields that known clients read, and pure enums.

Times are RFC 3339 in UTC. Fields that Statuspage has not got carry what its enums cannot: they begin with `shd_`, or
are `product`, `region` and `checked_at`. No field holds the time of answering.
"""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from shd_relay.freshness import PairStatus
from shd_relay.model import Kind, SourceState, State

ComponentStatus = Literal[
    "operational", "degraded_performance", "under_maintenance", "partial_outage", "major_outage"
]  # fmt: skip
IncidentStatus = Literal["investigating", "identified", "monitoring", "resolved", "postmortem"]
MaintenanceStatus = Literal["scheduled", "in_progress", "verifying", "completed"]
UpdateStatus = Literal[
    "investigating", "identified", "monitoring", "resolved", "postmortem",
    "scheduled", "in_progress", "verifying", "completed",
]  # fmt: skip
Impact = Literal["none", "minor", "major", "critical"]


class StatuspagePage(Struct, frozen=True, kw_only=True):
    """`updated_at`: the newest of what was read and what changed, within the scope."""

    id: str
    name: str
    url: str
    time_zone: str
    updated_at: str


class StatuspageRollup(Struct, frozen=True, kw_only=True):
    """The whole in one word. `checked_at`: the newest complete answer of SHD in the scope."""

    indicator: Impact
    description: str
    shd_source: SourceState
    checked_at: str | None


class StatuspageComponent(Struct, frozen=True, kw_only=True):
    """One product in one region; or, with `group` true, a region, and then `components` holds the ids in it.

    `shd_status` unknown: `status` is `operational` for want of a word; `checked_at`, the last good read (of a group:
    the oldest), says how old that is.
    """

    id: str
    name: str
    status: ComponentStatus
    created_at: str
    updated_at: str
    position: int
    description: str | None
    showcase: bool
    start_date: str | None
    group_id: str | None
    page_id: str
    group: bool
    only_show_if_degraded: bool
    components: tuple[str, ...] | UnsetType = UNSET
    shd_status: PairStatus
    product: str | None
    region: str
    checked_at: str | None


class StatuspageAffected(Struct, frozen=True, kw_only=True):
    """What an update makes of a component; `code` is its id."""

    code: str
    name: str
    old_status: ComponentStatus
    new_status: ComponentStatus


class StatuspageUpdate(Struct, frozen=True, kw_only=True):
    """One message in the life of an incident or of maintenance. `body` is plain text, never markup."""

    id: str
    status: UpdateStatus
    body: str
    incident_id: str
    created_at: str
    updated_at: str
    display_at: str
    affected_components: tuple[StatuspageAffected, ...]
    deliver_notifications: bool
    custom_tweet: str | None
    tweet_id: str | None


class _Told(Struct, frozen=True, kw_only=True):
    """What incidents and maintenance share. `incident_updates`: the newest first. `shd_end`: the end as SHD gives it,
    announced or real; null: not known. `shd_revision` 0: history that was never pushed."""

    id: str
    name: str
    created_at: str
    updated_at: str
    monitoring_at: str | None
    resolved_at: str | None
    shortlink: str
    started_at: str
    page_id: str
    incident_updates: tuple[StatuspageUpdate, ...]
    components: tuple[StatuspageComponent, ...]
    shd_kind: Kind
    shd_state: State
    shd_severity: str | None
    shd_end: str | None
    shd_revision: int


class StatuspageIncident(_Told, frozen=True, kw_only=True):
    """A disturbance or a notice of SHD; or, with id and `shd_kind` `feed`, what is wrong with reading SHD."""

    status: IncidentStatus
    impact: Impact


class StatuspageMaintenance(_Told, frozen=True, kw_only=True):
    """Planned work. `scheduled_until` is the same as `scheduled_for` where no end is known: then `shd_end` is null."""

    status: MaintenanceStatus
    impact: Literal["maintenance"]
    scheduled_for: str
    scheduled_until: str


class StatuspageStatus(Struct, frozen=True, kw_only=True):
    """`status.json`."""

    page: StatuspagePage
    status: StatuspageRollup


class StatuspageComponents(Struct, frozen=True, kw_only=True):
    """`components.json`: each group, and after it what is in it."""

    page: StatuspagePage
    components: tuple[StatuspageComponent, ...]


class StatuspageIncidents(Struct, frozen=True, kw_only=True):
    """What goes on comes first, then the newest."""

    page: StatuspagePage
    incidents: tuple[StatuspageIncident, ...]


class StatuspageMaintenances(Struct, frozen=True, kw_only=True):
    """What is ahead or goes on comes first, then the newest."""

    page: StatuspagePage
    scheduled_maintenances: tuple[StatuspageMaintenance, ...]


class StatuspageSummary(Struct, frozen=True, kw_only=True):
    """`summary.json`: what goes on, what is ahead, and all components."""

    page: StatuspagePage
    components: tuple[StatuspageComponent, ...]
    incidents: tuple[StatuspageIncident, ...]
    scheduled_maintenances: tuple[StatuspageMaintenance, ...]
    status: StatuspageRollup
