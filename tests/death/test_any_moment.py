"""A poller is killed at moments drawn from a seed, and while one of its requests is under way."""

from __future__ import annotations

import pytest

from local.stores import StoreName
from tests.death import flight
from tests.death.cases import figures_of, of_requests
from tests.death.chance import Stories
from tests.death.conftest import Prove
from tests.death.runs import STORES, Runs
from tests.death.scenarios import RICH

KILLS = 10


@pytest.mark.parametrize("store", STORES)
def test_deaths_at_random_moments_lose_nothing(runs: Runs, store: StoreName, prove: Prove) -> None:
    prove("deaths at random moments", [Stories(runs, [RICH]).kill(store, KILLS, first_seed=1)])


@pytest.mark.parametrize("store", STORES)
def test_a_death_between_a_write_that_was_served_and_its_answer_loses_nothing(
    runs: Runs, store: StoreName, prove: Prove
) -> None:
    _, clean = runs.prepared(store, RICH)
    writes = [request for request in flight.kinds(clean) if not request.reads]
    prove("deaths before the answer", [figures_of(runs, store, RICH, of_requests("served", writes))])


@pytest.mark.parametrize("store", STORES)
def test_a_death_while_a_request_waits_that_is_never_served_loses_nothing(
    runs: Runs, store: StoreName, prove: Prove
) -> None:
    _, clean = runs.prepared(store, RICH)
    some = [request for request in flight.kinds(clean) if request.of != "tables" or request.kind == "PutRow log"]
    prove("deaths before the request", [figures_of(runs, store, RICH, of_requests("received", some))])
