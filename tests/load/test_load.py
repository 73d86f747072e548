"""A few seconds of what `make prove` does for a quarter of an hour (tests/load/prove.py)."""

from __future__ import annotations

from shd_relay.web.table import ROUTES
from tests.load.prove import run


def test_under_load_no_route_fails_while_polls_commit() -> None:
    proof = run(warm=0.0, minutes=0.05, clients=4, seed=1)

    assert proof.figures.bad == []
    assert {route.template for route in ROUTES} <= set(proof.figures.times)
    assert {200, 204, 304, 400, 401, 403, 404, 405} <= set(proof.figures.statuses)
