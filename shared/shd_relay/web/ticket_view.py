"""`/v1/events/{id}/ticket`: the ready text of a ticket about the event, for the partner who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from shd_relay import ticket_text
from shd_relay.errors import RequestError
from shd_relay.model import HealthEvent
from shd_relay.plans import TARGETS
from shd_relay.support import Support
from shd_relay.ticket_text import Language
from shd_relay.web import age, events_view, page_language
from shd_relay.web.ask import Ask, View
from shd_relay.web.auth import CHALLENGE
from shd_relay.web.desk import desk_of
from shd_relay.web.site import Site

if TYPE_CHECKING:
    from shd_relay.config import Partner

Json = dict[str, Any]


def ticket(ask: Ask) -> View:
    """Nothing of it depends on the time of answering. Raises RequestError: 401 for the public, which has no plan; 404
    for an event that is unknown or out of scope, and for what no ticket is about."""
    partner = ask.viewer.partner
    if partner is None:
        raise RequestError(401, "a token is needed: it says whose ticket it is", headers=[CHALLENGE])
    facts = ask.look()
    event = events_view.find(ask.params["id"], facts, ask.viewer)
    support = desk_of(partner, ask, facts).of(event)
    language: Language = "zh" if page_language.chosen(ask) == "zh" else "en"
    return View(
        body=msgspec.json.encode(text_view(event, support, partner, language, ask.site)),
        headers=age.headers(ask, facts),
        as_of=age.as_of(facts, ask.viewer.pairs),
        vary="Accept-Language",
    )


def text_view(event: HealthEvent, support: Support, partner: Partner, language: Language, site: Site) -> Json:
    """The text and what it claims. Raises RequestError (404) for what no ticket is about."""
    if support.suggestion.cause in {"feed", "drill"}:
        raise RequestError(404, "no ticket is needed about a drill, or about the relay itself")
    text = ticket_text.compose(
        event, support, partner_name=partner.name, time_zone=partner.time_zone, language=language,
        public_url=site.public_url, no_region=site.global_region,
    )  # fmt: skip
    return {
        "event": event.id,
        "language": language,
        "kind": text.kind,
        "severity": text.severity,
        "number": TARGETS[text.severity].number,
        "response_seconds": int(text.within.total_seconds()),
        "subject": text.subject,
        "body": text.body,
    }
