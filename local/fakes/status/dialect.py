"""How answers are spelt: what all operations have in common, each with a switch."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, Literal

Document = dict[str, Any]

_FIRST_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]")  # HTTP of HTTPCode, R of RequestId


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How the answer is spelt. The defaults are what the published Java client reads."""

    start_key: Literal["SartTime", "StartTime", "sartTime", "startTime"] = "SartTime"
    success: Literal["text", "bool"] = "text"
    code: Literal["int", "text"] = "int"
    open_end: Literal["null", "zero", "absent"] = "null"
    empty_data: Literal["list", "null", "absent"] = "list"
    with_total: bool = True
    total_off_by: int = 0
    times: Literal["milliseconds", "seconds"] = "milliseconds"
    duplicates: bool = False
    shuffled: bool = False
    padded: bool = False
    unknown_keys: bool = False


def envelope(total: int, dialect: Dialect, request_id: str) -> Document:
    """What stands around the list."""
    document: Document = {
        **identified(dialect, request_id),
        "Code": "200" if dialect.code == "text" else 200,
        "HTTPCode": 200,
        "Success": True if dialect.success == "bool" else "true",
        "Info": "成功处理",
    }
    if dialect.with_total:
        document["Total"] = total + dialect.total_off_by
    return document


def identified(dialect: Dialect, request_id: str) -> Document:
    return {"RequestId": f" {request_id}\n" if dialect.padded else request_id}


def disordered(items: list[Document], dialect: Dialect, seed: str) -> list[Document]:
    """Each item twice, or all in another order, where the dialect says so."""
    if dialect.duplicates:
        items = [item for item in items for _ in range(2)]
    if dialect.shuffled:
        random.Random(seed).shuffle(items)
    return items


def listed(items: list[Document], dialect: Dialect) -> Document:
    return spelt("Data", items, dialect.empty_data)


def spelt(key: str, items: list[Document], empty: Literal["list", "null", "absent"]) -> Document:
    """A list under its key, in one of three ways when it is empty."""
    if items or empty == "list":
        return {key: items}
    return {key: None} if empty == "null" else {}


def ending(key: str, end: datetime | None, dialect: Dialect) -> Document:
    """A time under its key, in one of three ways when there is none."""
    if end is not None:
        return {key: epoch(end, dialect)}
    if dialect.open_end == "absent":
        return {}
    return {key: None if dialect.open_end == "null" else 0}


def epoch(moment: datetime, dialect: Dialect) -> int:
    unit = timedelta(seconds=1) if dialect.times == "seconds" else timedelta(milliseconds=1)
    return (moment - datetime.fromtimestamp(0, timezone.utc)) // unit


def unknown_to_all(dialect: Dialect) -> Document:
    return {"TraceId": {"unknown": [1, None, "é"]}} if dialect.unknown_keys else {}


def unknown_to_items(dialect: Dialect) -> Document:
    return {"EventType": {"unknown": True}} if dialect.unknown_keys else {}


def camel_cased(value: Any) -> Any:
    """The same with keys that begin in lower case, all the way down: requestId, httpCode."""
    if isinstance(value, dict):
        return {_FIRST_WORD.sub(lambda word: word[0].lower(), key, count=1): camel_cased(value[key]) for key in value}
    return [camel_cased(item) for item in value] if isinstance(value, list) else value
