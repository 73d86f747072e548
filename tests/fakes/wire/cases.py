"""What was asked of the SDKs when they were recorded, in this order: the call, what it means, and what it returns.

`asked` and `told` are written by hand: neither codec had a part in them. Plain values in `told`: a row is
`[key, columns]`, a BINARY is `{"binary": hex}`, units are `[read, write]`, a refusal is `{"refused": code}`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from local.fakes.tablestore.asks import Ask, Create, Get, GetMany, OfTable, Range, View, Write
from local.fakes.tablestore.conditions import AND, NOT, OR, Composite, Single
from local.fakes.tablestore.plainbuffer import Cell, Op
from local.fakes.tablestore.tables import Change, Expect, KeyType, Kind, Schema
from local.fakes.tablestore.values import Bound

AT = 1_800_000_000_000  # recording.VERSION_TIME in ms
DAY = 86_400
LEAST, GREATEST = -(1 << 63), (1 << 63) - 1
FAILED = {"refused": "OTSConditionCheckFail"}
COMPARATORS = {"EQUAL": 1, "NOT_EQUAL": 2, "GREATER_THAN": 3, "GREATER_EQUAL": 4, "LESS_THAN": 5, "LESS_EQUAL": 6}


class Sdk(NamedTuple):
    """The SDK's package and a client; both have other ways in version 5, where they differ."""

    ots: Any
    client: Any

    @property
    def before_6(self) -> bool:
        return bool(self.ots.__version__.startswith("5."))


class Case(NamedTuple):
    name: str
    call: Callable[[Sdk], Any]
    asked: Ask
    told: Any


# How the SDK is called


def _create(name: str, key: list[tuple[str, str]], time_to_live: int, max_version: int) -> Callable[[Sdk], Any]:
    def call(sdk: Sdk) -> Any:
        ots = sdk.ots
        options = ots.TableOptions(time_to_live=time_to_live, max_version=max_version)
        throughput = ots.ReservedThroughput(ots.CapacityUnit(0, 0))
        return sdk.client.create_table(ots.TableMeta(name, key), options, throughput)

    return call


def _when(sdk: Sdk, expect: str, column: Callable[[Sdk], Any] | None) -> Any:
    return sdk.ots.Condition(expect, column(sdk) if column else None)


def _put(key: Any, cells: Any, expect: str = "IGNORE", column: Any = None, table: str = "log", **more: Any) -> Any:
    return lambda sdk: sdk.client.put_row(table, sdk.ots.Row(key, cells), _when(sdk, expect, column), **more)


def _update(key: Any, cells: Any, expect: str = "IGNORE", column: Any = None, table: str = "log") -> Any:
    return lambda sdk: sdk.client.update_row(table, sdk.ots.Row(key, cells), _when(sdk, expect, column))


def _delete(key: Any, expect: str = "IGNORE", column: Any = None) -> Callable[[Sdk], Any]:
    def call(sdk: Sdk) -> Any:
        row = sdk.ots.Row(key) if sdk.before_6 else key
        return sdk.client.delete_row("log", row, _when(sdk, expect, column))

    return call


def _get(key: Any, table: str = "log", **more: Any) -> Callable[[Sdk], Any]:
    return lambda sdk: sdk.client.get_row(table, key, **{"max_version": 1, **more})


def _range(direction: str, start: Any, end: Any, **more: Any) -> Callable[[Sdk], Any]:
    def call(sdk: Sdk) -> Any:
        ends = {Bound.MIN: sdk.ots.INF_MIN, Bound.MAX: sdk.ots.INF_MAX}
        start_, end_ = ([(name, ends.get(part, part)) for name, part in key] for key in (start, end))
        return sdk.client.get_range("log", direction, start_, end_, **{"max_version": 1, **more})

    return call


def _filtered(key: Any, columns: list[str], column: Callable[[Sdk], Any]) -> Callable[[Sdk], Any]:
    return lambda sdk: sdk.client.get_row("log", key, columns, column(sdk), 1)


def _batch(tables: dict[str, Callable[[Sdk], list[Any]]]) -> Callable[[Sdk], Any]:
    def call(sdk: Sdk) -> Any:
        request = sdk.ots.BatchWriteRowRequest()
        for table, items in tables.items():
            request.add(sdk.ots.TableInBatchWriteRowItem(table, items(sdk)))
        return sdk.client.batch_write_row(request)

    return call


