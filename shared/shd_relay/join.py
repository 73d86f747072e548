"""Which event of one operation is which of another's (design.md, 4.2): joined once, then by its Id for ever. Pure.

Same pair, starts within thirty minutes, the one with the best title. Titles that are not alike join only incidents that
began at once; where one of the two would end or reopen the other they must be nearly the same: better two events than
one that is over while trouble goes on, or that nobody was told of.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

from shd_relay.identity import COMPARED, SIMILAR, normalised, similarity
from shd_relay.model import HealthEvent, Item
from shd_relay.transitions import phase

NEAR = timedelta(minutes=30)
AT_ONCE = timedelta(minutes=5)  # two incidents of one pair are one, whatever their titles
ALIKE = 0.8  # titles that only a status word or two tells apart


def by_source_id(known: Sequence[HealthEvent], items: Mapping[int, Item], operation: str) -> dict[int, str]:
    """Index of the item -> id of the event that this operation spoke of under the same Id; or under one that is not
    there any more, with the same start and title: then the Ids were given anew."""
    spoken = {e.id: said for e in known if (said := e.said.get(operation)) and said.source_id}
    ids = {said.source_id: id_ for id_, said in spoken.items()}
    there = {item.source_id for item in items.values()}
    gone = {_known_by(said): id_ for id_, said in spoken.items() if said.source_id not in there}
    found = {index: ids.get(item.source_id) or gone.pop(_known_by(item), None) for index, item in items.items()}
    return {index: id_ for index, id_ in found.items() if id_ is not None}


def with_others(
    known: Sequence[HealthEvent], items: Mapping[int, Item], operation: str, now: datetime
) -> dict[int, str]:
    """Index of the item -> id of the event that other operations spoke of, and this one not yet."""
    free = [event for event in known if operation not in event.said and event.said]
    alike_of = _comparing(len(items) * len(free))
    fits = [
        (alike, index, event.id)
        for index, item in items.items()
        for event in free
        if _near(item.start, event.start) and (alike := alike_of(item.title, event.title)) >= _needed(item, event, now)
    ]
    matched: dict[int, str] = {}
    for _, index, id_ in sorted(fits, key=lambda fit: -fit[0]):
        if index not in matched and id_ not in matched.values():
            matched[index] = id_
    return matched


def late(events: Sequence[HealthEvent], fresh: Collection[str]) -> list[tuple[HealthEvent, HealthEvent]]:
    """Living events, of one operation each, that turned out to be the same: elder and younger; `events` in the order of
    their first commits. `fresh`: ids of which something was just said; nothing else can have become the same."""
    single = [event for event in events if not event.over and len(event.said) == 1]
    alike_of = _comparing(len(single) * len(single))
    pairs = []
    for n, elder in enumerate(single):
        for younger in single[n + 1 :]:
            if not {elder.id, younger.id} & set(fresh) or set(elder.said) == set(younger.said):
                continue
            if _near(elder.start, younger.start) and alike_of(elder.title, younger.title) >= SIMILAR:
                pairs.append((elder, younger))
    taken: set[str] = set()
    found = []
    for elder, younger in pairs:
        if not taken & {elder.id, younger.id}:
            taken |= {elder.id, younger.id}
            found.append((elder, younger))
    return found


def _comparing(pairs: int) -> Callable[[str, str], float]:
    """How titles are compared: of very many, only whether they are the same."""
    return similarity if pairs <= COMPARED else lambda left, right: float(normalised(left) == normalised(right))


def _known_by(item: Item) -> tuple[datetime | None, str]:
    return item.start, normalised(item.title)


def _near(left: datetime | None, right: datetime | None) -> bool:
    return left is not None and right is not None and abs(left - right) <= NEAR


def _needed(item: Item, event: HealthEvent, now: datetime) -> float:
    """How alike the titles must be."""
    over = phase(item, event.kind, now) == "over"
    if not over and not event.over:
        at_once = item.start and event.start and abs(item.start - event.start) <= AT_ONCE
        return 0.0 if at_once and event.kind == "incident" else SIMILAR
    return SIMILAR if over and event.state == "resolved" else ALIKE
