"""What a source can do to a poll: nothing of it ends, loses or invents anything, and the poll ends in its time."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from local.clock import MovedClock
from local.fakes.certificates import Authority
from local.fakes.status import Dialect, Fault, GatewayRules, StatusFake
from shd_relay.adapters.line import trust
from tests.e2e.two import LIST, NOW, OSS, SWEEP, Relay, relay_in

BUDGET = 0.6  # seconds of a poll while it is hurt
PROMPT = 4.0  # seconds of grace on a busy machine; what hangs would hang for the function's 20
BUCKETS = "Buckets cannot be reached"
OVER, BEGUN, BLIND = ("ecs/cn-hongkong", "resolved"), ("oss/cn-hongkong", "opened"), ("feed", "blind")
RIGHT = {LIST: "answers", SWEEP: "answers"}


@dataclass(kw_only=True)
class Hurt:
    """One relay that knows of trouble on ECS when something begins to go wrong; what it says meanwhile is collected."""

    relay: Relay
    known: int
    heard: list[tuple[str, str]] = field(default_factory=list)
    took: list[float] = field(default_factory=list)

    def poll(self, budget: float = BUDGET) -> dict[str, Any]:
        self.relay.set(SHD_BUDGET_SECONDS=f"{budget:g}")
        began = time.monotonic()
        report = self.relay.poll()
        self.took.append(time.monotonic() - began)
        assert self.took[-1] < budget + PROMPT
        self.heard += self.relay.told()
        return report


@pytest.fixture
def hurt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hurt]:
    with relay_in(tmp_path, monkeypatch) as relay:
        yield begun(relay)


def begun(relay: Relay) -> Hurt:
    number = relay.trouble()
    relay.poll()
    assert relay.told() == [("ecs/cn-hongkong", "opened")]
    return Hurt(relay=relay, known=number)


def goes_wrong(hurt: Hurt, polls: int = 2, budget: float = BUDGET) -> list[dict[str, Any]]:
    """So many polls without an answer, while the known trouble ends and another begins: not a word of it, and blind
    after the second."""
    hurt.relay.over(hurt.known)
    hurt.relay.trouble(OSS, BUCKETS)
    reports = [hurt.poll(budget) for _ in range(polls)]
    assert [report["polled"] for report in reports] == [0] * polls
    assert [report["source"] for report in reports] == ["fresh", *["blind"] * (polls - 1)]
    assert hurt.heard in ([], [BLIND])  # what this little time does not suffice for is told by a later poll
    assert hurt.relay.statuses() == {"ecs/cn-hongkong": "incident", "oss/cn-hongkong": "unknown"}
    return reports


def is_well_again(hurt: Hurt) -> None:
    """Once it is over, one poll tells all that has happened, each once; and the next ones nothing more."""
    report = hurt.poll(budget=10)
    assert (report["polled"], report["failed"], report["unread"], report["reasons"]) == (2, 0, 0, {})
    assert (report["source"], report["operations"]) == ("fresh", RIGHT)
    assert hurt.heard[0] == BLIND
    assert sorted(hurt.heard[1:]) == [OVER, ("feed", "recovered"), BEGUN]
    for _ in range(2):
        assert hurt.poll(budget=10)["changes"] == 0
    assert hurt.relay.statuses() == {"ecs/cn-hongkong": "operational", "oss/cn-hongkong": "incident"}
    events = hurt.relay.ask("/v1/events")["events"]
    assert sorted((event["product"], event["state"]) for event in events) == [
        ("", "resolved"), ("ecs", "resolved"), ("oss", "open"),
    ]  # fmt: skip


def said(reports: list[dict[str, Any]]) -> str:
    return "\n".join(reason for report in reports for reason in report["reasons"])


BROKEN = [
    (Fault.SLOW_DRIP, {}, "no answer within"),
    (Fault.HANG, {}, "no answer within"),
    (Fault.CUT_BODY, {}, "IncompleteRead"),
    (Fault.TRUNCATED_JSON, {}, "not JSON, or cut off"),
    (Fault.REDIRECT, {}, "a redirect, which is not followed"),
    (Fault.HTML_200, {}, "a web page"),
    (Fault.NOT_UTF8_200, {}, "not UTF-8"),
    (Fault.HUGE_BODY, {"size": 9_000_000}, "answer too large"),
    (Fault.BAD_GATEWAY_HTML, {}, "HTTP 502"),
    (Fault.RESET, {}, "no answer: "),
]


@pytest.mark.parametrize(("fault", "more", "reason"), BROKEN, ids=[fault.name for fault, *_ in BROKEN])
def test_answers_that_are_none_are_named_in_the_report_and_end_lose_and_invent_nothing(
    hurt: Hurt, fault: Fault, more: dict[str, Any], reason: str
) -> None:
    hurt.relay.api.fail(fault, times=None, **more)
    assert reason in said(goes_wrong(hurt))
    hurt.relay.api.heal()
    is_well_again(hurt)


WHOLE: list[tuple[Fault | Dialect, dict[str, Any]]] = [
    (Fault.GZIP, {}),
    (Fault.HUGE_BODY, {"size": 1_500_000}),
    (Dialect(times="seconds"), {}),
    (Fault.CLOSE_AFTER_IDLE, {}),
]


@pytest.mark.parametrize(("fault", "more"), WHOLE, ids=["GZIP", "MORE_THAN_1_MB", "SECONDS", "CLOSE_AFTER_IDLE"])
def test_answers_that_are_only_unusual_are_read_as_ever(
    hurt: Hurt, fault: Fault | Dialect, more: dict[str, Any]
) -> None:
    hurt.relay.api.fail(fault, times=None, **more)
    report = hurt.poll(budget=10)
    assert (report["polled"], report["changes"], report["reasons"]) == (2, 0, {})
    hurt.relay.over(hurt.known)
    hurt.relay.trouble(OSS, BUCKETS)
    hurt.poll(budget=10)
    assert sorted(hurt.heard) == [OVER, BEGUN]
    hurt.relay.api.heal()
    assert hurt.poll(budget=10)["changes"] == 0


def test_500s_for_ten_minutes_end_lose_and_invent_nothing(hurt: Hurt) -> None:
    hurt.relay.api.fail(Fault.INTERNAL_ERROR, times=None)
    reports = goes_wrong(hurt, polls=10, budget=0.3)
    assert "InternalError" in said(reports)
    assert not any("refused" in note for report in reports for note in report["notes"])  # it is broken
    assert any("no answer for 10 polls" in note for note in reports[-1]["notes"])
    hurt.relay.api.heal()
    is_well_again(hurt)


# One operation alone is hurt

HALF = [
    *((action, fault) for fault in (Fault.HTML_200, Fault.CUT_BODY, Fault.INTERNAL_ERROR) for action in (LIST, SWEEP)),
    (LIST, Fault.HANG),
    (SWEEP, Fault.HANG),
]


@pytest.mark.parametrize(("action", "fault"), HALF)
def test_while_one_operation_is_broken_the_other_tells_everything(hurt: Hurt, action: str, fault: Fault) -> None:
    hurt.relay.api.fail(fault, times=None, when=lambda call: call.action == action)
    first = hurt.poll(budget=1.2)
    hurt.relay.over(hurt.known)
    hurt.relay.trouble(OSS, BUCKETS)
    for report in (first, hurt.poll(budget=1.2)):
        assert (report["polled"], report["source"]) == (2, "fresh")
        assert report["operations"] == RIGHT | {action: "fails"}
        assert report["reasons"]
    hurt.relay.api.heal()
    hurt.poll(budget=10)  # what only the other one knows is an edit
    assert sorted(set(hurt.heard) - {("oss/cn-hongkong", "updated")}) == [OVER, BEGUN]
    assert hurt.poll(budget=10)["changes"] == 0


def test_the_witness_is_heard_also_where_both_operations_hang(hurt: Hurt) -> None:
    page = f"{hurt.relay.api.url}/api/status/listProductEventForRegionInLast24Hours?regionId={{region}}"
    hurt.relay.set(SHD_WITNESS=page)
    hurt.relay.api.fail(Fault.HANG, times=None, when=lambda call: not call.is_of_page)
    hurt.relay.trouble(OSS, BUCKETS)
    hurt.poll()
    assert hurt.poll()["operations"]["public-page"] == "answers"
    assert BEGUN in hurt.heard


# Throttling


def test_60_pairs_behind_ten_calls_a_second_are_read_in_turn_and_nothing_is_lost(hurt: Hurt) -> None:
    relay, hot = hurt.relay, "product-40"
    relay.set(
        SHD_PRODUCTS=",".join(["ecs", "oss", *(f"product-{n}" for n in range(58))]), SHD_RATE="20", SHD_RATE_MAX="50"
    )
    relay.api.gateway = GatewayRules(calls_per_second=10)
    relay.over(hurt.known)
    relay.trouble((hot, "cn-hongkong"))
    began = len(relay.api.calls)
    for _ in range(4):
        report = hurt.poll(budget=1.5)
        assert (report["polled"], report["failed"], report["source"], report["notes"]) == (60, 0, "fresh", [])
    calls = relay.api.calls[began:]
    throttled = [call for call in calls if call.code == "Throttling.User"]
    assert 0 < len(throttled) <= len(calls) / 3
    read = Counter(call.params["ProductId"] for call in calls if call.action == LIST and call.code == "200")
    quiet = [count for product, count in read.items() if product not in {hot, "ecs"}]
    assert max(quiet) == 1  # before all others were read
    assert len(quiet) > 15
    assert sorted(set(hurt.heard) - {(f"{hot}/cn-hongkong", "updated")}) == [OVER, (f"{hot}/cn-hongkong", "opened")]
    assert {status for pair, status in relay.statuses().items() if hot not in pair} == {"operational"}


def test_where_something_goes_on_is_read_before_pairs_that_have_just_joined(hurt: Hurt) -> None:
    relay = hurt.relay
    products = [*(f"product-{n}" for n in range(58)), "ecs", "oss"]
    relay.set(SHD_SOURCE="list-events", SHD_PRODUCTS=",".join(products), SHD_RATE="10", SHD_RATE_MAX="50")
    relay.api.gateway = GatewayRules(calls_per_second=10)
    relay.over(hurt.known)
    assert hurt.poll(budget=1)["unread"] > 0
    assert hurt.heard == [OVER]


# The way there


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def secure(authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hurt]:
    """Over TLS, by name; the functions trust the authority as they trust the system's."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    trust.cache_clear()  # what is trusted is read once in the life of a process
    now = MovedClock(NOW)
    try:
        with relay_in(tmp_path, monkeypatch, api=StatusFake(clock=now.now, tls=authority.server()), time=now) as relay:
            relay.set(SHD_ENDPOINT=named(relay.api))
            yield begun(relay)
    finally:
        trust.cache_clear()


