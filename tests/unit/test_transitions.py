from __future__ import annotations

import itertools
from typing import get_args

from shd_relay.model import State
from shd_relay.transitions import TABLE, Before, Phase, phase, step
from tests.world import item, minutes


def test_every_row_stands_once() -> None:
    keys = [(row.before, row.phase) for row in TABLE]
    assert len(keys) == len(set(keys))


def test_every_state_has_a_row_for_whatever_can_be_seen_of_it() -> None:
    seen = set(itertools.product(get_args(Before), ("ahead", "on", "over")))
    gone = {("scheduled", "gone"), ("open", "gone")}
    assert {(row.before, row.phase) for row in TABLE} == seen | gone


def test_a_row_without_a_verb_keeps_the_state_and_one_with_a_verb_changes_it() -> None:
    for row in TABLE:
        assert (row.before == row.after) == (not row.maintenance), row


def test_every_state_but_new_is_reached() -> None:
    assert {row.after for row in TABLE} == set(get_args(State))


def test_an_incident_is_never_ahead() -> None:
    future = item(start=60)
    assert {kind: phase(future, kind, minutes(1)) for kind in ("incident", "notice", "maintenance")} == {
        "incident": "on", "notice": "on", "maintenance": "ahead",
    }  # fmt: skip


def test_the_verbs_depend_on_the_kind() -> None:
    assert step("open", "over", "incident") == (("resolved",), "resolved")
    assert step("open", "over", "maintenance") == (("completed",), "resolved")
    assert set(get_args(Phase)) == {row.phase for row in TABLE}
