from __future__ import annotations

from typing import Any

import pytest

from local.fakes.tablestore import KeyType, TablestoreFake, Units, Version
from tests.fakes.tablestore_client import (
    SHARD,
    HandClock,
    client,
    code_of,
    columns,
    composite,
    key,
    ready,
    refused,
    row,
    sdk,
    single,
    when,
)

ots = sdk()
DAY = 86_400


def units(consumed: Any) -> tuple[int, int]:
    return consumed.read, consumed.write


def update(shard_seq: int, **kinds: Any) -> Any:
    return ots.Row(key(shard_seq), kinds)


def new_table(client: Any, name: str, schema: list[tuple[str, ...]], **options: Any) -> None:
    throughput = ots.ReservedThroughput(ots.CapacityUnit(0, 0))
    client.create_table(ots.TableMeta(name, schema), ots.TableOptions(**options), throughput)


def scan(client: Any, direction: str = "FORWARD", low: Any = None, high: Any = None, **options: Any) -> Any:
    ends = [low or key(ots.INF_MIN, ots.INF_MIN), high or key(ots.INF_MAX, ots.INF_MAX)]
    return client.get_range("log", direction, *(ends if direction == "FORWARD" else ends[::-1]), **options)


def seqs(rows: Any) -> list[int]:
    return [each.primary_key[1][1] for each in rows]


def test_a_table_is_made_described_listed_and_deleted() -> None:
    with TablestoreFake() as fake, client(fake) as c:
        new_table(c, "b", [("p", "BINARY"), ("s", "STRING"), ("i", "INTEGER")], time_to_live=DAY, max_version=3)
        new_table(c, "a", [("p", "STRING")])
        assert c.list_table() == ("a", "b")
        told = c.describe_table("b")
        assert told.table_meta.schema_of_primary_key == [("p", "BINARY"), ("s", "STRING"), ("i", "INTEGER")]
        assert (told.table_options.time_to_live, told.table_options.max_version) == (DAY, 3)
        assert fake.tables["b"].key == (("p", KeyType.BINARY), ("s", KeyType.STRING), ("i", KeyType.INTEGER))
        c.delete_table("b")
        assert c.list_table() == ("a",)


def test_a_table_is_made_once_and_not_changed_by_a_second_attempt() -> None:
    with ready() as (fake, c):
        assert refused(lambda: new_table(c, "log", [("other", "STRING")])) == "OTSObjectAlreadyExist"
        assert fake.calls[-1].status == 409
        assert fake.tables["log"].key_names() == ("shard", "seq")


def test_what_does_not_exist_is_told_as_such() -> None:
    with ready() as (fake, c):
        for work in (
            lambda: c.describe_table("gone"),
            lambda: c.delete_table("gone"),
            lambda: c.get_row("gone", key(1)),
            lambda: c.put_row("gone", row(1, a=1), when()),
            lambda: c.get_range("gone", "FORWARD", key(0), key(9)),
        ):
            assert refused(work) == "OTSObjectNotExist"
            assert fake.calls[-1].status == 404


def test_a_row_keeps_every_type_and_its_time() -> None:
    with ready(clock=HandClock()) as (fake, c):
        values = {"i": -(1 << 63), "s": "łódź", "b": bytearray(b"\x00\xff"), "t": True, "f": 0.5}
        c.put_row("log", row(1, **values), when())
        _, found, _ = c.get_row("log", key(1))
        assert found.primary_key == key(1)
        assert found.attribute_columns == [(name, values[name], 1_800_000_000_000) for name in sorted(values)]
        assert fake.rows("log")["a", 1].columns["b"] == (Version(1_800_000_000_000, b"\x00\xff"),)


def test_a_put_replaces_the_whole_row_and_an_update_only_its_columns() -> None:
    with ready() as (_, c):
        c.put_row("log", row(1, a=1, b=2), when())
        c.update_row("log", update(1, put=[("b", 3), ("c", 4)]), when())
        assert columns(c, 1) == {"a": 1, "b": 3, "c": 4}
        c.put_row("log", row(1, d=5), when())
        assert columns(c, 1) == {"d": 5}


