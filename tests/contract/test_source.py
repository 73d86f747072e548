"""Each sentence of ports.Source, over each source. A new one adds its line to `_PLACES`; the suite stays as it is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone

import pytest

from local.fakes.status.errors import ERRORS
from local.fakes.status.faults import Fault
from local.fakes.status.gateway import GatewayRules
from local.fakes.status.keys import LOCAL_KEY_ID, LOCAL_KEY_SECRET
from local.fakes.status.list_events import Dialect, ListingRules
from local.fakes.status.server import StatusFake
from local.fakes.status.world import ShownEvent, World
from shd_relay import clock
from shd_relay.adapters.credentials import Credentials
from shd_relay.adapters.status_api import ListEventsSource
from shd_relay.model import FailedRead, Observation, Pair
from shd_relay.ports import ReadRequest, Source
from tests.contract.sentences import proves

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
DAY = timedelta(days=1)


class SlowWorld(World):
    """Keeps whoever asks for the disturbed product waiting until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()

    def at(self, now: datetime, *, product: str | None = None, region: str | None = None) -> list[ShownEvent]:
        if product == DISTURBED.product:
            assert self.let_go.wait(10)
        return super().at(now, product=product, region=region)


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


@proves(Source, "One operation of the status API;", "each outcome carries its name, `operation`.")
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


@proves(
    Source.read,
    "Reads the pairs, several at a time, and yields one outcome each as it comes, in unspecified order.",
)
def test_outcomes_come_as_they_are_there_while_others_are_still_read(place: Place) -> None:
    world = place.fake.world = SlowWorld()
    outcomes = place.source(30.0, 0.0, LOCAL_KEY_SECRET).read(REQUESTS, now=NOW, rung=0)
    first = [next(outcomes).pair for _ in QUIET]
    assert sorted(first) == sorted(QUIET)
    world.let_go.set()
    assert [outcome.pair for outcome in outcomes] == [DISTURBED]


def test_no_request_has_no_outcome(place: Place) -> None:
    assert list(place.source(30.0, 0.0, LOCAL_KEY_SECRET).read([], now=NOW, rung=0)) == []
    assert place.fake.calls == []


@proves(Source.read, "Ends early when the budget is spent: pairs without an outcome were not reached.")
def test_pairs_that_the_budget_does_not_reach_have_no_outcome(place: Place) -> None:
    outcomes, _ = place.read(budget=1.0, rate=0.5)
    assert list(outcomes) == [DISTURBED]
    assert [call.params["ProductId"] for call in place.fake.calls] == [DISTURBED.product]


@proves(Source.read, "Never raises for what the other side does;", "each outcome says it.")
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


@proves(Source.read, "Never raises for what the other side does;", "each outcome says it.")
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


@proves(
    Source.learned,
    "The rung that the source bore in the last read, and the calls per second at which that read ended;",
)
@proves(Source.read, "Never raises for what the other side does;", "each outcome says it.")
def test_throttled_to_the_end_is_said_and_the_read_ends_at_a_lower_rate(place: Place) -> None:
    place.fake.gateway = GatewayRules(calls_per_second=0, throttled=ERRORS["Throttling.Api"])
    outcomes, source = place.read(budget=0.3, rate=40.0)
    assert outcomes
    assert all(isinstance(outcome, FailedRead) and outcome.throttled for outcome in outcomes.values())
    assert 0 < (source.learned()[1] or 0) < 40.0


@proves(
    Source.learned,
    "The rung that the source bore in the last read, and the calls per second at which that read ended;",
)
@proves(Source.read, "`rung` is how narrow a window to begin with;", "`learned` tells what was found.")
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


@proves(Source.read, "`rung` is how narrow a window to begin with;")
def test_a_greater_rung_asks_for_fewer_days_and_is_learned_as_it_is(place: Place) -> None:
    spans = []
    for rung in range(7):
        outcomes, source = place.read(rung=rung)
        spans.append(span_of(outcomes[DISTURBED]))
        assert source.learned() == (rung, None)
    assert spans[0] > spans[1] > spans[2]
    assert spans[-1] == min(spans)


@proves(Source.learned, "None for calls that nothing limited.")
def test_a_limit_that_is_given_is_the_rate_and_without_one_there_is_none(place: Place) -> None:
    assert place.read()[1].learned()[1] is None
    assert place.read(rate=200.0)[1].learned()[1] == 200.0


@proves(
    ReadRequest,
    "One pair to read, and the days that are wanted: from `since` to today, and announced ones after it.",
)
@pytest.mark.parametrize("days", [0, 40, 200])
def test_the_days_from_since_to_today_and_announced_ones_are_read(place: Place, days: int) -> None:
    since = NOW - days * DAY
    wanted = [since, NOW - (days / 2) * DAY, NOW + 10 * DAY]
    for moment in wanted:
        place.fake.world.put(replace(EVENT, title=f"{moment}", start=moment, end=moment, end_announced=True))
    [outcome] = place.source(30.0, 0.0, LOCAL_KEY_SECRET).read([ReadRequest(DISTURBED, since)], now=NOW, rung=0)
    assert isinstance(outcome, Observation)
    assert {f"{moment}" for moment in wanted} <= {item.title for item in outcome.items}
    assert all(any(window.covers(moment) for window in outcome.windows) for moment in (since, NOW))


def span_of(outcome: Observation | FailedRead) -> timedelta:
    assert isinstance(outcome, Observation)
    return max(window.until for window in outcome.windows) - min(window.since for window in outcome.windows)
