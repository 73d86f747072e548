"""Tables: the schema of their keys, their rows in key order, and the condition that guards each write."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType

from local.fakes.tablestore import rows
from local.fakes.tablestore.conditions import Condition
from local.fakes.tablestore.errors import OtsError, Units
from local.fakes.tablestore.plainbuffer import Cell, Op
from local.fakes.tablestore.rows import Key, Row
from local.fakes.tablestore.values import Bound, KeyPart

SECOND = 1000
KEEP_FOR_EVER = -1
GivenKey = tuple[tuple[str, KeyPart], ...]
Sortable = tuple[tuple[int, KeyPart] | tuple[int], ...]


class KeyType(IntEnum):
    """The types of key columns by their numbers on the wire."""

    INTEGER = 1
    STRING = 2
    BINARY = 3


class Expect(IntEnum):
    IGNORE = 0
    EXIST = 1
    NOT_EXIST = 2


class Kind(IntEnum):
    """What a write does to its row, by the numbers of a batch."""

    PUT = 1
    UPDATE = 2
    DELETE = 3


PYTHON_TYPES: Mapping[KeyType, type] = {KeyType.INTEGER: int, KeyType.STRING: str, KeyType.BINARY: bytes}


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """`key`: names and types of the key columns, the partition key first. `time_to_live` in seconds, -1: for ever."""

    name: str
    key: tuple[tuple[str, KeyType], ...]
    time_to_live: int = KEEP_FOR_EVER
    max_versions: int = 1

    def key_names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One write to one row, as it came."""

    kind: Kind
    table: str
    key: GivenKey
    cells: tuple[Cell, ...] = ()
    expect: Expect = Expect.IGNORE
    condition: Condition | None = None
    return_key: bool = False


@dataclass(slots=True)
class Table:
    """The caller holds the lock of the stand-in. `now` is in milliseconds."""

    schema: Schema
    created: int
    _rows: dict[Key, Row] = field(default_factory=dict)
    _order: list[tuple[Sortable, Key]] = field(default_factory=list)

    def row(self, key: Key, now: int) -> Row | None:
        row = self._rows.get(key)
        return None if row is None else rows.alive(row, since=self._since(now))

    def rows(self, now: int) -> Mapping[Key, Row]:
        """All rows that have not expired, in key order."""
        found = ((key, self.row(key, now)) for _, key in self._order)
        return MappingProxyType({key: row for key, row in found if row is not None})

    def between(self, start: Sortable, end: Sortable, *, now: int) -> Iterator[Row]:
        """From `start`, included, to `end`, left out; backward when `start` is the greater one."""
        forward = start < end
        low, high = (start, end) if forward else (end, start)
        first, last = (bisect_left(self._order, border, key=lambda each: each[0]) for border in (low, high))
        part = self._order[first:last]
        if not forward:  # the borders change their sides
            part = [each for each in self._order[first : last + 1] if low < each[0] <= high][::-1]
        found = (self.row(key, now) for _, key in part)
        return (row for row in found if row is not None)

    def key_of(self, given: GivenKey, *, bounds: bool = False) -> tuple[KeyPart, ...]:
        """The values of a key that fits the schema; `bounds` allows ends of a range. Raises OtsError: OTSInvalidPK."""
        if len(given) != len(self.schema.key):
            raise OtsError("OTSInvalidPK", f"Validate PK size fail. Input: {len(given)}, Meta: {len(self.schema.key)}.")
        for (name, part), (wanted, kind) in zip(given, self.schema.key, strict=True):
            if name != wanted:
                raise OtsError("OTSInvalidPK", f"Validate PK name fail. Input: {name}, Meta: {wanted}.")
            if not (type(part) is PYTHON_TYPES[kind] or (bounds and isinstance(part, Bound))):
                raise OtsError(
                    "OTSInvalidPK", f"Validate PK type fail. Input: {type(part).__name__}, Meta: {kind.name}."
                )
        return tuple(part for _, part in given)

    def exact_key(self, given: GivenKey) -> Key:
        return tuple(part for part in self.key_of(given) if not isinstance(part, Bound))

    def write(self, change: Change, now: int) -> Units:
        """Applies the change, or raises OtsError (OTSInvalidPK, OTSConditionCheckFail) and leaves the row as it was."""
        key = self.exact_key(change.key)
        old = self.row(key, now)
        if not _passes(change, old):
            raise OtsError("OTSConditionCheckFail", units=Units(1, 1))
        self._store(key, self._new(change, key, old, now))
        return self._cost(change, key, old)

    def _new(self, change: Change, key: Key, old: Row | None, now: int) -> Row | None:
        if change.kind is Kind.DELETE:
            return None
        most = self.schema.max_versions
        if change.kind is Kind.PUT:
            return rows.put(key, change.cells, now=now, max_versions=most)
        return rows.update(old, key, change.cells, now=now, max_versions=most)

    def _store(self, key: Key, row: Row | None) -> None:
        known = key in self._rows
        if row is not None:
            self._rows[key] = row
            if not known:
                insort(self._order, (sortable(key), key), key=lambda each: each[0])
        elif known:
            del self._rows[key]
            del self._order[bisect_left(self._order, sortable(key), key=lambda each: each[0])]

    def _cost(self, change: Change, key: Key, old: Row | None) -> Units:
        """Writing costs by what was sent; looking costs by the key and the columns that were looked at."""
        size = rows.key_size(self.schema.key_names(), key)
        write = rows.units(size + rows.cells_size(change.cells))
        looked_at = {cell.name for cell in change.cells if cell.op is Op.INCREMENT}
        looked_at |= change.condition.names() if change.condition else frozenset()
        if change.expect is Expect.IGNORE and not looked_at:
            return Units(0, write)
        columns = {name: each for name, each in old.columns.items() if name in looked_at} if old else {}
        return Units(rows.units(size + rows.columns_size(columns)), write)

    def _since(self, now: int) -> int:
        ttl = self.schema.time_to_live
        return -1 if ttl == KEEP_FOR_EVER else now - ttl * SECOND


def _passes(change: Change, old: Row | None) -> bool:
    if change.expect is not Expect.IGNORE and (old is not None) != (change.expect is Expect.EXIST):
        return False
    return change.condition is None or change.condition.holds(old.values() if old else {})


def sortable(key: tuple[KeyPart, ...]) -> Sortable:
    """An order over keys with and without bounds. Strings order by code points, which is the order of their UTF-8."""
    return tuple((0,) if part is Bound.MIN else (2,) if part is Bound.MAX else (1, part) for part in key)
