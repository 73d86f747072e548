"""The charts of the reports: which figure becomes which drawing. The geometry is charts.py's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from shd_relay.reports import charts, charts_small
from shd_relay.reports.charts import Bucket, Drawing, Span, Tick, Track
from shd_relay.reports.saying import Saying, days, measured, month, part, place, span
from shd_relay.reports.shapes import (
    CriticalEvent,
    EventRow,
    Head,
    LatencyStep,
    Period,
    ServiceSummary,
    SpanRow,
    TicketLine,
    UnwatchedSpell,
    UsageRow,
)

_BY_DAY_UP_TO = 35


def availability(report: ServiceSummary) -> Drawing:
    daily = len(report.by_day) <= _BY_DAY_UP_TO
    rows = report.by_day if daily else report.by_week
    unit = "day" if daily else "week"
    about = f"One column for each {unit}; time with an incident hangs from the line of 100 %."
    buckets = [_bucket(row, daily) for row in rows]
    return charts.availability(f"Availability by {unit}", about, buckets)


def _bucket(row: SpanRow, daily: bool) -> Bucket:
    whole = max(1.0, (row.until - row.since).total_seconds())
    label = f"{row.first_day.day} {month(row.first_day)}"
    measure = row.measure
    lost = measure.incident_seconds / measure.watched_seconds if measure.watched_seconds else None
    said = f"{days(row.first_day, row.last_day)}: {measured(measure)}" if not daily else f"{label}: {measured(measure)}"
    if row.blind_seconds:
        said += f", {part(row.blind_seconds, whole)} not watched"
    return Bucket(label, lost, row.blind_seconds / whole, row.unwatched_seconds / whole, said)


def longest(report: ServiceSummary, say: Saying) -> Drawing:
    about = "One row for each of the longest incidents, from its beginning to its end within the period."
    tracks = [_track(row) for row in report.longest]
    if report.unwatched:
        tracks.append(Track("Nobody watched", "", tuple(unwatched(report.unwatched))))
    period = report.head.period
    return charts.timeline(
        "When the longest incidents were", about, tracks, ticks(period.since, period.until, say), _within(period)
    )


def _track(row: EventRow) -> Track:
    return Track(
        f"{row.product.en}, {row.region.id}", span(row.seconds), (Span(row.start, row.end, row.kind, row.title),)
    )


def _within(period: Period) -> Span:
    return Span(period.since, period.until, "")


def unwatched(spells: Iterable[UnwatchedSpell]) -> list[Span]:
    nothing = {"before_log", "not_yet"}
    return [Span(s.since, s.until, "nodata" if s.why in nothing else "unwatched") for s in spells]


def base_strip(period: Period, spells: Sequence[UnwatchedSpell]) -> Drawing:
    """What the strips of all pairs share: the line, and when nobody watched."""
    return charts_small.strip("", unwatched(spells), _within(period))


def pair_strip(row: UsageRow, period: Period) -> Drawing:
    title = f"{place(row.product, row.region)}: {len(row.events)} events over the period"
    kinds = ("notice", "maintenance", "incident")  # the worst is drawn last
    spans = [Span(e.start, e.end, e.kind) for kind in kinds for e in row.events if e.kind == kind and e.seconds > 0]
    drawn = charts_small.strip(title, spans, _within(period))
    return drawn._replace(boxes=drawn.boxes[1:])


def pushes(step: LatencyStep) -> Drawing:
    bars: list[tuple[str, int]] = []
    edges: list[float] = []
    for bucket in step.buckets:
        label = f"≤ {span(bucket.up_to)}" if bucket.up_to is not None else f"> {span(edges[-1] if edges else 0)}"
        bars.append((label, bucket.count))
        edges.append(bucket.up_to if bucket.up_to is not None else float("inf"))
    marks = [
        (f"{name} {span(value)}", _place(value, edges))
        for name, value in (("median", step.median_seconds), ("p95", step.p95_seconds))
        if value is not None
    ]
    return charts.histogram(
        "How long it took", "How many changes took how long, longer than the bar before.", bars, marks
    )


def _place(value: float, edges: Sequence[float]) -> float:
    """Where the value stands among bars that end at the edges."""
    n = next((n for n, edge in enumerate(edges) if value <= edge), len(edges) - 1)
    low = edges[n - 1] if n else 0.0
    high = edges[n]
    return n + (0.5 if high == float("inf") else (value - low) / (high - low) if high > low else 0.0)


def answer(ticket: TicketLine) -> Drawing:
    took = None if ticket.response_seconds is None else timedelta(seconds=ticket.response_seconds)
    said = "no answer recorded" if took is None else f"answered after {span(ticket.response_seconds)}"
    return charts_small.against(
        f"{said}, target {span(ticket.target_seconds)}", took, timedelta(seconds=ticket.target_seconds)
    )


def critical(of: CriticalEvent, say: Saying, known_until: datetime) -> Drawing:
    """The event, when it was critical, the pushes and its tickets on one common time."""
    event = of.event
    moments = [m.at for m in of.timeline if m.what != "due"]
    since = min([event.start, *moments])
    until = max([event.end or known_until, *moments, since + timedelta(minutes=1)])
    tracks = [
        Track("The event, as the source says", span(event.whole_seconds) if event.end else "goes on",
              (Span(event.start, event.end, event.kind),)),
        Track("Critical by the rule", span(of.critical_seconds) if of.spells else "never",
              tuple(Span(s.since, s.until, "critical") for s in of.spells)),
        Track("Pushed", f"{len(of.pushes)}",
              tuple(Span(p.pushed_at, p.pushed_at, "push") for p in of.pushes if p.pushed_at)),
    ]  # fmt: skip
    for ticket in of.tickets:
        ends = ticket.responded_at or ticket.closed_at or until
        spans = [Span(ticket.opened_at, ends, "late" if ticket.result in {"late", "unanswered"} else "intime")]
        if ticket.closed_at and ticket.responded_at:
            spans.append(Span(ticket.responded_at, ticket.closed_at, "handled"))
        note = span(ticket.response_seconds) if ticket.response_seconds is not None else "no answer"
        note += ", late" if ticket.result == "late" else ""
        tracks.append(Track(f"Ticket {ticket.id}", note, tuple(spans)))
    about = "The event, when it was critical, when its changes were pushed, and its tickets, on a common time."
    return charts.timeline("When what happened", about, tracks, ticks(since, until, say), Span(since, until, ""))


def criticals(of: Sequence[CriticalEvent], head: Head, spells: Sequence[UnwatchedSpell], say: Saying) -> Drawing:
    """All of them on one time, which spans what happened and not the period: most are hours in it."""
    since = min(max(each.event.start, head.period.since) for each in of)
    until = max(min(each.event.end or head.known_until, head.period.until) for each in of)
    until = max(until, since + timedelta(minutes=1))
    tracks = [_critical_track(each) for each in of]
    hidden = [s for s in unwatched(spells) if s.since < until and (s.until or until) > since]
    if hidden:
        tracks.append(Track("Nobody watched", "", tuple(hidden)))
    about = "The events that are told below, on a time from the beginning of the first to the end of the last."
    return charts.timeline("The critical events", about, tracks, ticks(since, until, say), Span(since, until, ""))


def _critical_track(of: CriticalEvent) -> Track:
    event = of.event
    spans = (Span(event.start, event.end, event.kind), *(Span(s.since, s.until, "critical") for s in of.spells))
    return Track(f"{event.product.en}, {event.region.id}", span(event.seconds), spans)


def ticks(since: datetime, until: datetime, say: Saying) -> list[Tick]:
    """Six to fifteen marks on round times of the partner's zone."""
    lasting = until - since
    if lasting > timedelta(days=62):
        return _months(since, until, say)
    if lasting > timedelta(days=2):
        every = 7 if lasting > timedelta(days=14) else 1
        return _days(since, until, say, every)
    return _hours(since, until, say)


