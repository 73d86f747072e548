"""XML in and out. Input: local names only, any namespace. Output: one namespace, and never an empty element."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from local.fakes.mns.errors import MnsError

NAMESPACE = "http://mns.aliyuncs.com/doc/v1/"
Value = str | int | None


def body_md5(text: str) -> str:
    """MessageBodyMD5: upper-case hex over the UTF-8 bytes of the body text."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest().upper()


def local_name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def parse(body: bytes, *roots: str) -> ElementTree.Element:
    """The root element, which must bear one of these names. A document type is refused: it can name entities."""
    try:
        text = body.decode("utf-8")
        if "<!DOCTYPE" in text:
            raise MnsError("MalformedXML", "A document type declaration is not accepted.")
        root = ElementTree.fromstring(text)  # noqa: S314 - without a document type there are no entities to expand
    except (UnicodeDecodeError, ElementTree.ParseError) as error:
        raise MnsError("MalformedXML") from error
    if local_name(root) not in roots:
        raise MnsError("MalformedXML")
    return root


def fields(element: ElementTree.Element) -> dict[str, str]:
    """The text of each child that has no children of its own, by local name; empty ones are left out."""
    return {local_name(child): child.text for child in element if child.text and not len(child)}


def number(text: str, low: int, high: int) -> int:
    """A decimal number within these limits, both included; else InvalidArgument."""
    if not (text.isascii() and text.isdigit() and len(text) < 10 and low <= int(text) <= high):
        raise MnsError("InvalidArgument", f"A number is not between {low} and {high}.")
    return int(text)


def element(name: str, children: Iterable[tuple[str, Value]]) -> str:
    """`<name>` with one element for each child that has a value: the SDK dies on some empty elements."""
    # A carriage return must go out as a reference, or the reader's XML parser turns it into a line feed.
    parts = (
        f"<{child}>{escape(str(value), {chr(13): '&#13;'})}</{child}>"
        for child, value in children
        if value is not None and value != ""
    )
    return f"<{name}>{''.join(parts)}</{name}>"


def document(name: str, children: Iterable[tuple[str, Value]]) -> bytes:
    return _finish(name, element(name, children))


def listing(name: str, elements: Iterable[str], tail: Iterable[tuple[str, Value]] = ()) -> bytes:
    """A root around ready elements; `tail` are plain children after them."""
    inner = element(name, tail)
    opening = len(name) + 2
    return _finish(name, inner[:opening] + "".join(elements) + inner[opening:])


def _finish(name: str, xml: str) -> bytes:
    return f'<?xml version="1.0" encoding="utf-8"?><{name} xmlns="{NAMESPACE}">{xml[len(name) + 2 :]}'.encode()
