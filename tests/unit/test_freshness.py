from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shd_relay import feed, freshness, schedule
from shd_relay.freshness import pair_status, source_state
from shd_relay.model import HealthEvent, State
from shd_relay.records import PairWork, PollRecord
from tests.world import ECS, OPERATION, OSS, Relay, item, minutes, seen

PAIRS = (ECS, OSS)


def record(**more: Any) -> PollRecord:
    given: dict[str, Any] = {
        "started": minutes(0), "finished": minutes(0), "token": 1, "bound_seconds": 180.0,
        "read": {str(ECS): minutes(0), str(OSS): minutes(0)}, "complete_at": minutes(0),
    }  # fmt: skip
    return PollRecord(**(given | more))


def test_never_polled_is_blind() -> None:
    assert source_state(None, PAIRS, minutes(0), 60) == "blind"
    assert source_state(record(complete_at=None, without_answer=1), PAIRS, minutes(0), 60) == "blind"


def test_one_poll_without_an_answer_is_not_blind_and_two_are() -> None:
    assert source_state(record(without_answer=1), PAIRS, minutes(1), 60) == "fresh"
    assert source_state(record(without_answer=2), PAIRS, minutes(1), 60) == "blind"


def test_no_finished_poll_for_three_intervals_is_blind() -> None:
    assert source_state(record(bound_seconds=9e9), PAIRS, minutes(3), 60) == "fresh"
    assert source_state(record(bound_seconds=9e9), PAIRS, minutes(3.01), 60) == "blind"


def test_half_of_the_pairs_old_is_fresh_and_over_half_is_stale() -> None:
    half = record(finished=minutes(10), read={str(ECS): minutes(10), str(OSS): minutes(0)})
    assert source_state(half, PAIRS, minutes(10), 60) == "fresh"
    both = record(finished=minutes(10))
    assert source_state(both, PAIRS, minutes(10), 60) == "stale"


def test_a_pair_that_just_joined_the_watch_list_does_not_make_the_source_stale_but_is_not_operational() -> None:
    young = record(read={}, joined={str(ECS): minutes(0), str(OSS): minutes(0)})
    assert source_state(young, PAIRS, minutes(2), 60) == "fresh"
    assert freshness.is_stale(young, ECS, minutes(2))


@pytest.mark.parametrize(
    ("kinds", "stale", "expected"),
    [
        ((), False, "operational"), ((), True, "unknown"), (("notice",), False, "notice"),
        (("notice", "maintenance"), True, "maintenance"), (("notice", "incident", "maintenance"), True, "incident"),
    ],
)  # fmt: skip
def test_a_stale_pair_is_unknown_unless_something_worse_is_known(kinds: Any, stale: bool, expected: str) -> None:
    events = [_event(kind, "open") for kind in kinds] + [_event("incident", "resolved")]
    assert pair_status(events, stale=stale) == expected


def _event(kind: Any, state: Any) -> HealthEvent:
    return HealthEvent(
        id=f"{kind}{state}", revision=1, kind=kind, product="ecs", region="r", title="t", state=state,
        since=minutes(0), changed_at=minutes(0),
    )  # fmt: skip


def test_the_record_of_a_poll_carries_on_what_the_last_one_knew() -> None:
    last = record(joined={}, complete_at=minutes(0), without_answer=1)
    made = freshness.next_record(
        last, watched=PAIRS, read={ECS: minutes(1)}, answered=0, failed=2, bound_seconds=180.0,
        began=minutes(2), now=minutes(3), token=7,
    )  # fmt: skip
    assert (made.without_answer, made.complete_at, made.read, made.joined) == (
        2, minutes(0), {str(ECS): minutes(1)}, {str(OSS): minutes(3)},
    )  # fmt: skip


def test_the_feed_tells_each_turn_once_and_fresh_at_first_is_no_change() -> None:
    def turn(event: HealthEvent | None, source: Any, n: float) -> Any:
        return feed.turn(
            event, source, complete_at=minutes(0), old_pairs=["ecs/x"], watched=1, now=minutes(n), at=minutes(n)
        )

    assert turn(None, "fresh", 1) is None
    stale = turn(None, "stale", 1)
    assert (stale.verb, stale.event.revision, stale.event.state, stale.pairs) == ("stale", 1, "open", ("ecs/x",))
    assert turn(stale.event, "stale", 2) is None
    blind = turn(stale.event, "blind", 3)
    assert (blind.verb, blind.event.revision, blind.event.start, blind.event.end) == ("blind", 2, minutes(1), None)
    back = turn(blind.event, "fresh", 4)
    assert (back.verb, back.event.state, back.event.end, back.event.revision) == (
        "recovered",
        "resolved",
        minutes(4),
        3,
    )
    assert "state" in back.changed
    assert turn(back.event, "fresh", 5) is None
    again = turn(back.event, "blind", 6)
    assert (again.verb, again.event.revision, again.event.start) == ("blind", 4, minutes(6))


