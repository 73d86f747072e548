"""The desk of whoever asks: what each event means under the partner's support plan."""

from __future__ import annotations

from shd_relay.support import Desk
from shd_relay.web.ask import Ask
from shd_relay.web.facts import Facts


def desk(ask: Ask, facts: Facts) -> Desk | None:
    """Tells of the events of the partner's scope; None for the public, which has no plan. It looks at all events there
    are: one for an answer. Reads the partner's tickets."""
    partner = ask.viewer.partner
    if partner is None:
        return None
    # What the desk counts by, before the scope is asked, which costs more.
    hitting = (event for event in facts.state.events.values() if event.state == "open" and event.kind == "incident")
    return Desk(partner.important, filter(ask.viewer.sees, hitting), ask.tickets())
