"""The little of Markdown that the page needs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

WIDTH = 120


def wrapped(text: str) -> str:
    """One paragraph, at most WIDTH wide."""
    return textwrap.fill(" ".join(text.split()), WIDTH, break_long_words=False, break_on_hyphens=False)


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Columns whose cells are numbers, with or without a unit, stand to the right."""
    cells = [[str(cell) for cell in row] for row in rows]
    rules = ("---:" if all(_is_number(row[n]) for row in cells) else "---" for n in range(len(heads)))
    lines = [heads, list(rules), *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _is_number(cell: str) -> bool:
    return cell == "" or cell.lstrip("+-")[:1].isdigit()
