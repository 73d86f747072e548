"""The comparison of docs/benchmarks.md, small: it must stay fair and must not become empty. And tests of its judge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import pytest

from shd_relay.model import Item, Pair
from tests.simulation.fair_judge import Verdict, judge
from tests.simulation.hearing import Statement, words_of
from tests.simulation.side_by_side import (
    BASELINE,
    CRASH,
    LONG,
    NO_FAULT,
    REWRITTEN,
    ROWS,
    SECOND,
    TOPIC,
    TRUTHFUL_CHAOS,
    Row,
    compare,
    plan,
    play,
)
from tests.simulation.timeline import Event, Timeline, Version, plain
from tests.simulation.upstream import T0

SEEDS = range(1, 4)
OURS_NAME, BASELINE_NAME = "SHD Relay", "baseline"


def wrong(verdict: Verdict) -> tuple[int, int, int]:
    return verdict.lost, verdict.mislabelled, verdict.misordered


# the comparison


def test_without_a_fault_the_baseline_tells_everything_once_and_as_soon_as_ours() -> None:
    ours, baseline = compare(NO_FAULT, SEEDS).values()
    for tally in (ours, baseline):
        assert wrong(tally.verdict) == (0, 0, 0)
        assert tally.verdict.doubled == 0
        assert tally.verdict.facts > 100
    assert baseline.verdict.delay(0.95) <= ours.verdict.delay(0.95)


@pytest.mark.parametrize("row", [LONG, SECOND, CRASH, TOPIC], ids=lambda row: row.name)
def test_the_baseline_loses_where_ours_loses_nothing(row: Row) -> None:
    ours, baseline = compare(row, SEEDS).values()
    assert baseline.verdict.lost > 0
    assert wrong(ours.verdict) == (0, 0, 0)
    assert ours.verdict.facts == baseline.verdict.facts


def test_a_rewritten_title_makes_another_event_of_it_for_the_baseline_alone() -> None:
    ours, baseline = compare(REWRITTEN, SEEDS).values()
    assert baseline.verdict.mislabelled > 10
    assert wrong(ours.verdict) == (0, 0, 0)


def test_no_mixture_of_faults_makes_ours_say_what_was_not_so_while_the_dashboard_itself_is_up_to_date() -> None:
    ours, baseline = compare(TRUTHFUL_CHAOS, SEEDS).values()
    assert wrong(ours.verdict) == (0, 0, 0)
    assert min(ours.faults, baseline.faults, baseline.verdict.mislabelled) > 10


@pytest.mark.parametrize("row", [CRASH, TOPIC], ids=lambda row: row.name)
def test_ours_doubles_at_most_once_for_each_fault_and_each_double_is_marked(row: Row) -> None:
    tally = compare(row, SEEDS)[OURS_NAME]
    assert tally.verdict.doubled <= tally.faults
    assert tally.verdict.marked == tally.verdict.doubled


def test_both_meet_the_same_faults_at_the_places_that_both_have() -> None:
    failed_reads = next(row for row in ROWS if row.name == "reads fail")
    ours, baseline = compare(failed_reads, SEEDS).values()
    assert ours.faults == baseline.faults > 0


def test_a_fault_depends_on_its_place_alone() -> None:
    chaos = ROWS[-1]._replace(rate=0.5)
    orders = (["read", "append", "publish", "read"], ["publish", "read", "read", "get"])
    drawn = []
    for names in orders:
        fault, found = plan(chaos, "1 2", Counter()), {}
        for number, name in enumerate(names, 1):
            found.setdefault(name, []).append(fault(number, name))
        drawn.append((found["read"], found["publish"]))
    assert drawn[0] == drawn[1]


def test_one_seed_gives_one_run() -> None:
    first, second = (play(ROWS[-1], 5, BASELINE)[0] for _ in range(2))
    assert first.judge.heard == second.judge.heard
    assert plain(5) == plain(5)


# the judge

START = T0 - timedelta(seconds=20)
TAG = "0123456789ab"
BEGUN = Item(title=f"{TAG} fails", severity="NOTIFICATION", start=START)
WORSE = Item(title=f"{TAG} fails", severity="ALARM", start=START)
ENDED = Item(title=f"{TAG} fails", severity="ALARM", start=START, end=T0 + timedelta(minutes=30))
UNTIL = T0 + timedelta(minutes=60)


def after(minutes: float) -> timedelta:
    return timedelta(minutes=minutes)


STORY = Timeline(
    (
        Event(
            TAG, Pair("ecs", "cn-hongkong"), False,
            (Version(T0, BEGUN), Version(T0 + after(15), WORSE), Version(T0 + after(30), ENDED)),
        ),
    ),
    (), 0,
)  # fmt: skip


def say(
    minutes: float, item: Item, state: str = "open", *, new: bool = False, who: str = "a", number: int = 0
) -> Statement:
    return Statement(T0 + after(minutes), TAG, who, number, new, state, words_of(item))


OPENS, WORSENS, ENDS = say(1, BEGUN, new=True), say(16, WORSE), say(31, ENDED, "resolved")


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        ([OPENS, WORSENS, ENDS], {}),
        ([], {"lost": 3}),
        ([OPENS, WORSENS], {"lost": 1}),
        ([OPENS, ENDS], {}),
        ([OPENS, say(31, BEGUN, "resolved")], {"lost": 1}),
        ([OPENS, OPENS, WORSENS, ENDS], {"doubled": 1}),
        ([OPENS, say(16, WORSE, new=True), ENDS], {"mislabelled": 1}),
        ([OPENS, say(16, WORSE, who="b"), ENDS], {"mislabelled": 1}),
        ([OPENS, say(16, WORSE, "resolved"), ENDS], {"mislabelled": 1}),
        ([OPENS, WORSENS, say(17, BEGUN), ENDS], {"misordered": 1}),
        (
            [say(1, BEGUN, new=True, number=1), say(16, WORSE, number=2), say(17, BEGUN, number=1),
             say(31, ENDED, "resolved", number=3)],
            {"doubled": 1, "marked": 1},
        ),
    ],
    ids=["all", "nothing", "no end", "one between is no fact", "an end with old words", "twice", "new again",
         "another identity", "an end that was none", "back", "back, but marked"],
)  # fmt: skip
def test_the_judge_counts(heard: Sequence[Statement], expected: dict[str, int]) -> None:
    verdict = judge(STORY, heard, UNTIL)
    wanted = dict.fromkeys(("lost", "doubled", "marked", "mislabelled", "misordered"), 0) | expected
    assert {name: getattr(verdict, name) for name in wanted} == wanted
    assert verdict.facts == 3


def test_the_judge_measures_from_when_it_was_shown() -> None:
    verdict = judge(STORY, [say(1, BEGUN, new=True), say(20, WORSE), say(37, ENDED, "resolved")], UNTIL)
    assert sorted(verdict.delays) == [60.0, 300.0, 420.0]
    assert (verdict.delay(0.5), verdict.delay(0.95)) == (300.0, 420.0)
