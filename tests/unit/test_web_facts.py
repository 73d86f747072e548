"""What is kept in the instance, and what happens when something unforeseen does."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timezone

import pytest

from shd_relay.web.answer import route_of
from shd_relay.web.facts import months
from shd_relay.web.http import Request
from tests.web_world import House, event


def moment(year: int, month: int, day: int = 1) -> datetime:
    return datetime(year, month, day, tzinfo=timezone.utc)


def test_the_months_of_a_span_come_newest_first() -> None:
    assert list(months(moment(2021, 11, 30), moment(2022, 2, 1))) == ["2022-02", "2022-01", "2021-12", "2021-11"]
    assert list(months(moment(2022, 2), moment(2022, 1, 31))) == []


def test_the_months_of_a_span_are_bounded_and_end_with_the_calendar() -> None:
    assert len(list(months(moment(1970, 1), moment(2022, 1)))) == 25
    assert list(months(moment(1, 1), moment(1, 2))) == ["0001-02", "0001-01"]


def test_in_an_outage_one_request_in_five_seconds_asks_the_store_and_it_is_believed_again() -> None:
    house = House()
    house.json("/v1/status")
    house.store.broken = True
    house.ticks += 60
    assert house.json("/v1/status")["source"] == "blind"

    house.store.broken = False
    house.ticks += 4.9
    assert house.json("/v1/status")["source"] == "blind"  # the copy of a moment ago
    house.ticks += 0.2
    assert house.json("/v1/status")["source"] == "fresh"


def test_history_that_the_store_cannot_give_now_is_503_and_not_an_empty_list() -> None:
    house = House()
    house.tell(event())
    house.json("/v1/status")
    house.store.broken = True

    assert house.get("/v1/events/unknown").status == 503
    assert house.get("/v1/changes").status == 503


def test_one_document_that_cannot_be_read_hides_no_other() -> None:
    house = House()
    house.store.put_documents([("bad", "2021-03", b"{")], 1)
    past = moment(2021, 3, 5)
    house.tell(event("good", start=past, end=past, since=past, changed_at=past, state="resolved"), at=past)

    assert [e["id"] for e in house.json("/v1/events?since=2021-03-01")["events"]] == ["good"]


def test_what_nobody_foresaw_is_a_500_with_the_request_id_and_no_secret_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    house = House()
    house.store.load_record = lambda *_: 1 / len("")  # type: ignore[method-assign,assignment,return-value]

    with caplog.at_level(logging.ERROR):
        response = house.get("/v1/status?product=private")

    body = json.loads(response.body)
    assert (response.status, body["status"], body["request_id"]) == (500, 500, "req-1")
    assert "ZeroDivisionError" in caplog.text
    assert "req-1" in caplog.text
    assert "private" not in caplog.text
    assert "acme-secret" not in caplog.text


@pytest.mark.parametrize(
    ("path", "template"), [("/v1/events/some-id", "/v1/events/{id}"), ("/", "/"), ("/nosuch/secret", "-")]
)
def test_log_lines_can_name_the_route_without_the_path(path: str, template: str) -> None:
    assert route_of(Request(method="GET", path=path)) == template
