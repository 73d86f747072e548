"""Ready answers must not keep in memory what nobody can be told any more."""

from __future__ import annotations

import gc
from datetime import timedelta

from shd_relay.web.facts import StoreFacts
from tests.web_world import NOW, House, event


def facts_in_memory(house: House) -> int:
    gc.collect()
    return sum(isinstance(found, StoreFacts) and found.store is house.store for found in gc.get_objects())


def test_answers_to_ever_new_questions_do_not_keep_the_facts_of_earlier_polls() -> None:
    house = House()
    for minute in range(30):
        house.read_at(NOW - timedelta(seconds=30 - minute))
        assert house.get(f"/v1/events?limit={minute + 1}").status == 200

    assert facts_in_memory(house) == 1


def test_a_change_leaves_no_answer_behind_but_those_that_looked_at_nothing() -> None:
    house = House()
    for path in ("/v1/status", "/v1/events", "/v1/plans"):
        house.get(path)
    house.tell(event())
    house.get("/v1/status")

    kept = house.service._answers._answers.values()
    assert sorted(one.facts is None for one in kept) == [False, True]
    sizes = [
        1_500 + 2 * (len(one.response.body) + sum(len(name) + len(value) for name, value in one.response.headers))
        for one in kept
    ]
    assert house.service._answers._bytes == sum(sizes)
