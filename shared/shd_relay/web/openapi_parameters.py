"""The parameters of the OpenAPI document, by kind."""

from __future__ import annotations

from typing import Any

from shd_relay.plans import REPORTS
from shd_relay.web.params import ID_CHARACTERS, LIMIT_DEFAULT, LIMIT_MAX, Param
from shd_relay.web.routes import Route

Json = dict[str, Any]

_DAY: Json = {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
_ID: Json = {"type": "string", "maxLength": ID_CHARACTERS}
_TEXT: Json = {"type": "string"}
_SOME: Json = {"type": "string", "pattern": r"[^\s\x1c-\x1f\x85]"}  # not blank; the controls are blanks to Python only
_TIME: Json = {"anyOf": [{"type": "string", "format": "date-time"}, _DAY]}
_KINDS: dict[str, Json] = {
    "ids": {"type": "array", "items": _ID},
    "time": _TIME,
    "moment": _TIME,
    "limit": {"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT_DEFAULT},
    "position": _TEXT,
    "language": _TEXT,  # no list of words: another word than those counts as absent
    "edge": _TIME,
    "text": _TEXT,
}
_OWN: dict[str, Json] = {
    "action": {"const": "ListEvents"},
    "version": {"const": "2020-01-17"},
    "format": {"const": "JSON"},
    "productid": _SOME,
    "regionid": _SOME,
    "enddate": _DAY,
    "numofday": {"type": "integer", "minimum": 1, "maximum": 9999},
}
"""What SHD's own query takes, which the table declares as texts because its errors are SHD's; names in lower case."""
_NEEDED = {"action", "productid", "regionid"}

IF_NONE_MATCH: Json = {
    "name": "If-None-Match", "in": "header", "schema": _TEXT,
    "description": "Tags of answers that the client has, as `ETag` gave them: then 304 without a body.",
}  # fmt: skip
TOKEN: Json = {
    "name": "token", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1},
    "description": "A token with the scope `feed`, for what can send no header.",
}  # fmt: skip
_PATH_VALUES = {
    "id": "The event's id, as every list gives it.",
    "name": "The report's name, as `/v1/reports` gives it.",
}
_PATH_SCHEMAS: dict[str, Json] = {"name": {"enum": list(REPORTS)}}


def of_path(route: Route, *, feed: bool) -> list[Json]:
    """The parameters that stand in the path: `{name}`s of the template, and the feed token."""
    own = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": _PATH_SCHEMAS.get(name, {"type": "string", "minLength": 1}),
            "description": text,
        }
        for name, text in _PATH_VALUES.items()
        if f"{{{name}}}" in route.template
    ]
    return [*([{"$ref": "#/components/parameters/token"}] if feed else []), *own]


def of_query(route: Route, *, alone: bool = True) -> list[Json]:
    """The query's. Not `alone`: another route has the same path and method, so what this one asks for and refuses is no
    rule of the operation."""
    own = route.errors == "shd"
    return [
        _parameter(param, _OWN[param.name.lower()] if own and alone else None, own and alone) for param in route.params
    ]


def _parameter(param: Param, schema: Json | None, own: bool) -> Json:
    made: Json = {"name": param.name, "in": "query", "description": param.about, "schema": schema or _schema(param)}
    if own and param.name.lower() in _NEEDED:
        made["required"] = True
    else:
        made["allowEmptyValue"] = True  # as if it were absent
    if made["schema"].get("type") == "array":
        made |= {"style": "form", "explode": False}  # a comma list
    return made


def _schema(param: Param) -> Json:
    if param.kind == "words":
        return {"type": "array", "items": {"enum": list(param.words)}}
    if param.kind == "word":
        return {"enum": list(param.words)}
    return _KINDS[param.kind]
