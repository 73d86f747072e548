"""What the poll function was asked to do: a timer event of Function Compute, or an operator's own words."""

from __future__ import annotations

import json
from typing import Any

NOT_YET = {"backfill_days": "a backfill", "drill": "a drill"}  # their place in the contract; a later version does them
_TIMER = {"triggerTime", "triggerName", "payload"}


def refusal(event: bytes) -> str | None:
    """Why this payload is not carried out, in one line; None for a plain poll.

    A plain poll is no payload, `{}`, or a timer event whose own payload is one of these two.
    """
    try:
        said = _json(event.decode("utf-8"))
        if isinstance(said, dict) and "triggerName" in said and set(said) <= _TIMER:
            inner = said.get("payload")
            said = _json("" if inner is None else inner)
    except (UnicodeDecodeError, ValueError, RecursionError):
        return 'payload: must be empty or a JSON object, as in {"backfill_days": 7}; this is no JSON'
    return _judged(said)


def _json(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    return json.loads(text) if text.strip() else {}


def _judged(said: Any) -> str | None:
    if said == "":
        return None
    if not isinstance(said, dict):
        return f"payload: must be a JSON object, is {json.dumps(said)[:60]}"
    if not said:
        return None
    unknown = sorted(set(said) - set(NOT_YET))
    if unknown:
        return f"payload: unknown {', '.join(map(repr, unknown))[:120]}; known are {', '.join(NOT_YET)}"
    return f"payload: {' and '.join(NOT_YET[name] for name in said)} cannot be ordered in this version yet"
