"""What the schemas of the OpenAPI document are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]

REF = "#/components/schemas/"
TEXT: Schema = {"type": "string", "minLength": 1}
DAY: Schema = {"type": "string", "format": "date"}
COUNT: Schema = {"type": "integer", "minimum": 0}


def of(name: str) -> Schema:
    return {"$ref": f"{REF}{name}"}


def object_of(properties: Mapping[str, Schema], about: str = "", optional: tuple[str, ...] = ()) -> Schema:
    """An object that has all of these but the optional ones. A reader ignores what it does not know."""
    told = {"description": about} if about else {}
    needed = [name for name in properties if name not in optional]
    return {**told, "type": "object", "required": needed, "properties": dict(properties)}


def list_of(items: Schema, about: str = "") -> Schema:
    told = {"description": about} if about else {}
    return {**told, "type": "array", "items": items}
