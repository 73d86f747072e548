"""One call, and the names of the faults that can be played on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto

from local.fakes.status.dialect import Dialect
from local.fakes.status.errors import ApiError


class Fault(Enum):
    """The faults, by name; the tables of faults.py say what each of them does."""

    THROTTLING = auto()
    THROTTLING_USER = auto()
    THROTTLING_API = auto()
    TOO_MANY_REQUESTS = auto()
    INTERNAL_ERROR = auto()
    SERVICE_UNAVAILABLE = auto()
    ACCESS_KEY_NOT_FOUND = auto()
    ACTION_NOT_FOUND = auto()
    FORBIDDEN_RAM = auto()
    SIGNATURE_WITHOUT_COLON = auto()

    ERROR_ENVELOPE_200 = auto()
    ITEM_NOT_OBJECT = auto()
    ITEM_WITHOUT_TITLE = auto()
    ITEM_GARBAGE_TIMES = auto()
    TOTAL_TOO_LARGE = auto()
    DATA_NULL_WITH_TOTAL = auto()
    HUGE_BODY = auto()

    LATE = auto()
    SLOW_DRIP = auto()
    HANG = auto()
    CLOSE_AFTER_IDLE = auto()
    STALE_CONNECTION = auto()
    CLOSE_BEFORE_ANSWER = auto()
    RESET = auto()
    REDIRECT = auto()
    HTML_200 = auto()
    EMPTY_200 = auto()
    NOT_UTF8_200 = auto()
    TRUNCATED_JSON = auto()
    CUT_BODY = auto()
    NOT_UTF8_ERROR = auto()
    ERROR_BODY_NUMBER = auto()
    ERROR_BODY_NULL = auto()
    ERROR_BODY_STRING = auto()
    GZIP = auto()
    BAD_GATEWAY_HTML = auto()

    CLOCK_SKEW = auto()
    XML_FOR_JSON = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call that reached the stand-in. Names of headers are in lower case; `number` counts from 1.

    `reused` says that its connection had carried a call before. `code` and `status` are the outcome: "200" or the code
    of the refusal, and the HTTP status; None before the outcome is known, and a `status` of None when nothing was sent.
    `at` is the machine's time; `params` are those of query and form together, `form` those of the form alone.
    `secure` says that it came over TLS, `sni` which host name its connection asked for in the handshake (None: none).
    `fault` is the name of the fault that was played, or the code of the injected refusal. The `action` of a call of the
    dashboard's page is "page:" and the name of the list.
    """

    number: int
    at: datetime
    method: str
    action: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    connection: int
    reused: bool
    form: Mapping[str, str] = field(default_factory=dict)
    secure: bool = False
    sni: str | None = None
    code: str | None = None
    status: int | None = None
    fault: str | None = None

    @property
    def is_of_page(self) -> bool:
        return self.action.startswith("page:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """One fault on one call, with its measures; or another dialect for it."""

    what: Fault | ApiError | Dialect
    seconds: float
    size: int

    @property
    def name(self) -> str:
        if isinstance(self.what, Dialect):
            return "DIALECT"
        return self.what.name if isinstance(self.what, Fault) else self.what.code
