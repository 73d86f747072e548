"""What ListEventInProgress answers: one item for each event of the dashboard, with an impact for each pair."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import RpcRequest

from local.fakes.status import (
    ERRORS,
    LOCAL_KEY_ID,
    LOCAL_KEY_SECRET,
    Dialect,
    Fault,
    GatewayRules,
    InProgressRules,
    Key,
    ListingRules,
    ShownEvent,
    Stage,
    StatusFake,
    Update,
    World,
    events_of,
    events_of_incident,
)
from tests.fakes.status_wire import Answer, ask, in_progress, send_form, signed_form

ROOT = Path(__file__).parents[2]
CHINA = timezone(timedelta(hours=8))
START = datetime(2026, 3, 10, 9, 0, tzinfo=CHINA)
START_MS = 1773104400000
MINUTE = timedelta(minutes=1)
EVENT = ShownEvent(product="ecs", region="cn-hangzhou", title="云服务器 <异常>", start=START)


class Clock:
    """The moment that the dashboard shows, moved by hand."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock(START + 60 * MINUTE)


@pytest.fixture
def fake(clock: Clock) -> Iterator[StatusFake]:
    with StatusFake(clock=clock) as running:
        yield running


@pytest.fixture
def client() -> Iterator[AcsClient]:
    acs = AcsClient(LOCAL_KEY_ID, LOCAL_KEY_SECRET, "cn-hangzhou")
    yield acs
    acs.session.close()


def sdk_request(fake: StatusFake, regions: str = '["cn-hangzhou"]', method: str = "POST") -> RpcRequest:
    request = RpcRequest("Status", "2020-01-17", "ListEventInProgress")
    request.set_endpoint(fake.endpoint)
    request.set_method(method)
    request.add_body_params("RegionIds", regions)
    return request


def data(fake: StatusFake, *regions: str) -> Any:
    return in_progress(fake, *regions).json["Data"]


def recoveries(fake: StatusFake, *regions: str) -> dict[str, int | None]:
    """Of the only event that is listed: when each region recovered."""
    (item,) = data(fake, *regions)
    return {impact["Region"]["RegionId"]: impact["RecoveryTime"] for impact in item["Impacts"]}


def told(fake: StatusFake) -> list[str]:
    """Of the only event that is listed: its story."""
    (item,) = data(fake, "cn-hangzhou")
    return [line["Content"] for line in item["EventUpdates"]]


def test_an_event_is_answered_as_the_published_model_reads_it(fake: StatusFake) -> None:
    (number,) = fake.world.put(replace(EVENT, updates=(Update(at=START + 5 * MINUTE, text="We look into it."),)))
    answer = in_progress(fake, "cn-hangzhou", "cn-shanghai")
    assert answer.headers["content-type"] == "application/json;charset=utf-8"
    body = answer.json
    assert body.pop("RequestId")
    assert body == {
        "Data": [
            {
                "Id": number,
                "Title": EVENT.title,
                "StartTime": START_MS,
                "EventUpdates": [{"Content": "We look into it.", "PublishTime": START_MS + 300_000}],
                "Impacts": [
                    {
                        "Product": {"ProductId": "ecs", "ProductName": "ECS"},
                        "Region": {"RegionId": "cn-hangzhou", "RegionName": "Cn-Hangzhou"},
                        "StartTime": START_MS,
                        "RecoveryTime": None,
                    }
                ],
            }
        ]
    }


def test_the_sdks_posted_form_is_accepted_and_signed_over(fake: StatusFake, client: AcsClient) -> None:
    fake.world.put(EVENT)
    body = json.loads(client.do_action_with_exception(sdk_request(fake, '["cn-shanghai", "cn-hangzhou"]')))
    assert [item["Title"] for item in body["Data"]] == [EVENT.title]
    call = fake.calls[-1]
    assert (call.method, call.action, call.code) == ("POST", "ListEventInProgress", "200")
    assert dict(call.form) == {"RegionIds": '["cn-shanghai", "cn-hangzhou"]'}
    assert call.params["RegionIds"] == call.form["RegionIds"]


