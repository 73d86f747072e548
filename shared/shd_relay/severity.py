"""Which kind an event is, and how bad.

The rule for the kind, in this order:

1. severity ALARM, a severity that is not listed, or none at all: `incident`. One alarm too many is better than one too
   few (design.md, section 3).
2. a title that speaks of planned work, or a start that lies in the future: `maintenance`.
3. otherwise `notice`.

A kind only rises while the event lives (notice, maintenance, incident): a subscriber to incidents must hear the end.
"""

from __future__ import annotations

import re
from datetime import datetime

from shd_relay.model import Item, Kind

ALARM, NOTIFICATION, NORMAL = "ALARM", "NOTIFICATION", "NORMAL"
LISTED = (NORMAL, NOTIFICATION, ALARM)

SEVERITY_NUMBER = {NORMAL: 9, NOTIFICATION: 13, ALARM: 17}
"""In the numbers of OpenTelemetry's log severities: INFO, WARN, ERROR."""

_RISING: tuple[Kind, ...] = ("notice", "maintenance", "incident")
_PLANNED = re.compile(
    r"\b(maintenance|scheduled|planned|upgrade|upgrading|migration|cut-?over)\b|维护|維護|计划|計劃|升级|升級|割接|变更",
    re.IGNORECASE,
)


def rank(severity: str | None) -> str:
    """The listed severity that this one ranks as: itself, or ALARM for an unlisted word or none."""
    word = (severity or "").strip().upper()
    return word if word in LISTED else ALARM


def number(severity: str | None) -> int:
    return SEVERITY_NUMBER[rank(severity)]


def kind_of(item: Item, now: datetime) -> Kind:
    """The kind that this item has by itself, seen at `now`."""
    if rank(item.severity) == ALARM:
        return "incident"
    ahead = item.start is not None and item.start > now
    return "maintenance" if ahead or _PLANNED.search(item.title) else "notice"


def risen(before: Kind, seen: Kind) -> Kind:
    """The higher of the two."""
    return max(before, seen, key=_RISING.index)
