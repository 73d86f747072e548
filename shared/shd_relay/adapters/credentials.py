"""Whose keys sign a call, and how they are kept out of every text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from shd_relay.errors import SettingsError

CLOUD = ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN")
SOURCE = ("SHD_ACCESS_KEY_ID", "SHD_ACCESS_KEY_SECRET", "SHD_SECURITY_TOKEN")
_CONTEXT = ("access_key_id", "access_key_secret", "security_token")

SHORTEST = 6  # characters of what is hidden: no key is shorter, and a letter stands in every word
_HIDDEN = "***"
_ODD = re.compile(r"[^!-~]")
_QUERY = re.compile(r"\?[^\s'\"<>=]*=[^\s'\"<>]*")
_SECRET_PARAM = re.compile(
    r"(?i)((?:access_?key_?(?:id|secret)|signature(?:nonce)?|security-?_?token|authorization)(?:=|:\s*|%3D|%253D))"
    r"(?:MNS\s+)?(?:(?!%26)[^\s&'\"<>,])+"
)


class Credentials(Struct, frozen=True, kw_only=True):
    """An AccessKey and, for a temporary one, its STS token ("" for none). Its repr shows none of them."""

    access_key_id: str
    access_key_secret: str
    security_token: str = ""

    def __repr__(self) -> str:
        return f"Credentials({_HIDDEN}, security_token={_HIDDEN if self.security_token else 'none'})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("", _HIDDEN)]


def from_context(context: object, environ: Mapping[str, str]) -> Credentials:
    """The function's own credentials: those of the invocation's context, else of the environment.

    To be called for each invocation: a warm instance outlives its temporary keys. Raises SettingsError.
    """
    held = getattr(context, "credentials", None)
    given = _stripped(tuple(getattr(held, name, None) for name in _CONTEXT))
    if given[0] and given[1]:
        return _credentials(given, tuple(f"context.credentials.{name}" for name in _CONTEXT))
    return _from_environ(CLOUD, environ)


def for_source(context: object, environ: Mapping[str, str]) -> Credentials:
    """Those of the account that holds the support plan when SHD_ACCESS_KEY_ID or its secret is set, else our own."""
    if any(_stripped(tuple(environ.get(name) for name in SOURCE))):
        return _from_environ(SOURCE, environ)
    return from_context(context, environ)


def from_environment(environ: Mapping[str, str]) -> Credentials:
    """Those of the environment, for who runs outside a function. Raises SettingsError."""
    return _from_environ(CLOUD, environ, instead="")


def redact(text: object, credentials: Credentials | None = None, *, limit: int = 300) -> str:
    """`text` as one line of at most `limit` characters without keys, tokens, signatures and query strings."""
    line = " ".join(str(text).split())
    for secret in _spellings(credentials):
        line = line.replace(secret, _HIDDEN)
    line = _SECRET_PARAM.sub(rf"\1{_HIDDEN}", _QUERY.sub(f"?{_HIDDEN}", line))
    return line if len(line) <= limit else line[: limit - 3] + "..."


def _spellings(credentials: Credentials | None) -> list[str]:
    """Each secret as it is, and percent-encoded once and twice (strings to sign are); the longest first."""
    if credentials is None:
        return []
    found: set[str] = set()
    for secret in (credentials.access_key_id, credentials.access_key_secret, credentials.security_token):
        once = quote(secret, safe="~")
        found.update({secret, once, quote(once, safe="~")})
    return sorted((spelling for spelling in found if len(spelling) >= SHORTEST), key=len, reverse=True)


def _from_environ(
    names: tuple[str, str, str], environ: Mapping[str, str], instead: str = ", and the invocation's context brings none"
) -> Credentials:
    given = _stripped(tuple(environ.get(name) for name in names))
    missing = [name for name, value in zip(names[:2], given[:2], strict=True) if not value]
    if missing:
        where = "" if names is SOURCE else instead
        raise SettingsError([f"{name}: is not set{where}" for name in missing])
    return _credentials(given, names)


def _credentials(given: tuple[str, ...], names: tuple[str, ...]) -> Credentials:
    """Raises SettingsError for what no key can be: a header would refuse it, and show it."""
    odd = [name for name, value in zip(names, given, strict=True) if _ODD.search(value)]
    if odd:
        said = "holds a blank, a line break or another odd character: paste it anew"
        raise SettingsError([f"{name}: {said}" for name in odd])
    return Credentials(access_key_id=given[0], access_key_secret=given[1], security_token=given[2])


def _stripped(values: tuple[object, ...]) -> tuple[str, ...]:
    return tuple(value.strip() if isinstance(value, str) else "" for value in values)
