"""`/v1/changes`: the very messages that were or will be pushed, in log order, from any place in the log."""

from __future__ import annotations

import msgspec
from msgspec import structs

from shd_relay import cursor, message
from shd_relay.errors import RequestError
from shd_relay.model import FEED, Change, Pair, Position
from shd_relay.web import age
from shd_relay.web.ask import Ask, View, Viewer
from shd_relay.web.events_view import next_link
from shd_relay.web.facts import Facts

SCANNED = 5_000  # changes looked at for one page, in scope or not
PAGE_BYTES = 4_000_000


def changes(ask: Ask) -> View:
    """One page. It may be short, even empty, and still have a next one: the cursor passes over what is out of scope.

    `next` is null at the end: a consumer goes on from the `cursor` of the last change that it has. Whose scope is
    limited is not told how long the whole log is: neither by a `next` that leads to nothing, nor by a refusal.
    """
    facts = ask.look()
    if not facts.reaches(ask.params["after"]) and not ask.viewer.limited:
        raise RequestError(400, "after: this cursor lies behind the end of the log: it was given out by another store")
    bodies, following = _page(ask, facts)
    place = None if following is None else cursor.encode(following)
    body = b'{"changes":[' + b",".join(bodies) + b'],"next":' + msgspec.json.encode(place) + b"}"
    return View(
        body=body,
        headers=(*age.headers(ask, facts), *next_link(ask, "after", place)),
        as_of=age.as_of(facts, ask.viewer.pairs),
        lasting=following is not None,  # the last page may grow at any moment, and its reader is told to look again
    )


def _page(ask: Ask, facts: Facts) -> tuple[list[bytes], Position | None]:
    """The messages, and the place to go on from; None when the log has no more that is in scope."""
    bodies: list[bytes] = []
    size = 0
    last = ask.params["after"]
    for number, placed in enumerate(facts.changes(last)):
        full = len(bodies) == ask.params["limit"] or size >= PAGE_BYTES
        shown = placed.change.pushed and ask.viewer.sees(placed.change.event)
        if number == SCANNED or (full and shown):
            return bodies, last
        last = last if full else placed.position
        if shown:
            change = _in_scope(placed.change, ask.viewer)
            bodies.append(message.of(change, placed.entry, last, ask.site.public_url).body.encode())
            size += len(bodies[-1])
    return bodies, None


def _in_scope(change: Change, viewer: Viewer) -> Change:
    """The change, the feed's without the names and the number of pairs that the viewer does not see."""
    if change.event.id != FEED or not viewer.limited:
        return change
    names = tuple(name for name in change.pairs if viewer.reaches(Pair(*name.split("/", 1))))
    return structs.replace(change, pairs=names, counts={})
