"""In which language the page comes: what was asked for in the address, else what the browser prefers; else English."""

from __future__ import annotations

from shd_relay.web.ask import Ask
from shd_relay.web.negotiate import weight
from shd_relay.web.page_words import LANGUAGES, Words

MOST_RANGES = 50  # of a header; the rest is not looked at


def words(ask: Ask) -> Words:
    return Words(chosen(ask))


def chosen(ask: Ask) -> str:
    chosen_: str = ask.params["lang"]
    return chosen_ or preferred(ask.request.header("accept-language"))


def suffix(ask: Ask) -> str:
    """What a link to another page of ours ends with, so that a language that was chosen stays."""
    return f"?lang={ask.params['lang']}" if ask.params["lang"] else ""


def preferred(header: str) -> str:
    """The language that `Accept-Language` weighs most (RFC 9110, section 12.5.4), the first of equals. Any Chinese is
    Chinese: `zh-TW` reads our simplified words more easily than English ones."""
    weights: dict[str, float] = {}
    for part in header.lower().split(",")[:MOST_RANGES]:
        tag, _, parameters = part.partition(";")
        language = tag.strip().partition("-")[0]
        if language in {*LANGUAGES, "*"}:
            weights[language] = max(weight(parameters), weights.get(language, 0.0))
    rest = weights.pop("*", 0.0)
    for language in LANGUAGES:
        weights.setdefault(language, rest)
    best = max(weights, key=lambda language: weights[language])
    return best if weights[best] > 0 else LANGUAGES[0]
