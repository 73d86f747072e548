"""What each operation does to the tables, and its answer as bytes. The caller holds the lock of the stand-in."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field

from local.fakes.tablestore import limits, protobuf, rows
from local.fakes.tablestore.answers import (
    bad_row,
    batch_body,
    consumed,
    good_row,
    returned_key,
    table_body,
    wire_row,
)
from local.fakes.tablestore.asks import Ask, Create, Get, GetMany, OfTable, Range, Write
from local.fakes.tablestore.errors import FREE, OtsError, Units, invalid
from local.fakes.tablestore.instance import Instance
from local.fakes.tablestore.plainbuffer import WireRow, encode
from local.fakes.tablestore.rows import Row
from local.fakes.tablestore.tables import Change, Expect, GivenKey, Sortable, Table, sortable

NO_ROWS: Container[int] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """The body of a 200 answer, and what the call cost."""

    body: bytes = b""
    units: Units = FREE


def operate(instance: Instance, action: str, ask: Ask, *, now: int, busy: Container[int] = NO_ROWS) -> Done:
    """Raises OtsError. `now` in ms; the rows of a batch at the positions in `busy` are refused as OTSServerBusy."""
    if isinstance(ask, Create):
        instance.create(ask.schema, now)
        return Done()
    if isinstance(ask, OfTable):
        return TABLE_OPERATIONS[action](instance, ask.table)
    if isinstance(ask, Write):
        return _write_many(instance, ask, now, busy) if action == "BatchWriteRow" else _write(instance, ask, now)
    if isinstance(ask, GetMany):
        return _get_many(instance, ask, now, busy)
    return _range(instance, ask, now) if isinstance(ask, Range) else _get(instance, ask, now)


def _list(instance: Instance, _: str) -> Done:
    return Done(b"".join(protobuf.text(1, name) for name in sorted(instance.tables)))


def _describe(instance: Instance, name: str) -> Done:
    return Done(table_body(instance.table(name)))


def _delete_table(instance: Instance, name: str) -> Done:
    instance.table(name)
    del instance.tables[name]
    return Done()


TABLE_OPERATIONS: Mapping[str, Callable[[Instance, str], Done]] = {
    "ListTable": _list,
    "DescribeTable": _describe,
    "DeleteTable": _delete_table,
}


def _write(instance: Instance, ask: Write, now: int) -> Done:
    (change,) = ask.changes
    limits.check_change(change)
    units = instance.table(change.table).write(change, now)
    return Done(consumed(1, units) + returned_key(2, change), units)


def _write_many(instance: Instance, ask: Write, now: int, busy: Container[int]) -> Done:
    """Every row for itself, in order: some may be done and others not, and the answer is 200 all the same."""
    _check_batch(ask.changes)
    results = []
    for position, change in enumerate(ask.changes):
        try:
            units = _table_unless_busy(instance, change.table, position in busy).write(change, now)
            results.append((change.table, good_row(units) + returned_key(4, change), units))
        except OtsError as error:
            results.append((change.table, bad_row(error), error.units))
    return _batch(results)


def _table_unless_busy(instance: Instance, name: str, busy: bool) -> Table:
    if busy:
        raise OtsError("OTSServerBusy")
    return instance.table(name)


def _check_batch(changes: tuple[Change, ...]) -> None:
    if not changes:
        raise invalid("No row is specified in BatchWriteRow.")
    if len(changes) > limits.MOST_ROWS_WRITTEN:
        raise invalid(f"Rows count exceeds the upper limit: {limits.MOST_ROWS_WRITTEN}.")
    for change in changes:
        limits.check_change(change)
    size = sum(limits.change_size(change) for change in changes)
    if size > limits.LARGEST_WRITE:
        raise invalid(
            "The total data size of BatchWriteRow request exceeds the limit, "
            f"limit size: {limits.LARGEST_WRITE}, data size: {size}."
        )
    named = [(change.table, change.key) for change in changes]
    repeated = [change for change, name in zip(changes, named, strict=True) if named.count(name) > 1]
    if any(change.expect is not Expect.IGNORE for change in repeated):
        raise invalid("Repeated rows do not support row exist expectation check in BatchModify.")
    if any(change.condition is not None for change in repeated):
        raise invalid("Repeated rows do not support row condition check in BatchModify.")


def _get(instance: Instance, ask: Get, now: int) -> Done:
    row, units = _look_up(instance.table(ask.table), ask, now)
    return Done(consumed(1, units) + protobuf.data(2, row), units)


def _look_up(table: Table, ask: Get, now: int) -> tuple[bytes, Units]:
    """The row as the view shows it, empty when there is none, and what it costs to look."""
    limits.check_key(ask.key)
    key = table.exact_key(ask.key)
    row = table.row(key, now)
    names = table.schema.key_names()
    shown = None if row is None else ask.view.of(row, names)
    size = rows.key_size(names, key) + (rows.columns_size(shown.columns) if shown else 0)
    return (encode([wire_row(shown, names)]) if shown else b""), Units(rows.units(size), 0)


def _get_many(instance: Instance, ask: GetMany, now: int, busy: Container[int]) -> Done:
    if not ask.gets:
        raise invalid("No row specified in the request of BatchGetRow.")
    if len(ask.gets) > limits.MOST_ROWS_READ:
        raise invalid(f"Rows count exceeds the upper limit: {limits.MOST_ROWS_READ}.")
    results = []
    for position, get in enumerate(ask.gets):
        try:
            row, units = _look_up(_table_unless_busy(instance, get.table, position in busy), get, now)
            results.append((get.table, good_row(units) + protobuf.data(4, row), units))
        except OtsError as error:
            results.append((get.table, bad_row(error), error.units))
    return _batch(results)


def _batch(results: list[tuple[str, bytes, Units]]) -> Done:
    body = batch_body((table, row) for table, row, _ in results)
    return Done(body, sum((units for _, _, units in results), FREE))


def _range(instance: Instance, ask: Range, now: int) -> Done:
    table = instance.table(ask.table)
    start, end = (_border(table, key) for key in (ask.start, ask.end))
    if ask.limit is not None and ask.limit < 1:
        raise invalid("The limit must be greater than 0.")
    if ask.forward and not start < end:
        raise invalid("Begin key must less than end key in FORWARD")
    if not ask.forward and not start > end:
        raise invalid("Begin key must more than end key in BACKWARD")
    page = _page(table, ask, table.between(start, end, now=now))
    names = table.schema.key_names()
    found = encode(wire_row(row, names) for row in page.rows) if page.rows else b""  # the SDK looks at the length alone
    body = consumed(1, page.units) + protobuf.data(2, found)
    if page.following is not None:
        body += protobuf.data(3, encode([WireRow(tuple(zip(names, page.following.key, strict=True)))]))
    return Done(body, page.units)


def _border(table: Table, given: GivenKey) -> Sortable:
    limits.check_key(given, bounds=True)
    return sortable(table.key_of(given, bounds=True))


@dataclass(slots=True)
class _Page:
    """The rows of one answer, what reading them cost, and the row to go on with when there are more."""

    rows: list[Row] = field(default_factory=list)
    units: Units = FREE
    following: Row | None = None


def _page(table: Table, ask: Range, found: Iterator[Row]) -> _Page:
    """Ends after `limit` rows that are shown, 5,000 that were read, or 4 MB; what a filter hides was read, too."""
    page, names, size = _Page(), table.schema.key_names(), 0
    limit = min(ask.limit or limits.MOST_ROWS_OF_RANGE, limits.MOST_ROWS_OF_RANGE)
    for read, row in enumerate(found):
        if len(page.rows) >= limit or read >= limits.MOST_ROWS_OF_RANGE or size >= limits.LARGEST_RANGE:
            page.following = row
            break
        shown = ask.view.of(row, names)
        seen = shown or row
        size += rows.key_size(names, row.key) + rows.columns_size(seen.columns)
        page.rows += [shown] if shown else []
    page.units = Units(rows.units(size), 0)
    return page
