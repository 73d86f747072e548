"""What every page has around it: head, top bar, banner, footer, the one style and the one script."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from shd_relay import plans
from shd_relay.model import SourceState
from shd_relay.web import age
from shd_relay.web.ask import Ask, View
from shd_relay.web.facts import Facts
from shd_relay.web.markup import Html, fill, join
from shd_relay.web.page_times import moment
from shd_relay.web.page_words import Words

_PAGE = """<!doctype html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<link rel="icon" href="{icon}">
<link rel="alternate" type="application/atom+xml" title="{atom}" href="{up}feed.atom">
<link rel="alternate" type="text/calendar" title="{calendar}" href="{up}maintenance.ics">
<noscript><meta http-equiv="refresh" content="60"></noscript>
<style>{style}</style>
</head>
<body data-every="{every}" data-units="{units}" data-for="{lasting}" data-zone="{zone_yours}">
<a class="skip" href="#main">{skip}</a>
<header class="top">
<p class="brand">{brand}</p>
<p class="asof" id="asof" data-part>{as_of}</p>
<p class="tools"><button id="zone" hidden data-utc="{zone_utc}" data-local="{zone_local}"></button>
<a href="?lang={other}" lang="{other}" hreflang="{other}">{language}</a></p>
</header>
<p id="said" class="sr" role="status" data-back="{back}"></p>
<p id="lost" class="banner banner-blind" role="alert" hidden>
<strong data-lost="{lost}" data-ended="{ended}">{lost}</strong> {lost_since} <span></span></p>
<div id="banner" data-part>{banner}</div>
<main id="main">
{main}
</main>
<footer>
<p>{source} <span id="zones">{zone}</span></p>
<p>{subscribe} <a href="{up}feed.atom">{atom}</a>, <a href="{up}maintenance.ics">{calendar}</a>.</p>
{reports}{programs}</footer>
<script>{script}</script>
</body>
</html>
"""
_BANNER = '<p class="banner banner-{source}" role="status"><strong>{title}</strong> {text}</p>'
_JSON = '<a href="{href}">{text}</a>'


class Body(NamedTuple):
    """What a page puts into the frame. `up`: the way from its address to the first page. `json`: addresses of the same
    for programs, with the keys of what they are called; not under a feed token, where there are none."""

    title: str
    brand: Html
    main: Html
    icon: Html
    up: str
    json: tuple[tuple[str, str], ...]


def framed(ask: Ask, facts: Facts, body: Body, words: Words) -> View:
    as_of = age.as_of(facts, ask.viewer.pairs)
    text = fill(
        _PAGE,
        lang="zh-Hans" if words.language == "zh" else "en", title=body.title, icon=body.icon, up=body.up,
        style=Html(asset("page.css")), script=Html(asset("page.js")), every=_every(ask),
        units="|".join(words(unit) for unit in ("days", "hours", "minutes", "instant")),
        lasting=words("for", span="{span}"), zone_yours=words("zone.yours", zone="{zone}"),
        zone_utc=words("zone.utc"), zone_local=words("zone.local"),
        skip=words("skip"), brand=body.brand, as_of=_read(as_of, words), other=words.other,
        language=words("language"), lost=words("lost"), lost_since=words("lost.since"),
        ended=words("lost.ended"), back=words("seen.again"),
        banner=_banner(age.source_state(ask, facts), words), main=body.main, source=words("source"),
        zone=words("zone"), subscribe=words("subscribe"), atom=words("atom"), calendar=words("calendar"),
        reports=_reports(ask, body, words), programs=_programs(ask, body, words),
    )  # fmt: skip
    return View(
        body=text.encode(),
        content_type="text/html; charset=utf-8",
        headers=(("Content-Security-Policy", policy()), ("Content-Language", words.language), *age.headers(ask, facts)),
        as_of=as_of,
        vary="Accept-Language",
    )


def is_fed(ask: Ask) -> bool:
    """Whether it was asked for under a feed token, where nothing is but pages and feeds."""
    return ask.request.path.startswith("/f/")


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


def _every(ask: Ask) -> int:
    """Seconds between two looks of the script: as often as SHD is read, within reason."""
    return int(min(300, max(15, ask.site.interval_seconds)))


def _read(as_of: datetime | None, words: Words) -> Html:
    if as_of is None:
        return words.html("read.never")
    at = words.html("read", at=moment(as_of, words))
    return fill('<span class="at">{at}</span> <span class="age"></span>', at=at)


def _banner(source: SourceState, words: Words) -> Html:
    if source == "fresh":
        return Html("")
    return fill(_BANNER, source=source, title=words(source), text=words(f"{source}.text"))


def _reports(ask: Ask, body: Body, words: Words) -> Html:
    """Of the last whole month, as far as the plan has any."""
    partner = ask.viewer.partner
    names = plans.PLANS[partner.plan].reports if partner else ()
    if not names or is_fed(ask):
        return Html("")
    links = (
        fill(_JSON, href=f"{body.up}v1/reports/{name}?format=html", text=words(f"report.{name}")) for name in names
    )
    return fill("<p>{text} {links}.</p>\n", text=words("reports"), links=join(links, ", "))


def _programs(ask: Ask, body: Body, words: Words) -> Html:
    if is_fed(ask):
        return Html("")
    links = join((fill(_JSON, href=body.up + href, text=words(key)) for href, key in body.json), ", ")
    return fill("<p>{text} {links}.</p>\n", text=words("programs"), links=links)
