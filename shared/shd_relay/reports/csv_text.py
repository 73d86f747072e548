"""Reports as CSV: one table with one line of names, so that a spreadsheet opens and filters it as it is.

The first column, `section`, says what a row is about: a filter on it gives the table of that section, and columns that
a section has no use for are empty. Rows of section `report` are name and value. Times stand twice, in UTC and in the
partner's time zone, in the form that spreadsheets take for a time; durations are in seconds. UTF-8 with a byte order
mark, without which Excel does not read Chinese; lines end with CR LF (RFC 4180).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime, tzinfo
from typing import Any

from shd_relay.reports import csv_rows
from shd_relay.reports.csv_rows import Cells
from shd_relay.reports.period import zone_of
from shd_relay.reports.shapes import Report

_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""How a cell begins that a spreadsheet may take for a formula."""


def render(report: Report) -> bytes:
    rows = [dict(_cells(row, zone_of(report.head.time_zone))) for row in csv_rows.rows(report)]
    used = {name for row in rows for name in row}
    columns = [name for name in csv_rows.COLUMNS if name in used]
    text = io.StringIO(_BOM, newline="")
    text.seek(0, io.SEEK_END)
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8", "replace")


def _cells(row: Cells, zone: tzinfo) -> Iterator[tuple[str, str]]:
    for name, value in row.items():
        if isinstance(value, datetime):
            yield f"{name}_utc", _time(value)
            yield f"{name}_local", _time(value.astimezone(zone))
        elif value is not None:
            yield name, _cell(value)


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    if isinstance(value, (int, date)):
        return str(value)
    return guarded(str(value))


def guarded(text: str) -> str:
    """Text that a spreadsheet takes for text: before what looks like a formula stands an apostrophe, and what is no
    character (or breaks a row in some readers) is gone."""
    plain = "".join(c for c in text if c.isprintable() or c in "\t\r\n")
    return f"'{plain}" if plain.lstrip(" ").startswith(_FORMULA) else plain


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"
