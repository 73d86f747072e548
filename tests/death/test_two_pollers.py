"""Two pollers in two processes: one commits, the other drops what it saw, and no subscriber notices."""

from __future__ import annotations

import pytest

from local.stores import StoreName
from tests.death import twins
from tests.death.cases import at_first, figures_of
from tests.death.conftest import Prove
from tests.death.pollers import Pollers
from tests.death.runs import STORES, Runs
from tests.death.scenarios import RICH

ROUNDS = 8
DECISIVE = ("publish", "save_watermark", "renew", "append", "put_documents", "save_record")


@pytest.mark.parametrize("store", STORES)
def test_two_that_start_at_one_moment_tell_everything_once(pollers: Pollers, store: StoreName, prove: Prove) -> None:
    figures, states = twins.play(pollers, store, "lease in force", ROUNDS)
    assert all("done" in each <= {"done", "busy"} for each in states)
    assert figures.duplicates == 0
    prove("two pollers, lease in force", [figures])


@pytest.mark.parametrize("store", STORES)
def test_two_that_do_not_believe_each_others_lease_lose_nothing(
    pollers: Pollers, store: StoreName, prove: Prove
) -> None:
    figures, states = twins.play(pollers, store, "lease looks expired", ROUNDS)
    assert all("done" in each <= {"done", "busy", "overtaken"} for each in states)
    prove("two pollers, lease looks expired", [figures])


@pytest.mark.parametrize("store", STORES)
def test_one_that_stood_still_while_another_polled_repeats_one_message_at_most(
    runs: Runs, store: StoreName, prove: Prove
) -> None:
    _, clean = runs.prepared(store, RICH)
    prove("a poller that stood still", [figures_of(runs, store, RICH, at_first("overtaken", clean, DECISIVE))])
