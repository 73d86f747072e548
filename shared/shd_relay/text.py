"""Hygiene for text that comes from upstream: what remains is safe to encode, sign and put in XML; it is not escaped.

Markup stays as text: each outlet has its own escaper.
"""

from __future__ import annotations

import re

_NOT_TEXT = re.compile(r"[\ud800-\udfff\ufffe\uffff]")  # no UTF-8, or no XML, can carry these
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_REPLACEMENT = "\ufffd"
LONGEST = 50_000  # characters: a change holds a text up to four times, and must fit into one entry of the log
_CUT = "…"


def clean_text(text: str) -> str:
    """A text of several lines: line ends become \\n, tabs stay, other control characters become blanks.

    One that is longer than LONGEST is cut, visibly.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    clean = _CONTROLS.sub(" ", _NOT_TEXT.sub(_REPLACEMENT, lines)).strip()
    return clean if len(clean) <= LONGEST else clean[: LONGEST - 1] + _CUT


def clean_line(text: str) -> str:
    """A title, a name or an id: one line, every run of white space one blank."""
    return " ".join(clean_text(text).split())