def test_a_form_that_was_changed_on_the_way_breaks_the_signature(fake: StatusFake) -> None:
    query, form = signed_form("cn-hangzhou")
    answer = send_form(fake, query, form | {"RegionIds": '["cn-shanghai"]'})
    assert (answer.status, answer.json["Code"]) == (400, "SignatureDoesNotMatch")
    query, form = signed_form("cn-hangzhou")
    assert send_form(fake, query, form | {"More": ""}).json["Code"] == "SignatureDoesNotMatch"


def test_it_is_posted_unless_the_rules_say_otherwise(fake: StatusFake, client: AcsClient) -> None:
    with pytest.raises(ServerException) as caught:
        client.do_action_with_exception(sdk_request(fake, method="GET"))
    assert (caught.value.get_error_code(), caught.value.get_http_status()) == ("UnsupportedHTTPMethod", 405)
    fake.gateway = GatewayRules(post_only=frozenset())
    assert ask(fake, Action="ListEventInProgress").json["Code"] == "MissingRegionIds"
    fake.in_progress = InProgressRules(form_only=False)
    assert ask(fake, Action="ListEventInProgress", RegionIds='["cn-hangzhou"]').json["Data"] == []
    fake.gateway = GatewayRules(post_only=frozenset({"ListEvents"}))
    assert ask(fake).json["Code"] == "UnsupportedHTTPMethod"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (None, "MissingRegionIds"),
        ("", "MissingRegionIds"),
        ("[]", "InvalidParameter"),
        ("cn-hangzhou", "InvalidParameter"),
        ('"cn-hangzhou"', "InvalidParameter"),
        ('{"cn-hangzhou": 1}', "InvalidParameter"),
        ('["cn-hangzhou", 1]', "InvalidParameter"),
        ('["cn-hangzhou", ""]', "InvalidParameter"),
        ("null", "InvalidParameter"),
    ],
)
def test_regions_come_as_a_json_array_of_texts(fake: StatusFake, text: str | None, code: str) -> None:
    answer = send_form(fake, *signed_form(text=text))
    assert (answer.status, answer.json["Code"]) == (400, code)
    assert "RegionIds" in answer.json["Message"]


def test_a_region_in_the_query_counts_only_where_that_is_switched_on(fake: StatusFake) -> None:
    params = signed_form(text=None, RegionIds='["cn-hangzhou"]')
    assert send_form(fake, *params).json["Code"] == "MissingRegionIds"
    fake.in_progress = InProgressRules(form_only=False)
    params = signed_form(text=None, RegionIds='["cn-hangzhou"]')
    assert send_form(fake, *params).json["Data"] == []


def test_a_group_is_one_event_with_an_impact_for_each_pair(fake: StatusFake) -> None:
    later = replace(EVENT, product="oss", start=START + 10 * MINUTE, group=35)
    fake.world.put(replace(EVENT, group=35), later, replace(later, region="cn-shanghai"), replace(EVENT, title="Other"))
    first, other = data(fake, "cn-hangzhou", "cn-shanghai")
    pairs = [(i["Product"]["ProductId"], i["Region"]["RegionId"], i["StartTime"]) for i in first["Impacts"]]
    assert (first["Id"], first["StartTime"]) == (35, START_MS)
    assert pairs == [
        ("ecs", "cn-hangzhou", START_MS),
        ("oss", "cn-hangzhou", START_MS + 600_000),
        ("oss", "cn-shanghai", START_MS + 600_000),
    ]
    assert (other["Title"], len(other["Impacts"])) == ("Other", 1)
    assert other["Id"] != 35


def test_only_the_impacts_in_the_asked_regions_are_told_unless_all_are(fake: StatusFake) -> None:
    fake.world.put(replace(EVENT, group=1), replace(EVENT, group=1, region="cn-shanghai", start=START + MINUTE))
    (item,) = data(fake, "cn-shanghai")
    assert [impact["Region"]["RegionId"] for impact in item["Impacts"]] == ["cn-shanghai"]
    assert item["StartTime"] == START_MS  # the event's, wherever it began
    assert data(fake, "cn-beijing") == []
    fake.in_progress = InProgressRules(impacts="all")
    (item,) = data(fake, "cn-shanghai")
    assert len(item["Impacts"]) == 2
    assert data(fake, "cn-beijing") == []


