"""The error codes of Tablestore with their HTTP statuses, as data, and the exception that carries one to the wire."""

from __future__ import annotations

from dataclasses import dataclass

# code -> (HTTP status, usual text), as the vendor's error page has them.
ERRORS: dict[str, tuple[int, str]] = {
    "OTSParameterInvalid": (400, "A parameter is invalid."),
    "OTSInvalidPK": (400, "Primary key schema mismatch."),
    "OTSAuthFailed": (403, "Signature mismatch."),
    "OTSNoPermissionAccess": (403, "You have no permission to access the requested resource."),
    "OTSConditionCheckFail": (403, "Condition check failed."),
    "OTSNotEnoughCapacityUnit": (403, "Capacity unit is not enough."),
    "OTSQuotaExhausted": (403, "Number of tables exceeded the quota."),
    "OTSObjectNotExist": (404, "Requested table does not exist."),
    "OTSTableNotReady": (404, "The table is not ready."),
    "OTSMethodNotAllowed": (405, "Only POST method for requests is supported."),
    "OTSObjectAlreadyExist": (409, "Requested table already exists."),
    "OTSRowOperationConflict": (409, "Data is being modified by the other request."),
    "OTSRequestBodyTooLarge": (413, "The size of POST data is too large."),
    "OTSInternalServerError": (500, "Internal server error."),
    "OTSServerBusy": (503, "Server is busy."),
    "OTSPartitionUnavailable": (503, "The partition is not available."),
    "OTSTimeout": (503, "Operation timeout."),
    "OTSServerUnavailable": (503, "Server is not available."),
}


@dataclass(frozen=True, slots=True)
class Units:
    """Capacity units: 4 KB each, rounded up."""

    read: int = 0
    write: int = 0

    def __add__(self, other: Units) -> Units:
        return Units(self.read + other.read, self.write + other.write)


FREE = Units()


class OtsError(Exception):
    """A refusal by its code. `detail` replaces the usual text; `units` is what the refused row cost all the same."""

    def __init__(self, code: str, detail: str = "", *, units: Units = FREE) -> None:
        self.code = code
        self.status, text = ERRORS[code]
        self.message = detail or text
        self.units = units
        super().__init__(f"{code}: {self.message}")


def invalid(detail: str) -> OtsError:
    return OtsError("OTSParameterInvalid", detail)
