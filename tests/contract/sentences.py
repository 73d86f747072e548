"""Which test proves which sentence of ports.py.

A test of the contract quotes what it proves, word by word: `@proves(Store.append, "Never overwrites.")`. A sentence
with a semicolon is two: each half is quoted for itself. test_sentences.py finds what nobody proves.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

_END = re.compile(r"(?<!\.\.)(?<=[.;])\s+")  # but not after three dots


class Sentence(NamedTuple):
    """`owner` is the port or value type, or its method, as `Store.append`; empty for the module."""

    owner: str
    text: str


def proves(owner: Callable[..., Any], *texts: str) -> pytest.MarkDecorator:
    """Marks a test as a proof of these sentences of the docstring of `owner`."""
    return pytest.mark.proves(owner.__qualname__, *texts)


def sentences_of(source: str) -> Iterator[Sentence]:
    """All that the docstrings of a module, its classes and their methods say. What has none says an empty text."""
    tree = ast.parse(source)
    yield from _said("", tree)
    for kind in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        yield from _said(kind.name, kind)
        for method in (node for node in kind.body if isinstance(node, ast.FunctionDef)):
            yield from _said(f"{kind.name}.{method.name}", method)


def _said(owner: str, node: ast.Module | ast.ClassDef | ast.FunctionDef) -> Iterator[Sentence]:
    text = " ".join((ast.get_docstring(node) or "").split())
    yield from (Sentence(owner, part) for part in _END.split(text))


def quotes_of(test: Callable[..., Any]) -> Iterator[Sentence]:
    """What a test claims to prove."""
    for mark in getattr(test, "pytestmark", []):
        if mark.name == "proves":
            owner, *texts = mark.args
            yield from (Sentence(owner, text) for text in texts)
