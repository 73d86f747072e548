"""What is wrong with reading SHD, as an incident of its own, and the whole in one word."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

from shd_relay import times
from shd_relay.model import HealthEvent, SourceState
from shd_relay.web import age, feed_words
from shd_relay.web.ask import Ask
from shd_relay.web.events_view import begins, ends
from shd_relay.web.facts import Facts
from shd_relay.web.statuspage_components import PAGE_ID, Board
from shd_relay.web.statuspage_events import updates_of
from shd_relay.web.statuspage_shapes import Impact, StatuspageIncident, StatuspageRollup
from shd_relay.web.statuspage_steps import Step

_RISING: tuple[Impact, ...] = get_args(Impact)
_TROUBLE: dict[Impact, str] = {
    "minor": "Partially Degraded Service",
    "major": "Partial System Outage",
    "critical": "Major System Outage",
}
_NAMES: dict[SourceState, str] = {
    "blind": "Service health is not known: the dashboard cannot be read",
    "stale": "Service health is partly not known: much of the dashboard could not be read lately",
    "fresh": "Service health was not known: the dashboard could not be read",
}
_IN_DOUBT = "What is shown as going on may be over, and new trouble would not show."


def state_of(event: HealthEvent) -> SourceState:
    """What the source is by this event: the first word of its title says it."""
    word = event.title.partition(":")[0]
    return "fresh" if event.over else "blind" if word == "blind" else "stale"


def incident(event: HealthEvent, board: Board, url: str) -> StatuspageIncident:
    """In doubt while it goes on: all components, or those that were not read lately. None is called out of order."""
    state = state_of(event)
    every = tuple(each for each in board.listed if not each.group)
    unknown = tuple(each for each in every if each.shd_status == "unknown")
    components = {"blind": every, "stale": unknown, "fresh": ()}[state]
    steps = _steps(event, state)
    over = ends(event)
    return StatuspageIncident(
        id=event.id,
        name=_NAMES[state],
        status="investigating" if over is None else "resolved",
        impact="minor",
        created_at=times.text(begins(event)),
        updated_at=times.text(max(event.changed_at, steps[-1].at)),
        started_at=times.text(begins(event)),
        monitoring_at=None,
        resolved_at=times.text_or_none(over),
        shortlink=url,
        page_id=PAGE_ID,
        incident_updates=updates_of(event, steps, components),
        components=components,
        shd_kind=event.kind,
        shd_state=event.state,
        shd_severity=event.severity,
        shd_end=times.text_or_none(event.end),
        shd_revision=event.revision,
    )


def _steps(event: HealthEvent, state: SourceState) -> list[Step]:
    """The event is the same each time that SHD cannot be read, so the start is part of each key."""
    spell = times.milliseconds(begins(event))
    over = ends(event)
    if over is None:
        body, at = f"{event.title}\n{_IN_DOUBT}", max(begins(event), event.changed_at)
        return [Step(f"{spell}-{state}", "investigating", body, at, "operational")]
    return [
        Step(f"{spell}-opened", "investigating", _IN_DOUBT, begins(event), "operational"),
        Step(f"{spell}-resolved", "resolved", event.title, max(over, begins(event)), "operational"),
    ]


def rollup(
    ask: Ask, facts: Facts, board: Board, *, impacts: Iterable[Impact], doubt: HealthEvent | None, work: bool
) -> StatuspageRollup:
    """`impacts`: of the incidents that go on. `doubt`: the feed's event while it goes on. `work`: whether maintenance
    does, which is no trouble. What is not known is neither fine nor down: it makes the whole `minor` while the source
    as a whole, or most of the scope, is in doubt."""
    worst: Impact = max(impacts, key=_RISING.index, default="none")
    unknown, pairs = board.count("unknown"), len(board.pairs)
    in_doubt = doubt is not None or 2 * unknown > pairs
    main = _main(worst, in_doubt=in_doubt, work=work, unknown=unknown)
    least: Impact = "minor" if in_doubt else "none"
    more = _doubt(doubt, facts) if doubt else f"{unknown} of {pairs} services not read lately" if unknown else ""
    return StatuspageRollup(
        indicator=max(worst, least, key=_RISING.index),
        description="; ".join(filter(None, (main, more))),
        shd_source=age.source_state(ask, facts),
        checked_at=times.text_or_none(age.as_of(facts, ask.viewer.pairs)),
    )


def _main(worst: Impact, *, in_doubt: bool, work: bool, unknown: int) -> str:
    if worst != "none":
        return _TROUBLE[worst]
    if in_doubt:
        return "Status Unknown"
    if work:
        return "Service Under Maintenance"
    return "No Known Issues" if unknown else "All Systems Operational"


def _doubt(event: HealthEvent, facts: Facts) -> str:
    complete_at = facts.record.complete_at if facts.record else None
    if state_of(event) == "stale":
        return f"much of the dashboard not read since {feed_words.in_utc(begins(event))}"
    if complete_at is None:
        return "the dashboard was not read yet"
    return f"the dashboard cannot be read since {feed_words.in_utc(min(complete_at, begins(event)))}"
