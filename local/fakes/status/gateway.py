"""What the gateway checks before an operation runs, in its order."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone

from local.fakes.status.errors import ERRORS, ApiError
from local.fakes.status.keys import Key
from local.fakes.status.memory import SKEW, Memory
from local.fakes.status.signature import is_complete, is_signed, string_to_sign

VERSION = "2020-01-17"
MANDATORY = (
    "Action",
    "Version",
    "AccessKeyId",
    "SignatureMethod",
    "SignatureVersion",
    "SignatureNonce",
    "Timestamp",
    "Signature",
)
_TIMESTAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_TOKEN = re.compile(r"[A-Za-z0-9+/=._~-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayRules:
    """How this gateway differs from the next one.

    `old_back_end` answers MissingParameter, IllegalTimestamp and (for what can be no signature) IncompleteSignature.
    `hosts` are the host names it serves (None: any). `retired` actions are no longer routed; those of `post_only` are
    refused by another method than POST. `calls_per_second` allows so many accepted calls in any second and refuses more
    with `throttled`.
    """

    bad_method: ApiError = ERRORS["UnsupportedHTTPMethod"]
    unknown_key: ApiError = ERRORS["InvalidAccessKeyId.NotFound"]
    unknown_action: ApiError = ERRORS["InvalidAction.NotFound"]
    denied: ApiError = ERRORS["Forbidden.RAM"]
    throttled: ApiError = ERRORS["Throttling.User"]
    old_back_end: bool = False
    hosts: frozenset[str] | None = None
    retired: frozenset[str] = frozenset()
    post_only: frozenset[str] = frozenset({"ListEventInProgress"})
    need_ssl: bool = False
    calls_per_second: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One call as the checks see it; `now` is the gateway's time, `arrived` the machine's, `host` has no port."""

    method: str
    path: str
    host: str
    params: Mapping[str, str]
    now: datetime
    arrived: datetime
    keys: Mapping[str, Key]
    actions: frozenset[str]
    rules: GatewayRules
    memory: Memory
    secure: bool = False

    @property
    def key(self) -> Key:
        return self.keys[self.params["AccessKeyId"]]


def refusal(ask: Ask) -> ApiError | None:
    """The first check that fails, or None."""
    for check in CHECKS:
        if error := check(ask):
            return error
    return None


def _method(ask: Ask) -> ApiError | None:
    allowed = ("POST",) if ask.params.get("Action") in ask.rules.post_only else ("GET", "POST")
    return None if ask.method in allowed else ask.rules.bad_method


def _mandatory(ask: Ask) -> ApiError | None:
    row = ERRORS["MissingParameter"] if ask.rules.old_back_end else ERRORS["Missing{name}"]
    return next((row.about(name) for name in MANDATORY if not ask.params.get(name)), None)


def _format(ask: Ask) -> ApiError | None:
    return None if ask.params.get("Format", "XML").upper() in ("XML", "JSON") else ERRORS["InvalidParameter.Format"]


def _known_key(ask: Ask) -> ApiError | None:
    return None if ask.params["AccessKeyId"] in ask.keys else ask.rules.unknown_key


def _active_key(ask: Ask) -> ApiError | None:
    return None if ask.key.active else ERRORS["InvalidAccessKeyId.Inactive"]


def _token(ask: Ask) -> ApiError | None:
    given = ask.params.get("SecurityToken", "")
    if not given:
        return ERRORS["MissingSecurityToken"] if ask.key.token else None
    if not _TOKEN.fullmatch(given):
        return ERRORS["InvalidSecurityToken.Malformed"]
    if given != ask.key.token:
        return ERRORS["InvalidSecurityToken.MismatchWithAccessKey"]
    if ask.key.token_expires is not None and ask.now >= ask.key.token_expires:
        return ERRORS["InvalidSecurityToken.Expired"]
    return None


def _signature_method(ask: Ask) -> ApiError | None:
    way = (ask.params["SignatureMethod"], ask.params["SignatureVersion"])
    return None if way == ("HMAC-SHA1", "1.0") else ERRORS["InvalidSignatureMethod"]


def _timestamp(ask: Ask) -> ApiError | None:
    try:
        moment = _moment(ask.params["Timestamp"])
    except ValueError:
        return ERRORS["InvalidTimeStamp.Format"]
    if abs(ask.now - moment) <= SKEW:
        return None
    return ERRORS["IllegalTimestamp"] if ask.rules.old_back_end else ERRORS["InvalidTimeStamp.Expired"]


def _moment(text: str) -> datetime:
    if not _TIMESTAMP.fullmatch(text):
        raise ValueError("not a time stamp")
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)


def _signature(ask: Ask) -> ApiError | None:
    given, text = ask.params["Signature"], string_to_sign(ask.method, ask.params)
    if is_signed(ask.key.secret, text, given):
        return None
    if ask.rules.old_back_end and not is_complete(given):
        return ERRORS["IncompleteSignature"]
    return ERRORS["SignatureDoesNotMatch"].about(text)


def _nonce(ask: Ask) -> ApiError | None:
    """After the signature, so that a forged call burns no nonce."""
    fresh = ask.memory.is_new(ask.params["AccessKeyId"], ask.params["SignatureNonce"], ask.now)
    return None if fresh else ERRORS["SignatureNonceUsed"]


def _product(ask: Ask) -> ApiError | None:
    known = ask.rules.hosts is None or ask.host in ask.rules.hosts
    return None if known else ERRORS["InvalidProduct.NotFound"]


def _version(ask: Ask) -> ApiError | None:
    return None if ask.params["Version"] == VERSION else ERRORS["InvalidVersion"]


def _action(ask: Ask) -> ApiError | None:
    if ask.path != "/":
        return ERRORS["InvalidApi.NotFound"]
    return None if ask.params["Action"] in ask.actions - ask.rules.retired else ask.rules.unknown_action


def _ssl(ask: Ask) -> ApiError | None:
    return ERRORS["InvalidProtocol.NeedSsl"] if ask.rules.need_ssl and not ask.secure else None


def _policy(ask: Ask) -> ApiError | None:
    allowed = ask.key.actions is None or ask.params["Action"] in ask.key.actions
    return None if allowed else ask.rules.denied


def _throttle(ask: Ask) -> ApiError | None:
    limit = ask.rules.calls_per_second
    return None if limit is None or ask.memory.has_room(ask.arrived, limit) else ask.rules.throttled


CHECKS: tuple[Callable[[Ask], ApiError | None], ...] = (
    _method,
    _mandatory,
    _format,
    _known_key,
    _active_key,
    _token,
    _signature_method,
    _timestamp,
    _signature,
    _nonce,
    _product,
    _version,
    _action,
    _ssl,
    _policy,
    _throttle,
)
