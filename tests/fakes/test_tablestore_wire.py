"""The codec by itself: recorded bytes of SDK 6.4.8, and what is refused. It needs no SDK."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.fakes.tablestore import OtsError, protobuf
from local.fakes.tablestore.plainbuffer import Cell, Op, WireRow, decode, decode_one, encode
from local.fakes.tablestore.protobuf import Message
from local.fakes.tablestore.values import Bound, crc8, read_value, value_bytes

RECORDED: dict[str, tuple[str, WireRow]] = {
    "a put of every type": (
        (
            "75000000010304050000007368617264050b0000000306000000e9bb98e8aea40a55030403000000736571050900000000fe"
            "ffffffffffffff0a9c030404000000706172740507000000070200000000ff0add0203040100000069050900000000000000"
            "00000100000a2f03040100000073050f000000030a0000007a61c5bcc3b3c582c4870a0f0304010000006205070000000702"
            "00000080810aed03040100000074050200000002010ae103040100000066050900000001000000000000e0bf0700505c18a3"
            "0100000af3098a"
        ),
        WireRow(
            key=(("shard", "默认"), ("seq", -2), ("part", b"\x00\xff")),
            cells=(
                Cell(name="i", value=1099511627776, timestamp=None, op=None),
                Cell(name="s", value="zażółć", timestamp=None, op=None),
                Cell(name="b", value=b"\x80\x81", timestamp=None, op=None),
                Cell(name="t", value=True, timestamp=None, op=None),
                Cell(name="f", value=-0.5, timestamp=1800000000000, op=None),
            ),
            deleted=False,
        ),
    ),
    "an update of every kind": (
        (
            "75000000010304010000006b05060000000301000000610a51020304010000007005090000000001000000000000000ae403"
            "04010000006406010aa60304010000006f06030700505c18a30100000a4a0304010000006e050900000000fdffffffffffff"
            "ff06040a43099b"
        ),
        WireRow(
            key=(("k", "a"),),
            cells=(
                Cell(name="p", value=1, timestamp=None, op=None),
                Cell(name="d", value=None, timestamp=None, op=Op.DELETE_ALL),
                Cell(name="o", value=None, timestamp=1800000000000, op=Op.DELETE_ONE),
                Cell(name="n", value=-3, timestamp=None, op=Op.INCREMENT),
            ),
            deleted=False,
        ),
    ),
    "a delete": (
        "75000000010304010000006b05090000000007000000000000000aed0809ad",
        WireRow(key=(("k", 7),), cells=(), deleted=True),
    ),
    "the ends of a range": (
        (
            "75000000010304010000006b05060000000301000000610a510304010000006e0501000000090a1c0304010000006d050100"
            "00000a0a2a099e"
        ),
        WireRow(key=(("k", "a"), ("n", Bound.MIN), ("m", Bound.MAX)), cells=(), deleted=False),
    ),
    "an empty string": (
        "75000000010304010000006b050500000003000000000adf0203040100000063050500000003000000000a900989",
        WireRow(key=(("k", ""),), cells=(Cell(name="c", value="", timestamp=None, op=None),), deleted=False),
    ),
}

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
INTEGERS = st.integers(-(1 << 63), (1 << 63) - 1)
VALUES = st.one_of(INTEGERS, st.text(max_size=20), st.binary(max_size=20), st.booleans(), st.floats(allow_nan=False))
KEYS = st.lists(st.tuples(NAMES, st.one_of(INTEGERS, st.text(), st.binary(), st.sampled_from(Bound))), max_size=4)
CELLS = st.builds(
    Cell,
    NAMES,
    st.none() | VALUES,
    timestamp=st.none() | st.integers(0, 1 << 50),
    op=st.none() | st.sampled_from(Op),
)
ROWS = st.builds(WireRow, KEYS.map(tuple), st.lists(CELLS, max_size=4).map(tuple), st.booleans())


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_rows_of_the_sdk_are_read_and_written_byte_for_byte(name: str) -> None:
    recorded, row = RECORDED[name]
    assert decode_one(bytes.fromhex(recorded)) == row
    assert encode([row]).hex() == recorded


def test_the_checksum_is_the_one_of_the_catalogue_of_crcs() -> None:
    assert crc8(b"123456789") == 0xF4  # CRC-8/SMBUS


@settings(max_examples=100)
@given(st.lists(ROWS, max_size=3))
def test_rows_come_back_as_they_were_written(rows: list[WireRow]) -> None:
    assert decode(encode(rows)) == rows


@settings(max_examples=100)
@given(ROWS, st.data())
def test_a_changed_or_missing_byte_is_refused_or_changes_what_is_read(row: WireRow, data: st.DataObject) -> None:
    good = encode([row])
    at = data.draw(st.integers(0, len(good) - 1))
    bad = good[:at] + bytes([good[at] ^ data.draw(st.integers(1, 255))]) + good[at + 1 :]
    assert _read(bad) != [row]
    assert _read(good[:at]) != [row]


def _read(data: bytes) -> list[WireRow] | str:
    try:
        return decode(data)
    except OtsError as error:
        return error.code


def test_a_wrong_checksum_is_refused() -> None:
    good = bytearray(encode([WireRow((("k", 1),))]))
    good[-1] ^= 1
    with pytest.raises(OtsError, match="checksum"):
        decode(bytes(good))


def test_text_that_is_no_utf8_is_refused() -> None:
    with pytest.raises(OtsError, match="UTF8"):
        read_value(value_bytes(b"\xff").replace(b"\x07", b"\x03", 1))


def test_an_auto_increment_key_is_refused() -> None:
    with pytest.raises(OtsError, match="auto-increment"):
        read_value(b"\x0b")


def test_two_rows_are_refused_where_one_belongs() -> None:
    with pytest.raises(OtsError):
        decode_one(encode([WireRow((("k", 1),)), WireRow((("k", 2),))]))


@given(INTEGERS, st.binary(max_size=300))
def test_protobuf_fields_come_back_as_they_were_written(number: int, data: bytes) -> None:
    message = Message(protobuf.number(1, number) + protobuf.data(200, data) + protobuf.data(200, b"last"))
    assert message.number(1) == number
    assert message.each(200) == [data, b"last"]
    assert message.data(200) == b"last"
    assert message.number(3) is None


@pytest.mark.parametrize("broken", ["08", "0a05aa", "08ffffffffffffffffffff01", "0b", "ff", "0d0102"])
def test_bytes_that_are_no_protobuf_message_are_refused(broken: str) -> None:
    with pytest.raises(OtsError, match="PBMessage"):
        Message(bytes.fromhex(broken))


def test_a_field_of_another_type_is_refused() -> None:
    with pytest.raises(OtsError):
        Message(protobuf.data(1, b"x")).number(1)
    with pytest.raises(OtsError):
        Message(protobuf.number(1, 1)).data(1)
