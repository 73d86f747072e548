"""`/api/v2/...`: the state of the scope in the words of Statuspage v2, which the world's status clients read.

What maps to what, and why: docs/decisions/0016-statuspage.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from shd_relay import times
from shd_relay.model import HealthEvent
from shd_relay.web import age, source_event, statuspage_events, statuspage_source, statuspage_steps
from shd_relay.web.ask import Ask, View
from shd_relay.web.events_view import begins
from shd_relay.web.facts import Facts
from shd_relay.web.statuspage_components import PAGE_ID, Board, board, changed
from shd_relay.web.statuspage_events import Frame
from shd_relay.web.statuspage_shapes import (
    StatuspageComponents,
    StatuspageIncident,
    StatuspageIncidents,
    StatuspageMaintenance,
    StatuspageMaintenances,
    StatuspagePage,
    StatuspageRollup,
    StatuspageStatus,
    StatuspageSummary,
)  # fmt: skip

PAGE_NAME = "Alibaba Cloud service health"
DASHBOARD = "https://status.alibabacloud.com"  # a strict client wants an address even where the site has none
NEWEST_OVER = 50  # as many as Statuspage lists


class Scene(NamedTuple):
    """What the viewer may see. `incidents` (notices too) and `maintenances`: the newest first. `source`: the event of
    the feed, if anything was ever wrong with it."""

    ask: Ask
    facts: Facts
    board: Board
    incidents: Sequence[HealthEvent]
    maintenances: Sequence[HealthEvent]
    source: HealthEvent | None

    @property
    def url(self) -> str:
        return self.ask.site.public_url or DASHBOARD


def summary(ask: Ask) -> View:
    scene = _scene(ask)
    return _view(scene, StatuspageSummary(
        page=_page(scene),
        components=scene.board.listed,
        incidents=_incidents(scene, _going_on(scene.incidents), over=False),
        scheduled_maintenances=_maintenances(scene, _going_on(scene.maintenances)),
        status=_rollup(scene),
    ))  # fmt: skip


def status(ask: Ask) -> View:
    scene = _scene(ask)
    return _view(scene, StatuspageStatus(page=_page(scene), status=_rollup(scene)))


def components(ask: Ask) -> View:
    scene = _scene(ask)
    return _view(scene, StatuspageComponents(page=_page(scene), components=scene.board.listed))


def incidents(ask: Ask) -> View:
    """All that go on, and the newest that are over."""
    scene = _scene(ask)
    chosen = [*_going_on(scene.incidents), *_over(scene.incidents)]
    return _view(scene, StatuspageIncidents(page=_page(scene), incidents=_incidents(scene, chosen, over=True)))


def unresolved(ask: Ask) -> View:
    scene = _scene(ask)
    found = _incidents(scene, _going_on(scene.incidents), over=False)
    return _view(scene, StatuspageIncidents(page=_page(scene), incidents=found))


def maintenances(ask: Ask) -> View:
    """All that are ahead or go on, and the newest that are over."""
    scene = _scene(ask)
    return _listed(scene, [*_going_on(scene.maintenances), *_over(scene.maintenances)])


def upcoming(ask: Ask) -> View:
    scene = _scene(ask)
    return _listed(scene, [event for event in scene.maintenances if event.state == "scheduled"])


def active(ask: Ask) -> View:
    scene = _scene(ask)
    return _listed(scene, [event for event in scene.maintenances if event.state == "open"])


def _scene(ask: Ask) -> Scene:
    """Drills are left out: no client could tell them from trouble."""
    facts = ask.look()
    seen = [
        event for event in facts.state.events.values()
        if event.kind in {"notice", "maintenance", "incident"} and ask.viewer.sees(event)
    ]  # fmt: skip
    seen.sort(key=lambda event: (begins(event), event.id), reverse=True)
    work = [event for event in seen if event.kind == "maintenance"]
    trouble = [event for event in seen if event.kind != "maintenance"]
    return Scene(ask, facts, board(ask, facts, seen), trouble, work, source_event.told(ask, facts))


def _going_on(events: Sequence[HealthEvent]) -> list[HealthEvent]:
    return [event for event in events if not event.over]


def _over(events: Sequence[HealthEvent]) -> list[HealthEvent]:
    return [event for event in events if event.over][:NEWEST_OVER]


def _listed(scene: Scene, events: Sequence[HealthEvent]) -> View:
    found = _maintenances(scene, events)
    return _view(scene, StatuspageMaintenances(page=_page(scene), scheduled_maintenances=found))


def _incidents(scene: Scene, events: Sequence[HealthEvent], *, over: bool) -> tuple[StatuspageIncident, ...]:
    """Of the events, and of the source: what goes on with it stands first, as it puts all else in doubt. What was wrong
    with it is listed with what is `over`."""
    frame = _frame(scene, len(events))
    made = [statuspage_events.incident(event, frame) for event in events]
    source = scene.source
    if source is None or (source.over and not over):
        return tuple(made)
    own = statuspage_source.incident(source, scene.board, scene.url)
    place = 0
    if source.over:
        place = sum(1 for event in events if not event.over or begins(event) > begins(source))
    return (*made[:place], own, *made[place:])


def _maintenances(scene: Scene, events: Sequence[HealthEvent]) -> tuple[StatuspageMaintenance, ...]:
    frame = _frame(scene, len(events))
    return tuple(statuspage_events.maintenance(event, frame) for event in events)


def _frame(scene: Scene, events: int) -> Frame:
    hurt, site = scene.board.count("incident"), scene.ask.site
    return Frame(
        board=scene.board,
        # Without an address of our own there is no page of the event: it leads to the dashboard, and differs by event.
        base=f"{site.public_url}/events/" if site.public_url else f"{DASHBOARD}/#",
        room=statuspage_steps.room_of(events),
        no_region=site.global_region,
        widespread=hurt > 1 and 2 * hurt >= len(scene.board.pairs),
    )


def _rollup(scene: Scene) -> StatuspageRollup:
    frame = _frame(scene, 1)
    source = scene.source
    return statuspage_source.rollup(
        scene.ask, scene.facts, scene.board,
        impacts=(statuspage_events.impact(event, frame) for event in _going_on(scene.incidents)),
        doubt=None if source is None or source.over else source,
        work=any(event.state == "open" for event in scene.maintenances),
    )  # fmt: skip


def _page(scene: Scene) -> StatuspagePage:
    return StatuspagePage(
        id=PAGE_ID, name=PAGE_NAME, url=scene.url, time_zone="Etc/UTC", updated_at=times.text(max(_moments(scene)))
    )


def _moments(scene: Scene) -> Iterator[datetime]:
    """When something in view was read or changed."""
    yield source_event.SINCE
    read = age.as_of(scene.facts, scene.ask.viewer.pairs)
    if read is not None:
        yield read
    if scene.source is not None:
        yield scene.source.changed_at
    yield from (changed(event) for event in (*scene.incidents, *scene.maintenances))


def _view(scene: Scene, body: msgspec.Struct) -> View:
    return View(
        body=msgspec.json.encode(body),
        headers=age.headers(scene.ask, scene.facts),
        as_of=age.as_of(scene.facts, scene.ask.viewer.pairs),
    )
