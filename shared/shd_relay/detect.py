"""What reads of one pair changed: known events x observations -> changes. Pure.

A failed read never comes here (design.md, law 4). What is detected is what one operation says now against what the same
operation said before; how two of them make one event stands in merge.py, which verb follows from which state in
transitions.py. Observations of one commit make one change of an event, if they move it once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from shd_relay import identity, join, merge, severity
from shd_relay.draft import Draft
from shd_relay.model import ALWAYS, IN_PROGRESS, LIST_EVENTS, WITNESS, Change, HealthEvent, Item, Observation
from shd_relay.records import Missing, PairWork
from shd_relay.transitions import phase, step

GONE_READS = 3
GONE_AFTER = timedelta(minutes=10)
MUTE_AFTER = timedelta(hours=1)
NEWS_MARGIN = timedelta(hours=1)

NO_NEWS = timedelta(days=100)  # less than the state keeps what ended: what is older may have been told and forgotten


class Detected(NamedTuple):
    """What to commit, in order, and the pair's work record after this read."""

    changes: tuple[Change, ...]
    work: PairWork


def detect(
    known: Sequence[HealthEvent], seen: Observation, work: PairWork, at: datetime, answered_by: datetime | None = None
) -> Detected:
    """`detect_all` for one observation, of the only operation that there is."""
    works = {seen.operation: work}
    changes = detect_all(known, [seen], works, at, answered_by or seen.at, frozenset(works))
    return Detected(changes, works[seen.operation])


def detect_all(  # noqa: PLR0917 - what is known, what is read, when
    known: Sequence[HealthEvent],
    observations: Sequence[Observation],
    works: dict[str, PairWork],
    at: datetime,
    answered_by: datetime,
    answering: frozenset[str],
) -> tuple[Change, ...]:
    """The changes of one pair, in order. `known`: all its events in the state, in the order of their first commits;
    `works`: its work records by operation, those of what was read are put anew; `at`: the time of the commit to come;
    `answering`: the operations that are asked and are not refused.

    Whether an event has begun or ended is judged at the time of the read, not of the commit. The answer itself came
    between that time and `answered_by`: absence is counted from the end of that span to the beginning of a later one,
    so that a poll that stood still makes it no longer than it was.
    """
    if not known and not any(seen.items or seen.unreadable for seen in observations):
        works |= {seen.operation: _work_after(PairWork(), seen, {}) for seen in observations if not seen.history}
        return ()
    desk = _Desk(known, works, answered_by, answering)
    for seen in sorted(observations, key=lambda seen: _ORDER.get(seen.operation, len(_ORDER))):
        desk.read(seen)
    return tuple(change for draft in desk.drafts.values() for change in draft.changes(at))


_ORDER = {LIST_EVENTS: 0, IN_PROGRESS: 1, WITNESS: 2}  # the best at kinds first: an event opens as what it is


