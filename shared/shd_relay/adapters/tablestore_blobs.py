"""Great values in Tablestore: texts are packed, and a checkpoint that fits no row is cut into parts.

A value takes 2 MB and a write 4 MB (state-and-proof.md, 1.1), while a great outage with long texts makes a checkpoint
of 20. The SDK's Python codec needs 65 ms of a whole core for each MB, and a row is paid by its size.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable
from typing import NamedTuple

from shd_relay.adapters.tablestore_rows import Found, Key, Rows, Value, When
from shd_relay.errors import ContractError
from shd_relay.ports import Checkpoint

PART_BYTES = 1_900_000
PACKED_FROM = 2_048  # bytes; what is shorter stays readable
_RAW, _ZLIB = b"-", b"z"
_UNPACK: dict[bytes, Callable[[bytes], bytes]] = {_RAW: bytes, _ZLIB: zlib.decompress}


def pack(blob: bytes) -> bytes:
    """As it is kept: a mark in front, and compressed if that is shorter."""
    short = zlib.compress(blob, 1) if len(blob) >= PACKED_FROM else blob
    return _ZLIB + short if len(short) < len(blob) else _RAW + blob


def unpack(kept: bytes) -> bytes:
    """What was packed. Raises ContractError for anything else."""
    mark, blob = kept[:1], kept[1:]
    try:
        return _UNPACK[mark](blob)
    except (KeyError, zlib.error) as error:
        raise ContractError("a value in the store is not as this version packs it") from error


def save_checkpoint(rows: Rows, shard: str, checkpoint: Checkpoint) -> bool:
    """See ports.Store.save_checkpoint. One request, or one for each part and two more.

    The parts go to the place that the head does not point to, then the head points there: a writer that dies in between
    leaves the checkpoint as it was. One that was overtaken meanwhile, and dies, may have begun to write over what the
    head points to by now; the digest tells, and the parts before, which the head names too, are read in their place.
    """
    seq, blob = checkpoint
    when: When = [[("seq", "<=", seq)]]
    if len(blob) <= PART_BYTES:
        return rows.save("meta", _head(shard), _columns(_NO_PARTS, _NO_PARTS) | {"seq": seq, "doc": blob}, when)
    before = _parts_of(rows.read("meta", _head(shard)))
    cut = [blob[start : start + PART_BYTES] for start in range(0, len(blob), PART_BYTES)]
    parts = _Parts(seq, len(cut), 1 - before.slot, hashlib.sha256(blob).hexdigest())
    for number, part in enumerate(cut):
        if not rows.save("meta", _part(shard, parts, number), {"seq": seq, "doc": part, "digest": parts.digest}, when):
            return False
    return rows.save("meta", _head(shard), _columns(parts, before) | {"seq": seq, "doc": b""}, when)


def load_checkpoint(rows: Rows, shard: str) -> Checkpoint | None:
    """See ports.ReadStore.load_checkpoint. None, too, where no parts fit: the log is folded anew."""
    head = rows.read("meta", _head(shard))
    if head is None:
        return None
    if not head.get("parts", int):
        return Checkpoint(head.get("seq", int), head.get("doc", bytes))
    found = (_joined(rows, shard, parts) for parts in (_parts_of(head), _parts_of(head, "before_")))
    return next((checkpoint for checkpoint in found if checkpoint), None)


class _Parts(NamedTuple):
    """A checkpoint that was cut: into how many parts, in which of the two places; `digest` of the whole."""

    seq: int
    parts: int
    slot: int
    digest: str


_NO_PARTS = _Parts(0, 0, 0, "")


def _columns(parts: _Parts, before: _Parts) -> dict[str, Value]:
    now: dict[str, Value] = {"parts": parts.parts, "slot": parts.slot, "digest": parts.digest}
    return now | {f"before_{name}": value for name, value in before._asdict().items()}


def _parts_of(head: Found | None, which: str = "") -> _Parts:
    if head is None:
        return _NO_PARTS
    seq, parts, slot = (head.get(f"{which}{name}", int) for name in ("seq", "parts", "slot"))
    return _Parts(seq, parts, slot, head.get(f"{which}digest", str))


def _joined(rows: Rows, shard: str, parts: _Parts) -> Checkpoint | None:
    blob = bytearray()
    for number in range(parts.parts):
        part = rows.read("meta", _part(shard, parts, number))
        if part is None or part.get("digest", str) != parts.digest:
            return None
        blob += part.get("doc", bytes)
    return Checkpoint(parts.seq, bytes(blob)) if parts.parts else None


def _head(shard: str) -> Key:
    return (("shard", shard), ("kind", "ckpt"))


def _part(shard: str, parts: _Parts, number: int) -> Key:
    return (("shard", shard), ("kind", f"ckpt:{parts.slot}:{number:04}"))
