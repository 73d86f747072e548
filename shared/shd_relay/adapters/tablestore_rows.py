"""Rows of Tablestore under single-row conditions: all that the store needs of the SDK, in plain values.

A column condition is an OR of ANDs of comparisons: `[[("seq", "<", 5)], [("seq", "==", 5), ("off", "<", 2)]]`. It
never holds for a row, or of a column, that is not there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from shd_relay.adapters.tablestore_client import Client, ConditionFailed
from shd_relay.adapters.tablestore_sdk import sdk
from shd_relay.errors import ContractError, StoreUnavailable

T = TypeVar("T")
Key = tuple[tuple[str, Any], ...]
Value = int | str | bytes
Columns = Mapping[str, Value]
When = Sequence[Sequence[tuple[str, str, Value]]]

MOST_ROWS = 200  # of a batch
MOST_BYTES = 3 << 20  # of a batch's values: the service takes 4 MB with names and keys
MOST_READ = 5000  # rows of one page of a range
_COMPARE = {"<": "LESS_THAN", "<=": "LESS_EQUAL", "==": "EQUAL"}


class Write(NamedTuple):
    """Columns to set in one row: `when` None puts the row if there is none, else it changes the one that fits."""

    key: Key
    columns: Columns
    when: When | None


class Found(NamedTuple):
    """A row as it was read."""

    table: str
    key: Key
    columns: Mapping[str, object]

    def get(self, name: str, kind: type[T]) -> T:
        """The column's value. Raises ContractError if it is not there, or of another type."""
        value = self.columns.get(name)
        if type(value) is bytearray:
            value = bytes(value)
        if type(value) is not kind:
            where = ", ".join(str(part) for _, part in self.key)
            raise ContractError(f"table {self.table}, row {where}: column {name} is no {kind.__name__}: not our row")
        return value


class Rows:
    """The rows of all tables with one prefix. Raises what Client.call does, but ConditionFailed."""

    def __init__(self, client: Client, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def read(self, table: str, key: Key) -> Found | None:
        _, row, _ = self._client.call("get_row", self._prefix + table, list(key), max_version=1)
        return None if row is None else self._found(table, row)

    def scan(
        self, table: str, shared: tuple[str, str], column: str, *, first: Any = None, end: Any = None, limit: int
    ) -> Iterator[Found]:
        """Rows that share the first key column, with `column` from `first` (None: the least) to before `end` (None:
        all), at most `limit`."""
        ots = sdk()
        start: Any = [shared, (column, ots.INF_MIN if first is None else first)]
        stop = [shared, (column, ots.INF_MAX if end is None else end)]
        left = limit
        while start is not None and left > 0:
            _, start, rows, _ = self._client.call(
                "get_range", self._prefix + table, "FORWARD", start, stop, limit=min(left, MOST_READ), max_version=1
            )
            left -= len(rows)
            yield from (self._found(table, row) for row in rows)

    def write(self, table: str, write: Write) -> bool:
        """Whether the condition held, and so the row was written."""
        ots = sdk()
        operation = "put_row" if write.when is None else "update_row"
        try:
            self._client.call(operation, self._prefix + table, _row(ots, write), _condition(ots, write.when))
        except ConditionFailed:
            return False
        return True

    def save(self, table: str, key: Key, columns: Columns, when: When) -> bool:
        """Changes the row if `when` holds, or puts it if there is none; False if there is one and `when` fails."""
        change, put = Write(key, columns, when), Write(key, columns, None)
        # No row is ever deleted: when it could not be put it is there, and the last answer is the true one.
        return self.write(table, change) or self.write(table, put) or self.write(table, change)

    def write_batch(self, table: str, writes: Sequence[Write]) -> list[bool]:
        """As `write` for each of them, in few requests; rows that are busy are tried anew. Raises for a row that was
        refused otherwise; others of the batch may have been written."""
        return [done for part in _parts(writes) for done in self._write_part(table, part)]

    def _write_part(self, table: str, writes: Sequence[Write]) -> list[bool]:
        done: dict[int, bool] = {}

        def ask() -> None:
            left = [number for number in range(len(writes)) if number not in done]
            busy = None
            for number, row in zip(left, self._told(table, [writes[number] for number in left]), strict=True):
                try:
                    done[number] = self._done(row)
                except StoreUnavailable as error:
                    busy = error
            if busy:
                raise busy

        self._client.patiently(ask)
        return [done[number] for number in range(len(writes))]

    def _told(self, table: str, writes: Sequence[Write]) -> list[Any]:
        """One request; what is told of each row, in order."""
        ots = sdk()
        request = ots.BatchWriteRowRequest()
        request.add(ots.TableInBatchWriteRowItem(self._prefix + table, [_item(ots, write) for write in writes]))
        answer = self._client.once("batch_write_row", request)
        told = [*answer.get_put_by_table(self._prefix + table), *answer.get_update_by_table(self._prefix + table)]
        by_index = {row.index: row for row in told}
        if sorted(by_index) != list(range(len(writes))):
            raise StoreUnavailable(f"table {self._prefix}{table}: a batch was not answered row for row")
        return [by_index[index] for index in range(len(writes))]

    def _done(self, row: Any) -> bool:
        if row.is_ok:
            return True
        error = self._client.refused(str(row.error_code), str(row.error_message))
        if isinstance(error, ConditionFailed):
            return False
        raise error

    def _found(self, table: str, row: Any) -> Found:
        key = tuple((column[0], column[1]) for column in row.primary_key)
        return Found(self._prefix + table, key, {name: value for name, value, _ in row.attribute_columns})


def _parts(writes: Sequence[Write]) -> Iterator[Sequence[Write]]:
    part: list[Write] = []
    size = 0
    for write in writes:
        weight = sum(len(value) * 4 if isinstance(value, str) else len(value) for value in _texts(write)) + 256
        if part and (len(part) == MOST_ROWS or size + weight > MOST_BYTES):
            yield part
            part, size = [], 0
        part.append(write)
        size += weight
    if part:
        yield part


def _texts(write: Write) -> list[str | bytes]:
    return [value for value in (*write.columns.values(), *dict(write.key).values()) if not isinstance(value, int)]


def _item(ots: Any, write: Write) -> Any:
    kind = ots.PutRowItem if write.when is None else ots.UpdateRowItem
    return kind(_row(ots, write), _condition(ots, write.when))


def _row(ots: Any, write: Write) -> Any:
    # Python's bytes would go out as text: only a bytearray is BINARY.
    cells = [(name, bytearray(value) if isinstance(value, bytes) else value) for name, value in write.columns.items()]
    return ots.Row(list(write.key), cells if write.when is None else {"put": cells})


def _condition(ots: Any, when: When | None) -> Any:
    if when is None:
        return ots.Condition(ots.RowExistenceExpectation.EXPECT_NOT_EXIST)
    parts = [_joined(ots, "AND", [_compare(ots, *test) for test in tests]) for tests in when]
    return ots.Condition(ots.RowExistenceExpectation.EXPECT_EXIST, _joined(ots, "OR", parts) if parts else None)


def _joined(ots: Any, word: str, parts: list[Any]) -> Any:
    if len(parts) == 1:
        return parts[0]
    joined = ots.CompositeColumnCondition(getattr(ots.LogicalOperator, word))
    for part in parts:
        joined.add_sub_condition(part)
    return joined


def _compare(ots: Any, column: str, sign: str, value: Value) -> Any:
    # Without pass_if_missing=False a condition holds for a column that is not there.
    comparator = getattr(ots.ComparatorType, _COMPARE[sign])
    return ots.SingleColumnCondition(column, value, comparator, pass_if_missing=False)
