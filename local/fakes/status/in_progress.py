"""ListEventInProgress: asked regions and shown events -> the answer's document, one item for each group of events."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from local.fakes.status.dialect import (
    Dialect,
    Document,
    disordered,
    ending,
    envelope,
    epoch,
    identified,
    listed,
    spelt,
    unknown_to_all,
    unknown_to_items,
)
from local.fakes.status.errors import ERRORS, ApiError
from local.fakes.status.world import ShownEvent, Update, World


@dataclass(frozen=True, slots=True, kw_only=True)
class InProgressRules:
    """What nobody has documented about this operation, so a switch each. The spelling of values is the Dialect's.

    `lag_seconds`: it shows the world as it was so long ago. `linger_seconds`: an event stays listed so long after the
    last recovery in the asked regions. `omit`: events for which it is true are never listed here. `impacts`: those in
    the asked regions, or all that the event has. `start_offset_seconds`: its start times are so much later than those
    of ListEvents. `announced_recovery`: a planned end is a RecoveryTime before it comes. `form_only`: RegionIds counts
    in the form body only. `pad_ids`: the ids of products and regions end in a newline, as in the published sample.
    `empty_updates`: how EventUpdates says nothing. `with_envelope`: Code, HTTPCode, Success, Info and Total
    come too, which the published model lacks.
    """

    lag_seconds: float = 0.0
    linger_seconds: float = 600.0
    omit: Callable[[ShownEvent], bool] | None = None
    impacts: Literal["asked", "all"] = "asked"
    start_offset_seconds: float = 0.0
    announced_recovery: bool = False
    form_only: bool = True
    pad_ids: bool = False
    empty_updates: Literal["list", "null", "absent"] = "list"
    newest_update_first: bool = False
    camel_case: bool = False
    with_envelope: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ongoing:
    """One event of the dashboard: all that its group has brought about so far, each of one product and region."""

    number: int
    title: str
    severity: str
    start: datetime
    updates: tuple[Update, ...]
    impacts: tuple[ShownEvent, ...]


def answer(
    params: Mapping[str, str],
    world: World,
    now: datetime,
    *,
    rules: InProgressRules,
    dialect: Dialect,
    request_id: str,
) -> ApiError | Document:
    """The document that answers the call, or what the operation refuses."""
    if not params.get("RegionIds"):
        return ERRORS["Missing{name}"].about("RegionIds")
    regions = _regions(params["RegionIds"])
    if not regions:
        return ERRORS["InvalidParameter"].about("RegionIds")
    return document(ongoing(world, now, rules, regions), rules, dialect, request_id)


def ongoing(world: World, now: datetime, rules: InProgressRules, regions: frozenset[str] | None) -> list[Ongoing]:
    """What goes on in the asked regions (None: anywhere), as it is shown at `now`, in the order of the world."""
    then = now - timedelta(seconds=rules.lag_seconds)
    groups: dict[int, list[ShownEvent]] = {}
    for event in world.at(then):
        if event.start <= then and not (rules.omit and rules.omit(event)):
            groups.setdefault(event.number, []).append(event)
    events = []
    for group in groups.values():
        asked = [event for event in group if regions is None or event.region in regions]
        if any(_is_listed(event, then, rules) for event in asked):
            events.append(_as_one(group, group if rules.impacts == "all" else asked, then, rules))
    return events


def document(events: Sequence[Ongoing], rules: InProgressRules, dialect: Dialect, request_id: str) -> Document:
    """The answer's top level. `request_id` also seeds the shuffling."""
    items = disordered([_item(event, rules, dialect) for event in events], dialect, request_id)
    around = envelope(len(items), dialect, request_id) if rules.with_envelope else identified(dialect, request_id)
    return {**around, **listed(items, dialect), **unknown_to_all(dialect)}


def _regions(text: str) -> frozenset[str]:
    """The ids in a JSON array of texts; none for anything else."""
    try:
        value = json.loads(text)
    except ValueError:
        return frozenset()
    good = isinstance(value, list) and all(isinstance(region, str) and region for region in value)
    return frozenset(value) if good else frozenset()


def _is_listed(event: ShownEvent, then: datetime, rules: InProgressRules) -> bool:
    return event.end is None or then < event.end + timedelta(seconds=rules.linger_seconds)


def _is_open(event: ShownEvent, then: datetime) -> bool:
    return event.end is None or then < event.end


def _as_one(
    group: Sequence[ShownEvent], impacts: Sequence[ShownEvent], then: datetime, rules: InProgressRules
) -> Ongoing:
    """All but the impacts is the whole group's, whichever regions are asked for; one that is not over speaks for it."""
    speaker = next((event for event in group if _is_open(event, then)), group[0])
    updates = dict.fromkeys(update for event in group for update in event.updates)
    return Ongoing(
        number=speaker.number,
        title=speaker.title,
        severity=speaker.severity,
        start=min(event.start for event in group),
        updates=tuple(sorted(updates, key=lambda update: update.at)),
        impacts=tuple(
            replace(event, end=None) if _is_open(event, then) and not rules.announced_recovery else event
            for event in impacts
        ),
    )


def _item(event: Ongoing, rules: InProgressRules, dialect: Dialect) -> Document:
    updates = [{"Content": update.text, "PublishTime": epoch(update.at, dialect)} for update in event.updates]
    impacts = [_impact(impact, rules, dialect) for impact in event.impacts]
    return {
        "Id": event.number,
        "Title": f" {event.title}\n" if dialect.padded else event.title,
        "StartTime": epoch(event.start + timedelta(seconds=rules.start_offset_seconds), dialect),
        **spelt("EventUpdates", updates[::-1] if rules.newest_update_first else updates, rules.empty_updates),
        "Impacts": impacts,
        **unknown_to_items(dialect),
    }


def _impact(event: ShownEvent, rules: InProgressRules, dialect: Dialect) -> Document:
    tail = "\n" if rules.pad_ids else ""
    return {
        "Product": {"ProductId": event.product + tail, "ProductName": event.product.upper()},
        "Region": {"RegionId": event.region + tail, "RegionName": event.region.title()},
        "StartTime": epoch(event.start + timedelta(seconds=rules.start_offset_seconds), dialect),
        **ending("RecoveryTime", event.end, dialect),
    }
