"""The stores that must keep the contract, from store_places.py. The suites of the other ports have their own places."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shd_relay.ports import Store
from tests.contract.store_places import FRAIL, PLACES, FrailPlace, StorePlace

Opener = Callable[[], Store]


@pytest.fixture(params=sorted(PLACES))
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StorePlace]:
    made = PLACES[request.param](tmp_path)
    yield made
    made.stop()


@pytest.fixture(params=sorted(FRAIL))
def frail(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FrailPlace]:
    """A place that can fail."""
    made = FRAIL[request.param](tmp_path)
    yield made
    made.stop()


@pytest.fixture
def open_store(place: StorePlace) -> Iterator[Opener]:
    """Opens the one place anew at each call, as each poller and each reader does."""
    with _openings(place) as opener:
        yield opener


@pytest.fixture
def open_frail(frail: FrailPlace) -> Iterator[Opener]:
    with _openings(frail) as opener:
        yield opener


@pytest.fixture
def store(open_store: Opener) -> Store:
    return open_store()


@contextmanager
def _openings(place: StorePlace) -> Iterator[Opener]:
    opened: list[Store] = []

    def open_one() -> Store:
        opened.append(place.open())
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()
