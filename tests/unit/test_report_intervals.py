"""Spans of time against a grid of whole numbers, and what is measured with them against a grid of minutes."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shd_relay.model import Pair
from shd_relay.reports import intervals
from shd_relay.reports.critical_watch import OpenPairs
from shd_relay.reports.intervals import Spans
from shd_relay.ticket_severity import Hits
from tests.report_log import ECS, MARCH, PAIRS, Log, event

SPANS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=8)
MINUTE = timedelta(minutes=1)


def grid(spans: Spans) -> set[int]:
    return {n for since, until in spans for n in range(since, until)}


def is_clean(spans: Spans) -> bool:
    return all(since < until for since, until in spans) and all(a[1] < b[0] for a, b in itertools.pairwise(spans))


@given(SPANS, SPANS)
def test_the_algebra_of_spans_is_that_of_sets(some: Spans, others: Spans) -> None:
    one, two = intervals.union(some), intervals.union(others)
    for made, expected in (
        (one, grid(some)),
        (intervals.common(one, two), grid(some) & grid(others)),
        (intervals.without(one, two), grid(some) - grid(others)),
    ):
        assert is_clean(made)
        assert grid(made) == expected
        assert intervals.length(made) == len(expected)


@given(SPANS, st.integers(-3, 45))
def test_the_clock_of_a_list_stands_still_outside_of_it(some: Spans, moment: int) -> None:
    assert intervals.before(intervals.union(some))(moment) == sum(n < moment for n in grid(some))


@given(SPANS, st.sets(st.integers(1, 39), max_size=6))
def test_what_is_shared_out_between_edges_is_all_of_it(some: Spans, inner: set[int]) -> None:
    edges = [0, *sorted(inner), 40]
    shares = intervals.shared_out(intervals.union(some), edges)
    assert shares == [sum(n in grid(some) for n in range(a, b)) for a, b in itertools.pairwise(edges)]


PAIRS_OF_ALL = [(product, region) for product in "abc" for region in "xyz"]


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(PAIRS_OF_ALL), st.booleans()), max_size=25))
def test_pairs_that_are_hit_are_counted_change_by_change_as_from_anew(steps: list[tuple[int, Any, bool]]) -> None:
    """Six events: each is of the pair of its first step, and opens and ends."""
    kept, pairs, open_ = OpenPairs(), dict[int, tuple[str, str]](), set[int]()
    for id_, drawn, opens in steps:
        pair = pairs.setdefault(id_, drawn)
        if opens and id_ not in open_:
            kept.add(pair, 1)
            open_.add(id_)
        elif not opens and id_ in open_:
            kept.add(pair, -1)
            open_.remove(id_)
        anew = Hits([event(str(n), Pair(*pairs[n])) for n in open_])
        assert [kept.near(each) for each in PAIRS_OF_ALL] == [anew.near(event("", Pair(*p))) for p in PAIRS_OF_ALL]


HAPPENED = st.tuples(
    st.integers(0, 1), st.integers(-200, 3000), st.integers(0, 1500), st.sampled_from(("incident", "notice"))
)
BLIND = st.lists(st.tuples(st.integers(0, 2900), st.integers(1, 400)), max_size=4)


@settings(max_examples=60)
@given(st.lists(HAPPENED, max_size=6), BLIND)
def test_availability_is_that_of_a_grid_of_minutes(events: list[tuple[int, int, int, Any]], blind: Any) -> None:
    """Two pairs, two days. The order of commits is put right, as commit times never go back."""
    log = Log()
    steps: list[tuple[datetime, int, Any]] = []
    for n, (which, start, lasts, kind) in enumerate(events):
        begun, end = MARCH + start * MINUTE, MARCH + (start + lasts) * MINUTE
        told = event(f"e{n}", PAIRS[which], start=begun, end=end, state="resolved", kind=kind)
        steps.append((max(end, MARCH - timedelta(days=1)), n, told))
    steps += [(MARCH + (since + lasts) * MINUTE, -1, (since, since + lasts)) for since, lasts in blind]
    for moment, _, what in sorted(steps, key=lambda step: step[:2]):
        if isinstance(what, tuple):
            log.gap(MARCH + what[0] * MINUTE, MARCH + what[1] * MINUTE)
        else:
            log.tell("resolved", what, moment)
    two_days = range(2 * 24 * 60)
    unseen = {n for since, lasts in blind for n in range(since, since + lasts)}
    watched = [n for n in two_days if n not in unseen]
    down = {(p, n) for p, start, lasts, kind in events if kind == "incident" for n in range(start, start + lasts)}
    report = log.summary("2024-03-01", "2024-03-02")
    expected = sum((pair, n) in down for pair in (0, 1) for n in watched)
    assert report.totals.watched_seconds == 60 * len(watched)
    assert report.totals.blind_seconds == 60 * len(unseen & set(two_days))
    assert report.totals.incident_pair_seconds == 60 * expected
    union = {n for _, n in down}
    assert report.totals.incident_union_seconds == 60 * sum(n in union for n in watched)
    share = 1 - expected / (2 * len(watched))
    assert share - 1e-6 < (report.totals.availability or 0) <= share + 1e-12
    for day, row in enumerate(report.by_day):
        seen = [n for n in watched if n // 1440 == day]
        assert row.measure.incident_seconds == 60 * sum((pair, n) in down for pair in (0, 1) for n in seen)
        assert row.watched_seconds + row.blind_seconds + row.unwatched_seconds == 86_400
    assert sum(row.measure.incident_seconds for row in report.by_week) == report.totals.incident_pair_seconds
    assert sum(row.measure.incidents for row in report.by_pair) == report.totals.incidents
    assert report.by_pair[0].measure.pairs == 1
    assert report.by_pair[0].product.id == ECS.product
