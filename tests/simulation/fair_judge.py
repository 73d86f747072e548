"""A judge of any tool that publishes what the dashboard says, from two things alone: what was true, what was heard.

A **fact** is something that stood for at least ten minutes in a row, so that it could be read ten times:

  a start   an event is shown (again) and is not over: after it first appears, after an end was taken back, after it
            came back to the dashboard
  an end    its end time has come, or its severity is NORMAL
  words     the title and the severity that an event has in the end, where they are not its first

**lost**: a fact that the subscriber's picture of the event never said, before the same thing came true anew. For the
first start any message about the event will do. That an event vanishes without an end is no fact: nobody knows why.
**doubled**: a message that says of an event what the last message about it said; or whose revision is not newer than
one already received under its id, which the subscriber drops by rule (`marked`). Only then is it nothing else besides.
**mislabelled**: an end told of an event that never had one, nor was taken from the dashboard; "new" said of an event
that was told of before; an identity that this event did not have before, or that another one has.
**misordered**: what was true earlier than what was already told, and at no time since.
**delay**: from the moment a fact was true on the dashboard until the subscriber had it; facts that were lost have none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from itertools import groupby
from typing import NamedTuple

from shd_relay.model import Item
from tests.simulation.hearing import Statement, words_of
from tests.simulation.timeline import Event, Timeline, Version

LONG_ENOUGH = timedelta(minutes=10)
FAR = datetime.max.replace(tzinfo=timezone.utc)


@dataclass
class Verdict:
    """Counts of one run, or of several; delays in seconds."""

    messages: int = 0
    facts: int = 0
    lost: int = 0
    doubled: int = 0
    marked: int = 0
    mislabelled: int = 0
    misordered: int = 0
    delays: list[float] = field(default_factory=list)

    def add(self, other: Verdict) -> None:
        for name in ("messages", "facts", "lost", "doubled", "marked", "mislabelled", "misordered", "delays"):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def delay(self, share: float) -> float:
        """The delay that this share of the facts did not exceed; 0 where there were none."""
        ordered = sorted(self.delays)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def judge(timeline: Timeline, heard: Sequence[Statement], until: datetime) -> Verdict:
    """`heard` in the order of arrival; `until`: when the run ended."""
    verdict = Verdict(messages=len(heard))
    owners: dict[str, str] = {}
    for statement in heard:
        owners.setdefault(statement.identity, statement.tag)
    for event in timeline.events:
        kept = list(_kept(event, [s for s in heard if s.tag == event.tag], owners, verdict))
        _facts(event, kept, until, verdict)
    return verdict


# message by message


def _kept(event: Event, heard: Sequence[Statement], owners: dict[str, str], verdict: Verdict) -> Iterator[Statement]:
    """Those that the subscriber does not drop; counts what is wrong with each."""
    revisions: dict[str, int] = {}
    told: list[Statement] = []
    reached = 0
    for statement in heard:
        old = statement.revision and statement.revision <= revisions.get(statement.identity, 0)
        if old or (told and (told[-1].state, told[-1].words) == (statement.state, statement.words)):
            verdict.doubled += 1
            verdict.marked += bool(old)
            continue
        revisions[statement.identity] = statement.revision
        verdict.mislabelled += _mislabelled(event, statement, told, owners)
        later = _version_of(event, statement, reached)
        verdict.misordered += later is None
        reached = reached if later is None else later
        told.append(statement)
        yield statement


def _mislabelled(event: Event, statement: Statement, told: Sequence[Statement], owners: dict[str, str]) -> bool:
    if statement.over and not any(_over_or_gone(event, v, statement.at) for v in event.versions):
        return True
    if owners[statement.identity] != event.tag:
        return True
    return bool(told) and (statement.new or statement.identity not in {before.identity for before in told})


def _over_or_gone(event: Event, version: Version, by: datetime) -> bool:
    if version.at > by or version.item is None:
        return version.at <= by and not version.listed
    return is_over(version.item, by, planned=event.planned)


def _version_of(event: Event, statement: Statement, first: int) -> int | None:
    """The earliest version from `first` on that says so; of several readings the one that blames the least."""
    for index, version in enumerate(event.versions[first:], first):
        if version.at <= statement.at and version.item and words_of(version.item) == statement.words:
            return index
    return None


# fact by fact


class Span(NamedTuple):
    """From `since` to before `to` the event was over, or was not, or (`over` None) was not on the dashboard."""

    since: datetime
    to: datetime
    over: bool | None


def _facts(event: Event, kept: Sequence[Statement], until: datetime, verdict: Verdict) -> None:
    spans = spans_of(event, until)
    for n, span in enumerate(spans):
        if span.over is None or span.to - span.since < LONG_ENOUGH:
            continue
        again = next((later.since for later in spans[n + 1 :] if later.over == span.over), FAR)
        _count(verdict, span.since, _learned(span, again, kept, first=n == 0))
    if (since := _words_since(event)) and until - since >= LONG_ENOUGH:
        _count(verdict, since, _learned_words(event, since, kept))


def _learned(span: Span, again: datetime, kept: Sequence[Statement], *, first: bool) -> datetime | None:
    """When the subscriber's picture said so: at `since` already, or by the first message before `again`; else None."""
    before = [statement for statement in kept if statement.at < span.since]
    if before and before[-1].over == span.over:
        return span.since
    fits = (s.at for s in kept if span.since <= s.at < again and (first or s.over == span.over))
    return next(fits, None)