def test_a_missing_row_is_none_and_costs_one_unit() -> None:
    with ready() as (_, c):
        consumed, found, _ = c.get_row("log", key(1))
        assert (units(consumed), found) == ((1, 0), None)


def test_a_row_is_put_only_if_absent() -> None:
    with ready() as (fake, c):
        c.put_row("log", row(1, a=1), when("EXPECT_NOT_EXIST"))
        assert refused(lambda: c.put_row("log", row(1, a=2), when("EXPECT_NOT_EXIST"))) == "OTSConditionCheckFail"
        assert (fake.calls[-1].status, fake.calls[-1].units) == (403, Units(1, 1))
        assert columns(c, 1) == {"a": 1}


def test_a_row_is_changed_only_if_present() -> None:
    with ready() as (_, c):
        for work in (
            lambda: c.put_row("log", row(1, a=1), when("EXPECT_EXIST")),
            lambda: c.update_row("log", update(1, put=[("a", 1)]), when("EXPECT_EXIST")),
            lambda: c.delete_row("log", key(1), when("EXPECT_EXIST")),
        ):
            assert refused(work) == "OTSConditionCheckFail"
        assert columns(c, 1) is None


@pytest.mark.parametrize(
    ("comparator", "passing"),
    [
        ("EQUAL", {5}),
        ("NOT_EQUAL", {4, 6}),
        ("LESS_THAN", {4}),
        ("LESS_EQUAL", {4, 5}),
        ("GREATER_THAN", {6}),
        ("GREATER_EQUAL", {5, 6}),
    ],
)
def test_a_write_happens_only_when_its_column_compares(comparator: str, passing: set[int]) -> None:
    with ready() as (_, c):
        for stored in (4, 5, 6):
            c.put_row("log", row(stored, n=stored, done=False), when())
            change, condition = update(stored, put=[("done", True)]), when("IGNORE", single("n", comparator, 5))
            code = code_of(lambda change=change, condition=condition: c.update_row("log", change, condition))
            assert code == ("" if stored in passing else "OTSConditionCheckFail")
        assert {each for each in (4, 5, 6) if (columns(c, each) or {})["done"]} == passing


def test_a_missing_column_passes_unless_the_condition_says_otherwise() -> None:
    with ready() as (_, c):
        c.put_row("log", row(1, a=1), when())
        strict = when("IGNORE", single("seq2", "EQUAL", 5, pass_if_missing=False))
        lenient = when("IGNORE", single("seq2", "EQUAL", 5, pass_if_missing=True))
        assert refused(lambda: c.put_row("log", row(1, a=2), strict)) == "OTSConditionCheckFail"
        c.put_row("log", row(1, a=3), lenient)
        assert columns(c, 1) == {"a": 3}


def test_a_column_of_another_type_never_compares() -> None:
    with ready() as (_, c):
        c.put_row("log", row(1, a="5"), when())
        for comparator in ("EQUAL", "NOT_EQUAL"):
            condition = when("IGNORE", single("a", comparator, 5, pass_if_missing=True))
            assert refused(lambda condition=condition: c.put_row("log", row(1, a=1), condition)) == (
                "OTSConditionCheckFail"
            )


def test_the_watermark_condition_lets_only_greater_pairs_pass() -> None:
    """seq < new or (seq = new and idx < new): as in the table of the store's rows."""
    with ready() as (_, c):
        c.put_row("log", row(1, seq_=3, idx=2), when())
        taken = []
        for seq, idx in [(3, 2), (2, 9), (3, 3), (3, 1), (4, 0), (3, 9)]:
            newer = composite(
                "OR",
                single("seq_", "LESS_THAN", seq),
                composite("AND", single("seq_", "EQUAL", seq), single("idx", "LESS_THAN", idx)),
            )
            change, condition = row(1, seq_=seq, idx=idx), when("EXPECT_EXIST", newer)
            if not code_of(lambda change=change, condition=condition: c.put_row("log", change, condition)):
                taken.append((seq, idx))
        assert taken == [(3, 3), (4, 0)]


