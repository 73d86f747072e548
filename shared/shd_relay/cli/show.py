"""What the commands print: lines, JSON, and tables for people. Upstream text cannot steer the terminal."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

_NO_END = 10_000  # columns of what is no terminal


def prepare() -> None:
    """What the terminal's encoding lacks is shown as an escape, and is no error. A stream that is closed takes all."""
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - as the interpreter's
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def plain(text: str) -> str:
    """The text without what a terminal would obey: control characters, and marks that turn the reading order."""
    return "".join(c for c in text if c.isprintable() or c == "\n")


def line(text: str) -> None:
    sys.stdout.write(plain(text) + "\n")
    sys.stdout.flush()


def as_json(value: Any) -> None:
    """Indented, times in RFC 3339. Where the output is not in Unicode, what is not ASCII stands as JSON's escapes."""
    unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    sys.stdout.write(json.dumps(msgspec.to_builtins(value), indent=2, ensure_ascii=not unicode) + "\n")
    sys.stdout.flush()


def no_more() -> None:
    """What could not be written is not tried again when the interpreter ends, which would be a second error."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def fail(text: str, code: int) -> int:
    """Each line of it on the standard error; the code."""
    for each in text.splitlines():
        sys.stderr.write(f"error: {plain(each)}\n")
    return code


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[str] = ()) -> None:
    """A table as wide as its content; at a terminal at most as wide as that, and cells wrap. A cell may have several
    lines. `right` names columns of numbers."""
    from rich import box  # heavy, and only for who reads a table
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    class Raising(Console):
        def on_broken_pipe(self) -> None:  # its own ends the process
            raise BrokenPipeError

    filled = [[plain(cell) for cell in row] for row in rows]
    stacked = any("\n" in cell for row in filled for cell in row)
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold", leading=int(stacked))
    for column in columns:
        made.add_column(Text(column), justify="right" if column in right else "left", overflow="fold")
    for row in filled:
        made.add_row(*map(Text, row))
    width = None if sys.stdout.isatty() else _NO_END
    console = Raising(highlight=False, markup=False, emoji=False, width=width)
    with console.capture() as captured:
        console.print(made)
    for drawn in captured.get().splitlines():
        sys.stdout.write(drawn.rstrip() + "\n")
    sys.stdout.flush()
