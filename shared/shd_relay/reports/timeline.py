"""What happened to one event, in order: the source's words, our changes and pushes, the partner's tickets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shd_relay.reports.critical_watch import Line
from shd_relay.reports.happened import Happened
from shd_relay.reports.shapes_critical import Moment, PushLine
from shd_relay.reports.shapes_parts import TicketLine


def timeline(happened: Happened, lines: Sequence[Line], tickets: Sequence[TicketLine]) -> tuple[Moment, ...]:
    """By time; of one time in the order of cause: source, relay, ticket."""
    moments = [*_source(happened), *_relay(lines), *_tickets(tickets)]
    return tuple(sorted(moments, key=lambda moment: moment.at))


def push_lines(lines: Sequence[Line]) -> tuple[PushLine, ...]:
    return tuple(
        PushLine(
            revision=line.revision, verb=line.verb, observed_at=line.observed, committed_at=line.committed,
            pushed_at=line.pushed,
            seconds=None if line.pushed is None
            else max(0.0, round((line.pushed - line.committed).total_seconds(), 3)),
        )
        for line in lines
        if line.verb != "recorded"
    )  # fmt: skip


def _source(happened: Happened) -> Iterator[Moment]:
    event = happened.event
    if event.start:
        yield Moment(at=event.start, by="source", what="begun", text=event.title)
    for update in event.updates:
        yield Moment(at=update.at, by="source", what="update", text=update.text)
    if event.end and event.over:
        yield Moment(at=event.end, by="source", what="ended")


def _relay(lines: Sequence[Line]) -> Iterator[Moment]:
    for line in lines:
        yield Moment(
            at=line.committed, by="relay", what="change", verb=line.verb, revision=line.revision,
            text=", ".join(line.changed),
        )  # fmt: skip
        if line.pushed:
            yield Moment(at=line.pushed, by="relay", what="pushed", verb=line.verb, revision=line.revision)


def _tickets(tickets: Sequence[TicketLine]) -> Iterator[Moment]:
    for ticket in tickets:
        yield Moment(at=ticket.opened_at, by="ticket", what="opened", ticket=ticket.id, text=ticket.severity)
        yield Moment(at=ticket.due, by="ticket", what="due", ticket=ticket.id)
        if ticket.responded_at:
            yield Moment(at=ticket.responded_at, by="ticket", what="responded", ticket=ticket.id)
        if ticket.closed_at:
            yield Moment(at=ticket.closed_at, by="ticket", what="closed", ticket=ticket.id)
