"""Column conditions, and the filters of reads, the same thing: parsed once, then judged by a row's columns."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from local.fakes.tablestore.errors import invalid
from local.fakes.tablestore.protobuf import Message, needed_data, needed_number, needed_text
from local.fakes.tablestore.values import Bound, Value, read_value

MOST_CONDITIONS = 10
SINGLE, COMPOSITE = 1, 2
NOT, AND, OR = 1, 2, 3
EXIST, NOT_EXIST = 7, 8
COMPARE: Mapping[int, Callable[[Value, Value], bool]] = {
    1: operator.eq,
    2: operator.ne,
    3: operator.gt,
    4: operator.ge,
    5: operator.lt,
    6: operator.le,
}
Columns = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Single:
    """Compares one column with a value. A missing column passes if `pass_if_missing`, which is the SDK's default."""

    column: str
    comparator: int
    value: Value
    pass_if_missing: bool

    def holds(self, columns: Columns) -> bool:
        if self.comparator in (EXIST, NOT_EXIST):
            return (self.column in columns) == (self.comparator == EXIST)
        found = columns.get(self.column)
        if found is None:
            return self.pass_if_missing
        return type(found) is type(self.value) and COMPARE[self.comparator](found, self.value)

    def names(self) -> frozenset[str]:
        return frozenset({self.column})

    def count(self) -> int:
        return 1


@dataclass(frozen=True, slots=True)
class Composite:
    combinator: int
    parts: tuple[Condition, ...]

    def holds(self, columns: Columns) -> bool:
        if self.combinator == NOT:
            return not self.parts[0].holds(columns)
        results = (part.holds(columns) for part in self.parts)
        return all(results) if self.combinator == AND else any(results)

    def names(self) -> frozenset[str]:
        return frozenset().union(*(part.names() for part in self.parts))

    def count(self) -> int:
        return sum(part.count() for part in self.parts)


Condition = Single | Composite


def parse_condition(data: bytes) -> Condition:
    """From the bytes of a Filter message. Raises OtsError: more than ten comparisons, or a kind that is unknown."""
    condition = _parse(Message(data), depth=0)
    if condition.count() > MOST_CONDITIONS:
        raise invalid(f"The count of filter exceeds the max:{MOST_CONDITIONS}.")
    return condition


def _parse(message: Message, depth: int) -> Condition:
    kind, body = needed_number(message, 1), Message(needed_data(message, 2))
    if depth > MOST_CONDITIONS:
        raise invalid("Deserialize filter failed.")
    if kind == SINGLE:
        return _parse_single(body)
    if kind == COMPOSITE:
        return _parse_composite(body, depth)
    raise invalid(f"Invalid type of filter: {kind}.")  # paging over columns: this stand-in has none


def _parse_single(body: Message) -> Single:
    comparator, value = needed_number(body, 1), read_value(needed_data(body, 3))
    if (
        isinstance(value, Bound) or body.data(6) is not None
    ):  # field 6 turns a part of the value by a regular expression
        raise invalid("Deserialize relation filter failed.")
    if comparator not in (*COMPARE, EXIST, NOT_EXIST):
        raise invalid(f"Invalid relation operator: {comparator}.")
    return Single(needed_text(body, 2), comparator, value, pass_if_missing=not needed_number(body, 4))


def _parse_composite(body: Message, depth: int) -> Composite:
    combinator = needed_number(body, 1)
    parts = tuple(_parse(Message(each), depth + 1) for each in body.each(2))
    if combinator not in (NOT, AND, OR):
        raise invalid("Deserialize composite filter failed.")
    if combinator == NOT and len(parts) != 1:
        raise invalid("Invalid NOT operator: the number of sub-filters must be 1.")
    if combinator != NOT and len(parts) < 2:
        raise invalid("Invalid AND/OR operator: the number of sub-filters must be 2.")
    return Composite(combinator, parts)
