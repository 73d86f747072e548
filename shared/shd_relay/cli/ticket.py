"""`ticket`: the ledger of tickets that a partner opened with the vendor's support, and the text to open one with."""

from __future__ import annotations

import argparse
import uuid
from typing import Any, NamedTuple

from shd_relay import clock, config_checks, ticket_text, ticketing, tickets
from shd_relay.cli import shared, show, ticket_show
from shd_relay.config import Partner
from shd_relay.errors import RequestError, SettingsError, StoreUnavailable
from shd_relay.model import HealthEvent
from shd_relay.plans import SEVERITIES, TARGETS, Severity
from shd_relay.support import Desk, Support
from shd_relay.ticketing import Decide, Opening
from shd_relay.tickets import Tickets
from shd_relay.web import events_view, ticket_view
from shd_relay.web.facts import FactsReader
from shd_relay.wiring_console import Console

_ABOUT = """\
The ledger of the tickets that a partner opened with the vendor's support. It is the partner's own: no other partner
sees it, and it is never pushed. Nothing is sent to the vendor: open the ticket there, and record it here."""
_EXAMPLES = """\
examples:
  shd-relay ticket text evt_t4ehm3brwysdyw3bvzlcyng3u5 --lang zh
  shd-relay ticket open --event evt_t4ehm3brwysdyw3bvzlcyng3u5 --severity urgent --id 0004KJ7Q2X
  shd-relay ticket open --kind consulting --severity low --product oss --subject "Lifecycle rules"
  shd-relay ticket respond 0004KJ7Q2X --at 2026-03-01T16:56+08:00
  shd-relay ticket close 0004KJ7Q2X
  shd-relay ticket list --partner acme"""


def add(commands: Any) -> None:
    about = "the tickets that a partner opened with the vendor's support"
    parser = commands.add_parser("ticket", help=about, description=_ABOUT, epilog=_EXAMPLES)
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    _add_open(verbs)
    for name, run, help_, when in (
        ("respond", _respond, "record the first response to a ticket", "when the first response came"),
        ("close", _close, "record that a ticket was closed", "when it was closed"),
    ):
        added = _verb(verbs, name, run, help_)
        added.add_argument("id", metavar="ID", help="the ticket, as in `ticket list`")
        _add_at(added, when)
    listing = _verb(verbs, "list", _list, "the tickets, what is due, and what is used of the allowance")
    listing.add_argument("--open", action="store_true", help="only those that are not closed")
    text = _verb(verbs, "text", _text, "a ready text for a ticket about an event")
    text.add_argument("event", metavar="EVENT", help="the event's id")
    text.add_argument("--lang", choices=("en", "zh"), default="en", help="English or Chinese (en)")


def _add_open(verbs: Any) -> None:
    parser = _verb(verbs, "open", _open, "record a ticket that was opened")
    words = ", ".join(f"{target.number} or {name}" for name, target in TARGETS.items())
    parser.add_argument("--severity", type=_severity, metavar="SEVERITY", help=f"what the ticket claims: {words}")
    parser.add_argument("--kind", choices=("technical", "consulting"), help="left out: technical, but consulting for "
                        "an --event that is no incident, or over")  # fmt: skip
    parser.add_argument("--id", metavar="NUMBER", help="the vendor's number of it; left out, we give one")
    parser.add_argument("--event", metavar="EVENT", help="the id of the event that it is about: names product, region "
                        "and subject")  # fmt: skip
    parser.add_argument("--product", metavar="ID")
    parser.add_argument("--region", metavar="ID")
    parser.add_argument("--subject", metavar="TEXT")
    _add_at(parser, "when it was opened")


def _verb(verbs: Any, name: str, run: Any, help_: str) -> argparse.ArgumentParser:
    examples = "\n".join(line for line in _EXAMPLES.splitlines()[1:] if f"ticket {name} " in line)
    parser: argparse.ArgumentParser = verbs.add_parser(
        name, help=help_, description=f"{help_[0].upper()}{help_[1:]}.", epilog=f"examples:\n{examples}"
    )
    shared.arguments(parser)
    parser.set_defaults(run=run)
    return parser


def _add_at(parser: argparse.ArgumentParser, when: str) -> None:
    about = f"{when}, with its time zone, as 2026-03-01T08:56Z or 2026-03-01T16:56+08:00; left out: now"
    parser.add_argument("--at", type=shared.moment, metavar="TIME", help=about)


