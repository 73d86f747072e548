"""The SDK and the stand-in against a plain dict: random operations, and writers that race."""

from __future__ import annotations

import operator
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from local.fakes.tablestore import Fault, TablestoreFake
from tests.fakes.tablestore_client import (
    SHARD,
    client,
    code_of,
    columns,
    composite,
    key,
    ready,
    row,
    sdk,
    single,
    when,
)

ots = sdk()
FAILED, WRONG, BUSY = "OTSConditionCheckFail", "OTSParameterInvalid", "OTSServerBusy"
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "EQUAL": operator.eq,
    "NOT_EQUAL": operator.ne,
    "LESS_THAN": operator.lt,
    "LESS_EQUAL": operator.le,
    "GREATER_THAN": operator.gt,
    "GREATER_EQUAL": operator.ge,
}
Value = int | str | bytes | bool | float
Columns = dict[str, Value]
Place = tuple[str, float]  # shard and seq; the seq of a range's end may be infinite
Model = dict[Place, Columns]


class Compare(NamedTuple):
    column: str
    comparator: str
    value: Value
    pass_if_missing: bool

    def holds(self, found: Columns) -> bool:
        if self.column not in found:
            return self.pass_if_missing
        value = found[self.column]
        return type(value) is type(self.value) and COMPARE[self.comparator](value, self.value)

    def for_sdk(self) -> Any:
        return single(self.column, self.comparator, for_sdk(self.value), pass_if_missing=self.pass_if_missing)


class Join(NamedTuple):
    word: str
    parts: tuple[Compare | Join, ...]

    def holds(self, found: Columns) -> bool:
        if self.word == "NOT":
            return not self.parts[0].holds(found)
        return (all if self.word == "AND" else any)(part.holds(found) for part in self.parts)

    def for_sdk(self) -> Any:
        return composite(self.word, *(part.for_sdk() for part in self.parts))


class Guard(NamedTuple):
    """What a write expects of its row."""

    expect: str
    test: Compare | Join | None

    def lets(self, found: Columns | None) -> bool:
        if self.expect != "IGNORE" and (found is not None) != (self.expect == "EXPECT_EXIST"):
            return False
        return self.test is None or self.test.holds(found or {})

    def for_sdk(self) -> Any:
        return when(self.expect, self.test.for_sdk() if self.test else None)


class Put(NamedTuple):
    cells: Columns

    def result(self, _: Columns | None) -> Columns:
        return dict(self.cells)

    def request(self, place: Place, guard: Guard) -> tuple[str, Any]:
        return "put", ots.PutRowItem(ots.Row(where(place), cells_for_sdk(self.cells)), guard.for_sdk())


class Update(NamedTuple):
    """Puts some columns, increments others, deletes the rest. Raises TypeError as Python does for a text plus one."""

    cells: Columns
    steps: dict[str, int]
    gone: frozenset[str]

    def result(self, found: Columns | None) -> Columns | None:
        if found is None and not self.cells and not self.steps:
            return None  # to delete columns makes no row
        old = found or {}
        sums = {name: counter(old.get(name, 0)) + step for name, step in self.steps.items()}
        return {**{name: value for name, value in old.items() if name not in self.gone}, **self.cells, **sums}

    def request(self, place: Place, guard: Guard) -> tuple[str, Any]:
        kinds = {
            "put": cells_for_sdk(self.cells),
            "increment": list(self.steps.items()),
            "delete_all": sorted(self.gone),
        }
        return "update", ots.UpdateRowItem(ots.Row(where(place), kinds), guard.for_sdk())


class Delete(NamedTuple):
    def result(self, _: Columns | None) -> None:
        return None

    def request(self, place: Place, guard: Guard) -> tuple[str, Any]:
        return "delete", ots.DeleteRowItem(ots.Row(where(place)), guard.for_sdk())


Change = Put | Update | Delete


def counter(value: Value) -> int:
    if type(value) is not int:
        raise TypeError(value)
    return value


def for_sdk(value: Value) -> Any:
    return bytearray(value) if isinstance(value, bytes) else value  # the SDK takes `bytes` for text


def cells_for_sdk(cells: Columns) -> list[tuple[str, Any]]:
    return [(name, for_sdk(value)) for name, value in cells.items()]