def _words_since(event: Event) -> datetime | None:
    """Since when it has its last title and severity; None if from the first on, or if it is no longer shown."""
    shown = [version for version in event.versions if version.item is not None]
    last = _title_and_severity(shown[-1])
    others = [n for n, version in enumerate(shown) if _title_and_severity(version) != last]
    return shown[others[-1] + 1].at if others and event.versions[-1].item is not None else None


def _learned_words(event: Event, since: datetime, kept: Sequence[Statement]) -> datetime | None:
    """When the subscriber first had them; None if the last message that it got says otherwise."""
    last = _title_and_severity(event.versions[-1])
    if not kept or kept[-1].words[:2] != last:
        return None
    return next((s.at for s in kept if s.at >= since and s.words[:2] == last), since)


def _title_and_severity(version: Version) -> tuple[str, str | None]:
    assert version.item
    return version.item.title, version.item.severity


def _count(verdict: Verdict, since: datetime, learned: datetime | None) -> None:
    verdict.facts += 1
    if learned is None:
        verdict.lost += 1
    elif learned > since:
        verdict.delays.append((learned - since).total_seconds())


def spans_of(event: Event, until: datetime) -> list[Span]:
    """By time, neighbours different. A flicker is not an absence."""
    steady = [v for v in event.versions if v.item is not None or not v.listed]
    ends = [*(v.at for v in steady[1:]), until]
    pieces = (piece for v, to in zip(steady, ends, strict=True) for piece in _pieces(v, to, planned=event.planned))
    merged = (list(group) for _, group in groupby(pieces, key=lambda span: span.over))
    return [Span(group[0].since, group[-1].to, group[0].over) for group in merged]


def _pieces(version: Version, to: datetime, *, planned: bool) -> Iterable[Span]:
    """One version's time, parted where its announced end comes."""
    item, since = version.item, version.at
    if item is None:
        return [Span(since, to, None)]
    if is_over(item, since, planned=planned):
        return [Span(since, to, True)]
    if item.end is not None and item.end < to:
        return [Span(since, item.end, False), Span(item.end, to, True)]
    return [Span(since, to, False)]


def is_over(item: Item, now: datetime, *, planned: bool) -> bool:
    """An end that has come, or NORMAL while nothing more is planned."""
    if item.end is not None and item.end <= now:
        return True
    return item.severity == "NORMAL" and not (planned and item.end is not None)