def test_not_turns_a_condition_round() -> None:
    with ready() as (_, c):
        c.put_row("log", row(1, a=1), when())
        c.put_row("log", row(1, a=2), when("IGNORE", composite("NOT", single("a", "EQUAL", 9))))
        assert columns(c, 1) == {"a": 2}
        never = when("IGNORE", composite("NOT", single("a", "EQUAL", 2)))
        assert refused(lambda: c.put_row("log", row(1, a=3), never)) == "OTSConditionCheckFail"


def test_columns_are_incremented_from_zero_and_deleted() -> None:
    with ready() as (_, c):
        c.update_row("log", update(1, increment=[("n", 5)], put=[("x", 1), ("y", 2)]), when())
        c.update_row("log", update(1, increment=[("n", -7)], delete_all=["x"]), when())
        assert columns(c, 1) == {"n": -2, "y": 2}


def test_only_an_integer_within_its_range_is_incremented() -> None:
    with ready() as (_, c):
        c.put_row("log", row(1, s="x", big=(1 << 63) - 1), when())
        for name in ("s", "big"):
            change = update(1, increment=[(name, 1)])
            assert refused(lambda change=change: c.update_row("log", change, when())) == "OTSParameterInvalid"
        assert columns(c, 1) == {"s": "x", "big": (1 << 63) - 1}


def test_deleting_columns_makes_no_row_and_leaves_an_empty_one() -> None:
    with ready() as (fake, c):
        c.update_row("log", update(1, delete_all=["x"]), when())
        assert columns(c, 1) is None
        c.put_row("log", row(1, x=1), when())
        c.update_row("log", update(1, delete_all=["x"]), when())
        assert columns(c, 1) == {}
        c.delete_row("log", key(1), when())
        assert fake.rows("log") == {}


def test_versions_are_kept_read_and_deleted_one_by_one() -> None:
    with TablestoreFake() as fake, client(fake) as c:
        fake.create_table("log", SHARD, max_versions=2)
        for at in (1000, 3000, 2000):
            c.update_row("log", update(1, put=[("v", str(at), at)]), when())
        newest = [("v", "3000", 3000), ("v", "2000", 2000)]
        assert c.get_row("log", key(1), max_version=5)[1].attribute_columns == newest
        assert c.get_row("log", key(1))[1].attribute_columns == newest[:1]
        assert c.get_row("log", key(1), max_version=None, time_range=2000)[1].attribute_columns == newest[1:]
        assert c.get_row("log", key(1), max_version=9, time_range=(2000, 3000))[1].attribute_columns == newest[1:]
        c.update_row("log", update(1, delete=[("v", None, 3000)]), when())
        assert c.get_row("log", key(1), max_version=5)[1].attribute_columns == newest[1:]


def test_what_is_older_than_its_time_to_live_is_gone_and_may_be_put_again() -> None:
    clock = HandClock()
    with TablestoreFake(clock=clock) as fake, client(fake) as c:
        fake.create_table("log", SHARD, time_to_live=DAY)
        c.put_row("log", row(1, a=1), when())
        clock.move(DAY - 1)
        c.update_row("log", update(1, put=[("b", 2)]), when("EXPECT_EXIST"))
        clock.move(2)
        assert columns(c, 1) == {"b": 2}
        clock.move(DAY)
        assert (columns(c, 1), scan(c)[2], fake.rows("log")) == (None, [], {})
        c.put_row("log", row(1, c=3), when("EXPECT_NOT_EXIST"))
        assert columns(c, 1) == {"c": 3}


def test_a_read_shows_the_wanted_columns_and_what_a_filter_lets_through() -> None:
    with ready() as (_, c):
        c.put_row("log", row(1, a=1, b=2), when())
        assert c.get_row("log", key(1), ["b", "z"])[1].attribute_columns[0][:2] == ("b", 2)
        assert c.get_row("log", key(1), ["z"])[1] is None
        assert c.get_row("log", key(1), ["seq"])[1].primary_key == key(1)
        assert c.get_row("log", key(1), column_filter=single("a", "EQUAL", 1))[1] is not None
        assert c.get_row("log", key(1), column_filter=single("a", "EQUAL", 2))[1] is None


