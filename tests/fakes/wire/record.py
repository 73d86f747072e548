"""Records what an SDK sends: `python -m tests.fakes.wire.record`, with the SDK to record in the environment.

It writes `sdk-<version>.json` beside this file. An environment for another version is made outside the repository; for
5.4.1 `enum34`, which it asks for, is taken out again: it hides the standard `enum`. The keys in the headers are the
stand-in's own and open nothing else; of the User-Agent only the SDK's name is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from local.fakes.tablestore import LOCAL_KEY_ID, LOCAL_SECRET
from tests.fakes.wire.cases import CASES, Sdk
from tests.fakes.wire.recording import FOLDER, Exchange, Headers, overheard, save


def record(ots: Any, **options: Any) -> list[Exchange]:
    """All the cases, each one request of the SDK; `options` are those of its client."""
    with overheard() as (url, heard):
        client = ots.OTSClient(url, LOCAL_KEY_ID, LOCAL_SECRET, "local", retry_policy=_NoRetries(), **options)
        told = [_told(ots, lambda call=case.call: call(Sdk(ots, client))) for case in CASES]
        client.connection.pool.clear()
    return [
        replace(each, case=case.name, headers=_kept(each.headers), told=value)
        for each, case, value in zip(heard, CASES, told, strict=True)
    ]


class _NoRetries:
    def should_retry(self, *_: Any) -> bool:
        return False


def _kept(headers: Headers) -> Headers:
    """The machine's name and versions are nobody's business."""
    return [
        (name, re.sub(r"\(.*\)", "()", value) if name.lower() == "user-agent" else value) for name, value in headers
    ]


def _told(ots: Any, call: Any) -> Any:
    try:
        return plain(ots, call())
    except ots.OTSServiceError as error:
        return {"refused": error.code}


def plain(ots: Any, value: Any) -> Any:
    """What the SDK returns, as values that JSON has; see cases.py."""
    if isinstance(value, (bytes, bytearray)):
        return {"binary": value.hex()}
    if isinstance(value, (list, tuple)):
        return [plain(ots, each) for each in _without_token(value)]
    kinds = (each for each in PLAIN if isinstance(value, getattr(ots, each)))
    kind = next(kinds, None)
    return PLAIN[kind](ots, value) if kind else value


def _without_token(value: Any) -> Any:
    """The SDK's reads end with a token for wide rows, which is of no use here."""
    return value[:-1] if isinstance(value, tuple) and len(value) in (3, 4) and value[-1] in (b"", "", None) else value


def _table(_: Any, told: Any) -> dict[str, Any]:
    return {
        "table": told.table_meta.table_name,
        "key": [list(column[:2]) for column in told.table_meta.schema_of_primary_key],
        "time_to_live": told.table_options.time_to_live,
        "max_version": told.table_options.max_version,
    }


def _written(ots: Any, told: Any) -> dict[str, Any]:
    kinds = {"put": told.table_of_put, "update": told.table_of_update, "delete": told.table_of_delete}
    return {
        table: {
            kind: [plain(ots, row.consumed) if row.is_ok else row.error_code for row in rows[table]]
            for kind, rows in kinds.items()
        }
        for table in told.table_of_put
    }


def _found(ots: Any, told: Any) -> dict[str, Any]:
    return {
        table: [plain(ots, row.row) if row.is_ok else row.error_code for row in rows]
        for table, rows in told.items.items()
    }


PLAIN: dict[str, Callable[[Any, Any], Any]] = {
    "CapacityUnit": lambda _, value: [value.read, value.write],
    "Row": lambda ots, value: [plain(ots, value.primary_key), plain(ots, value.attribute_columns or [])],
    "DescribeTableResponse": _table,
    "BatchWriteRowResponse": _written,
    "BatchGetRowResponse": _found,
}


def main() -> None:
    import tablestore

    path = FOLDER / f"sdk-{tablestore.__version__}.json"
    pure = {} if tablestore.__version__.startswith("5.") else {"enable_native": False}
    save(path, f"tablestore {tablestore.__version__}", record(tablestore, **pure))
    print(f"{path.name}: {len(CASES)} exchanges")  # noqa: T201


if __name__ == "__main__":
    main()
