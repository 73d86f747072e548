"""The read-only JSON page of the stand-in, outside the paths of Tablestore: what is stored, and what was asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from itertools import islice

from local.fakes.loopback import Reply, Request
from local.fakes.tablestore.faults import Call
from local.fakes.tablestore.instance import Instance
from local.fakes.tablestore.rows import Row
from local.fakes.tablestore.tables import Table
from local.fakes.tablestore.values import Bound, KeyPart

PATH = "/_local/state"
LONGEST_LIST = 200  # of rows of a table, and of the newest calls
LONGEST_VALUE = 200


def answer_page(request: Request, state: Callable[[], Mapping[str, object]]) -> Reply:
    if request.target != PATH:
        return Reply(status=404)
    if request.method not in ("GET", "HEAD"):
        return Reply(status=405, headers=(("Allow", "GET, HEAD"),))
    body = json.dumps(state(), ensure_ascii=False, indent=1).encode()
    headers = (("Content-Type", "application/json; charset=utf-8"), ("Cache-Control", "no-store"))
    return Reply(headers=headers, body=body)


def state_of_instance(
    name: str, instance: Instance, calls: Iterable[Call], faults: list[dict[str, object]], *, now: int
) -> dict[str, object]:
    """Plain values for JSON. The caller holds the lock."""
    return {
        "instance": name,
        "tables": {table: _table(each, now) for table, each in instance.tables.items()},
        "faults": faults,
        "calls": [_call(call) for call in list(calls)[-LONGEST_LIST:]],
    }


def _table(table: Table, now: int) -> dict[str, object]:
    found = table.rows(now)
    return {
        "key": {name: kind.name for name, kind in table.schema.key},
        "time_to_live": table.schema.time_to_live,
        "max_versions": table.schema.max_versions,
        "row_count": len(found),
        "rows": [_row(row) for row in islice(found.values(), LONGEST_LIST)],
    }


def _row(row: Row) -> dict[str, object]:
    return {
        "key": [_plain(part) for part in row.key],
        "columns": {name: _plain(value) for name, value in row.values().items()},
        "written": row.written,
    }


def _call(call: Call) -> dict[str, object]:
    return {
        "number": call.number,
        "action": call.action,
        "rows": [[table, *map(_plain, key)] for table, key in islice(call.rows, 20)],
        "time": call.time.isoformat(),
        "fault": call.fault.name if call.fault else None,
        "status": call.status,
        "code": call.code,
        "read_units": call.units.read,
        "write_units": call.units.write,
    }


def _plain(value: KeyPart) -> object:
    if isinstance(value, Bound):
        return value.value
    if isinstance(value, bytes):
        return f"{len(value)} bytes {value[:20].hex()}"
    return value[:LONGEST_VALUE] if isinstance(value, str) else value
