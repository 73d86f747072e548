"""What one event means under the partner's support plan, on the event's page: what to claim, when the answer is due,
the ticket that was opened, and a text to open one with."""

from __future__ import annotations

from collections.abc import Iterable

from shd_relay.model import HealthEvent
from shd_relay.support import Support
from shd_relay.ticket_severity import Suggestion
from shd_relay.ticket_text import kind_of
from shd_relay.tickets import Ticket
from shd_relay.web import desk, page_ticket_text
from shd_relay.web.ask import Ask
from shd_relay.web.facts import Facts
from shd_relay.web.markup import Html, fill, join
from shd_relay.web.page_cards import fact
from shd_relay.web.page_names import Labels
from shd_relay.web.page_support import countdown, severity, within
from shd_relay.web.page_times import moment, span
from shd_relay.web.page_words import Words
from shd_relay.web.ticket_shelf import UNREAD

_SECTION = """<section class="help" aria-labelledby="support-title">
<h2 id="support-title">{title}</h2>
{inside}</section>
"""
_FACTS = "<dl>\n{facts}\n</dl>\n"
_FOLDED = '<details id="support"><summary>{summary}</summary>\n{inside}</details>\n'
_CLAIM = '{severity} · {kind}<br><span class="why">{why}</span>'
_NOW = '<span class="if-now" data-within="{seconds}" data-text="{text}"></span>'
_ID = "<b><bdi>{id}</bdi></b>"
_SUBJECT = "<bdi>{subject}</bdi>"
_UNREAD = '<p class="note">{text}</p>\n'


def section(ask: Ask, facts: Facts, event: HealthEvent, labels: Labels) -> Html:
    """Nothing for the public, and nothing of what no ticket is about."""
    counter = desk.desk(ask, facts)
    if counter is None:
        return Html("")
    support, words = counter.of(event), labels.words
    if support.suggestion.cause in {"feed", "drill"}:
        return Html("")
    told = fill(_FACTS, facts=join((fact(name, value) for name, value in _facts(ask, event, support, labels)), "\n"))
    inside = join((told, page_ticket_text.texts(ask, event, support, words)))
    if event.over and (support.ticket is None or not _waits(support.ticket)):
        inside = fill(_FOLDED, summary=words(f"consult.{_over(event)}"), inside=inside)
    unread = fill(_UNREAD, text=words("tickets-unread")) if ask.tickets() is UNREAD else Html("")
    return fill(_SECTION, title=words("support"), inside=join((unread, inside)))


def _facts(ask: Ask, event: HealthEvent, support: Support, labels: Labels) -> Iterable[tuple[str, Html]]:
    words, ticket, suggestion = labels.words, support.ticket, support.suggestion
    if ticket is not None:
        yield from _ticket(ticket, words)
    known = ask.tickets().tickets.values()
    others = [each.id for each in known if ticket and each.event == event.id and each.id != ticket.id]
    if others:
        yield words("ticket.others"), join((fill("<bdi>{id}</bdi>", id=id_) for id_ in others), words("comma"))
    kind, why = words(f"ticket.{kind_of(suggestion.cause)}"), _why(event, suggestion, labels)
    yield words("claim"), fill(_CLAIM, severity=severity(suggestion.severity, words), kind=kind, why=why)
    if ticket is None:
        yield words("response"), _if_opened(support, words)


def _if_opened(support: Support, words: Words) -> Html:
    """Counted from whenever a ticket is opened: only the script knows when now is."""
    now = fill(_NOW, seconds=int(support.within.total_seconds()), text=words("response.now", at="{at}"))
    return join((words.html("response.within", span=span(support.within, words)), now), " ")


def _ticket(ticket: Ticket, words: Words) -> Iterable[tuple[str, Html]]:
    """What matters first comes first: whether the answer came."""
    if ticket.responded_at is not None:
        after = span(ticket.responded_at - ticket.opened_at, words)
        held = words.html("in.time.after" if ticket.in_time else "late.after", span=after)
        yield words("response"), join((moment(ticket.responded_at, words, both=True), held), " · ")
    elif ticket.closed_at is None:
        yield words("response"), countdown(ticket.due, words, both=True)
    said = [fill(_ID, id=ticket.id), severity(ticket.severity, words), within(ticket.severity, words)]
    said.append(words.html(f"ticket.{ticket.kind}"))
    if ticket.subject:
        said.append(fill(_SUBJECT, subject=ticket.subject))
    yield words("ticket"), join(said, " · ")
    yield words("ticket.opened"), moment(ticket.opened_at, words, both=True)
    if ticket.closed_at is not None:
        closed = moment(ticket.closed_at, words, both=True)
        unanswered = [] if ticket.responded_at else [words.html("shut.unanswered")]
        yield words("ticket.closed"), join((closed, *unanswered), " · ")


def _waits(ticket: Ticket) -> bool:
    return ticket.responded_at is None and ticket.closed_at is None


def _over(event: HealthEvent) -> str:
    """In which words what is over is told: there is no cause of what never was."""
    return "off" if event.state == "cancelled" else "over"


def _why(event: HealthEvent, suggestion: Suggestion, labels: Labels) -> str:
    """The reason in the page's language, of the parts that the rule gave."""
    words, cause = labels.words, suggestion.cause
    said = [
        words(f"cause.{_over(event) if cause == 'over' else cause}", severity=event.severity or words("severity.none"))
    ]
    if cause in {"down", "impaired", "maintenance", "notice"}:
        said.append(words(f"importance.{suggestion.importance}", product=labels.product(event.product).text))
    if suggestion.wide:
        said.append(words("wide", n=f"{suggestion.hit:,}"))
    text = words("semicolon").join(said)
    return text[0].upper() + text[1:]
