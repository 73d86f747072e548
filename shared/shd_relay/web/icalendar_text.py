"""Content lines of iCalendar (RFC 5545, section 3.1): escaped, folded, and never more lines than were meant."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timezone

LINE_OCTETS = 75

_LINE_ENDS = re.compile("\r\n|[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")  # some parsers end a line at each of them
_DROPPED = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_ESCAPED = {"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\t": " "}
_SPECIAL = re.compile(r"[\\;,\n\t]")


def clean(text: str) -> str:
    """The text with line ends as \\n, without other control characters and without what turns the direction of
    writing."""
    return _DROPPED.sub("", _LINE_ENDS.sub("\n", text))


def escape(text: str) -> str:
    """As a value of type TEXT: one line, whatever the text holds."""
    return _SPECIAL.sub(lambda found: _ESCAPED[found[0]], clean(text))


def text_line(name: str, text: str) -> str:
    """A property of type TEXT."""
    return f"{name}:{escape(text)}"


def time_line(name: str, moment: datetime) -> str:
    """A property of type DATE-TIME in UTC; whole seconds, what is beyond them is cut off."""
    return f"{name}:{stamp(moment)}"


def stamp(moment: datetime) -> str:
    """As in `20221218T005600Z`."""
    utc = moment.astimezone(timezone.utc)
    return f"{utc.year:04d}{utc:%m%dT%H%M%S}Z"


def fold(line: str) -> bytes:
    """The line in pieces of at most 75 octets, no character torn apart; each piece after the first begins with a
    blank that is none of the text."""
    octets, pieces, start, room = line.encode(), [], 0, LINE_OCTETS
    while len(octets) - start > room:
        cut = start + room
        while octets[cut] & 0xC0 == 0x80:  # within a character
            cut -= 1
        pieces.append(octets[start:cut])
        start, room = cut, LINE_OCTETS - 1
    return b"\r\n ".join((*pieces, octets[start:]))


def document(lines: Iterable[str]) -> bytes:
    """The lines, folded, each with its line end."""
    return b"".join(fold(line) + b"\r\n" for line in lines)
