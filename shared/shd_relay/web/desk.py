"""The desk of whoever asks: what each event means under the partner's support plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shd_relay.support import Desk
from shd_relay.web.ask import Ask
from shd_relay.web.facts import Facts

if TYPE_CHECKING:
    from shd_relay.config import Partner


def desk(ask: Ask, facts: Facts) -> Desk | None:
    """Tells of the events of the partner's scope; None for the public, which has no plan. It looks at all events there
    are: one for an answer. Reads the partner's tickets."""
    partner = ask.viewer.partner
    return None if partner is None else desk_of(partner, ask, facts)


def desk_of(partner: Partner, ask: Ask, facts: Facts) -> Desk:
    """The same, where it is known who asks."""
    # What the desk counts by, before the scope is asked, which costs more.
    hitting = (event for event in facts.state.events.values() if event.state == "open" and event.kind == "incident")
    return Desk(partner.important, filter(ask.viewer.sees, hitting), ask.tickets())
