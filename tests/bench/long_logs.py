"""Logs of any length that end in the same state: what is known of the last days is alike, however long ago it began."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from msgspec import structs

from shd_relay import ledger, past
from shd_relay.adapters import sqlite_file
from shd_relay.adapters.sqlite_store import SqliteStore
from shd_relay.ledger import State
from shd_relay.model import Change, Entry, HealthEvent
from tests.bench.answers_world import NOW, event, pairs, polled

WATCHED = pairs(30, 10)
A_DAY = 3  # events that begin in one; each is a change when it opens, and one when it ends
LASTS = timedelta(hours=5)  # so each is over before the next one begins
GO_ON = 20  # events: the last ones, at the end of any log
FOLDED = 2 * A_DAY * 140  # changes: more than a state remembers (120 days, and 10 more of some pairs)
_BATCH = 20_000


class Log(NamedTuple):
    """A file, its seq at the end, when the middle was, and the id of the event that began first."""

    file: Path
    seq: int
    middle: datetime
    oldest: str


def made(file: Path, changes: int) -> Log:
    """A log of so many changes, one an entry, spread evenly up to NOW, and what a poller leaves with it: documents,
    checkpoint, poll record, and the snapshots of the middle. It is written past the store in a few transactions, as
    each commit of a store waits for the disk; layout and contents are the store's own."""
    connection = sqlite_file.open_to_write(file, 1.0, ("synchronous = OFF", "journal_mode = OFF"))
    _write(connection, changes)
    connection.close()
    store = SqliteStore(file)
    snapshot = changes // 2 // past.SNAPSHOT_EVERY * past.SNAPSHOT_EVERY
    middle = snapshot + past.SNAPSHOT_EVERY // 2  # half of what is folded at most
    before, end = state_at(snapshot, changes), state_at(changes, changes)
    past.keep_snapshot(store, "main", 1, before.seq - 1, before)
    store.save_checkpoint("main", ledger.to_checkpoint(end))
    polled(store, WATCHED, NOW)
    store.close()
    return Log(file, changes, _change(middle, changes).observed_at, _change(1, changes).event.id)


def state_at(seq: int, changes: int) -> State:
    """The fold of the entries up to `seq`, of the last FOLDED of them in truth: what was before has left nothing but
    the counts."""
    start = max(0, seq - FOLDED)
    counts = {"incident opened": start // 2, "incident resolved": start // 2} if start else {}
    state = State(seq=start, began=_change(1, changes).observed_at if start else None, counts=counts)
    for number in range(start + 1, seq + 1):
        state = ledger.apply(state, number, _entry(number, changes))
    return state


def _write(connection: sqlite3.Connection, changes: int) -> None:
    seqs = iter(range(1, changes + 1))
    while batch := list(islice(seqs, _BATCH)):
        entries = [(seq, _entry(seq, changes)) for seq in batch]
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO log VALUES ('main', ?, ?)", _rows(entries))
        connection.executemany("INSERT OR REPLACE INTO document (id, month, blob, seq) VALUES (?, ?, ?, ?)",
                               _documents(entries))  # fmt: skip
        connection.execute("COMMIT")


def _rows(entries: list[tuple[int, Entry]]) -> Iterator[tuple[int, bytes]]:
    return ((seq, ledger.encode_entry(entry)) for seq, entry in entries)


def _documents(entries: list[tuple[int, Entry]]) -> Iterator[tuple[str, str, bytes, int]]:
    """Of each event as it was last: once, and not at its first change as well."""
    return (
        (*ledger.document(entry.changes[0].event), seq) for seq, entry in entries if entry.changes[0].verb != "opened"
    )


def _entry(seq: int, changes: int) -> Entry:
    change = _change(seq, changes)
    return Entry(id=f"entry-{seq}", at=change.observed_at, token=1, changes=(change,))


def _change(seq: int, changes: int) -> Change:
    """The change of the entry: odd ones open an event, the even one after it ends it, or tells more of it."""
    number = (seq - 1) // 2  # of the event, from the beginning of the log
    back = changes // 2 - 1 - number
    began = NOW - LASTS - timedelta(days=back) / A_DAY
    opened = event(number, WATCHED[number * 7 % len(WATCHED)], began, None)
    if seq % 2:
        return Change(verb="opened", event=structs.replace(opened, updates=opened.updates[:1]), observed_at=began)
    if back < GO_ON:
        told = structs.replace(opened, revision=2, changed_at=began + LASTS)
        return Change(verb="updated", event=told, changed=("updates",), observed_at=began + LASTS)
    return Change(verb="resolved", event=_ended(opened, began + LASTS), observed_at=began + LASTS)


def _ended(opened: HealthEvent, at: datetime) -> HealthEvent:
    return structs.replace(opened, revision=2, state="resolved", end=at, since=at, changed_at=at, updates=())
