"""The schemas of what a support plan is and means: `/v1/me`, `/v1/plans`, and `support` of an event."""

from __future__ import annotations

from typing import get_args

from shd_relay.plans import PLANS, REPORTS, SEVERITIES
from shd_relay.ticket_severity import Cause, Importance
from shd_relay.tickets import TicketKind
from shd_relay.web.openapi_parts import COUNT, DAY, TEXT, Schema, list_of, object_of, of
from shd_relay.web.standing import Code

_PLAN_ID: Schema = {"enum": list(PLANS)}
_SEVERITY: Schema = {"enum": list(SEVERITIES)}
_NUMBER: Schema = {"type": "integer", "minimum": 1, "maximum": len(SEVERITIES)}
_SECONDS: Schema = {"type": "integer", "minimum": 1}
_MAYBE: Schema = {"type": ["integer", "null"], "minimum": 0, "description": "null: as many as needed."}
_IDS: Schema = {"description": "null: all.", "type": ["array", "null"], "items": TEXT}


def schemas() -> Schema:
    """By name."""
    return {**_me(), **_plans(), **_event()}


def _me() -> Schema:
    tickets = object_of(
        {
            "from": DAY, "until": DAY,
            "technical": object_of({
                "allowance": _MAYBE, "used": COUNT, "left": _MAYBE,
                "over": {**COUNT, "description": "How many came after the allowance was used up."},
            }),
            "consulting": object_of({"used": COUNT}),
            "responses": object_of({"in_time": COUNT, "late": COUNT}, "First responses that were recorded."),
            "open": {**COUNT, "description": "Not closed, whenever opened."},
            "awaiting_response": {**COUNT, "description": "Open ones without a first response."},
        },
        "What the partner recorded as opened on these days, in UTC+8.",
    )  # fmt: skip
    importance = object_of(
        dict.fromkeys(("business_critical", "production", "key"), _IDS),
        "The products that the partner's config names; null: all that no other list names.",
    )
    me = object_of(
        {
            "id": TEXT, "name": {"type": "string"}, "plan": object_of({"id": _PLAN_ID, "name": TEXT}),
            "valid_from": DAY, "valid_until": DAY,
            "working_days_left": {**COUNT, "description": "Mondays to Fridays after today (UTC+8)."},
            "ticket_packages": COUNT,
            "tickets": {"description": "null: they cannot be read now.",
                        "anyOf": [of("OwnTickets"), {"type": "null"}]},
            "warnings": list_of(object_of({"code": {"enum": list(get_args(Code))}, "text": TEXT})),
            "reports": list_of(of("ReportName"), "Those that the plan entitles to."),
            "scopes": list_of({"enum": ["feed", "operate", "read"]}),
            "products": _IDS, "regions": _IDS, "pairs": COUNT, "importance": importance,
            "time_zone": {**TEXT, "description": "An IANA name."},
        },
        "Both days are inside, in UTC+8.",
    )  # fmt: skip
    return {"Me": me, "OwnTickets": tickets}


def _plans() -> Schema:
    number = object_of({"allowance": _MAYBE, "hours": TEXT})
    plan = object_of({
        "id": _PLAN_ID, "name": TEXT, "technical_tickets": number, "consulting_tickets": number,
        "services": list_of(TEXT), "reports": list_of({"enum": list(REPORTS)}),
    })  # fmt: skip
    target = object_of(
        {"number": _NUMBER, "id": _SEVERITY, "name": TEXT, "when": TEXT, "first_response_seconds": _SECONDS},
        "The first response comes in less than that.",
    )
    whole = {
        "source": TEXT, "doubts": list_of(TEXT, "Where the source contradicts itself, or is silent: what we took."),
        "plans": list_of(of("Plan")), "ticket_package": object_of({"technical_tickets": COUNT}, "An addition."),
        "apply_working_days": {**COUNT, "description": "How long in advance a plan has to be applied for, at least."},
        "response_targets": list_of(of("ResponseTarget"), "The worst severity first."),
        "reports": list_of(of("ReportName")),
    }  # fmt: skip
    report = object_of({"name": {"enum": list(REPORTS)}, "title": TEXT})
    return {"Plans": object_of(whole), "Plan": plan, "ResponseTarget": target, "ReportName": report}


def _event() -> Schema:
    support = object_of(
        {
            "severity": {**_SEVERITY, "description": "Which one to claim in a ticket: a suggestion."},
            "number": {**_NUMBER, "description": "Of the severity; 1 is the worst."},
            "reason": {**TEXT, "description": "Why, as a sentence."},
            "rule": {**_NUMBER, "maximum": 1_000, "description": "The number of the rule that suggests it."},
            "cause": {"enum": list(get_args(Cause))},
            "importance": {"enum": list(get_args(Importance)), "description": "Of the product, to the partner."},
            "hit": {**COUNT, "description": "Pairs of the scope, of its region or product, with an open incident."},
            "wide": {"type": "boolean", "description": "Whether these are so many that it is one step worse."},
            "response_seconds": {
                **_SECONDS,
                "description": "Within how many seconds the first response is due: by the severity of `ticket`, else "
                "by the one suggested, from whenever a ticket is opened.",
            },
            "due": {
                "description": "When it is due, counted from the opening of `ticket`. null without a ticket: no answer "
                "holds the time of answering, so add `response_seconds` to the time at hand.",
                **of("TimeOrNull"),
            },
            "counted_from": {"enum": ["ticket", "if-opened-now"]},
            "ticket": {"description": "null: the partner recorded none.",
                       "anyOf": [of("EventTicket"), {"type": "null"}]},
        },
        "What the event means under the partner's support plan. Not in public, and never in messages.",
    )  # fmt: skip
    ticket = object_of(
        {
            "id": TEXT, "kind": {"enum": list(get_args(TicketKind))}, "severity": _SEVERITY,
            "opened_at": of("Time"), "responded_at": of("TimeOrNull"), "closed_at": of("TimeOrNull"),
            "due": of("Time"),
            "in_time": {"type": ["boolean", "null"], "description": "null: no response is recorded."},
        },
        "The partner's ticket about the event: one that is open before one that is closed, then the first.",
    )  # fmt: skip
    text = object_of(
        {
            "event": TEXT, "language": {"enum": ["en", "zh"]}, "kind": {"enum": list(get_args(TicketKind))},
            "severity": _SEVERITY, "number": _NUMBER,
            "response_seconds": {**_SECONDS, "description": "From opening the ticket to the first response."},
            "subject": TEXT, "body": TEXT,
        }
    )  # fmt: skip
    return {"Support": support, "EventTicket": ticket, "TicketText": text}
