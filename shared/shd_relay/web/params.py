"""Query parameters, declared as data, and how each kind is read. What is malformed is a 400 that names the parameter.

A name that a route does not declare is refused too: a filter with a typo in it would otherwise show everything.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, Literal

from msgspec import Struct

from shd_relay import cursor
from shd_relay.errors import RequestError
from shd_relay.web.http import Pairs

LIMIT_DEFAULT, LIMIT_MAX = 100, 500
ID_CHARACTERS = 64

_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?(?:[Zz]|([+\- ])(\d\d):(\d\d))", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NUMBER = re.compile(r"\d{1,6}", re.ASCII)


class Param(Struct, frozen=True, kw_only=True):
    """One query parameter. An empty value counts as absent; `words` are what a value of kind `words` may be.

    What is read by kind: `ids`, `words`: a comma list -> frozenset in lower case, None if absent. `word`: one of
    `words` -> str, empty if absent. `time`, `moment` -> datetime or None; a route has at most one `moment`, and answers
    as of then. `edge`: a time or a day, which the handler reads, as it knows the time zone -> str, empty if absent.
    `language` -> one of `words`, empty if absent or none of them, as a page must come in some language. `limit` -> int.
    `position` -> Position, the start if absent. `text` -> str, empty if absent.
    """

    name: str
    kind: Literal["ids", "words", "time", "moment", "limit", "position", "language", "word", "edge", "text"]
    about: str
    words: tuple[str, ...] = ()


def read(declared: Sequence[Param], query: Pairs, *, strict: bool) -> dict[str, Any]:
    """Every declared parameter's value by name. Raises RequestError (400)."""
    given = dict(query)
    names = [param.name for param in declared]
    unknown = [name for name in given if name not in names]
    if strict and unknown:
        allowed = f"this address takes {', '.join(names)}" if names else "this address takes none"
        raise RequestError(400, f"{shown(unknown[0])}: no such parameter; {allowed}")
    return {param.name: _value(param, given.get(param.name, "")) for param in declared}


def shown(text: str) -> str:
    """What a caller sent, short and printable, for an error text."""
    plain = "".join(c if c.isprintable() else "?" for c in text[:40])
    return plain + ("…" if len(text) > 40 else "")


def _value(param: Param, text: str) -> Any:
    if param.kind in {"ids", "words"}:
        return _list(param, text)
    if param.kind == "limit":
        return _limit(param, text)
    if param.kind in {"time", "moment"}:
        return _time(param, text) if text else None
    if param.kind == "position":
        return _position(param, text)
    if param.kind == "language":
        return text.lower() if text.lower() in param.words else ""
    if param.kind == "word" and text and text not in param.words:
        raise _bad(param, f"{shown(text)} is none of {', '.join(param.words)}")
    return text


def _list(param: Param, text: str) -> frozenset[str] | None:
    if not text.strip():
        return None
    parts = frozenset(part.strip().casefold() for part in text.split(",") if part.strip())
    if param.kind == "words" and (wrong := sorted(parts.difference(param.words))):
        raise _bad(param, f"{shown(wrong[0])} is none of {', '.join(param.words)}")
    if any(len(part) > ID_CHARACTERS for part in parts):
        raise _bad(param, f"an id has at most {ID_CHARACTERS} characters")
    return parts


def _limit(param: Param, text: str) -> int:
    if not text:
        return LIMIT_DEFAULT
    if not _NUMBER.fullmatch(text) or not 1 <= int(text) <= LIMIT_MAX:
        raise _bad(param, f"must be a whole number from 1 to {LIMIT_MAX}")
    return int(text)


def _position(param: Param, text: str) -> Any:
    try:
        return cursor.decode(text)
    except RequestError as error:
        raise _bad(param, error.detail) from error


def _time(param: Param, text: str) -> datetime:
    """RFC 3339, or a day alone (its first moment in UTC). A blank before the offset was a plus sign once."""
    with contextlib.suppress(ValueError, OverflowError):  # no such day, hour or offset, or before the year 1
        if _DAY.fullmatch(text):
            return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)
        if found := _TIME.fullmatch(text):
            return _moment(found)
    raise _bad(param, "must be a time as 2022-12-18T00:56:00Z or 2022-12-18T08:56:00+08:00, or a day as 2022-12-18")


def _moment(found: re.Match[str]) -> datetime:
    day, clock, fraction, sign, hours, minutes = found.groups()
    local = datetime.fromisoformat(f"{day}T{clock}").replace(microsecond=int((fraction or "0")[:6].ljust(6, "0")))
    if not sign:
        return local.replace(tzinfo=timezone.utc)
    if int(hours) > 23 or int(minutes) > 59:
        raise ValueError("no such offset")
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return local.replace(tzinfo=timezone(-offset if sign == "-" else offset)).astimezone(timezone.utc)


def _bad(param: Param, why: str) -> RequestError:
    return RequestError(400, f"{param.name}: {why}")
