"""`/` and `/events/{id}`: the pages for people. Whole without scripts; the script shows local times, counts ages and
keeps the page current."""

from __future__ import annotations

from collections.abc import Callable

from shd_relay.web import page_bars, page_board, page_cards, page_event, page_language, page_support
from shd_relay.web.ask import Ask, View
from shd_relay.web.facts import Facts
from shd_relay.web.markup import Html, fill, join
from shd_relay.web.page_frame import Body, framed, is_fed
from shd_relay.web.page_marks import icon, mark
from shd_relay.web.page_model import Card, PageModel, Section, page_model
from shd_relay.web.page_names import Labels

_MAIN = """<div id="headline" data-part><h1 class="headline {status}">{mark}<span>{headline}</span></h1></div>
<div id="plan" data-part>{plan}</div>
<div class="columns">
<div>
<section id="now" data-part aria-labelledby="now-title">
<h2 id="now-title">{now_title}</h2>
{now}</section>
<div id="recent" data-part>{recent}</div>
</div>
<section id="planned" data-part aria-labelledby="planned-title">
<h2 id="planned-title">{planned_title}</h2>
{planned}</section>
</div>
<section aria-labelledby="board-title">
<h2 id="board-title">{board_title}</h2>
<div id="board" data-part>
{board}
</div>
</section>
<section aria-labelledby="history-title">
<h2 id="history-title">{history_title}</h2>
<div id="history" data-part>
{history}</div>
</section>"""

AT_FIRST = 4  # of what is over; the rest is folded
_JSON = (("v1/status", "json.status"), ("v1/events", "json.events"), ("v1/changes", "json.changes"))


def page(ask: Ask) -> View:
    facts = ask.look()
    model = page_model(ask, facts)
    labels = Labels(ask.site.global_region, page_language.words(ask))
    words = labels.words
    name = words("title.of", name=ask.viewer.name) if ask.viewer.name else words("title")
    body = Body(
        title=f"{headline(model, labels)} – {words('title')}",
        brand=fill("{name}", name=name),
        main=_main(ask, facts, model, labels),
        icon=icon(model.headline.status),
        up="",
        json=_JSON,
    )
    return framed(ask, facts, body, words)


def event(ask: Ask) -> View:
    """One event; one that is unknown and one out of scope look the same: RequestError (404)."""
    return page_event.page(ask)


def headline(model: PageModel, labels: Labels) -> str:
    """The worst that is true, and where."""
    status, pairs = model.headline
    if not pairs:
        return labels.words("none.watched")
    if status == "operational":
        return labels.words("all.well")
    everywhere = (
        len(pairs) == len(model.board) and len({p.region for p in pairs}) > 1 and len({p.product for p in pairs}) > 1
    )
    key = "said.everywhere" if everywhere else "said"
    return labels.words(key, status=labels.words(status), where=labels.place(pairs))


def _main(ask: Ask, facts: Facts, model: PageModel, labels: Labels) -> Html:
    words, suffix = labels.words, page_language.suffix(ask)
    fed = is_fed(ask)
    plan = page_support.front(ask, facts, model.now.cards, labels, suffix)
    planned = _cards(model.planned, labels, suffix, page_support.NOTHING.line, fed=fed)
    return fill(
        _MAIN,
        status=model.headline.status, mark=mark(model.headline.status), headline=headline(model, labels),
        plan=plan.notices,
        now_title=words("now"), now=_cards(model.now, labels, suffix, plan.line, fed=fed) or _quiet(model, labels),
        planned_title=words("planned"), planned=planned or _none(words("planned.none")),
        recent=_lines(model.recent, labels, suffix, fed=fed),
        board_title=words("board"), board=page_board.board(model.board, model.now, labels, suffix),
        history_title=words("history"), history=page_bars.history(model.history, labels, suffix),
    )  # fmt: skip


def _quiet(model: PageModel, labels: Labels) -> Html:
    """What is said where nothing goes on."""
    status, pairs = model.headline
    if status != "operational":
        return _none(labels.words("now.unsure"))
    return _none(labels.words("now.none", where=labels.place(pairs)) if pairs else labels.words("board.none"))


def _none(text: str) -> Html:
    return fill('<p class="none">{text}</p>\n', text=text)


def _cards(section: Section, labels: Labels, suffix: str, line: Callable[[Card], Html], *, fed: bool) -> Html:
    cards = join((page_cards.card(card, labels, suffix, line(card)) for card in section.cards), "\n")
    return join((cards, _more(section, labels, fed=fed))) if section.cards else Html("")


def _lines(section: Section, labels: Labels, suffix: str, *, fed: bool) -> Html:
    if not section.cards:
        return Html("")
    lines = [page_cards.line(card, labels, suffix) for card in section.cards]
    folded = fill(
        '<details id="recent-more"><summary>{more}</summary><ul class="lines">\n{lines}\n</ul></details>\n',
        more=labels.words.count("more", len(lines) - AT_FIRST), lines=join(lines[AT_FIRST:], "\n"),
    )  # fmt: skip
    return fill(
        '<section aria-labelledby="recent-title">\n<h2 id="recent-title">{title}</h2>\n'
        '<ul class="lines">\n{lines}\n</ul>\n{folded}{more}</section>',
        title=labels.words("recent"), lines=join(lines[:AT_FIRST], "\n"),
        folded=folded if len(lines) > AT_FIRST else Html(""), more=_more(section, labels, fed=fed),
    )  # fmt: skip


def _more(section: Section, labels: Labels, *, fed: bool) -> Html:
    """How many are not shown, and where they are."""
    if not section.more:
        return Html("")
    words = labels.words
    if fed:
        return fill('<p class="more">{text}</p>\n', text=words.count("more", section.more))
    link = fill('<a href="v1/events">{text}</a>', text=words("more.link"))
    return fill('<p class="more">{text}</p>\n', text=words.count_html("more.told", section.more, link=link))
