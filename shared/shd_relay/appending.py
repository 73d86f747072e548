"""One entry at one place of a log, once: put it if nothing stands there, and when nobody knows, look what does."""

from __future__ import annotations

from collections.abc import Callable

from shd_relay.errors import StoreUnavailable
from shd_relay.ports import Store

TRIES = 3


def put(store: Store, shard: str, seq: int, blob: bytes, *, is_ours: Callable[[bytes], bool]) -> bool:
    """Whether the entry stands at `seq` of the shard's log; False: another does. `is_ours` tells of what stands there
    whether it is this entry, put by a try whose answer was lost.

    Raises StoreUnavailable if nobody knows whether it was put, and whatever `is_ours` raises.
    """
    for attempt in range(1, TRIES + 1):
        try:
            if store.append(shard, seq, blob):
                return True
        except StoreUnavailable:
            if attempt == TRIES:
                raise
        # Refused, or nobody knows: what stands there tells. Our own entry is done, an absent one is tried again.
        if standing := store.read_log(shard, seq - 1, 1):
            return is_ours(standing[0].blob)
    raise StoreUnavailable(f"log entry {seq} was refused, and yet nothing stands there")
