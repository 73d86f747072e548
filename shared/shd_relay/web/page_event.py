"""One event for people: what, where, since when, what was said of it, and how we know."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import quote

from shd_relay.model import ENDED, FEED, HealthEvent
from shd_relay.web import events_view, page_cards, page_event_support, page_language
from shd_relay.web.ask import Ask, View
from shd_relay.web.events_view import begins, ends
from shd_relay.web.facts import Facts
from shd_relay.web.markup import Html, fill, join
from shd_relay.web.page_frame import Body, framed
from shd_relay.web.page_marks import icon, mark, said_of, state_of, status_of
from shd_relay.web.page_model import alike, seen
from shd_relay.web.page_names import Labels
from shd_relay.web.page_times import moment
from shd_relay.web.page_words import Words

_MAIN = """<p class="back"><a href="../{suffix}">{back}</a></p>
<article id="event" class="event {status}{over}" data-part>
<p class="kind">{mark}<span>{kind}</span>{severity}{lasting}</p>
<h1><bdi>{title}</bdi></h1>
<dl>
{facts}
</dl>
{notes}{support}<h2>{timeline_title}</h2>
{timeline}
<h2>{known_title}</h2>
{known}
<p class="changed">{changed}</p>
{alike}</article>"""


def page(ask: Ask) -> View:
    """Raises RequestError (404) for an event that is unknown or out of scope."""
    facts = ask.look()
    event = events_view.find(ask.params["id"], facts, ask.viewer)
    labels = Labels(ask.site.global_region, page_language.words(ask))
    words = labels.words
    title = event.title or words("untitled")
    body = Body(
        title=f"{title} – {words('title')}",
        brand=fill("{name}", name=words("title.of", name=ask.viewer.name) if ask.viewer.name else words("title")),
        main=_main(ask, facts, event, labels),
        icon=icon("operational" if event.state in ENDED else status_of(event)),  # type: ignore[arg-type]
        up="../",
        json=((f"v1/events/{quote(event.id, safe='')}", "json.event"),),
    )
    return framed(ask, facts, body, words)


def _main(ask: Ask, facts: Facts, event: HealthEvent, labels: Labels) -> Html:
    words, suffix = labels.words, page_language.suffix(ask)
    return fill(
        _MAIN,
        suffix=suffix, back=words("back"), status=status_of(event), over=" over" if event.over else "",
        mark=mark(status_of(event)), kind=said_of(event, words),
        severity=page_cards.severity(event), lasting=page_cards.lasting(event), title=event.title or words("untitled"),
        facts=join((page_cards.fact(name, value) for name, value in _facts(event, labels)), "\n"),
        notes=_notes(event, words, suffix), support=page_event_support.section(ask, facts, event, labels),
        timeline_title=words("timeline"), timeline=_timeline(event, labels),
        known_title=words("known"), known=_known(event, words),
        changed=words.html("changed", at=moment(event.changed_at, words), n=event.revision),
        alike=_alike([e for e in seen(ask, facts) if e.id != event.id and alike(event, e)], labels, suffix),
    )  # fmt: skip


def _facts(event: HealthEvent, labels: Labels) -> Iterable[tuple[str, Html]]:
    words = labels.words
    if event.id != FEED and event.kind != "drill":
        product, region = labels.product(event.product).inline, labels.region(event.region).inline
        yield words("where"), fill("{product}, <b>{region}</b>", product=product, region=region)
    yield from page_cards.times_of(event, labels)
    if event.severity:
        yield words("severity"), fill("<bdi>{word}</bdi>", word=event.severity)
    yield words("id"), fill("<code>{id}</code>", id=event.id)


def _notes(event: HealthEvent, words: Words, suffix: str) -> Html:
    notes = []
    if event.merged_into:
        address = quote(event.merged_into, safe="") + suffix
        link = fill('<a href="{address}">{text}</a>', address=address, text=words("merged.link"))
        notes.append(words.html("merged", link=link))
    elif event.inferred:
        notes.append(words.html("inferred.text"))
    if event.witness:
        notes.append(words.html("witness"))
    return join(fill('<p class="note">{text}</p>\n', text=note) for note in notes)


def _timeline(event: HealthEvent, labels: Labels) -> Html:
    """The newest first; where it began and ended stand in it, too."""
    words, end = labels.words, ends(event)
    told = [(update.at, 1, fill("<bdi>{text}</bdi>", text=update.text)) for update in event.updates]
    told.append(
        (begins(event), 0, fill("<b>{text}</b>", text=words("from" if event.state == "scheduled" else "began")))
    )
    if end is not None:
        told.append((end, 2, fill("<b>{text}</b>", text=state_of(event, words))))
    items = (
        fill("<li>{at} {text}</li>", at=moment(at, words, both=True), text=text)
        for at, _, text in sorted(told, key=lambda row: row[:2], reverse=True)
    )
    none = Html("") if event.updates else fill('<p class="none">{text}</p>', text=words("timeline.none"))
    return fill('<ol class="timeline">{items}</ol>{none}', items=join(items, "\n"), none=none)


def _known(event: HealthEvent, words: Words) -> Html:
    """What each operation last said, the first that saw it first."""
    items = []
    for operation, item in event.said.items():
        key = f"known.{operation}"
        parts = [fill("<b>{name}</b>", name=words(key) if words.has(key) else operation)]
        if item.severity:
            parts.append(words.html("known.severity", word=fill("<bdi>{word}</bdi>", word=item.severity)))
        if item.start:
            parts.append(words.html("known.began", at=moment(item.start, words)))
        if item.end:
            parts.append(words.html("known.ended", at=moment(item.end, words)))
        if item.title != event.title:
            parts.append(join((words.html("known.titled"), fill(" <bdi>{title}</bdi>", title=item.title))))
        items.append(fill("<li>{text}</li>", text=join(parts, " · ")))
    return fill('<ul class="known">{items}</ul>', items=join(items, "\n"))


def _alike(others: Sequence[HealthEvent], labels: Labels, suffix: str) -> Html:
    """The same elsewhere, by region, each with a link."""
    if not others:
        return Html("")
    by_region: dict[str, list[Html]] = {}
    for other in others:
        product, address = labels.product(other.product).text, quote(other.id, safe="") + suffix
        link = fill('<a href="{address}">{product}</a>', address=address, product=product)
        by_region.setdefault(other.region, []).append(link)
    lines = (
        fill("<p><b>{region}</b> {links}</p>", region=labels.region(region).text, links=join(links, ", "))
        for region, links in by_region.items()
    )
    return fill(
        '<details id="alike"{open}><summary>{summary}</summary>{lines}</details>\n',
        open=Html(" open" if len(others) <= 20 else ""), summary=labels.words.count("alike", len(others)),
        lines=join(lines, "\n"),
    )  # fmt: skip
