"""The envelope of every answer of the status API: is it JSON, does it say success, and if not, what does it say?

Sibling operations and the dashboard's own pages use the same one in other spellings (status-api.md 1.3, 1.5, 2.1).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from shd_relay.errors import ContractError
from shd_relay.text import clean_line

_XML_FIELD = re.compile(r"<(Code|Message)>([^<]{0,2000})</\1>")
_CAMEL = {"HTTPCode": "httpCode"}


class Refusal(NamedTuple):
    """The code and message of an answer that is an error; "" for what it does not give."""

    code: str
    message: str


def decode(body: bytes) -> dict[str, Any]:
    """The JSON object that `body` is. Raises ContractError; lone surrogates and NaN are left to who reads items."""
    try:
        document = json.loads(body.decode("utf-8-sig"), parse_int=_integer)
    except UnicodeDecodeError as error:
        raise ContractError("malformed answer: not UTF-8 text") from error
    except (ValueError, RecursionError) as error:
        raise ContractError(f"malformed answer: {_looks_like(body)}") from error
    if not isinstance(document, dict):
        raise ContractError(f"malformed answer: a JSON {kind_of(document)} where an object belongs")
    return document


def check_success(document: Mapping[str, Any]) -> None:
    """Raises ContractError, with the code it gives, unless the envelope says success and nothing in it speaks against.

    What says so is Code (else HTTPCode) 200, or Success when neither is there.
    """
    success, code, http_code = (field(document, name) for name in ("Success", "Code", "HTTPCode"))
    said = [as_text(value) for value in (code, http_code) if value is not None]
    good = str(success).strip().lower() == "true"
    if (success is None or good) and all(value == "200" for value in said) and (said or good):
        return
    if not said and success is None:
        raise ContractError("malformed answer: it says neither Code nor Success")
    refusal = _refusal(document)
    raise ContractError(f"the answer says error: {refusal.message or 'no message'}", code=refusal.code or "no code")


def read_refusal(body: bytes) -> Refusal:
    """What an answer with an error status says: JSON, or XML without Format=JSON; Refusal("", "") for anything else."""
    try:
        return _refusal(decode(body))
    except ContractError:
        found = dict(_XML_FIELD.findall(body[:8192].decode("utf-8", "replace")))
        return Refusal(clean_line(found.get("Code", "")), clean_line(found.get("Message", "")))


def field(document: Mapping[str, Any], *names: str) -> Any:
    """The first of `names`, in PascalCase or in camelCase, that is there and not null; else None."""
    for name in names:
        for spelling in (name, _CAMEL.get(name, name[0].lower() + name[1:])):
            if document.get(spelling) is not None:
                return document[spelling]
    return None


def _refusal(document: Mapping[str, Any]) -> Refusal:
    """Sibling endpoints put the text in Info."""
    return Refusal(as_text(field(document, "Code")), as_text(field(document, "Message", "Info")))


def as_text(value: object) -> str:
    """A code or message that may be a number; True is no number here."""
    return clean_line(str(value)) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""


def _integer(digits: str) -> int | float:
    """An absurdly long number is an absurd item, not an unreadable answer (int() refuses 4,300 digits)."""
    return int(digits) if len(digits) <= 20 else float("inf")


def _looks_like(body: bytes) -> str:
    head = body[:512].lstrip().lower()
    if not head:
        return "it is empty"
    if head.startswith((b"<?xml", b"<error")):
        return "XML where JSON belongs"
    return "a web page" if head.startswith(b"<") else "not JSON, or cut off"


def kind_of(value: object) -> str:
    names = {dict: "object", list: "list", str: "text", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")