def test_a_range_goes_both_ways_and_leaves_out_its_end() -> None:
    with ready() as (_, c):
        for seq in (3, -1, 2, 10):
            c.put_row("log", row(seq, n=seq), when())
        c.put_row("log", row(5, "b", n=5), when())
        assert seqs(scan(c)[2]) == [-1, 2, 3, 10, 5]
        assert seqs(scan(c, "BACKWARD")[2]) == [5, 10, 3, 2, -1]
        assert seqs(scan(c, low=key(2), high=key(10))[2]) == [2, 3]
        assert seqs(scan(c, "BACKWARD", low=key(2), high=key(10))[2]) == [10, 3]
        assert seqs(scan(c, low=key(4), high=key(ots.INF_MAX))[2]) == [10]
        assert seqs(scan(c, column_filter=single("n", "GREATER_THAN", 2))[2]) == [3, 10, 5]
        assert scan(c, columns_to_get=["none"])[2] == []


@pytest.mark.parametrize("direction", ["FORWARD", "BACKWARD"])
def test_a_range_is_read_page_by_page(direction: str) -> None:
    with ready() as (_, c):
        for seq in range(7):
            c.put_row("log", row(seq, n=seq), when())
        _, following, rows, _ = scan(c, direction, limit=3)
        found = seqs(rows)
        assert len(found) == 3
        while following is not None:
            low, high = (following, None) if direction == "FORWARD" else (None, following)
            _, following, rows, _ = scan(c, direction, low=low, high=high, limit=3)
            assert len(rows) <= 3
            found += seqs(rows)
        assert found == (list(range(7)) if direction == "FORWARD" else list(range(7))[::-1])


