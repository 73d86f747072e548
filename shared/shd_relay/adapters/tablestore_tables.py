"""The tables of the store, and the set-up step that makes them. Nothing ever expires: max_version 1, no time to live.

log        one row for each entry: entry. Written once, never changed.
meta       by kind: ckpt (seq, doc, parts, slot, digest, and all but doc as `before_` ...),
           ckpt:SLOT:NUMBER (seq, doc, digest), pub (seq, off), lease (owner, token, until), record:NAME (token, doc)
documents  the event documents: month, seq, doc
months     the same by month, to list them: seq, doc, and `moved` = 1 once the document has left the month, or was
           about to: whether it did, its row in `documents` says
parked     at, reason, body

`until` and `at` are whole microseconds since 1970; `entry` and `doc` are BINARY, and what long text they hold is packed
(tablestore_blobs.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shd_relay.adapters.credentials import Credentials
from shd_relay.adapters.tablestore_client import Client
from shd_relay.adapters.tablestore_sdk import sdk
from shd_relay.errors import ContractError, StoreUnavailable
from shd_relay.settings_checks import TablestoreAddress

KEYS: dict[str, tuple[tuple[str, str], ...]] = {
    "log": (("shard", "STRING"), ("seq", "INTEGER")),
    "meta": (("shard", "STRING"), ("kind", "STRING")),
    "documents": (("id", "STRING"),),
    "months": (("month", "STRING"), ("id", "STRING")),
    "parked": (("shard", "STRING"), ("key", "STRING")),
}
_FOR_EVER = -1


def create_tables(
    address: TablestoreAddress, credentials: Callable[[], Credentials], tell: Callable[[str], None] = lambda _: None
) -> list[str]:
    """Makes the tables that are missing; their names, each also told as soon as it is made. May be repeated: what is
    there stays as it is.

    Raises ContractError for a table that is there and not ours, and StoreUnavailable. A new table may refuse for some
    seconds (OTSTableNotReady, a StoreUnavailable).
    """
    client = Client(address, credentials)
    try:
        made = []
        for table, key in KEYS.items():
            name = f"{address.prefix}{table}"
            if _create(client, name, key):
                tell(name)
                made.append(name)
        return made
    finally:
        client.close()


def _create(client: Client, name: str, key: tuple[tuple[str, str], ...]) -> bool:
    """Whether it was made; False if it was there as it should be."""
    ots = sdk()
    throughput = ots.ReservedThroughput(ots.CapacityUnit(0, 0))
    options = ots.TableOptions(time_to_live=_FOR_EVER, max_version=1)
    try:
        client.call("create_table", ots.TableMeta(name, list(key)), options, throughput)
    except ContractError as error:
        if error.code != "OTSObjectAlreadyExist":
            raise
        try:
            _check(name, key, client.call("describe_table", name))
        except StoreUnavailable as busy:
            if busy.code != "OTSTableNotReady":  # somebody else has just made it
                raise
        return False
    return True


def _check(name: str, key: tuple[tuple[str, str], ...], found: Any) -> None:
    held = tuple(tuple(column[:2]) for column in found.table_meta.schema_of_primary_key)
    if held != key:
        raise ContractError(f"table {name}: its key is {_words(held)}, and ours {_words(key)}: choose another prefix")
    if found.table_options.time_to_live != _FOR_EVER:
        # What is in the log is never forgotten (design.md, law 1).
        seconds = found.table_options.time_to_live
        raise ContractError(f"table {name}: its rows expire after {seconds} s: set its time to live to -1")


def _words(key: tuple[tuple[str, ...], ...]) -> str:
    return ", ".join(" ".join(column) for column in key)
