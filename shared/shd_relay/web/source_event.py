"""What is wrong with reading SHD, as an event: what a reader who sees nothing new must learn."""

from __future__ import annotations

from datetime import datetime, timezone

from msgspec import structs

from shd_relay import times
from shd_relay.model import FEED, HealthEvent, Item
from shd_relay.web import age
from shd_relay.web.ask import Ask
from shd_relay.web.facts import Facts

SINCE = datetime(2020, 1, 17, tzinfo=timezone.utc)
"""The version of SHD's API: where a time must stand and nothing happened yet. (When the log began is no such time: it
may have begun with what the viewer must not see.)"""


def told(ask: Ask, facts: Facts) -> HealthEvent | None:
    """The feed's own event as subscribers were told. When the source is not what they were told, as when no poller is
    there any more to tell it, what it is: judged when asked, so its time is that of the last poll that we know of."""
    event, source, record = facts.state.feed, age.source_state(ask, facts), facts.record
    spell = next((spell.source for spell in facts.state.spells if spell.until is None), "fresh")
    if event is not None and (source == "fresh" or (source == spell and event.state == "open")):
        return event
    if source == "fresh":
        return None
    at = max(record.finished if record else SINCE, event.changed_at if event else SINCE)
    complete_at = record.complete_at if record else None
    last = f"the last complete answer came at {times.text(complete_at)}" if complete_at else "no complete answer yet"
    first = HealthEvent(
        id=FEED, revision=0, kind="feed", product="", region="", title="", state="open", start=at, since=at,
        changed_at=at,
    )  # fmt: skip
    before = event if event and event.state == "open" else first
    said = {"relay": Item(title=source)}
    return structs.replace(before, title=f"{source}: {last}", said=said, changed_at=at)
