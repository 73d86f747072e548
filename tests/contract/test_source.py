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
from local.fakes.status.pages import PageRules
from local.fakes.status.server import StatusFake
from local.fakes.status.world import ShownEvent, World
from shd_relay import clock
from shd_relay.adapters.credentials import Credentials
from shd_relay.adapters.in_progress import InProgressSource
from shd_relay.adapters.public_page import PublicPageSource
from shd_relay.adapters.status_api import ListEventsSource
from shd_relay.model import FailedRead, Observation, Pair
from shd_relay.ports import Findings, ReadRequest, Source
from shd_relay.records import Learned
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
    Fault.ERROR_BODY_NULL, Fault.ERROR_BODY_STRING, Fault.BAD_GATEWAY_HTML,
]  # fmt: skip
HARMLESS = [Fault.LATE, Fault.CLOSE_AFTER_IDLE, Fault.STALE_CONNECTION, Fault.GZIP]
DIALECTS = [
    Dialect(start_key="StartTime", success="bool", code="text", open_end="zero", empty_data="null"),
    Dialect(start_key="startTime", open_end="absent", empty_data="absent", with_total=False, times="seconds"),
    Dialect(start_key="sartTime", duplicates=True, shuffled=True, padded=True, unknown_keys=True),
]
REQUESTS = [ReadRequest(pair, NOW) for pair in (DISTURBED, *QUIET)]
DAY = timedelta(days=1)
_FOUND = (
    "What a read found out about the way of asking: how narrow the window has to be, and how fast it bears to be asked"
    " (None for calls that nothing limited)."
)


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


@contextmanager
def _in_progress() -> Iterator[Place]:
    fake = StatusFake()
    fake.world.put(EVENT)

    def source(budget: float, rate: float, secret: str) -> Source:
        return InProgressSource(
            fake.url, Credentials(access_key_id=LOCAL_KEY_ID, access_key_secret=secret),
            deadline=clock.monotonic() + budget, regions=["cn-hongkong"], global_region="oo-region",
            pause_seconds=0.005,
        )  # fmt: skip

    with fake:
        yield Place(fake=fake, source=source)


@contextmanager
def _page() -> Iterator[Place]:
    fake = StatusFake(pages=PageRules(fill_lists=True))
    fake.world.put(EVENT)

    def source(budget: float, rate: float, secret: str) -> Source:
        address = f"{fake.url}/api/status/listEventInProgressInternational"
        return PublicPageSource(address, deadline=clock.monotonic() + budget, global_region="oo-region")

    with fake:
        yield Place(fake=fake, source=source)


_PLACES: dict[str, Callable[[], AbstractContextManager[Place]]] = {
    "ListEvents": _list_events, "ListEventInProgress": _in_progress, "public-page": _page
}  # fmt: skip


@pytest.fixture(params=sorted(_PLACES))
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    with _PLACES[request.param]() as made:
        yield made


