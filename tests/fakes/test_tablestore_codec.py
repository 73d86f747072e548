"""Our codec against the SDK's own, both ways, on random rows."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from local.fakes.tablestore.plainbuffer import Cell, Op, WireRow, decode_one, encode
from local.fakes.tablestore.values import Bound, KeyPart, Value
from tests.fakes.tablestore_client import sdk

ots = sdk()
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
INTEGERS = st.integers(-(1 << 63), (1 << 63) - 1)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
VALUES = st.one_of(INTEGERS, TEXTS, st.binary(max_size=20), st.booleans(), st.floats(allow_nan=False))
KEYS = st.lists(st.tuples(NAMES, st.one_of(INTEGERS, TEXTS, st.binary(max_size=20))), min_size=1, max_size=4)
BORDERS = st.lists(st.tuples(NAMES, INTEGERS | st.sampled_from(Bound)), min_size=1, max_size=4)
TIMES = st.integers(0, 1 << 50)
PUTS = st.lists(st.builds(Cell, NAMES, VALUES, st.none() | TIMES), max_size=4)
# Without time stamps: the SDK reserves no room for those of an update, so that two of them overflow its buffer.
UPDATES = st.lists(
    st.one_of(
        st.builds(Cell, NAMES, VALUES),
        st.builds(Cell, NAMES, st.none(), st.none(), st.just(Op.DELETE_ALL)),
        st.builds(Cell, NAMES, INTEGERS, st.none(), st.just(Op.INCREMENT)),
    ),
    min_size=1,
    max_size=5,
)
WORDS = {None: "put", Op.DELETE_ALL: "delete_all", Op.INCREMENT: "increment"}
QUICK = settings(max_examples=60, deadline=None)


def builder() -> Any:
    from tablestore.plainbuffer.plain_buffer_builder import PlainBufferBuilder

    return PlainBufferBuilder


def for_sdk(value: KeyPart) -> Any:
    if isinstance(value, Bound):
        return ots.INF_MIN if value is Bound.MIN else ots.INF_MAX
    return bytearray(value) if isinstance(value, bytes) else value  # the SDK takes `bytes` for text


def from_sdk(value: Any) -> Value:
    return bytes(value) if isinstance(value, bytearray) else value


def given_key(key: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    return [(name, for_sdk(part)) for name, part in key]


def given_cell(cell: Cell) -> Any:
    if cell.op is Op.DELETE_ALL:
        return cell.name
    value = None if cell.value is None else for_sdk(cell.value)
    return (cell.name, value) if cell.timestamp is None else (cell.name, value, cell.timestamp)


@QUICK
@given(KEYS, PUTS)
def test_a_put_is_read_and_written_as_the_sdk_writes_it(key: list[tuple[str, Any]], cells: list[Cell]) -> None:
    written = bytes(builder().serialize_for_put_row(given_key(key), [given_cell(cell) for cell in cells]))
    row = WireRow(tuple(key), tuple(cells))
    assert decode_one(written) == row
    assert encode([row]) == written


@QUICK
@given(KEYS, UPDATES)
def test_an_update_is_read_and_written_as_the_sdk_writes_it(key: list[tuple[str, Any]], cells: list[Cell]) -> None:
    groups: dict[str, list[Any]] = {}
    for cell in cells:
        groups.setdefault(WORDS[cell.op], []).append(given_cell(cell))
    written = bytes(builder().serialize_for_update_row(given_key(key), groups))
    ordered = [cell for word in groups for cell in cells if WORDS[cell.op] == word]
    row = WireRow(tuple(key), tuple(ordered))
    assert decode_one(written) == row
    assert encode([row]) == written


@QUICK
@given(KEYS, BORDERS)
def test_keys_are_read_and_written_as_the_sdk_writes_them(
    key: list[tuple[str, Any]], border: list[tuple[str, Any]]
) -> None:
    deleted = bytes(builder().serialize_for_delete_row(given_key(key)))
    assert decode_one(deleted) == WireRow(tuple(key), deleted=True)
    assert encode([WireRow(tuple(key), deleted=True)]) == deleted
    written = bytes(builder().serialize_primary_key(given_key(border)))
    assert decode_one(written) == WireRow(tuple(border))
    assert encode([WireRow(tuple(border))]) == written


@QUICK
@given(st.lists(st.tuples(KEYS, PUTS), min_size=1, max_size=3))
def test_both_readers_of_the_sdk_read_what_we_write(found: list[tuple[list[tuple[str, Any]], list[Cell]]]) -> None:
    from tablestore.native import parse_multiple_rows
    from tablestore.plainbuffer.plain_buffer_coded_stream import PlainBufferCodedInputStream
    from tablestore.plainbuffer.plain_buffer_stream import PlainBufferInputStream

    rows = [WireRow(tuple(key), tuple(cells)) for key, cells in found]
    data = encode(rows)
    slow = PlainBufferCodedInputStream(PlainBufferInputStream(data)).read_rows()
    assert [_row_of(each.primary_key, each.attribute_columns) for each in slow] == rows
    assert [_row_of(key, cells) for key, cells in parse_multiple_rows(data)] == rows


def _row_of(key: list[tuple[str, Any]], cells: list[tuple[Any, ...]]) -> WireRow:
    """The C reader leaves out the time stamp where there is none."""
    values = tuple((name, from_sdk(value)) for name, value in key)
    return WireRow(values, tuple(Cell(name, from_sdk(value), *rest) for name, value, *rest in cells))
