"""`/v1/me` and `/v1/plans`: who asks, what its support plan is, and which plans there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from shd_relay import plans as support
from shd_relay.errors import RequestError
from shd_relay.ticket_severity import Important
from shd_relay.web import standing
from shd_relay.web.ask import Ask, View
from shd_relay.web.auth import CHALLENGE
from shd_relay.web.standing import Counts

if TYPE_CHECKING:
    from shd_relay.config import Partner

Json = dict[str, Any]
_HOURS = "7x24"


def me(ask: Ask) -> View:
    """The partner as its config has it, and how it stands with its plan. `products` and `regions` null: all of the
    watch list. Nothing in it changes within a day of UTC+8 unless the tickets do."""
    partner = ask.viewer.partner
    if partner is None:
        raise RequestError(401, "a token is needed: it says who asks", headers=[CHALLENGE])
    counts = standing.counts(partner, ask.tickets())
    body = {
        "id": partner.id,
        "name": partner.name,
        "plan": {"id": partner.plan, "name": support.PLANS[partner.plan].name},
        "valid_from": partner.valid_from,
        "valid_until": partner.valid_until,
        "working_days_left": support.working_days_left(partner.valid_until, ask.now),
        "ticket_packages": partner.ticket_packages,
        "tickets": counts and _tickets(counts, partner),
        "warnings": [warned._asdict() for warned in standing.warnings(partner, counts, ask.now)],
        "reports": _reports(support.PLANS[partner.plan].reports),
        "scopes": sorted(ask.viewer.scopes),
        "products": partner.products,
        "regions": partner.regions,
        "pairs": len(ask.viewer.pairs),
        "importance": _importance(partner.important),
        "time_zone": partner.time_zone,
    }
    return View(body=msgspec.json.encode(body))


def plans(_ask: Ask) -> View:
    """The support plans, from the least to the most, and what holds for all of them."""
    body = {
        "source": support.SOURCE,
        "doubts": support.DOUBTS,
        "plans": [_plan(id_, plan) for id_, plan in support.PLANS.items()],
        "ticket_package": {"technical_tickets": support.PACKAGE_TICKETS},
        "apply_working_days": support.APPLY_WORKING_DAYS,
        "response_targets": [_target(id_, target) for id_, target in support.TARGETS.items()],
        "reports": _reports(tuple(support.REPORTS)),
    }
    return View(body=msgspec.json.encode(body))


def _plan(id_: str, plan: support.SupportPlan) -> Json:
    return {
        "id": id_,
        "name": plan.name,
        "technical_tickets": {"allowance": plan.technical_tickets, "hours": _HOURS},
        "consulting_tickets": {"allowance": None, "hours": _HOURS},
        "services": plan.services,
        "reports": plan.reports,
    }


def _target(id_: str, target: support.ResponseTarget) -> Json:
    seconds = int(target.within.total_seconds())
    return {
        "number": target.number, "id": id_, "name": target.name, "when": target.when,
        "first_response_seconds": seconds,
    }  # fmt: skip


def _reports(names: tuple[support.ReportName, ...]) -> list[Json]:
    return [{"name": name, "title": support.REPORTS[name]} for name in names]


def _tickets(counts: Counts, partner: Partner) -> Json:
    allowance = {"allowance": counts.allowance, "used": counts.used, "left": counts.left, "over": counts.over}
    return {
        "from": partner.valid_from,
        "until": partner.valid_until,
        "technical": allowance,
        "consulting": {"used": counts.consulting},
        "responses": {"in_time": counts.in_time, "late": counts.late},
        "open": counts.open,
        "awaiting_response": len(counts.awaiting),
    }


def _importance(important: Important) -> Json:
    """The lists of the config, by id; null: all products that stand in no other list."""
    lists = {name: getattr(important, name) for name in ("business_critical", "production", "key")}
    return {name: None if ids is None else sorted(ids) for name, ids in lists.items()}
