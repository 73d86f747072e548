"""The summary at the front of each report: plain sentences, made of its figures alone.

They are honest first: what nobody watched is not called quiet, and what is not known is not counted as well.
"""

from __future__ import annotations

from collections.abc import Sequence

from shd_relay.reports import telling_critical
from shd_relay.reports.saying import (
    WHY,
    Saying,
    count,
    days,
    goes,
    listed,
    measured,
    part,
    place,
    share,
    span,
    unknown,
    was,
)
from shd_relay.reports.shapes import CriticalSupport, Head, ProductUsage, Report, ServiceSummary, UnwatchedSpell

NEITHER = "Such time counts neither as available nor as down."


def summary(report: Report, say: Saying) -> list[str]:
    """Two to eight sentences, or pairs of them; each may stand as a paragraph."""
    if isinstance(report, ServiceSummary):
        return _service(report, say)
    if isinstance(report, CriticalSupport):
        return telling_critical.summary(report, say)
    return _usage(report, say)


def unseen(head: Head, watched_seconds: float, blind_seconds: float, say: Saying) -> list[str]:
    """Why nothing can be said of the period, where nothing of it was watched; empty otherwise."""
    if watched_seconds > 0:
        return []
    if head.log_began is None:
        return ["The log of this relay is empty. Nothing is known of this period, and nothing is concluded from that."]
    if head.log_began >= head.period.until:
        began = say.moment(head.log_began)
        text = (
            f"The whole period lies before the log of this relay began ({began}). It did not watch then: what is shown "
            "is what the dashboard said of that time later, and there may have been more."
        )
        return [text]
    if head.known_until <= head.period.since:
        return ["The period has not begun by what is known. There is nothing to report yet."]
    why = "we were blind, or polled nothing" if blind_seconds > 0 else "the log had not begun, or it lies ahead"
    text = (
        f"At no time of this period was the dashboard watched: {why}. Whether anything happened is not known, and no "
        "availability is given."
    )
    return [text]


def _service(report: ServiceSummary, say: Saying) -> list[str]:
    t = report.totals
    blind = unseen(report.head, t.watched_seconds, t.blind_seconds, say)
    said = [*blind, _announced(report)]
    if t.availability is not None:
        lost = (
            f"{count(t.pairs_hit, 'pair')} of {t.pairs:,} {was(t.pairs_hit)} hit."
            if t.pairs_hit
            else "No pair was hit."
        )
        said.append(
            f"Over all watched pairs, {share(t.availability, t.incident_pair_seconds)} of the watched time was without "
            f"an incident. {lost}"
        )
    said += [] if blind else _worst(report, say)
    if not blind:
        said += _not_watched(report.unwatched, t.blind_seconds, t.unwatched_seconds, report.head.period.seconds)
    return [*said, *_pushes(report), *_tickets(report)]


def _announced(report: ServiceSummary) -> str:
    t = report.totals
    scope = f"the {t.pairs:,} watched {'pair' if t.pairs == 1 else 'pairs'} of product and region in scope"
    if not t.events:
        if not t.watched_seconds:
            return f"No event of this time is known for {scope}."
        return f"Nothing happened: the dashboard announced no incident, no maintenance and no notice for {scope}."
    kinds = listed([count(t.incidents, "incident"), count(t.maintenances, "maintenance"), count(t.notices, "notice")])
    beyond = sum(
        row.measure.incidents + row.measure.maintenances + row.measure.notices
        for row in report.by_pair
        if not row.watched
    )
    more = [
        text
        for n, text in (
            (beyond, f"{beyond:,} {was(beyond)} in pairs that are not on the watch list"),
            (t.carried, f"{t.carried:,} had begun before the period"),
            (t.ongoing, f"{t.ongoing:,} {goes(t.ongoing)} on"),
            (t.history, f"{t.history:,} {was(t.history)} over when first seen"),
        )
        if n
    ]
    tail = f" Of these, {listed(more)}." if more else ""
    return f"{count(t.events, 'event')} concerned {scope}: {kinds}.{tail}"


