"""What a poll leaves behind for the next one and for the query side, once its changes are committed."""

from __future__ import annotations

from collections.abc import Collection

from shd_relay import ledger, past
from shd_relay.ledger import State
from shd_relay.ports import Store
from shd_relay.records import POLL, WORK, PollRecord, WorkRecord


def remember(
    store: Store,
    shard: str,
    *,
    before: int,
    state: State,
    changed: Collection[str],
    work: WorkRecord,
    record: PollRecord,
) -> None:
    """Documents of the `changed` events, then the checkpoint that makes rebuilding them unnecessary, then the first two
    records, and a snapshot if one is due since entry `before`. Raises what the store raises."""
    if changed:
        documents = [ledger.document(state.events[id_]) for id_ in changed if id_ in state.events]
        store.put_documents(documents, state.seq)
        store.save_checkpoint(shard, ledger.to_checkpoint(state))
    store.save_record(shard, WORK, record.token, ledger.encode_record(work))
    store.save_record(shard, POLL, record.token, ledger.encode_record(record))
    past.keep_snapshot(store, shard, record.token, before, state)
