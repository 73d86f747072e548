from __future__ import annotations

import pytest

from shd_relay import identity
from shd_relay.identity import match, normalised
from tests.world import ECS, OSS, item, minutes

NOW = minutes(100)


@pytest.mark.parametrize(
    "title",
    [
        "[Incident (Recovered)] ECS in Zone B",
        " ecs in zone b ",
        "【已恢复】ECS in Zone B",
        "ECS, in Zone-B!",
        "ECS in Zone B（恢复）",
    ],
)
def test_status_words_in_brackets_case_and_punctuation_do_not_count(title: str) -> None:
    assert normalised(title) == "ecs in zone b"


def test_a_title_that_is_nothing_but_brackets_keeps_its_words() -> None:
    assert normalised("[Incident]") == "incident"


def test_list_position_is_never_used() -> None:
    known = {"a": item("Disks fail"), "b": item("Network slow")}
    assert match(known, (), [item("Network slow"), item("Disks fail")], NOW) == {0: "b", 1: "a"}


def test_an_edited_title_under_the_same_start_is_the_same_event() -> None:
    assert match({"a": item("Disks fail")}, (), [item("Something else entirely")], NOW) == {0: "a"}


def test_of_several_with_one_start_the_most_similar_titles_belong_together() -> None:
    known = {"a": item("Disks of zone A fail"), "b": item("Network of zone B is slow")}
    edited = [item("Network of zone B is very slow"), item("Disks of zone A failed")]
    assert match(known, (), edited, NOW) == {0: "b", 1: "a"}


def test_where_the_counts_differ_a_title_that_is_not_similar_is_new() -> None:
    known = {"a": item("Disks of zone A fail")}
    found = match(known, (), [item("Load balancers drop sessions"), item("Disks of zone A failed")], NOW)
    assert found == {1: "a"}


def test_more_than_six_siblings_are_assigned_greedily() -> None:
    known = {f"id{n}": item(f"Trouble number {n} in rack {n * 7919}") for n in range(9)}
    shuffled = [item(f"Trouble number {n} in rack {n * 7919} again") for n in reversed(range(9))]
    assert match(known, (), shuffled, NOW) == {index: f"id{8 - index}" for index in range(9)}


def test_a_start_corrected_by_up_to_two_hours_is_the_same_event_and_the_nearest_is_taken() -> None:
    known = {"far": item(start=-100), "near": item(start=-20)}
    assert match(known, (), [item(start=0)], NOW) == {0: "near"}
    assert match({"a": item(start=-121)}, (), [item(start=0)], NOW) == {}


def test_a_correction_does_not_join_what_is_over_with_what_is_not() -> None:
    assert match({"a": item(start=-60, end=-30)}, {"a"}, [item(start=0)], NOW) == {}
    assert match({"a": item(start=-60)}, {"a"}, [item(start=0)], NOW) == {}, "ended by severity NORMAL"


def test_a_start_that_becomes_known_is_a_correction() -> None:
    assert match({"a": item(start=None)}, (), [item(start=0)], NOW) == {0: "a"}


def test_of_twins_each_is_matched_once() -> None:
    found = match({"a": item(), "b": item()}, (), [item(), item(), item()], NOW)
    assert sorted(found.values()) == ["a", "b"]
    assert len(found) == 2


def test_another_title_under_the_start_of_an_ended_event_does_not_reopen_it() -> None:
    assert match({"a": item("Disks fail", end=5)}, {"a"}, [item("[NOTICE] New console")], NOW) == {}
    assert match({"a": item("Disks fail", end=5)}, {"a"}, [item("Disks of zone A fail")], NOW) == {0: "a"}
    assert match({"a": item("Disks fail", end=5)}, {"a"}, [item("Other words", end=5)], NOW) == {0: "a"}


def test_without_a_start_another_title_is_another_event() -> None:
    assert match({"a": item("Network trouble", start=None)}, (), [item("Console slow", start=None)], NOW) == {}


def test_titles_of_any_length_and_crowds_of_siblings_are_matched_at_once() -> None:
    known = {f"id{n:03}": item(f"{n:03} " + "x" * 50_000) for n in range(60)}
    edited = [item(f"{n:03} " + "y" * 50_000) for n in range(60)]
    assert match(known, (), edited, NOW) == {n: f"id{n:03}" for n in range(60)}


def test_an_id_follows_from_pair_start_and_title_and_differs_among_equals() -> None:
    first = identity.new_id(ECS, item("Trouble"), NOW, set())
    assert first == identity.new_id(ECS, item("[New] trouble"), NOW, set())
    assert first.startswith("evt_")
    assert len(first) == 30
    others = {
        identity.new_id(OSS, item("Trouble"), NOW, set()),
        identity.new_id(ECS, item("Trouble"), minutes(101), set()),
        identity.new_id(ECS, item("Trouble", start=1), NOW, set()),
        identity.new_id(ECS, item("Trouble"), NOW, {first}),
    }
    assert len(others | {first}) == 5


def test_documented_failure_title_and_start_changed_at_once_is_a_new_event() -> None:
    assert match({"a": item("Disks fail", start=-30)}, (), [item("Network slow", start=0)], NOW) == {}


def test_documented_failure_removed_and_another_of_the_same_start_added_is_merged() -> None:
    assert match({"a": item("Disks fail")}, (), [item("Network slow")], NOW) == {0: "a"}


def test_documented_failure_a_status_word_without_brackets_is_part_of_the_title() -> None:
    assert normalised("Recovered ECS") != normalised("ECS")


def test_documented_failure_two_siblings_that_are_both_rewritten_at_once_may_swap() -> None:
    known = {"disks": item("Disk writes fail in zone A"), "network": item("Network of zone B is slow")}
    rewritten = [item("Zone A: network had no part in it"), item("Zone B: disks had no part in it")]
    assert match(known, (), rewritten, NOW) == {0: "network", 1: "disks"}  # each speaks of the other's zone


def test_documented_failure_of_exact_twins_only_their_number_is_right() -> None:
    """One of the two has ended, and nobody can know which: the first that is known is taken to be it."""
    ended, goes_on = item("Disks fail", end=5), item("Disks fail")
    for first, second in (("a", "b"), ("b", "a")):
        found = match({first: item("Disks fail"), second: item("Disks fail")}, (), [ended, goes_on], NOW)
        assert sorted(found) == [0, 1]
        assert sorted(found.values()) == sorted([first, second])


def test_documented_failure_an_old_answer_after_a_corrected_start_and_title_is_a_new_event() -> None:
    """An answer that a cache kept from before: nothing in it says when it was true."""
    now_known = {"a": item("Disks of zone A recovered", start=-10)}
    assert match(now_known, (), [item("Disks fail", start=0)], NOW) == {}


def test_documented_failure_with_the_state_lost_a_title_edited_before_makes_a_new_id() -> None:
    before = identity.new_id(ECS, item("Disks fail"), NOW, set())
    assert identity.new_id(ECS, item("Disks of zone A fail"), NOW, set()) != before
