"""Who may ask: the header signature of MNS, the clock check, temporary keys, and a policy for each key."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from email.message import Message
from email.utils import parsedate_to_datetime
from types import MappingProxyType

from local.fakes.loopback import Request
from local.fakes.mns.errors import MnsError

VERSION = "2015-06-06"
SKEW = timedelta(minutes=15)


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


def sign(secret: str, method: str, target: str, headers: Message) -> str:
    """base64(HMAC-SHA1) over method, three headers, the x-mns-* headers and the request target as it came."""
    lines = [method, *(headers.get(name, "") for name in ("Content-MD5", "Content-Type", "Date"))]
    named = ((name.lower(), value) for name, value in headers.items())
    lines += [f"{name}:{value}" for name, value in sorted(named) if name.startswith("x-mns-")]
    text = "\n".join([*lines, target])
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha1).digest()).decode()


def content_md5(body: bytes) -> str:
    """base64 over the lower-case hex text, 44 characters: not the RFC 1864 form."""
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).hexdigest().encode()).decode()


def authenticate(request: Request, keys: Mapping[str, Key], *, now: datetime, wall: datetime) -> Key:
    """The key that signed the request. `now` judges temporary keys, `wall` (machine time) the Date header.

    Raises MnsError with the first thing that is wrong, in the order of the service.
    """
    key_id, signature = _credential(request.headers)
    key = _key(key_id, keys, request.headers.get("security-token"), now)
    _check_date(request.headers, wall)
    _check_version(request.headers)
    wanted = sign(key.secret, request.method, request.target, request.headers)
    if not hmac.compare_digest(wanted.encode(), signature.encode()):
        raise MnsError("SignatureDoesNotMatch")
    digest = request.headers.get("Content-MD5")
    if digest is not None and digest != content_md5(request.body):
        raise MnsError("InvalidDegist")
    return key


def authorize(key: Key, action: str) -> None:
    if key.actions is not None and action not in key.actions:
        raise MnsError("AccessDenied")


def _credential(headers: Message) -> tuple[str, str]:
    header = headers.get("Authorization")
    if not header:
        raise MnsError("MissingAuthorizationHeader")
    scheme, _, credential = header.partition(" ")
    key_id, colon, signature = credential.rpartition(":")
    if scheme != "MNS" or not (key_id and colon and signature):
        raise MnsError("InvalidAuthorizationHeader")
    return key_id, signature


def _key(key_id: str, keys: Mapping[str, Key], token: str | None, now: datetime) -> Key:
    key = keys.get(key_id)
    if key is None or (token or None) != key.token:
        raise MnsError("InvalidAccessKeyId")
    if key.valid_until is not None and now >= key.valid_until:
        raise MnsError("AccessDenied", "The security token has expired.")
    return key


def _check_date(headers: Message, wall: datetime) -> None:
    text = headers.get("x-mns-date") or headers.get("Date")
    if not text:
        raise MnsError("MissingDateHeader")
    try:
        date = parsedate_to_datetime(text)
    except ValueError as error:
        raise MnsError("InvalidDateHeader") from error
    if date.tzinfo is None:
        date = date.replace(tzinfo=timezone.utc)
    if abs(wall - date) > SKEW:
        raise MnsError("TimeExpired")


def _check_version(headers: Message) -> None:
    version = headers.get("x-mns-version")
    if not version:
        raise MnsError("MissingVersionHeader")
    if version != VERSION:  # what an SDK client sends that was given its token as fourth positional argument
        raise MnsError("InvalidArgument", "The API version is unknown.")
