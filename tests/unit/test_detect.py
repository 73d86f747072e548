"""The moments that decide trust (design.md, 4.1), on values."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from shd_relay.detect import detect
from shd_relay.model import Change, HealthEvent, Item, Observation, Window
from shd_relay.records import PairWork
from tests.world import T0, item, minutes, read_before, seen


class Pairlife:
    """One pair through several reads."""

    def __init__(self, work: PairWork | None = None) -> None:
        self.events: dict[str, HealthEvent] = {}
        self.work = work or read_before(0)

    def read(self, *items: Item, at: float, **more: Any) -> list[Change]:
        return self.observe(seen(*items, at=at, **more))

    def observe(self, observation: Observation, answered_by: datetime | None = None) -> list[Change]:
        found = detect(list(self.events.values()), observation, self.work, observation.at, answered_by)
        self.work = found.work
        for change in found.changes:
            self.events[change.event.id] = change.event
        return list(found.changes)

    def verbs(self, *items: Item, at: float, **more: Any) -> list[str]:
        return [change.verb for change in self.read(*items, at=at, **more)]


def test_an_open_event_seen_first_is_opened_with_revision_one() -> None:
    [change] = Pairlife(PairWork()).read(item(), at=1)
    assert (change.verb, change.event.state, change.event.revision) == ("opened", "open", 1)
    assert (change.event.kind, change.event.severity, change.event.start) == ("incident", "ALARM", T0)
    assert (change.changed, change.previous) == ((), {})


def test_what_is_over_at_the_first_read_becomes_history_without_a_push() -> None:
    [change] = Pairlife(PairWork()).read(item(end=0.5), at=1)
    assert (change.verb, change.event.state, change.event.revision, change.pushed) == ("recorded", "resolved", 0, False)


def test_an_event_that_began_and_ended_between_two_reads_is_told_in_two_revisions() -> None:
    changes = Pairlife(read_before(0)).read(item(start=0.2, end=0.8), at=1)
    assert [(c.verb, c.event.revision, c.event.state) for c in changes] == [
        ("opened", 1, "open"),
        ("resolved", 2, "resolved"),
    ]
    assert changes[1].changed == ("state",)


def test_an_old_end_that_appears_late_is_history_unless_it_is_within_the_last_hour_before_the_last_read() -> None:
    assert Pairlife(read_before(600)).verbs(item(start=0, end=530), at=601) == ["recorded"]
    assert Pairlife(read_before(600)).verbs(item(start=0, end=545), at=601) == ["opened", "resolved"]


def test_a_pair_without_a_work_record_but_with_events_in_the_log_counts_as_read_before() -> None:
    life = Pairlife()
    life.read(item("First"), at=1)
    life.work = PairWork()
    assert life.verbs(item("First"), item("Second", start=300, end=320), at=330) == ["opened", "resolved"]


def test_an_end_that_comes_with_edits_is_one_resolved_that_names_all_that_changed() -> None:
    life = Pairlife()
    life.read(item("Trouble"), at=1)
    [change] = life.read(item("[Incident (Recovered)] Trouble", "NORMAL", end=8), at=9)
    assert change.verb == "resolved"
    assert set(change.changed) == {"title", "severity", "endTime", "state"}
    assert change.previous == {"title": "Trouble", "severity": "ALARM", "endTime": None, "state": "open"}
    assert (change.event.kind, change.event.revision) == ("incident", 2)


def test_an_edit_is_one_updated_and_an_answer_that_says_the_same_again_is_nothing() -> None:
    life = Pairlife()
    life.read(item("Trouble", "NOTIFICATION"), at=1)
    [change] = life.read(item("Much trouble", "ALARM"), at=2)
    assert (change.verb, change.event.kind, change.event.revision) == ("updated", "incident", 2)
    assert change.previous == {"title": "Trouble", "severity": "NOTIFICATION", "kind": "notice"}
    assert life.read(item("Much trouble", "ALARM"), at=3) == []


def test_a_kind_never_falls() -> None:
    life = Pairlife()
    life.read(item(), at=1)
    [change] = life.read(item(severity="NOTIFICATION"), at=2)
    assert (change.event.kind, change.changed) == ("incident", ("severity",))


def test_severity_normal_ends_an_event_whose_end_is_not_given() -> None:
    life = Pairlife()
    life.read(item(), at=1)
    [change] = life.read(item(severity="NORMAL"), at=2)
    assert (change.verb, change.event.state, change.event.end) == ("resolved", "resolved", None)


def test_an_end_in_the_future_ends_nothing_until_a_good_read_then() -> None:
    life = Pairlife()
    life.read(item(), at=1)
    assert life.verbs(item(end=30), at=2) == ["updated"]
    assert life.verbs(item(end=60), at=31) == ["updated"]
    assert life.verbs(item(end=60), at=59) == []
    assert life.verbs(item(end=60), at=60) == ["resolved"]


@pytest.mark.parametrize("end", [9.0, 9.0005])
def test_ends_are_compared_to_the_millisecond(end: float) -> None:
    life = Pairlife()
    life.read(item(), at=1)
    life.read(item(end=9.0), at=10)
    changed = life.verbs(item(end=end), at=11)
    assert changed == ([] if end == 9.0 else ["updated"])


def test_an_end_taken_back_reopens_and_so_does_trouble_under_the_same_start() -> None:
    life = Pairlife()
    life.read(item(), at=1)
    life.read(item(end=5), at=6)
    [change] = life.read(item(), at=7)
    assert (change.verb, change.event.state, change.event.revision) == ("reopened", "open", 3)
    life.read(item(severity="NORMAL"), at=8)
    assert life.verbs(item(severity="ALARM"), at=9) == ["reopened"]


def test_history_that_is_edited_stays_silent_and_history_that_reopens_is_told_from_revision_one() -> None:
    life = Pairlife(PairWork())
    life.read(item(end=0.5), at=1)
    [edit] = life.read(item("Other words", end=0.5), at=2)
    assert (edit.verb, edit.event.revision) == ("recorded", 0)
    [again] = life.read(item("Other words"), at=3)
    assert (again.verb, again.event.revision) == ("reopened", 1)


def test_absence_withdraws_after_three_reads_over_ten_minutes_and_says_inferred() -> None:
    life = Pairlife()
    life.read(item(), at=1)
    assert life.verbs(at=2) == life.verbs(at=7) == life.verbs(at=11) == []
    [change] = life.read(at=12)
    assert (change.verb, change.event.state, change.event.inferred) == ("withdrawn", "withdrawn", True)
    [again] = life.read(item(), at=13)
    assert (again.verb, again.event.inferred, again.event.revision) == ("reopened", False, 3)


def test_three_absences_within_ten_minutes_are_not_enough_and_one_sight_starts_the_count_anew() -> None:
    life = Pairlife()
    life.read(item(), at=1)
    assert [life.verbs(at=n) for n in (2, 3, 4, 5)] == [[]] * 4
    life.read(item(), at=6)
    assert [life.verbs(at=n) for n in (7, 8, 16)] == [[]] * 3
    assert life.verbs(at=17) == ["withdrawn"]


def test_absence_is_counted_from_when_the_first_answer_without_it_had_surely_come() -> None:
    """A poll that stood still for three minutes may have got its answer at their end."""
    life = Pairlife()
    life.read(item(), at=1)
    assert life.observe(seen(at=2), answered_by=minutes(5)) == []
    assert [life.verbs(at=n) for n in (8, 12, 14.9)] == [[]] * 3
    assert life.verbs(at=15) == ["withdrawn"]


def test_absence_from_a_window_that_does_not_cover_the_start_says_nothing() -> None:
    life = Pairlife()
    life.read(item(), at=1)
    later = (Window(T0 + timedelta(minutes=1), T0 + timedelta(days=9)),)
    for n in (2, 10, 20, 30):
        assert life.verbs(at=n, windows=later) == []
    assert life.events and next(iter(life.events.values())).state == "open"


def test_an_answer_with_an_item_that_cannot_be_read_proves_no_absence_and_is_no_good_read() -> None:
    life = Pairlife()
    life.read(item(), at=1)
    for n in (2, 10, 20, 30):
        assert life.verbs(at=n, unreadable=("{}",)) == []
    assert (life.work.last_good, life.work.last_tried) == (minutes(1), minutes(30))


def test_a_maintenance_is_scheduled_started_and_completed() -> None:
    life = Pairlife()
    [change] = life.read(item("Upgrade of switches", "NOTIFICATION", start=60, end=90), at=1)
    assert (change.verb, change.event.kind, change.event.state) == ("scheduled", "maintenance", "scheduled")
    assert life.verbs(item("Upgrade of switches", "NOTIFICATION", start=60, end=90), at=59) == []
    assert life.verbs(item("Upgrade of switches", "NOTIFICATION", start=60, end=90), at=60) == ["started"]
    assert life.verbs(item("Upgrade of switches", "NORMAL", start=60, end=90), at=91) == ["completed"]


def test_a_maintenance_announced_with_severity_normal_is_not_over_before_its_end() -> None:
    life = Pairlife()
    assert life.verbs(item("Maintenance", "NORMAL", start=60, end=90), at=1) == ["scheduled"]
    assert life.verbs(item("Maintenance", "NORMAL", start=60, end=90), at=61) == ["started"]
    assert life.verbs(item("Maintenance", "NORMAL", start=60, end=90), at=90) == ["completed"]


def test_a_scheduled_maintenance_that_vanishes_is_cancelled() -> None:
    life = Pairlife()
    life.read(item("Maintenance", "NOTIFICATION", start=600), at=1)
    assert [life.verbs(at=n) for n in (2, 3, 12)] == [[], [], ["cancelled"]]


def test_an_alarm_about_the_future_is_open_at_once() -> None:
    [change] = Pairlife().read(item(start=30), at=1)
    assert (change.verb, change.event.kind) == ("opened", "incident")


def test_an_item_without_a_start_is_an_event_and_is_not_withdrawn_by_absence() -> None:
    life = Pairlife()
    [change] = life.read(item(start=None), at=1)
    assert (change.verb, change.event.start) == ("opened", None)
    assert [life.verbs(at=n) for n in (2, 10, 30)] == [[], [], []]


def test_two_siblings_of_one_start_keep_their_identities_when_the_list_is_shuffled_and_one_is_rewritten() -> None:
    life = Pairlife()
    first = life.read(item("Disks of zone A fail"), item("Network of zone B slow"), at=1)
    ids = {change.event.title: change.event.id for change in first}
    changes = life.read(item("Network of zone B slow"), item("[Recovered] Disks of zone A fail", end=5), at=6)
    assert [(c.verb, c.event.id) for c in changes] == [("resolved", ids["Disks of zone A fail"])]


def test_the_same_read_again_changes_nothing() -> None:
    life = Pairlife()
    items = (item("A"), item("B", end=0.5), item("Maintenance", "NOTIFICATION", start=50))
    assert len(life.read(*items, at=1)) == 4
    assert life.read(*items, at=2) == []


def test_an_event_whose_announced_end_has_come_and_that_is_gone_for_good_has_ended_then() -> None:
    life = Pairlife()
    life.read(item("Maintenance", "NOTIFICATION", end=30), at=1)
    assert [life.verbs(at=n) for n in (29, 35)] == [[], []]
    [change] = life.read(at=40)
    assert (change.verb, change.event.state, change.event.inferred) == ("completed", "resolved", True)


def test_one_answer_without_it_ends_nothing_though_its_announced_end_has_come() -> None:
    life = Pairlife()
    life.read(item(end=3), at=1)
    assert life.verbs(at=3) == []
    assert life.verbs(item(end=60), at=4) == ["updated"]


def test_a_maintenance_that_vanishes_before_it_began_is_cancelled_though_its_end_would_have_come() -> None:
    life = Pairlife()
    life.read(item("Maintenance", "NOTIFICATION", start=5, end=7), at=3)
    assert [life.verbs(at=n) for n in (4, 8, 14)] == [[], [], ["cancelled"]]


def test_short_events_are_told_of_a_pair_that_always_has_an_item_that_cannot_be_read() -> None:
    life = Pairlife(PairWork())
    life.read(at=1, unreadable=("{}",))
    assert life.verbs(item(start=1.2, end=1.8), at=2, unreadable=("{}",)) == ["opened", "resolved"]


def test_a_clock_that_was_ahead_does_not_make_the_next_short_event_old() -> None:
    life = Pairlife(read_before(180))
    assert life.verbs(item(start=1.2, end=1.8), at=2) == ["opened", "resolved"]


def test_what_ended_longer_ago_than_the_state_remembers_is_history_whenever_the_pair_was_read_last() -> None:
    day = 24 * 60
    life = Pairlife(read_before(0))
    assert life.verbs(item(start=day, end=2 * day), at=140 * day) == ["recorded"]


def test_a_forgotten_event_that_is_listed_again_comes_under_a_new_id() -> None:
    first, again = Pairlife(), Pairlife()
    [one] = first.read(item(), at=1)
    [other] = again.read(item(), at=2)
    assert one.event.id != other.event.id
