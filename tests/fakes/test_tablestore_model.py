"""The SDK and the stand-in against a plain dict: random operations, and writers that race."""

from __future__ import annotations

import threading
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from local.fakes.tablestore import TablestoreFake
from tests.fakes.tablestore_client import SHARD, client, code_of, columns, key, ready, row, sdk, single, when

ots = sdk()
SEQS = st.integers(0, 5)
NAMES = st.sampled_from("abc")
VALUES = st.integers(-3, 3)
CELLS = st.dictionaries(NAMES, VALUES, min_size=1)
EXPECTS = st.sampled_from(["IGNORE", "EXPECT_EXIST", "EXPECT_NOT_EXIST"])
CONDITIONS = st.none() | st.tuples(NAMES, VALUES, st.booleans())
LIMITS = st.none() | st.integers(1, 4)
Model = dict[int, dict[str, int]]


def allowed(model: Model, seq: int, expect: str, condition: tuple[str, int, bool] | None) -> bool:
    if expect != "IGNORE" and (seq in model) != (expect == "EXPECT_EXIST"):
        return False
    if condition is None:
        return True
    name, value, pass_if_missing = condition
    found = model.get(seq, {}).get(name)
    return pass_if_missing if found is None else found < value


def guard(expect: str, condition: tuple[str, int, bool] | None) -> Any:
    if condition is None:
        return when(expect)
    name, value, pass_if_missing = condition
    return when(expect, single(name, "LESS_THAN", value, pass_if_missing=pass_if_missing))


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

    @rule(seq=SEQS, cells=CELLS, expect=EXPECTS, condition=CONDITIONS)
    def put(self, seq: int, cells: dict[str, int], expect: str, condition: tuple[str, int, bool] | None) -> None:
        passes = allowed(self.model, seq, expect, condition)
        code = code_of(lambda: self.client.put_row("log", row(seq, **cells), guard(expect, condition)))
        assert code == ("" if passes else "OTSConditionCheckFail")
        if passes:
            self.model[seq] = dict(cells)

    @rule(seq=SEQS, cells=CELLS, steps=CELLS, gone=st.sets(NAMES), expect=EXPECTS, condition=CONDITIONS)
    def update(
        self,
        seq: int,
        cells: dict[str, int],
        steps: dict[str, int],
        gone: set[str],
        expect: str,
        condition: tuple[str, int, bool] | None,
    ) -> None:
        """Puts some columns, increments others, deletes the rest."""
        steps = {name: step for name, step in steps.items() if name not in cells}
        gone = gone - cells.keys() - steps.keys()
        passes = allowed(self.model, seq, expect, condition)
        kinds = {"put": list(cells.items()), "increment": list(steps.items()), "delete_all": sorted(gone)}
        change = ots.Row(key(seq), kinds)
        code = code_of(lambda: self.client.update_row("log", change, guard(expect, condition)))
        assert code == ("" if passes else "OTSConditionCheckFail")
        if passes:
            old = self.model.get(seq, {})
            sums = {name: old.get(name, 0) + step for name, step in steps.items()}
            kept = {name: value for name, value in old.items() if name not in gone}
            self.model[seq] = {**kept, **cells, **sums}

    @rule(seq=SEQS, expect=EXPECTS, condition=CONDITIONS)
    def delete(self, seq: int, expect: str, condition: tuple[str, int, bool] | None) -> None:
        passes = allowed(self.model, seq, expect, condition)
        code = code_of(lambda: self.client.delete_row("log", key(seq), guard(expect, condition)))
        assert code == ("" if passes else "OTSConditionCheckFail")
        if passes:
            self.model.pop(seq, None)

    @rule(changes=st.dictionaries(SEQS, st.tuples(CELLS, EXPECTS), min_size=1))
    def put_many(self, changes: dict[int, tuple[dict[str, int], str]]) -> None:
        request = ots.BatchWriteRowRequest()
        items = [ots.PutRowItem(row(seq, **cells), when(expect)) for seq, (cells, expect) in changes.items()]
        request.add(ots.TableInBatchWriteRowItem("log", items))
        told = [each.is_ok for each in self.client.batch_write_row(request).table_of_put["log"]]
        passed = [allowed(self.model, seq, expect, None) for seq, (_, expect) in changes.items()]
        assert told == passed
        for (seq, (cells, _)), ok in zip(changes.items(), passed, strict=True):
            if ok:
                self.model[seq] = dict(cells)

    @rule(seq=SEQS)
    def get(self, seq: int) -> None:
        assert columns(self.client, seq) == self.model.get(seq)

    @rule(low=SEQS, high=SEQS, limit=LIMITS, forward=st.booleans())
    def scan(self, low: int, high: int, limit: int | None, forward: bool) -> None:
        """Page by page. Forward the low end is in and the high end out; backward the other way round."""
        if low >= high:
            return
        start, end = (low, high) if forward else (high, low)
        found: list[tuple[int, dict[str, int]]] = []
        following: Any = key(start)
        while following is not None:
            direction = "FORWARD" if forward else "BACKWARD"
            _, following, rows, _ = self.client.get_range("log", direction, following, key(end), limit=limit)
            found += [
                (each.primary_key[1][1], {name: value for name, value, _ in each.attribute_columns}) for each in rows
            ]
        wanted = range(low, high) if forward else range(high, low, -1)
        assert found == [(seq, self.model[seq]) for seq in wanted if seq in self.model]

    @rule()
    def restart(self) -> None:
        self.fake.stop()
        self.fake.start()

    @invariant()
    def rows_are_those_of_the_model_in_their_order(self) -> None:
        assert [(seq, each.values()) for (_, seq), each in self.fake.rows("log").items()] == sorted(self.model.items())


TestAgainstADict = AgainstADict.TestCase
TestAgainstADict.settings = settings(
    max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
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
