"""A report as one HTML page: whole in itself, without a script, for screens and for A4.

The same report gives the same bytes: nothing here reads a clock, and no id is random. Jinja2 fills the templates beside
this module; the house's own escaper (web/markup.py) escapes every value, so that hostile titles are text wherever they
stand. Only who asks for a report loads any of this.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from shd_relay.reports import figures, groups, heat, pictures, saying, telling
from shd_relay.reports.shapes import CriticalSupport, ProductUsage, Report, ServiceSummary
from shd_relay.web.markup import escape

_FOLDER = Path(__file__).with_name("templates")

MOST_ROWS = 150
"""Of any table. What is left out is counted below it, and stands in JSON and CSV."""
MOST_BLOCKS = 25
"""Critical events that are told at length."""
MOST_MOMENTS = 80
_T = TypeVar("_T")


def render(report: Report) -> bytes:
    """The page in UTF-8."""
    say = saying.saying(report.head)
    template = _environment().get_template(f"{report.head.report}.jinja")
    text: str = template.render(
        report=report,
        head=report.head,
        say=say,
        style=Markup(_style()),  # noqa: S704
        summary=telling.summary(report, say),
        figures=figures.figures(report),
        **_parts(report, say),
    )
    return text.encode()


@lru_cache(maxsize=1)
def policy() -> str:
    """The Content-Security-Policy to serve it with: nothing may load or run but the one style of ours."""
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _parts(report: Report, say: saying.Saying) -> dict[str, Any]:
    if isinstance(report, ServiceSummary):
        return {
            "availability": pictures.availability(report),
            "heat": heat.heat(report.by_pair) if report.by_pair else None,
            "longest": pictures.longest(report, say) if report.longest else None,
        }
    if isinstance(report, CriticalSupport):
        return {"blocks": figures.blocks(report, MOST_BLOCKS)}
    assert isinstance(report, ProductUsage)  # noqa: S101
    return {"products": figures.by_product(report, MOST_ROWS), "happened": figures.happened(report)}


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, finalize=_visible,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, auto_reload=False,
    )  # fmt: skip
    environment.globals |= {"saying": saying, "pictures": pictures, "figures_of": figures, "grouped": groups.grouped,
                            "most_rows": MOST_ROWS, "most_moments": MOST_MOMENTS}  # fmt: skip
    environment.filters |= {"capped": _capped}
    return environment


def _visible(value: object) -> object:
    """As text, what would hide or turn other text made visible; markup of the templates' own stays as it is."""
    return value if hasattr(value, "__html__") else Markup(escape(value))  # noqa: S704


def _capped(rows: Sequence[_T], most: int = MOST_ROWS) -> Sequence[_T]:
    return rows[:most]


@lru_cache(maxsize=1)
def _style() -> str:
    return (_FOLDER / "report.css").read_text(encoding="utf-8")
