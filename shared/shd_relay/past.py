"""What the log said at an earlier time: `?at=`.

The log is searched by halves, as commit times never go back (design.md, law 8). So that not the whole of it has to be
folded, the poller keeps a snapshot of the state, a cache like the checkpoint, once in SNAPSHOT_EVERY entries.
"""

from __future__ import annotations

import contextlib
from datetime import datetime

import msgspec

from shd_relay import ledger
from shd_relay.errors import ContractError, RequestError, StoreUnavailable
from shd_relay.ledger import Spell, State
from shd_relay.model import SHARD
from shd_relay.ports import ReadStore, Store

SNAPSHOT_EVERY = 200
MOST_BYTES = 1_500_000  # a record is one cell of Tablestore, and the body of one request
MOST_FOLDED = 4_000  # entries: as many as snapshots may be missing for, and more
_LOOKED_BACK = 20  # snapshots that may be missing before the log is folded from its beginning


def keep_snapshot(store: Store, shard: str, token: int, before: int, state: State) -> None:
    """Saves a snapshot if one is due between the entries `before` and `state.seq`, and a record can hold it. One that
    is missing costs reads and nothing else, so a store that fails is no matter."""
    if state.seq // SNAPSHOT_EVERY == before // SNAPSHOT_EVERY:
        return
    blob = ledger.encode_record(state)
    if len(blob) <= MOST_BYTES:
        with contextlib.suppress(StoreUnavailable, ContractError):
            store.save_record(shard, _name(state.seq), token, blob)


def last_seq(store: ReadStore, moment: datetime, head: int, shard: str = SHARD) -> int:
    """The seq of the last entry that was committed up to `moment`, `head` at most; 0: none was."""
    low, high = 0, head  # entry `low` was committed by then, those above `high` were not
    while low < high:
        middle = (low + high + 1) // 2
        rows = store.read_log(shard, middle - 1, 1)
        if rows and ledger.decode_entry(rows[0].blob).at <= moment:
            low = middle
        else:
            high = middle - 1
    return low


def state_of(store: ReadStore, seq: int, shard: str = SHARD) -> State:
    """The state after entry `seq`: the nearest snapshot before it, and the entries since. Raises RequestError (400)
    where that would be more entries than one request can fold."""
    state = nearest(store, seq, shard)
    if seq - state.seq > MOST_FOLDED:
        raise RequestError(400, "at: too long ago: no snapshot is left of those days, and the log is too long without")
    while state.seq < seq and (rows := store.read_log(shard, state.seq, min(ledger.PAGE, seq - state.seq))):
        state = ledger.fold(state, rows)
    return state


def state_at(store: ReadStore, moment: datetime, head: int) -> State | None:
    """The state as whoever asked at `moment` was told it; None before the first entry. Raises as `state_of`.

    That nobody looked at that time stands in the first entry after it.
    """
    seq = last_seq(store, moment, head)
    if not seq:
        return None
    state, following = state_of(store, seq), store.read_log(SHARD, seq, 1)
    gap = ledger.decode_entry(following[0].blob).changes[0].gap if following else None
    if gap and gap[0] <= moment < gap[1]:
        spells = *(spell for spell in state.spells if spell.until), Spell("blind", gap[0], None)
        return msgspec.structs.replace(state, spells=spells)
    return state


def nearest(store: ReadStore, seq: int, shard: str = SHARD) -> State:
    """The snapshot that is nearest before entry `seq`, or of it; EMPTY if there is none."""
    newest = seq // SNAPSHOT_EVERY
    for number in range(newest, max(0, newest - _LOOKED_BACK), -1):
        state = ledger.from_checkpoint(store.load_record(shard, _name(number * SNAPSHOT_EVERY)))
        if 0 < state.seq <= seq:
            return state
    return ledger.EMPTY


def _name(seq: int) -> str:
    return f"state-{seq // SNAPSHOT_EVERY}"
