"""What one row holds, and what a write makes of it: frozen values, pure functions. Times are milliseconds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from local.fakes.tablestore.errors import invalid
from local.fakes.tablestore.plainbuffer import Cell, Op
from local.fakes.tablestore.values import Value

UNIT_BYTES = 4096
INT64 = range(-(1 << 63), 1 << 63)
Key = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Version:
    timestamp: int
    value: Value


@dataclass(frozen=True, slots=True)
class Row:
    """`columns`: the versions of each column, newest first, never none. `written` is the time of the last write."""

    key: Key
    columns: Mapping[str, tuple[Version, ...]] = field(default_factory=lambda: MappingProxyType({}))
    written: int = 0

    def values(self) -> dict[str, Value]:
        """The newest value of each column."""
        return {name: versions[0].value for name, versions in self.columns.items()}


def put(key: Key, cells: Iterable[Cell], *, now: int, max_versions: int) -> Row:
    """A whole new row. A column that is named twice keeps as many versions as the table does."""
    return _written(Row(key), cells, now=now, max_versions=max_versions)


def update(row: Row | None, key: Key, cells: Iterable[Cell], *, now: int, max_versions: int) -> Row | None:
    """Deletes on a row that does not exist make none; deleting the last column leaves the row with its key alone."""
    changes = tuple(cells)
    if row is None and all(cell.op in (Op.DELETE_ALL, Op.DELETE_ONE) for cell in changes):
        return None
    return _written(row or Row(key), changes, now=now, max_versions=max_versions)


def _written(row: Row, cells: Iterable[Cell], *, now: int, max_versions: int) -> Row:
    columns = dict(row.columns)
    for cell in cells:
        versions = _changed(columns.pop(cell.name, ()), cell, now)[:max_versions]
        if versions:
            columns[cell.name] = versions
    return Row(row.key, MappingProxyType(dict(sorted(columns.items()))), now)


def _changed(versions: tuple[Version, ...], cell: Cell, now: int) -> tuple[Version, ...]:
    if cell.op is Op.DELETE_ALL:
        return ()
    if cell.op is Op.DELETE_ONE:
        return tuple(each for each in versions if each.timestamp != cell.timestamp)
    if cell.value is None:
        raise invalid("Invalid cell. Reason: missing value.")
    value = _sum(versions, cell.value) if cell.op is Op.INCREMENT else cell.value
    new = Version(now if cell.timestamp is None else cell.timestamp, value)
    others = [each for each in versions if each.timestamp != new.timestamp]
    return tuple(sorted([new, *others], key=lambda each: -each.timestamp))


def _sum(versions: tuple[Version, ...], step: Value) -> int:
    """A counter that is not there yet starts at zero."""
    old = versions[0].value if versions else 0
    if type(old) is not int or type(step) is not int:
        raise invalid("The type of an incremented column must be INTEGER.")
    if old + step not in INT64:
        raise invalid("The value of an incremented column exceeds INTEGER.")
    return old + step


def alive(row: Row, *, since: int) -> Row | None:
    """The row without the versions that are older than `since`; None when nothing of it is left."""
    kept = {
        name: left
        for name, versions in row.columns.items()
        if (left := tuple(each for each in versions if each.timestamp >= since))
    }
    if not kept and row.written < since:
        return None
    return row if len(kept) == len(row.columns) and kept == row.columns else Row(row.key, kept, row.written)


def value_size(value: Value) -> int:
    if isinstance(value, bool):
        return 1
    if isinstance(value, (int, float)):
        return 8
    return len(value.encode() if isinstance(value, str) else value)


def key_size(names: Iterable[str], key: Iterable[Value]) -> int:
    return sum(len(name) + value_size(part) for name, part in zip(names, key, strict=True))


def columns_size(columns: Mapping[str, tuple[Version, ...]]) -> int:
    """Bytes that count: name, value and eight for the version number."""
    return sum(len(name) + value_size(each.value) + 8 for name, versions in columns.items() for each in versions)


def cells_size(cells: Iterable[Cell]) -> int:
    return sum(len(cell.name) + (0 if cell.value is None else value_size(cell.value)) + 8 for cell in cells)


def units(size: int) -> int:
    """Capacity units of so many bytes: at least one."""
    return max(1, -(-size // UNIT_BYTES))
