"""The store in this process's memory: what the simulations run on; it ends with the process."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from shd_relay.model import START, Position
from shd_relay.ports import Checkpoint, Lease, Row
from shd_relay.records import Parked


class _Held(NamedTuple):
    owner: str
    token: int
    until: datetime | None  # None: released

    def runs(self, now: datetime, span: timedelta) -> bool:
        return self.until is not None and now < self.until <= now + 2 * span


class MemoryStore:
    """The store port; all callers of one instance share what it holds, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._leases: dict[str, _Held] = {}
        self._log: dict[tuple[str, int], bytes] = {}
        self._checkpoints: dict[str, Checkpoint] = {}
        self._watermarks: dict[str, Position] = {}
        self._records: dict[tuple[str, str], tuple[int, bytes]] = {}
        self._documents: dict[str, tuple[str, bytes, int]] = {}
        self._parked: dict[tuple[str, str], Parked] = {}

    def close(self) -> None:
        """Holds no connection; what it holds stays."""

    # log

    def read_log(self, shard: str, after: int, limit: int) -> list[Row]:
        rows: list[Row] = []
        with self._lock:
            for seq in range(after + 1, after + 1 + limit):
                if (shard, seq) not in self._log:
                    break
                rows.append(Row(seq, self._log[shard, seq]))
        return rows

    def append(self, shard: str, seq: int, blob: bytes) -> bool:
        with self._lock:
            if (shard, seq) in self._log:
                return False
            self._log[shard, seq] = blob
            return True

    # lease

    def acquire(self, shard: str, owner: str, now: datetime, ttl_seconds: float) -> Lease | None:
        span = timedelta(seconds=ttl_seconds)
        with self._lock:
            held = self._leases.get(shard)
            if held is not None and held.owner != owner and held.runs(now, span):
                return None
            lease = Lease(held.token + 1 if held else 1, now + span)
            self._leases[shard] = _Held(owner, *lease)
            return lease

    def renew(self, shard: str, lease: Lease, now: datetime, ttl_seconds: float) -> Lease | None:
        return self._set_until(shard, lease.token, now + timedelta(seconds=ttl_seconds))

    def release(self, shard: str, lease: Lease) -> None:
        self._set_until(shard, lease.token, None)

    def _set_until(self, shard: str, token: int, until: datetime | None) -> Lease | None:
        with self._lock:
            held = self._leases.get(shard)
            if held is None or held.token != token:
                return None
            self._leases[shard] = held._replace(until=until)
            return Lease(token, until) if until else None

    # checkpoint, watermark, records

    def load_checkpoint(self, shard: str) -> Checkpoint | None:
        with self._lock:
            return self._checkpoints.get(shard)

    def save_checkpoint(self, shard: str, checkpoint: Checkpoint) -> bool:
        with self._lock:
            saved = self._checkpoints.get(shard)
            if saved is not None and checkpoint.seq < saved.seq:
                return False
            self._checkpoints[shard] = checkpoint
            return True

    def load_watermark(self, shard: str) -> Position:
        with self._lock:
            return self._watermarks.get(shard, START)

    def save_watermark(self, shard: str, position: Position) -> bool:
        with self._lock:
            if position <= self._watermarks.get(shard, START):
                return False
            self._watermarks[shard] = position
            return True

    def load_record(self, shard: str, name: str) -> bytes | None:
        with self._lock:
            saved = self._records.get((shard, name))
        return saved[1] if saved else None

    def save_record(self, shard: str, name: str, token: int, blob: bytes) -> bool:
        with self._lock:
            saved = self._records.get((shard, name))
            if saved is not None and token < saved[0]:
                return False
            self._records[shard, name] = (token, blob)
            return True

    # documents

    def load_document(self, id: str) -> bytes | None:  # noqa: A002 - the port's word
        with self._lock:
            found = self._documents.get(id)
        return found[1] if found else None

    def list_documents(self, month: str, after: str, limit: int) -> list[tuple[str, bytes]]:
        with self._lock:
            found = [(id_, blob) for id_, (of, blob, _) in self._documents.items() if of == month and id_ > after]
        return sorted(found)[: max(limit, 0)]

    def put_documents(self, documents: Sequence[tuple[str, str, bytes]], seq: int) -> None:
        with self._lock:
            for id_, month, blob in documents:
                if id_ not in self._documents or self._documents[id_][2] <= seq:
                    self._documents[id_] = (month, blob, seq)

    # parked

    def list_parked(self, shard: str) -> list[Parked]:
        with self._lock:
            found = [parked for (of, _), parked in self._parked.items() if of == shard]
        return sorted(found, key=lambda parked: (parked.at, parked.key))

    def park(self, shard: str, parked: Parked) -> None:
        with self._lock:
            self._parked.setdefault((shard, parked.key), parked)
