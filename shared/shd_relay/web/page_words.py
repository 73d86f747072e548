"""How the page shows a status and a time."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import NamedTuple

from shd_relay import times
from shd_relay.freshness import PairStatus
from shd_relay.web.markup import Html, fill


class Words(NamedTuple):
    """A status in a board's cell, in a headline, after a number, and as a shape: colour alone says nothing to many."""

    short: str
    heading: str
    counted: str
    shape: str


STATUS: dict[PairStatus, Words] = {
    "incident": Words("Incident", "Incident", "with an incident", "M8 1 15.5 14.5H.5Z"),
    "maintenance": Words("Maintenance", "Maintenance", "in maintenance", "M8 .5 15.5 8 8 15.5.5 8Z"),
    "notice": Words("Notice", "Notice", "with a notice", "M1.5 1.5h13v13h-13Z"),
    "unknown": Words("Unknown", "Unknown", "unknown", "M2 5.75h12v4.5H2Z"),
    "operational": Words("OK", "Operational", "operational", "M6.2 13.8.9 8.5l2.3-2.3 3 3L12.8 2.6l2.3 2.3Z"),
}

_MARK = '<svg class="mark" viewBox="0 0 16 16" aria-hidden="true" focusable="false"><path d="{shape}"/></svg>'


def mark(status: PairStatus) -> Html:
    return fill(_MARK, shape=STATUS[status].shape)


def moment(at: datetime) -> Html:
    """A time in UTC; the script adds the reader's own."""
    utc = at.astimezone(timezone.utc)
    shown = f"{utc.day} {utc:%b} {utc.year:04d}, {utc:%H:%M} UTC"
    return fill('<time datetime="{iso}">{shown}</time>', iso=times.text(at), shown=shown)
