"""What ListEvents answers: window, dialects, and incidents played by the clock."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest

from local.fakes.status import (
    Dialect,
    Fault,
    GatewayRules,
    ListingRules,
    ShownEvent,
    Stage,
    StatusFake,
    Update,
    World,
    events_of,
)
from tests.fakes.status_wire import ask, signed

ROOT = Path(__file__).parents[2]
CHINA = timezone(timedelta(hours=8))
START = datetime(2026, 3, 10, 9, 0, tzinfo=CHINA)
START_MS = 1773104400000
EVENT = ShownEvent(product="ecs", region="cn-hangzhou", title="云服务器 <异常>", start=START)


class Clock:
    """The moment that the dashboard shows, moved by hand."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock(START + timedelta(hours=1))


@pytest.fixture
def fake(clock: Clock) -> Iterator[StatusFake]:
    with StatusFake(clock=clock) as running:
        yield running


def titles(fake: StatusFake, **changes: str | None) -> list[str]:
    return [item["Title"] for item in ask(fake, **changes).json["Data"]]


def test_an_open_event_is_answered_as_the_published_client_reads_it(fake: StatusFake) -> None:
    fake.world.put(EVENT)
    answer = ask(fake)
    assert answer.headers["content-type"] == "application/json;charset=utf-8"
    body = answer.json
    assert re.fullmatch(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", body.pop("RequestId"))
    assert body == {
        "Code": 200,
        "HTTPCode": 200,
        "Success": "true",
        "Info": "成功处理",
        "Total": 1,
        "Data": [
            {"Title": EVENT.title, "CurrentStateSeverity": "ALARM", "SartTime": START_MS, "EndTime": None},
        ],
    }


@pytest.mark.parametrize("change", [{"ProductId": "oss"}, {"RegionId": "cn-nowhere"}])
def test_an_unknown_pair_is_an_empty_list(fake: StatusFake, change: dict[str, str]) -> None:
    fake.world.put(EVENT)
    body = ask(fake, **change).json
    assert (body["Code"], body["Total"], body["Data"]) == (200, 0, [])


def test_parameters_of_a_posted_form_count(fake: StatusFake) -> None:
    fake.world.put(EVENT)
    params = signed("POST")
    form = urlencode({name: params.pop(name) for name in ("ProductId", "RegionId")})
    connection = http.client.HTTPConnection(fake.endpoint, timeout=5)
    try:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", f"/?{urlencode(params)}", body=form, headers=headers)
        assert json.loads(connection.getresponse().read())["Total"] == 1
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("end_date", "days", "overlap", "by_start"),
    [
        ("2026-03-09", "30", False, False),
        ("2026-03-10", "1", True, True),
        ("2026-03-12", "2", True, False),
        ("2026-03-12", "3", True, True),
        ("2026-03-13", "1", False, False),
        ("0001-01-02", "9999", False, False),
        ("9999-12-31", "9999", False, False),
    ],
)
def test_the_window_is_days_of_china(
    fake: StatusFake, clock: Clock, end_date: str, days: str, overlap: bool, by_start: bool
) -> None:
    fake.world.put(
        ShownEvent(product="ecs", region="cn-hangzhou", title="t", start=START, end=START + timedelta(days=2))
    )
    clock.now = START + timedelta(days=5)
    assert bool(titles(fake, EndDate=end_date, NumOfDay=days)) == overlap
    fake.listing = ListingRules(window="start")
    assert bool(titles(fake, EndDate=end_date, NumOfDay=days)) == by_start


def test_the_day_begins_at_midnight_in_china(fake: StatusFake) -> None:
    late = datetime(2026, 3, 9, 16, 0, tzinfo=timezone.utc)  # midnight of the 10th in UTC+8
    fake.world.put(ShownEvent(product="ecs", region="cn-hangzhou", title="on the 10th", start=late))
    assert titles(fake, EndDate="2026-03-09", NumOfDay="1") == []
    assert titles(fake, EndDate="2026-03-10", NumOfDay="1") == ["on the 10th"]


def test_an_open_event_never_leaves_an_overlapping_window(fake: StatusFake) -> None:
    fake.world.put(EVENT)
    assert titles(fake, EndDate="2026-12-31", NumOfDay="1") == [EVENT.title]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EndDate", "tomorrow"),
        ("EndDate", "20260310"),
        ("EndDate", "2026-02-30"),
        ("NumOfDay", "0"),
        ("NumOfDay", "-1"),
        ("NumOfDay", "1.5"),
        ("NumOfDay", "１"),
        ("NumOfDay", "10000"),
    ],
)
def test_a_bad_window_is_refused_unless_that_is_switched_off(fake: StatusFake, name: str, value: str) -> None:
    answer = ask(fake, **{name: value})
    assert (answer.status, answer.json["Code"]) == (400, "InvalidParameter")
    assert answer.json["Message"] == f"Specified parameter {name} is not valid."
    fake.listing = ListingRules(check_window=False)
    assert ask(fake, **{name: value}).status == 200