def named(api: StatusFake) -> str:
    return api.url.replace("127.0.0.1", "localhost")


def test_every_call_over_tls_names_the_host_in_its_handshake(secure: Hurt) -> None:
    assert {(call.secure, call.sni) for call in secure.relay.api.calls} == {(True, "localhost")}
    assert {call.action for call in secure.relay.api.calls} == {LIST, SWEEP}


def test_a_handshake_that_hangs_is_named_and_ends_loses_and_invents_nothing(secure: Hurt) -> None:
    secure.relay.api.hang_connections(None)
    assert "in the TLS handshake" in said(goes_wrong(secure))
    secure.relay.api.heal()
    is_well_again(secure)


@pytest.mark.parametrize("kind", ["other host", "expired", "self-signed", "unknown authority"])
def test_a_certificate_that_is_not_good_is_refused_by_name_and_not_a_byte_is_sent(
    secure: Hurt, authority: Authority, tmp_path_factory: pytest.TempPathFactory, kind: str
) -> None:
    stranger = Authority(tmp_path_factory.mktemp("stranger"), name="Stranger")
    context, word = {
        "other host": (authority.server("status.example.com"), "match"),
        "expired": (authority.server(expired=True), "expired"),
        "self-signed": (authority.server(self_signed=True), "self"),
        "unknown authority": (stranger.server(), "issuer"),
    }[kind]
    relay = secure.relay
    with StatusFake(clock=relay.time.now, world=relay.api.world, tls=context) as false:
        relay.set(SHD_ENDPOINT=named(false))
        reports = goes_wrong(secure)
        assert false.calls == []
    assert "the certificate of localhost is refused: " in said(reports)
    assert word in said(reports)
    relay.set(SHD_ENDPOINT=named(relay.api))
    is_well_again(secure)


