"""Who may ask: signature V2 over the x-ots headers, the clock check, temporary keys; and the signature of answers."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from types import MappingProxyType

from local.fakes.loopback import Request
from local.fakes.tablestore.errors import OtsError, invalid

API_VERSION = "2015-12-31"
SKEW = timedelta(minutes=15)
PREFIX = "x-ots-"
SIGNATURE = "x-ots-signature"
NEEDED = ("x-ots-date", "x-ots-apiversion", "x-ots-accesskeyid", "x-ots-instancename", "x-ots-contentmd5", SIGNATURE)
DATE_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One AccessKey. With a `token` it is a temporary (STS) key; `actions` None allows every action."""

    secret: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    valid_until: datetime | None = None
    actions: frozenset[str] | None = None


LOCAL_KEY_ID = "LTAI-local-only"
LOCAL_SECRET = "local-only-secret"  # noqa: S105 - opens nothing but this stand-in
LOCAL_KEYS: Mapping[str, Key] = MappingProxyType({LOCAL_KEY_ID: Key(secret=LOCAL_SECRET)})


def sign(secret: str, text: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha1).digest()).decode()


def content_md5(body: bytes) -> str:
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()


def request_signature(secret: str, target: str, headers: Iterable[tuple[str, str]]) -> str:
    """Over path, method, an empty query and the x-ots headers but the signature itself, each line with its end."""
    return sign(secret, f"{target}\nPOST\n\n{_signed(headers)}\n")


def response_signature(secret: str, target: str, headers: Iterable[tuple[str, str]]) -> str:
    return sign(secret, f"{_signed(headers)}\n{target}")


def _signed(headers: Iterable[tuple[str, str]]) -> str:
    named = ((name.lower(), value.strip()) for name, value in headers)
    return "\n".join(
        sorted(f"{name}:{value}" for name, value in named if name.startswith(PREFIX) and name != SIGNATURE)
    )


def authenticate(request: Request, keys: Mapping[str, Key], instance: str, *, now: datetime, wall: datetime) -> Key:
    """The key that signed the request. `now` judges temporary keys, `wall` (machine time) the date header.

    Raises OtsError with the first thing that is wrong.
    """
    headers = {name.lower(): value for name, value in request.headers.items()}
    for name in NEEDED:
        if name not in headers:
            raise invalid(f"Missing header: '{name}'.")
    if headers["x-ots-apiversion"] != API_VERSION:
        raise invalid("Invalid API version.")
    if headers["x-ots-contentmd5"] != content_md5(request.body):
        raise OtsError("OTSAuthFailed", "Mismatch between MD5 value of request body and x-ots-contentmd5 in header.")
    _check_date(headers["x-ots-date"], wall)
    if headers["x-ots-instancename"] != instance:
        raise OtsError("OTSAuthFailed", "The instance is not found.")
    key = _key(keys.get(headers["x-ots-accesskeyid"]), headers.get("x-ots-ststoken"), now)
    wanted = request_signature(key.secret, request.target, headers.items())
    if not hmac.compare_digest(wanted.encode(), headers[SIGNATURE].encode()):
        raise OtsError("OTSAuthFailed", "Signature mismatch.")
    return key


def authorize(key: Key, action: str) -> None:
    if key.actions is not None and action not in key.actions:
        raise OtsError("OTSNoPermissionAccess")


def _key(key: Key | None, token: str | None, now: datetime) -> Key:
    if key is None:
        raise OtsError("OTSAuthFailed", "The AccessKeyID does not exist.")
    if token != key.token:
        raise OtsError("OTSAuthFailed", "The STS token is invalid.")
    if key.valid_until is not None and now >= key.valid_until:
        raise OtsError("OTSAuthFailed", "The STS token has expired.")
    return key


def _check_date(text: str, wall: datetime) -> None:
    try:
        date = datetime.strptime(text, DATE_FORMAT).replace(tzinfo=timezone.utc)
    except ValueError as error:
        raise invalid(f"Invalid date format: {text}.") from error
    if abs(wall - date) > SKEW:
        raise OtsError("OTSAuthFailed", f"Mismatch between system time and x-ots-date: {text}.")


def stamped(body: bytes, *, target: str, key_id: str, key: Key | None, request_id: str, date: datetime) -> Headers:
    """The headers of an answer of the service, signed with the key of the one who asked, if that key is known."""
    headers = (
        ("x-ots-contentmd5", content_md5(body)),
        ("x-ots-requestid", request_id),
        ("x-ots-date", f"{date.strftime('%Y-%m-%dT%H:%M:%S')}.{date.microsecond // 1000:03d}Z"),
        ("x-ots-contenttype", "protocol buffer"),
    )
    if key is None:
        return headers
    signature = response_signature(key.secret, target, headers)
    return (*headers, ("Authorization", f"OTS {key_id}:{signature}"))