def _severity(text: str) -> Severity:
    numbered = {str(target.number): name for name, target in TARGETS.items()}
    named = {name: name for name in SEVERITIES}
    found = (numbered | {str(name): name for name in named}).get(text.lower())
    if found is None:
        raise argparse.ArgumentTypeError(f"{config_checks.shown(text)} is none of {', '.join(SEVERITIES)}, or 1 to 5")
    return found


class _About(NamedTuple):
    """An event of the partner's scope, and what it means under its plan."""

    event: HealthEvent
    support: Support


def _open(options: argparse.Namespace) -> int:
    with shared.console(read_only=False) as found:
        partner = shared.partner_of(found.site.config, options.partner)
        about = _about(found, partner, options.event) if options.event else None
        now = clock.now()
        return _record(options, found, partner, ticketing.opening(_asked(options, about), now))


def _asked(options: argparse.Namespace, about: _About | None) -> Opening:
    """Raises SettingsError with all that is wrong with the arguments."""
    problems = _problems(options, about)
    if problems:
        raise SettingsError(problems)
    event = about.event if about else None
    usual = ticket_text.kind_of(about.support.suggestion.cause) if about else "technical"
    return Opening(
        kind=options.kind or usual,
        severity=options.severity,
        id=options.id,
        event=event.id if event else None,
        product=event.product if event else options.product,
        region=event.region if event else options.region,
        subject=options.subject or (event.title if event else ""),
        at=options.at,
    )


def _problems(options: argparse.Namespace, about: _About | None) -> list[str]:
    problems = []
    if options.severity is None:
        hint = ""
        if about:
            suggestion = about.support.suggestion
            hint = f" For this event rule {suggestion.rule} suggests {suggestion.severity}: {suggestion.reason}"
        problems.append(f"--severity: which one does the ticket claim?{hint}")
    for name in ("product", "region"):
        given = getattr(options, name)
        if given is None:
            continue
        if about:
            problems.append(f"--{name}: the event says it, so leave it out")
            continue
        try:
            config_checks.check_id(given)
        except ValueError as error:
            problems.append(f"--{name}: {error}")
    return problems


def _respond(options: argparse.Namespace) -> int:
    with shared.console(read_only=False) as found:
        partner = shared.partner_of(found.site.config, options.partner)
        return _record(options, found, partner, ticketing.responding(options.id, options.at, clock.now()))


def _close(options: argparse.Namespace) -> int:
    with shared.console(read_only=False) as found:
        partner = shared.partner_of(found.site.config, options.partner)
        return _record(options, found, partner, ticketing.closing(options.id, options.at, clock.now()))


def _record(options: argparse.Namespace, found: Console, partner: Partner, decide: Decide) -> int:
    now = clock.now()
    try:
        recorded = ticketing.record(found.store, partner.id, decide, now=now, owner=uuid.uuid4().hex)
    except StoreUnavailable as error:
        look = "it may have been recorded all the same, so look at `ticket list` first"
        raise StoreUnavailable(f"{error}; {look}", code=error.code, retry_after=error.retry_after) from error
    try:
        ticket_show.recorded(recorded, partner, options.verb, now, as_json=options.json)
    except BrokenPipeError:
        raise
    except OSError as error:  # it is recorded all the same: who is told that it is not would record it again
        show.no_more()
        show.fail(f"ticket {recorded.ticket.id} is recorded, but cannot be shown: {error.strerror or error}", 0)
    return 0


def _list(options: argparse.Namespace) -> int:
    with shared.console(read_only=True) as found:
        partner = shared.partner_of(found.site.config, options.partner)
        known = tickets.load(found.store, partner.id)
    ticket_show.listed(known, partner, clock.now(), only_open=options.open, as_json=options.json)
    return 0


def _text(options: argparse.Namespace) -> int:
    with shared.console(read_only=True) as found:
        partner = shared.partner_of(found.site.config, options.partner)
        event, support = _about(found, partner, options.event)
        view = ticket_view.text_view(event, support, partner, options.lang, found.site)
    if options.json:
        show.as_json(view)
    else:
        show.line(f"{view['subject']}\n\n{view['body']}".rstrip("\n"))
    return 0


def _about(found: Console, partner: Partner, id_: str) -> _About:
    """Raises RequestError (404) for an event that is unknown or out of the partner's scope."""
    viewer = shared.viewer_of(found, partner)
    facts = FactsReader(found.store).facts(0.0, clock.now())
    try:
        event = events_view.find(id_, facts, viewer)
    except RequestError as error:
        raise RequestError(error.status, f"there is no event {id_[:80]} in the scope of {partner.id}") from error
    known: Tickets = tickets.load(found.store, partner.id)
    return _About(event, Desk(partner.important, filter(viewer.sees, facts.state.events.values()), known).of(event))
