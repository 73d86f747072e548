"""What a partner sees of its support plan on the first page: what to be warned of, and a line on each card.

The public sees nothing of it. No text holds the time of answering: what is left of a response target counts the script.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from shd_relay import plans, times
from shd_relay.plans import SEVERITIES, Severity
from shd_relay.support import Support
from shd_relay.ticket_text import kind_of
from shd_relay.tickets import Ticket
from shd_relay.web import desk, standing
from shd_relay.web.ask import Ask
from shd_relay.web.facts import Facts
from shd_relay.web.markup import Html, fill, join
from shd_relay.web.page_model import Card
from shd_relay.web.page_names import Labels
from shd_relay.web.page_times import day, moment, span
from shd_relay.web.page_words import Words
from shd_relay.web.standing import Counts, Warned

if TYPE_CHECKING:
    from shd_relay.config import Partner

MOST_WAITING = 20  # that no card shows; more of them are counted

_NOTICE = '<p class="plan {code}"><strong>{title}</strong>{text}</p>\n'
_WAITING = '<div class="plan waits"><strong>{title}</strong><ul>{items}</ul></div>\n'
_LINE = '<p class="support{waits}">{parts}</p>\n'
_LINK = '<a href="events/{id}{suffix}#{part}">{text}</a>'
_DUE = (
    '<b class="due" role="timer" data-due="{iso}" data-ahead="{ahead}" data-late="{late}" data-seconds="{seconds}">'
    "{due}</b> {at}"
)


class Front(NamedTuple):
    """For the first page: the warnings, and what to say on a card."""

    notices: Html
    line: Callable[[Card], Html]


NOTHING = Front(Html(""), lambda _card: Html(""))


def front(ask: Ask, facts: Facts, cards: Sequence[Card], labels: Labels, suffix: str) -> Front:
    """`cards`: of what goes on; `suffix`: what links to pages of ours end with."""
    partner, counter = ask.viewer.partner, desk.desk(ask, facts)
    if partner is None or counter is None:
        return NOTHING
    counts, events = standing.counts(partner, ask.tickets()), facts.state.events
    waiting = sorted(counts.awaiting, key=_due) if counts else []
    on_cards = {id_ for card in cards for id_ in card.ids}
    elsewhere = [ticket for ticket in waiting if ticket.event not in on_cards]
    linked = {t.event for t in elsewhere if t.event in events and ask.viewer.sees(events[t.event])}
    warned = (
        _warning(each, partner, counts, ask, labels.words) for each in standing.warnings(partner, counts, ask.now)
    )

    def line(card: Card) -> Html:
        ids = frozenset(card.ids)
        tickets = [ticket for ticket in waiting if ticket.event in ids]
        return _line(card, [counter.of(events[id_]) for id_ in card.ids], tickets, labels, suffix)

    return Front(join((_elsewhere(elsewhere, linked, labels.words, suffix), *warned)), line)


def severity(name: Severity, words: Words) -> Html:
    return fill("<b>{name}</b>", name=words(f"ticket.{name}"))


def countdown(due: datetime, words: Words, *, both: bool = False) -> Html:
    """A time, and a place for the script to say how far it is, or how long ago. `both`: as with `moment`."""
    return fill(
        _DUE,
        iso=times.text(due), ahead=words("due.in", span="{span}"), late=words("due.over", span="{span}"),
        seconds=words("seconds"), due=words("due"), at=moment(due, words, both=both),
    )  # fmt: skip


def _named(ticket: Ticket, words: Words, suffix: str, *, linked: bool = True) -> Html:
    """The ticket's id and severity, with the way to the event that it is about."""
    id_ = fill("<bdi>{id}</bdi>", id=ticket.id)
    name = words.html("ticket.named", id=id_, severity=words(f"ticket.{ticket.severity}"))
    if not linked or not ticket.event:
        return name
    return fill(_LINK, id=quote(ticket.event, safe=""), suffix=suffix, part="support-title", text=name)


def outcome(ticket: Ticket, words: Words) -> str:
    """What came of a ticket that waits no more."""
    if ticket.in_time is None:
        return words("shut.unanswered")
    said = words("in.time" if ticket.in_time else "late")
    return said if ticket.closed_at is None else words("comma").join((said, words("shut")))


def _due(ticket: Ticket) -> tuple[datetime, str]:
    return ticket.due, ticket.id


