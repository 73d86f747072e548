"""ListEvents and ListEventInProgress on one pair: one event, and no quarrel in public (design.md, 4.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from shd_relay.detect import detect_all
from shd_relay.model import ALWAYS, IN_PROGRESS, LIST_EVENTS, WITNESS, Change, HealthEvent, Item, Observation, Update
from shd_relay.records import PairWork
from tests.world import ECS, item, minutes, seen

BOTH = frozenset({LIST_EVENTS, IN_PROGRESS})
ALONE = frozenset({IN_PROGRESS})


def going_on(number: str = "7", title: str = "Trouble", start: float = 0, **more: Any) -> Item:
    """What the in-progress list says of an event: an Id, no severity."""
    return item(title, None, start, source_id=number, **more)


class Life:
    """The events of one pair, read by several operations."""

    def __init__(self) -> None:
        self.events: dict[str, HealthEvent] = {}
        self.works: dict[str, PairWork] = {}
        self.changes: list[Change] = []

    def read(self, at: float, *, answering: frozenset[str] = BOTH, **said: Sequence[Item] | None) -> list[Change]:
        """One poll at `at` minutes: `listed`, `ongoing`, `page` are what each operation says; absent: not asked."""
        names = {"listed": LIST_EVENTS, "ongoing": IN_PROGRESS, "page": WITNESS}
        observations = [
            seen(*items, at=at, operation=names[name], **({} if name == "listed" else {"windows": (ALWAYS,)}))
            for name, items in said.items()
            if items is not None
        ]
        changes = detect_all(
            list(self.events.values()), observations, self.works, minutes(at), minutes(at), answering
        )  # fmt: skip
        for change in changes:
            self.events[change.event.id] = change.event
        self.changes += changes
        return list(changes)

    def told(self, at: float, **more: Any) -> list[str]:
        """The verbs that the poll pushes."""
        return [change.verb for change in self.read(at, **more) if change.pushed]

    @property
    def one(self) -> HealthEvent:
        [event] = [event for event in self.events.values() if not event.merged_into]
        return event


def started(**first: Any) -> Life:
    """A pair that both have read while nothing went on, and then one poll."""
    life = Life()
    life.read(-5, listed=[], ongoing=[])
    life.read(1, **first)
    return life


def test_both_in_one_poll_make_one_event_of_one_change() -> None:
    update = Update(at=minutes(0.5), text="We are looking into it.")
    life = started(listed=[item(severity="NOTIFICATION")], ongoing=[going_on(updates=(update,))])
    [change] = life.changes
    assert (change.verb, change.event.revision, change.event.kind) == ("opened", 1, "notice")
    assert (change.event.severity, change.event.updates) == ("NOTIFICATION", (update,))
    assert list(change.event.said) == [LIST_EVENTS, IN_PROGRESS]


def test_the_list_first_and_the_severity_later_is_one_event_and_one_update() -> None:
    life = started(listed=[], ongoing=[going_on(start=-8)])
    assert life.one.kind == "incident", "no severity ranks as ALARM: one alarm too many is better than one too few"
    assert life.told(2, listed=[item(severity="NOTIFICATION")], ongoing=[going_on(start=-8)]) == ["updated"]
    assert (life.one.severity, life.one.kind, life.one.start) == ("NOTIFICATION", "incident", minutes(-8))
    assert life.changes[-1].changed == ("severity",)
    for minute in range(3, 9):
        assert life.read(minute, listed=[item(severity="NOTIFICATION")], ongoing=[going_on(start=-8)]) == []


def test_a_join_that_shows_nothing_new_is_recorded_and_told_to_nobody() -> None:
    life = started(listed=[item()], ongoing=[])
    [change] = life.read(2, listed=[item()], ongoing=[going_on(title="Else", start=4)])
    assert (change.verb, change.pushed, change.event.revision) == ("recorded", False, 1)
    assert life.one.title == "Trouble", "the title of whoever saw it first"
    assert life.read(3, listed=[item()], ongoing=[going_on(title="Else again", start=4)])[0].verb == "recorded"
    assert life.read(4, listed=[item()], ongoing=[going_on(title="Else again", start=4)]) == []


@pytest.mark.parametrize("first", ["listed", "ongoing"])
def test_an_end_from_either_ends_it_and_the_other_does_not_take_it_back(first: str) -> None:
    life = started(listed=[item()], ongoing=[going_on()])
    ended: dict[str, Any] = {
        "listed": [item(end=10) if first == "listed" else item()],
        "ongoing": [going_on(end=10) if first == "ongoing" else going_on()],
    }
    assert life.told(11, **ended) == ["resolved"]
    assert life.one.end == minutes(10)
    for minute in range(12, 20):
        assert life.read(minute, **ended) == []


@pytest.mark.parametrize("first", ["listed", "ongoing"])
def test_who_ended_it_can_reopen_it(first: str) -> None:
    life = started(listed=[item()], ongoing=[going_on()])
    ended: dict[str, Any] = {"listed": [item()], "ongoing": [going_on()]}
    ended[first] = [item(end=10)] if first == "listed" else [going_on(end=10)]
    life.read(11, **ended)
    assert life.told(12, listed=[item()], ongoing=[going_on()]) == ["reopened"]
    assert (life.one.state, life.one.end) == ("open", None)


def test_the_end_that_is_shown_is_that_of_list_events_as_soon_as_it_says_one() -> None:
    life = started(listed=[item()], ongoing=[going_on()])
    assert life.told(11, listed=[item()], ongoing=[going_on(end=10)]) == ["resolved"]
    assert life.told(12, listed=[item(end=9)], ongoing=[going_on(end=10)]) == ["updated"]
    assert (life.one.end, life.changes[-1].changed) == (minutes(9), ("endTime",))
    assert life.told(13, listed=[item(end=9)], ongoing=[going_on(end=11)]) == []
    assert life.told(14, listed=[item(end=9)], ongoing=[]) == []


def test_what_left_the_list_is_not_over_while_list_events_lists_it() -> None:
    life = started(listed=[item()], ongoing=[going_on()])
    assert [life.told(minute, listed=[item()], ongoing=[]) for minute in range(2, 60)] == [[]] * 58
    assert life.one.state == "open"


def test_what_left_list_events_is_not_over_while_the_list_lists_it() -> None:
    life = started(listed=[item()], ongoing=[going_on()])
    assert [life.told(minute, listed=[], ongoing=[going_on()]) for minute in range(2, 60)] == [[]] * 58
    told = [life.told(minute, listed=[], ongoing=[]) for minute in range(60, 75)]
    assert told[:2] == [[], []]
    assert [verb for verbs in told for verb in verbs] == ["withdrawn"]
    assert life.one.inferred


def test_absence_counts_against_the_list_alone_only_while_list_events_is_refused() -> None:
    life = started(listed=None, ongoing=[going_on()], answering=ALONE)
    told = [life.told(minute, ongoing=[], answering=ALONE) for minute in range(2, 20)]
    assert [verb for verbs in told for verb in verbs] == ["withdrawn"]
    assert (life.one.state, life.one.inferred) == ("withdrawn", True)


def test_list_events_that_fails_is_not_list_events_that_is_refused() -> None:
    """It might still list the event: nobody knows, so nothing ends."""
    life = started(listed=[item()], ongoing=[going_on()])
    assert [life.told(minute, ongoing=[]) for minute in range(2, 60)] == [[]] * 58


def test_an_event_that_only_the_list_knew_is_gone_once_both_have_been_silent_for_ten_minutes() -> None:
    life = started(listed=[], ongoing=[going_on()])
    assert [life.told(minute, ongoing=[]) for minute in range(2, 30)] == [[]] * 28, "ListEvents was not asked since"
    told = [life.told(minute, listed=[], ongoing=[]) for minute in range(30, 42)]
    assert [verb for verbs in told for verb in verbs] == ["withdrawn"]


def test_what_was_merely_inferred_yields_to_whoever_lists_it() -> None:
    life = started(listed=[item()], ongoing=[going_on()])
    told = [life.told(minute, ongoing=[], answering=ALONE) for minute in range(2, 20)]
    assert [verb for verbs in told for verb in verbs] == ["withdrawn"]
    assert life.told(21, listed=[item()], ongoing=[]) == ["reopened"]
    assert not life.one.inferred


def test_two_events_of_one_pair_are_joined_by_the_best_title() -> None:
    disk, network = item("Disk trouble"), item("Network trouble", start=3)
    life = started(listed=[disk, network], ongoing=[])
    life.read(
        5, listed=[disk, network], ongoing=[going_on("1", "Network trouble", 1), going_on("2", "Disk trouble", 5)]
    )
    joined = {event.title: event.said[IN_PROGRESS].source_id for event in life.events.values()}
    assert joined == {"Disk trouble": "2", "Network trouble": "1"}


def test_joined_once_it_is_known_by_its_id_for_ever() -> None:
    life = started(listed=[item()], ongoing=[going_on()])
    other = going_on("7", "Renamed altogether", 400)
    assert life.told(2, listed=[item()], ongoing=[other]) == []
    assert len(life.events) == 1


def test_ids_that_were_given_anew_are_no_new_events() -> None:
    life = started(listed=[], ongoing=[going_on("7"), going_on("8", "Else", 2)])
    assert life.read(2, listed=[], ongoing=[going_on("107"), going_on("108", "Else", 2)])[0].verb == "recorded"
    assert len(life.events) == 2


def test_what_began_more_than_half_an_hour_apart_is_another_event() -> None:
    life = started(listed=[item()], ongoing=[going_on(start=-31)])
    assert len(life.events) == 2


@pytest.mark.parametrize(("severity", "start"), [("ALARM", 6), ("NOTIFICATION", 1)])
def test_what_neither_title_nor_time_makes_one_is_told_of_by_itself(severity: str, start: float) -> None:
    """An incident that were taken for a notice, or for another one, would be announced to nobody."""
    life = started(listed=[item("Disk trouble", severity)], ongoing=[])
    assert life.told(
        8, listed=[item("Disk trouble", severity)], ongoing=[going_on(title="Login fails", start=start)]
    ) == ["opened"]


def test_an_old_end_of_list_events_does_not_end_new_trouble_with_another_title() -> None:
    life = started(listed=[item("Network trouble", start=-20, end=-10)], ongoing=[going_on(title="Disk failure")])
    assert [event.state for event in life.events.values() if event.title == "Disk failure"] == ["open"]


def test_a_late_join_withdraws_the_younger_id() -> None:
    life = started(listed=[item()], ongoing=[going_on(start=-60)])
    elder, younger = life.events
    assert life.told(2, listed=[item()], ongoing=[going_on(start=-10)]) == ["withdrawn"]
    left, kept = life.events[younger], life.events[elder]
    assert (left.state, left.merged_into, life.changes[-1].changed) == (
        "withdrawn",
        elder,
        ("startTime", "state", "mergedInto"),
    )
    assert set(kept.said) == {LIST_EVENTS, IN_PROGRESS}
    for minute in range(3, 30):
        assert life.read(minute, listed=[item()], ongoing=[going_on(start=-10)]) == []


def test_the_list_is_read_for_the_first_time_and_what_list_events_told_of_stays_one() -> None:
    life = Life()
    life.read(-5, listed=[])
    life.read(1, listed=[item()])
    life.read(10, listed=[item(end=9)])
    assert [change.pushed for change in life.read(11, listed=[item(end=9)], ongoing=[going_on(end=9.5)])] == [False]
    assert (life.one.state, life.one.end, life.one.revision) == ("resolved", minutes(9), 2)


def test_planned_work_starts_when_the_list_lists_it_and_is_not_planned_again() -> None:
    planned = item("Maintenance", "NOTIFICATION", start=20, end=60)
    life = started(listed=[planned], ongoing=[])
    assert life.one.state == "scheduled"
    assert life.told(15, listed=[planned], ongoing=[going_on(title="Maintenance", start=14)]) == ["started"]
    assert [life.told(m, listed=[planned], ongoing=[going_on(title="Maintenance", start=14)]) for m in (16, 21)] == [
        [],
        [],
    ]
    assert life.told(61, listed=[planned], ongoing=[]) == ["completed"]


def test_a_witness_opens_and_never_ends() -> None:
    life = Life()
    life.read(1, page=[item(severity="ALARM", source_id="32")])
    assert life.one.witness
    assert life.told(2, page=[item(end=1.5, source_id="32")]) == []
    assert [life.told(minute, page=[]) for minute in range(3, 40)] == [[]] * 37
    assert (life.one.state, life.one.end) == ("open", None)


def test_what_a_witness_said_is_joined_confirmed_or_withdrawn_by_the_others() -> None:
    life = Life()
    life.read(-5, listed=[], ongoing=[])
    life.read(1, page=[item("Disk failure", source_id="32"), item("Network trouble", source_id="33")])
    life.read(2, listed=[item("Disk failure", end=1.5)], ongoing=[])
    told = [life.told(minute, listed=[item("Disk failure", end=1.5)], ongoing=[]) for minute in range(3, 20)]
    states = {event.title: (event.state, event.inferred, event.witness) for event in life.events.values()}
    assert states == {
        "Disk failure": ("resolved", False, False), "Network trouble": ("withdrawn", True, True)
    }  # fmt: skip
    assert [verb for verbs in told for verb in verbs] == ["withdrawn"]


def test_a_witness_does_not_reopen_what_the_others_ended() -> None:
    life = started(listed=[item()], ongoing=[going_on()])
    life.read(11, listed=[item(end=10)], ongoing=[])
    assert life.told(12, page=[item(source_id="32")]) == []
    assert life.one.state == "resolved"


def test_history_that_a_backfill_finds_is_recorded_and_what_is_known_stays_as_it_was_told() -> None:
    life = started(listed=[item()], ongoing=[])
    past = Observation(
        pair=ECS, operation=LIST_EVENTS, at=minutes(2), windows=(ALWAYS,), history=True,
        items=(item(end=1.5), item("Old", start=-900, end=-800), item("Older, and still open", start=-9000)),
    )  # fmt: skip
    before = dict(life.works)
    changes = detect_all(list(life.events.values()), [past], life.works, minutes(2), minutes(2), BOTH)
    assert [(change.verb, change.event.title, change.event.state) for change in changes] == [
        ("recorded", "Old", "resolved"), ("recorded", "Older, and still open", "open"),
    ]  # fmt: skip
    assert life.works == before
    life.events |= {change.event.id: change.event for change in changes}
    older = item("Older, and still open", start=-9000)
    assert life.told(3, listed=[item(), older], ongoing=[]) == ["opened"]
    assert life.told(4, listed=[item(), older], ongoing=[]) == []


def test_what_a_backfill_finds_of_news_is_left_to_the_next_regular_read() -> None:
    life = started(listed=[], ongoing=[])
    ended = item("Came and went", start=2, end=3)
    past = Observation(pair=ECS, operation=LIST_EVENTS, at=minutes(4), windows=(ALWAYS,), history=True, items=(ended,))
    assert detect_all([], [past], life.works, minutes(4), minutes(4), BOTH) == ()
    assert life.told(5, listed=[ended], ongoing=[]) == ["opened", "resolved"]


def test_the_list_alone_ends_what_list_events_has_not_answered_about_for_an_hour() -> None:
    life = started(listed=[item()], ongoing=[going_on()])
    told = [life.told(minute, ongoing=[]) for minute in range(2, 75)]
    assert [verb for verbs in told for verb in verbs] == ["withdrawn"]
    assert told.index(["withdrawn"]) + 2 == 62


def test_what_the_list_said_before_it_was_refused_keeps_nothing_open() -> None:
    life = started(listed=[item()], ongoing=[going_on()])
    life.read(2, listed=[], ongoing=[going_on()])
    told = [life.told(minute, listed=[], answering=frozenset({LIST_EVENTS})) for minute in range(3, 20)]
    assert [verb for verbs in told for verb in verbs] == ["withdrawn"]