def test_a_name_that_nobody_knows_is_told_and_ends_loses_and_invents_nothing(hurt: Hurt) -> None:
    hurt.relay.set(SHD_ENDPOINT="https://status.shd.invalid")
    assert "status.shd.invalid" in said(goes_wrong(hurt))
    hurt.relay.set(SHD_ENDPOINT=hurt.relay.api.url)
    is_well_again(hurt)


def test_a_port_where_nobody_listens_is_told_and_ends_loses_and_invents_nothing(hurt: Hurt) -> None:
    with StatusFake(clock=hurt.relay.time.now) as gone:
        url = gone.url
    hurt.relay.set(SHD_ENDPOINT=url)
    assert "refused" in said(goes_wrong(hurt))
    hurt.relay.set(SHD_ENDPOINT=hurt.relay.api.url)
    is_well_again(hurt)


def test_a_source_that_comes_and_goes_within_a_poll_keeps_what_it_said_and_loses_nothing(hurt: Hurt) -> None:
    asked = 0

    def every_third(_: object) -> bool:
        nonlocal asked
        asked += 1
        return asked % 3 == 0

    hurt.relay.api.fail(Fault.RESET, times=None, when=every_third)
    hurt.relay.over(hurt.known)
    hurt.relay.trouble(OSS, BUCKETS)
    for _ in range(3):
        assert hurt.poll(budget=10)["source"] == "fresh"
    assert sorted(hurt.heard) == [OVER, BEGUN]
    assert timedelta(minutes=3) < hurt.relay.time.now() - NOW
