"""Events as Statuspage incidents and scheduled maintenances."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from shd_relay import times
from shd_relay.model import HealthEvent
from shd_relay.web import feed_words, statuspage_steps
from shd_relay.web.ask import folded
from shd_relay.web.events_view import begins, ends
from shd_relay.web.statuspage_components import PAGE_ID, Board, changed, in_line
from shd_relay.web.statuspage_shapes import (
    ComponentStatus,
    Impact,
    MaintenanceStatus,
    StatuspageAffected,
    StatuspageComponent,
    StatuspageIncident,
    StatuspageMaintenance,
    StatuspageUpdate,
)  # fmt: skip
from shd_relay.web.statuspage_steps import Step

_MAINTENANCE: dict[str, MaintenanceStatus] = {"scheduled": "scheduled", "open": "in_progress"}


class Frame(NamedTuple):
    """What the events of an answer have in common. `base`: the page's address as far as the id of an event. `room`: see
    statuspage_steps. `widespread`: incidents go on in at least half of the pairs in scope, and in more than one."""

    board: Board
    base: str
    room: int
    no_region: str
    widespread: bool


def incident(event: HealthEvent, frame: Frame) -> StatuspageIncident:
    component = frame.board.of[folded(event.pair)]
    steps = statuspage_steps.of_incident(event, frame.room, frame.no_region)
    return StatuspageIncident(
        **_told(event, steps, (component,), frame),
        status=statuspage_steps.incident_status(event),
        impact=impact(event, frame),
        started_at=times.text(begins(event)),
        monitoring_at=next((times.text(step.at) for step in steps if step.status == "monitoring"), None),
    )


def maintenance(event: HealthEvent, frame: Frame) -> StatuspageMaintenance:
    component = frame.board.of[folded(event.pair)]
    steps = statuspage_steps.of_maintenance(event, frame.room, frame.no_region)
    begin = begins(event)
    end = ends(event) if event.state == "resolved" else event.end
    return StatuspageMaintenance(
        **_told(event, steps, (component,), frame),
        status=_MAINTENANCE.get(event.state, "completed"),
        impact="maintenance",
        started_at=times.text(begin),
        monitoring_at=None,
        scheduled_for=times.text(begin),
        scheduled_until=times.text(max(begin, end or begin)),  # strict clients take no null here
    )


def link(base: str, event: HealthEvent) -> str:
    return f"{base}{quote(event.id, safe='', errors='replace')}"


def updates_of(
    event: HealthEvent, steps: Sequence[Step], components: Sequence[StatuspageComponent]
) -> tuple[StatuspageUpdate, ...]:
    """The newest first."""
    before: list[ComponentStatus] = ["operational", *(step.after for step in steps)]
    made = [
        StatuspageUpdate(
            id=f"{event.id}-{step.key}",
            status=step.status,
            body=step.body,
            incident_id=event.id,
            created_at=times.text(step.at),
            updated_at=times.text(step.at),
            display_at=times.text(step.at),
            affected_components=tuple(
                StatuspageAffected(code=each.id, name=each.name, old_status=old, new_status=step.after)
                for each in components
            ),
            deliver_notifications=False,
            custom_tweet=None,
            tweet_id=None,
        )
        for old, step in zip(before, steps, strict=False)
    ]
    return tuple(reversed(made))


def _told(
    event: HealthEvent, steps: Sequence[Step], components: tuple[StatuspageComponent, ...], frame: Frame
) -> dict[str, Any]:
    """The fields that incidents and maintenance share."""
    where = frame.board.of[folded(event.pair)].name
    return {
        "id": event.id,
        "name": f"{in_line(feed_words.title(event))} - {where}",
        "created_at": times.text(steps[0].at),
        "updated_at": times.text(max(steps[-1].at, changed(event))),
        "resolved_at": times.text_or_none(statuspage_steps.over_at(event)),
        "shortlink": link(frame.base, event),
        "page_id": PAGE_ID,
        "incident_updates": updates_of(event, steps, components),
        "components": components,
        "shd_kind": event.kind,
        "shd_state": event.state,
        "shd_severity": event.severity,
        "shd_end": times.text_or_none(event.end),
        "shd_revision": event.revision,
    }


def impact(event: HealthEvent, frame: Frame) -> Impact:
    if event.state == "scheduled":  # announced: it hurts nobody yet
        return "none"
    if event.kind == "notice":
        return "minor"
    return "critical" if frame.widespread and event.state == "open" else "major"
