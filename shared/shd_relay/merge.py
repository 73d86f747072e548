"""Several operations, one event: what one of them says now, put to what all of them said before (design.md, 4.2). Pure.

Shown: the title and start of whoever saw it first, severity and end by ListEvents, updates by ListEventInProgress, each
by another while the one that knows it best has not spoken. Which phase an operation puts the event in is its *claim*;
only a claim that turns moves the event. So an end from either ends it, and only what an operation had called over
itself it may call on again, the in-progress list not against ListEvents; what was merely inferred yields to either that
lists it. The witness ends nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec

from shd_relay.model import IN_PROGRESS, LIST_EVENTS, WITNESS, HealthEvent, Item, Phase, State, TakenBack, Update, Verb
from shd_relay.severity import kind_of, risen
from shd_relay.transitions import phase, step

_CLAIMED: Mapping[State, Phase] = {
    "scheduled": "ahead", "open": "on", "resolved": "over", "withdrawn": "gone", "cancelled": "gone"
}  # fmt: skip


class Absorbed(NamedTuple):
    """The verbs that an item causes, mostly none or one, and the event after it."""

    verbs: tuple[Verb, ...]
    event: HealthEvent


def claims_of(event: HealthEvent) -> dict[str, Phase]:
    """What each operation says of the phase; that of an event's only one follows from its state."""
    return {operation: event.claims.get(operation, _CLAIMED[event.state]) for operation in event.said}


def absorb(event: HealthEvent, item: Item, operation: str, now: datetime, *, alone: bool = False) -> Absorbed:
    """The event after `operation` said `item` of it, read at `now`. Revision and times of the commit are left alone.

    `alone`: no other operation that spoke of the event is asked any more.
    """
    said, claims = event.said | {operation: item}, claims_of(event)
    first = next(iter(said)) == operation
    title, start = (item.title, item.start) if first else (event.title, event.start)
    severity = _severity(event, item, operation)
    kind = risen(event.kind, kind_of(Item(title=title, severity=severity, start=start), now))
    claim = phase(item, kind, now)
    moves = _moves(event, operation, item, claim, now) or (alone and _first_word(event, operation, claim))
    verbs, state = step(event.state, claim, kind) if moves else ((), event.state)
    back = event.over and not event.inferred and state in {"open", "scheduled"}
    after = msgspec.structs.replace(
        event, kind=kind, title=title, severity=severity, start=start, updates=_updates(event, item, operation),
        state=state, inferred=event.inferred and not moves, said=said,
        claims=claims | {operation: claim} if len(said) > 1 else {},
        taken_back=TakenBack(operation, event.end or event.since) if back else event.taken_back,
    )  # fmt: skip
    return Absorbed(verbs, msgspec.structs.replace(after, end=_end(after, item, operation, claim, now)))


def gone(event: HealthEvent, operation: str, now: datetime) -> Absorbed:
    """The event after its disappearance from what `operation` lists was confirmed.

    Where the end was announced and has come, it is that end; else nobody knows why.
    """
    announced = event.state == "open" and event.end is not None and event.end <= now
    verbs, state = step(event.state, "over" if announced else "gone", event.kind)
    claims: dict[str, Phase] = claims_of(event) | {operation: "gone"} if len(event.said) > 1 else {}
    return Absorbed(verbs, msgspec.structs.replace(event, state=state, inferred=True, claims=claims))


def united(elder: HealthEvent, younger: HealthEvent, now: datetime) -> tuple[Absorbed, Absorbed]:
    """Two that turned out to be one: the elder with what was said of the younger, and the younger, withdrawn."""
    verbs: tuple[Verb, ...] = ()
    for operation, item in younger.said.items():
        more, elder = absorb(elder, item, operation, now)
        verbs += more
    told, state = step(younger.state, "gone", younger.kind)
    left = msgspec.structs.replace(younger, state=state, merged_into=elder.id, said={}, claims={})
    return Absorbed(verbs, elder), Absorbed(told, left)


def _moves(event: HealthEvent, operation: str, item: Item, claim: Phase, now: datetime) -> bool:
    """Whether this claim decides about the state: only if it differs from what the same operation said before."""
    claims = claims_of(event)
    before = claims.pop(operation, None)
    if operation == WITNESS and (claim == "over" or event.over):
        return False
    if claim == "over":
        differs = before != claim or item.end != event.said[operation].end
        return event.over or (differs and not _is_late(event, operation, item))
    if not event.over:
        return before != claim and not (claim == "ahead" and "on" in claims.values())
    best = event.said.get(LIST_EVENTS) if operation != LIST_EVENTS else None
    taken_back = before in {"over", "gone"} and not (best and phase(best, event.kind, now) == "over")
    return event.inferred or taken_back


def _first_word(event: HealthEvent, operation: str, claim: Phase) -> bool:
    """Whether the only one that is still asked reopens what another ended: it never spoke of it before."""
    return event.over and operation != WITNESS and operation not in event.said and claim != "over"


def _is_late(event: HealthEvent, operation: str, item: Item) -> bool:
    """Whether it tells an end that another operation has taken back since."""
    back = event.taken_back
    return back is not None and back.operation != operation and item.end is not None and item.end <= back.until


def _severity(event: HealthEvent, item: Item, operation: str) -> str | None:
    if operation == LIST_EVENTS or set(event.said) <= {operation}:
        return item.severity
    return event.severity if LIST_EVENTS in event.said else item.severity or event.severity


def _updates(event: HealthEvent, item: Item, operation: str) -> tuple[Update, ...]:
    best = operation == IN_PROGRESS or IN_PROGRESS not in event.said
    return item.updates if best and item.updates else event.updates


def _end(after: HealthEvent, item: Item, operation: str, claim: Phase, now: datetime) -> datetime | None:
    """The end to show. While it lives: what ListEvents says of it, or another announces. Once it is over: the end that
    ended it, or that of ListEvents as soon as it says one."""
    if len(after.said) == 1:
        return None if operation == WITNESS and claim == "over" else item.end
    best = after.said.get(LIST_EVENTS)
    if not after.over:
        announced = [said.end for said in (best, after.said.get(IN_PROGRESS)) if said and said.end]
        return next((end for end in announced if end > now), None)
    if best and best.end and after.claims.get(LIST_EVENTS) == "over":
        return best.end
    return item.end if claim == "over" and item.end else after.end
