"""`/feed.atom`: one entry an event, the last changed first (RFC 4287), in pages (RFC 5005).

Every time in it comes from data, and no address holds a token: links are relative to where the feed was read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from urllib.parse import quote, urlencode

from shd_relay import times
from shd_relay.model import FEED, SHARD, HealthEvent
from shd_relay.web import age, events_view, feed_words, source_event
from shd_relay.web.ask import Ask, View, within
from shd_relay.web.facts import Facts
from shd_relay.web.markup import Html, fill, join
from shd_relay.web.xml_text import Xml, element

CONTENT_TYPE = "application/atom+xml; charset=utf-8"
NAMESPACE = "http://www.w3.org/2005/Atom"
PAGE = 50
KINDS = frozenset({"notice", "maintenance", "incident"})
NAMED_UP_TO = 3

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_IN_DOUBT = "What is shown as open may be over, and new trouble would not show."
_LINE = "<b>{name}:</b> {value}"
_UPDATE = "<li><b>{at}</b> {text}</li>"


def feed(ask: Ask) -> View:
    """One page. Raises RequestError (400) for a cursor that we never gave out."""
    facts = ask.look()
    after = events_view.place_of(ask.params["cursor"]) if ask.params["cursor"] else None
    found = sorted(_events(ask, facts), key=_key, reverse=True)
    rest = [event for event in found if after is None or _key(event) < after]
    page = rest[:PAGE]
    following = _address(ask, events_view.cursor_of(_key(page[-1]))) if len(rest) > len(page) else ""
    updated = changed(found[0]) if found else source_event.SINCE
    entries = (_entry(event, ask.site.global_region) for event in page)
    body = element("feed", (*_head(ask, updated, following), *entries), xmlns=NAMESPACE)
    return View(
        body=f'<?xml version="1.0" encoding="utf-8"?>\n{body}\n'.encode(),
        content_type=CONTENT_TYPE,
        headers=(*age.headers(ask, facts), *((("Link", f'<{following}>; rel="next"'),) if following else ())),
        as_of=age.as_of(facts, ask.viewer.pairs),
    )


def changed(event: HealthEvent) -> datetime:
    """When an entry was last changed. History that nobody was told of stands where it ended: else a look into the past
    would put it all on top."""
    told = event.revision or event.id == FEED
    return event.changed_at if told else event.end or events_view.begins(event)


def _events(ask: Ask, facts: Facts) -> Iterator[HealthEvent]:
    """What the scope and the filters leave; and in any case what became of the source: a reader who sees nothing new
    must learn that we see nothing."""
    for event in facts.state.events.values():
        wanted = within(event.pair, ask.params["product"], ask.params["region"])
        if event.kind in KINDS and wanted and ask.viewer.sees(event):
            yield event
    source = source_event.told(ask, facts)
    if source is not None:
        yield source


def _key(event: HealthEvent) -> events_view.Key:
    return (changed(event) - _EPOCH) // timedelta(microseconds=1), event.id


def _head(ask: Ask, updated: datetime, following: str) -> Iterator[Xml]:
    yield element("id", _id(ask))
    yield element("title", _title(ask))
    yield element("updated", times.text(updated))
    yield element("author", (element("name", "SHD Relay"),))
    yield element("generator", "SHD Relay")
    yield element("link", rel="alternate", type="text/html", href="./")
    yield element("link", rel="self", type="application/atom+xml", href=_address(ask, ask.params["cursor"]))
    yield element("link", rel="first", type="application/atom+xml", href=_address(ask, ""))
    if following:
        yield element("link", rel="next", type="application/atom+xml", href=following)


def _id(ask: Ask) -> str:
    """The same for ever for the same partner and filters, whatever its token, scope and address; nothing in it can be
    read back."""
    partner = ask.viewer.partner.id if ask.viewer.partner else None
    view = repr((SHARD, partner, _chosen(ask, "product"), _chosen(ask, "region")))
    return f"urn:shd-relay:atom:{hashlib.sha256(view.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def _chosen(ask: Ask, name: str) -> list[str] | None:
    chosen = ask.params[name]
    return None if chosen is None else sorted(chosen)


def _address(ask: Ask, cursor: str) -> str:
    filters = ((name, ",".join(chosen)) for name in ("product", "region") if (chosen := _chosen(ask, name)) is not None)
    query = urlencode([*filters, *([("cursor", cursor)] if cursor else [])], safe=",", errors="replace")
    return f"feed.atom?{query}" if query else "feed.atom"


def _title(ask: Ask) -> str:
    products, regions = _chosen(ask, "product"), _chosen(ask, "region")
    what = _listed([feed_words.product(id_) for id_ in products]) if products is not None else ""
    where = _listed([feed_words.region(id_, ask.site.global_region) for id_ in regions]) if regions is not None else ""
    of = " in ".join(filter(None, (what, where)))
    return f"Service health: {of}" if of else "Service health"


def _listed(names: list[str]) -> str:
    more = len(names) - NAMED_UP_TO
    return ", ".join(names[:NAMED_UP_TO]) + (f" and {more} more" if more > 0 else "")


def _entry(event: HealthEvent, no_region: str) -> Xml:
    return element("entry", _entry_parts(event, no_region))


def _entry_parts(event: HealthEvent, no_region: str) -> Iterator[Xml]:
    where = feed_words.where(event, no_region)
    yield element("id", f"urn:shd-relay:event:{quote(event.id, safe='', errors='replace')}")
    yield element("title", f"[{feed_words.state(event)}] {where}: {feed_words.title(event)}")
    yield element("updated", times.text(changed(event)))
    if event.start is not None and event.start <= changed(event):  # a start to come is no time of publishing
        yield element("published", times.text(event.start))
    address = "./" if event.id == FEED else f"events/{quote(event.id, safe='', errors='replace')}"
    yield element("link", rel="alternate", type="text/html", href=address)
    yield from _categories(event, no_region)
    yield element("content", _content(event, no_region), type="html")


def _categories(event: HealthEvent, no_region: str) -> Iterator[Xml]:
    names: list[tuple[str, str, str]] = [
        ("kind", event.kind, event.kind),
        ("state", event.state, feed_words.state(event)),
    ]
    if event.id != FEED:
        names.append(("product", event.product, feed_words.product(event.product)))
        names.append(("region", event.region, feed_words.region(event.region, no_region)))
    for scheme, term, label in names:
        yield element("category", scheme=f"urn:shd-relay:{scheme}", term=term, label=label)


def _content(event: HealthEvent, no_region: str) -> str:
    """The details and the updates as HTML, which the feed escapes once more."""
    named = feed_words.details(event, no_region, feed_words.in_utc)
    lines = [fill(_LINE, name=name, value=value) for name, value in named]
    if event.id == FEED and event.state == "open":
        lines.append(Html(_IN_DOUBT))
    parts = [fill("<p>{lines}</p>", lines=join(lines, "<br>"))]
    updates, earlier = feed_words.updates(event)
    if updates:
        items = join(fill(_UPDATE, at=feed_words.in_utc(u.at), text=_broken(u.text)) for u in updates)
        parts.append(fill("<ul>{items}</ul>", items=items))
    if earlier:
        parts.append(fill("<p>and {earlier} earlier ones: see the event’s page.</p>", earlier=earlier))
    return join(parts)


def _broken(text: str) -> Html:
    return join((fill("{line}", line=line) for line in text.splitlines()), "<br>")
