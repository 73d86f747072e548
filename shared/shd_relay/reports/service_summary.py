"""The Service Summary Report: what happened, how available the products were, how fast we and the vendor were."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from shd_relay.reports import happened, intervals, period, ticket_lines
from shd_relay.reports.board import Board, Ground, availability, is_hit
from shd_relay.reports.happened import Happened
from shd_relay.reports.head import head_of
from shd_relay.reports.latency import at_rank
from shd_relay.reports.question import Found, Question
from shd_relay.reports.shapes_parts import EventRow, Named
from shd_relay.reports.shapes_summary import GroupRow, KindRow, PairRow, ServiceSummary, SpanRow, Totals
from shd_relay.tickets import NO_TICKETS

LONGEST = 10
MOST_MAINTENANCE = 50


def service_summary(asked: Question, found: Found) -> ServiceSummary:
    """Pure."""
    board = board_of(asked, found)
    weeks = board.parts(period.weeks(asked.period, asked.zone))
    upkeep = _of_kind(board.events, "maintenance")
    return ServiceSummary(
        head=head_of(asked, found),
        totals=_totals(board, found),
        by_product=_groups(board, lambda pair: pair.cell.product),
        by_region=_groups(board, lambda pair: pair.cell.region),
        by_kind=tuple(_kind(board, kind) for kind in ("incident", "maintenance", "notice")),
        by_pair=tuple(
            PairRow(
                product=pair.cell.product,
                region=pair.cell.region,
                watched=pair.cell.watched,
                measure=board.measure([pair]),
            )
            for pair in board.pairs
        ),
        by_day=board.parts(period.days(asked.period, asked.zone)),
        by_week=weeks,
        worst_week=_worst(weeks),
        longest=_rows(asked, board, _longest(board)),
        maintenance=_rows(asked, board, upkeep[:MOST_MAINTENANCE]),
        maintenance_omitted=max(0, len(upkeep) - MOST_MAINTENANCE),
        unwatched=board.times.spells,
        latency=found.fold.latency.steps(),
        tickets=ticket_lines.summary(asked.partner, found.tickets or NO_TICKETS, asked.period, found.asked_until),
    )


def board_of(asked: Question, found: Found) -> Board:
    fold = found.fold
    times = happened.times(asked.period, fold.began, found.known_until, fold.spells)
    events = happened.events_of(fold.events.values(), fold.first, asked.period, found.known_until)
    return Board(asked.reach, times, events)


def _totals(board: Board, found: Found) -> Totals:
    events, times = board.events, board.times
    watched = [pair for pair in board.pairs if pair.cell.watched]
    down = sum(intervals.length(pair.down) for pair in watched)
    seen = intervals.length(times.watched)
    return Totals(
        events=len(events),
        incidents=len(_of_kind(events, "incident")),
        maintenances=len(_of_kind(events, "maintenance")),
        notices=len(_of_kind(events, "notice")),
        ongoing=sum(each.event.state == "open" for each in events),
        carried=sum(each.lasted[0] < times.bounds[0] for each in events),
        history=sum(each.event.revision == 0 for each in events),
        withdrawn=_in_state(events, "withdrawn"),
        cancelled=_in_state(events, "cancelled"),
        duplicates=board.duplicates,
        changes=found.fold.changes,
        pushed=found.fold.latency.changes,
        pairs=len(watched),
        pairs_hit=sum(map(is_hit, watched)),
        watched_seconds=intervals.seconds(seen),
        blind_seconds=intervals.seconds(intervals.length(times.blind)),
        unwatched_seconds=intervals.seconds(intervals.length(times.beyond)),
        incident_pair_seconds=intervals.seconds(down),
        incident_union_seconds=intervals.seconds(
            intervals.length(intervals.union(span for pair in watched for span in pair.down))
        ),
        availability=availability(down, len(watched) * seen),
    )


def _groups(board: Board, by: Callable[[Ground], Named]) -> tuple[GroupRow, ...]:
    """By product or region, in the order of the first pair of each."""
    groups: dict[str, list[Ground]] = {}
    for pair in board.pairs:
        groups.setdefault(by(pair).id.casefold(), []).append(pair)
    return tuple(GroupRow(of=by(pairs[0]), measure=board.measure(pairs)) for pairs in groups.values())


def _kind(board: Board, kind: Literal["incident", "maintenance", "notice"]) -> KindRow:
    events = _of_kind(board.events, kind)
    went_on = [each for each in events if each.event.state not in {"scheduled", "cancelled"}]
    lasted = sorted(intervals.seconds(each.span[1] - each.span[0]) for each in went_on)
    return KindRow(
        kind=kind,
        events=len(events),
        ongoing=_in_state(events, "open"),
        withdrawn=_in_state(events, "withdrawn"),
        cancelled=_in_state(events, "cancelled"),
        seconds=round(sum(lasted), 3),
        median_seconds=at_rank(lasted, 0.5),
        longest_seconds=lasted[-1] if lasted else None,
    )


def _worst(weeks: Sequence[SpanRow]) -> SpanRow | None:
    hit = [week for week in weeks if week.measure.availability is not None and week.measure.incident_seconds > 0]
    return min(hit, key=lambda week: week.measure.availability or 0.0, default=None)


def _longest(board: Board) -> list[Happened]:
    incidents = _of_kind(board.events, "incident")
    return sorted(incidents, key=lambda each: (each.span[0] - each.span[1], each.begun, each.event.id))[:LONGEST]


def _rows(asked: Question, board: Board, events: Iterable[Happened]) -> tuple[EventRow, ...]:
    return tuple(board.row(each, asked.reach.cell(each.event.product, each.event.region)) for each in events)


def _of_kind(events: Iterable[Happened], kind: str) -> list[Happened]:
    return [each for each in events if each.event.kind == kind]


def _in_state(events: Iterable[Happened], state: str) -> int:
    return sum(each.event.state == state for each in events)
