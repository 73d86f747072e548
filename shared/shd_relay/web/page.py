"""`/`: the page for people. Whole without scripts; the script only shows local times and keeps the page current."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from pathlib import Path

from shd_relay.web import age, page_cards
from shd_relay.web.ask import Ask, View
from shd_relay.web.markup import Html, fill, join
from shd_relay.web.page_board import board
from shd_relay.web.page_model import Headline, PageModel, Section, page_model
from shd_relay.web.page_names import Labels
from shd_relay.web.page_words import STATUS, mark, moment

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<link rel="icon" href="data:,">
<noscript><meta http-equiv="refresh" content="60"></noscript>
<style>{style}</style>
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header class="top"><p class="brand">SHD Relay</p><p class="who">{who}</p></header>
<p id="lost" class="banner banner-blind" role="alert" hidden></p>
<main id="main">
{main}
</main>
<footer>
<p>What Alibaba Cloud’s Service Health Dashboard says, read by SHD Relay. <span id="zone">Times are in UTC.</span></p>
<p>For programs: <a href="v1/status">status</a>, <a href="v1/events">events</a>, <a href="v1/changes">changes</a>.</p>
</footer>
<script>{script}</script>
</body>
</html>
"""

_MAIN = """<h1 class="headline {status}">{mark}<span>{headline}</span></h1>
{banner}
<p class="asof">{as_of}</p>
{now}
{planned}
<section aria-labelledby="board-title">
<h2 id="board-title">Every service and region</h2>
{board}
</section>
{recent}"""

_BANNER = '<p class="banner banner-{source}" role="status"><strong>{title}</strong> {text}</p>'
_BANNERS = {
    "blind": (
        "We cannot see the dashboard right now.",
        "What follows is the last that we know. Trouble shown here may be over; new trouble would not show.",
    ),
    "stale": (
        "Much of this is old.",
        "Over half of the services could not be read lately. Those that we are unsure of are marked as unknown.",
    ),
}


def page(ask: Ask) -> View:
    facts = ask.look()
    model = page_model(ask, facts)
    text = fill(
        _PAGE,
        title=f"{_headline(model.headline)} – Service health",
        style=Html(asset("page.css")),
        script=Html(asset("page.js")),
        who=f"Service health for {model.viewer}" if model.viewer else "Service health",
        main=_main(model),
    )
    return View(
        body=text.encode(),
        content_type="text/html; charset=utf-8",
        headers=(("Content-Security-Policy", policy()), *age.headers(ask, facts)),
        as_of=age.as_of(facts, ask.viewer.pairs),
    )


@lru_cache(maxsize=2)
def asset(name: str) -> str:
    """A file beside this module, as it stands in the page."""
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def policy() -> str:
    """Nothing may load or run but the one style and the one script of ours."""
    return (
        f"default-src 'none'; style-src '{_hash('page.css')}'; script-src '{_hash('page.js')}'; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _hash(name: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(asset(name).encode()).digest()).decode()


def _main(model: PageModel) -> Html:
    return fill(
        _MAIN,
        status=model.headline.status,
        mark=mark(model.headline.status),
        headline=_headline(model.headline),
        banner=_banner(model),
        as_of=_as_of(model),
        now=_section("now", "Happening now", model.now, model.labels),
        planned=_section("planned", "Planned", model.planned, model.labels),
        recent=_section("recent", "Ended in the last seven days", model.recent, model.labels),
        board=board(model.board, {id_ for card in model.now.cards for id_ in card.ids}, model.labels),
    )


def _headline(headline: Headline) -> str:
    if not headline.total:
        return "Nothing is watched for you"
    if headline.status == "operational":
        return "No trouble is known"
    if headline.status == "unknown":
        return f"Unknown for {_of(headline)}"
    return f"{STATUS[headline.status].heading} in {_of(headline)}"


def _of(headline: Headline) -> str:
    return f"{headline.affected} of {headline.total} services and regions"


def _banner(model: PageModel) -> Html:
    if model.source not in _BANNERS:
        return Html("")
    title, text = _BANNERS[model.source]
    return fill(_BANNER, source=model.source, title=title, text=text)


def _as_of(model: PageModel) -> Html:
    if model.as_of is None:
        return Html("The dashboard has not been read yet.")
    return fill('Last read from the dashboard: {at} <span class="age"></span>', at=moment(model.as_of))


def _section(id_: str, title: str, section: Section, labels: Labels) -> Html:
    if not section.cards:
        return Html("")
    cards = join((page_cards.card(card, labels) for card in section.cards), "\n")
    more = (
        fill('<p class="more">and {more} more: see <a href="v1/events">all events</a>.</p>', more=section.more)
        if section.more
        else Html("")
    )
    return fill(
        '<section aria-labelledby="{id}-title">\n<h2 id="{id}-title">{title}</h2>\n{cards}\n{more}</section>',
        id=id_, title=title, cards=cards, more=more,
    )  # fmt: skip
