"""The limits of the wide-column model as the vendor's pages give them, and the checks of rows that need no table."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from local.fakes.tablestore.errors import invalid
from local.fakes.tablestore.plainbuffer import Cell, Op
from local.fakes.tablestore.rows import cells_size, value_size
from local.fakes.tablestore.tables import Change, GivenKey, Kind, Schema
from local.fakes.tablestore.values import Bound

LARGEST_BODY = 5 << 20
LARGEST_WRITE = 4 << 20
LARGEST_ATTRIBUTE = 2 << 20
LARGEST_KEY_PART = 1024
MOST_COLUMNS = 1024
MOST_ROWS_WRITTEN = 200
MOST_ROWS_READ = 100
MOST_ROWS_OF_RANGE = 5000
LARGEST_RANGE = 4 << 20
MOST_TABLES = 64
MOST_KEY_COLUMNS = 4
SHORTEST_TIME_TO_LIVE = 86_400
LAST_TIMESTAMP = ((1 << 63) - 1) // 1000
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")
OPERATIONS = {Kind.PUT: "PutRow", Kind.UPDATE: "UpdateRow", Kind.DELETE: "DeleteRow"}


def check_table_name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise invalid(f"Invalid table name: '{name}'.")
    return name


def check_schema(schema: Schema) -> None:
    check_table_name(schema.name)
    names = schema.key_names()
    if not 1 <= len(names) <= MOST_KEY_COLUMNS:
        raise invalid(f"The number of primary key columns must be in range: [1, {MOST_KEY_COLUMNS}].")
    _check_names(names)
    _check_unique(names)
    if schema.time_to_live != -1 and schema.time_to_live < SHORTEST_TIME_TO_LIVE:
        raise invalid(f"TimeToLive must be -1 or at least {SHORTEST_TIME_TO_LIVE} seconds.")
    if schema.max_versions < 1:
        raise invalid("The maximum versions cannot be less than or equal to 0.")


def check_key(key: GivenKey, *, bounds: bool = False) -> None:
    """Of a row, or with `bounds` of an end of a range."""
    if not key:
        raise invalid("Cell data broken, PK is empty.")
    names = tuple(name for name, _ in key)
    _check_names(names)
    _check_unique(names)
    for name, part in key:
        if isinstance(part, Bound):
            if not bounds:
                raise invalid("Input encoded PK broken, invalidate cell key type.")
            continue
        if (size := value_size(part)) > LARGEST_KEY_PART:
            raise invalid(
                f"The length of primary key column: '{name}' exceeds the MaxLength: {LARGEST_KEY_PART} "
                f"with CurrentLength: {size}."
            )


def check_change(change: Change) -> None:
    check_table_name(change.table)
    check_key(change.key)
    _check_count(change)
    _check_names(cell.name for cell in change.cells)
    for name in {name for name, _ in change.key} & {cell.name for cell in change.cells}:
        raise invalid(f"Duplicated attribute column name with primary key column: '{name}'.")
    for cell in change.cells:
        _check_cell(cell, change.kind)
    size = change_size(change)
    if size > LARGEST_WRITE:
        raise invalid(
            f"The total data size of {OPERATIONS[change.kind]} request exceeds the limit, "
            f"limit size: {LARGEST_WRITE}, data size: {size}."
        )


def change_size(change: Change) -> int:
    key = sum(len(name) + (0 if isinstance(part, Bound) else value_size(part)) for name, part in change.key)
    return key + cells_size(change.cells)


def _check_count(change: Change) -> None:
    count = len(change.cells)
    if change.kind is Kind.DELETE and count:
        raise invalid("Invalid delete row request: unexpected cells in request.")
    if change.kind is Kind.UPDATE and not count:
        raise invalid("Invalid update row request: missing cells in request.")
    if change.kind is Kind.PUT and not count:
        raise invalid("Attribute column is missing.")
    if count > MOST_COLUMNS:
        raise invalid(
            "The number of columns from the request exceeds the limit, "
            f"limit count: {MOST_COLUMNS}, column count: {count}."
        )


def _check_cell(cell: Cell, kind: Kind) -> None:
    if cell.op is not None:
        _check_op(cell, cell.op, kind)
    elif cell.value is None:
        raise invalid(f"Invalid cell: '{cell.name}'. Reason: missing value.")
    if cell.timestamp is not None and not 0 <= cell.timestamp < LAST_TIMESTAMP:
        raise invalid("Timestamp must be in range [0, INT64_MAX/1000).")
    if isinstance(cell.value, float) and not math.isfinite(cell.value):
        raise invalid("NaN can't be set to double value." if math.isnan(cell.value) else "Infinity can't be set.")
    if cell.value is not None and (size := value_size(cell.value)) > LARGEST_ATTRIBUTE:
        raise invalid(
            f"The length of attribute column: '{cell.name}' exceeded the MaxLength:{LARGEST_ATTRIBUTE} "
            f"with Current Length:{size}."
        )


def _check_op(cell: Cell, op: Op, kind: Kind) -> None:
    if kind is Kind.PUT:
        raise invalid(f"OpType cannot be given for column name:'{cell.name}' in PutRow.")
    if (op is Op.INCREMENT) != (cell.value is not None):
        raise invalid(f"Column value must be given when type is INCREMENT only, name: '{cell.name}'.")
    if (op is Op.DELETE_ONE) != (cell.timestamp is not None):
        raise invalid(f"Timestamp must be given when type is DELETE_ONE_VERSION, and only then, name: '{cell.name}'.")


def _check_names(names: Iterable[str]) -> None:
    for name in names:
        if not NAME.fullmatch(name):
            raise invalid(f"Invalid column name: '{name}'.")


def _check_unique(names: tuple[str, ...]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise invalid(f"Duplicated primary key name: '{name}'.")
