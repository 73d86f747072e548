"""Reads events from JSON: a list of events, or one recorded incident (regions x products)."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from local.fakes.status.world import ShownEvent, Stage, Update

RECOVERED = "[Incident (Recovered)] "  # the dashboard rewrites the title when an event is over


def events_of(document: Any) -> list[ShownEvent]:
    """Events of a parsed JSON document: a list of events, or an incident. Raises KeyError or ValueError for less."""
    if isinstance(document, list):
        return [event_of(item) for item in document]
    return events_of_incident(document)


def event_of(item: Mapping[str, Any]) -> ShownEvent:
    """One event from its fields; times are ISO 8601 with an offset."""
    return ShownEvent(
        product=item["product"],
        region=item["region"],
        title=item["title"],
        start=datetime.fromisoformat(item["start"]),
        end=_moment(item.get("end")),
        severity=item.get("severity", "ALARM"),
        id=item.get("id"),
        group=item.get("group"),
        updates=tuple(
            Update(at=datetime.fromisoformat(update["at"]), text=update["text"]) for update in item.get("updates", ())
        ),
        stages=tuple(
            Stage(at=datetime.fromisoformat(stage["at"]), title=stage.get("title"), severity=stage.get("severity"))
            for stage in item.get("stages", ())
        ),
        shown_from=_moment(item.get("shown_from")),
        shown_until=_moment(item.get("shown_until")),
        end_announced=item.get("end_announced", False),
    )


def events_of_incident(incident: Mapping[str, Any], *, recovered_prefix: str = RECOVERED) -> list[ShownEvent]:
    """One ALARM for each region and product, shown while the dashboard marked it: `dashboard_window` where it is known.

    At its end the title gets `recovered_prefix`; the severity stays, as the end time says that it is over. All of them
    are one group, whose number is the same whenever the incident is read.
    """
    window = incident.get("dashboard_window") or {"from": incident["started"], "to": incident.get("ended")}
    start, end = _required(window["from"]), _moment(window.get("to"))
    updates = tuple(
        Update(at=_required(line["at"]), text=line.get("text", "")) for line in incident.get("timeline", ())
    )
    group = zlib.crc32(f"{incident['name']}, {window['from']}".encode())
    return [
        ShownEvent(
            product=product,
            region=region,
            title=incident["name"],
            start=start,
            end=end,
            group=group,
            updates=updates,
            stages=(Stage(at=end, title=recovered_prefix + incident["name"]),) if end else (),
            shown_from=start,
        )
        for region in incident["regions"]
        for product in incident["products"]
    ]


def _required(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))  # Python 3.10 does not read the Z


def _moment(text: str | None) -> datetime | None:
    return None if text is None else _required(text)
