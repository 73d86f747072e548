"""What a read of one pair changed: known events x observation -> changes. Pure.

A failed read never comes here (design.md, law 4). What is detected is what one operation says now against what the same
operation said before; which verb follows from which state stands in transitions.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from shd_relay import identity, severity, times
from shd_relay.model import Change, HealthEvent, Item, Observation, Verb
from shd_relay.records import Missing, PairWork
from shd_relay.transitions import phase, step

GONE_READS = 3
GONE_AFTER = timedelta(minutes=10)
NEWS_MARGIN = timedelta(hours=1)

NO_NEWS = timedelta(days=100)  # less than the state keeps what ended: what is older may have been told and forgotten

_SHOWN = {"title": "title", "severity": "severity", "start": "startTime", "end": "endTime", "updates": "updates",
          "kind": "kind", "state": "state", "inferred": "inferred"}  # fmt: skip
"""Fields of an event whose change is a change, and their names in messages."""


class Detected(NamedTuple):
    """What to commit, in order, and the pair's work record after this read."""

    changes: tuple[Change, ...]
    work: PairWork


def detect(
    known: Sequence[HealthEvent], seen: Observation, work: PairWork, at: datetime, answered_by: datetime | None = None
) -> Detected:
    """The changes of one pair. `known`: all its events in the state; `at`: the time of the commit to come.

    Whether an event has begun or ended is judged at the time of the read, not of the commit. The answer itself came
    between that time and `answered_by` (None: at once): absence is counted from the end of that span to the beginning
    of a later one, so that a poll that stood still makes it no longer than it was.
    """
    living_first = sorted(known, key=lambda event: event.over)
    said = {event.id: event.said.get(seen.operation) or _as_item(event) for event in living_first}
    over = {event.id for event in known if event.over}
    matched = identity.match(said, over, seen.items, seen.at)
    events = {event.id: event for event in known}
    taken = set(events)
    changes: list[Change] = []
    for index, item in enumerate(seen.items):
        if index in matched:
            changes += _seen_again(events[matched[index]], item, seen, at)
            continue
        id_ = identity.new_id(seen.pair, item, seen.at, taken)
        taken.add(id_)
        changes += _seen_first(id_, item, seen, _last_read(known, work), at)
    listed = set(matched.values())
    absent = [e for e in known if e.id not in listed and not e.over and seen.operation in e.said]
    gone, missing = _absences(absent, seen, work.missing, answered_by or seen.at)
    changes += [change for event in gone for change in _gone(event, seen, at)]
    return Detected(tuple(changes), _work_after(work, seen, missing))


def _seen_first(id_: str, item: Item, seen: Observation, last_read: datetime | None, at: datetime) -> list[Change]:
    """First sight (design.md, 4.1): what is over is news only if it ended since this operation last read the pair."""
    kind = severity.kind_of(item, seen.at)
    verbs, state = step("new", phase(item, kind, seen.at), kind)
    if state == "resolved" and not _is_news(item, last_read, seen.at):
        verbs = ("recorded",)
    first = 0 if verbs == ("recorded",) else 1
    events = [
        HealthEvent(
            id=id_, revision=first + n, kind=kind, product=seen.pair.product, region=seen.pair.region,
            title=item.title, severity=item.severity, start=item.start, end=item.end, updates=item.updates,
            state=state if n == len(verbs) - 1 else "open", said={seen.operation: item}, since=at, changed_at=at,
        )
        for n in range(len(verbs))
    ]  # fmt: skip
    changes = [Change(verb=verb, event=e, observed_at=seen.at) for verb, e in zip(verbs, events, strict=True)]
    for n in range(1, len(changes)):
        changes[n] = _named(changes[n], before=events[n - 1])
    return changes


