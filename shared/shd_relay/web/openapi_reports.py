"""The schemas of the reports, made from their shapes."""

from __future__ import annotations

from typing import Any

import msgspec

from shd_relay.plans import REPORTS
from shd_relay.reports.shapes import CriticalSupport, ProductUsage, ServiceSummary
from shd_relay.web.openapi_parts import REF, TEXT, Schema, list_of, object_of, of

_SHAPES = (ServiceSummary, CriticalSupport, ProductUsage)
_NAMES = {shape.__name__ for shape in _SHAPES}


def schemas() -> Schema:
    """By name; the parts are called `Report...`, as other answers have a Scope or a Period, too."""
    _, parts = msgspec.json.schema_components(_SHAPES, ref_template=f"{REF}{{name}}")
    reports = object_of(
        {
            "name": {"enum": list(REPORTS)}, "title": TEXT, "entitled": {"type": "boolean"},
            "plans": list_of(TEXT, "The plans that it comes with."),
        }
    )  # fmt: skip
    return {
        "Reports": object_of({"reports": list_of(reports)}),
        "Report": {"anyOf": [of(_named(shape.__name__)) for shape in _SHAPES]},
        **{_named(name): _renamed(schema) for name, schema in parts.items()},
    }


def _named(name: str) -> str:
    return name if name in _NAMES else f"Report{name}"


def _renamed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_renamed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: f"{REF}{_named(value.removeprefix(REF))}" if key == "$ref" else _renamed(value)
        for key, value in schema.items()
    }
