"""What a subscriber heard against what the script says. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.incident import Incident
from local.subscriber import Inbox

ENDS = {"resolved", "completed", "withdrawn", "cancelled"}
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Counts at the subscriber.

    `lost`: committed changes that never arrived, and beginnings and ends of the script that nobody was told of.
    `false_resolved`: ends that were told while the script says that it goes on. `still_open`: events that the
    subscriber holds open at the end.
    """

    delivered: int
    lost: int
    duplicates: int
    out_of_order: int
    false_resolved: int
    still_open: int


def judge(incident: Incident, inbox: Inbox, committed: Sequence[Json]) -> Verdict:
    """`committed`: every change that the relay says it pushed or will push, as /v1/changes tells them."""
    never_arrived = {change["id"] for change in committed} - inbox.seen
    events = [event for id_, event in inbox.latest.items() if id_ != "feed"]
    return Verdict(
        delivered=len(inbox.seen),
        lost=len(never_arrived) + _untold(incident, events),
        duplicates=inbox.duplicates,
        out_of_order=inbox.out_of_order,
        false_resolved=sum(_is_false_end(incident, message) for message in inbox.arrived),
        still_open=sum(event["state"] == "open" for event in events),
    )


def _untold(incident: Incident, events: Sequence[Json]) -> int:
    """Pairs of which the subscriber does not know the beginning, and those of which it does not know the end."""
    wanted = {(product, region) for product in incident.products for region in incident.regions}
    right = [e for e in events if _moment(e["startTime"]) == incident.shown_from]
    told = {(event["product"], event["region"]) for event in right}
    over = {
        (event["product"], event["region"])
        for event in right
        if event["state"] == "resolved" and _moment(event["endTime"]) == incident.shown_to
    }
    return len(wanted - told) + (len(wanted - over) if incident.shown_to else 0)


def _is_false_end(incident: Incident, message: Json) -> bool:
    data = message["data"]
    if data["change"] not in ENDS or data["event"]["id"] == "feed":
        return False
    observed = _moment(data["observedAt"])
    return incident.shown_to is None or observed is None or observed < incident.shown_to


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text.replace("Z", "+00:00"))
