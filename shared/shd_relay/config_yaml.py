"""The text of a config as a tree that knows its lines. Values stay as they are written: what `2026-01-01`, `no` or a
hash of nothing but digits means is for the reader to say, not for YAML's guess."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from shd_relay.errors import SettingsError

if TYPE_CHECKING:
    import yaml

MAX_BYTES = 1_000_000
_MAX_DEPTH = 20
_STANDARD = "tag:yaml.org,2002:"
_TYPES = frozenset({"str", "int", "float", "bool", "null", "timestamp", "merge", "value"})
# PyYAML quotes words of the file in its messages, and one of them may be a token; marks such as ':' and '<scalar>' stay
_QUOTED = re.compile(r"(['\"])(?!<[a-z ]+>\1).{3,}\1")


class Text(Struct, frozen=True):
    """A scalar. `type` is what YAML takes it for: str, int, float, bool, timestamp, null."""

    line: int
    path: str
    text: str
    type: str


class Sequence(Struct, frozen=True):
    line: int
    path: str
    items: tuple[Node, ...]


class Mapping(Struct, frozen=True):
    """Entries as written, duplicates included: (key, its line, value)."""

    line: int
    path: str
    entries: tuple[tuple[str, int, Node], ...]


Node = Text | Sequence | Mapping


class _Refused(Exception):
    """YAML that we do not take, though it is valid."""

    def __init__(self, problem: str, place: yaml.Event) -> None:
        super().__init__(f"{_line(place)}: {problem}")


def read(text: str, name: str) -> Node | None:
    """The tree; None if the text says nothing. Raises SettingsError with one line for what is no plain YAML."""
    if len(text) > MAX_BYTES:
        raise SettingsError([f"{name}: is larger than {MAX_BYTES:,} characters"])
    import yaml

    try:
        return _tree(text)
    except _Refused as refused:
        raise SettingsError([f"{name}:{refused}"]) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise SettingsError([f"{name}:{line}: {_without_words(error.problem or 'cannot be read')}"]) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise SettingsError([f"{name}:{line}: holds a character that YAML does not allow"]) from None
    except (ValueError, OverflowError):  # PyYAML lets chr() fail on an escape such as "\UFFFFFFFF"
        raise SettingsError([f"{name}: holds an escape that stands for no character"]) from None


def _without_words(problem: str) -> str:
    return f"is not valid YAML: {_QUOTED.sub('(a word)', problem)}"


def _tree(text: str) -> Node | None:
    """By libyaml, where PyYAML has it: at a cold start PyYAML's own parser would take most of the time. What libyaml
    does not take is left to that parser, which says better what is wrong and where."""
    import yaml

    if yaml.__with_libyaml__:
        with contextlib.suppress(yaml.YAMLError, ValueError, OverflowError, _Refused):
            return _composed(yaml.CSafeLoader(text))
    return _composed(yaml.SafeLoader(text))


def _composed(loader: Any) -> Node | None:
    """The tree of the one document that the loader's events tell; None if there is none."""
    import yaml

    loader.get_event()  # the stream begins
    if loader.check_event(yaml.StreamEndEvent):
        return None
    loader.get_event()  # the document begins
    root = _node(loader, loader.get_event(), "", 0)
    loader.get_event()  # the document ends
    if not loader.check_event(yaml.StreamEndEvent):
        raise yaml.MarkedYAMLError(problem="but found another document", problem_mark=loader.peek_event().start_mark)
    return root


def _node(loader: Any, event: yaml.Event, path: str, depth: int) -> Node:
    """The node that begins with the event. No aliases (a few lines of them can stand for gigabytes), no endless
    nesting."""
    import yaml

    if isinstance(event, yaml.AliasEvent):
        raise _Refused("aliases are not accepted, write the value out", event)
    if depth >= _MAX_DEPTH:
        raise _Refused("is nested too deeply", event)
    line, kind = _line(event), _type(loader, event)
    if isinstance(event, yaml.ScalarEvent) and kind in _TYPES:
        return Text(line, path, event.value, kind)
    if isinstance(event, yaml.SequenceStartEvent) and kind == "seq":
        return Sequence(line, path, tuple(_items(loader, path, depth + 1)))
    if isinstance(event, yaml.MappingStartEvent) and kind == "map":
        return Mapping(line, path, tuple(_entries(loader, path, depth + 1)))
    raise _Refused("tags are not accepted", event)


def _type(loader: Any, event: Any) -> str:
    """The tag that is written there, or what the value looks like; short where it is one of YAML's own."""
    import yaml

    tag: str | None = event.tag
    if tag is None or tag == "!":
        if not isinstance(event, yaml.ScalarEvent):
            return "seq" if isinstance(event, yaml.SequenceStartEvent) else "map"
        tag = str(loader.resolve(yaml.ScalarNode, event.value, event.implicit))
    return tag.removeprefix(_STANDARD)


def _items(loader: Any, path: str, depth: int) -> Iterator[Node]:
    import yaml

    place = 0
    while not isinstance(event := loader.get_event(), yaml.SequenceEndEvent):
        yield _node(loader, event, f"{path}[{place}]", depth)
        place += 1


def _entries(loader: Any, path: str, depth: int) -> Iterator[tuple[str, int, Node]]:
    import yaml

    while not isinstance(key := loader.get_event(), yaml.MappingEndEvent):
        if isinstance(key, yaml.AliasEvent):
            raise _Refused("aliases are not accepted, write the value out", key)
        if not isinstance(key, yaml.ScalarEvent):
            raise _Refused("a key must be a word", key)
        value = _node(loader, loader.get_event(), f"{path}.{key.value}" if path else key.value, depth)
        yield key.value, _line(key), value


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1