def test_a_recovered_impact_says_when_and_the_event_stays_while_another_is_not_over(
    fake: StatusFake, clock: Clock
) -> None:
    fake.world.put(
        replace(EVENT, group=7, end=START + 70 * MINUTE, stages=(Stage(at=START + 70 * MINUTE, title="Recovered"),)),
        replace(EVENT, group=7, region="cn-shanghai"),
    )
    both = ("cn-hangzhou", "cn-shanghai")
    assert recoveries(fake, *both) == {"cn-hangzhou": None, "cn-shanghai": None}
    clock.now = START + 90 * MINUTE
    assert recoveries(fake, *both) == {"cn-hangzhou": START_MS + 70 * 60_000, "cn-shanghai": None}
    assert data(fake, *both)[0]["Title"] == EVENT.title  # of one that is not over
    assert data(fake, "cn-hangzhou") == []


@pytest.mark.parametrize(("linger", "minutes"), [(600.0, 10), (0.0, 0), (3600.0, 60)])
def test_an_event_stays_listed_for_a_while_after_its_last_recovery(
    fake: StatusFake, clock: Clock, linger: float, minutes: int
) -> None:
    fake.in_progress = InProgressRules(linger_seconds=linger)
    fake.world.put(replace(EVENT, end=START + 60 * MINUTE))
    clock.now = START + 60 * MINUTE - timedelta(seconds=1)
    assert recoveries(fake, "cn-hangzhou") == {"cn-hangzhou": None}
    if minutes:
        clock.now = START + (60 + minutes) * MINUTE - timedelta(seconds=1)
        assert recoveries(fake, "cn-hangzhou") == {"cn-hangzhou": START_MS + 3_600_000}
    clock.now = START + (60 + minutes) * MINUTE
    assert data(fake, "cn-hangzhou") == []


def test_what_is_ahead_is_not_in_progress_and_a_planned_end_is_no_recovery(fake: StatusFake, clock: Clock) -> None:
    fake.world.put(replace(EVENT, start=START + 120 * MINUTE, end=START + 180 * MINUTE, end_announced=True))
    assert data(fake, "cn-hangzhou") == []
    clock.now = START + 120 * MINUTE
    assert recoveries(fake, "cn-hangzhou") == {"cn-hangzhou": None}
    fake.in_progress = InProgressRules(announced_recovery=True)
    assert recoveries(fake, "cn-hangzhou") == {"cn-hangzhou": START_MS + 180 * 60_000}


def test_each_operation_lags_by_itself(fake: StatusFake, clock: Clock) -> None:
    fake.world.put(replace(EVENT, shown_from=START, end=START + 20 * MINUTE))
    fake.in_progress = InProgressRules(lag_seconds=120, linger_seconds=0)
    fake.listing = ListingRules(lag_seconds=60)
    seen = []
    for minutes in (0, 1, 2, 20, 21, 22):
        clock.now = START + minutes * MINUTE
        listed = [item["EndTime"] is not None for item in ask(fake).json["Data"]]
        seen.append((minutes, listed, len(data(fake, "cn-hangzhou"))))
    assert seen == [
        (0, [], 0),
        (1, [False], 0),
        (2, [False], 1),
        (20, [False], 1),
        (21, [True], 1),
        (22, [True], 0),
    ]


def test_some_events_are_never_listed_here(fake: StatusFake) -> None:
    fake.in_progress = InProgressRules(omit=lambda event: event.severity == "NOTIFICATION")
    fake.world.put(EVENT, replace(EVENT, severity="NOTIFICATION"))
    assert [item["Id"] for item in data(fake, "cn-hangzhou")] == [1]
    assert ask(fake).json["Total"] == 2


def test_updates_come_as_they_are_published_each_once(fake: StatusFake, clock: Clock) -> None:
    lines = tuple(Update(at=START + minutes * MINUTE, text=f"after {minutes}") for minutes in (30, 10, 90))
    fake.world.put(replace(EVENT, group=1, updates=lines), replace(EVENT, group=1, product="oss", updates=lines))
    assert told(fake) == ["after 10", "after 30"]
    clock.now = START + 90 * MINUTE
    fake.in_progress = InProgressRules(newest_update_first=True)
    assert told(fake) == ["after 90", "after 30", "after 10"]


