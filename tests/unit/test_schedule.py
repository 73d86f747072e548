"""Which pairs ListEvents is asked for: hot ones each time, and nobody is starved."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shd_relay import schedule
from shd_relay.model import IN_PROGRESS, LIST_EVENTS, HealthEvent, Pair
from shd_relay.records import PairWork, Refused
from shd_relay.schedule import Known
from tests.world import minutes

MINUTE = timedelta(minutes=1)
PAIRS = tuple(Pair(f"p{n % 20}", f"r{n // 20}") for n in range(400))


def living(pair: Pair, at: float = -10_000) -> HealthEvent:
    return HealthEvent(
        id=str(pair), revision=1, kind="incident", product=pair.product, region=pair.region, title="t", state="open",
        since=minutes(at), changed_at=minutes(at),
    )  # fmt: skip


def read_at(moments: Mapping[Pair, datetime]) -> dict[str, PairWork]:
    return {
        schedule.key(LIST_EVENTS, pair): PairWork(last_good=at, last_answer=at, last_tried=at)
        for pair, at in moments.items()
    }


def waits(
    pairs: Sequence[Pair], hot: Collection[Pair], capacity: int, *, listed: bool, bound: float, polls: int
) -> dict[Pair, timedelta]:
    """The longest time between two reads of each pair, where every poll reads so many of those that it wants."""
    events = {pair: [living(pair)] for pair in hot}
    last = dict.fromkeys(pairs, minutes(0))
    longest = dict.fromkeys(pairs, timedelta())
    for minute in range(1, polls + 1):
        known = Known(events, read_at(last), listed=dict.fromkeys(pairs, False) if listed else None)
        wanted = schedule.requests(pairs, known, minutes(minute), bound_seconds=bound)
        for request in wanted[:capacity]:
            longest[request.pair] = max(longest[request.pair], minutes(minute) - last[request.pair])
            last[request.pair] = minutes(minute)
    return {pair: max(longest[pair], minutes(polls) - last[pair]) for pair in pairs}


@pytest.mark.parametrize("hot", [0, 50, 200])
@pytest.mark.parametrize("capacity", [40, 180])
def test_without_the_list_every_pair_is_read_within_its_bound_however_many_are_hot(hot: int, capacity: int) -> None:
    bound = schedule.stale_after(len(PAIRS), rate=capacity / 36, budget_seconds=36, interval_seconds=60)
    waited = waits(PAIRS, PAIRS[:hot], capacity, listed=False, bound=bound, polls=80)
    assert max(waited.values()) <= timedelta(seconds=bound)


def test_with_the_list_hot_pairs_are_read_each_time_and_all_others_within_the_rotation() -> None:
    pairs = tuple(Pair(f"p{n % 42}", f"r{n // 42}") for n in range(1470))
    waited = waits(pairs, pairs[:30], 10_000, listed=True, bound=180, polls=60)
    assert {waited[pair] for pair in pairs[:30]} == {MINUTE}
    assert max(waited.values()) <= schedule.ROTATION + MINUTE


def test_with_the_list_and_more_hot_pairs_than_the_rate_allows_nobody_is_starved() -> None:
    waited = waits(PAIRS, PAIRS[:200], 60, listed=True, bound=180, polls=150)
    assert max(waited.values()) <= 2 * schedule.ROTATION


def test_a_short_watch_list_is_read_whole_each_time() -> None:
    waited = waits(PAIRS[: schedule.LEAST_REST], (), 1000, listed=True, bound=180, polls=5)
    assert set(waited.values()) == {MINUTE}


def test_a_pair_that_was_never_read_is_wanted_at_once() -> None:
    known = Known({}, read_at(dict.fromkeys(PAIRS[:-1], minutes(-1))), listed=dict.fromkeys(PAIRS, False))
    assert schedule.requests(PAIRS, known, minutes(0), bound_seconds=180)[0].pair == PAIRS[-1]


@given(st.integers(0, len(PAIRS) - 1), st.booleans(), st.booleans())
def test_a_pair_is_hot_when_something_goes_on_there_or_the_list_names_it(at: int, alive: bool, named: bool) -> None:
    pair = PAIRS[at]
    tried = {each: minutes(-1 - n % 7) for n, each in enumerate(PAIRS)} | {pair: minutes(-0.5)}
    known = Known(
        {pair: [living(pair)]} if alive else {}, read_at(tried), listed=dict.fromkeys(PAIRS, False) | {pair: named}
    )
    wanted = [request.pair for request in schedule.requests(PAIRS, known, minutes(0), bound_seconds=180)]
    assert (pair in wanted) == (alive or named)
    assert len(wanted) == schedule.LEAST_REST + (alive or named)


def test_a_change_makes_the_products_other_regions_hot_for_ten_minutes() -> None:
    read = read_at(dict.fromkeys(PAIRS, minutes(-1)))
    events = {PAIRS[0]: [living(PAIRS[0], at=0)]}
    for minute, hot in ((9, 20), (11, 1)):
        known = Known(events, read, listed=dict.fromkeys(PAIRS, False))
        wanted = schedule.requests(PAIRS, known, minutes(minute), bound_seconds=1e9)
        assert len(wanted) == hot + schedule.LEAST_REST


def test_what_was_history_at_first_sight_makes_nothing_hot() -> None:
    past = HealthEvent(
        id="e", revision=0, kind="incident", product="p0", region="r0", title="t", state="resolved",
        since=minutes(0), changed_at=minutes(0),
    )  # fmt: skip
    known = Known({PAIRS[0]: [past]}, read_at(dict.fromkeys(PAIRS, minutes(-1))), listed=dict.fromkeys(PAIRS, False))
    assert len(schedule.requests(PAIRS, known, minutes(1), bound_seconds=180)) == schedule.LEAST_REST


def test_a_product_whose_reads_fail_is_asked_for_one_pair_and_another_one_each_time() -> None:
    tried = {pair: minutes(-1) for pair in PAIRS}
    asked = []
    for minute in range(20):
        known = Known({}, read_at(tried), {"p3": schedule.FAILURES})
        wanted = [r.pair for r in schedule.requests(PAIRS, known, minutes(minute), bound_seconds=180)]
        [probe] = [pair for pair in wanted if pair.product == "p3"]
        assert len(wanted) == len(PAIRS) - 19
        tried |= dict.fromkeys(wanted, minutes(minute))
        asked.append(probe)
    assert len(set(asked)) == 20


NOW = minutes(0)


def refused(minute: float) -> Refused:
    return Refused(reason="r", since=minutes(-999), asked=minutes(minute))


@pytest.mark.parametrize(("turned_down", "unanswered", "asked"), [
    ({}, False, {LIST_EVENTS, IN_PROGRESS}),
    ({LIST_EVENTS: refused(-1)}, False, {IN_PROGRESS}),
    ({LIST_EVENTS: refused(-59)}, False, {IN_PROGRESS}),
    ({LIST_EVENTS: refused(-60)}, False, {LIST_EVENTS, IN_PROGRESS}),
    ({LIST_EVENTS: refused(+5)}, False, {LIST_EVENTS, IN_PROGRESS}),
    ({LIST_EVENTS: refused(-1)}, True, {LIST_EVENTS, IN_PROGRESS}),
    ({LIST_EVENTS: refused(-1), IN_PROGRESS: refused(-1)}, False, {LIST_EVENTS, IN_PROGRESS}),
])  # fmt: skip
def test_what_is_refused_is_asked_again_rarely_but_never_left_alone_when_nobody_else_answers(
    turned_down: dict[str, Refused], unanswered: bool, asked: set[str]
) -> None:
    assert schedule.asked((IN_PROGRESS, LIST_EVENTS), turned_down, NOW, unanswered=unanswered) == asked


def test_a_pair_that_the_list_did_not_answer_for_is_read_each_time() -> None:
    read = read_at(dict.fromkeys(PAIRS, minutes(-1)))
    known = Known({}, read, listed=dict.fromkeys(PAIRS[1:], False))
    assert schedule.requests(PAIRS, known, minutes(0), bound_seconds=180)[0].pair == PAIRS[0]
