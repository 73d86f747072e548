"""When each change was pushed: a log beside the log, for the reports (how fast were we?).

Row n belongs to entry n of the log and is put once all of its changes were accepted, before the watermark passes it. Of
an entry that was pushed in two polls the first part's times are not known; nothing else depends on these rows.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec import Struct

from shd_relay.model import SHARD
from shd_relay.ports import ReadStore

PUSHED_SCHEMA = 1


class Pushed(Struct, frozen=True, kw_only=True):
    """One item for each change of the entry, in its order: when the topic had accepted it. None: it was not pushed (a
    `recorded` change, or one parked without a notice), or nobody knows any more when."""

    schema: int = PUSHED_SCHEMA
    at: tuple[datetime | None, ...]


def shard_of(shard: str = SHARD) -> str:
    return f"{shard}/pushed"


def encode(row: Pushed) -> bytes:
    return msgspec.json.encode(row)


def read(store: ReadStore, after: int, limit: int, shard: str = SHARD) -> list[tuple[int, Pushed]]:
    """At most `limit` rows of the entries after+1, after+2, ...; stops before the first missing one. A row that cannot
    be read says nothing. Raises what the store raises."""
    return [(row.seq, _decoded(row.blob)) for row in store.read_log(shard_of(shard), after, limit)]


def _decoded(blob: bytes) -> Pushed:
    try:
        return msgspec.json.decode(blob, type=Pushed)
    except msgspec.MsgspecError:
        return Pushed(at=())
