"""The Product Usage Report: pair by pair, what happened to what the partner uses."""

from __future__ import annotations

from shd_relay.reports import intervals
from shd_relay.reports.board import Board, Ground
from shd_relay.reports.definitions import NOT_CONTAINED
from shd_relay.reports.head import head_of
from shd_relay.reports.question import Found, Question
from shd_relay.reports.service_summary import board_of
from shd_relay.reports.shapes_usage import ProductUsage, UsageRow, UsageTotals


def product_usage(asked: Question, found: Found) -> ProductUsage:
    """Pure."""
    board = board_of(asked, found)
    return ProductUsage(
        head=head_of(asked, found),
        not_contained=NOT_CONTAINED,
        totals=_totals(board),
        rows=tuple(_row(board, pair) for pair in board.pairs),
        unwatched=board.times.spells,
    )


def _totals(board: Board) -> UsageTotals:
    all_ = board.measure(board.pairs)
    times = board.times
    return UsageTotals(
        pairs=all_.pairs,
        quiet=sum(pair.cell.watched and not pair.events for pair in board.pairs),
        pairs_hit=all_.pairs_hit,
        incidents=all_.incidents,
        maintenances=all_.maintenances,
        notices=all_.notices,
        watched_seconds=intervals.seconds(intervals.length(times.watched)),
        blind_seconds=intervals.seconds(intervals.length(times.blind)),
        unwatched_seconds=intervals.seconds(intervals.length(times.beyond)),
        incident_pair_seconds=all_.incident_seconds,
        availability=all_.availability,
    )


def _row(board: Board, pair: Ground) -> UsageRow:
    incidents = [each.span[1] - each.span[0] for each in pair.events if each.event.kind == "incident"]
    return UsageRow(
        product=pair.cell.product,
        region=pair.cell.region,
        watched=pair.cell.watched,
        measure=board.measure([pair]),
        longest_seconds=intervals.seconds(max(incidents)) if incidents else None,
        events=tuple(board.row(each, pair.cell) for each in pair.events),
    )
