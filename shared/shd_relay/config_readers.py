"""Readers of one value of the config each. A reader that meets a mistake notes it and returns a stand-in, so that all
mistakes are found in one go; whoever holds the notes raises before anybody sees a stand-in."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date

from shd_relay import config_checks
from shd_relay.config_yaml import Mapping, Node, Text
from shd_relay.config_yaml import Sequence as Items

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_COUNT = re.compile(r"0|[1-9][0-9]{0,8}")
_TRUE, _FALSE = frozenset({"true", "yes", "on"}), frozenset({"false", "no", "off"})

Fields = dict[str, Node]


class Notes:
    """The mistakes of one file, in the order in which they were met."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._found: list[tuple[int, str]] = []

    def add(self, node: Node, problem: str) -> None:
        self.add_at(node.line, node.path, problem)

    def add_at(self, line: int, path: str, problem: str) -> None:
        self._found.append(
            (line, f"{self._name}:{line}: {path}: {problem}" if path else f"{self._name}:{line}: {problem}")
        )

    def lines(self) -> list[str]:
        return [text for _, text in sorted(self._found, key=lambda note: note[0])]


def is_null(node: Node) -> bool:
    """A key with nothing behind it, such as a list whose lines are all commented out."""
    return isinstance(node, Text) and node.type == "null"


def read_fields(
    node: Node, notes: Notes, *, required: Sequence[str], optional: Sequence[str] = (), secret: bool = False
) -> Fields:
    """The known keys of a mapping. In a `secret` one no unknown key is repeated: it may be what should be hidden."""
    if not isinstance(node, Mapping):
        notes.add(node, f"must be a mapping with {', '.join((*required, *optional))}")
        return {}
    known = (*required, *optional)
    fields: Fields = {}
    meant = set()
    for key, line, value in node.entries:
        if key not in known:
            notes.add_at(line, node.path, _unknown(key, known, secret=secret))
            meant.add(config_checks.nearest(key, known))
        elif key in fields:
            notes.add_at(line, value.path, f"stands here twice, first in line {fields[key].line}")
        else:
            fields[key] = value
    for key in required:
        if key not in fields and key not in meant:  # one misspelt key is one mistake
            notes.add(node, f"{key} is missing")
    return fields


def _unknown(key: str, known: Sequence[str], *, secret: bool) -> str:
    name = "unknown key" if secret else f"unknown key {config_checks.shown(key)}"
    return name + config_checks.hint(key, known)


def read_items(node: Node | None, notes: Notes) -> tuple[Node, ...]:
    """The items of a list; none if the key is absent or has nothing behind it."""
    if node is None or is_null(node):
        return ()
    if not isinstance(node, Items):
        notes.add(node, "must be a list")
        return ()
    return node.items


def read_plain(node: Node | None, notes: Notes) -> str | None:
    """The text of a scalar as it is written; None if there is none, which is noted unless the key is missing."""
    if node is None:
        return None
    if isinstance(node, Text) and node.text and not is_null(node):
        return node.text
    notes.add(node, "must not be empty" if isinstance(node, Text) else "must be a single value")
    return None


def read_checked(node: Node | None, notes: Notes, check: Callable[[str], str]) -> str:
    """A text that `check` lets pass; `check` raises ValueError with what is wrong. Stand-in: empty."""
    text = read_plain(node, notes)
    if node is None or text is None:
        return ""
    try:
        return check(text)
    except ValueError as error:
        notes.add(node, str(error))
        return ""


def read_name(node: Node | None, notes: Notes) -> str:
    """A name for people: one line of printable text."""
    return read_checked(node, notes, _check_name)


def _check_name(text: str) -> str:
    if not text.isprintable() or not text.strip() or len(text) > 200:
        raise ValueError("must be one line of 1 to 200 printable characters")
    return text.strip()


def read_flag(node: Node | None, notes: Notes) -> bool:
    """True or false; false if the key is absent."""
    if node is None:
        return False
    if isinstance(node, Text) and node.type == "bool" and node.text.lower() in _TRUE | _FALSE:
        return node.text.lower() in _TRUE
    notes.add(node, "must be true or false, without quotes")
    return False


def read_count(node: Node | None, notes: Notes) -> int:
    """A whole number from 0; 0 if the key is absent."""
    if node is None:
        return 0
    if isinstance(node, Text) and node.type == "int" and _COUNT.fullmatch(node.text):
        return int(node.text)
    notes.add(node, "must be a whole number from 0")
    return 0


def read_date(node: Node | None, notes: Notes) -> date | None:
    """A day, with or without quotes."""
    text = read_plain(node, notes)
    if node is None or text is None:
        return None
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        notes.add(node, f"is no day of the calendar: {text}")
        return None
    notes.add(node, f"must be a date such as 2026-12-31, is {config_checks.shown(text)}")
    return None


def read_ids(node: Node | None, notes: Notes) -> tuple[str, ...] | None:
    """A list of ids; None for `all`. An empty list is a mistake: it would watch, or show, nothing."""
    if node is None or (isinstance(node, Text) and node.text.lower() == "all"):
        return None
    if not isinstance(node, Items) or not node.items:
        notes.add(node, 'must be a list of ids, or "all"')
        return ()
    ids = tuple(read_checked(item, notes, _check_listed_id) for item in node.items)
    for place in config_checks.repeated(ids):
        if ids[place]:
            notes.add(node.items[place], f"{ids[place]} stands in the list twice")
    return ids


def _check_listed_id(text: str) -> str:
    if text.lower() == "all":
        raise ValueError('write "all" alone, in place of the list')
    return config_checks.check_id(text)