def _worst(report: ServiceSummary, say: Saying) -> list[str]:
    said: list[str] = []
    if report.longest:
        first = report.longest[0]
        much = "goes on, so far" if first.ongoing else "lasted"
        said.append(
            f"The longest incident was in {place(first.product, first.region)}: it began on {say.moment(first.start)} "
            f"and {much} {span(first.seconds)}{' within the period' if first.carried else ''}."
        )
    if (week := report.worst_week) and len(report.by_week) > 1:
        said.append(
            f"The worst week was {days(week.first_day, week.last_day)}: {measured(week.measure)} available, "
            f"{count(week.measure.incidents, 'incident')}, {count(week.measure.pairs_hit, 'pair')} hit."
        )
    return said


def _not_watched(
    unwatched: Sequence[UnwatchedSpell], blind_seconds: float, unwatched_seconds: float, whole: float
) -> list[str]:
    hidden = blind_seconds + unwatched_seconds
    if hidden <= 0:
        return ["The dashboard was watched during the whole period."]
    whys = listed([WHY[why] for why in dict.fromkeys(spell.why for spell in unwatched)])
    return [f"For {span(hidden)} ({part(hidden, whole)} of the period) nobody watched: {whys}. {NEITHER}"]


def _pushes(report: ServiceSummary) -> list[str]:
    step = next((step for step in report.latency if step.step == "committed_to_pushed"), None)
    if step is None or not report.totals.pushed:
        return []
    if not step.count:
        return [f"{count(report.totals.pushed, 'change')} pushed; when is not recorded."]
    text = (
        f"{count(report.totals.pushed, 'change')} {was(report.totals.pushed)} pushed: half of them within "
        f"{span(step.median_seconds)} of being committed, 95 % within {span(step.p95_seconds)}, the slowest after "
        f"{span(step.max_seconds)}.{unknown(step.unknown)}"
    )
    return [text]


def _tickets(report: ServiceSummary) -> list[str]:
    t = report.tickets
    if not t.opened:
        return ["No ticket was recorded in this period."]
    parts = [
        text
        for n, text in (
            (t.in_time, f"{t.in_time:,} answered within the target"),
            (t.late, f"{t.late:,} answered late"),
            (t.unanswered, f"{t.unanswered:,} due and without a recorded answer"),
            (t.waiting, f"{t.waiting:,} not due yet"),
        )
        if n
    ]
    beyond = sum(line.over_allowance for line in t.tickets)
    over = f" {beyond:,} came after the allowance was used up." if beyond else ""
    return [f"{count(t.opened, 'ticket')} {was(t.opened)} opened: {listed(parts)}.{over}"]


def _usage(report: ProductUsage, say: Saying) -> list[str]:
    t = report.totals
    blind = unseen(report.head, t.watched_seconds, t.blind_seconds, say)
    hit = [row for row in report.rows if row.measure.incidents]
    said = [*blind]
    if not t.pairs:
        said.append("No pair of product and region is watched for this partner.")
    elif not blind:
        pairs = f"{count(t.pairs, 'watched pair')} of product and region"
        all_ = "the" if t.pairs == 1 else "all"
        quiet = (
            f"Of {pairs}, {t.quiet:,} had no event of any kind" if t.quiet else f"Something happened to {all_} {pairs}"
        )
        said.append(f"{quiet}; {t.pairs_hit:,} {was(t.pairs_hit)} hit by an incident.")
    if t.incidents or t.maintenances or t.notices:
        kinds = [count(t.incidents, "incident"), count(t.maintenances, "maintenance"), count(t.notices, "notice")]
        said.append(f"What happened: {listed(kinds)}.")
    elif not blind:
        said.append("The dashboard announced nothing for what this partner uses.")
    if hit:
        worst = max(hit, key=lambda row: row.measure.incident_seconds)
        said.append(
            f"Hit the longest was {place(worst.product, worst.region)}: {span(worst.measure.incident_seconds)} with an "
            f"incident, {measured(worst.measure)} available."
        )
    if not blind:
        said += _not_watched(report.unwatched, t.blind_seconds, t.unwatched_seconds, report.head.period.seconds)
    return said
