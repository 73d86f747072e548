"""Shapes of single variables. Each check raises ValueError with what is wrong, without the variable's name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl

from msgspec import Struct

from shd_relay import catalogue, config_checks

TABLESTORE_SHAPE = "tablestore://INSTANCE?endpoint=https://INSTANCE.REGION.ots.aliyuncs.com"

_NUMBER = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")
_QUERY = re.compile(r"[A-Za-z0-9._~=&%/-]+")
_TOPIC = re.compile(r"[A-Za-z0-9-]{1,120}")
_INSTANCE = re.compile(r"[A-Za-z0-9-]{1,64}")
_PREFIX = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_DAY = 86_400


class SqliteAddress(Struct, frozen=True):
    """A file; a relative one belongs to the current folder."""

    path: Path


class TablestoreAddress(Struct, frozen=True, kw_only=True):
    """An instance, where it answers, and what the names of its tables begin with."""

    instance: str
    endpoint: str
    prefix: str = "shd_"


StoreAddress = SqliteAddress | TablestoreAddress

SourceChoice = Literal["auto", "list-events", "in-progress"]
_SOURCES: dict[str, SourceChoice] = {
    "auto": "auto", "list-events": "list-events", "in-progress": "in-progress"
}  # fmt: skip


def check_seconds(text: str) -> float:
    seconds = _number(text)
    if not 0 < seconds <= _DAY:
        raise ValueError(f"must be above 0 and at most {_DAY} seconds, is {config_checks.shown(text)}")
    return seconds


def check_rate(text: str) -> float:
    rate = _number(text)
    if rate <= 0:
        raise ValueError(f"must be above 0 calls per second, is {config_checks.shown(text)}")
    return rate


def check_rate_max(text: str) -> float | None:
    """The ceiling; None for 0, which means none."""
    return _number(text) or None


def _number(text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"must be a number such as 5 or 0.5, is {config_checks.shown(text)}")
    return float(text)


def check_topic(text: str) -> str:
    if not _TOPIC.fullmatch(text):
        raise ValueError(f"must be 1 to 120 letters, digits or '-', is {config_checks.shown(text)}")
    return text


def check_source(text: str) -> SourceChoice:
    if text not in _SOURCES:
        raise ValueError(f"must be auto, list-events or in-progress, is {config_checks.shown(text)}")
    return _SOURCES[text]


def check_witness(text: str) -> str:
    """The address of one of the dashboard's own endpoints; a query is fine, and `{region}` where a region goes."""
    base, mark, query = text.replace("{region}", "region").partition("?")
    config_checks.check_base_url(base)
    if mark and not _QUERY.fullmatch(query):
        raise ValueError("has a query that is not one of a URL; {region} is what stands for a region")
    return text


def check_products(text: str) -> tuple[str, ...]:
    return _ids(text, catalogue.shipped().products)


def check_regions(text: str) -> tuple[str, ...]:
    return _ids(text, catalogue.shipped().regions)


def _ids(text: str, everything: tuple[str, ...]) -> tuple[str, ...]:
    """A comma list of ids, or `all`."""
    if text.lower() == "all":
        return everything
    ids = tuple(config_checks.check_id(part.strip()) for part in text.split(","))
    if twice := config_checks.repeated(ids):
        raise ValueError(f"names {ids[twice[0]]} twice")
    if "all" in (part.lower() for part in ids):
        raise ValueError("must be ids, or all alone")
    return ids


def parse_store(text: str) -> StoreAddress:
    """`sqlite:///relative`, `sqlite:////absolute`, or `tablestore://INSTANCE?endpoint=URL[&prefix=shd_]`."""
    scheme, mark, rest = text.partition("://")
    if mark and scheme == "sqlite":
        return _sqlite(rest)
    if mark and scheme == "tablestore":
        return _tablestore(rest)
    raise ValueError(f"must be sqlite:///PATH or {TABLESTORE_SHAPE}")


def _sqlite(rest: str) -> SqliteAddress:
    path = rest.removeprefix("/")
    if path == rest or not path or path.endswith("/") or ":memory:" in path or set("?#") & set(path):
        raise ValueError("must name a file: sqlite:///PATH in the current folder, or sqlite:////PATH from the root")
    if not path.isprintable():
        raise ValueError("must name a file by printable characters")
    return SqliteAddress(Path(path))


def _tablestore(rest: str) -> TablestoreAddress:
    instance, _, query = rest.partition("?")
    if not _INSTANCE.fullmatch(instance.removesuffix("/")):
        raise ValueError(f"must name an instance by letters, digits and '-', as in {TABLESTORE_SHAPE}")
    fields = parse_qsl(query, keep_blank_values=True)
    options = dict(fields)
    for name in options:
        if name not in ("endpoint", "prefix"):
            raise ValueError(f"has an unknown option{config_checks.hint(name, ('endpoint', 'prefix'))}")
    if len(options) < len(fields):
        raise ValueError("has an option twice")
    return TablestoreAddress(
        instance=instance.removesuffix("/"),
        endpoint=_tablestore_endpoint(options.get("endpoint", "")),
        prefix=_prefix(options.get("prefix", "shd_")),
    )


def _tablestore_endpoint(text: str) -> str:
    if not text:
        raise ValueError(f"needs an endpoint, as in {TABLESTORE_SHAPE}")
    try:
        return config_checks.check_endpoint(text)
    except ValueError as error:
        raise ValueError(f"the endpoint {error}") from error


def _prefix(text: str) -> str:
    if not _PREFIX.fullmatch(text):
        raise ValueError(f"the prefix must be letters, digits and '_', is {config_checks.shown(text)}")
    return text
