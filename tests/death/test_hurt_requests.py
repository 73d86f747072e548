"""One request of a poll meets a stand-in that cuts it off, loses its answer, is slow, or is restarted meanwhile.

Every kind of request there is: each action of Tablestore on each table, a message, a question to the status API.
"""

from __future__ import annotations

import pytest

from local.stores import StoreName
from tests.death import flight
from tests.death.cases import faults_by_turns, figures_at_once, figures_of, of_requests
from tests.death.conftest import Prove
from tests.death.flight import Request
from tests.death.runs import Figures, Runs, mend
from tests.death.scenarios import RICH

STORE: StoreName = "tablestore"


@pytest.fixture
def kinds(runs: Runs) -> list[Request]:
    return flight.kinds(runs.prepared(STORE, RICH)[1])


def test_a_request_that_fails_before_it_is_served_loses_nothing(runs: Runs, kinds: list[Request], prove: Prove) -> None:
    cases = faults_by_turns(kinds, flight.BEFORE)
    prove("requests that were not served", [figures_of(runs, STORE, RICH, cases)])


def test_an_answer_that_is_lost_loses_nothing(runs: Runs, kinds: list[Request], prove: Prove) -> None:
    cases = faults_by_turns([request for request in kinds if not request.reads or request.of == "api"], flight.AFTER)
    prove("requests whose answer was lost", [figures_of(runs, STORE, RICH, cases)])


def test_a_commit_whose_answer_is_lost_in_any_way_is_found_out_at_once(runs: Runs, prove: Prove) -> None:
    with Figures(STORE).timed() as figures:
        for fault in flight.AFTER["tables"]:
            place, clean = runs.prepared(STORE, RICH)
            report = flight.hurt(place, Request("tables", "PutRow log"), fault.name)
            assert (report["state"], report["published"]) == ("done", clean.ended.report["published"])
            mend(place)
            figures.add(place, fault.name, hurts=1, allowed=0)
    prove("commits whose answer was lost", [figures])


def test_a_stand_in_that_restarts_while_a_request_hangs_loses_nothing(
    runs: Runs, kinds: list[Request], prove: Prove
) -> None:
    cases = of_requests("restart", [request for request in kinds if not request.kind.startswith("Get")])
    prove("restarts", [figures_of(runs, STORE, RICH, cases)])


def test_an_answer_that_comes_too_late_or_never_loses_nothing(runs: Runs, kinds: list[Request], prove: Prove) -> None:
    cases = list(faults_by_turns(kinds, flight.SLOW))
    prove("requests without an answer in time", [figures_at_once(runs, STORE, RICH, cases)])
