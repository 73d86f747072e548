"""The ready text of a ticket on the event's page, in both languages: to copy, or to send."""

from __future__ import annotations

from urllib.parse import quote

from shd_relay import ticket_text
from shd_relay.model import HealthEvent
from shd_relay.support import Support
from shd_relay.ticket_text import Language, TicketText
from shd_relay.web.ask import Ask
from shd_relay.web.markup import Html, fill, join
from shd_relay.web.page_words import Words

MOST_LINK = 2_000
"""Characters of a mailto address: with more than 2,048 a Chrome on Windows does nothing, and does not say so."""

_DETAILS = '<details id="ticket-text" class="text"><summary>{summary}</summary>\n{texts}</details>\n'
_OTHER = '<details id="other-text"><summary>{summary}</summary>\n{text}</details>\n'
_TEXT = """<p class="do">{copy_subject} {copy_text} <a href="{mail}">{send}</a></p>
<div lang="{lang}"><p id="subject-{language}">{subject}</p>
<pre id="text-{language}">{body}</pre></div>
"""
_COPY = (
    '<button type="button" class="copy" id="copy-{what}" data-copy="{what}" data-done="{done}"'
    ' data-by-hand="{by_hand}">{label}</button>'
)
_LANGUAGES: tuple[Language, ...] = ("en", "zh")
_TAGS = {"en": "en", "zh": "zh-Hans"}


def texts(ask: Ask, event: HealthEvent, support: Support, words: Words) -> Html:
    """Folded, in the language of the page; the other in a fold of its own."""
    own, other = sorted(_LANGUAGES, key=lambda language: language != words.language)
    folded = fill(_OTHER, summary=words(f"text.{other}"), text=_text(ask, event, support, other, words))
    return fill(_DETAILS, summary=words("text"), texts=join((_text(ask, event, support, own, words), folded)))


def mail(text: TicketText) -> tuple[str, bool]:
    """The mailto address with nobody to go to, and whether the whole body fits into it; else its first lines do."""
    address = f"mailto:?subject={_quoted(text.subject)}&body="
    lines = text.body.rstrip("\n").split("\n")
    for n, line in enumerate(lines):
        more = _quoted(f"{line}\r\n")
        if len(address) + len(more) > MOST_LINK - (0 if n == len(lines) - 1 else len(_quoted("…"))):
            return address + _quoted("…"), False
        address += more
    return address, True


def _text(ask: Ask, event: HealthEvent, support: Support, language: Language, words: Words) -> Html:
    partner = ask.viewer.partner
    text = ticket_text.compose(
        event, support, partner_name=ask.viewer.name, time_zone=partner.time_zone if partner else "UTC",
        language=language, public_url=ask.site.public_url, no_region=ask.site.global_region,
    )  # fmt: skip
    address, whole = mail(text)
    return fill(
        _TEXT,
        mail=address, send=words("text.send" if whole else "text.send.cut"),
        lang=_TAGS[language], language=language, subject=text.subject, body=text.body,
        copy_subject=_copy(f"subject-{language}", "text.copy.subject", words),
        copy_text=_copy(f"text-{language}", "text.copy", words),
    )  # fmt: skip


def _copy(what: str, label: str, words: Words) -> Html:
    return fill(
        _COPY,
        what=what, done=words("text.copied"), by_hand=words("text.by.hand"), label=words(label),
    )  # fmt: skip


def _quoted(text: str) -> str:
    return quote(text, safe="", errors="replace")
