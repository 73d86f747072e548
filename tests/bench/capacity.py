"""Section 3: what a poll costs in Tablestore."""

from __future__ import annotations

from tests.bench.billed_polls import CHANGED, PAIRS, Bill, Cost, measured, total
from tests.bench.markdown import table, wrapped

POLLS_A_MONTH = 43_200  # one a minute, thirty days

_WHAT = """
The real poll over the real Tablestore adapter and the vendor's SDK, against the stand-in (`local/fakes/tablestore`),
which counts requests and capacity units (CU: 4 KB read or written, rounded up for each row; a conditional write also
reads). {pairs:,} pairs are watched. Nothing depends on the machine, but a packed record may cost 1 CU more or less with
another zlib.
"""
_MONTH = """
At one poll a minute, {polls:,} a month, with no change: {polls:,} x {calls} = **{all_calls:,} requests**, {polls:,} x
{read} = **{all_read:,} read CU** and {polls:,} x {write} = **{all_write:,} write CU**. A day on which {changed} events
begin and end adds {more_read:,} read and {more_write:,} write CU; if every day were one, the month would cost
{daily_read:.1%} more read and {daily_write:.1%} more write CU.
"""
_ROWS = """
Where it goes: the records `work` and `poll` hold when each pair was read, and every poll writes them; log, checkpoint
and documents are written only when something changes. A message that was published costs one UpdateRow, the watermark
(`pub`). An event that changed costs one row in each of two tables of documents; a new one is first tried as an update,
and so costs two.
"""


def section() -> str:
    bills = measured()
    names = list(bills)
    heads = ("poll", "requests", "read CU", "write CU")
    return "\n\n".join((
        "## Capacity units of one poll",
        wrapped(_WHAT.format(pairs=len(PAIRS))),
        table(heads, [(name, *total(bill)) for name, bill in bills.items()]),
        wrapped(month(*(total(bills[name]) for name in names[:4]))),
        f"By call, {names[0]} and {names[1]}:",
        table(*_by_call(bills[names[0]], bills[names[1]])),
        wrapped(_ROWS),
        table(*_by_row(bills[names[0]], bills[names[1]])),
    ))  # fmt: skip


def month(steady: Cost, begin: Cost, steady_after: Cost, end: Cost) -> str:
    more = [b + e - s - a for b, e, s, a in zip(begin, end, steady, steady_after, strict=True)]
    return _MONTH.format(
        polls=POLLS_A_MONTH, calls=steady.calls, read=steady.read, write=steady.write, changed=CHANGED,
        all_calls=POLLS_A_MONTH * steady.calls, all_read=POLLS_A_MONTH * steady.read,
        all_write=POLLS_A_MONTH * steady.write, more_read=more[1], more_write=more[2],
        daily_read=30 * more[1] / (POLLS_A_MONTH * steady.read),
        daily_write=30 * more[2] / (POLLS_A_MONTH * steady.write),
    )  # fmt: skip


_HEADS = ("requests", "read CU", "write CU", "requests, 100 begin", "read CU", "write CU")


def _by_call(steady: Bill, changed: Bill) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    names = ("GetRow", "GetRange", "PutRow", "UpdateRow", "BatchWriteRow")
    assert {action for bill in (steady, changed) for action, _ in bill} <= set(names)
    rows = [(f"`{name}`", *_of(steady, name), *_of(changed, name)) for name in names]
    return ("call", *_HEADS), [*rows, ("all", *total(steady), *total(changed))]


def _of(bill: Bill, name: str) -> Cost:
    return sum((cost for (action, _), cost in bill.items() if action == name), Cost())


def _by_row(steady: Bill, changed: Bill) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    keys = sorted({*steady, *changed}, key=lambda key: (-steady.get(key, Cost()).read, key))
    rows = [(f"`{key[0]}`", key[1], *steady.get(key, Cost()), *changed.get(key, Cost())) for key in keys]
    return ("call", "row or table", *_HEADS), rows
