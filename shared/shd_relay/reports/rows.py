"""Reading rows of the logs, by pages that fit the rows: an entry may have 1 MB, and most have a few hundred bytes."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from shd_relay import ledger, pushed
from shd_relay.model import SHARD, Entry
from shd_relay.ports import ReadStore, Row

_MOST_ROWS = 1_000
_PAGE_BYTES = 1_000_000  # what a page should have about


def read(store: ReadStore, shard: str, after: int, last: int) -> Iterator[Row]:
    """The rows after+1 to `last`; ends early before one that is missing. Raises what the store raises."""
    page = ledger.PAGE
    while after < last and (rows := store.read_log(shard, after, min(page, last - after))):
        yield from rows
        after = rows[-1].seq
        mean = sum(len(row.blob) for row in rows) // len(rows) + 1
        page = max(ledger.PAGE, min(_MOST_ROWS, 2 * page, _PAGE_BYTES // mean))


def entry(row: Row) -> Entry:
    """Decodes once where it can: a year has 100,000. Raises ContractError."""
    try:
        found = msgspec.json.decode(row.blob, type=Entry)
    except msgspec.MsgspecError:
        return ledger.decode_entry(row.blob)  # which says what is wrong
    return found if found.schema <= ledger.ENTRY_SCHEMA else ledger.decode_entry(row.blob)


def head(store: ReadStore) -> int:
    """The seq of the last entry, 0 for none: looked for from the checkpoint on, in steps that double and then halve.
    Raises what the store raises."""
    checkpoint = store.load_checkpoint(SHARD)
    low, step = checkpoint.seq if checkpoint else 0, 1
    while _there(store, SHARD, low + step):
        low, step = low + step, 2 * step
    high = low + step  # `low` is there, `high` is not
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _there(store, SHARD, middle) else (low, middle)
    return low


def pushes(store: ReadStore, after: int, last: int) -> Iterator[Row]:
    """The rows of the pushed log after+1 to `last`. Some may be missing: a log may be older than it is, and what is not
    pushed yet has none. A hole is passed in steps that double and then halve, so the first rows after it may be, too.
    """
    shard = pushed.shard_of()
    while after < last:
        for row in read(store, shard, after, last):
            yield row
            after = row.seq
        after = _past_hole(store, shard, after, last)


def _past_hole(store: ReadStore, shard: str, after: int, last: int) -> int:
    """The seq before the row to go on with, after+1 being missing; `last` if there is none."""
    low, step = after + 1, 1  # `low` is missing
    while low < last:
        high = min(low + step, last)
        if _there(store, shard, high):
            break
        low, step = high, 2 * step
    else:
        return last
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _there(store, shard, middle) else (middle, high)
    return low


def _there(store: ReadStore, shard: str, seq: int) -> bool:
    return bool(store.read_log(shard, seq - 1, 1))