@pytest.fixture(params=["ListEvents", "ListEventInProgress"])
def signed(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Those that have keys."""
    with _PLACES[request.param]() as made:
        yield made


@pytest.fixture(params=["ListEventInProgress", "public-page"])
def sweeping(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Those that tell of all pairs at once."""
    with _PLACES[request.param]() as made:
        yield made


@pytest.fixture
def one_by_one() -> Iterator[Place]:
    """The one that makes a call for each pair: the others have no pace, and no window."""
    with _list_events() as made:
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
def test_outcomes_come_as_they_are_there_while_others_are_still_read(one_by_one: Place) -> None:
    world = one_by_one.fake.world = SlowWorld()
    outcomes = one_by_one.source(30.0, 0.0, LOCAL_KEY_SECRET).read(REQUESTS, now=NOW, rung=0)
    first = [next(outcomes).pair for _ in QUIET]
    assert sorted(first) == sorted(QUIET)
    world.let_go.set()
    assert [outcome.pair for outcome in outcomes] == [DISTURBED]


def test_no_request_has_no_outcome(place: Place) -> None:
    assert list(place.source(30.0, 0.0, LOCAL_KEY_SECRET).read([], now=NOW, rung=0)) == []
    assert place.fake.calls == []


@proves(Source.read, "Ends early when the budget is spent: pairs without an outcome were not reached.")
def test_pairs_that_the_budget_does_not_reach_have_no_outcome(one_by_one: Place) -> None:
    outcomes, _ = one_by_one.read(budget=1.0, rate=0.5)
    assert list(outcomes) == [DISTURBED]
    assert [call.params["ProductId"] for call in one_by_one.fake.calls] == [DISTURBED.product]


@proves(Source.read, "Never raises for what the other side does;", "each outcome says it.")
@pytest.mark.parametrize("fault", BROKEN, ids=lambda fault: fault.name)
def test_whatever_the_other_side_does_each_outcome_says_it_and_nothing_is_raised(place: Place, fault: Fault) -> None:
    place.fake.fail(fault, times=None, when=lambda call: True)
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


def test_xml_where_json_was_asked_for_is_a_failed_read(signed: Place) -> None:
    signed.fake.fail(Fault.XML_FOR_JSON, times=None)
    assert {type(outcome) for outcome in signed.read()[0].values()} == {FailedRead}


def test_a_wrong_clock_is_said(signed: Place) -> None:
    signed.fake.fail(Fault.CLOCK_SKEW, times=None, seconds=3600)
    outcomes, _ = signed.read()
    for outcome in outcomes.values():
        assert isinstance(outcome, FailedRead)
        assert "clock is wrong" in outcome.reason


@proves(Source.read, "Never raises for what the other side does;", "each outcome says it.")
def test_wrong_keys_are_a_reason_and_are_not_shown(signed: Place) -> None:
    outcomes, _ = signed.read(secret="wrong-secret-text")
    assert outcomes.keys() == {request.pair for request in REQUESTS}
    for outcome in outcomes.values():
        assert isinstance(outcome, FailedRead)
        assert outcome.code == "SignatureDoesNotMatch"
        assert LOCAL_KEY_ID not in outcome.reason
        assert "wrong-secret-text" not in outcome.reason
    assert len(signed.fake.calls) < len(REQUESTS)


def test_a_source_that_throttles_is_asked_more_slowly_until_all_is_read(one_by_one: Place) -> None:
    one_by_one.fake.gateway = GatewayRules(calls_per_second=8)
    outcomes, source = one_by_one.read()
    assert {type(outcome) for outcome in outcomes.values()} == {Observation}
    assert source.learned(NOW).pace is not None


@proves(Findings, _FOUND)
@proves(Source.read, "Never raises for what the other side does;", "each outcome says it.")
def test_throttled_to_the_end_is_said_and_remembered(one_by_one: Place) -> None:
    one_by_one.fake.gateway = GatewayRules(calls_per_second=0, throttled=ERRORS["Throttling.Api"])
    outcomes, source = one_by_one.read(budget=0.3, rate=40.0)
    assert outcomes
    assert all(isinstance(outcome, FailedRead) and outcome.throttled for outcome in outcomes.values())
    learned = source.learned(NOW).pace
    assert learned is not None
    assert learned.throttled_at == NOW


@proves(Source.learned, "What was found out in the last read.")
@proves(Source.read, "`rung` is how narrow a window to begin with;", "`learned` tells what was found.")
def test_what_the_source_bore_is_learned_and_the_next_read_can_begin_there(one_by_one: Place) -> None:
    one_by_one.fake.listing = ListingRules(max_future_days=2)
    _, first = one_by_one.read()
    rung = first.learned(NOW).rung
    assert rung > 0
    so_far = len(one_by_one.fake.calls)
    outcomes, second = one_by_one.read(rung=rung)
    assert {type(outcome) for outcome in outcomes.values()} == {Observation}
    assert len(one_by_one.fake.calls) - so_far == len(REQUESTS)
    assert second.learned(NOW).rung == rung


@proves(Source.read, "`rung` is how narrow a window to begin with;")
def test_a_greater_rung_asks_for_fewer_days_and_is_learned_as_it_is(one_by_one: Place) -> None:
    spans = []
    for rung in range(7):
        outcomes, source = one_by_one.read(rung=rung)
        spans.append(span_of(outcomes[DISTURBED]))
        assert source.learned(NOW) == Findings(rung)
    assert spans[0] > spans[1] > spans[2]
    assert spans[-1] == min(spans)


@proves(Findings, _FOUND)
def test_a_limit_that_is_given_is_the_rate_and_without_one_there_is_none(one_by_one: Place) -> None:
    assert one_by_one.read()[1].learned(NOW).pace is None
    assert one_by_one.read(rate=200.0)[1].learned(NOW).pace == Learned(rate=200.0)


@proves(
    ReadRequest,
    "One pair to read, and the days that are wanted: from `since` to today, and announced ones after it;",
)
@pytest.mark.parametrize("days", [0, 40, 200])
def test_the_days_from_since_to_today_and_announced_ones_are_read(one_by_one: Place, days: int) -> None:
    since = NOW - days * DAY
    wanted = [since, NOW - (days / 2) * DAY, NOW + 10 * DAY]
    for moment in wanted:
        one_by_one.fake.world.put(replace(EVENT, title=f"{moment}", start=moment, end=moment, end_announced=True))
    [outcome] = one_by_one.source(30.0, 0.0, LOCAL_KEY_SECRET).read([ReadRequest(DISTURBED, since)], now=NOW, rung=0)
    assert isinstance(outcome, Observation)
    assert {f"{moment}" for moment in wanted} <= {item.title for item in outcome.items}
    assert all(any(window.covers(moment) for window in outcome.windows) for moment in (since, NOW))


@proves(ReadRequest, "with `until`, to that day only.")
def test_with_until_only_the_days_up_to_it_are_read(one_by_one: Place) -> None:
    since, until = NOW - 60 * DAY, NOW - 40 * DAY
    for moment in (since, until, NOW - 30 * DAY):
        one_by_one.fake.world.put(replace(EVENT, title=f"{moment}", start=moment, end=moment))
    request = ReadRequest(DISTURBED, since, until)
    [outcome] = one_by_one.source(30.0, 0.0, LOCAL_KEY_SECRET).read([request], now=NOW, rung=0)
    assert isinstance(outcome, Observation)
    assert {item.title for item in outcome.items} == {f"{since}", f"{until}"}
    assert len(one_by_one.fake.calls) == 1


@proves(Findings, "`refused`: why every call would be, until a person mends something.")
@pytest.mark.parametrize("fault", [Fault.ACTION_NOT_FOUND, Fault.FORBIDDEN_RAM], ids=lambda fault: fault.name)
@pytest.mark.parametrize("count", [1, len(REQUESTS)])
def test_what_refuses_every_call_is_found_out_however_few_there_are(signed: Place, fault: Fault, count: int) -> None:
    signed.fake.fail(fault, times=None)
    source = signed.source(30.0, 0.0, LOCAL_KEY_SECRET)
    list(source.read(REQUESTS[:count], now=NOW, rung=0))
    assert source.operation in (source.learned(NOW).refused or "")
    signed.fake.heal()
    list(source.read(REQUESTS[:count], now=NOW, rung=0))
    assert source.learned(NOW).refused is None


@pytest.mark.parametrize("fault", [Fault.INTERNAL_ERROR, Fault.HTML_200, Fault.RESET], ids=lambda fault: fault.name)
def test_what_may_pass_refuses_nobody(signed: Place, fault: Fault) -> None:
    signed.fake.fail(fault, times=None)
    assert signed.read()[1].learned(NOW).refused is None


@proves(Source.read, "An operation that lists all regions at once may yield observations of further pairs.")
def test_what_a_list_of_all_regions_says_of_other_pairs_is_an_outcome_too(sweeping: Place) -> None:
    sweeping.fake.world.put(replace(EVENT, product="brandnew", title="Unheard of"))
    outcomes = list(sweeping.source(30.0, 0.0, LOCAL_KEY_SECRET).read(REQUESTS, now=NOW, rung=0))
    assert len(outcomes) == len(REQUESTS) + 1
    [more] = [outcome for outcome in outcomes if outcome.pair.product == "brandnew"]
    assert isinstance(more, Observation)
    assert [item.title for item in more.items] == ["Unheard of"]


def span_of(outcome: Observation | FailedRead) -> timedelta:
    assert isinstance(outcome, Observation)
    return max(window.until for window in outcome.windows) - min(window.since for window in outcome.windows)