def _batch_get(sdk: Sdk) -> Any:
    request = sdk.ots.BatchGetRowRequest()
    request.add(sdk.ots.TableInBatchGetRowItem("log", [_key(1), _key(99)], ["a"], None, 1))
    request.add(sdk.ots.TableInBatchGetRowItem("gone", [_key(1)], max_version=1))
    return sdk.client.batch_get_row(request)


def _one(column: str, comparator: str, value: Any, *, pass_if_missing: bool = False) -> Callable[[Sdk], Any]:
    def make(sdk: Sdk) -> Any:
        given = getattr(sdk.ots.ComparatorType, comparator)
        return sdk.ots.SingleColumnCondition(column, value, given, pass_if_missing=pass_if_missing)

    return make


def _several(word: str, *parts: Callable[[Sdk], Any]) -> Callable[[Sdk], Any]:
    def make(sdk: Sdk) -> Any:
        made = sdk.ots.CompositeColumnCondition(getattr(sdk.ots.LogicalOperator, word))
        for part in parts:
            made.add_sub_condition(part(sdk))
        return made

    return make


# What that means


def _key(seq: Any, shard: Any = "a") -> list[tuple[str, Any]]:
    return [("shard", shard), ("seq", seq)]


def _change(kind: Kind, seq: Any, *cells: Cell, table: str = "log", **more: Any) -> Change:
    return Change(kind=kind, table=table, key=tuple(_key(seq)), cells=cells, **more)


def _asks(*changes: Change) -> Write:
    return Write(changes=changes)


def _single(column: str, comparator: str, value: Any, *, pass_if_missing: bool = False) -> Single:
    return Single(column, COMPARATORS[comparator], value, pass_if_missing)


def _compares(comparator: str, *, holds: bool) -> Case:
    """An update of row 1, where `n` is 5."""
    condition = _single("n", comparator, 5)
    return Case(
        f"an update if a column is {comparator}",
        _update(_key(1), {"put": [("c", comparator)]}, "EXPECT_EXIST", _one("n", comparator, 5)),
        _asks(_change(Kind.UPDATE, 1, Cell("c", comparator), expect=Expect.EXIST, condition=condition)),
        [[1, 1], None] if holds else FAILED,
    )


def _forward(start: Any, end: Any, **more: Any) -> Range:
    return Range(table="log", forward=True, start=tuple(start), end=tuple(end), **{"view": View(), **more})


EVERY_KEY = [("kb", bytearray(b"\x00\xff")), ("ks", "默认 zażółć \U0001f525"), ("ki", LEAST)]
EVERY_VALUE: list[tuple[Any, ...]] = [
    ("b", bytearray(b"\x80\x00\x81")), ("b_empty", bytearray()), ("f", 0.5), ("f_small", -1.5e-300), ("i", GREATEST),
    ("i_least", LEAST), ("i_zero", 0), ("no", False), ("s", "云服务器异常 \x00\n"), ("s_empty", ""),
    ("t", "timed", 1_700_000_000_000), ("yes", True),
]  # fmt: skip
PLAIN_EVERY = [
    ["b", {"binary": "800081"}, AT], ["b_empty", {"binary": ""}, AT], ["f", 0.5, AT], ["f_small", -1.5e-300, AT],
    ["i", GREATEST, AT], ["i_least", LEAST, AT], ["i_zero", 0, AT], ["no", False, AT],
    ["s", "云服务器异常 \x00\n", AT], ["s_empty", "", AT], ["t", "timed", 1_700_000_000_000], ["yes", True, AT],
]  # fmt: skip
PLAIN_EVERY_KEY = [["kb", {"binary": "00ff"}], ["ks", "默认 zażółć \U0001f525"], ["ki", LEAST]]
EVERY_GIVEN_KEY = (("kb", b"\x00\xff"), ("ks", "默认 zażółć \U0001f525"), ("ki", LEAST))
EVERY_CELLS = tuple(
    Cell(name, bytes(value) if isinstance(value, bytearray) else value, *rest) for name, value, *rest in EVERY_VALUE
)
ENTRY = bytearray(b"\x1f\x8b entry \xff")
NEWER = _several(
    "OR", _one("n", "LESS_THAN", 7), _several("AND", _one("n", "EQUAL", 7), _one("off", "LESS_THAN", 2))
)  # the watermark's: (n, off) < (7, 2)
NEWER_MEANS = Composite(
    OR,
    (
        _single("n", "LESS_THAN", 7),
        Composite(AND, (_single("n", "EQUAL", 7), _single("off", "LESS_THAN", 2))),
    ),
)
EVERY_TYPE = _several(
    "AND", _one("b", "EQUAL", bytearray(b"\x80\x00\x81")), _one("f", "LESS_EQUAL", 0.5), _one("i", "EQUAL", GREATEST),
    _one("yes", "EQUAL", True), _one("s", "NOT_EQUAL", "云"),
)  # fmt: skip
EVERY_TYPE_MEANS = Composite(
    AND,
    (
        _single("b", "EQUAL", b"\x80\x00\x81"), _single("f", "LESS_EQUAL", 0.5), _single("i", "EQUAL", GREATEST),
        _single("yes", "EQUAL", True), _single("s", "NOT_EQUAL", "云"),
    ),
)  # fmt: skip