def test_at_most_fifty_pairs_are_named() -> None:
    change = feed.turn(
        None,
        "blind",
        complete_at=None,
        old_pairs=[f"p{n}/r" for n in range(99)],
        watched=99,
        now=minutes(1),
        at=minutes(1),
    )
    assert change is not None
    assert (len(change.pairs), change.counts) == (50, {"pairs": 99, "stale": 99})


def test_history_of_first_sight_does_not_widen_the_window() -> None:
    """To look back to its start would find older history, record that, and look back further at every poll."""
    relay = Relay(ECS)
    relay.dashboard.items[ECS] = tuple(item(f"Old {n}", start=-1440 * n, end=1 - 1440 * n) for n in range(1, 30))
    assert relay.poll()["changes"] == 29
    for _ in range(2):
        assert relay.poll()["changes"] == 0
        assert [request.since for request in relay.dashboard.requests] == [relay.clock.now() - timedelta(minutes=1)]


def test_pairs_with_living_events_are_read_first_then_the_longest_unread() -> None:
    from shd_relay.detect import detect

    opened = detect([], seen(item(), pair=OSS), PairWork(), minutes(1)).changes[0].event
    third = ECS._replace(region="eu-west-1")
    work = {
        schedule.key(OPERATION, ECS): PairWork(last_good=minutes(5), last_tried=minutes(5)),
        schedule.key(OPERATION, OSS): PairWork(last_good=minutes(6), last_tried=minutes(6)),
        schedule.key(OPERATION, third): PairWork(last_good=minutes(2), last_tried=minutes(4)),
    }
    wanted = schedule.requests((ECS, OSS, third), schedule.Known({OSS: [opened]}, work), minutes(7), bound_seconds=540)
    assert [request.pair for request in wanted] == [OSS, third, ECS]
    assert [request.since for request in wanted] == [minutes(0), minutes(2), minutes(5)]


def test_a_pair_that_will_soon_be_stale_goes_before_those_with_living_events() -> None:
    """However many events live, no pair is starved."""
    opened = HealthEvent(
        id="e", revision=1, kind="incident", product="oss", region="cn-hongkong", title="t", state="open",
        since=minutes(0), changed_at=minutes(0),
    )  # fmt: skip
    work = {
        schedule.key(OPERATION, ECS): PairWork(last_tried=minutes(4)),
        schedule.key(OPERATION, OSS): PairWork(last_tried=minutes(9)),
    }
    for minute, first in ((9.5, OSS), (10.1, ECS)):
        wanted = schedule.requests(
            (OSS, ECS), schedule.Known({OSS: [opened]}, work), minutes(minute), bound_seconds=540
        )
        assert wanted[0].pair == first


@pytest.mark.parametrize(("state", "gone_days", "reaches_back"), [
    ("open", 40, True), ("withdrawn", 6, True), ("cancelled", 6, True), ("resolved", 6, True),
    ("withdrawn", 8, False), ("resolved", 8, False),
])  # fmt: skip
def test_what_has_ended_is_looked_for_another_week_however_long_ago_it_began(
    state: State, gone_days: int, reaches_back: bool
) -> None:
    """Else an end that is taken back, or a source that was wrong for ten minutes, would end an old event for good."""
    began, now = minutes(0), minutes(60 * 24 * 50)
    event = HealthEvent(
        id="evt_1", revision=2, kind="incident", product=ECS.product, region=ECS.region, title="Trouble", start=began,
        state=state, since=began, changed_at=now - timedelta(days=gone_days),
    )  # fmt: skip
    work = {schedule.key(OPERATION, ECS): PairWork(last_good=now, last_tried=now)}
    [request] = schedule.requests((ECS,), schedule.Known({ECS: [event]}, work), now, bound_seconds=540)
    assert request.since == (began if reaches_back else now)


def test_the_bound_of_staleness_is_three_intervals_or_three_rotations() -> None:
    assert schedule.stale_after(1470, rate=0, budget_seconds=36, interval_seconds=60) == 180
    assert schedule.stale_after(100, rate=5, budget_seconds=36, interval_seconds=60) == 180
    assert schedule.stale_after(1470, rate=5, budget_seconds=36, interval_seconds=60) == 180 * 9