def test_a_window_beyond_the_limits_is_refused(fake: StatusFake) -> None:
    fake.listing = ListingRules(max_future_days=1, max_days=7)
    statuses = [ask(fake, EndDate=day).status for day in ("2026-03-11", "2026-03-12")]
    assert statuses == [200, 400]
    assert [ask(fake, NumOfDay=days).status for days in ("7", "8")] == [200, 400]


@pytest.mark.parametrize("name", ["RegionId", "ProductId"])
def test_a_pair_must_be_named_unless_that_is_switched_off(fake: StatusFake, name: str) -> None:
    fake.world.put(EVENT)
    assert ask(fake, **{name: None}).json["Code"] == f"Missing{name}"
    fake.listing = ListingRules(required=())
    assert titles(fake, **{name: None}) == [EVENT.title]


@pytest.mark.parametrize("key", ["SartTime", "StartTime", "sartTime", "startTime"])
def test_the_start_is_spelt_as_chosen(
    fake: StatusFake, key: Literal["SartTime", "StartTime", "sartTime", "startTime"]
) -> None:
    fake.world.put(EVENT)
    fake.dialect = Dialect(start_key=key)
    item = ask(fake).json["Data"][0]
    assert item.keys() == {"Title", "CurrentStateSeverity", "EndTime", key}
    assert item[key] == START_MS


