"""`/v1/events` and `/v1/events/{id}`: what was and what is, history included, the newest start first."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlencode

import msgspec

from shd_relay import ledger
from shd_relay.errors import RequestError
from shd_relay.model import ALWAYS, FEED, HealthEvent
from shd_relay.support import Desk
from shd_relay.web import age, support_view
from shd_relay.web.ask import Ask, View, Viewer
from shd_relay.web.desk import desk
from shd_relay.web.facts import Facts

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_INSIDE = re.compile(r"(-?\d{1,18}):(.{1,200})", re.ASCII | re.DOTALL)
_ID_CHARACTERS = 200
PAGE_BYTES = 4_000_000

Key = tuple[int, str]


def events(ask: Ask) -> View:
    """One page. Filters are alternatives within, and conditions among themselves; `since` and `until` leave what
    overlaps them."""
    facts = ask.look()
    params = ask.params
    if params["since"] and params["until"] and params["until"] < params["since"]:
        raise RequestError(400, "until: lies before since")
    after = place_of(params["cursor"]) if params["cursor"] else None
    found = _page(ask, facts, after, params["limit"] + 1)
    page = _fitting(found[: params["limit"]], desk(ask, facts))
    following = cursor_of(_key(found[len(page) - 1])) if len(found) > len(page) else None
    return View(
        body=b'{"events":[' + b",".join(page) + b'],"next":' + msgspec.json.encode(following) + b"}",
        headers=(*age.headers(ask, facts), *next_link(ask, "cursor", following)),
        as_of=age.as_of(facts, ask.viewer.pairs),
    )


def event(ask: Ask) -> View:
    """One event, however old; one that is unknown and one out of scope look the same."""
    facts = ask.look()
    found = find(ask.params["id"], facts, ask.viewer)
    return View(
        body=support_view.encoded(found, desk(ask, facts)),
        headers=age.headers(ask, facts),
        as_of=age.as_of(facts, ask.viewer.pairs),
    )


def next_link(ask: Ask, name: str, cursor: str | None) -> tuple[tuple[str, str], ...]:
    """`Link: rel="next"`: the same question with the parameter `name` moved on; nothing when there is no next page."""
    if cursor is None:
        return ()
    query = urlencode([pair for pair in ask.request.query if pair[0] != name] + [(name, cursor)], errors="replace")
    return (("Link", f'<{ask.site.public_url or ""}{ask.request.path}?{query}>; rel="next"'),)


def begins(event: HealthEvent) -> datetime:
    return event.start or event.since


def ends(event: HealthEvent) -> datetime | None:
    """When it was over; None while it is not."""
    return (event.end or event.since) if event.over else None


def find(id_: str, facts: Facts, viewer: Viewer) -> HealthEvent:
    """The event. Raises RequestError (404) if it is unknown or out of scope, which look the same: of both the store is
    asked, so that neither the time taken nor a store that is away tells them apart."""
    found = facts.state.events.get(id_)
    if found is None or not viewer.sees(found):
        found = facts.document(id_) if len(id_) <= _ID_CHARACTERS and id_.isprintable() else None
    if found is None or not viewer.sees(found):
        raise RequestError(404, "there is no such event")
    return found


def _page(ask: Ask, facts: Facts, after: Key | None, limit: int) -> list[HealthEvent]:
    """The `limit` newest starts after the place: what the state holds, and, when `since` reaches behind what it keeps,
    the event documents, month by month, until there are enough."""
    known = facts.state.events
    found = _wanted(ask, known.values(), after)
    since = ask.params["since"]
    if since is not None and since < ask.now - ledger.KEEP_ENDED:
        until = min(ask.params["until"] or ask.now, ask.now, _moment(after) if after else ask.now)
        for first, documents in facts.months(since, until):
            found += _wanted(ask, (event for event in documents if event.id not in known), after)
            if sum(begins(event) >= first for event in found) >= limit:
                break
    return sorted(found, key=_key, reverse=True)[:limit]


def _wanted(ask: Ask, events: Iterable[HealthEvent], after: Key | None) -> list[HealthEvent]:
    return [event for event in events if _fits(event, ask) and (after is None or _key(event) < after)]


def _fitting(events: Sequence[HealthEvent], told: Desk | None) -> list[bytes]:
    """As many of the events as fit into one page, encoded; one at least."""
    page: list[bytes] = []
    room = PAGE_BYTES
    for each in events:
        page.append(support_view.encoded(each, told))
        room -= len(page[-1])
        if room < 0:
            break
    return page


def _fits(event: HealthEvent, ask: Ask) -> bool:
    wanted: dict[str, Any] = ask.params
    if not ask.viewer.sees(event):
        return False
    own = {
        "product": FEED if event.id == FEED else event.product.casefold(),
        "region": FEED if event.id == FEED else event.region.casefold(),
        "kind": event.kind,
        "state": event.state,
    }
    if any(wanted[name] is not None and value not in wanted[name] for name, value in own.items()):
        return False
    end = ends(event)
    too_early = wanted["since"] is not None and end is not None and end < wanted["since"]
    return not too_early and (wanted["until"] is None or begins(event) <= wanted["until"])


def _key(event: HealthEvent) -> Key:
    return (begins(event) - _EPOCH) // timedelta(microseconds=1), event.id


def _moment(key: Key) -> datetime:
    """When the event of the place began; a place that nobody gave out may lie beyond all times."""
    try:
        return _EPOCH + timedelta(microseconds=key[0])
    except OverflowError:
        return ALWAYS.until if key[0] > 0 else ALWAYS.since


def cursor_of(key: Key) -> str:
    return base64.urlsafe_b64encode(f"{key[0]}:{key[1]}".encode()).decode().rstrip("=")


def place_of(cursor: str) -> Key:
    """The last event of the page before. Raises RequestError (400) for what we never gave out."""
    try:
        inside = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)).decode()
    except (UnicodeError, binascii.Error, ValueError):
        inside = ""
    found = _INSIDE.fullmatch(inside)
    if not found or cursor_of(key := (int(found[1]), found[2])) != cursor:
        raise RequestError(400, "cursor: was not given out by this address; ask again without one")
    return key
