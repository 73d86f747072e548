"""What the Atom feed and the calendar say of an event, in the same words; not escaped, as each has its own escaper.

Texts are cut, as a feed is read whole: the rest stands on the event's page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timezone

from shd_relay import catalogue
from shd_relay.model import FEED, HealthEvent, State, Update
from shd_relay.times import CHINA
from shd_relay.web.events_view import begins, ends

TITLE_CHARACTERS = 300
UPDATE_CHARACTERS = 1_000
NEWEST_UPDATES = 20
UPDATES_CHARACTERS = 8_000  # of all updates of an event together
_CUT = "…"
_OF_WORK: dict[State, str] = {"open": "in progress", "resolved": "completed"}

Show = Callable[[datetime], str]


def shortened(text: str, characters: int) -> str:
    return text if len(text) <= characters else text[: characters - 1] + _CUT


def title(event: HealthEvent) -> str:
    """In one line."""
    return shortened(" ".join(event.title.split()), TITLE_CHARACTERS) or "(without a title)"


def state(event: HealthEvent) -> str:
    """The state's word; maintenance has words of its own."""
    return _OF_WORK.get(event.state, event.state) if event.kind == "maintenance" else event.state


def product(id_: str) -> str:
    """By its English name, or its id."""
    names = catalogue.product_names(id_)
    return names[0] if names else id_


def region(id_: str, no_region: str) -> str:
    """The same; `no_region`: the id of where services without a region are."""
    names = catalogue.region_names(id_, no_region)
    return names[0] if names else id_


def where(event: HealthEvent, no_region: str) -> str:
    """By name, in a title."""
    if event.id == FEED:
        return "SHD Relay"
    return f"{product(event.product)} in {region(event.region, no_region)}"


def with_id(name: str, id_: str) -> str:
    return id_ if name == id_ else f"{name} ({id_})"


def details(event: HealthEvent, no_region: str, show: Show) -> Iterator[tuple[str, str]]:
    """What there is to say of it besides title and updates: names and values; `show` writes a time."""
    if event.id != FEED:
        yield "Product", with_id(product(event.product), event.product)
        yield "Region", with_id(region(event.region, no_region), event.region)
    if event.severity:
        yield "Severity", shortened(event.severity, TITLE_CHARACTERS)
    yield "State", state(event)
    yield "From", show(begins(event))
    yield from _end(event, show)
    if event.merged_into:
        yield "The same as", event.merged_into


def _end(event: HealthEvent, show: Show) -> Iterator[tuple[str, str]]:
    if event.state == "resolved" and (end := ends(event)) is not None:
        yield "Until", show(end) + (" (inferred: it is no longer listed)" if event.inferred else "")
    elif event.end is not None:
        yield "Expected end", show(event.end)
    elif event.kind == "maintenance" and not event.over:
        yield "Expected end", "not known"


def updates(event: HealthEvent) -> tuple[list[Update], int]:
    """The newest ones, the newest first, their texts cut; and how many earlier ones are left out."""
    shown: list[Update] = []
    room = UPDATES_CHARACTERS
    for update in sorted(event.updates, key=lambda update: update.at, reverse=True)[:NEWEST_UPDATES]:
        text = shortened(update.text.strip(), UPDATE_CHARACTERS)
        room -= len(text)
        if room < 0:
            break
        shown.append(Update(at=update.at, text=text))
    return shown, len(event.updates) - len(shown)


def in_utc(moment: datetime) -> str:
    """As in `2022-12-18 00:56 UTC`."""
    utc = moment.astimezone(timezone.utc)
    return f"{utc.year:04d}-{utc:%m-%d %H:%M} UTC"


def in_both(moment: datetime) -> str:
    """As in `2022-12-18 16:56 UTC (2022-12-19 00:56 UTC+8)`: the reader's calendar shows its own zone besides."""
    try:
        china = moment.astimezone(CHINA)
    except OverflowError:  # what ends with the year 9999 ends later there
        return in_utc(moment)
    return f"{in_utc(moment)} ({china.year:04d}-{china:%m-%d %H:%M} UTC+8)"
