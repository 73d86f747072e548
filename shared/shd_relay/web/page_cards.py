"""One card: what is wrong, where, since when, and what was said about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shd_relay.model import HealthEvent, Pair, Update
from shd_relay.web.events_view import begins, ends
from shd_relay.web.markup import Html, fill, join
from shd_relay.web.page_model import Card
from shd_relay.web.page_names import Labels, listed
from shd_relay.web.page_words import STATUS, mark, moment

NEWEST_UPDATES = 2

_CARD = """<article class="card {status}{over}" id="{anchor}">
{anchors}<p class="kind">{mark}<span>{kind}</span>{severity}</p>
<h3><bdi>{title}</bdi></h3>
<dl>
{facts}
</dl>
{updates}</article>"""
_FACT = "<div><dt>{name}</dt><dd>{value}</dd></div>"
_SEVERITY = '<span class="severity"><bdi>{word}</bdi></span>'
_WHERE = "<span><b>{products}</b> in {regions}</span>"
_UPDATE = "<li>{at} <bdi>{text}</bdi></li>"


def card(card: Card, labels: Labels) -> Html:
    event = card.event
    status = event.kind if event.kind in STATUS else "notice"
    return fill(
        _CARD,
        status=status,
        over=" over" if event.over else "",
        anchor=anchor(card.ids[0]),
        anchors=join(fill('<a id="{id}"></a>', id=anchor(id_)) for id_ in card.ids[1:]),
        mark=mark(status),
        kind=_kind(event),
        severity=fill(_SEVERITY, word=event.severity) if event.severity else Html(""),
        title=event.title or "(without a title)",
        facts=join((fill(_FACT, name=name, value=value) for name, value in _facts(card, labels)), "\n"),
        updates=_updates(card.updates),
    )


def anchor(event_id: str) -> str:
    return f"event-{event_id}"


def _kind(event: HealthEvent) -> str:
    words = {"scheduled": "planned", "open": "", "resolved": "over", "withdrawn": "withdrawn", "cancelled": "cancelled"}
    state = words[event.state]
    if event.state == "open" and event.kind == "maintenance":
        state = "in progress"
    return f"{event.kind.capitalize()}, {state}" if state else event.kind.capitalize()


def _facts(card: Card, labels: Labels) -> Iterable[tuple[str, Html]]:
    event, end = card.event, ends(card.event)
    yield "Where", _where(card.pairs, labels)
    yield ("From" if event.state == "scheduled" else "Since" if not event.over else "Began"), moment(begins(event))
    if end is not None:
        yield "Ended", join((moment(end), Html(" (inferred: it is no longer listed)" if event.inferred else "")))
    elif event.end is not None:
        yield "Expected end", moment(event.end)


def _where(pairs: Sequence[Pair], labels: Labels) -> Html:
    """Regions with their products: one line for each region, or for each set of products."""
    products: dict[str, list[str]] = {}
    for pair in pairs:
        products.setdefault(pair.region, []).append(pair.product)
    regions: dict[tuple[str, ...], list[str]] = {}
    for region, names in products.items():
        regions.setdefault(tuple(names), []).append(region)
    lines = (
        fill(_WHERE, products=listed(map(labels.product, names)), regions=listed(map(labels.region, where)))
        for names, where in regions.items()
    )
    return join(lines, "<br>")


def _updates(updates: Sequence[Update]) -> Html:
    if not updates:
        return Html("")
    newest, older = updates[:NEWEST_UPDATES], updates[NEWEST_UPDATES:]
    text = fill('<ul class="updates">{items}</ul>\n', items=_items(newest))
    if not older:
        return text
    rest = '<details><summary>{count} earlier</summary><ul class="updates">{items}</ul></details>\n'
    return join((text, fill(rest, count=len(older), items=_items(older))))


def _items(updates: Iterable[Update]) -> Html:
    return join(fill(_UPDATE, at=moment(update.at), text=update.text) for update in updates)
