"""The bodies of answers. The numbers are those of the fields in Tablestore's messages."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from local.fakes.tablestore import protobuf
from local.fakes.tablestore.errors import FREE, OtsError, Units
from local.fakes.tablestore.limits import SHORTEST_TIME_TO_LIVE
from local.fakes.tablestore.plainbuffer import Cell, WireRow, encode
from local.fakes.tablestore.rows import Row
from local.fakes.tablestore.tables import Change, Table


def table_body(table: Table) -> bytes:
    schema = table.schema
    columns = (protobuf.text(1, column) + protobuf.number(2, kind) for column, kind in schema.key)
    meta = protobuf.text(1, schema.name) + b"".join(protobuf.data(2, column) for column in columns)
    throughput = protobuf.data(1, units_body(FREE)) + protobuf.number(2, table.created // 1000)
    options = protobuf.number(1, schema.time_to_live) + protobuf.number(2, schema.max_versions)
    options += protobuf.number(5, SHORTEST_TIME_TO_LIVE)  # how far a version may be from now, in seconds
    return protobuf.data(1, meta) + protobuf.data(2, throughput) + protobuf.data(3, options)


def returned_key(number: int, change: Change) -> bytes:
    return protobuf.data(number, encode([WireRow(change.key)])) if change.return_key else b""


def wire_row(row: Row, names: tuple[str, ...]) -> WireRow:
    cells = (Cell(name, each.value, each.timestamp) for name, versions in row.columns.items() for each in versions)
    return WireRow(tuple(zip(names, row.key, strict=True)), tuple(cells))


def units_body(units: Units) -> bytes:
    return protobuf.number(1, units.read) + protobuf.number(2, units.write)


def consumed(number: int, units: Units) -> bytes:
    return protobuf.data(number, protobuf.data(1, units_body(units)))


def good_row(units: Units) -> bytes:
    return protobuf.number(1, True) + consumed(3, units)


def bad_row(error: OtsError) -> bytes:
    return protobuf.number(1, False) + protobuf.data(2, error_body(error)) + consumed(3, error.units)


def error_body(error: OtsError) -> bytes:
    return protobuf.text(1, error.code) + protobuf.text(2, error.message)


def batch_body(rows: Iterable[tuple[str, bytes]]) -> bytes:
    """One part for each table, its rows in the order of the request."""
    body = b""
    for name, group in groupby(rows, key=lambda each: each[0]):
        body += protobuf.data(1, protobuf.text(1, name) + b"".join(protobuf.data(2, row) for _, row in group))
    return body