def where(place: Place) -> list[tuple[str, Any]]:
    shard, seq = place
    bounds = {float("-inf"): ots.INF_MIN, float("inf"): ots.INF_MAX}
    return key(bounds.get(seq, seq), shard)


def shown(found: Columns | None) -> dict[str, tuple[str, Any]] | None:
    """With the types told apart: to Python, True is 1 and 1.0."""
    if found is None:
        return None
    plain = {name: bytes(value) if isinstance(value, bytearray) else value for name, value in found.items()}
    return {name: (type(value).__name__, value) for name, value in plain.items()}


def told(each: Any) -> dict[str, tuple[str, Any]] | None:
    return None if each is None else shown({name: value for name, value, _ in each.attribute_columns})


NAMES = st.sampled_from("abc")
STEPS = st.integers(-3, 3)
VALUES = STEPS | STEPS | st.sampled_from(["", "é", b"", b"\xff", True, False, 0.5, -1.5])
CELLS = st.dictionaries(NAMES, VALUES, min_size=1)
SEQS = st.integers(0, 4)
SHARDS = st.sampled_from("ab")
PLACES = st.tuples(SHARDS, SEQS)
ENDS = st.tuples(SHARDS, SEQS | SEQS | st.sampled_from([float("-inf"), float("inf")]))
EVERYTHING = (("a", float("-inf")), ("b", float("inf")))
RANGES = st.just(EVERYTHING) | st.lists(ENDS, min_size=2, max_size=2, unique=True).map(lambda ends: tuple(sorted(ends)))
LIMITS = st.none() | st.integers(1, 3)
COMPARES = st.builds(Compare, NAMES, st.sampled_from(sorted(COMPARE)), VALUES, st.booleans())
TESTS = st.recursive(
    COMPARES,
    lambda parts: st.one_of(
        st.builds(Join, st.just("NOT"), st.tuples(parts)),
        st.builds(Join, st.sampled_from(["AND", "OR"]), st.lists(parts, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=5,
)
FREE = Guard("IGNORE", None)
GUARDED = st.builds(Guard, st.sampled_from(["IGNORE", "EXPECT_EXIST", "EXPECT_NOT_EXIST"]), st.none() | TESTS)
GUARDS = st.just(FREE) | GUARDED  # enough of the writes must succeed for ranges to have something in them
FILTERS = st.none() | TESTS


@st.composite
def updates(draw: st.DrawFn) -> Update:
    """Every column it names has one part in it, and there is one."""
    parts = draw(st.dictionaries(NAMES, st.sampled_from(["put", "step", "gone"]), min_size=1))
    cells = {name: draw(VALUES) for name, part in parts.items() if part == "put"}
    steps = {name: draw(STEPS) for name, part in parts.items() if part == "step"}
    return Update(cells, steps, frozenset(name for name, part in parts.items() if part == "gone"))


CHANGES = st.builds(Put, CELLS) | updates() | st.builds(Delete)


class AgainstADict(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.model: Model = {}
        self.fake = TablestoreFake().start()
        self.fake.create_table("log", SHARD)
        self.opened = client(self.fake)
        self.client = self.opened.__enter__()

    def teardown(self) -> None:
        self.opened.__exit__(None, None, None)
        self.fake.stop()

    def write(self, place: Place, change: Change, guard: Guard) -> str:
        """What the model makes of a write: the code of its refusal, empty when it is done."""
        if not guard.lets(self.model.get(place)):
            return FAILED
        try:
            after = change.result(self.model.get(place))
        except TypeError:
            return WRONG
        self.model.pop(place, None)
        self.model |= {} if after is None else {place: after}
        return ""

    @rule(place=PLACES, change=CHANGES, guard=GUARDS)
    def write_one(self, place: Place, change: Change, guard: Guard) -> None:
        kind, item = change.request(place, guard)
        operation = getattr(self.client, f"{kind}_row")
        given = item.row.primary_key if kind == "delete" else item.row
        assert code_of(lambda: operation("log", given, item.condition)) == self.write(place, change, guard)

    @rule(
        changes=st.dictionaries(PLACES, st.tuples(CHANGES, GUARDS), min_size=1, max_size=5),
        busy=st.sets(st.integers(0, 4), max_size=2),
    )
    def write_many(self, changes: dict[Place, tuple[Change, Guard]], busy: set[int]) -> None:
        """Each row for itself: done, refused, or too busy."""
        request = ots.BatchWriteRowRequest()
        items = [change.request(place, guard)[1] for place, (change, guard) in changes.items()]
        request.add(ots.TableInBatchWriteRowItem("log", items))
        self.fake.fail(Fault.PARTIAL_BATCH, rows=busy)
        answer = self.client.batch_write_row(request)
        rows = [*answer.table_of_put["log"], *answer.table_of_update["log"], *answer.table_of_delete["log"]]
        codes = {each.index: "" if each.is_ok else each.error_code for each in rows}
        wanted = [
            BUSY if index in busy else self.write(place, *write) for index, (place, write) in enumerate(changes.items())
        ]
        assert [codes[index] for index in range(len(changes))] == wanted

    @rule(place=PLACES, test=FILTERS)
    def read_one(self, place: Place, test: Compare | Join | None) -> None:
        _, found, _ = self.client.get_row("log", where(place), column_filter=test.for_sdk() if test else None)
        assert told(found) == shown(self.visible(test).get(place))

    @rule(ends=RANGES, limit=LIMITS, forward=st.booleans(), test=FILTERS)
    def scan(self, ends: tuple[Place, Place], limit: int | None, forward: bool, test: Compare | Join | None) -> None:
        """Page by page. Forward the low end is in and the high end out; backward the other way round."""
        low, high = ends
        start, end = (low, high) if forward else (high, low)
        column_filter = test.for_sdk() if test else None
        found: list[tuple[Place, Any]] = []
        following: Any = where(start)
        while following is not None:
            direction = "FORWARD" if forward else "BACKWARD"
            _, following, rows, _ = self.client.get_range(
                "log", direction, following, where(end), limit=limit, column_filter=column_filter
            )
            assert limit is None or len(rows) <= limit
            found += [((each.primary_key[0][1], each.primary_key[1][1]), told(each)) for each in rows]
        visible = self.visible(test)
        places = [each for each in sorted(visible) if (low <= each < high if forward else low < each <= high)]
        assert found == [(each, shown(visible[each])) for each in (places if forward else places[::-1])]

    def visible(self, test: Compare | Join | None) -> Model:
        return {place: found for place, found in self.model.items() if test is None or test.holds(found)}

    @rule()
    def restart(self) -> None:
        self.fake.stop()
        self.fake.start()

    @invariant()
    def rows_are_those_of_the_model_in_their_order(self) -> None:
        held = [(place, shown(each.values())) for place, each in self.fake.rows("log").items()]
        assert held == [(place, shown(found)) for place, found in sorted(self.model.items())]


TestAgainstADict = AgainstADict.TestCase
TestAgainstADict.settings = settings(
    max_examples=30, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)


def in_threads(count: int, work: Any) -> None:
    barrier = threading.Barrier(count)

    def run(number: int) -> None:
        barrier.wait()
        work(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_of_eight_writers_exactly_one_puts_each_absent_row() -> None:
    with ready() as (fake, c):
        won: list[tuple[int, int]] = []

        def work(number: int) -> None:
            for seq in range(10):
                code = code_of(lambda seq=seq: c.put_row("log", row(seq, by=number), when("EXPECT_NOT_EXIST")))
                won.extend([] if code else [(seq, number)])

        in_threads(8, work)
        assert sorted(won) == [(seq, each.values()["by"]) for (_, seq), each in fake.rows("log").items()]
        assert len(won) == 10


def test_eight_writers_that_compare_and_set_lose_no_step() -> None:
    with ready() as (fake, c):
        c.put_row("log", row(1, n=0), when())
        won: list[int] = []

        def work(_: int) -> None:
            for _attempt in range(10):
                seen = (columns(c, 1) or {})["n"]
                condition = when("EXPECT_EXIST", single("n", "EQUAL", seen))
                change = row(1, n=seen + 1)
                code = code_of(lambda change=change, condition=condition: c.put_row("log", change, condition))
                won.extend([] if code else [seen + 1])

        in_threads(8, work)
        assert sorted(won) == list(range(1, len(won) + 1))
        assert fake.rows("log")["a", 1].values() == {"n": len(won)}


def test_eight_writers_that_increment_add_up() -> None:
    with ready() as (fake, c):
        step = ots.Row(key(1), {"increment": [("n", 1)]})
        in_threads(8, lambda _: [c.update_row("log", step, when()) for _ in range(10)])
        assert fake.rows("log")["a", 1].values() == {"n": 80}
