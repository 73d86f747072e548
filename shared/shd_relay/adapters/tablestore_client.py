"""One instance of Tablestore through the vendor's SDK, around its traps, and what its errors mean.

The SDK retries nothing here: what comes next is for the caller to decide, who knows how much time is left. Its loggers
write headers and bodies, so they are kept quiet.
"""

from __future__ import annotations

import logging
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import Any

from shd_relay.adapters.credentials import Credentials, redact
from shd_relay.errors import ContractError, RelayError, StoreUnavailable
from shd_relay.settings_checks import TablestoreAddress

SOCKET_SECONDS = 3.0  # to connect, and for each read: the SDK waits 50
THROTTLED_SECONDS = 1.0  # Tablestore does not say how long to wait; its SDK begins with half a second
VERSION = "6.4.8"
CONDITION_FAILED = "OTSConditionCheckFail"
_CONNECTIONS = 32
_LOGGER = "shd_relay.adapters.tablestore_sdk"

_THROTTLED = ("OTSServerBusy", "OTSNotEnoughCapacityUnit", "OTSOperationThrottled")
_PASSING = (
    "OTSRowOperationConflict", "OTSOperationConflict", "OTSTableNotReady", "OTSPartitionUnavailable", "OTSTimeout",
    "OTSInternalServerError", "OTSServerUnavailable",
)  # fmt: skip
_ADVICE = {
    "OTSAuthFailed": "the instance does not take this AccessKey: check the instance in SHD_STORE, the function's role"
    " or ALIBABA_CLOUD_ACCESS_KEY_ID, its secret and its security token, and this machine's clock",
    "OTSNoPermissionAccess": "the RAM policy must allow ots:GetRow, ots:GetRange, ots:PutRow, ots:UpdateRow and"
    " ots:BatchWriteRow on the tables {prefix}*, and for the set-up ots:CreateTable and ots:DescribeTable",
    "OTSObjectNotExist": "a table is missing: run the set-up, which creates {prefix}*, or check the instance and the"
    " prefix in SHD_STORE",
    "OTSInvalidPK": "the tables {prefix}* have other key columns than ours: run the set-up, which tells them, and check"
    " the prefix in SHD_STORE",
}


class Client:
    """The SDK's client, made when it is first needed and again after `close`; may be used from several threads.

    `credentials` is asked for each request: temporary keys run out while an instance is warm.
    """

    def __init__(
        self, address: TablestoreAddress, credentials: Callable[[], Credentials], *,
        socket_seconds: float = SOCKET_SECONDS,
    ) -> None:  # fmt: skip
        self._address = address
        self._socket_seconds = socket_seconds
        self._signing = _Signing(credentials)
        self._lock = threading.Lock()
        self._made: Any = None

    def close(self) -> None:
        with self._lock:
            made, self._made = self._made, None
        if made is not None:
            made.connection.pool.clear()

    def call(self, operation: str, *values: Any, **options: Any) -> Any:
        """What the SDK's method `operation` returns. Raises StoreUnavailable (after a write: unknown outcome),
        ContractError, ConditionFailed, and what `credentials` raises."""
        client = self._client()
        try:
            return getattr(client, operation)(*values, **options)
        except RelayError:
            raise
        except Exception as raised:
            raise self._meaning(raised) from raised

    def refused(self, code: str, said: str, status: int = 400) -> RelayError:
        """What a refusal by the service means, of a whole request or of one row of a batch."""
        if code == CONDITION_FAILED:
            return ConditionFailed("the row is not as the write expected", code=code)
        text = f"store {self._address.instance}: {code or f'HTTP {status}'}"
        short = redact(said, self._signing.last(), limit=200)
        if code in _THROTTLED or (code == "OTSQuotaExhausted" and said.startswith("Too frequent")):
            return StoreUnavailable(f"{text}: it asks to slow down", code=code, retry_after=THROTTLED_SECONDS)
        if code in _PASSING or status >= 500:
            return StoreUnavailable(f"{text}: {short or 'no reason given'}", code=code)
        advice = _ADVICE.get(code, "").format(prefix=self._address.prefix)
        return ContractError(f"{text}: {advice or short or 'no reason given'}", code=code)

    def _meaning(self, raised: Exception) -> RelayError:
        code, status = getattr(raised, "code", None), getattr(raised, "http_status", None)
        if isinstance(code, str):  # OTSServiceError
            return self.refused(redact(code, limit=80), str(getattr(raised, "message", "")), status or 400)
        # OTSClientError, urllib3's own tree, and what the SDK's decoder raises: the request may have been served.
        said = redact(raised, self._signing.last(), limit=200)
        name = type(raised).__name__
        return StoreUnavailable(f"store {self._address.instance}: no valid answer: {name}: {said}", code=name)

    def _client(self) -> Any:
        with self._lock:
            if self._made is None:
                self._made = self._connected()
            return self._made

    def _connected(self) -> Any:
        ots = sdk()
        try:
            client = ots.OTSClient(
                self._address.endpoint,
                instance_name=self._address.instance,
                credentials_provider=self._signing,
                socket_timeout=self._socket_seconds,
                max_connection=_CONNECTIONS,
                retry_policy=_NoRetries(),
                logger_name=_LOGGER,
                enable_native=False,  # a private binary for one version of Python; the other way is the tested one
            )
        except ots.OTSClientError as error:
            raise ContractError(f"store {self._address.instance}: check SHD_STORE: {redact(error)}") from error
        # urllib3 would try a connection that fails four times, each for the whole time-out.
        client.connection.pool.connection_pool_kw["retries"] = False
        return client


