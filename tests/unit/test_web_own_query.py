"""SHD's own query: what SHD would have said, in its shape."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from shd_relay import ledger
from tests.web_world import HK, NOW, START, House, event

QUERY = f"/?Action=ListEvents&Version=2020-01-17&Format=JSON&AccessKeyId=x&Signature=y&ProductId=ecs&RegionId={HK}"
END = START + timedelta(hours=2)


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def data(house: House, more: str = "") -> Any:
    return house.json(QUERY + more)["Data"]


def titles(house: House, more: str = "") -> list[str]:
    return [item["Title"] for item in data(house, more)]


def test_the_answer_has_the_fields_of_shd_and_null_while_open() -> None:
    house = House()
    house.tell(event())

    assert house.json(QUERY) == {
        "RequestId": "req-1", "Code": 200, "HTTPCode": 200, "Success": "true", "Info": "OK", "Total": 1,
        "Data": [{"Title": "Cooling failure in zone C", "CurrentStateSeverity": "ALARM", "SartTime": ms(START),
                  "StartTime": ms(START), "EndTime": None}],
    }  # fmt: skip


def test_the_camel_case_query_says_the_same() -> None:
    house = House()
    house.tell(event())

    assert house.json(f"/v1/list-events?productId=ecs&regionId={HK}&numOfDay=3") == house.json(QUERY)


def test_history_is_listed_and_what_was_taken_back_is_not() -> None:
    house = House()
    house.tell(
        event("h", revision=0, title="history", state="resolved", end=END),
        event("w", title="withdrawn", state="withdrawn"), event("c", title="cancelled", state="cancelled"),
        event("o", title="elsewhere", product="oss"),
    )  # fmt: skip

    assert titles(house) == ["history"]


def test_an_end_is_the_one_that_shd_gave() -> None:
    house = House()
    house.tell(
        event("a", state="resolved", end=END, severity="NORMAL", start=START),
        event("b", state="resolved", severity="NORMAL", start=START + timedelta(minutes=1)),
        event("c", state="resolved", severity=None, inferred=True, since=END, start=START + timedelta(minutes=2)),
        event("d", state="scheduled", end=NOW + timedelta(days=1), start=START + timedelta(minutes=3)),
    )

    assert [item["EndTime"] for item in data(house)] == [ms(END), None, ms(END), ms(NOW + timedelta(days=1))]
    assert [item["CurrentStateSeverity"] for item in data(house)] == ["NORMAL", "NORMAL", "NORMAL", "ALARM"]


@pytest.mark.parametrize(
    ("window", "listed"),
    [
        ("&EndDate=2022-12-18&NumOfDay=1", True), ("&EndDate=2022-12-17&NumOfDay=9", False),
        ("&EndDate=2022-12-19&NumOfDay=1", False), ("&EndDate=2022-12-19&NumOfDay=2", True),
        ("&EndDate=0001-01-01&NumOfDay=9999", False), ("&EndDate=9999-12-31&NumOfDay=1", False), ("", True),
        ("&EndDate=&NumOfDay=", True),
    ],
)  # fmt: skip
def test_the_window_is_num_of_day_days_up_to_end_date_in_utc_8(window: str, listed: bool) -> None:
    house = House()
    late = datetime(2022, 12, 17, 16, 30, tzinfo=timezone.utc)  # already the 18th in UTC+8
    house.tell(event(state="resolved", start=late, end=late + timedelta(hours=1)))

    assert bool(data(house, window)) == listed


def test_what_is_open_overlaps_every_window_after_its_start() -> None:
    house = House()
    house.tell(event())

    assert titles(house, "&EndDate=2023-06-01&NumOfDay=1")


def test_a_window_behind_what_the_state_keeps_reads_the_event_documents() -> None:
    house = House()
    began = datetime(2022, 1, 5, tzinfo=timezone.utc)
    past = event("past", title="past", state="resolved", start=began, end=began, since=began, changed_at=began)
    house.store.put_documents([ledger.document(past)], 1)

    assert titles(house, "&EndDate=2022-01-06&NumOfDay=3") == ["past"]
    assert titles(house, "&EndDate=2022-01-04&NumOfDay=3") == []


def test_an_unknown_product_has_no_events() -> None:
    body = House().json(QUERY.replace("=ecs", "=nosuch"))

    assert (body["Code"], body["Total"], body["Data"]) == (200, 0, [])


def test_while_blind_an_empty_list_does_not_read_as_all_is_well() -> None:
    house = House()
    house.read_at(NOW, without_answer=2)

    response = house.get(QUERY)

    assert json.loads(response.body)["Info"].startswith("The source is blind")
    assert response.header("x-source-state") == "blind"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"/?Action=ListEvents&RegionId={HK}", 400, "MissingProductId"),
        ("/?Action=ListEvents&ProductId=ecs", 400, "MissingRegionId"),
        (f"/v1/list-events?regionId={HK}", 400, "MissingProductId"),
        (QUERY + "&EndDate=18.12.2022", 400, "InvalidParameter"),
        (QUERY + "&EndDate=2022-13-01", 400, "InvalidParameter"),
        (QUERY + "&NumOfDay=0", 400, "InvalidParameter"),
        (QUERY + "&NumOfDay=-1", 400, "InvalidParameter"),
        (QUERY + "&NumOfDay=99999", 400, "InvalidParameter"),
        (QUERY.replace("Format=JSON", "Format=YAML"), 400, "InvalidParameter.Format"),
        (QUERY.replace("2020-01-17", "2019-01-01"), 400, "InvalidVersion"),
        (QUERY.replace("ListEvents", "DropTables"), 404, "InvalidAction.NotFound"),
    ],
)
def test_refusals_have_the_shape_and_the_codes_of_shd(path: str, status: int, code: str) -> None:
    response = House().get(path, host="relay.example:8080")
    body = json.loads(response.body)

    assert response.status == status
    assert set(body) == {"RequestId", "HostId", "Code", "Message", "Recommend"}
    assert (body["Code"], body["HostId"], body["RequestId"]) == (code, "relay.example", "req-1")


def test_nobody_is_401_in_the_shape_of_shd_and_with_a_challenge() -> None:
    response = House().get(QUERY, None)

    assert response.status == 401
    assert json.loads(response.body)["Code"] == "InvalidAccessKeyId.NotFound"
    assert response.header("www-authenticate")


def test_the_sdks_that_post_are_answered_and_a_page_is_not_posted_to() -> None:
    house = House()

    assert house.get(QUERY, method="POST").status == 200
    assert house.get("/", method="POST").status == 405
    assert json.loads(house.get(QUERY, method="PUT").body)["Code"] == "UnsupportedHTTPMethod"


@pytest.mark.parametrize("name", ["ProductId", "RegionId"])
def test_an_id_that_is_no_id_is_refused_before_anything_remembers_it(name: str) -> None:
    query = QUERY.replace("ProductId=ecs", f"ProductId={'x' * 65}") if name == "ProductId" else QUERY + "x" * 60

    assert House().json(query, status=400)["Code"] == "InvalidParameter"


@pytest.mark.parametrize("which", ["start", "end"])
def test_the_last_hours_of_the_calendar_are_times_as_others(which: str) -> None:
    last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone.utc)
    house = House()
    house.tell(event(state="resolved", **{"end": END, which: last}))

    assert house.json(QUERY)["Success"] == "true"