def _batch_of_log(sdk: Sdk) -> list[Any]:
    ots = sdk.ots
    return [
        ots.PutRowItem(ots.Row(_key(2), [("a", 9)]), _when(sdk, "EXPECT_NOT_EXIST", None)),
        ots.UpdateRowItem(
            ots.Row(_key(1), {"put": [("c", "batch")], "increment": [("n", -1)]}),
            _when(sdk, "EXPECT_EXIST", _one("n", "GREATER_THAN", 0)),
        ),
        ots.DeleteRowItem(ots.Row(_key(3)), _when(sdk, "IGNORE", None)),
        ots.PutRowItem(ots.Row(_key(6), [("a", bytearray(b"\x04"))]), _when(sdk, "EXPECT_NOT_EXIST", None)),
        ots.UpdateRowItem(ots.Row(_key(5), {"put": [("a", 5)]}), _when(sdk, "EXPECT_EXIST", _one("a", "EQUAL", 4))),
    ]


def _batch_of_gone(sdk: Sdk) -> list[Any]:
    return [sdk.ots.PutRowItem(sdk.ots.Row(_key(1), [("a", 1)]), _when(sdk, "IGNORE", None))]


BATCH = (
    _change(Kind.PUT, 2, Cell("a", 9), expect=Expect.NOT_EXIST),
    _change(
        Kind.UPDATE, 1, Cell("c", "batch"), Cell("n", -1, op=Op.INCREMENT),
        expect=Expect.EXIST, condition=_single("n", "GREATER_THAN", 0),
    ),
    _change(Kind.DELETE, 3),
    _change(Kind.PUT, 6, Cell("a", b"\x04"), expect=Expect.NOT_EXIST),
    _change(Kind.UPDATE, 5, Cell("a", 5), expect=Expect.EXIST, condition=_single("a", "EQUAL", 4)),
    _change(Kind.PUT, 1, Cell("a", 1), table="gone"),
)  # fmt: skip
BATCH_TOLD = {
    "log": {
        "put": ["OTSConditionCheckFail", [1, 1]],
        "update": [[1, 1], "OTSConditionCheckFail"],
        "delete": [[0, 1]],
    },
    "gone": {"put": ["OTSObjectNotExist"], "update": [], "delete": []},
}


def _row(seq: int, *columns: list[Any]) -> list[Any]:
    return [[["shard", "a"], ["seq", seq]], list(columns)]


ROW_1 = _row(1, ["a", 1, AT], ["n", 5, AT], ["off", 1, AT])
ROW_2, ROW_3, ROW_4 = (_row(seq, ["a", seq, AT]) for seq in (2, 3, 4))
MIN, MAX = [("shard", Bound.MIN), ("seq", Bound.MIN)], [("shard", Bound.MAX), ("seq", Bound.MAX)]

