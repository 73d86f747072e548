"""What schemathesis loads into an environment of its own; nothing of ours can be imported here.

Two of its checks are switched off in schemathesis.toml and stand here again, word for word but for what follows.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import schemathesis
from schemathesis.core.failures import Failure
from schemathesis.core.jsonschema import make_validator_for
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

# Whether a value will do is a matter of the log, not of its shape: `at` must not lie before the first entry, a cursor
# must be one that was given out, `until` must not lie before `since`, nor `to` before `from`; reports are of the past.
BY_DATA = ("at", "cursor", "after", "until", "from", "to", "known")


@schemathesis.check
def accepts_what_the_document_allows(ctx: Any, response: Any, case: Any) -> bool | None:
    """As positive_data_acceptance, but for what no schema can say."""
    try:
        return positive_data_acceptance(ctx, response, case)
    except Failure:
        if response.status_code == 400 and _by_data(response, case):
            return None
        # Two routes share `/`. What SHD's own query wants, it wants only if there is an `Action`.
        if case.path == "/" and "Action" in (case.query or {}) and response.status_code in {400, 404}:
            return None
        raise


@schemathesis.check
def refuses_what_the_document_forbids(ctx: Any, response: Any, case: Any) -> bool | None:
    """As negative_data_rejection, but what was made wrong is looked at where it arrives: a list of nothing is not sent
    at all, an empty text is allowed and counts as absent, `true` in place of a list of ids is a list of one id."""
    try:
        return negative_data_rejection(ctx, response, case)
    except Failure:
        if response.status_code == 414:  # a refusal, too, though the check's own list leaves it out
            return None
        if _is_right_as_sent(response.request.url, case.operation.definition.raw.get("parameters", [])):
            return None
        raise


def _by_data(response: Any, case: Any) -> bool:
    given = [name for name in BY_DATA if (case.query or {}).get(name)]
    if case.method == "HEAD":
        return bool(given)  # the answer to HEAD does not say what was wrong
    return json.loads(response.content).get("detail", "").startswith(tuple(f"{name}: " for name in given))


def _is_right_as_sent(url: str, declared: list[dict[str, Any]]) -> bool:
    sent: dict[str, list[str]] = {}
    for name, value in parse_qsl(urlsplit(url).query, keep_blank_values=True):
        sent.setdefault(name, []).append(value)
    query = [parameter for parameter in declared if parameter.get("in") == "query"]
    return all(_is_right(parameter, sent.get(parameter["name"])) for parameter in query)


def _is_right(parameter: dict[str, Any], values: list[str] | None) -> bool:
    if values is None:
        return not parameter.get("required", False)
    text, schema = ",".join(values), parameter["schema"]
    if not text and parameter.get("allowEmptyValue", False):
        return True
    read: Any = text.split(",") if schema.get("type") == "array" else text
    if schema.get("type") == "integer":
        read = int(text) if text.isdecimal() else text
    return make_validator_for(schema).is_valid(read)