def test_one_answer_to_a_range_holds_four_megabytes_and_the_next_row() -> None:
    with ready() as (_, c):
        for seq in range(4):
            c.put_row("log", row(seq, doc=bytearray(1_600_000)), when())
        consumed, following, rows, _ = scan(c)
        assert (seqs(rows), following) == ([0, 1, 2], key(3))
        assert consumed.read == -(-3 * (1_600_000 + 3 + 8 + 5 + 1 + 3 + 8) // 4096)


def test_a_range_that_goes_the_wrong_way_or_has_no_limit_is_refused() -> None:
    with ready() as (_, c):
        for work in (
            lambda: c.get_range("log", "FORWARD", key(2), key(1)),
            lambda: c.get_range("log", "FORWARD", key(1), key(1)),
            lambda: c.get_range("log", "BACKWARD", key(1), key(2)),
            lambda: scan(c, limit=0),
        ):
            assert refused(work) == "OTSParameterInvalid"


def test_units_are_four_kilobytes_rounded_up() -> None:
    with ready() as (fake, c):
        overhead = len("shard") + 1 + len("seq") + 8 + len("d") + 8
        fits, too_much = row(1, d="x" * (4096 - overhead)), row(2, d="x" * (4097 - overhead))
        assert units(c.put_row("log", fits, when())[0]) == (0, 1)
        assert units(c.put_row("log", too_much, when("EXPECT_NOT_EXIST"))[0]) == (1, 2)
        assert units(c.get_row("log", key(1))[0]) == (1, 0)
        assert units(c.get_row("log", key(2))[0]) == (2, 0)
        assert units(scan(c)[0]) == (3, 0)  # a range is rounded once
        condition = when("IGNORE", single("d", "NOT_EQUAL", ""))
        assert units(c.put_row("log", row(2, d="y"), condition)[0]) == (2, 1)  # looked at 4,097 bytes
        assert units(c.update_row("log", update(9, increment=[("n", 1)]), when())[0]) == (1, 1)
        assert units(c.delete_row("log", key(9), when())[0]) == (0, 1)
        assert fake.units == sum((call.units for call in fake.calls), Units()) == Units(10, 6)


def test_the_key_comes_back_when_it_is_asked_for() -> None:
    with ready() as (_, c):
        _, returned = c.put_row("log", row(1, a=1), when(), return_type=ots.ReturnType.RT_PK)
        assert returned.primary_key == key(1)


def batch(*items: Any, table: str = "log") -> Any:
    request = ots.BatchWriteRowRequest()
    request.add(ots.TableInBatchWriteRowItem(table, list(items)))
    return request


def test_a_batch_of_writes_may_fail_in_part() -> None:
    with ready() as (fake, c):
        c.put_row("log", row(1, a=1), when())
        request = batch(
            ots.PutRowItem(row(1, a=2), when("EXPECT_NOT_EXIST")),
            ots.UpdateRowItem(update(2, put=[("b", 2)]), when()),
            ots.DeleteRowItem(ots.Row(key(3)), when("EXPECT_EXIST")),
            ots.PutRowItem(ots.Row([("shard", "a"), ("number", 1)], [("a", 1)]), when()),
        )
        request.add(ots.TableInBatchWriteRowItem("gone", [ots.PutRowItem(row(1, a=1), when())]))
        answer = c.batch_write_row(request)
        told = {
            table: [(each.is_ok, each.error_code) for each in answer.table_of_put[table]] for table in ("log", "gone")
        }
        assert told == {
            "log": [(False, "OTSConditionCheckFail"), (False, "OTSInvalidPK")],
            "gone": [(False, "OTSObjectNotExist")],
        }
        assert [(each.is_ok, units(each.consumed)) for each in answer.get_update()[0]] == [(True, (0, 1))]
        assert [each.error_code for each in answer.get_delete()[1]] == ["OTSConditionCheckFail"]
        assert not answer.is_all_succeed()
        assert (columns(c, 1), columns(c, 2)) == ({"a": 1}, {"b": 2})
        assert fake.calls[1].status == 200


def test_a_batch_of_reads_gives_each_row_its_own_answer() -> None:
    with ready() as (_, c):
        c.put_row("log", row(1, a=1), when())
        request = ots.BatchGetRowRequest()
        request.add(ots.TableInBatchGetRowItem("log", [key(1), key(2), [("shard", "a")]], max_version=1))
        request.add(ots.TableInBatchGetRowItem("gone", [key(1)], max_version=1))
        answer = c.batch_get_row(request)
        first, second, third = answer.get_result_by_table("log")
        assert (first.is_ok, first.row.primary_key, units(first.consumed)) == (True, key(1), (1, 0))
        assert (second.is_ok, second.row) == (True, None)
        assert (third.is_ok, third.error_code) == (False, "OTSInvalidPK")
        assert answer.get_result_by_table("gone")[0].error_code == "OTSObjectNotExist"


def test_a_repeated_row_of_a_batch_may_not_be_conditional() -> None:
    with ready() as (_, c):
        put = ots.PutRowItem(row(1, a=1), when())
        c.batch_write_row(batch(put, ots.UpdateRowItem(update(1, increment=[("a", 1)]), when())))
        assert columns(c, 1) == {"a": 2}
        twice = batch(put, ots.PutRowItem(row(1, a=2), when("EXPECT_EXIST")))
        assert refused(lambda: c.batch_write_row(twice)) == "OTSParameterInvalid"


def test_an_empty_batch_is_refused() -> None:
    with ready() as (_, c):
        assert refused(lambda: c.batch_write_row(ots.BatchWriteRowRequest())) == "OTSParameterInvalid"
        assert refused(lambda: c.batch_write_row(batch())) == "OTSParameterInvalid"
        assert refused(lambda: c.batch_get_row(ots.BatchGetRowRequest())) == "OTSParameterInvalid"


def test_what_is_stored_survives_an_outage_and_not_a_reset() -> None:
    with ready() as (fake, c):
        c.put_row("log", row(1, a=1), when())
        url = fake.url
        fake.stop()
        fake.start()
        assert fake.url == url
        assert columns(c, 1) == {"a": 1}
        fake.reset()
        assert (c.list_table(), len(fake.calls), fake.units) == ((), 1, Units())
