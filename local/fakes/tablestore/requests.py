"""From the body of a request to what is asked. The numbers are those of the fields in Tablestore's messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from local.fakes.tablestore.asks import (
    FIRST_TIME,
    LAST_TIME,
    Ask,
    Create,
    Get,
    GetMany,
    OfTable,
    Range,
    View,
    Write,
)
from local.fakes.tablestore.conditions import parse_condition
from local.fakes.tablestore.errors import invalid
from local.fakes.tablestore.plainbuffer import decode_one
from local.fakes.tablestore.protobuf import Message, broken, needed_data, needed_number, needed_text
from local.fakes.tablestore.tables import Change, Expect, GivenKey, KeyType, Kind, Schema

RETURN_NOTHING, RETURN_KEY = 0, 1


def _create(message: Message) -> Create:
    meta, options = message.message(1), message.message(3)
    if meta is None or options is None:
        raise broken()
    for field, thing in ((4, "partitions"), (5, "streams"), (6, "encryption"), (7, "indexes")):
        if message.each(field):
            raise invalid(f"This stand-in has no {thing}.")
    time_to_live, max_versions = options.number(1), options.number(2)
    if time_to_live is None:
        raise invalid("Time-to-live is missing while creating table.")
    if max_versions is None:
        raise invalid("MaxVersions is missing while creating table.")
    key = tuple(_key_column(Message(each)) for each in meta.each(2))
    name = needed_text(meta, 1)
    return Create(schema=Schema(name=name, key=key, time_to_live=time_to_live, max_versions=max_versions))


def _key_column(message: Message) -> tuple[str, KeyType]:
    if message.number(3) is not None:
        raise invalid("This stand-in has no auto-increment key columns.")
    try:
        return needed_text(message, 1), KeyType(needed_number(message, 2))
    except ValueError as error:
        raise invalid("Invalid column type, only STRING,INTEGER,BINARY is allowed.") from error


def _of_table(message: Message) -> OfTable:
    return OfTable(table=needed_text(message, 1))


def _write(kind: Kind) -> Callable[[Message], Write]:
    def read(message: Message) -> Write:
        _refuse(message, (5, "transactions"))
        return Write(changes=(_change(kind, needed_text(message, 1), message),))

    return read


def _change(kind: Kind, table: str, message: Message) -> Change:
    row, condition = decode_one(needed_data(message, 2)), message.message(3)
    if condition is None:
        raise broken()
    if row.deleted != (kind is Kind.DELETE):
        missing = "delete row: missing" if kind is Kind.DELETE else "put/update row: unexpected"
        raise invalid(f"Invalid request of {missing} RowDeleteMarker in request.")
    columns = condition.data(2)
    return Change(
        kind=kind,
        table=table,
        key=row.key,
        cells=row.cells,
        expect=_expect(needed_number(condition, 1)),
        condition=parse_condition(columns) if columns else None,
        return_key=_returns_key(message.message(4)),
    )


def _expect(number: int) -> Expect:
    try:
        return Expect(number)
    except ValueError as error:
        raise invalid(f"Invalid row-existence expectation: {number}.") from error


def _returns_key(content: Message | None) -> bool:
    kind = (content.number(1) if content else None) or RETURN_NOTHING
    if kind not in (RETURN_NOTHING, RETURN_KEY):
        raise invalid(f"Invalid return type: {kind}.")
    return kind == RETURN_KEY


def _write_many(message: Message) -> Write:
    _refuse(message, (2, "transactions"))
    changes = []
    for table in _tables(message):
        found = [Message(each) for each in table.each(2)]
        name = needed_text(table, 1)
        if not found:
            raise invalid(f"No operation is specified for table: '{name}'.")
        changes += [_change(_kind(needed_number(each, 1)), name, each) for each in found]
    return Write(changes=tuple(changes))


def _kind(number: int) -> Kind:
    try:
        return Kind(number)
    except ValueError as error:
        raise invalid("The modify type is invalid.") from error


def _get(message: Message) -> Get:
    _refuse(message, (8, "column ranges"), (9, "column ranges"), (10, "tokens"), (11, "transactions"))
    view = _view(message, columns=3, times=4, versions=5, condition=7)
    return Get(table=needed_text(message, 1), key=_key(needed_data(message, 2)), view=view)


def _get_many(message: Message) -> GetMany:
    gets = []
    for table in _tables(message):
        _refuse(table, (9, "column ranges"), (10, "column ranges"))
        if any(table.each(3)):
            raise invalid("This stand-in has no tokens.")
        view, name = _view(table, columns=4, times=5, versions=6, condition=8), needed_text(table, 1)
        gets += [Get(table=name, key=_key(key), view=view) for key in table.each(2)]
    return GetMany(gets=tuple(gets))


def _range(message: Message) -> Range:
    _refuse(message, (11, "column ranges"), (12, "column ranges"), (13, "tokens"), (14, "transactions"))
    return Range(
        table=needed_text(message, 1),
        forward=needed_number(message, 2) == 0,
        start=_key(needed_data(message, 7)),
        end=_key(needed_data(message, 8)),
        limit=message.number(6),
        view=_view(message, columns=3, times=4, versions=5, condition=10),
    )


def _tables(message: Message) -> list[Message]:
    """The part of each table in a batch; no table twice."""
    tables = [Message(each) for each in message.each(1)]
    names = [needed_text(table, 1) for table in tables]
    for name in names:
        if names.count(name) > 1:
            raise invalid(f"Duplicated table name: '{name}'.")
    return tables


def _key(data: bytes) -> GivenKey:
    row = decode_one(data)
    if row.cells or row.deleted:
        raise invalid("Attribute column cannot be given while reading data.")
    return row.key


def _view(message: Message, *, columns: int, times: int, versions: int, condition: int) -> View:
    time_range, most, given = message.message(times), message.number(versions), message.data(condition)
    if most is not None and most < 1:
        raise invalid(f"Invalid max versions: {most}. Reason: Max versions must be positive.")
    if time_range is None and most is None:
        raise invalid("No version condition is specified while querying row.")
    start, end = _times(time_range)
    return View(
        columns=frozenset(message.texts(columns)),
        most_versions=most,
        start=start,
        end=end,
        condition=parse_condition(given) if given else None,
    )


def _times(message: Message | None) -> tuple[int, int]:
    if message is None:
        return FIRST_TIME, LAST_TIME
    start, end, exact = (message.number(field) for field in (1, 2, 3))
    if exact is not None:
        return exact, exact + 1
    if start is None or end is None:
        raise invalid("Start and end time must be given at the same time.")
    return start, end


def _refuse(message: Message, *fields: tuple[int, str]) -> None:
    for field, thing in fields:
        if message.data(field):
            raise invalid(f"This stand-in has no {thing}.")


READERS: Mapping[str, Callable[[Message], Ask]] = {
    "CreateTable": _create,
    "ListTable": lambda _: OfTable(table=""),
    "DescribeTable": _of_table,
    "DeleteTable": _of_table,
    "PutRow": _write(Kind.PUT),
    "UpdateRow": _write(Kind.UPDATE),
    "DeleteRow": _write(Kind.DELETE),
    "GetRow": _get,
    "BatchGetRow": _get_many,
    "BatchWriteRow": _write_many,
    "GetRange": _range,
}


def read_request(action: str, body: bytes) -> Ask:
    """Raises OtsError (OTSParameterInvalid) for an unknown action and for what cannot be read."""
    if action not in READERS:
        raise invalid(f"Unsupported operation: '{action}'.")
    return READERS[action](Message(body))
