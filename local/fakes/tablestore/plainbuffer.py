"""Plainbuffer, the format of rows and keys inside Tablestore's messages: tags, little-endian lengths, CRC-8.

Reading raises OtsError (OTSParameterInvalid) at what is wrong first.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from local.fakes.tablestore.errors import invalid
from local.fakes.tablestore.values import Bound, KeyPart, Value, crc8, read_value, value_bytes

HEADER = 0x75
ROW_KEY, ROW_DATA, CELL, NAME, VALUE, OP, TIMESTAMP, DELETE_MARKER, ROW_CHECKSUM, CELL_CHECKSUM = range(1, 11)


class Op(IntEnum):
    """What an update does to a column, where it does not put a value."""

    DELETE_ALL = 1
    DELETE_ONE = 3
    INCREMENT = 4


@dataclass(frozen=True, slots=True)
class Cell:
    """One column of a row: its value, a version in milliseconds, an operation; each may be missing."""

    name: str
    value: Value | None = None
    timestamp: int | None = None
    op: Op | None = None


@dataclass(frozen=True, slots=True)
class WireRow:
    key: tuple[tuple[str, KeyPart], ...]
    cells: tuple[Cell, ...] = ()
    deleted: bool = False


def encode(rows: Iterable[WireRow]) -> bytes:
    return struct.pack("<i", HEADER) + b"".join(_row_bytes(row) for row in rows)


def _row_bytes(row: WireRow) -> bytes:
    key = [_cell_bytes(Cell(name), part) for name, part in row.key]
    cells = [_cell_bytes(cell, cell.value) for cell in row.cells]
    tag = bytes([ROW_DATA]) if cells else b""
    marker = bytes([DELETE_MARKER]) if row.deleted else b""
    checksum = crc8(bytes([data[-1] for data in (*key, *cells)] + [row.deleted]))  # a cell ends with its checksum
    return b"".join([bytes([ROW_KEY]), *key, tag, *cells, marker, bytes([ROW_CHECKSUM, checksum])])


def _cell_bytes(cell: Cell, part: KeyPart | None) -> bytes:
    name = cell.name.encode()
    value = b"" if part is None else value_bytes(part)
    op = b"" if cell.op is None else bytes([cell.op])
    timestamp = b"" if cell.timestamp is None else struct.pack("<q", cell.timestamp)
    parts = [bytes([CELL, NAME]), struct.pack("<i", len(name)), name]
    parts += [bytes([VALUE]), struct.pack("<i", len(value)), value] if value else []
    parts += [bytes([OP]), op] if op else []
    parts += [bytes([TIMESTAMP]), timestamp] if timestamp else []
    # the checksum takes the time stamp before the operation, unlike the wire
    return b"".join([*parts, bytes([CELL_CHECKSUM, crc8(name + value + timestamp + op)])])


class _Reader:
    def __init__(self, buffer: bytes) -> None:
        self._buffer = buffer
        self._at = 0

    def more(self) -> bool:
        return self._at < len(self._buffer)

    def take(self, size: int) -> bytes:
        data = self._buffer[self._at : self._at + size] if size >= 0 else b""
        if size < 0 or len(data) != size:
            raise invalid("Input encoded PK broken, length is shorter than expect.")
        self._at += size
        return data

    def sized(self) -> bytes:
        return self.take(struct.unpack("<i", self.take(4))[0])

    def skip(self, tag: int) -> bool:
        """Goes past `tag` if it comes next."""
        if self._buffer[self._at : self._at + 1] != bytes([tag]):
            return False
        self._at += 1
        return True

    def expect(self, tag: int) -> None:
        if not self.skip(tag):
            raise invalid(f"Cell data broken, mismatch tag, expect({tag}).")


def decode(buffer: bytes) -> list[WireRow]:
    reader = _Reader(buffer)
    if struct.unpack("<i", reader.take(4))[0] != HEADER:
        raise invalid("Cell data broken, mismatch header.")
    rows = []
    while reader.more():
        rows.append(_read_row(reader))
    return rows


def decode_one(buffer: bytes) -> WireRow:
    rows = decode(buffer)
    if len(rows) != 1:
        raise invalid("data format is invalid.")
    return rows[0]


def _read_row(reader: _Reader) -> WireRow:
    reader.expect(ROW_KEY)
    sums: list[int] = []
    key = []
    while reader.skip(CELL):
        name, value, timestamp, op = _read_cell(reader, sums)
        if value is None or timestamp is not None or op is not None:
            raise invalid("Cell data broken, PK value cannot be NULL.")
        key.append((name, value))
    cells = []
    if reader.skip(ROW_DATA):
        while reader.skip(CELL):
            cells.append(_attribute(*_read_cell(reader, sums)))
    deleted = reader.skip(DELETE_MARKER)
    reader.expect(ROW_CHECKSUM)
    _check(crc8(bytes([*sums, deleted])), reader.take(1)[0])
    return WireRow(tuple(key), tuple(cells), deleted)


def _attribute(name: str, value: KeyPart | None, timestamp: int | None, op: Op | None) -> Cell:
    if isinstance(value, Bound):
        raise invalid("data format is invalid, unknown variant type occured.")
    return Cell(name, value, timestamp, op)


def _read_cell(reader: _Reader, sums: list[int]) -> tuple[str, KeyPart | None, int | None, Op | None]:
    reader.expect(NAME)
    raw_name = reader.sized()
    raw_value = reader.sized() if reader.skip(VALUE) else b""
    raw_op = reader.take(1) if reader.skip(OP) else b""
    raw_timestamp = reader.take(8) if reader.skip(TIMESTAMP) else b""
    reader.expect(CELL_CHECKSUM)
    checksum = crc8(raw_name + raw_value + raw_timestamp + raw_op)
    _check(checksum, reader.take(1)[0])
    sums.append(checksum)
    timestamp = struct.unpack("<q", raw_timestamp)[0] if raw_timestamp else None
    return _name(raw_name), read_value(raw_value) if raw_value else None, timestamp, _op(raw_op)


def _name(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise invalid("Invalid column name.") from error


def _op(raw: bytes) -> Op | None:
    try:
        return Op(raw[0]) if raw else None
    except ValueError as error:
        raise invalid(f"Invalid op type of cell: {raw[0]}.") from error


def _check(wanted: int, given: int) -> None:
    if wanted != given:
        raise invalid(f"Cell data broken, checksum is mismatch, {given}:{wanted}")