def _warning(warned: Warned, partner: Partner, counts: Counts | None, ask: Ask, words: Words) -> Html:
    values: dict[str, Any] = {
        "plan": plans.PLANS[partner.plan].name, "day": day(partner.valid_until, words),
        "left": plans.working_days_left(partner.valid_until, ask.now),
        "apply": plans.APPLY_WORKING_DAYS, "package": plans.PACKAGE_TICKETS,
    }  # fmt: skip
    if counts:
        values |= {"used": counts.used, "allowed": counts.allowance, "free": counts.left, "over": counts.over}
    title = words.count(warned.code, values["left"], **values)
    more = "allowance.text" if warned.code.startswith("allowance") else f"{warned.code}.text"
    text = f" {words(more, **values)}" if words.has(more) else ""
    return fill(_NOTICE, code=warned.code, title=title, text=text)


def _elsewhere(tickets: Sequence[Ticket], linked: Collection[str | None], words: Words, suffix: str) -> Html:
    """Those that wait, though what they are about is over, or was never listed."""
    if not tickets:
        return Html("")
    items = [fill("<li>{text}</li>", text=_waits(t, t.event in linked, words, suffix)) for t in tickets[:MOST_WAITING]]
    if len(tickets) > MOST_WAITING:
        items.append(fill("<li>{text}</li>", text=words.count("ticket.more", len(tickets) - MOST_WAITING)))
    return fill(_WAITING, title=words("waits"), items=join(items, "\n"))


def _waits(ticket: Ticket, linked: bool, words: Words, suffix: str) -> Html:
    name = _named(ticket, words, suffix, linked=linked)
    text = words.html("ticket.due", ticket=name, due=countdown(ticket.due, words))
    return join((text, *([fill(" · <bdi>{subject}</bdi>", subject=ticket.subject)] if ticket.subject else [])))


def _line(card: Card, supports: Sequence[Support], waiting: Sequence[Ticket], labels: Labels, suffix: str) -> Html:
    """The worst that is suggested for any of the card's events, and where; of tickets the one that is due first.

    A ticket that is open and claims no less says all there is to say: the suggestion is for those who have none.
    """
    words, tickets = labels.words, [support.ticket for support in supports if support.ticket]
    said = [support.suggestion.severity for support in supports]
    worst = min(said, key=SEVERITIES.index)
    opened = [ticket for ticket in (*waiting, *tickets) if ticket.closed_at is None]
    parts: list[Html] = []
    if waiting:
        name, due = _named(waiting[0], words, suffix), countdown(waiting[0].due, words)
        parts.append(words.html("ticket.due", ticket=name, due=due))
        parts += [words.count_html("ticket.more", len(waiting) - 1)] if waiting[1:] else []
    elif tickets:
        told = min(tickets, key=lambda ticket: (ticket.closed_at is not None, ticket.opened_at, ticket.id))
        parts.append(words.html("ticket.said", ticket=_named(told, words, suffix), what=outcome(told, words)))
    if not opened:
        id_ = quote(card.ids[said.index(worst)], safe="")
        text = fill(_LINK, id=id_, suffix=suffix, part="ticket-text", text=words("text.link"))
        parts += [_suggested(card, supports, worst, labels), within(worst, words), text]
    elif all(_rank(worst) < _rank(ticket.severity) for ticket in opened):
        parts.append(words.html("claim.raise", severity=severity(worst, words)))
    return fill(_LINE, waits=Html(" waits") if waiting else Html(""), parts=join(parts, " · "))


def within(name: Severity, words: Words) -> Html:
    return words.html("within", span=span(plans.TARGETS[name].within, words))


def _suggested(card: Card, supports: Sequence[Support], worst: Severity, labels: Labels) -> Html:
    """By name where it holds, unless it holds everywhere on the card."""
    words, said = labels.words, [support.suggestion.severity for support in supports]
    kind = words(f"ticket.{kind_of(supports[said.index(worst)].suggestion.cause)}")
    if len(set(said)) == 1:
        return words.html("claim.card", severity=severity(worst, words), kind=kind)
    where = labels.place([pair for pair, name in zip(card.pairs, said, strict=True) if name == worst])
    return words.html("claim.for", severity=severity(worst, words), kind=kind, where=where)


def _rank(name: Severity) -> int:
    return SEVERITIES.index(name)
