"""The summary at the front of the Critical Support Summary."""

from __future__ import annotations

from collections.abc import Sequence

from shd_relay.reports.saying import WHY, Saying, count, goes, listed, part, place, span, unknown, was
from shd_relay.reports.shapes import CriticalSupport, UnwatchedSpell


def summary(report: CriticalSupport, say: Saying) -> list[str]:
    t = report.totals
    said: list[str] = []
    if report.business_critical is not None and not report.business_critical:
        said.append(
            "No product of this partner is named business-critical in its config, so the rule suggests Critical for no "
            "event. Only events with a ticket of severity Critical can stand here."
        )
    if not t.events:
        said.append(
            "No event was critical in this period, as far as it was watched."
            if report.unwatched
            else "No event was critical in this period."
        )
    else:
        said += _critical_events(report, say)
    if report.unwatched:
        hidden = _covered(report.unwatched)
        whys = listed([WHY[why] for why in dict.fromkeys(spell.why for spell in report.unwatched)])
        seconds = report.head.period.seconds
        said.append(
            f"For {span(hidden)} ({part(hidden, seconds)} of the period) nobody watched: {whys}. "
            "What was critical then is not known."
        )
    return said


def _critical_events(report: CriticalSupport, say: Saying) -> list[str]:
    t = report.totals
    first = max(report.events, key=lambda e: e.event.seconds)
    ongoing = f" {t.ongoing:,} {goes(t.ongoing)} on." if t.ongoing else ""
    many = (
        f"{count(t.events, 'event')} {was(t.events)} critical, in {count(t.pairs_hit, 'pair')} of product and region: "
        f"{t.by_rule:,} by the rule, {t.by_ticket:,} by a ticket.{ongoing}"
    )
    longest = (
        f"The longest was in {place(first.event.product, first.event.region)}, from {say.moment(first.event.start)}: "
        f"{span(t.longest_seconds)} within the period."
    )
    said = [many, longest]
    if t.median_push_seconds is not None:
        missing = sum(push.seconds is None for each in report.events for push in each.pushes)
        said.append(
            f"{count(t.pushes, 'change')} of these events {was(t.pushes)} pushed, half "
            f"of them within {span(t.median_push_seconds)} of being committed, the slowest after "
            f"{span(t.max_push_seconds)}.{unknown(missing)}"
        )
    if t.tickets:
        late = f", {t.late:,} late" if t.late else ""
        unanswered = f", {t.unanswered:,} without a recorded answer" if t.unanswered else ""
        waiting = f", {t.waiting:,} not due yet" if t.waiting else ""
        said.append(
            f"{count(t.tickets, 'Critical ticket')} opened: {t.in_time:,} answered within 15 minutes"
            f"{late}{unanswered}{waiting}."
        )
    if t.without_ticket:
        said.append(f"For {count(t.without_ticket, 'event')} no ticket is recorded.")
    return said


def _covered(spells: Sequence[UnwatchedSpell]) -> float:
    """Seconds in any of the spells, which may overlap."""
    total, until = 0.0, None
    for spell in sorted(spells, key=lambda s: s.since):
        since = spell.since if until is None else max(spell.since, until)
        if spell.until > since:
            total += (spell.until - since).total_seconds()
            until = spell.until
    return total
