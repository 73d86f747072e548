from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from shd_relay.dialect import read_listing
from shd_relay.envelope import read_refusal
from shd_relay.errors import ContractError
from shd_relay.text import clean_line, clean_text

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(["Title", "CurrentStateSeverity", "SartTime", "StartTime", "EndTime", "title", "endTime"])
ROWS = st.lists(st.dictionaries(NAMES, JSON, max_size=5) | JSON, max_size=6)
MILLISECONDS = st.integers(1_230_768_000_000, 4_102_444_799_999)  # 2009 to 2099


@given(st.binary(max_size=200))
def test_no_bytes_at_all_raise_anything_but_a_contract_error(body: bytes) -> None:
    read_refusal(body)
    with suppress(ContractError):
        read_listing(body)


@given(JSON)
def test_no_json_at_all_raises_anything_but_a_contract_error(document: object) -> None:
    body = json.dumps(document).encode()
    read_refusal(body)
    with suppress(ContractError):
        read_listing(body)


@given(ROWS)
def test_whatever_the_items_are_each_is_read_or_set_aside_and_what_is_read_can_be_carried(rows: list[object]) -> None:
    listing = read_listing(json.dumps({"Code": 200, "Total": len(rows), "Data": rows}).encode())
    assert bool(rows) == bool(listing.items or listing.unreadable)
    assert len(set(listing.items)) == len(listing.items) <= len(rows)
    for item in listing.items:
        assert item.title.strip()
        assert clean_line(item.title) == item.title
        json.dumps(item.title, ensure_ascii=False).encode()
        for moment in (item.start, item.end):
            assert moment is None or moment.tzinfo is timezone.utc


@given(MILLISECONDS, st.sampled_from(["SartTime", "StartTime", "sartTime", "startTime"]), st.booleans(), st.booleans())
def test_every_time_is_read_to_its_unit(milliseconds: int, key: str, in_seconds: bool, as_text: bool) -> None:
    number = milliseconds // 1000 if in_seconds else milliseconds
    row = {"Title": "t", key: str(number) if as_text else number}
    [item] = read_listing(json.dumps({"Code": 200, "Data": [row]}).encode()).items
    assert item.start == datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(
        milliseconds=number * 1000 if in_seconds else number
    )


@given(st.text(st.characters()))
def test_cleaned_text_survives_utf8_and_cleaning_again(text: str) -> None:
    for clean in (clean_text, clean_line):
        once = clean(text)
        assert clean(once) == once
        assert once.encode().decode() == once
        assert not any(ord(char) < 32 and char not in "\n\t" for char in once)
    assert "\n" not in clean_line(text)
