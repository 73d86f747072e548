"""Event documents in two tables, by id and by month, without a transaction over both and without a delete.

A put changes the row by id first, under a condition, and then its copy in the month. Before a document leaves a month,
its copy there is marked `moved`; a listing asks the row by id where such a document is now. So, whatever is cut off or
overtaken, no month lists a document that is in another one. A put that was cut off is mended by its repetition.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shd_relay.adapters.tablestore_blobs import pack, unpack
from shd_relay.adapters.tablestore_rows import Columns, Found, Key, Rows, When, Write
from shd_relay.errors import StoreUnavailable

_TRIES = 20
_NEVER = -1  # the seq of a copy that is there only to carry its mark

Document = tuple[str, str, bytes]


def load(rows: Rows, id_: str) -> bytes | None:
    row = rows.read("documents", _by_id(id_))
    return unpack(row.get("doc", bytes)) if row else None


def of_month(rows: Rows, month: str, after: str, limit: int) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    while len(found) < limit:
        wanted = limit - len(found) + 1  # the first may be `after` itself
        copies = list(rows.scan("months", ("month", month), "id", first=after or None, limit=wanted))
        ids = [str(dict(copy.key)["id"]) for copy in copies]
        here = [_here(rows, month, id_, copy) for id_, copy in zip(ids, copies, strict=True) if id_ > after]
        found += [each for each in here if each]
        if len(copies) < wanted:
            break
        after = ids[-1]
    return found[:limit]


def _here(rows: Rows, month: str, id_: str, copy: Found) -> tuple[str, bytes] | None:
    """The document, None if it is not in this month (any more)."""
    if "moved" not in copy.columns:
        return id_, unpack(copy.get("doc", bytes))
    row = rows.read("documents", _by_id(id_))
    if row is None or row.get("month", str) != month:
        return None
    return id_, unpack(row.get("doc", bytes))


def put(rows: Rows, documents: Sequence[Document], seq: int) -> None:
    """See ports.Store.put_documents. Two requests for each 200 documents that stay in their month, four if new."""
    packed = {id_: (id_, month, pack(blob)) for id_, month, blob in documents}  # a batch takes each row once
    last = list(packed.values())
    copies: list[tuple[Key, Columns]] = [
        (_in_month(month, id_), {"seq": seq, "doc": blob}) for id_, month, blob in _save_by_id(rows, last, seq)
    ]
    _save_copies(rows, copies, seq)


def _save_by_id(rows: Rows, documents: list[Document], seq: int) -> Iterator[Document]:
    """Those that no greater seq kept out."""
    same_month = [Write(_by_id(d[0]), _columns(d, seq), _unless_newer(seq, d[1])) for d in documents]
    rest = list(_undone(documents, rows.write_batch("documents", same_month)))
    fresh = [Write(_by_id(d[0]), _columns(d, seq), None) for d in rest]
    moved = [d for d in _undone(rest, rows.write_batch("documents", fresh)) if not _moved(rows, d, seq)]
    kept_out = {d[0] for d in moved}
    yield from (d for d in documents if d[0] not in kept_out)


def _undone(documents: list[Document], done: list[bool]) -> Iterator[Document]:
    return (document for document, written in zip(documents, done, strict=True) if not written)


def _moved(rows: Rows, document: Document, seq: int) -> bool:
    """Puts one that is there, in whatever month; False if a greater seq is there."""
    id_, month, _ = document
    for _ in range(_TRIES):
        held = rows.read("documents", _by_id(id_))
        if held is None:
            raise StoreUnavailable(f"document {id_}: it was there, and now it is not")
        if held.get("seq", int) > seq:
            return False
        old = held.get("month", str)
        if old != month:
            _mark(rows, _in_month(old, id_))
        if rows.write("documents", Write(_by_id(id_), _columns(document, seq), _unless_newer(seq, old))):
            return True
    raise StoreUnavailable(f"document {id_}: others changed it all the time")


def _mark(rows: Rows, key: Key) -> None:
    """The copy may not be there yet: its put may be under way, and must find the mark."""
    mark = Write(key, {"moved": 1}, [])
    empty = Write(key, {"moved": 1, "seq": _NEVER, "doc": b""}, None)
    if not (rows.write("months", mark) or rows.write("months", empty)):
        rows.write("months", mark)


def _save_copies(rows: Rows, wanted: list[tuple[Key, Columns]], seq: int) -> None:
    """Rows.save in batches. What fails to the end has a greater seq."""
    when: When = [[("seq", "<=", seq)]]
    for condition in (when, None, when):
        writes = [Write(key, columns, condition) for key, columns in wanted]
        done = rows.write_batch("months", writes)
        wanted = [each for each, written in zip(wanted, done, strict=True) if not written]


def _unless_newer(seq: int, month: str) -> When:
    return [[("month", "==", month), ("seq", "<=", seq)]]


def _columns(document: Document, seq: int) -> Columns:
    return {"month": document[1], "seq": seq, "doc": document[2]}


def _by_id(id_: str) -> Key:
    return (("id", id_),)


def _in_month(month: str, id_: str) -> Key:
    return (("month", month), ("id", id_))