TABLES = [
    Case(
        "a table of the adapter's kind is made",
        _create("log", [("shard", "STRING"), ("seq", "INTEGER")], -1, 1),
        Create(schema=Schema(name="log", key=(("shard", KeyType.STRING), ("seq", KeyType.INTEGER)))),
        None,
    ),
    Case(
        "a table with every type of key, versions and a time to live is made",
        _create("every", [("kb", "BINARY"), ("ks", "STRING"), ("ki", "INTEGER")], DAY * 9_999, 3),
        Create(
            schema=Schema(
                name="every", key=(("kb", KeyType.BINARY), ("ks", KeyType.STRING), ("ki", KeyType.INTEGER)),
                time_to_live=DAY * 9_999, max_versions=3,
            )
        ),
        None,
    ),
    Case(
        "a table that is there is not made",
        _create("log", [("other", "STRING")], -1, 1),
        Create(schema=Schema(name="log", key=(("other", KeyType.STRING),))),
        {"refused": "OTSObjectAlreadyExist"},
    ),
    Case(
        "a table is described",
        lambda sdk: sdk.client.describe_table("every"),
        OfTable(table="every"),
        {
            "table": "every", "key": [["kb", "BINARY"], ["ks", "STRING"], ["ki", "INTEGER"]],
            "time_to_live": DAY * 9_999, "max_version": 3,
        },
    ),
    Case("tables are listed", lambda sdk: sdk.client.list_table(), OfTable(table=""), ["every", "log"]),
]  # fmt: skip
WRITES = [
    Case(
        "a put if absent",
        _put(_key(0), [("entry", ENTRY)], "EXPECT_NOT_EXIST"),
        _asks(_change(Kind.PUT, 0, Cell("entry", bytes(ENTRY)), expect=Expect.NOT_EXIST)),
        [[1, 1], None],
    ),
    Case(
        "a put if absent where one is",
        _put(_key(0), [("entry", ENTRY)], "EXPECT_NOT_EXIST"),
        _asks(_change(Kind.PUT, 0, Cell("entry", bytes(ENTRY)), expect=Expect.NOT_EXIST)),
        FAILED,
    ),
    Case(
        "a put that asks for the key",
        lambda sdk: _put(_key(1), [("a", 1), ("n", 5), ("off", 1)], return_type=sdk.ots.ReturnType.RT_PK)(sdk),
        _asks(_change(Kind.PUT, 1, Cell("a", 1), Cell("n", 5), Cell("off", 1), return_key=True)),
        [[0, 1], _row(1)],
    ),
    *(
        Case(
            f"a put of row {seq}",
            _put(_key(seq), [("a", seq)]),
            _asks(_change(Kind.PUT, seq, Cell("a", seq))),
            [[0, 1], None],
        )
        for seq in (2, 3, 4)
    ),
    Case(
        "a put of every type",
        _put(EVERY_KEY, EVERY_VALUE, table="every"),
        _asks(Change(kind=Kind.PUT, table="every", key=EVERY_GIVEN_KEY, cells=EVERY_CELLS)),
        [[0, 1], None],
    ),
    Case(
        "a put into a table that is not there",
        _put(_key(1), [("a", 1)], table="gone"),
        _asks(_change(Kind.PUT, 1, Cell("a", 1), table="gone")),
        {"refused": "OTSObjectNotExist"},
    ),
]
READS = [
    Case("a row is read", _get(_key(1)), Get(table="log", key=tuple(_key(1)), view=View()), [[1, 0], ROW_1]),
    Case("a missing row is read", _get(_key(99)), Get(table="log", key=tuple(_key(99)), view=View()), [[1, 0], None]),
    Case(
        "every type is read",
        _get(EVERY_KEY, "every"),
        Get(table="every", key=EVERY_GIVEN_KEY, view=View()),
        [[1, 0], [PLAIN_EVERY_KEY, PLAIN_EVERY]],
    ),
    Case(
        "some columns of a row are read through a filter",
        _filtered(_key(1), ["n", "off"], _one("n", "GREATER_EQUAL", 5, pass_if_missing=True)),
        Get(
            table="log", key=tuple(_key(1)),
            view=View(
                columns=frozenset({"n", "off"}),
                condition=_single("n", "GREATER_EQUAL", 5, pass_if_missing=True),
            ),
        ),
        [[1, 0], _row(1, ["n", 5, AT], ["off", 1, AT])],
    ),
    Case(
        "versions between two times are read",
        _get(EVERY_KEY, "every", columns_to_get=["t", "i"], time_range=(1_700_000_000_000, AT), max_version=2),
        Get(
            table="every", key=EVERY_GIVEN_KEY,
            view=View(columns=frozenset({"t", "i"}), most_versions=2, start=1_700_000_000_000, end=AT),
        ),
        [[1, 0], [PLAIN_EVERY_KEY, [["t", "timed", 1_700_000_000_000]]]],
    ),
    Case(
        "a batch of rows is read",
        _batch_get,
        GetMany(
            gets=(
                Get(table="log", key=tuple(_key(1)), view=View(columns=frozenset({"a"}))),
                Get(table="log", key=tuple(_key(99)), view=View(columns=frozenset({"a"}))),
                Get(table="gone", key=tuple(_key(1)), view=View()),
            )
        ),
        {"log": [_row(1, ["a", 1, AT]), None], "gone": ["OTSObjectNotExist"]},
    ),
]  # fmt: skip
RANGES = [
    Case(
        "the first page of a range forward",
        _range("FORWARD", _key(1), _key(9), limit=2),
        _forward(_key(1), _key(9), limit=2),
        [[1, 0], [["shard", "a"], ["seq", 3]], [ROW_1, ROW_2]],
    ),
    Case(
        "the last page of a range forward",
        _range("FORWARD", _key(3), _key(9), limit=2),
        _forward(_key(3), _key(9), limit=2),
        [[1, 0], None, [ROW_3, ROW_4]],
    ),
    Case(
        "the first page of a range backward",
        _range("BACKWARD", _key(Bound.MAX), _key(Bound.MIN), limit=3),
        Range(
            table="log", forward=False, start=tuple(_key(Bound.MAX)), end=tuple(_key(Bound.MIN)), limit=3, view=View()
        ),
        [[1, 0], [["shard", "a"], ["seq", 1]], [ROW_4, ROW_3, ROW_2]],
    ),
    Case(
        "the last page of a range backward",
        _range("BACKWARD", _key(1), _key(0), limit=3),
        Range(table="log", forward=False, start=tuple(_key(1)), end=tuple(_key(0)), limit=3, view=View()),
        [[1, 0], None, [ROW_1]],
    ),
    Case(
        "a range over all keys without a limit, of one column",
        _range("FORWARD", MIN, MAX, columns_to_get=["n"]),
        _forward(MIN, MAX, limit=None, view=View(columns=frozenset({"n"}))),
        [[1, 0], None, [_row(1, ["n", 5, AT])]],
    ),
    Case(
        "a range with nothing in it",
        _range("FORWARD", _key(50), _key(60), limit=1),
        _forward(_key(50), _key(60), limit=1),
        [[1, 0], None, []],
    ),
    Case(
        "a range that goes the wrong way",
        _range("FORWARD", _key(2), _key(1), limit=1),
        _forward(_key(2), _key(1), limit=1),
        {"refused": "OTSParameterInvalid"},
    ),
]
CONDITIONS = [
    _compares("EQUAL", holds=True),
    _compares("NOT_EQUAL", holds=False),
    _compares("GREATER_THAN", holds=False),
    _compares("GREATER_EQUAL", holds=True),
    _compares("LESS_THAN", holds=False),
    _compares("LESS_EQUAL", holds=True),
    Case(
        "an update if OR of a comparison and an AND, as the watermark's",
        _update(_key(1), {"put": [("n", 7), ("off", 1)]}, "EXPECT_EXIST", NEWER),
        _asks(
            _change(Kind.UPDATE, 1, Cell("n", 7), Cell("off", 1), expect=Expect.EXIST, condition=NEWER_MEANS)
        ),
        [[1, 1], None],
    ),
    Case(
        "the same of a row that only the AND lets pass",
        _update(_key(1), {"put": [("off", 2)]}, "EXPECT_EXIST", NEWER),
        _asks(_change(Kind.UPDATE, 1, Cell("off", 2), expect=Expect.EXIST, condition=NEWER_MEANS)),
        [[1, 1], None],
    ),
    Case(
        "the same of a row that nothing lets pass",
        _update(_key(1), {"put": [("off", 9)]}, "EXPECT_EXIST", NEWER),
        _asks(_change(Kind.UPDATE, 1, Cell("off", 9), expect=Expect.EXIST, condition=NEWER_MEANS)),
        FAILED,
    ),
    Case(
        "an update if NOT",
        _update(_key(1), {"put": [("c", "not")]}, "IGNORE", _several("NOT", _one("n", "EQUAL", 7))),
        _asks(
            _change(
                Kind.UPDATE, 1, Cell("c", "not"), condition=Composite(NOT, (_single("n", "EQUAL", 7),))
            )
        ),
        FAILED,
    ),
    Case(
        "an update if a missing column passes",
        _update(_key(1), {"put": [("c", "missing")]}, "IGNORE", _one("z", "EQUAL", 1, pass_if_missing=True)),
        _asks(
            _change(Kind.UPDATE, 1, Cell("c", "missing"), condition=_single("z", "EQUAL", 1, pass_if_missing=True))
        ),
        [[1, 1], None],
    ),
    Case(
        "an update if a missing column fails",
        _update(_key(1), {"put": [("c", "strict")]}, "IGNORE", _one("z", "EQUAL", 1)),
        _asks(_change(Kind.UPDATE, 1, Cell("c", "strict"), condition=_single("z", "EQUAL", 1))),
        FAILED,
    ),
    Case(
        "an update if every type of value compares",
        _update(EVERY_KEY, {"put": [("done", True)]}, "EXPECT_EXIST", EVERY_TYPE, "every"),
        _asks(
            Change(
                kind=Kind.UPDATE, table="every", key=EVERY_GIVEN_KEY, cells=(Cell("done", True),),
                expect=Expect.EXIST, condition=EVERY_TYPE_MEANS,
            )
        ),
        [[1, 1], None],
    ),
    Case(
        "an update of every kind",
        _update(
            EVERY_KEY,
            {
                "put": [("i_zero", 1)], "delete": [("t", None, 1_700_000_000_000)], "delete_all": ["no", "yes"],
                "increment": [("i_least", 7)],
            },
            table="every",
        ),
        _asks(
            Change(
                kind=Kind.UPDATE, table="every", key=EVERY_GIVEN_KEY,
                cells=(
                    Cell("i_zero", 1), Cell("t", None, 1_700_000_000_000, Op.DELETE_ONE),
                    Cell("no", op=Op.DELETE_ALL), Cell("yes", op=Op.DELETE_ALL),
                    Cell("i_least", 7, op=Op.INCREMENT),
                ),
            )
        ),
        [[1, 1], None],
    ),
    Case(
        "what the updates left",
        _get(EVERY_KEY, "every", columns_to_get=["done", "i_least", "i_zero", "no", "t", "yes"]),
        Get(
            table="every", key=EVERY_GIVEN_KEY,
            view=View(columns=frozenset({"done", "i_least", "i_zero", "no", "t", "yes"})),
        ),
        [[1, 0], [PLAIN_EVERY_KEY, [["done", True, AT], ["i_least", LEAST + 7, AT], ["i_zero", 1, AT]]]],
    ),
]  # fmt: skip
REST = [
    Case(
        "a batch of writes that fails in part",
        _batch({"log": _batch_of_log, "gone": _batch_of_gone}),
        Write(changes=BATCH),
        BATCH_TOLD,
    ),
    Case(
        "a row after the batch",
        _get(_key(1)),
        Get(table="log", key=tuple(_key(1)), view=View()),
        [[1, 0], _row(1, ["a", 1, AT], ["c", "batch", AT], ["n", 6, AT], ["off", 2, AT])],
    ),
    Case(
        "a delete under a condition that fails",
        _delete(_key(1), "EXPECT_EXIST", _one("n", "EQUAL", 0)),
        _asks(_change(Kind.DELETE, 1, expect=Expect.EXIST, condition=_single("n", "EQUAL", 0))),
        FAILED,
    ),
    Case("a delete", _delete(_key(1)), _asks(_change(Kind.DELETE, 1)), [[0, 1], None]),
    Case(
        "a table is deleted",
        lambda sdk: sdk.client.delete_table("every"),
        OfTable(table="every"),
        None,
    ),
]

CASES = [*TABLES, *WRITES, *READS, *RANGES, *CONDITIONS, *REST]
