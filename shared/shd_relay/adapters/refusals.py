"""What a refusal of the status API means: whom it concerns, whether waiting helps, and what a person should check.

The code decides first, the HTTP status second: products and ages of the gateway differ in their statuses for the same
code (status-api.md 5). The message is never relied on, but for the name of the parameter that a code leaves out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Literal, NamedTuple

from shd_relay.adapters.credentials import Credentials, redact
from shd_relay.envelope import Refusal
from shd_relay.pace import sane_wait

Meaning = Literal["throttled", "passing", "window", "everyone", "denied", "pair"]
"""throttled: slow down. passing: it may work in a moment. window: EndDate or NumOfDay is refused. everyone: every call
will be refused until a person mends something. denied: like it, unless other products are allowed. pair: this call
only."""

LASTING = frozenset({"everyone", "denied"})
_BY_STATUS: Mapping[int, Meaning] = {401: "denied", 403: "denied", 404: "everyone", 408: "passing"}

_PASSING = ("InternalError", "ServiceUnavailable", "SignatureNonceUsed")
_CHECK_IT = "the AccessKey secret does not fit: check SHD_ACCESS_KEY_SECRET or ALIBABA_CLOUD_ACCESS_KEY_SECRET"
_ADVICE: tuple[tuple[str, str], ...] = (
    ("InvalidAccessKeyId.Inactive", "the AccessKey is disabled: enable it, or set another one"),
    ("InvalidAccessKeyId", "the AccessKey id is not known: check SHD_ACCESS_KEY_ID or ALIBABA_CLOUD_ACCESS_KEY_ID"),
    ("InvalidAccessKeySecret", _CHECK_IT),
    ("SignatureDoesNotMatch", _CHECK_IT),
    ("IncompleteSignature", "the gateway does not take our signature"),
    ("InvalidSecurityToken.Expired", "the STS token has expired: check the function's role, or SHD_SECURITY_TOKEN"),
    ("InvalidSecurityToken", "the STS token is not this AccessKey's: id, secret and token must be of one set"),
    ("MissingSecurityToken", "the AccessKey is temporary: set SHD_SECURITY_TOKEN or ALIBABA_CLOUD_SECURITY_TOKEN"),
    ("InvalidTimeStamp", "this machine's clock is wrong"),
    ("IllegalTimestamp", "this machine's clock is wrong"),
    ("InvalidAction.NotFound", "{action} is not offered (any more) to this account"),
    ("InvalidApi.NotFound", "{action} is not offered (any more) to this account"),
    ("InvalidVersion", "the gateway does not know version 2020-01-17 of this API: check SHD_ENDPOINT"),
    ("InvalidProduct.NotFound", "no such product behind this endpoint: check SHD_ENDPOINT"),
    ("InvalidProtocol.NeedSsl", "the gateway wants https: check SHD_ENDPOINT"),
    ("Forbidden", "the RAM policy of this AccessKey does not allow status:{action}"),
    ("NoPermission", "the RAM policy of this AccessKey does not allow status:{action}"),
)  # fmt: skip


_BY_RESOURCE = ("Forbidden", "NoPermission")  # a RAM policy may allow one product and deny another


class Verdict(NamedTuple):
    """A refusal understood. `reason` is one line without secrets; `wait` is the seconds that the source asked for."""

    meaning: Meaning
    code: str
    reason: str
    wait: float | None = None


def judge(
    action: str, status: int, headers: Mapping[str, str], refusal: Refusal, *, now: datetime, credentials: Credentials
) -> Verdict:
    """`now` is the machine's time: the signature was made with it. Header names are in lower case."""
    wait = sane_wait(headers.get("x-acs-retry-after") or headers.get("retry-after"))
    throttled = refusal.code.startswith("Throttling") or status == 429 or "x-acs-retry-after" in headers
    code = redact(refusal.code, credentials, limit=80)
    reason = _reason(action, status, headers, refusal, now=now, credentials=credentials)
    if throttled:
        return Verdict("throttled", code, reason, wait)
    return Verdict(_meaning(status, refusal), code, reason)


def _meaning(status: int, refusal: Refusal) -> Meaning:
    code, text = refusal.code, f"{refusal.code} {refusal.message}".lower()
    if code.startswith(_PASSING):
        return "passing"
    if _advice(code):  # before any look at the message: a refused signature echoes every parameter's name
        return "denied" if code.startswith(_BY_RESOURCE) else "everyone"
    if "enddate" in text or "numofday" in text:
        return "window"
    if code.startswith("InvalidParameter") and not any(name in text for name in ("productid", "regionid", "format")):
        return "window"
    return _BY_STATUS.get(status, "passing" if status >= 500 else "pair")


def _reason(
    action: str, status: int, headers: Mapping[str, str], refusal: Refusal, *, now: datetime, credentials: Credentials
) -> str:
    advice = _advice(refusal.code).format(action=action)
    if "clock" in advice:
        advice += _skew(headers.get("date"), now)
    if 300 <= status < 400:
        advice = "a redirect, which is not followed: check SHD_ENDPOINT"
    said = advice or redact(refusal.message, credentials, limit=200) or "no reason given"
    code = redact(refusal.code, credentials, limit=80)
    return f"{code}: {said}" if code else f"HTTP {status}: {said}"


def _advice(code: str) -> str:
    return next((advice for prefix, advice in _ADVICE if code.startswith(prefix)), "")


def _skew(date: str | None, now: datetime) -> str:
    """How far the clock is off, by the server's own."""
    try:
        seconds = round((now - parsedate_to_datetime(date or "")).total_seconds())
    except (ValueError, TypeError):
        return ""
    if abs(seconds) < 5:
        return " by what the source says, though the Date of its answer agrees with it"
    return f": {abs(seconds)} s {'ahead of' if seconds > 0 else 'behind'} the server's"
