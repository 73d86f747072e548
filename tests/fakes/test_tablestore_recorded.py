"""Whole requests as SDK 6.4.8 and 5.4.1 really sent them, byte by byte, and what they made of the answers.

The recordings lie in wire/; what they mean is written there by hand, in cases.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pprint import pformat
from typing import Any

import pytest

from local.fakes.tablestore import TablestoreFake
from local.fakes.tablestore.requests import READERS, read_request
from tests.fakes.tablestore_client import sdk
from tests.fakes.wire.cases import CASES, Case
from tests.fakes.wire.record import record
from tests.fakes.wire.recording import FOLDER, VERSION_TIME, Exchange, load, send

RECORDED = {path.stem: load(path) for path in sorted(FOLDER.glob("sdk-*.json"))}
EXCHANGES = [
    pytest.param(exchange, case, id=f"{name}: {case.name}")
    for name, exchanges in RECORDED.items()
    for exchange, case in zip(exchanges, CASES, strict=True)
]


def test_both_versions_of_the_sdk_are_recorded_in_every_case_and_every_operation() -> None:
    assert sorted(RECORDED) == ["sdk-5.4.1", "sdk-6.4.8"]
    for exchanges in RECORDED.values():
        assert [each.case for each in exchanges] == [case.name for case in CASES]
        assert {each.target for each in exchanges} == {f"/{operation}" for operation in READERS}


@pytest.mark.parametrize(("exchange", "case"), EXCHANGES)
def test_a_recorded_request_is_read_as_it_was_meant(exchange: Exchange, case: Case) -> None:
    read = read_request(exchange.target.removeprefix("/"), exchange.body)
    assert pformat(read) == pformat(case.asked)  # to Python, True is 1 and 1.0


@pytest.mark.parametrize(("exchange", "case"), EXCHANGES)
def test_the_sdk_made_of_the_answer_what_was_meant(exchange: Exchange, case: Case) -> None:
    assert pformat(exchange.told) == pformat(case.told)


@pytest.mark.parametrize("version", RECORDED)
def test_the_recorded_requests_are_accepted_and_get_the_recorded_answers(version: str) -> None:
    """Headers and signatures too. So what the SDK made of the answers then, it would make of them now."""
    with stand_in_of_that_time(RECORDED[version]) as url:
        answers = [send(url, each.target, each.headers, each.body) for each in RECORDED[version]]
    for each, (status, _, answer) in zip(RECORDED[version], answers, strict=True):
        assert (each.case, status, answer.hex()) == (each.case, each.status, each.answer.hex())


def test_a_recorded_request_with_another_body_is_refused() -> None:
    first = RECORDED["sdk-6.4.8"][0]
    with stand_in_of_that_time([first]) as url:
        status, _, _ = send(url, first.target, first.headers, first.body[::-1])
        assert status == 403


def test_the_recorded_versions_send_the_same_bodies_and_headers_of_the_same_names() -> None:
    old, new = RECORDED.values()
    assert [each.body for each in old] == [each.body for each in new]
    assert [names(each) for each in old] == [names(each) for each in new]


@pytest.mark.parametrize("native", [False, True])
def test_the_installed_sdk_still_sends_what_was_recorded(native: bool) -> None:
    ots = sdk()
    recorded = RECORDED.get(f"sdk-{ots.__version__}")
    if recorded is None:
        pytest.fail(f"tablestore {ots.__version__} is not recorded: python -m tests.fakes.wire.record")
    # Where its C++ parts do not load, which is everywhere but on CPython 3.12, the SDK uses its Python ones.
    now = record(ots, enable_native=native, native_fallback=False)
    assert [facts(each) for each in now] == [facts(each) for each in recorded]
    assert [names(each) for each in now] == [names(each) for each in recorded]


def facts(exchange: Exchange) -> tuple[Any, ...]:
    return exchange.case, exchange.target, exchange.body.hex(), exchange.answer.hex(), exchange.told


def names(exchange: Exchange) -> list[str]:
    return [name.lower() for name, _ in exchange.headers]


@contextmanager
def stand_in_of_that_time(exchanges: list[Exchange]) -> Iterator[str]:
    """It judges the dates of the requests by the first one's."""
    date = datetime.strptime(exchanges[0].header("x-ots-date"), "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
    with TablestoreFake(clock=lambda: VERSION_TIME, wall_clock=date.timestamp) as fake:
        yield fake.url
