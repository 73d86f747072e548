"""Every dialect and every trap of an answer of ListEvents."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest

from shd_relay.dialect import MOST_RAW, MOST_UNREADABLE, NO_TITLE, moment, read_listing
from shd_relay.envelope import Refusal, read_refusal
from shd_relay.errors import ContractError
from shd_relay.model import Item

START = datetime(2020, 3, 1, tzinfo=timezone.utc)
START_MS = 1_583_020_800_000
EVENT = {"Title": "ECS disturbed", "CurrentStateSeverity": "ALARM", "SartTime": START_MS, "EndTime": None}
READ = Item(title="ECS disturbed", severity="ALARM", start=START)


def body(*items: Any, **top: Any) -> bytes:
    document = {"RequestId": "R", "Code": 200, "HTTPCode": 200, "Success": "true", "Total": len(items), "Data": items}
    return json.dumps({name: value for name, value in {**document, **top}.items() if value != "absent"}).encode()


def item(**fields: Any) -> bytes:
    return body({name: value for name, value in {**EVENT, **fields}.items() if value != "absent"})


def malformed(answer: bytes) -> str:
    with pytest.raises(ContractError) as caught:
        read_listing(answer)
    return str(caught.value)


def test_the_answer_that_the_published_client_reads() -> None:
    assert read_listing(body(EVENT)) == ((READ,), ())


@pytest.mark.parametrize("key", ["SartTime", "StartTime", "sartTime", "startTime"])
def test_every_spelling_of_the_start(key: str) -> None:
    assert read_listing(item(**{"SartTime": "absent", key: START_MS})).items == (READ,)


def test_a_start_that_is_null_under_one_spelling_is_taken_from_the_next() -> None:
    assert read_listing(item(SartTime=None, StartTime=START_MS)).items == (READ,)


def test_keys_in_camel_case() -> None:
    row = {"title": "ECS disturbed", "currentStateSeverity": "ALARM", "startTime": START_MS, "endTime": START_MS}
    answer = {"code": 200, "httpCode": 200, "success": True, "total": 1, "info": "ok", "requestId": None, "data": [row]}
    assert read_listing(json.dumps(answer).encode()).items[0].end == START


@pytest.mark.parametrize("end", [None, 0, "absent", "", "0"])
def test_an_end_that_is_not_given(end: object) -> None:
    assert read_listing(item(EndTime=end)).items[0].end is None


@pytest.mark.parametrize("start", [None, "absent", 0])
def test_a_start_that_is_not_given(start: object) -> None:
    assert read_listing(item(SartTime=start)).items[0].start is None


@pytest.mark.parametrize("time", [START_MS, str(START_MS), START_MS // 1000, str(START_MS // 1000), float(START_MS)])
def test_times_in_milliseconds_and_seconds_as_numbers_and_digits(time: object) -> None:
    assert read_listing(item(SartTime=time)).items == (READ,)


@pytest.mark.parametrize(
    "time",
    [-1, 1, 10**10 * 9, 10**14, float("nan"), float("inf"), True, False, "yesterday", "１２３", [], {}, "-5",
     "2020-03-01T00:00:00Z"],
    ids=str,
)  # fmt: skip
def test_an_absurd_time_sets_one_item_aside_and_the_rest_goes_on(time: object) -> None:
    listing = read_listing(body({**EVENT, "SartTime": time}, EVENT))
    assert listing.items == (READ,)
    assert len(listing.unreadable) == 1


def test_a_number_too_long_to_be_one_sets_one_item_aside_and_not_the_answer() -> None:
    listing = read_listing(body({**EVENT, "EndTime": "LONG"}, EVENT).replace(b'"LONG"', b"1" * 5000))
    assert (listing.items, len(listing.unreadable)) == ((READ,), 1)


@pytest.mark.parametrize("year", [2008, 2100])
def test_a_time_before_the_cloud_or_after_the_century_is_absurd(year: int) -> None:
    with pytest.raises(ValueError, match="out of range"):
        moment(int(datetime(year, 6, 1, tzinfo=timezone.utc).timestamp() * 1000))


@pytest.mark.parametrize(
    "row", [None, 5, "text", [], {"Title": 5}, {"Title": ["a"]}, {}, {"Title": " "}, {"Id": 7}], ids=str
)
def test_an_item_that_says_nothing_or_in_a_wrong_type_is_set_aside_as_it_is(row: object) -> None:
    listing = read_listing(body(row, EVENT))
    assert listing.items == (READ,)
    assert [json.loads(text) for text in listing.unreadable] == [row]


def test_what_is_kept_of_an_unreadable_item_is_bounded_in_length_and_number() -> None:
    rows = [{"Title": ["x" * 5000], "n": number} for number in range(MOST_UNREADABLE + 50)]
    unreadable = read_listing(body(*rows)).unreadable
    assert len(unreadable[0]) == MOST_RAW
    assert (
        len(read_listing(body(*[{"n": number} for number in range(MOST_UNREADABLE + 50)])).unreadable)
        == MOST_UNREADABLE
    )


@pytest.mark.parametrize("title", [None, "absent", "", " \n"])
def test_an_item_without_a_title_is_kept_when_it_has_a_severity_or_a_time(title: object) -> None:
    assert read_listing(item(Title=title)).items[0].title == NO_TITLE
    assert read_listing(item(Title=title, CurrentStateSeverity=None)).items[0].title == NO_TITLE
    assert read_listing(item(Title=title, SartTime=None)).items[0].title == NO_TITLE


@pytest.mark.parametrize(
    ("given", "kept"),
    [(" ALARM\n", "ALARM"), ("NORMAL", "NORMAL"), ("Alarm", "Alarm"), ("严重", "严重"),
     (None, None), ("absent", None), ("", None), (3, None), (True, None)],
)  # fmt: skip
def test_a_severity_is_kept_as_it_is_given(given: object, kept: str | None) -> None:
    assert read_listing(item(CurrentStateSeverity=given)).items[0].severity == kept


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  [Incident  Recovered]\n\tECS ", "[Incident Recovered] ECS"),
        ("<script>&amp;</script>", "<script>&amp;</script>"),
        ("bell\x07 and\x00 escape\x1b[31m", "bell and escape [31m"),
        ("half \ud83d emoji \ufffe\uffff", "half \ufffd emoji \ufffd\ufffd"),
        ("whole \U0001f600", "whole \U0001f600"),
        ("c1 \x85\x9b", "c1"),
    ],
)
def test_a_title_is_one_line_that_can_be_carried(given: str, kept: str) -> None:
    assert read_listing(item(Title=given)).items[0].title == kept


def test_identical_items_are_one_and_different_ones_are_not() -> None:
    other = {**EVENT, "EndTime": START_MS}
    assert len(read_listing(body(EVENT, EVENT, other)).items) == 2


def test_unknown_keys_are_ignored() -> None:
    assert read_listing(body({**EVENT, "EventType": {"a": 1}}, TraceId=[1])).items == (READ,)


@pytest.mark.parametrize("code", [200, "200", " 200"])
@pytest.mark.parametrize("success", ["true", "True", True, None, "absent"])
def test_every_way_to_say_success(code: object, success: object) -> None:
    assert read_listing(body(EVENT, Code=code, Success=success)).items == (READ,)


def test_success_alone_says_success_too() -> None:
    assert read_listing(body(EVENT, Code="absent", HTTPCode="absent")).items == (READ,)


@pytest.mark.parametrize("data", [None, "absent", []])
@pytest.mark.parametrize("total", [None, "absent", 0, "0"])
def test_no_data_and_no_total_is_complete_and_empty(data: object, total: object) -> None:
    assert read_listing(body(Data=data, Total=total)) == ((), ())


def test_no_data_with_a_total_is_malformed() -> None:
    assert malformed(body(Data=None, Total=2)) == "malformed answer: Data is null though Total is 2"


def test_fewer_items_than_the_total_are_a_truncated_answer() -> None:
    assert malformed(body(EVENT, Total=3)) == "truncated answer: 1 items of 3"


def test_unreadable_and_identical_items_count_for_the_total() -> None:
    assert len(read_listing(body(EVENT, EVENT, 5, Total=3)).items) == 1


@pytest.mark.parametrize("total", [0, 1, "1"])
def test_more_items_than_the_total_are_accepted(total: object) -> None:
    assert len(read_listing(body(EVENT, {**EVENT, "Title": "b"}, Total=total)).items) == 2


@pytest.mark.parametrize("total", [-1, "many", True, [1], 1.5])
def test_a_total_that_is_no_number_is_malformed(total: object) -> None:
    assert malformed(body(EVENT, Total=total)) == "malformed answer: Total is not a number"


@pytest.mark.parametrize("data", [{}, "text", 5, True])
def test_data_of_a_wrong_type_is_malformed(data: object) -> None:
    assert malformed(body(Data=data)).startswith("malformed answer: Data is ")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"", "it is empty"),
        (b"null", "a JSON null"),
        (b"[]", "a JSON list"),
        (b"123", "a JSON number"),
        (b'"Code"', "a JSON text"),
        (b"<html><body>502</body></html>", "a web page"),
        (b"<?xml version='1.0'?><Error/>", "XML where JSON belongs"),
        (body(EVENT)[:-20], "cut off"),
        (body(EVENT) + b"}", "not JSON"),
        ('{"Code": 200, "Info": "成功"}'.encode("gbk"), "not UTF-8"),
        (b'{"Data": ' + b"[" * 100_000, "cut off"),
        (b"{}", "neither Code nor Success"),
        (b'{"Data": [], "Total": 0}', "neither Code nor Success"),
    ],
    ids=["empty", "null", "list", "number", "text", "html", "xml", "cut", "tail", "gbk", "deep", "object", "unsaid"],
)
def test_an_answer_that_is_none(answer: bytes, said: str) -> None:
    assert said in malformed(answer)
    assert malformed(answer).startswith("malformed answer: ")


def test_a_byte_order_mark_is_no_mistake() -> None:
    assert read_listing(b"\xef\xbb\xbf" + body(EVENT)).items == (READ,)


@pytest.mark.parametrize(
    "top",
    [
        {"Success": False}, {"Success": "false"}, {"Success": "no"}, {"Code": 500}, {"Code": "Throttling.User"},
        {"Code": True}, {"HTTPCode": 503}, {"Code": "absent", "HTTPCode": "absent", "Success": False},
    ],
    ids=str,
)  # fmt: skip
def test_an_envelope_that_says_error_under_status_200_is_no_answer(top: dict[str, object]) -> None:
    with pytest.raises(ContractError) as caught:
        read_listing(body(**top))
    assert caught.value.code
    assert str(caught.value).startswith("the answer says error: ")


def test_an_error_under_status_200_keeps_its_code_and_text() -> None:
    with pytest.raises(ContractError, match="slow down") as caught:
        read_listing(body(Code="Throttling.User", Success=False, Message="slow down"))
    assert caught.value.code == "Throttling.User"


@pytest.mark.parametrize(
    ("answer", "refusal"),
    [
        (b'{"Code": "Forbidden.RAM", "Message": "No.\\nNo."}', Refusal("Forbidden.RAM", "No. No.")),
        (b'{"code": 403, "info": "no"}', Refusal("403", "no")),
        (
            b"<?xml version='1.0'?><Error><Code>Throttling</Code><Message>Slow</Message></Error>",
            Refusal("Throttling", "Slow"),
        ),
        (b"<!DOCTYPE x [<!ENTITY e 'x'>]><Error><Code>&e;</Code></Error>", Refusal("&e;", "")),
        (b"123", Refusal("", "")),
        (b"null", Refusal("", "")),
        (b'"Code"', Refusal("", "")),
        (b'{"Code": ["a"], "Message": {}}', Refusal("", "")),
        ("错误".encode("gbk"), Refusal("", "")),
        (b"", Refusal("", "")),
    ],
    ids=["json", "camel", "xml", "doctype", "number", "null", "text", "types", "gbk", "empty"],
)
def test_an_error_answer_in_any_shape(answer: bytes, refusal: Refusal) -> None:
    assert read_refusal(answer) == refusal


def test_a_text_without_measure_is_cut_visibly() -> None:
    from shd_relay.text import LONGEST, clean_line

    cut = clean_line("很" * 1_000_000)
    assert len(cut) == LONGEST
    assert cut.endswith("很…")
