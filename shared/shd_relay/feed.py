"""The feed's own event: when the source turns stale, blind, and back, subscribers are told like of any other event."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from shd_relay import times
from shd_relay.model import FEED, Change, HealthEvent, Item, SourceState, State, Verb

OPERATION = "relay"  # under which the event keeps the source's state that it told of
NAMES = {"title": "title", "state": "state", "start": "startTime", "end": "endTime"}  # what may change of it
PAIRS_NAMED = 50  # contract: at most so many pair names in a message

TURNS: dict[SourceState, tuple[Verb, State]] = {
    "stale": ("stale", "open"),
    "blind": ("blind", "open"),
    "fresh": ("recovered", "resolved"),
}
"""The source's state -> the verb that announces it, and the state of the feed's event. Fresh at first is no change."""


def turn(
    feed: HealthEvent | None,
    source: SourceState,
    *,
    complete_at: datetime | None,
    old_pairs: Sequence[str],
    watched: int,
    now: datetime,
    at: datetime,
) -> Change | None:
    """The change that tells of the source's turn, None if subscribers know it already.

    `old_pairs`: names of the pairs whose last good read is too old. `now`: when it was judged; `at`: of the commit.
    """
    told = feed.said[OPERATION].title if feed else "fresh"
    if told == source:
        return None
    before = feed or _first(at)
    event = _turned(before, source, complete_at, now, at)
    changed = [name for name in NAMES if feed and getattr(before, name) != getattr(event, name)]
    return Change(
        verb=TURNS[source][0],
        event=event,
        changed=tuple(NAMES[name] for name in changed),
        previous={NAMES[name]: _plain(getattr(before, name)) for name in changed},
        observed_at=now,
        pairs=tuple(sorted(old_pairs)[:PAIRS_NAMED]),
        counts={"pairs": watched, "stale": len(old_pairs)},
    )


def unseen(feed: HealthEvent | None, since: datetime, until: datetime, at: datetime) -> Change:
    """The change that records, for the log alone, that nobody looked from `since` to `until`; `at`: of the commit."""
    return Change(verb="recorded", event=feed or _first(at), observed_at=until, gap=(since, until))


def _turned(
    before: HealthEvent, source: SourceState, complete_at: datetime | None, now: datetime, at: datetime
) -> HealthEvent:
    """It opens when the source turns bad, keeps its start from stale to blind, and ends when the source is fresh."""
    state = TURNS[source][1]
    return msgspec.structs.replace(
        before,
        revision=before.revision + 1,
        title=_title(source, complete_at),
        state=state,
        start=before.start if before.state == "open" else now,
        end=None if state == "open" else now,
        said={OPERATION: Item(title=source)},
        since=before.since if before.state == state else at,
        changed_at=at,
    )


def _plain(value: str | datetime | None) -> str | None:
    return times.text(value) if isinstance(value, datetime) else value


def _first(at: datetime) -> HealthEvent:
    return HealthEvent(
        id=FEED, revision=0, kind="feed", product="", region="", title="", state="resolved", since=at, changed_at=at
    )


def _title(source: SourceState, complete_at: datetime | None) -> str:
    if source == "fresh":
        return "fresh: the status API answers again"
    last = f"the last complete answer came at {times.text(complete_at)}" if complete_at else "no complete answer yet"
    what = "the status API does not answer" if source == "blind" else "over half of the pairs could not be read lately"
    return f"{source}: {what}; {last}"
