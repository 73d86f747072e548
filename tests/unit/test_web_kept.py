"""Ready answers: given again while nothing changed, made anew at once when something did, and never to another."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from shd_relay.errors import StoreUnavailable
from shd_relay.web.http import Request, Response
from shd_relay.web.kept import Answers, Kept, key_of, next_hour
from tests.web_world import NOW, TOKENS, House, event


def asked(house: House, path: str = "/v1/status", who: str = "acme", **headers: str) -> dict[str, Any]:
    """Through the handler of the function, where ready answers are kept whole."""
    sent = {"Authorization": f"Bearer {TOKENS[who]}"} | headers
    request = {"version": "v1", "rawPath": path, "headers": sent, "queryParameters": {}, "requestContext": {
        "requestId": f"req-{house.ticks}", "http": {"method": "GET", "path": path}}}  # fmt: skip
    return house.service.handle_event(json.dumps(request).encode())


def test_the_same_question_has_the_same_bytes_and_headers_of_its_own() -> None:
    house = House()
    first = asked(house)
    house.ticks += 0.5
    house.now += timedelta(seconds=7)
    again = asked(house)

    assert again["body"] == first["body"]
    assert again["headers"]["X-Request-Id"] != first["headers"]["X-Request-Id"]
    assert int(again["headers"]["X-Data-Age"]) == int(first["headers"]["X-Data-Age"]) + 7


def test_a_ready_answer_is_not_made_again() -> None:
    house = House()
    house.get("/v1/status")
    made = house.service._answers.find(key_of(_request()), house.now)
    house.get("/v1/status")

    assert made is not None
    assert house.service._answers.find(key_of(_request()), house.now) is made


def _request(**more: Any) -> Request:
    values: dict[str, Any] = {
        "method": "GET", "path": "/v1/status", "headers": {"authorization": "Bearer acme-secret"},
    }  # fmt: skip
    return Request(**(values | more))


def test_a_change_is_seen_as_soon_as_the_copy_of_the_store_is_old() -> None:
    house = House()
    before = house.json("/v1/status")
    house.tell(event())

    assert house.json("/v1/status") != before


def test_a_new_poll_without_news_is_seen_in_the_times() -> None:
    house = House()
    before = house.json("/v1/status")["as_of"]
    house.read_at(NOW)

    assert house.json("/v1/status")["as_of"] > before


def test_an_answer_does_not_outlive_the_moment_at_which_the_source_turns() -> None:
    house = House()
    assert house.json("/v1/status")["source"] == "fresh"
    house.now += timedelta(seconds=137)  # three intervals after the poll of 42 seconds ago
    assert house.json("/v1/status")["source"] == "fresh"
    house.now += timedelta(seconds=2)
    assert house.json("/v1/status")["source"] == "blind"


def test_an_answer_does_not_outlive_the_plan() -> None:
    house = House()
    house.now = house.now.replace(month=12, day=31, hour=15, minute=59, second=59)  # a second before midnight, UTC+8
    house.read_at(house.now)
    assert house.get("/v1/status").status == 200
    house.now += timedelta(seconds=1)
    assert house.get("/v1/status").status == 403


def test_an_answer_that_was_kept_is_not_given_while_the_store_is_away() -> None:
    house = House()
    assert house.json("/v1/status")["source"] == "fresh"
    house.store.broken = True
    house.ticks += 60

    assert house.json("/v1/status")["source"] == "blind"
    house.store.broken = False
    house.ticks += 60
    assert house.json("/v1/status")["source"] == "fresh"


@pytest.mark.parametrize(
    "other",
    [
        {"headers": {"authorization": "Bearer small-secret"}},
        {"headers": {}},
        {"headers": {"authorization": "Bearer acme-secret", "accept-encoding": "gzip"}},
        {"headers": {"authorization": "Bearer acme-secret", "if-none-match": "*"}},
        {"headers": {"authorization": "Bearer acme-secret", "origin": "https://portal.example"}},
        {"headers": {"authorization": "Bearer acme-secret", "accept": "text/html"}},
        {"headers": {"authorization": "Bearer acme-secret", "accept-language": "zh"}},
        {"method": "HEAD"},
        {"path": "/v1/status/"},
        {"query": (("product", "ecs"),)},
        {"query": (("product", ""), ("x", "1"))},
    ],
)
def test_another_question_is_another_key(other: dict[str, Any]) -> None:
    assert key_of(_request(**other)) != key_of(_request())


def test_parts_of_a_question_cannot_be_shifted_into_each_other() -> None:
    assert key_of(_request(query=(("a", "b"), ("c", "d")))) != key_of(_request(query=(("a", "b\n\0c\0d"),)))
    assert key_of(_request(path="/x", query=(("a", ""),))) != key_of(_request(path="/x\n\0a\0", query=()))


def test_no_token_stays_in_memory_as_a_key() -> None:
    assert b"acme" not in key_of(_request())
    assert len(key_of(_request())) == 16


def test_what_is_kept_is_bounded_by_number_and_by_bytes_and_the_least_lately_used_go_first() -> None:
    answers = Answers(most_bytes=140_000, most_answers=3)
    for name in (b"a", b"b", b"c"):
        answers.keep(name, _kept(100))
    answers.find(b"a", NOW)
    answers.keep(b"d", _kept(100))
    assert [answers.find(name, NOW) is not None for name in (b"a", b"b", b"c", b"d")] == [True, False, True, True]

    answers.keep(b"e", _kept(15_000))
    assert [answers.find(name, NOW) is not None for name in (b"a", b"c", b"d", b"e")] == [False, True, True, True]
    answers.keep(b"f", _kept(50_000))
    assert answers.find(b"f", NOW) is None


def _kept(size: int) -> Kept:
    return Kept(Response(status=200, body=b"x" * size), None, NOW, next_hour(NOW), {})


def test_an_answer_holds_neither_before_it_was_made_nor_after_its_time() -> None:
    answers = Answers()
    answers.keep(b"a", Kept(Response(status=200), None, NOW, NOW + timedelta(minutes=1), {}))

    found = [answers.find(b"a", NOW + timedelta(seconds=s)) is not None for s in (-1, 0, 59, 60)]
    assert found == [False, True, True, False]


def test_refusals_and_the_last_page_of_changes_are_made_anew() -> None:
    house = House()
    house.tell(event())
    for path in ("/v1/nothing", "/v1/changes", "/healthz"):
        request = _request(path=path)
        house.service(request)
        assert house.service._answers.find(key_of(request), house.now) is None, path


def test_a_page_of_changes_that_is_full_is_kept() -> None:
    house = House()
    house.tell(event(), event("e2"))
    request = _request(path="/v1/changes", query=(("limit", "1"),))
    house.service(request)

    assert house.service._answers.find(key_of(request), house.now) is not None


def test_a_store_that_fails_at_first_is_503_until_it_answers() -> None:
    house = House()
    house.store.broken = True
    assert house.get("/v1/status").status == 503
    with pytest.raises(StoreUnavailable):
        house.store.load_record("main", "poll")
    house.store.broken = False
    house.ticks += 60
    assert house.get("/v1/status").status == 200


def test_a_link_counts_as_much_as_a_body() -> None:
    small = Answers(most_bytes=100_000)
    great = Response(status=200, headers=(("Link", "x" * 20_000),))
    small.keep(b"a", Kept(great, None, NOW, next_hour(NOW), {}))

    assert small.find(b"a", NOW) is None


def test_one_great_answer_does_not_drive_out_the_others() -> None:
    answers = Answers(most_bytes=100_000)
    answers.keep(b"a", _kept(100))
    answers.keep(b"b", _kept(40_000))

    assert [answers.find(name, NOW) is not None for name in (b"a", b"b")] == [True, False]


@pytest.mark.parametrize("odd", [{"finished": NOW.replace(year=9999)}, {"bound_seconds": 1e12}])
@pytest.mark.parametrize("path", ["/v1/status", "/", "/feed.atom", "/api/v2/summary.json"])
def test_a_poll_record_that_makes_no_sense_is_never_a_stack_trace(path: str, odd: dict[str, Any]) -> None:
    house = House()
    house.read_at(NOW, **odd)
    request = {"version": "v1", "rawPath": path, "headers": {"authorization": f"Bearer {TOKENS['acme']}"},
               "requestContext": {"http": {"method": "GET", "path": path}}}  # fmt: skip

    for _ in range(2):
        assert house.service.handle_event(json.dumps(request).encode())["statusCode"] in {200, 500}
