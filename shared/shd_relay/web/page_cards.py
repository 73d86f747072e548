"""What goes on and what is planned as cards, what is over as lines: what, where, since when, and what was said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import quote

from shd_relay.model import HealthEvent, Pair, Update
from shd_relay.web.events_view import begins, ends
from shd_relay.web.markup import Html, fill, join
from shd_relay.web.page_marks import mark, said_of, status_of
from shd_relay.web.page_model import Card
from shd_relay.web.page_names import NAMED_UP_TO, Labels
from shd_relay.web.page_times import moment, span

NEWEST_UPDATES = 2
MOST_TITLES = 100
MOST_LINES = 3  # of where it is: what has more is told at length further down

_CARD = """<article class="card {status}" id="{anchor}">
<p class="kind">{mark}<span>{kind}</span>{severity}{lasting}</p>
<h3><a href="events/{id}{suffix}"><bdi>{title}</bdi></a></h3>
{titles}<dl>
{facts}
</dl>
{support}{updates}</article>"""
_LINE = """<li class="{status}">{mark}<div><a href="events/{id}{suffix}"><bdi>{title}</bdi></a>
<p>{kind} · {where}</p><p>{when}</p></div></li>"""
_FACT = "<div><dt>{name}</dt><dd>{value}</dd></div>"
_SEVERITY = '<span class="severity"><bdi>{word}</bdi></span>'
_WHERE = "<span><b>{regions}</b> {products}</span>"
_NOTHING = Html("")
_DETAILS = '<details id="{id}"><summary>{summary}</summary>{inside}</details>\n'


def card(card: Card, labels: Labels, suffix: str, support: Html = _NOTHING) -> Html:
    """`suffix`: what links to pages of ours end with; `support`: what it means under the viewer's plan."""
    event, words = card.event, labels.words
    id_ = anchor(card.ids[0])
    return fill(
        _CARD,
        status=status_of(event), anchor=id_, mark=mark(status_of(event)), id=quote(event.id, safe=""), suffix=suffix,
        kind=words(event.kind), severity=severity(event), lasting=lasting(event),
        title=event.title or words("untitled"), titles=_titles(card, labels),
        facts=join((fact(name, value) for name, value in _facts(card, labels)), "\n"),
        support=support, updates=_updates(card.updates, labels, id_),
    )  # fmt: skip


def line(card: Card, labels: Labels, suffix: str) -> Html:
    """What is over, in short; or what began on a day, over or not."""
    event, words = card.event, labels.words
    end = ends(event)
    when = [moment(begins(event), words)]
    if end is not None:
        when.append(Html(words.html("lasted", span=span(end - begins(event), words))))
    if event.inferred:
        when.append(words.html("inferred"))
    return fill(
        _LINE,
        status=status_of(event), mark=mark(status_of(event)), id=quote(event.id, safe=""), suffix=suffix,
        title=event.title or words("untitled"), kind=said_of(event, words),
        where=labels.place(card.pairs), when=join(when, " · "),
    )  # fmt: skip


def anchor(event_id: str) -> str:
    return f"event-{event_id}"


def fact(name: str, value: Html) -> Html:
    return fill(_FACT, name=name, value=value)


def severity(event: HealthEvent) -> Html:
    """SHD's own word, as given."""
    return fill(_SEVERITY, word=event.severity) if event.severity else Html("")


def updates_list(updates: Iterable[Update], labels: Labels) -> Html:
    item = "<li>{at} <bdi>{text}</bdi></li>"
    return join(fill(item, at=moment(update.at, labels.words), text=update.text) for update in updates)


def times_of(event: HealthEvent, labels: Labels) -> Iterable[tuple[str, Html]]:
    """Since when and until when, each with what to call it."""
    words, end = labels.words, ends(event)
    ahead = event.state == "scheduled"
    yield words("from" if ahead else "began" if event.over else "since"), moment(begins(event), words, both=True)
    if end is not None:
        parts = [moment(end, words, both=True), words.html("lasted", span=span(end - begins(event), words))]
        yield words("ended"), join([*parts, *([words.html("inferred")] if event.inferred else [])], " · ")
    elif event.end is not None:
        takes = words.html("takes", span=span(event.end - begins(event), words))
        value = moment(event.end, words, both=True)
        yield words("until" if ahead else "expected"), join((value, takes), " · ") if ahead else value


def where(pairs: Sequence[Pair], labels: Labels, name: str) -> Html:
    """Regions with their products: one line for each region, or for each set of products; the whole in a fold where
    that is long. `name` makes the fold's id."""
    groups = _by_products(pairs)
    many = len(groups) > MOST_LINES or any(max(map(len, group)) > NAMED_UP_TO for group in groups)
    if not many:
        lines = (fill(_WHERE, products=labels.products(p), regions=labels.regions(r)) for p, r in groups)
        return join(lines, "<br>")
    whole = join(fill("<p><b>{regions}</b> {products}</p>", **_whole(group, labels)) for group in groups)
    return fill(_DETAILS, id=f"where-{name}", summary=labels.place(pairs), inside=whole)


def _by_products(pairs: Sequence[Pair]) -> list[tuple[tuple[str, ...], list[str]]]:
    """Products and the regions that have just those."""
    products: dict[str, list[str]] = {}
    for pair in pairs:
        products.setdefault(pair.region, []).append(pair.product)
    regions: dict[tuple[str, ...], list[str]] = {}
    for region, names in products.items():
        regions.setdefault(tuple(dict.fromkeys(names)), []).append(region)
    return list(regions.items())


def _whole(group: tuple[Sequence[str], Sequence[str]], labels: Labels) -> dict[str, str]:
    (products, regions), comma = group, labels.words("comma")
    return {
        "products": comma.join(labels.product(id_).text for id_ in products),
        "regions": comma.join(labels.region(id_).text for id_ in regions),
    }


def lasting(event: HealthEvent) -> Html:
    """A place for the script to say for how long already, or how soon."""
    if event.over:
        return Html("")
    kind = "in" if event.state == "scheduled" else "for"
    return fill('<span class="lasting" data-{kind}="{at}"></span>', kind=Html(kind), at=begins(event).isoformat())


def _facts(card: Card, labels: Labels) -> Iterable[tuple[str, Html]]:
    yield labels.words("where"), where(card.pairs, labels, anchor(card.ids[0]))
    yield from times_of(card.event, labels)


def _titles(card: Card, labels: Labels) -> Html:
    if len(card.titles) < 2:
        return Html("")
    told, left = card.titles[1 : MOST_TITLES + 1], card.titles[MOST_TITLES + 1 :]
    items = join(fill("<li><bdi>{title}</bdi></li>", title=title) for title in (*told, *(["…"] if left else [])))
    summary = labels.words.count("more.titles", len(card.titles) - 1)
    return fill(
        _DETAILS, id=f"titles-{anchor(card.ids[0])}", summary=summary, inside=fill("<ul>{items}</ul>", items=items)
    )


def _updates(updates: Sequence[Update], labels: Labels, name: str) -> Html:
    if not updates:
        return Html("")
    newest, older = updates[:NEWEST_UPDATES], updates[NEWEST_UPDATES:]
    text = fill('<ul class="updates">{items}</ul>\n', items=updates_list(newest, labels))
    if not older:
        return text
    inside = fill('<ul class="updates">{items}</ul>', items=updates_list(older, labels))
    summary = labels.words.count("more.updates", len(older))
    return join((text, fill(_DETAILS, id=f"more-{name}", summary=summary, inside=inside)))