class ConditionFailed(ContractError):
    """The condition of a write did not hold; nothing was written. Never leaves the adapter."""


class _Signing:
    """The SDK's provider of credentials: ours, read anew, and remembered by each thread to be kept out of texts."""

    def __init__(self, read: Callable[[], Credentials]) -> None:
        self._read = read
        self._used = threading.local()

    def get_credentials(self) -> Any:
        from tablestore.credentials import Credentials as SdkCredentials

        given = self._used.credentials = self._read()
        return SdkCredentials(given.access_key_id, given.access_key_secret, given.security_token or None)

    def last(self) -> Credentials | None:
        found: Credentials | None = getattr(self._used, "credentials", None)
        return found


class _NoRetries:
    """The SDK's own policy sleeps for up to 41 s in all, which is most of an invocation (state-and-proof.md 1.1)."""

    def should_retry(self, _times: int, _error: Exception, _operation: str) -> bool:
        return False

    def get_retry_delay(self, _times: int, _error: Exception, _operation: str) -> float:
        return 0.0


@cache
def sdk() -> Any:
    """The SDK's package; imported here, as it is the heaviest of all. Raises ContractError when it is not there."""
    quiet = logging.getLogger(_LOGGER)
    quiet.setLevel(logging.CRITICAL + 1)  # at level 0 the SDK formats headers and rows of every request
    quiet.propagate = False
    for name in ("tablestore.encoder", "tablestore.decoder"):  # they warn that there are no C++ parts
        logging.getLogger(name).setLevel(logging.ERROR)
    # So do these warnings; they are left to stand, as to undo a filter would race with other threads.
    warnings.filterwarnings("ignore", message=r"OTS C\+\+ SDK extension", category=ImportWarning)
    warnings.filterwarnings("ignore", message=r"Native C extension 'native_plainbuffer'", category=ImportWarning)
    try:
        with _without_aiohttp():
            import tablestore
    except ImportError as error:
        raise ContractError(f"tablestore {VERSION} is not in the bundle: {error}", code="WrongModule") from error
    if tablestore.__version__ != VERSION:  # Function Compute's python3.10 brings 5.4.1, which tells no row of a batch
        where = f"{tablestore.__version__} from {tablestore.__file__}"
        raise ContractError(f"tablestore is {where}, and the bundle's is {VERSION}", code="WrongModule")
    return tablestore


@contextmanager
def _without_aiohttp() -> Iterator[None]:
    """An empty module in aiohttp's place while the SDK is imported: only its asynchronous client uses it, which is
    never made here, and it is two fifths of the SDK's import time (docs/benchmarks.md)."""
    if "aiohttp" in sys.modules:
        yield
        return
    empty = ModuleType("aiohttp")
    empty.ClientTimeout = None  # type: ignore[attr-defined]
    sys.modules["aiohttp"] = empty
    try:
        yield
    finally:
        del sys.modules["aiohttp"]
