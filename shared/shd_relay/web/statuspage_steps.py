"""The life of an event in steps, as Statuspage tells it: what becomes an update of an incident or of maintenance.

Statuspage's states follow from what SHD says, by rule (docs/decisions/0016-statuspage.md): investigating: the event
alone; identified: something was published about it; monitoring: an end is announced, or the severity was lowered.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from shd_relay import times
from shd_relay.model import HealthEvent, Update
from shd_relay.web import feed_words
from shd_relay.web.events_view import begins, ends
from shd_relay.web.statuspage_components import changed, effect, in_line
from shd_relay.web.statuspage_shapes import ComponentStatus, IncidentStatus, UpdateStatus
from shd_relay.web.xml_text import clean

ALL_TEXT = 1_000_000  # characters of what SHD published, in one answer
LEAST_TEXT = 300  # but so many an event
_OVERHEAD = 150  # characters that an update costs besides its text


class Step(NamedTuple):
    """One moment in the life of an event. `key` tells it from the others; `after`: what the component is then."""

    key: str
    status: UpdateStatus
    body: str
    at: datetime
    after: ComponentStatus


def room_of(events: int) -> int:
    """Characters that each of so many events may have for what SHD published about it."""
    return min(feed_words.UPDATES_CHARACTERS, max(LEAST_TEXT, ALL_TEXT // max(events, 1)))


def incident_status(event: HealthEvent) -> IncidentStatus:
    if event.over:
        return "resolved"
    if event.state == "open" and (event.end is not None or effect(event) == "partial_outage"):
        return "monitoring"
    return "identified" if event.updates else "investigating"


def created(event: HealthEvent) -> datetime:
    """The earliest moment that is known of it; of what is announced that lies before its start."""
    return min([begins(event), event.since, changed(event), *(update.at for update in event.updates)])


def over_at(event: HealthEvent) -> datetime | None:
    """When it was over; the end of what was called off is only a plan."""
    if not event.over:
        return None
    return ends(event) if event.state == "resolved" else event.since


def of_incident(event: HealthEvent, room: int, no_region: str) -> list[Step]:
    """The oldest first, at least one; `room` as of room_of()."""
    hurt: ComponentStatus = "operational" if event.state == "scheduled" else effect(event)
    published, earlier = _published(event, room)
    steps = [Step("opened", "investigating", _opening(event, no_region, earlier), created(event), hurt)]
    steps += [Step(key, "identified", update.text, update.at, hurt) for key, update in published]
    if incident_status(event) == "monitoring":
        steps.append(Step("monitoring", "monitoring", _expected(event), event.changed_at, hurt))
    over = over_at(event)
    if over is not None:
        steps.append(Step("resolved", "resolved", _closing(event), over, "operational"))
    return _in_order(steps)


def of_maintenance(event: HealthEvent, room: int, no_region: str) -> list[Step]:
    """The same. What was published before the beginning belongs to what is scheduled; after it, to what goes on."""
    published, earlier = _published(event, room)
    begun, begin, hurt = event.state in {"open", "resolved"}, begins(event), effect(event)
    ahead = [(key, update) for key, update in published if not begun or update.at < begin]
    steps = [Step("scheduled", "scheduled", _opening(event, no_region, earlier), created(event), "operational")]
    steps += [Step(key, "scheduled", update.text, update.at, "operational") for key, update in ahead]
    if begun:
        steps.append(Step("started", "in_progress", f"In progress since {feed_words.in_utc(begin)}.", begin, hurt))
    steps += [Step(key, "in_progress", update.text, update.at, hurt) for key, update in published[len(ahead) :]]
    over = over_at(event)
    if over is not None:
        steps.append(Step("completed", "completed", _closing(event), over, "operational"))
    return _in_order(steps)


def _in_order(steps: list[Step]) -> list[Step]:
    """The oldest first. What came late, such as the word on an event that was over already, is not dated before what it
    follows: clients go by the times."""
    ordered: list[Step] = []
    for step in steps:
        ordered.append(step._replace(at=max(step.at, ordered[-1].at)) if ordered else step)
    return ordered


def _published(event: HealthEvent, room: int) -> tuple[list[tuple[str, Update]], int]:
    """What SHD said of it, the newest ones, the oldest first, each with a key that stays; and how many are left out."""
    keyed: dict[str, Update] = {}
    for update in sorted(event.updates, key=lambda update: update.at):
        key, n = str(times.milliseconds(update.at)), 1
        while (key if n == 1 else f"{key}-{n}") in keyed:
            n += 1
        keyed[key if n == 1 else f"{key}-{n}"] = update
    shown: list[tuple[str, Update]] = []
    for key, update in reversed(keyed.items()):
        most = feed_words.UPDATE_CHARACTERS if shown else min(room, feed_words.UPDATE_CHARACTERS)
        text = clean(feed_words.shortened(update.text.strip(), most))
        room -= len(text) + _OVERHEAD
        if shown and (room < 0 or len(shown) == feed_words.NEWEST_UPDATES):
            break
        shown.append((key, Update(at=update.at, text=text or "(without a text)")))
    return shown[::-1], len(keyed) - len(shown)


def _opening(event: HealthEvent, no_region: str, earlier: int) -> str:
    product = feed_words.with_id(feed_words.product(event.product), event.product)
    region = feed_words.with_id(feed_words.region(event.region, no_region), event.region)
    lines = [in_line(feed_words.title(event)), in_line(f"{product} in {region}")]
    lines.append(f"{'Planned from' if event.kind == 'maintenance' else 'Since'} {feed_words.in_utc(begins(event))}")
    if event.kind == "maintenance":
        lines[-1] += f" until {feed_words.in_utc(event.end)}" if event.end else ", the end is not known"
    if event.severity:
        lines.append(in_line(f"Severity {feed_words.shortened(event.severity, feed_words.TITLE_CHARACTERS)}"))
    if earlier:
        lines.append(f"{earlier} earlier updates are on the event's own page")
    return "\n".join(lines)


def _expected(event: HealthEvent) -> str:
    if event.end is not None:
        return f"Expected to end at {feed_words.in_utc(event.end)}."
    return "The severity was lowered."


def _closing(event: HealthEvent) -> str:
    if event.merged_into:
        return f"Withdrawn: it is the same as {event.merged_into}."
    if event.state == "withdrawn":
        return "Withdrawn: the dashboard does not show it any more."
    if event.state == "cancelled":
        return "Cancelled: it will not take place."
    word = "Completed" if event.kind == "maintenance" else "Resolved"
    inferred = " (inferred: it is no longer listed)" if event.inferred else ""
    return f"{word} at {feed_words.in_utc(ends(event) or event.since)}{inferred}."
