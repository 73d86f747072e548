"""The dashboard's own page: its lists answer without a key, in two flavours, whatever the signed operations say."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from local.fakes.status import (
    ERRORS,
    Dialect,
    Fault,
    GatewayRules,
    PageRules,
    ShownEvent,
    StatusFake,
    Update,
)
from local.fakes.status.pages import PAGES
from tests.fakes.status_wire import Answer, answer_of, ask, in_progress

ONGOING = "listEventInProgress"
INTERNATIONAL = "listEventInProgressInternational"
LAST_DAY = "listProductEventForRegionInLast24Hours?regionId=cn-hangzhou"
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


def read(fake: StatusFake, name: str, method: str = "GET") -> Answer:
    connection = http.client.HTTPConnection(fake.endpoint, timeout=5)
    try:
        connection.request(method, f"/api/status/{name}")
        return answer_of(connection)
    finally:
        connection.close()


def data(fake: StatusFake, name: str) -> Any:
    return read(fake, name).json["data"]


@pytest.mark.parametrize("name", [ONGOING, INTERNATIONAL])
def test_what_is_in_progress_comes_as_it_was_seen_in_2026(fake: StatusFake, name: str) -> None:
    fake.world.put(replace(EVENT, updates=(Update(at=START + 5 * MINUTE, text="We look into it."),)))
    answer = read(fake, name)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json;charset=utf-8")
    assert answer.json == {
        "data": [
            {
                "id": 1,
                "title": EVENT.title,
                "eventUpdates": None,
                "eventType": "ALARM",
                "startTime": START_MS,
                "endTime": None,
                "lastUpdateTime": START_MS + 300_000,
                "products": None,
                "regions": None,
            }
        ],
        "total": 1,
        "info": "成功处理",
        "code": 200,
        "success": True,
        "httpCode": 200,
        "requestId": None,
    }


def test_a_regions_last_day_comes_as_it_was_seen_in_2022(fake: StatusFake) -> None:
    fake.world.put(replace(EVENT, severity="NOTIFICATION"), replace(EVENT, region="cn-shanghai"))
    body = read(fake, LAST_DAY).json
    assert (body["total"], body["success"], body["requestId"]) == (1, True, None)
    assert body["data"] == [
        {
            "productId": "ecs",
            "title": EVENT.title,
            "currentStateSeverity": "NOTIFICATION",
            "startTime": START_MS,
            "endTime": None,
        }
    ]
    assert data(fake, "listProductEventForRegionInLast24Hours") == []


def test_the_last_day_is_a_day(fake: StatusFake, clock: Clock) -> None:
    fake.world.put(replace(EVENT, end=START + 30 * MINUTE))
    seen = []
    for moment in (START - MINUTE, START, START + 30 * MINUTE, START + timedelta(days=1, minutes=31)):
        clock.now = moment
        seen.append([item["endTime"] for item in data(fake, LAST_DAY)])
    assert seen == [[], [None], [START_MS + 1_800_000], []]


def test_a_group_is_one_item_and_its_lists_can_be_filled(fake: StatusFake, clock: Clock) -> None:
    end = START + 90 * MINUTE
    story = (Update(at=START, text="begun"),)
    fake.world.put(
        replace(EVENT, group=35, end=START + 70 * MINUTE, updates=story),
        replace(EVENT, group=35, product="oss", region="cn-shanghai", end=end),
    )
    fake.pages = PageRules(fill_lists=True)
    (item,) = data(fake, ONGOING)
    assert (item["id"], item["endTime"]) == (35, None)
    assert item["eventUpdates"] == [{"content": "begun", "publishTime": START_MS}]
    assert [each["productId"] for each in item["products"]] == ["ecs", "oss"]
    assert [each["regionId"] for each in item["regions"]] == ["cn-hangzhou", "cn-shanghai"]
    clock.now = START + 80 * MINUTE
    assert data(fake, ONGOING)[0]["endTime"] is None  # one of two is not over
    clock.now = end
    (item,) = data(fake, ONGOING)
    assert (item["endTime"], item["lastUpdateTime"]) == (START_MS + 5_400_000, START_MS + 5_400_000)
    clock.now = end + 10 * MINUTE
    assert data(fake, ONGOING) == []


def test_the_page_has_a_pace_a_choice_and_a_dialect_of_its_own(fake: StatusFake, clock: Clock) -> None:
    fake.world.put(EVENT, replace(EVENT, severity="NOTIFICATION"))
    fake.pages = PageRules(
        lag_seconds=60,
        omit=lambda event: event.severity == "NOTIFICATION",
        dialect=Dialect(times="seconds", open_end="zero", padded=True, empty_data="null", unknown_keys=True),
    )
    body = read(fake, ONGOING).json
    assert (body["success"], body["requestId"], "traceId" in body) == ("true", None, True)
    (item,) = body["data"]
    assert (item["startTime"], item["endTime"], item["title"]) == (START_MS // 1000, 0, f" {EVENT.title}\n")
    clock.now = START + timedelta(seconds=59)
    assert data(fake, ONGOING) is data(fake, LAST_DAY) is None
    assert ask(fake).json["Data"][0]["SartTime"] == START_MS


def test_the_page_answers_on_while_the_signed_operations_are_refused(fake: StatusFake) -> None:
    fake.world.put(EVENT)
    fake.gateway = GatewayRules(retired=frozenset({"ListEvents", "ListEventInProgress"}), need_ssl=True)
    fake.keys.clear()
    fake.fail(Fault.FORBIDDEN_RAM, times=None)
    fake.fail(ERRORS["ServiceUnavailable"], times=None)
    fake.fail(Fault.CLOCK_SKEW, times=None)
    assert (ask(fake).status, in_progress(fake, "cn-hangzhou").status) == (403, 403)
    assert all(len(data(fake, name)) == 1 for name in (ONGOING, INTERNATIONAL, LAST_DAY))
    assert [(call.action, call.code, call.fault) for call in fake.calls[2:]] == [
        (f"page:{name.split('?')[0]}", "200", None) for name in (ONGOING, INTERNATIONAL, LAST_DAY)
    ]


def test_a_page_that_is_off_is_not_there(fake: StatusFake) -> None:
    fake.pages = PageRules(served=PAGES - {ONGOING})
    gone = read(fake, ONGOING)
    assert (gone.status, gone.headers["content-type"]) == (404, "text/html")
    assert read(fake, INTERNATIONAL).status == 200
    assert read(fake, "listHistoryEvent").status == 404
    assert read(fake, INTERNATIONAL, method="POST").status == 405
    assert [call.code for call in fake.calls] == ["404", "200", "404", "405"]


def test_faults_that_ask_for_a_page_are_played_on_it(fake: StatusFake) -> None:
    fake.world.put(EVENT)
    fake.fail(Fault.TOO_MANY_REQUESTS, when=lambda call: call.action == f"page:{ONGOING}")
    refused = read(fake, ONGOING)
    assert (refused.status, refused.headers["x-acs-retry-after"]) == (429, "1")
    assert (refused.json["code"], refused.json["success"], refused.json["data"]) == (429, False, None)
    assert fake.calls[-1].fault == "TOO_MANY_REQUESTS"
    fake.fail(Fault.HTML_200, when=lambda call: call.is_of_page)
    assert ask(fake).status == 200
    assert read(fake, ONGOING).headers["content-type"] == "text/html"
    assert len(data(fake, ONGOING)) == 1


@pytest.mark.parametrize("name", [ONGOING, LAST_DAY])
def test_faults_of_a_document_are_played_in_the_pages_words(fake: StatusFake, name: str) -> None:
    fake.world.put(EVENT)
    (good,) = data(fake, name)
    for fault in (Fault.ITEM_WITHOUT_TITLE, Fault.ITEM_GARBAGE_TIMES, Fault.TOTAL_TOO_LARGE, Fault.ERROR_ENVELOPE_200):
        fake.fail(fault)
    no_title, garbage, more, envelope = (read(fake, name).json for _ in range(4))
    assert no_title["data"][1].keys() <= good.keys() - {"title"}
    assert (garbage["total"], garbage["data"][1]["startTime"], garbage["data"][1]["endTime"]) == (2, "soon", {"at": -1})
    assert (more["total"], len(more["data"])) == (2, 1)
    assert (envelope["success"], envelope["data"]) == ("false", None)


def test_reset_brings_the_page_back(fake: StatusFake) -> None:
    fake.pages = PageRules(served=frozenset())
    fake.reset()
    assert data(fake, ONGOING) == []
