"""What can go wrong on the wire, armed per stand-in and spent per request."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum

from local.fakes.loopback import HangUp, Reply
from local.fakes.tablestore.errors import Units
from local.fakes.tablestore.values import KeyPart

EVERY_SECOND_ROW: Container[int] = range(1, 1000, 2)


class Fault(Enum):
    """BEFORE: nothing is stored. AFTER: the request is served in full and only its answer suffers."""

    SERVER_BUSY = "503 OTSServerBusy, before"
    NOT_ENOUGH_CAPACITY = "403 OTSNotEnoughCapacityUnit, before"
    ROW_CONFLICT = "409 OTSRowOperationConflict, before"
    TABLE_NOT_READY = "404 OTSTableNotReady, before"
    PARTITION_UNAVAILABLE = "503 OTSPartitionUnavailable, before"
    UNAVAILABLE = "503 OTSServerUnavailable, before"
    TIMEOUT = "503 OTSTimeout, before"
    INTERNAL_ERROR = "500 OTSInternalServerError, before"
    NO_PERMISSION = "403 OTSNoPermissionAccess, before"
    AUTH_FAILED = "403 OTSAuthFailed, before"
    EMPTY_503 = "503 without body or headers, before"
    HTML_502 = "502 with a page of a proxy, before"
    CLOSE_BEFORE = "orderly close without an answer, before"
    RESET_BEFORE = "TCP reset without an answer, before"
    HANG = "never answers, before; ends with heal() or stop()"
    PARTIAL_BATCH = "some rows of a batch OTSServerBusy, the others served"
    TIMEOUT_AFTER = "503 OTSTimeout, after"
    INTERNAL_ERROR_AFTER = "500 OTSInternalServerError, after"
    CLOSE_AFTER = "orderly close without an answer, after"
    RESET_AFTER = "TCP reset without an answer, after"
    HANG_AFTER = "never answers, after; ends with heal() or stop()"
    TRUNCATED = "closes in the middle of the answer's body, after"
    WRONG_SIGNATURE = "an answer with a wrong signature, after"
    WRONG_MD5 = "an answer with a wrong x-ots-contentmd5, after"
    WRONG_DATE = "an answer dated an hour ago, after"
    SLOW = "answers after delay_seconds, after"


REFUSALS: Mapping[Fault, str] = {
    Fault.SERVER_BUSY: "OTSServerBusy",
    Fault.NOT_ENOUGH_CAPACITY: "OTSNotEnoughCapacityUnit",
    Fault.ROW_CONFLICT: "OTSRowOperationConflict",
    Fault.TABLE_NOT_READY: "OTSTableNotReady",
    Fault.PARTITION_UNAVAILABLE: "OTSPartitionUnavailable",
    Fault.UNAVAILABLE: "OTSServerUnavailable",
    Fault.TIMEOUT: "OTSTimeout",
    Fault.INTERNAL_ERROR: "OTSInternalServerError",
    Fault.NO_PERMISSION: "OTSNoPermissionAccess",
    Fault.AUTH_FAILED: "OTSAuthFailed",
}
REFUSALS_AFTER: Mapping[Fault, str] = {
    Fault.TIMEOUT_AFTER: "OTSTimeout",
    Fault.INTERNAL_ERROR_AFTER: "OTSInternalServerError",
}
FOREIGN_ANSWERS: Mapping[Fault, Reply] = {
    Fault.EMPTY_503: Reply(status=503),
    Fault.HTML_502: Reply(
        status=502, headers=(("Content-Type", "text/html"),), body=b"<html><body><h1>502 Bad Gateway</h1></body></html>"
    ),
}
HANGING = (Fault.HANG, Fault.HANG_AFTER)
SPOILT_HEADERS: Mapping[Fault, tuple[str, str]] = {
    Fault.WRONG_SIGNATURE: ("authorization", "OTS {key_id}:AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    Fault.WRONG_MD5: ("x-ots-contentmd5", "AAAAAAAAAAAAAAAAAAAAAA=="),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, in the order of arrival, without its credentials.

    `rows`: the rows it names, each the table and the key's values; for a range its start; for a table an empty key.
    `code` is the error of the whole answer, empty if there is none; `status` is None as long as there is no answer,
    and for ever when the connection was closed instead. `units` is what the service would bill.
    """

    number: int
    action: str
    rows: tuple[tuple[str, tuple[KeyPart, ...]], ...]
    size: int
    time: datetime
    fault: Fault | None = None
    status: int | None = None
    code: str = ""
    units: Units = field(default_factory=Units)

    @property
    def table(self) -> str:
        """The first table that it names."""
        return self.rows[0][0] if self.rows else ""


When = Callable[[Call], bool]


def on(action: str, *, table: str = "", key: tuple[KeyPart, ...] = ()) -> When:
    """A predicate for `fail`: calls of this action that name this table, and a row whose key starts so."""

    def fits(call: Call) -> bool:
        if call.action != action:
            return False
        named = call.rows or (("", ()),)
        return any(table in ("", name) and given[: len(key)] == key for name, given in named)

    return fits


@dataclass(slots=True, kw_only=True)
class Armed:
    fault: Fault
    left: int | None
    when: When | None
    delay_seconds: float
    rows: Container[int]


def hang_up_before(fault: Fault) -> None:
    """Raises HangUp where the connection ends before anything is served."""
    if fault in (Fault.HANG, Fault.CLOSE_BEFORE, Fault.RESET_BEFORE):
        raise HangUp(reset=fault is Fault.RESET_BEFORE)


def spoil(armed: Armed, reply: Reply, key_id: str) -> Reply:
    """What becomes of the answer to a request that was served. Raises HangUp where none goes out."""
    fault = armed.fault
    if fault in (Fault.CLOSE_AFTER, Fault.RESET_AFTER, Fault.HANG_AFTER):
        raise HangUp(reset=fault is Fault.RESET_AFTER)
    if fault is Fault.SLOW:
        return replace(reply, delay_seconds=armed.delay_seconds)
    if fault is Fault.TRUNCATED:
        return replace(reply, send_only=len(reply.body) // 2)
    if fault not in SPOILT_HEADERS:
        return reply
    name, value = SPOILT_HEADERS[fault]
    kept = tuple(each for each in reply.headers if each[0].lower() != name)
    return replace(reply, headers=(*kept, (name, value.format(key_id=key_id))))
