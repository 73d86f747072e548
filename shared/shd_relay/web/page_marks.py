"""A status as a shape: colour alone says nothing to many. The style sheet draws it from the class."""

from __future__ import annotations

from shd_relay.freshness import PairStatus
from shd_relay.model import HealthEvent
from shd_relay.web.markup import Html, fill
from shd_relay.web.page_words import Words

WORST_FIRST: tuple[PairStatus, ...] = ("incident", "maintenance", "notice", "unknown", "operational")
KINDS = WORST_FIRST[:3]

_MARK = '<span class="mark {status}" aria-hidden="true"></span>'
_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Cpath fill='%23{colour}' d='{shape}'/%3E%3C/svg%3E"
)
_ICONS = {
    "incident": ("d12c20", "M8 1 16 15H0Z"),
    "maintenance": ("2b6fc9", "M8 0 16 8 8 16 0 8Z"),
    "notice": ("c98500", "M1 1h14v14H1Z"),
    "unknown": ("7b8594", "M1 5h14v6H1Z"),
    "operational": ("2c9a5b", "M8 1a7 7 0 1 0 0 14A7 7 0 1 0 8 1Z"),
}


def mark(status: str) -> Html:
    return fill(_MARK, status=status)


def icon(status: PairStatus) -> Html:
    """What the browser's tab shows."""
    colour, shape = _ICONS[status]
    return Html(_ICON.format(colour=colour, shape=shape))


def status_of(event: HealthEvent) -> str:
    """The class of an event: its kind, or the quietest for those that have no colour of their own."""
    return event.kind if event.kind in KINDS else "notice"


def said_of(event: HealthEvent, words: Words) -> str:
    """The event's kind and state."""
    return words("kind.state", kind=words(event.kind), state=state_of(event, words))


def state_of(event: HealthEvent, words: Words) -> str:
    """The event's state in a word."""
    done = event.state == "resolved" and event.kind == "maintenance"
    return words("completed" if done else event.state)
