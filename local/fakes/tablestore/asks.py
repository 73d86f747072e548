"""What can be asked: the requests as values, apart from their bytes, and what a read shows of a row."""

from __future__ import annotations

from dataclasses import dataclass

from local.fakes.tablestore.conditions import Condition
from local.fakes.tablestore.rows import Row
from local.fakes.tablestore.tables import Change, GivenKey, Schema

FIRST_TIME, LAST_TIME = 0, (1 << 63) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a read wants of a row. `columns` empty: all. Versions from `start` (ms), included, to `end`, left out."""

    columns: frozenset[str] = frozenset()
    most_versions: int | None = 1
    start: int = FIRST_TIME
    end: int = LAST_TIME
    condition: Condition | None = None

    def of(self, row: Row, key_names: tuple[str, ...]) -> Row | None:
        """None when the filter leaves the row out, or when it has none of the wanted columns."""
        if self.condition is not None and not self.condition.holds(row.values()):
            return None
        wanted = {name: each for name, each in row.columns.items() if not self.columns or name in self.columns}
        times = range(self.start, self.end)
        columns = {name: tuple(v for v in each if v.timestamp in times) for name, each in wanted.items()}
        columns = {name: each[: self.most_versions] for name, each in columns.items() if each}
        if not columns and self.columns and not self.columns.intersection(key_names):
            return None
        return Row(row.key, columns, row.written)


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    schema: Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class OfTable:
    """Describe or delete this table; the empty name when all are listed."""

    table: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Get:
    table: str
    key: GivenKey
    view: View


@dataclass(frozen=True, slots=True, kw_only=True)
class GetMany:
    gets: tuple[Get, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """From `start`, included, to `end`, left out. `limit` None: as many rows as one answer holds."""

    table: str
    forward: bool
    start: GivenKey
    end: GivenKey
    limit: int | None
    view: View


Ask = Create | OfTable | Write | Get | GetMany | Range


def touched(ask: Ask) -> tuple[tuple[str, GivenKey], ...]:
    """The rows that a request names, each with its table; for a range its start; for a table no key."""
    if isinstance(ask, Create):
        return ((ask.schema.name, ()),)
    if isinstance(ask, OfTable):
        return ((ask.table, ()),)
    if isinstance(ask, Write):
        return tuple((change.table, change.key) for change in ask.changes)
    if isinstance(ask, GetMany):
        return tuple((get.table, get.key) for get in ask.gets)
    return ((ask.table, ask.start if isinstance(ask, Range) else ask.key),)
