"""Great values in Tablestore: texts are packed, and a checkpoint that fits no row is cut into parts.

A value takes 2 MB and a write 4 MB (state-and-proof.md, 1.1), while a great outage with long texts makes a checkpoint
of 20. The SDK's Python codec needs 65 ms of a whole core for each MB, and a row is paid by its size.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable

from shd_relay.adapters.tablestore_rows import Columns, Found, Key, Rows, When
from shd_relay.errors import ContractError
from shd_relay.ports import Checkpoint

PART_BYTES = 1_900_000
PACKED_FROM = 2_048  # bytes; what is shorter stays readable
_RAW, _ZLIB = b"-", b"z"
_UNPACK: dict[bytes, Callable[[bytes], bytes]] = {_RAW: bytes, _ZLIB: zlib.decompress}
_READS = 3  # of a checkpoint that is being replaced


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

    The parts go where the head does not point, then the head points there: a writer that dies or is overtaken in
    between leaves the old checkpoint as it was. What two of them wrote into each other has no digest that fits.
    """
    seq, blob = checkpoint
    when: When = [[("seq", "<=", seq)]]
    if len(blob) <= PART_BYTES:
        return rows.save("meta", _head(shard), {"seq": seq, "doc": blob, "parts": 0, "slot": 0, "digest": ""}, when)
    held = rows.read("meta", _head(shard))
    if held and held.get("seq", int) > seq:
        return False
    slot, digest = 1 - held.get("slot", int) if held else 1, hashlib.sha256(blob).hexdigest()
    parts = [blob[start : start + PART_BYTES] for start in range(0, len(blob), PART_BYTES)]
    for number, part in enumerate(parts):
        if not rows.save("meta", _part(shard, slot, number), {"seq": seq, "doc": part, "digest": digest}, when):
            return False
    head: Columns = {"seq": seq, "doc": b"", "parts": len(parts), "slot": slot, "digest": digest}
    return rows.save("meta", _head(shard), head, when)


def load_checkpoint(rows: Rows, shard: str) -> Checkpoint | None:
    """See ports.ReadStore.load_checkpoint. None, too, for parts that do not fit: the log is folded anew."""
    for _ in range(_READS):
        head = rows.read("meta", _head(shard))
        if head is None:
            return None
        blob = _joined(rows, shard, head) if head.get("parts", int) else head.get("doc", bytes)
        if blob is not None:
            return Checkpoint(head.get("seq", int), blob)
    return None


def _joined(rows: Rows, shard: str, head: Found) -> bytes | None:
    digest, blob = head.get("digest", str), bytearray()
    for number in range(head.get("parts", int)):
        part = rows.read("meta", _part(shard, head.get("slot", int), number))
        if part is None or part.get("digest", str) != digest:
            return None
        blob += part.get("doc", bytes)
    return bytes(blob) if hashlib.sha256(blob).hexdigest() == digest else None


def _head(shard: str) -> Key:
    return (("shard", shard), ("kind", "ckpt"))


def _part(shard: str, slot: int, number: int) -> Key:
    return (("shard", shard), ("kind", f"ckpt:{slot}:{number:04}"))
