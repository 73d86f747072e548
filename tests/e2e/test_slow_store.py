"""A store that is slow, throttled, or loses every answer: the poll ends within its time, and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from functions.poll.index import handler
from local.fakes.mns import MnsFake
from local.fakes.status import StatusFake
from local.fakes.tablestore import LOCAL_KEY_ID, LOCAL_SECRET, Fault, on
from local.stores import LocalTablestore
from local.subscriber import QueueSubscriber
from shd_relay import clock
from tests.e2e.test_bad_input import Place

TIMEOUT = 5.0  # of the function, in seconds
PRODUCTS = tuple(f"product-{n}" for n in range(12))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LocalTablestore]:
    with LocalTablestore(tmp_path) as opened:
        yield opened


@pytest.fixture
def place(store: LocalTablestore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    with StatusFake() as api, MnsFake() as mns:
        mns.create_topic("service-health")
        mns.create_queue("q")
        mns.subscribe("service-health", "all", queue="q")
        place = Place(tmp_path, api, mns, monkeypatch)
        place.set(SHD_STORE=store.address, SHD_PRODUCTS=",".join(PRODUCTS))
        assert poll("first")["state"] == "done"
        for product in PRODUCTS:  # each so long that it needs an entry of its own
            place.trouble(f"{product} " + "fails " * 60_000, product=product)
        yield place
    clock.use(lambda: datetime.now(timezone.utc))


def poll(request: str) -> dict[str, Any]:
    return handler(b"{}", SimpleNamespace(request_id=request, function=SimpleNamespace(timeout=TIMEOUT)))


def arrived(place: Place) -> list[str]:
    keys = {"access_key_id": LOCAL_KEY_ID, "access_key_secret": LOCAL_SECRET}
    subscriber = QueueSubscriber(url=place.mns.url, queue="q", **keys)
    try:
        list(subscriber.drain())
        assert subscriber.inbox.out_of_order == 0
        return sorted(event["product"] for id_, event in subscriber.inbox.latest.items() if id_ != "feed")
    finally:
        subscriber.close()


@pytest.mark.parametrize(
    ("fault", "more"),
    [
        (Fault.HANG_AFTER, {"when": on("PutRow", table="shd_log")}),  # each is found to be there, after its time-out
        (Fault.SLOW, {"delay_seconds": 0.6}),
    ],
)
def test_a_poll_ends_within_the_functions_time_and_later_ones_bring_everything(
    place: Place, store: LocalTablestore, fault: Fault, more: dict[str, Any]
) -> None:
    store.fake.fail(fault, times=None, **more)
    report = poll("hurt")
    assert report["state"] == "store-unavailable"
    assert "no time is left" in report["error"] or "no answer within" in report["error"]
    assert (
        report["duration_seconds"] < 2 * TIMEOUT
    )  # these machines stand still for seconds; a poll that hangs takes 60
    store.fake.heal()
    now = clock.now()
    clock.use(lambda: now + timedelta(minutes=1))  # past the lease of the poll that could not release it
    assert poll("later")["state"] == "done"
    assert arrived(place) == sorted(PRODUCTS)


def test_a_store_that_throttles_every_fifth_request_delays_nothing(place: Place, store: LocalTablestore) -> None:
    asked = 0

    def every_fifth(_: object) -> bool:
        nonlocal asked
        asked += 1
        return asked % 5 == 0

    store.fake.fail(Fault.SERVER_BUSY, times=None, when=every_fifth)
    report = poll("throttled")
    while report["state"] == "store-unavailable" or report["pending"]:  # the pauses may cost more than its little time
        report = poll(f"again-{asked}")
    assert (report["state"], report["error"]) == ("done", None)
    assert arrived(place) == sorted(PRODUCTS)
