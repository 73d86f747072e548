"""The schemas of the OpenAPI document: made from the structs and the message's schema where there are some, else data.

A schema that a route names (`Route.schema`) is here under that name; a test asks every route for its answer and holds
it against them.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import msgspec

from shd_relay.web import openapi_reports, openapi_support
from shd_relay.web.openapi_parts import REF, Schema, of
from shd_relay.web.openapi_parts import TEXT as _TEXT
from shd_relay.web.openapi_parts import object_of as _object

_NAMES = {"time": "Time", "timeOrNull": "TimeOrNull", "kind": "Kind", "change": "Verb", "state": "State",
          "updates": "Updates", "event": "PushedEvent"}  # fmt: skip
"""What the definitions of the message's schema are called here."""

_STRUCTS = {
    "Status": "status_view.StatusView",
    "Check": "readiness.Check",
    **{
        name: f"statuspage_shapes.{name}"
        for name in ("StatuspageSummary", "StatuspageStatus", "StatuspageComponents", "StatuspageIncidents",
                     "StatuspageMaintenances")
    },
}  # fmt: skip
"""Answers that are structs: the name of the schema -> module and struct."""

_TIMES = {"as_of", "since", "scheduled_for", "scheduled_until", "shd_end"}
_CURSOR: Schema = {"description": "null: there is no more.", "type": ["string", "null"]}
_MILLISECONDS: Schema = {"description": "Milliseconds since 1970.", "type": "integer"}


def schemas() -> Schema:
    """Every component schema, by name."""
    return {**_own(), **_message(), **_structs()}


def _own() -> Schema:
    return {
        "Events": _object({"events": {"type": "array", "items": of("Event")}, "next": _CURSOR}),
        "Changes": _object({"changes": {"type": "array", "items": of("Change")}, "next": _CURSOR}),
        **openapi_support.schemas(),
        **openapi_reports.schemas(),
        "Health": _object({"status": {"const": "ok"}}),
        "Readiness": _object(
            {
                "status": {"enum": ["pass", "warn", "fail"]},
                "checks": {"type": "object", "additionalProperties": {"type": "array", "items": of("Check")}},
            },
            "One check a part; the worst of them is the whole's.",
        ),
        **_problems(),
        **_shd(),
    }  # fmt: skip


def _problems() -> Schema:
    problem = {
        "type": {"type": "string", "format": "uri-reference"}, "title": _TEXT,
        "status": {"type": "integer", "minimum": 400, "maximum": 599}, "detail": _TEXT,
        "request_id": {"description": "Names the request in the logs.", "type": "string"},
    }  # fmt: skip
    return {"Problem": _object(problem, "RFC 9457.")}


def _shd() -> Schema:
    """SHD's own shapes and casing."""
    item: Schema = {
        "Title": {"type": "string"},
        "CurrentStateSeverity": {"description": "ALARM, NOTIFICATION, NORMAL, or another word of SHD.", **_TEXT},
        "SartTime": {**_MILLISECONDS, "description": "As `StartTime`; so SHD spells it."},
        "StartTime": _MILLISECONDS,
        "EndTime": {"description": "null while it goes on.", "type": ["integer", "null"]},
    }
    answer: Schema = {
        "RequestId": {"type": "string"}, "Code": {"const": 200}, "HTTPCode": {"const": 200},
        "Success": {"const": "true"},
        "Info": {"description": "`OK`, or what is wrong with the source: then an empty list is no good news.", **_TEXT},
        "Total": {"type": "integer", "minimum": 0}, "Data": {"type": "array", "items": of("ListedEvent")},
    }  # fmt: skip
    error: Schema = {"RequestId": {"type": "string"}, "HostId": {"type": "string"}, "Code": _TEXT, "Message": _TEXT,
             "Recommend": {"type": "string", "format": "uri"}}  # fmt: skip
    return {"ListEvents": _object(answer), "ListedEvent": _object(item), "ShdError": _object(error)}


def _message() -> Schema:
    """`Change` and its parts, from the schema that is shipped, and `Event`, which may have revision 0 and tells a
    partner of its plan."""
    file = Path(__file__).parents[1] / "schemas" / "change.v1.json"
    whole = _pointed(msgspec.json.decode(file.read_bytes()))
    parts = {_NAMES[name]: schema for name, schema in whole.pop("$defs").items()}
    change = {name: value for name, value in whole.items() if not name.startswith("$")}
    pushed = parts["PushedEvent"]
    revision = {"description": "0: history, which was never pushed.", "type": "integer", "minimum": 0}
    own = {"revision": revision, "support": of("Support")}
    event = pushed | {"description": "One event.", "properties": pushed["properties"] | own}
    return {"Event": event, "Change": change, **parts}


def _pointed(schema: Any) -> Any:
    """The schema with its references to definitions pointing at our components."""
    if isinstance(schema, list):
        return [_pointed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    given = schema.get("$ref", "")
    if isinstance(given, str) and given.startswith("#/$defs/"):
        schema = schema | of(_NAMES[given.rpartition("/")[2]])
    return {name: value if name == "$ref" else _pointed(value) for name, value in schema.items()}


def _structs() -> Schema:
    """The answers that are structs, each under the name that its route has for it, with what they are made of."""
    types = [_struct(place) for place in _STRUCTS.values()]
    roots, parts = msgspec.json.schema_components(types, ref_template=f"{REF}{{name}}")
    named = {name: root for name, root in zip(_STRUCTS, roots, strict=True) if name not in parts}
    return {name: _timed(schema) for name, schema in parts.items()} | named


def _struct(place: str) -> Any:
    module, _, name = place.rpartition(".")
    return getattr(importlib.import_module(f"shd_relay.web.{module}"), name)


def _timed(schema: Schema) -> Schema:
    """A struct's schema that says which of its texts are times: those whose name says so."""
    times = {
        name: of("TimeOrNull") if "anyOf" in value else of("Time")
        for name, value in schema.get("properties", {}).items()
        if name in _TIMES or name.endswith("_at")
    }
    return schema | {"properties": schema.get("properties", {}) | times}
