"""Each sentence of ports.Source, over each source. A new one adds its line to `_PLACES`; the suite stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import pytest

from local.fakes.status.errors import ERRORS
from local.fakes.status.faults import Fault
from local.fakes.status.gateway import GatewayRules
from local.fakes.status.keys import LOCAL_KEY_ID, LOCAL_KEY_SECRET
from local.fakes.status.list_events import Dialect, ListingRules
from local.fakes.status.server import StatusFake
from local.fakes.status.world import ShownEvent
from shd_relay import clock
from shd_relay.adapters.credentials import Credentials
from shd_relay.adapters.status_api import ListEventsSource
from shd_relay.model import FailedRead, Observation, Pair
from shd_relay.ports import ReadRequest, Source

NOW = datetime.now(timezone.utc)
START = NOW.replace(microsecond=0) - timedelta(days=2)
DISTURBED = Pair("ecs", "cn-hongkong")
QUIET = [Pair(f"p{number}", "cn-hongkong") for number in range(12)]
EVENT = ShownEvent(product="ecs", region="cn-hongkong", title="ECS disturbed", start=START)
BROKEN = [
    Fault.INTERNAL_ERROR, Fault.SERVICE_UNAVAILABLE, Fault.ACCESS_KEY_NOT_FOUND, Fault.ACTION_NOT_FOUND,
    Fault.FORBIDDEN_RAM, Fault.SIGNATURE_WITHOUT_COLON, Fault.ERROR_ENVELOPE_200, Fault.TOTAL_TOO_LARGE,
    Fault.DATA_NULL_WITH_TOTAL, Fault.CLOSE_BEFORE_ANSWER, Fault.RESET, Fault.REDIRECT, Fault.HTML_200,
    Fault.EMPTY_200, Fault.TRUNCATED_JSON, Fault.CUT_BODY, Fault.NOT_UTF8_ERROR, Fault.ERROR_BODY_NUMBER,
    Fault.ERROR_BODY_NULL, Fault.ERROR_BODY_STRING, Fault.BAD_GATEWAY_HTML, Fault.XML_FOR_JSON,
]  # fmt: skip
HARMLESS = [Fault.LATE, Fault.CLOSE_AFTER_IDLE, Fault.STALE_CONNECTION, Fault.GZIP]
DIALECTS = [
    Dialect(start_key="StartTime", success="bool", code="text", open_end="zero", empty_data="null"),
    Dialect(start_key="startTime", open_end="absent", empty_data="absent", with_total=False, times="seconds"),
    Dialect(start_key="sartTime", duplicates=True, shuffled=True, padded=True, unknown_keys=True),
]
REQUESTS = [ReadRequest(pair, NOW) for pair in (DISTURBED, *QUIET)]


@dataclass(frozen=True, kw_only=True)
class Place:
    """`source(budget_seconds, rate, secret)` makes a source of what the stand-in shows; rate 0: no limit."""

    fake: StatusFake
    source: Callable[[float, float, str], Source]

    def read(
        self, *, budget: float = 30.0, rate: float = 0.0, secret: str = LOCAL_KEY_SECRET, rung: int = 0
    ) -> tuple[dict[Pair, Observation | FailedRead], Source]:
        source = self.source(budget, rate, secret)
        outcomes = list(source.read(REQUESTS, now=NOW, rung=rung))
        by_pair = {outcome.pair: outcome for outcome in outcomes}
        assert len(by_pair) == len(outcomes), "one outcome each"
        return by_pair, source


@contextmanager
def _list_events() -> Iterator[Place]:
    fake = StatusFake()
    fake.world.put(EVENT)

    def source(budget: float, rate: float, secret: str) -> Source:
        return ListEventsSource(
            fake.url, Credentials(access_key_id=LOCAL_KEY_ID, access_key_secret=secret),
            deadline=clock.monotonic() + budget, rate=rate or 50, rate_max=rate, pause_seconds=0.005, threads=6,
        )  # fmt: skip

    with fake:
        yield Place(fake=fake, source=source)


_PLACES: dict[str, Callable[[], AbstractContextManager[Place]]] = {"ListEvents": _list_events}


@pytest.fixture(params=sorted(_PLACES))
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    with _PLACES[request.param]() as made:
        yield made


def test_every_pair_has_one_outcome_and_it_says_what_the_source_lists(place: Place) -> None:
    outcomes, source = place.read()
    assert outcomes.keys() == {request.pair for request in REQUESTS}
    for pair, outcome in outcomes.items():
        assert isinstance(outcome, Observation)
        assert (outcome.operation, outcome.at) == (source.operation, NOW)
        assert [item.title for item in outcome.items] == (["ECS disturbed"] if pair == DISTURBED else [])
    found = outcomes[DISTURBED]
    assert isinstance(found, Observation)
    assert (found.items[0].start, found.items[0].end) == (START, None)
    assert any(window.covers(START) for window in found.windows)


def test_outcomes_come_one_by_one_while_others_are_still_read(place: Place) -> None:
    outcomes = place.source(30.0, 0.0, LOCAL_KEY_SECRET).read(REQUESTS, now=NOW, rung=0)
    first = next(iter(outcomes))
    assert {first.pair, *(outcome.pair for outcome in outcomes)} == {request.pair for request in REQUESTS}


def test_no_request_has_no_outcome(place: Place) -> None:
    assert list(place.source(30.0, 0.0, LOCAL_KEY_SECRET).read([], now=NOW, rung=0)) == []
    assert place.fake.calls == []


def test_pairs_that_the_budget_does_not_reach_have_no_outcome(place: Place) -> None:
    outcomes, _ = place.read(budget=1.0, rate=0.5)
    assert list(outcomes) == [DISTURBED]
    assert [call.params["ProductId"] for call in place.fake.calls] == [DISTURBED.product]


@pytest.mark.parametrize("fault", BROKEN, ids=lambda fault: fault.name)
def test_whatever_the_other_side_does_each_outcome_says_it_and_nothing_is_raised(place: Place, fault: Fault) -> None:
    place.fake.fail(fault, times=None)
    outcomes, source = place.read()
    assert outcomes.keys() == {request.pair for request in REQUESTS}
    for outcome in outcomes.values():
        assert isinstance(outcome, FailedRead)
        assert (outcome.operation, outcome.at, outcome.throttled) == (source.operation, NOW, False)
        assert outcome.reason
        assert "\n" not in outcome.reason


@pytest.mark.parametrize("fault", HARMLESS, ids=lambda fault: fault.name)
def test_what_is_odd_but_whole_is_an_answer_all_the_same(place: Place, fault: Fault) -> None:
    place.fake.fail(fault, times=4, seconds=0.01)
    outcomes, _ = place.read()
    assert {type(outcome) for outcome in outcomes.values()} == {Observation}


@pytest.mark.parametrize("dialect", DIALECTS, ids=["bool", "seconds", "padded"])
def test_every_dialect_says_the_same(place: Place, dialect: Dialect) -> None:
    plain, _ = place.read()
    place.fake.dialect = dialect
    assert place.read()[0] == plain


def test_a_wrong_clock_is_said(place: Place) -> None:
    place.fake.fail(Fault.CLOCK_SKEW, times=None, seconds=3600)
    outcomes, _ = place.read()
    for outcome in outcomes.values():
        assert isinstance(outcome, FailedRead)
        assert "clock is wrong" in outcome.reason


def test_wrong_keys_are_a_reason_and_are_not_shown(place: Place) -> None:
    outcomes, _ = place.read(secret="wrong-secret-text")
    assert outcomes.keys() == {request.pair for request in REQUESTS}
    for outcome in outcomes.values():
        assert isinstance(outcome, FailedRead)
        assert outcome.code == "SignatureDoesNotMatch"
        assert LOCAL_KEY_ID not in outcome.reason
        assert "wrong-secret-text" not in outcome.reason
    assert len(place.fake.calls) < len(REQUESTS)


def test_a_source_that_throttles_is_asked_more_slowly_until_all_is_read(place: Place) -> None:
    place.fake.gateway = GatewayRules(calls_per_second=8)
    outcomes, source = place.read()
    assert {type(outcome) for outcome in outcomes.values()} == {Observation}
    assert source.learned()[1] is not None


def test_throttled_to_the_end_is_said(place: Place) -> None:
    place.fake.gateway = GatewayRules(calls_per_second=0, throttled=ERRORS["Throttling.Api"])
    outcomes, _ = place.read(budget=0.3)
    assert outcomes
    assert all(isinstance(outcome, FailedRead) and outcome.throttled for outcome in outcomes.values())


def test_what_the_source_bore_is_learned_and_the_next_read_can_begin_there(place: Place) -> None:
    place.fake.listing = ListingRules(max_future_days=2)
    _, first = place.read()
    rung = first.learned()[0]
    assert rung > 0
    so_far = len(place.fake.calls)
    outcomes, second = place.read(rung=rung)
    assert {type(outcome) for outcome in outcomes.values()} == {Observation}
    assert len(place.fake.calls) - so_far == len(REQUESTS)
    assert second.learned()[0] == rung