@pytest.mark.parametrize(
    ("rules", "dialect", "path", "expected"),
    [
        (InProgressRules(start_offset_seconds=-90), Dialect(), ("Data", 0, "StartTime"), START_MS - 90_000),
        (
            InProgressRules(start_offset_seconds=90),
            Dialect(),
            ("Data", 0, "Impacts", 0, "StartTime"),
            START_MS + 90_000,
        ),
        (InProgressRules(pad_ids=True), Dialect(), ("Data", 0, "Impacts", 0, "Product", "ProductId"), "ecs\n"),
        (InProgressRules(pad_ids=True), Dialect(), ("Data", 0, "Impacts", 0, "Region", "RegionId"), "cn-hangzhou\n"),
        (InProgressRules(empty_updates="null"), Dialect(), ("Data", 0, "EventUpdates"), None),
        (InProgressRules(), Dialect(open_end="zero"), ("Data", 0, "Impacts", 0, "RecoveryTime"), 0),
        (InProgressRules(), Dialect(times="seconds"), ("Data", 0, "StartTime"), START_MS // 1000),
        (InProgressRules(), Dialect(padded=True), ("Data", 0, "Title"), f" {EVENT.title}\n"),
        (InProgressRules(), Dialect(unknown_keys=True), ("TraceId", "unknown"), [1, None, "é"]),
        (InProgressRules(), Dialect(unknown_keys=True), ("Data", 0, "EventType", "unknown"), True),
        (InProgressRules(with_envelope=True), Dialect(success="bool"), ("Success",), True),
        (InProgressRules(with_envelope=True), Dialect(code="text"), ("Code",), "200"),
        (InProgressRules(with_envelope=True), Dialect(total_off_by=1), ("Total",), 2),
        (InProgressRules(camel_case=True), Dialect(), ("data", 0, "impacts", 0, "product", "productId"), "ecs"),
        (InProgressRules(camel_case=True, with_envelope=True), Dialect(), ("httpCode",), 200),
    ],
)
def test_a_rule_or_a_dialect_spells_a_value(
    fake: StatusFake, rules: InProgressRules, dialect: Dialect, path: tuple[str | int, ...], expected: object
) -> None:
    fake.world.put(EVENT)
    fake.in_progress, fake.dialect = rules, dialect
    value: Any = in_progress(fake, "cn-hangzhou").json
    for step in path:
        value = value[step]
    assert value == expected
    assert type(value) is type(expected)


def test_keys_are_left_out(fake: StatusFake) -> None:
    fake.world.put(EVENT)
    fake.in_progress, fake.dialect = InProgressRules(empty_updates="absent"), Dialect(open_end="absent")
    (item,) = data(fake, "cn-hangzhou")
    assert "EventUpdates" not in item
    assert "RecoveryTime" not in item["Impacts"][0]


def test_nothing_in_progress_is_said_in_three_ways(fake: StatusFake) -> None:
    assert in_progress(fake, "cn-hangzhou").json.keys() == {"RequestId", "Data"}
    fake.dialect = Dialect(empty_data="null")
    assert in_progress(fake, "cn-hangzhou").json["Data"] is None
    fake.dialect = Dialect(empty_data="absent")
    assert in_progress(fake, "cn-hangzhou").json.keys() == {"RequestId"}


def test_items_come_twice(fake: StatusFake) -> None:
    fake.world.put(EVENT)
    fake.dialect = Dialect(duplicates=True)
    assert [item["Id"] for item in data(fake, "cn-hangzhou")] == [1, 1]


def test_it_is_retired_denied_and_throttled_apart_from_the_other(fake: StatusFake) -> None:
    def both() -> tuple[str, str]:
        in_progress(fake, "cn-hangzhou")
        ask(fake)
        first, second = fake.calls[-2:]
        return str(first.code), str(second.code)

    assert both() == ("200", "200")
    fake.gateway = GatewayRules(retired=frozenset({"ListEventInProgress"}))
    assert both() == ("InvalidAction.NotFound", "200")
    fake.gateway = GatewayRules(retired=frozenset({"ListEvents"}))
    assert both() == ("200", "InvalidAction.NotFound")
    fake.gateway = GatewayRules()
    fake.keys[LOCAL_KEY_ID] = Key(secret=LOCAL_KEY_SECRET, actions=frozenset({"ListEvents"}))
    assert both() == ("Forbidden.RAM", "200")
    fake.keys[LOCAL_KEY_ID] = Key(secret=LOCAL_KEY_SECRET)
    fake.fail(ERRORS["Throttling.Api"], times=None, when=lambda call: call.action == "ListEventInProgress")
    assert both() == ("Throttling.Api", "200")


def bad(fake: StatusFake, fault: Fault) -> Answer:
    fake.fail(fault)
    return in_progress(fake, "cn-hangzhou")


def test_faults_of_a_document_are_played_in_this_operations_words(fake: StatusFake) -> None:
    fake.world.put(EVENT)
    no_object = bad(fake, Fault.ITEM_NOT_OBJECT).json
    no_title = bad(fake, Fault.ITEM_WITHOUT_TITLE).json["Data"][1]
    garbage = bad(fake, Fault.ITEM_GARBAGE_TIMES).json["Data"][1]
    assert (no_object.keys(), no_object["Data"][1]) == ({"RequestId", "Data"}, "not an object")
    assert no_title.keys() == {"Id", "StartTime", "EventUpdates", "Impacts"}
    assert no_title["Impacts"][0]["Product"]["ProductId"] == "ecs"
    assert (garbage["StartTime"], garbage["Impacts"][0]["RecoveryTime"]) == ("soon", {"at": -1})
    assert bad(fake, Fault.ERROR_ENVELOPE_200).json["Success"] == "false"
    assert bad(fake, Fault.TOTAL_TOO_LARGE).json["Total"] == 2
    assert len(bad(fake, Fault.HUGE_BODY).body) > 1_000_000
    assert data(fake, "cn-hangzhou")[0]["Title"] == EVENT.title


def test_without_a_format_the_answer_is_xml(fake: StatusFake) -> None:
    fake.world.put(EVENT)
    root = ElementTree.fromstring(send_form(fake, *signed_form("cn-hangzhou", Format=None)).body)
    assert root.tag == "ListEventInProgressResponse"
    assert root.findtext("Data/Event/Impacts/Event/Region/RegionId") == "cn-hangzhou"


@pytest.mark.parametrize("path", sorted((ROOT / "local" / "incidents").glob("*.json")), ids=lambda path: path.stem)
def test_a_recorded_incident_is_one_event(fake: StatusFake, clock: Clock, path: Path) -> None:
    incident = json.loads(path.read_text("utf-8"))
    events = events_of(incident)
    fake.world.put(*events)
    assert events_of_incident(incident) == events  # the same number whenever it is read
    window = incident.get("dashboard_window", {"from": incident["started"], "to": incident["ended"]})
    clock.now = datetime.fromisoformat(window["from"])
    (item,) = data(fake, *incident["regions"])
    pairs = {(impact["Region"]["RegionId"], impact["Product"]["ProductId"]) for impact in item["Impacts"]}
    assert pairs == {(region, product) for region in incident["regions"] for product in incident["products"]}
    assert len(item["Impacts"]) == len(pairs)
    clock.now = datetime.fromisoformat(window["to"])
    (item,) = data(fake, *incident["regions"])
    assert {impact["RecoveryTime"] for impact in item["Impacts"]} == {clock.now.timestamp() * 1000}
    told = [line["text"] for line in incident["timeline"] if datetime.fromisoformat(line["at"]) <= clock.now]
    assert [line["Content"] for line in item["EventUpdates"]] == told


def test_the_next_free_id_is_no_groups_number() -> None:
    world = World()
    assert world.put(replace(EVENT, group=2), EVENT, EVENT) == (1, 3, 4)
    assert [event.number for event in world.at(START)] == [2, 3, 4]
    world.replace(4, group=5)
    assert world.put(EVENT) == (6,)


def test_an_event_without_id_has_no_number() -> None:
    with pytest.raises(ValueError, match="id"):
        assert EVENT.number


def test_a_group_may_be_called_by_the_id_of_one_of_its_events(fake: StatusFake) -> None:
    (first,) = fake.world.put(EVENT)
    fake.world.put(replace(EVENT, product="oss", group=first))
    (item,) = data(fake, "cn-hangzhou")
    assert (item["Id"], len(item["Impacts"])) == (first, 2)


def test_reset_brings_back_the_rules(fake: StatusFake) -> None:
    fake.in_progress = InProgressRules(with_envelope=True)
    fake.reset()
    assert in_progress(fake, "cn-hangzhou").json.keys() == {"RequestId", "Data"}