class _Desk:
    """The events of one pair while its observations are read, one after the other."""

    def __init__(
        self, known: Sequence[HealthEvent], works: dict[str, PairWork], answered_by: datetime,
        answering: frozenset[str],
    ) -> None:  # fmt: skip
        self.drafts = {event.id: Draft(event) for event in known}
        self.works = works
        self._answered_by = answered_by
        self._answering = answering

    def read(self, seen: Observation) -> None:
        work = self.works.get(seen.operation, PairWork())
        matched = self._matched(seen)
        for index, item in enumerate(seen.items):
            if (id_ := matched.get(index)) is not None:
                self._seen_again(self.drafts[id_], item, seen)
            else:
                matched[index] = self._seen_first(item, seen, work)
        if seen.history:
            self.works[seen.operation] = work
            return
        listed = {id_ for id_ in matched.values() if id_}
        self._unite(listed, seen)
        missing = self._absences(seen, listed, work.missing)
        self.works[seen.operation] = _work_after(work, seen, missing)

    def _events(self) -> list[HealthEvent]:
        return [draft.now for draft in self.drafts.values() if draft.now.said]

    def _matched(self, seen: Observation) -> dict[int, str]:
        """By the Id of the source; by what the operation said before; by what others say."""
        items = dict(enumerate(seen.items))
        if not items:
            return {}
        living_first = sorted(self._events(), key=lambda event: event.over)
        matched = join.by_source_id(living_first, items, seen.operation)
        own = {
            e.id: said
            for e in living_first
            if (said := e.said.get(seen.operation)) and not said.source_id and e.id not in matched.values()
        }
        left = [index for index in items if index not in matched and items[index].source_id is None]
        over = {e.id for e in living_first if merge.claims_of(e).get(seen.operation) in {"over", "gone"}}
        found = identity.match(own, over, [items[index] for index in left], seen.at)
        matched |= {left[n]: id_ for n, id_ in found.items()}
        rest = {index: item for index, item in items.items() if index not in matched}
        return matched | join.with_others(living_first, rest, seen.operation, seen.at)

    def _seen_first(self, item: Item, seen: Observation, work: PairWork) -> str:
        """First sight (design.md, 4.1): what is over is news only if it ended since this operation last read the pair.
        The id of the new event; an empty text when it is none."""
        kind = severity.kind_of(item, seen.at)
        verbs, state = step("new", phase(item, kind, seen.at), kind)
        if state == "resolved" and seen.operation == WITNESS:
            return ""
        news = state != "resolved" or _is_news(item, self._last_read(seen.operation, work), seen.at)
        if seen.history and news and state == "resolved":
            return ""  # the next regular read tells it
        id_ = identity.new_id(seen.pair, item, seen.at, self.drafts)
        event = HealthEvent(
            id=id_, revision=0, kind=kind, product=seen.pair.product, region=seen.pair.region,
            title=item.title, severity=item.severity, start=item.start, end=item.end, updates=item.updates,
            state=state, said={seen.operation: item}, since=seen.at, changed_at=seen.at,
        )  # fmt: skip
        self.drafts[id_] = draft = Draft(None)
        draft.absorb(merge.Absorbed(verbs if news and not seen.history else ("recorded",), event), seen)
        return id_

    def _seen_again(self, draft: Draft, item: Item, seen: Observation) -> None:
        """What a backfill finds of an event that subscribers know is left to the next regular read; that also tells of
        what lives and a backfill found."""
        if seen.history and draft.now.revision:
            return
        alone = self._answering.isdisjoint(draft.now.said.keys() - {seen.operation})
        found = merge.absorb(draft.now, item, seen.operation, seen.at, alone=alone)
        if draft.untold and not (found.verbs or seen.history or found.event.over):
            found = found._replace(verbs=("scheduled" if found.event.state == "scheduled" else "opened",))
        draft.absorb(found, seen)

    def _unite(self, listed: set[str], seen: Observation) -> None:
        for elder, younger in join.late(self._events(), listed):
            kept, left = merge.united(elder, younger, seen.at)
            self.drafts[elder.id].absorb(kept, seen)
            self.drafts[younger.id].absorb(left, seen)

    def _last_read(self, operation: str, work: PairWork) -> datetime | None:
        """A pair without a work record but with events in the log counts as read before (design.md, law 1)."""
        told = (event.changed_at for event in self._events() if operation in event.said)
        return work.last_answer or max(told, default=None)

    def _absences(self, seen: Observation, listed: set[str], before: Mapping[str, Missing]) -> dict[str, Missing]:
        """Counts what is absent, and lets go what is confirmed gone; a read that proves nothing counts not."""
        missing: dict[str, Missing] = {}
        if seen.operation == WITNESS:
            return missing
        for event in self._events():
            if event.over or event.id in listed or not (seen.operation in event.said or event.witness):
                continue
            last = before.get(event.id)
            if not _would_be_listed(event, seen):
                if last:
                    missing[event.id] = last
                continue
            now = Missing(last.count + 1, last.since) if last else Missing(1, self._answered_by)
            confirmed = now.count >= GONE_READS and seen.at - now.since >= GONE_AFTER
            if confirmed and self._nobody_else_knows(event, seen.operation, now.since, seen.at):
                self.drafts[event.id].absorb(merge.gone(event, seen.operation, seen.at), seen)
            else:
                missing[event.id] = now
        return missing

    def _nobody_else_knows(self, event: HealthEvent, operation: str, since: datetime, now: datetime) -> bool:
        """Whether a disappearance is one in the eyes of the other operation, too (design.md, 4.2).

        ListEvents: unless the other went on listing it since. ListEventInProgress: while ListEvents is refused, or has
        had no answer about the pair for an hour, or has read it for as long without listing the event; what it did
        list, its own absence ends.
        """
        if operation == LIST_EVENTS:
            return not self._is_ongoing(event, since, now)
        best = self.works.get(LIST_EVENTS, PairWork())
        mute = best.last_answer is None or now - best.last_answer > MUTE_AFTER
        if LIST_EVENTS not in self._answering or mute:
            return True
        if LIST_EVENTS in event.said:
            return False
        return best.last_good is not None and best.last_good - since >= GONE_AFTER

    def _is_ongoing(self, event: HealthEvent, since: datetime, now: datetime) -> bool:
        """Whether the in-progress list has gone on listing it since then."""
        other = self.works.get(IN_PROGRESS, PairWork())
        if IN_PROGRESS not in event.said or IN_PROGRESS not in self._answering or other.last_answer is None:
            return False
        absent = other.missing.get(event.id)
        lists = absent is None or absent.count < GONE_READS
        return lists and other.last_answer > since and now - other.last_answer < GONE_AFTER


def _would_be_listed(event: HealthEvent, seen: Observation) -> bool:
    if seen.unreadable:
        return False
    if ALWAYS in seen.windows:
        return event.state != "scheduled"
    return event.start is not None and any(window.covers(event.start) for window in seen.windows)


def _is_news(item: Item, last_read: datetime | None, now: datetime) -> bool:
    """A `last_read` by a clock that was ahead counts as now: it must not make young ends old."""
    moment = item.end or item.start
    if last_read is None or moment is None:
        return False
    return moment > max(min(last_read, now) - NEWS_MARGIN, now - NO_NEWS)


def _work_after(work: PairWork, seen: Observation, missing: dict[str, Missing]) -> PairWork:
    """An answer with items that cannot be read is no good read: the pair grows stale until it can be read whole."""
    good = seen.whole and not seen.unreadable
    return PairWork(
        last_good=seen.at if good else work.last_good,
        last_answer=seen.at,
        last_tried=seen.at,
        missing=missing,
    )
