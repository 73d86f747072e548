"""The head of a report: for whom, of when, from what, and the digest of it all."""

from __future__ import annotations

import hashlib

import msgspec

from shd_relay import plans
from shd_relay.config_partners import Partner
from shd_relay.plans import PLANS, REPORTS
from shd_relay.reports.definitions import DEFINITIONS
from shd_relay.reports.question import Found, Question
from shd_relay.reports.shapes_head import FORMAT, Head, Holder, Scope
from shd_relay.ticket_severity import RULE


def head_of(asked: Question, found: Found) -> Head:
    made = Head(
        report=asked.name,
        title=REPORTS[asked.name],
        format=FORMAT,
        partner=_holder(asked.partner),
        period=asked.period,
        time_zone=asked.partner.time_zone,
        scope=Scope(products=asked.partner.products, regions=asked.partner.regions, pairs=asked.reach.pairs),
        known_until=found.known_until,
        settles_at=asked.settles_at,
        final=found.known_until >= asked.settles_at,
        log_began=found.fold.began,
        rule=RULE,
        logs=found.logs,
        digest="",
        definitions=DEFINITIONS[asked.name],
    )
    return msgspec.structs.replace(made, digest=_digest(made, asked, found))


def _holder(partner: Partner) -> Holder:
    return Holder(
        id=partner.id,
        name=partner.name,
        plan=partner.plan,
        plan_name=PLANS[partner.plan].name,
        valid_from=partner.valid_from,
        valid_until=partner.valid_until,
        ticket_packages=partner.ticket_packages,
        allowance=plans.allowance(partner.plan, partner.ticket_packages),
    )


def _digest(head: Head, asked: Question, found: Found) -> str:
    """Of the head, what the partner calls important, the pairs with their names, what the period began with, and the
    tickets that are due."""
    important = asked.partner.important
    tickets = found.tickets.tickets.values() if found.tickets else ()
    lists = [important.business_critical, important.production, important.key]
    parts = (
        head,
        [None if ids is None else sorted(ids) for ids in lists],
        list(asked.reach.cells.values()),
        found.carried,
        sorted(ticket.id for ticket in tickets if ticket.due <= found.asked_until),
    )
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()