def _seen_again(event: HealthEvent, item: Item, seen: Observation, at: datetime) -> list[Change]:
    kind = severity.risen(event.kind, severity.kind_of(item, seen.at))
    verbs, state = step(event.state, phase(item, kind, seen.at), kind)
    after = msgspec.structs.replace(
        event, kind=kind, title=item.title, severity=item.severity, start=item.start, end=item.end,
        updates=item.updates or event.updates, state=state, inferred=False, said=event.said | {seen.operation: item},
    )  # fmt: skip
    return _changed(event, after, verbs[0] if verbs else "updated", seen, at)


def _gone(event: HealthEvent, seen: Observation, at: datetime) -> list[Change]:
    """A confirmed disappearance. Where the end was announced and has come, it is that end; else nobody knows why."""
    announced = event.state == "open" and event.end is not None and event.end <= seen.at
    verbs, state = step(event.state, "over" if announced else "gone", event.kind)
    after = msgspec.structs.replace(event, state=state, inferred=True)
    return _changed(event, after, verbs[0], seen, at)


def _changed(before: HealthEvent, after: HealthEvent, verb: Verb, seen: Observation, at: datetime) -> list[Change]:
    """One change, or none if nothing that is shown differs. History that stays history is recorded, not pushed."""
    if not _differing(before, after):
        return []
    silent = before.revision == 0 and verb == "updated"
    event = msgspec.structs.replace(
        after,
        revision=0 if silent else before.revision + 1,
        since=before.since if before.state == after.state else at,
        changed_at=at,
    )
    change = Change(verb="recorded" if silent else verb, event=event, observed_at=seen.at)
    return [_named(change, before=before)]


def _named(change: Change, *, before: HealthEvent) -> Change:
    names = _differing(before, change.event)
    return msgspec.structs.replace(
        change,
        changed=tuple(_SHOWN[name] for name in names),
        previous={_SHOWN[name]: _plain(getattr(before, name)) for name in names},
    )


def _differing(before: HealthEvent, after: HealthEvent) -> list[str]:
    return [name for name in _SHOWN if getattr(before, name) != getattr(after, name)]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return times.text(value)
    if isinstance(value, tuple):
        return [{"at": times.text(update.at), "text": update.text} for update in value]
    return value


def _absences(
    absent: Sequence[HealthEvent], seen: Observation, before: Mapping[str, Missing], answered_by: datetime
) -> tuple[list[HealthEvent], dict[str, Missing]]:
    """Which absent events are confirmed gone, and the counts of the others; a read that proves nothing counts not."""
    gone: list[HealthEvent] = []
    missing: dict[str, Missing] = {}
    for event in absent:
        last = before.get(event.id)
        if not _would_be_listed(event, seen):
            if last:
                missing[event.id] = last
            continue
        now = Missing(last.count + 1, last.since) if last else Missing(1, answered_by)
        if now.count >= GONE_READS and seen.at - now.since >= GONE_AFTER:
            gone.append(event)
        else:
            missing[event.id] = now
    return gone, missing


def _would_be_listed(event: HealthEvent, seen: Observation) -> bool:
    if seen.unreadable or event.start is None:
        return False
    return any(window.covers(event.start) for window in seen.windows)


def _is_news(item: Item, last_read: datetime | None, now: datetime) -> bool:
    """A `last_read` by a clock that was ahead counts as now: it must not make young ends old."""
    moment = item.end or item.start
    if last_read is None or moment is None:
        return False
    return moment > max(min(last_read, now) - NEWS_MARGIN, now - NO_NEWS)


def _last_read(known: Sequence[HealthEvent], work: PairWork) -> datetime | None:
    """A pair without a work record but with events in the log counts as read before (design.md, law 1)."""
    return work.last_answer or max((event.changed_at for event in known), default=None)


def _work_after(work: PairWork, seen: Observation, missing: dict[str, Missing]) -> PairWork:
    """An answer with items that cannot be read is no good read: the pair grows stale until it can be read whole."""
    good = not seen.unreadable
    return PairWork(
        last_good=seen.at if good else work.last_good,
        last_answer=seen.at,
        last_tried=seen.at,
        missing=missing,
    )


def _as_item(event: HealthEvent) -> Item:
    return Item(title=event.title, severity=event.severity, start=event.start, end=event.end)
