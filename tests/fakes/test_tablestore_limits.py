from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from local.fakes.tablestore import KeyType, OtsError, TablestoreFake
from tests.fakes.tablestore_client import columns, composite, key, ready, refused, row, sdk, single, when

ots = sdk()
MEGABYTE = 1 << 20


def put(**values: Any) -> Callable[[Any], object]:
    return lambda c: c.put_row("log", row(1, **values), when())


def update(**kinds: Any) -> Callable[[Any], object]:
    return lambda c: c.update_row("log", ots.Row(key(1), kinds), when())


def puts(count: int, size: int = 1) -> Any:
    request = ots.BatchWriteRowRequest()
    items = [ots.PutRowItem(row(seq, d="x" * size), when()) for seq in range(count)]
    request.add(ots.TableInBatchWriteRowItem("log", items))
    return request


def gets(count: int) -> Any:
    request = ots.BatchGetRowRequest()
    request.add(ots.TableInBatchGetRowItem("log", [key(seq) for seq in range(count)], max_version=1))
    return request


def ten(count: int) -> Any:
    return composite("AND", *(single("a", "NOT_EQUAL", number, pass_if_missing=True) for number in range(count)))


@pytest.mark.parametrize(
    "work",
    [
        put(d="x" * (2 * MEGABYTE)),
        put(**{f"c{number}": 1 for number in range(1024)}),
        lambda c: c.put_row("log", ots.Row(key(1, "k" * 1024), [("a", 1)]), when()),
        lambda c: c.batch_write_row(puts(200)),
        lambda c: c.batch_get_row(gets(100)),
        lambda c: c.put_row("log", row(1, a=99), when("IGNORE", ten(10))),
    ],
    ids=["attribute", "columns", "key", "writes", "reads", "conditions"],
)
def test_what_is_as_large_as_allowed_is_taken(work: Callable[[Any], object]) -> None:
    with ready() as (fake, c):
        work(c)
        assert fake.calls[-1].status == 200


@pytest.mark.parametrize(
    ("code", "work"),
    [
        ("OTSParameterInvalid", put(d="x" * (2 * MEGABYTE + 1))),
        ("OTSParameterInvalid", put(a="x" * 2 * MEGABYTE, b="x" * 2 * MEGABYTE)),
        ("OTSRequestBodyTooLarge", put(**{f"c{number}": "x" * MEGABYTE for number in range(6)})),
        ("OTSParameterInvalid", put(**{f"c{number}": 1 for number in range(1025)})),
        ("OTSParameterInvalid", lambda c: c.put_row("log", ots.Row(key(1, "k" * 1025), [("a", 1)]), when())),
        ("OTSParameterInvalid", lambda c: c.batch_write_row(puts(201))),
        ("OTSParameterInvalid", lambda c: c.batch_write_row(puts(5, MEGABYTE - 20_000))),
        ("OTSParameterInvalid", lambda c: c.batch_get_row(gets(101))),
        ("OTSParameterInvalid", lambda c: c.put_row("log", row(1, a=1), when("IGNORE", ten(11)))),
        ("OTSParameterInvalid", lambda c: c.put_row("log", row(1, a=1), when("IGNORE", ten(1)))),
        ("OTSParameterInvalid", put(f=float("nan"))),
        ("OTSParameterInvalid", put(f=float("inf"))),
        ("OTSParameterInvalid", put()),
        ("OTSParameterInvalid", put(shard="again")),
        ("OTSParameterInvalid", put(**{"bad-name": 1})),
        ("OTSParameterInvalid", put(**{"": 1})),
        ("OTSParameterInvalid", put(b=b"\xff")),
        ("OTSParameterInvalid", update()),
        ("OTSParameterInvalid", update(put=[("a", 1, -5)])),
        ("OTSParameterInvalid", update(delete=["a"])),
        ("OTSParameterInvalid", lambda c: c.get_row("log", key(1), max_version=0)),
        ("OTSParameterInvalid", lambda c: c.get_row("log", key(1), max_version=None)),
        ("OTSParameterInvalid", lambda c: c.get_row("log", key(1), start_column="a")),
        ("OTSParameterInvalid", lambda c: c.put_row("log", row(1, a=1), when(), transaction_id="t")),
        ("OTSParameterInvalid", lambda c: c.get_row("1bad", key(1))),
        ("OTSInvalidPK", lambda c: c.get_row("log", key("1"))),
        ("OTSInvalidPK", lambda c: c.get_row("log", key(1)[::-1])),
        ("OTSInvalidPK", lambda c: c.get_row("log", key(1)[:1])),
        ("OTSInvalidPK", lambda c: c.get_range("log", "FORWARD", key(1)[:1], key(9)[:1])),
    ],
)
def test_what_is_too_large_or_makes_no_sense_is_refused_and_changes_nothing(
    code: str, work: Callable[[Any], object]
) -> None:
    with ready() as (fake, c):
        assert refused(lambda: work(c)) == code
        assert fake.rows("log") == {}


def test_bytes_are_text_to_the_sdk_and_a_bytearray_is_binary() -> None:
    with ready() as (_, c):
        put(b=b"text", d=bytearray(b"binary"))(c)
        assert columns(c, 1) == {"b": "text", "d": bytearray(b"binary")}


@pytest.mark.parametrize(
    ("name", "schema", "options"),
    [
        ("1bad", {"a": KeyType.STRING}, {}),
        ("none", {}, {}),
        ("five", dict.fromkeys("abcde", KeyType.STRING), {}),
        ("short", {"a": KeyType.STRING}, {"time_to_live": 86_399}),
        ("never", {"a": KeyType.STRING}, {"max_versions": 0}),
        ("bad-name", {"a": KeyType.STRING}, {}),
    ],
)
def test_a_table_that_cannot_be_is_refused(name: str, schema: dict[str, KeyType], options: dict[str, int]) -> None:
    fake = TablestoreFake()
    with pytest.raises(OtsError) as caught:
        fake.create_table(name, schema, **options)
    assert (caught.value.code, fake.tables) == ("OTSParameterInvalid", {})


def test_an_instance_has_sixty_four_tables() -> None:
    fake = TablestoreFake()
    for number in range(64):
        fake.create_table(f"t{number}", {"a": KeyType.STRING})
    with pytest.raises(OtsError) as caught:
        fake.create_table("t64", {"a": KeyType.STRING})
    assert caught.value.code == "OTSQuotaExhausted"


def test_what_the_stand_in_has_not_is_refused_and_not_ignored() -> None:
    with ready() as (fake, c):
        throughput, schema = ots.ReservedThroughput(ots.CapacityUnit(0, 0)), [("a", "STRING")]
        counting = ots.TableMeta("counting", [*schema, ("n", "INTEGER", ots.PK_AUTO_INCR)])
        assert refused(lambda: c.create_table(counting, ots.TableOptions(), throughput)) == "OTSParameterInvalid"
        assert refused(lambda: c.update_table("log", ots.TableOptions())) == "OTSParameterInvalid"
        assert list(fake.tables) == ["log"]