@pytest.mark.parametrize(
    ("dialect", "path", "expected"),
    [
        (Dialect(success="bool"), ("Success",), True),
        (Dialect(code="text"), ("Code",), "200"),
        (Dialect(open_end="zero"), ("Data", 0, "EndTime"), 0),
        (Dialect(total_off_by=2), ("Total",), 3),
        (Dialect(times="seconds"), ("Data", 0, "SartTime"), START_MS // 1000),
        (Dialect(padded=True), ("Data", 0, "Title"), f" {EVENT.title}\n"),
        (Dialect(unknown_keys=True), ("TraceId", "unknown"), [1, None, "é"]),
        (Dialect(unknown_keys=True), ("Data", 0, "EventType", "unknown"), True),
    ],
)
def test_a_dialect_spells_a_value(
    fake: StatusFake, dialect: Dialect, path: tuple[str | int, ...], expected: object
) -> None:
    fake.world.put(EVENT)
    fake.dialect = dialect
    value: Any = ask(fake).json
    for step in path:
        value = value[step]
    assert value == expected
    assert type(value) is type(expected)


def test_a_dialect_leaves_keys_out(fake: StatusFake) -> None:
    fake.world.put(EVENT)
    fake.dialect = Dialect(open_end="absent", with_total=False)
    body = ask(fake).json
    assert "Total" not in body
    assert "EndTime" not in body["Data"][0]


def test_a_dialect_says_nothing_in_three_ways(fake: StatusFake) -> None:
    assert ask(fake).json["Data"] == []
    fake.dialect = Dialect(empty_data="null")
    assert ask(fake).json["Data"] is None
    fake.dialect = Dialect(empty_data="absent")
    assert "Data" not in ask(fake).json


def test_a_dialect_pads_the_request_id_and_adds_keys_to_refusals(fake: StatusFake) -> None:
    fake.dialect = Dialect(padded=True, unknown_keys=True)
    request_id = ask(fake).json["RequestId"]
    assert request_id == f" {request_id.strip()}\n"
    assert "AccessDeniedDetail" in ask(fake, Version="0").json


def test_items_come_twice_or_in_another_order(fake: StatusFake) -> None:
    names = [f"event {number}" for number in range(12)]
    fake.world.put(
        *(ShownEvent(product="ecs", region="cn-hangzhou", title=name, start=START) for name in names),
    )
    assert titles(fake) == names
    fake.dialect = Dialect(duplicates=True)
    assert titles(fake) == [name for name in names for _ in range(2)]
    fake.dialect = Dialect(shuffled=True)
    orders = [titles(fake) for _ in range(3)]
    assert all(sorted(order) == sorted(names) for order in orders)
    assert any(order != names for order in orders)


def test_without_a_format_the_answer_is_xml(fake: StatusFake) -> None:
    fake.world.put(EVENT)
    answer = ask(fake, Format=None)
    root = ElementTree.fromstring(answer.body)
    assert (answer.headers["content-type"], root.tag) == ("text/xml;charset=utf-8", "ListEventsResponse")
    assert root.findtext("Data/Event/Title") == EVENT.title


def test_an_event_lives_by_the_clock(fake: StatusFake, clock: Clock) -> None:
    hour = timedelta(hours=1)
    event = ShownEvent(
        product="ecs",
        region="cn-hangzhou",
        title="trouble",
        start=START,
        end=START + 3 * hour,
        severity="NOTIFICATION",
        stages=(Stage(at=START + 3 * hour, title="[Recovered] trouble"), Stage(at=START + hour, severity="ALARM")),
        shown_from=START,
        shown_until=START + 5 * hour,
    )
    fake.world.put(event)
    seen = []
    for hours in (-0.001, 0, 1, 3, 5):
        clock.now = START + hours * hour
        seen.append([(i["Title"], i["CurrentStateSeverity"], i["EndTime"]) for i in ask(fake).json["Data"]])
    assert seen == [
        [],
        [("trouble", "NOTIFICATION", None)],
        [("trouble", "ALARM", None)],
        [("[Recovered] trouble", "ALARM", START_MS + 3 * 3600_000)],
        [],
    ]


def test_a_planned_end_is_shown_beforehand_and_updates_as_they_come() -> None:
    planned = ShownEvent(
        product="ecs",
        region="cn-hangzhou",
        title="maintenance",
        start=START,
        end=START + timedelta(hours=2),
        end_announced=True,
        updates=(Update(at=START, text="begun"), Update(at=START + timedelta(hours=1), text="half")),
    )
    before, during = planned.at(START - timedelta(days=3)), planned.at(START)
    assert before is not None
    assert (before.end, before.updates) == (planned.end, ())
    assert during is not None
    assert [update.text for update in during.updates] == ["begun"]


def test_the_world_changes_under_ids() -> None:
    world = World()
    first, second = world.put(EVENT, EVENT)
    assert first != second
    world.replace(first, title="renamed", end=START)
    world.remove(second)
    assert [(event.id, event.title, event.end) for event in world.at(START)] == [(first, "renamed", START)]
    with pytest.raises(ValueError, match="already"):
        world.put(ShownEvent(product="a", region="b", title="c", start=START, id=first))
    with pytest.raises(KeyError):
        world.remove(second)
    world.clear()
    assert world.at(START) == []


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without zone"):
        ShownEvent(product="a", region="b", title="c", start=START.replace(tzinfo=None))


@pytest.mark.parametrize("path", sorted((ROOT / "local" / "incidents").glob("*.json")), ids=lambda path: path.stem)
def test_a_recorded_incident_plays_by_the_clock(fake: StatusFake, clock: Clock, path: Path) -> None:
    incident = json.loads(path.read_text("utf-8"))
    fake.world.put(*events_of(incident))
    window = incident.get("dashboard_window", {"from": incident["started"], "to": incident["ended"]})
    start, end = datetime.fromisoformat(window["from"]), datetime.fromisoformat(window["to"])
    pair = {"RegionId": incident["regions"][-1], "ProductId": incident["products"][-1]}
    clock.now = start - timedelta(seconds=1)
    assert ask(fake, **pair).json["Data"] == []
    clock.now = start
    assert [(i["CurrentStateSeverity"], i["EndTime"]) for i in ask(fake, **pair).json["Data"]] == [("ALARM", None)]
    assert len(fake.world.at(start)) == len(incident["regions"]) * len(incident["products"])
    clock.now = end
    (item,) = ask(fake, **pair).json["Data"]
    assert item["EndTime"] == end.timestamp() * 1000
    assert item["Title"] == f"[Incident (Recovered)] {incident['name']}"


def test_reset_brings_back_what_it_was_built_with(fake: StatusFake) -> None:
    fake.world.put(EVENT)
    fake.dialect = Dialect(success="bool")
    fake.listing = ListingRules(max_days=1)
    fake.gateway = GatewayRules(need_ssl=True)
    fake.keys.clear()
    fake.fail(Fault.INTERNAL_ERROR, times=None)
    ask(fake, SignatureNonce="again")
    fake.reset()
    assert fake.calls == []
    body = ask(fake, SignatureNonce="again", NumOfDay="30").json
    assert (body["Success"], body["Total"], fake.calls[0].number) == ("true", 0, 1)


def test_two_stand_ins_share_nothing(fake: StatusFake) -> None:
    with StatusFake() as other:
        other.world.put(EVENT)
        other.fail(Fault.INTERNAL_ERROR, times=None)
        assert ask(fake).json["Total"] == 0
        assert other.calls == []


def test_it_comes_back_under_the_same_address(fake: StatusFake) -> None:
    url = fake.url
    fake.stop()
    with pytest.raises(ConnectionRefusedError):
        ask(fake)
    fake.start()
    assert fake.url == url
    assert ask(fake).status == 200


def test_it_serves_from_the_command_line(tmp_path: Path) -> None:
    event = {"product": "ecs", "region": "cn-hangzhou", "title": "from a file", "start": "2026-03-10T09:00:00+08:00"}
    file = tmp_path / "events.json"
    file.write_text(json.dumps([event]), "utf-8")
    command = [sys.executable, "-m", "local.fakes.status", "--events", str(file)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ.copy()) as served:
        try:
            assert served.stdout is not None
            address = served.stdout.readline().split("http://")[1].strip()
            assert "LTAI-local-only" in served.stdout.readline()
            connection = http.client.HTTPConnection(address, timeout=5)
            connection.request("GET", f"/?{urlencode(signed(EndDate='2026-03-10', NumOfDay='1'))}")
            body = json.loads(connection.getresponse().read())
            connection.close()
        finally:
            served.send_signal(signal.SIGTERM)
    assert [item["Title"] for item in body["Data"]] == ["from a file"]
    assert served.returncode == 0