def _months(since: datetime, until: datetime, say: Saying) -> list[Tick]:
    first = say.local(since).date().replace(day=1)
    found: list[Tick] = []
    months = (until - since).days // 30
    every = 1 if months <= 15 else 3 if months <= 45 else 12
    while (at := say.midnight(first)) < until:
        if at >= since and (first.month - 1) % every == 0:
            found.append(Tick(at, f"{month(first)} {first.year}" if every > 1 else month(first)))
        first = (first + timedelta(days=32)).replace(day=1)
    return found


def _days(since: datetime, until: datetime, say: Saying, every: int) -> list[Tick]:
    of = say.local(since).date()
    if every == 7:
        of -= timedelta(days=of.weekday())
    found: list[Tick] = []
    while (at := say.midnight(of)) < until:
        if at >= since:
            found.append(Tick(at, f"{of.day} {month(of)}"))
        of += timedelta(days=every)
    return found


def _hours(since: datetime, until: datetime, say: Saying) -> list[Tick]:
    minutes = (until - since).total_seconds() / 60
    step = next((s for s in (1, 2, 5, 10, 30, 60, 120, 180, 360) if minutes / s <= 8), 720)
    local = say.local(since)
    begin = local.replace(hour=0, minute=0, second=0, microsecond=0)
    found: list[Tick] = []
    n = 0
    while (at := say.midnight(begin.date()) + timedelta(minutes=n * step)) < until:
        if at >= since:
            shown = say.local(at)
            whole = not found or (shown.hour, shown.minute) == (0, 0)
            found.append(Tick(at, (f"{shown.day} {month(shown.date())} " if whole else "") + f"{shown:%H:%M}"))
        n += 1
    return found
