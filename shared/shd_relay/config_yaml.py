"""The text of a config as a tree that knows its lines. Values stay as they are written: what `2026-01-01`, `no` or a
hash of nothing but digits means is for the reader to say, not for YAML's guess."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

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

    def __init__(self, problem: str, place: yaml.Event | yaml.Node) -> None:
        line = place.start_mark.line + 1 if place.start_mark else 1
        super().__init__(f"{line}: {problem}")


def read(text: str, name: str) -> Node | None:
    """The tree; None if the text says nothing. Raises SettingsError with one line for what is no plain YAML."""
    if len(text) > MAX_BYTES:
        raise SettingsError([f"{name}: is larger than {MAX_BYTES:,} characters"])
    import yaml

    try:
        root = _loader(text).get_single_node()
        return None if root is None else _convert(root, "")
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


def _loader(text: str) -> yaml.SafeLoader:
    import yaml

    class PlainLoader(yaml.SafeLoader):
        """Composes nodes only; no aliases (a few lines of them can stand for gigabytes), no endless nesting."""

        depth = 0

        def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
            event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
            if isinstance(event, yaml.AliasEvent):
                raise _Refused("aliases are not accepted, write the value out", event)
            if self.depth >= _MAX_DEPTH:
                raise _Refused("is nested too deeply", event)
            self.depth += 1
            node = super().compose_node(parent, index)
            self.depth -= 1
            return node

    return PlainLoader(text)


def _convert(node: yaml.Node, path: str) -> Node:
    import yaml

    line = node.start_mark.line + 1
    kind = node.tag.removeprefix(_STANDARD)
    if isinstance(node, yaml.ScalarNode) and kind in _TYPES:
        return Text(line, path, node.value, kind)
    if isinstance(node, yaml.SequenceNode) and kind == "seq":
        items = (_convert(item, f"{path}[{place}]") for place, item in enumerate(node.value))
        return Sequence(line, path, tuple(items))
    if isinstance(node, yaml.MappingNode) and kind == "map":
        return Mapping(line, path, tuple(_entry(key, value, path) for key, value in node.value))
    raise _Refused("tags are not accepted", node)


def _entry(key: yaml.Node, value: yaml.Node, path: str) -> tuple[str, int, Node]:
    import yaml

    if not isinstance(key, yaml.ScalarNode):
        raise _Refused("a key must be a word", key)
    return key.value, key.start_mark.line + 1, _convert(value, f"{path}.{key.value}" if path else key.value)
