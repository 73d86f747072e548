"""One instance of Tablestore through the vendor's SDK, around its traps, and what its errors mean.

A request ends in time: after CALL_SECONDS in all, and at the deadline of the invocation. The SDK retries nothing here;
what was surely not applied is tried anew a few times, and all else is for the caller to decide.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from shd_relay import clock
from shd_relay.adapters.credentials import Credentials, redact
from shd_relay.adapters.tablestore_sdk import LOGGER, sdk
from shd_relay.adapters.watchdog import Watchdog, hang_up_latest, remembering
from shd_relay.errors import ContractError, RelayError, StoreUnavailable
from shd_relay.settings_checks import TablestoreAddress

T = TypeVar("T")
CALL_SECONDS = 3.0  # for one request from its first byte to its last: the SDK waits 50 for each read
PAUSES = (0.2, 0.5, 1.0)  # seconds before another try of what was refused for the moment
CONDITION_FAILED = "OTSConditionCheckFail"
_CONNECTIONS = 32

_THROTTLED = ("OTSServerBusy", "OTSNotEnoughCapacityUnit", "OTSOperationThrottled")
_NOT_NOW = ("OTSRowOperationConflict", "OTSOperationConflict", "OTSTableNotReady", "OTSPartitionUnavailable")
_PASSING = (*_NOT_NOW, "OTSTimeout", "OTSInternalServerError", "OTSServerUnavailable")
_NOT_APPLIED = frozenset({*_THROTTLED, *_NOT_NOW})
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

    `credentials` is asked for each request: temporary keys run out while an instance is warm. `deadline` is in
    `clock.monotonic` seconds; after it nothing is sent. `pause` waits the given seconds between tries.
    """

    def __init__(
        self, address: TablestoreAddress, credentials: Callable[[], Credentials], *,
        call_seconds: float = CALL_SECONDS, deadline: float = math.inf, pause: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        self._address = address
        self._call_seconds = call_seconds
        self._deadline = deadline
        self._pause = pause
        self._signing = _Signing(credentials)
        self._lock = threading.Lock()
        self._here = threading.local()  # the connection that each thread uses
        self._made: _Made | None = None

    def close(self) -> None:
        with self._lock:
            made, self._made = self._made, None
        if made is not None:
            made.watchdog.close()
            made.client.connection.pool.clear()

    def call(self, operation: str, *values: Any, **options: Any) -> Any:
        """What the SDK's method `operation` returns. Raises StoreUnavailable (after a write: unknown outcome),
        ContractError, ConditionFailed, and what `credentials` raises."""
        return self.patiently(lambda: self.once(operation, *values, **options))

    def patiently(self, ask: Callable[[], T]) -> T:
        """What `ask` returns; called anew a few times when it raises what was surely not applied."""
        for pause in PAUSES:
            try:
                return ask()
            except StoreUnavailable as error:
                if error.code not in _NOT_APPLIED or self._left() <= pause:
                    raise
            self._pause(pause)
        return ask()

    def once(self, operation: str, *values: Any, **options: Any) -> Any:
        """As `call`, in one request."""
        made, seconds = self._client(), min(self._left(), self._call_seconds)
        if seconds <= 0:
            raise StoreUnavailable(f"store {self._address.instance}: no time is left for {operation}", code="Deadline")
        self._here.connection = None
        with made.watchdog.watch(clock.monotonic() + seconds, hang_up_latest(self._here)) as watch:
            try:
                return getattr(made.client, operation)(*values, **options)
            except RelayError:
                raise
            except Exception as raised:
                if watch.cut:
                    said = f"store {self._address.instance}: no answer within {seconds:.3g} s"
                    raise StoreUnavailable(said, code="Deadline") from raised
                raise self._meaning(raised) from raised

    def _left(self) -> float:
        return self._deadline - clock.monotonic()

    def refused(self, code: str, said: str, status: int = 400) -> RelayError:
        """What a refusal by the service means, of a whole request or of one row of a batch."""
        if code == CONDITION_FAILED:
            return ConditionFailed("the row is not as the write expected", code=code)
        text = f"store {self._address.instance}: {code or f'HTTP {status}'}"
        short = redact(said, self._signing.last(), limit=200)
        if code in _THROTTLED or (code == "OTSQuotaExhausted" and said.startswith("Too frequent")):
            return StoreUnavailable(f"{text}: it asks to slow down", code=code)
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

    def _client(self) -> _Made:
        with self._lock:
            if self._made is None:
                self._made = self._connected()
            return self._made

    def _connected(self) -> _Made:
        ots = sdk()
        try:
            client = ots.OTSClient(
                self._address.endpoint,
                instance_name=self._address.instance,
                credentials_provider=self._signing,
                socket_timeout=self._call_seconds,
                max_connection=_CONNECTIONS,
                retry_policy=_NoRetries(),
                logger_name=LOGGER,
                enable_native=False,  # a private binary for one version of Python; the other way is the tested one
            )
        except ots.OTSClientError as error:
            raise ContractError(f"store {self._address.instance}: check SHD_STORE: {redact(error)}") from error
        pool = client.connection.pool
        # urllib3 would try a connection that fails four times, each for the whole time-out.
        pool.connection_pool_kw["retries"] = False
        pool.pool_classes_by_scheme = {
            scheme: type(kind.__name__, (kind,), {"ConnectionCls": remembering(kind.ConnectionCls, self._here)})
            for scheme, kind in pool.pool_classes_by_scheme.items()
        }
        return _Made(client, Watchdog())


class _Made(NamedTuple):
    """The SDK's client, and what ends its calls."""

    client: Any
    watchdog: Watchdog


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
