"""The gateway's RPC signature (version 1.0), made again from the decoded parameters."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote


def percent_encode(text: str) -> str:
    """RFC 3986: blank is %20, `*` is %2A, `~` stays."""
    return quote(text, safe="~")


def string_to_sign(method: str, params: Mapping[str, str]) -> str:
    """All parameters except `Signature`, blank values kept, sorted by name."""
    pairs = sorted((name, value) for name, value in params.items() if name != "Signature")
    query = "&".join(f"{percent_encode(name)}={percent_encode(value)}" for name, value in pairs)
    return f"{method}&{percent_encode('/')}&{percent_encode(query)}"


def sign(secret: str, text: str) -> str:
    """HMAC-SHA1 under `secret&`, in base64."""
    digest = hmac.new(f"{secret}&".encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode("ascii")


def is_signed(secret: str, text: str, signature: str) -> bool:
    """Whether `signature` belongs to `text`, in constant time."""
    return hmac.compare_digest(sign(secret, text).encode(), signature.encode())


def is_complete(signature: str) -> bool:
    """Whether the text can be a signature at all: 20 bytes in base64."""
    try:
        return len(base64.b64decode(signature, validate=True)) == hashlib.sha1(usedforsecurity=False).digest_size
    except ValueError:
        return False
