"""The words of the reports, and what they mean there. A report carries those that it uses."""

from __future__ import annotations

from shd_relay.plans import ReportName
from shd_relay.reports.shapes_head import Definition

_SCOPE = Definition(
    "Scope",
    "The products and regions of the partner as its config has them now. The log does not say since when a pair has "
    "been on the watch list: a pair that joined within the period counts as watched from the period's beginning.",
)
_EVENT = Definition(
    "Event",
    "What SHD announced for one product in one region. An event counts in a period that it overlaps. It lasts from the "
    "start to the end that SHD last gave; while it is not over, to what is known; if SHD took it back, until it did; "
    "if it was called off or has not begun, not at all. Its kind is the last one: an event that became an incident "
    "counts as one from its start. Events that turned out to be another one are not counted twice. Events that were "
    "over when they were first seen count, and nobody was told of them. Drills and notices about this relay do not.",
)
_INCIDENT_TIME = Definition(
    "Incident time",
    "The time in which at least one incident of the pair was open, while it was watched. Incidents that overlap are "
    "not added up. Maintenance and notices are no incidents.",
)
_AVAILABILITY = Definition(
    "Availability",
    "1 - incident time / watched time, rounded down to six digits. Of several pairs: by the sums over the pairs. It is "
    "the share of watched time without an incident announced by SHD, neither a measurement of the service nor the "
    "availability of any service level agreement. Where nothing was watched there is none.",
)
_WATCHED = Definition(
    "Watched time",
    "The period, from the first commit of the log to what is known, without blind time.",
)
_BLIND = Definition(
    "Blind time",
    "Time in which nobody can say what SHD said: it gave no answer (blind), over half of the pairs could not be read "
    "(stale), or no poll was finished. It counts neither as available nor as unavailable. A single pair that could not "
    "be read for a while is not in the log, and not here.",
)
_KNOWN = Definition(
    "What is known",
    "The report is made of what was committed up to three days after the period, as what ends on the last day is often "
    "told late. From then on it is final: what is committed later changes nothing in it.",
)
_LATENCY = Definition(
    "Latency",
    "Of the changes committed in the period and in scope that are pushed. From the source: from the start that it gave "
    "of what was opened or started, the end of what was resolved or completed, or its last update; of what it gave no "
    "time for, or one before the log began, that is not known. Observed: when the answer was read. Pushed: when the "
    "topic had accepted the message. Median and 95th percentile are by nearest rank.",
)
_WORST_WEEK = Definition(
    "Worst week",
    "The week, Monday to Sunday in the partner's time zone and as far as it lies in the period, with the lowest "
    "availability; of several the first.",
)
_TICKETS = Definition(
    "Tickets",
    "Those that the partner recorded here, by the time that they were opened with the vendor. Answered in time: the "
    "first response came before it was due. Unanswered: it was due, and none was recorded. The allowance counts "
    "technical tickets from the first day of the plan.",
)
_CRITICAL = Definition(
    "Critical event",
    "An incident of a product that the partner's config calls business-critical, while the rule for ticket severities "
    "suggests Critical: as the event stood, and with as many pairs of the scope hit as then. From the event's start if "
    "the first word of it was critical, else from the commit that made it so. Also an event about which the partner "
    "opened a ticket of severity Critical in the period.",
)
_RESPONSE = Definition(
    "Response",
    "From the opening of a ticket to the vendor's first response, against the target of the ticket's severity.",
)
_NOT_CONTAINED = Definition(
    "Not contained",
    "Nothing in this report is about the partner's own resources: see the list in the report.",
)
_TIME = (_EVENT, _INCIDENT_TIME, _AVAILABILITY, _WATCHED, _BLIND, _KNOWN, _SCOPE)

DEFINITIONS: dict[ReportName, tuple[Definition, ...]] = {
    "service-summary": (*_TIME, _LATENCY, _WORST_WEEK, _TICKETS),
    "critical-support": (_CRITICAL, _RESPONSE, _EVENT, _BLIND, _KNOWN, _SCOPE, _TICKETS),
    "product-usage": (*_TIME, _NOT_CONTAINED),
}

NOT_CONTAINED = (
    "No numbers, names or states of the partner's resources: SHD tells of products and regions, not of accounts.",
    "No consumption, bills or costs.",
    "No utilisation, performance or capacity.",
    "No disturbance that SHD did not announce, and none of a single customer.",
)
"""What a Product Usage Report does not say, though its name may promise it."""
