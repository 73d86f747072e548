"""`/v1/me` and `/v1/plans`: who asks, what its support plan is, and which plans there are."""

from __future__ import annotations

import msgspec

from shd_relay import plans as support
from shd_relay.errors import RequestError
from shd_relay.web.ask import Ask, View
from shd_relay.web.auth import CHALLENGE


def me(ask: Ask) -> View:
    """The partner as its config has it. `products` and `regions` null: all of the watch list."""
    partner = ask.viewer.partner
    if partner is None:
        raise RequestError(401, "a token is needed: it says who asks", headers=[CHALLENGE])
    body = {
        "id": partner.id,
        "name": partner.name,
        "plan": {"id": partner.plan, "name": support.PLANS[partner.plan].name},
        "valid_from": partner.valid_from,
        "valid_until": partner.valid_until,
        "ticket_packages": partner.ticket_packages,
        "scopes": sorted(ask.viewer.scopes),
        "products": partner.products,
        "regions": partner.regions,
        "pairs": len(ask.viewer.pairs),
    }
    return View(body=msgspec.json.encode(body))


def plans(_ask: Ask) -> View:
    """The support plans, from the least to the most."""
    body = {"plans": [{"id": id_, "name": plan.name} for id_, plan in support.PLANS.items()]}
    return View(body=msgspec.json.encode(body))
