"""`/v1/events` and `/v1/events/{id}`: what was and what is, history included, the newest start first."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlencode

import msgspec

from shd_relay import ledger, message
from shd_relay.errors import RequestError
from shd_relay.model import FEED, HealthEvent
from shd_relay.web import age
from shd_relay.web.ask import Ask, View
from shd_relay.web.facts import Facts

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_INSIDE = re.compile(r"(-?\d{1,18}):(.{1,200})", re.ASCII | re.DOTALL)
_ID_CHARACTERS = 200

Key = tuple[int, str]


def events(ask: Ask) -> View:
    """One page. Filters are alternatives within, and conditions among themselves; `since` and `until` leave what
    overlaps them."""
    facts = ask.look()
    params = ask.params
    if params["since"] and params["until"] and params["until"] < params["since"]:
        raise RequestError(400, "until: lies before since")
    after = place_of(params["cursor"]) if params["cursor"] else None
    found = sorted((e for e in _candidates(ask, facts) if _fits(e, ask)), key=_key, reverse=True)
    rest = [event for event in found if after is None or _key(event) < after]
    page = rest[: params["limit"]]
    following = cursor_of(_key(page[-1])) if len(rest) > len(page) else None
    body = {"events": [message.event_view(event) for event in page], "next": following}
    return View(
        body=msgspec.json.encode(body),
        headers=(*age.headers(ask, facts), *next_link(ask, "cursor", following)),
        as_of=age.as_of(facts, ask.viewer.pairs),
    )


def event(ask: Ask) -> View:
    """One event, however old; one that is unknown and one out of scope look the same."""
    facts = ask.look()
    found = find(ask.params["id"], facts)
    if found is None or not ask.viewer.sees(found):
        raise RequestError(404, "there is no such event")
    return View(
        body=msgspec.json.encode(message.event_view(found)),
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


def find(id_: str, facts: Facts) -> HealthEvent | None:
    if id_ in facts.state.events:
        return facts.state.events[id_]
    return facts.document(id_) if len(id_) <= _ID_CHARACTERS and id_.isprintable() else None


def _candidates(ask: Ask, facts: Facts) -> Iterator[HealthEvent]:
    """What the state holds; and, when `since` reaches behind what it keeps, the event documents of those months."""
    known = facts.state.events
    yield from known.values()
    since, horizon = ask.params["since"], ask.now - ledger.KEEP_ENDED
    if since is None or since >= horizon:
        return
    until = min(ask.params["until"] or ask.now, ask.now)
    yield from (event for event in facts.history(since, until) if event.id not in known)


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
