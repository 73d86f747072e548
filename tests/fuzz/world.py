"""The house that is fuzzed: something of every kind and state, from a log that has a past, and hostile words in it; and
tickets about some of it."""

from __future__ import annotations

import json
from datetime import timedelta

from shd_relay.model import FEED, Position, Update
from tests.operators import house_of_operators
from tests.web_tickets import record, ticket
from tests.web_world import NOW, SG, START, House, event, hong_kong

HOSTILE = "]]></title><script>alert(1)</script>\r\nBEGIN:VEVENT\\;,{{}}\u202e\ufeff\u2028 %s"


def fuzzed(**more: object) -> House:
    house = house_of_operators(**more)
    before = NOW - timedelta(hours=2)
    house.tell(event("history", revision=0, state="resolved", end=START), at=before)
    house.tell(*hong_kong(), at=before)
    house.tell(*_of_every_kind(), at=NOW - timedelta(hours=1))
    house.tell(event(FEED, kind="feed", product="", region="", title="The source is stale"), verb="stale", at=NOW)
    house.store.save_watermark("main", Position(house.seq, 1))  # nothing waits for the topic: all is well
    record(
        house, ticket("t1", event="hk-ecs"), ticket("t2", event="hk-oss", responded_at=NOW, closed_at=NOW),
        ticket("]]>" + HOSTILE, event="incident-open", kind="consulting", severity="low", subject=HOSTILE),
        ticket("t4", event=None, opened_at=START - timedelta(days=400)),
    )  # fmt: skip
    house.read_at(NOW - timedelta(seconds=42))
    return house


def paths_of(house: House) -> dict[str, set[str]]:
    """The paths of the document, and the methods of each."""
    paths = json.loads(house.get("/openapi.json", None).body)["paths"]
    return {path: set(item) - {"parameters"} for path, item in paths.items()}


def _of_every_kind() -> list[object]:
    update = Update(at=START, text=HOSTILE)
    return [
        event(f"{kind}-{state}", kind=kind, state=state, product="oss", region=SG, title=HOSTILE, updates=(update,))
        for kind in ("incident", "maintenance", "notice", "drill")
        for state in ("scheduled", "open", "resolved", "withdrawn", "cancelled")
    ]
