"""What the poll function was asked to do: a timer event of Function Compute, or an operator's own words."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from shd_relay.backfill import MOST_DAYS

BACKFILL, DRILL = "backfill_days", "drill"
_KNOWN = (BACKFILL, DRILL)
_SHAPE = 'must be empty or a JSON object, as in {"backfill_days": 7}'
_TIMER = {"triggerTime", "triggerName", "payload"}


class Payload(NamedTuple):
    """A plain poll, or one that begins with an order to read so many days of the past."""

    backfill_days: int | None = None


def read(event: bytes, *, has_history: bool = True) -> Payload:
    """What is asked for: nothing, `{}`, `{"backfill_days": 7}`, or a timer event whose own payload is one of these.

    `has_history`: whether anything that is asked knows the past. Raises ValueError with one line for everything else.
    """
    try:
        said = _json(event.decode("utf-8"))
        if isinstance(said, dict) and "triggerName" in said and set(said) <= _TIMER:
            inner = said.get("payload")
            said = _json("" if inner is None else inner)
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise ValueError(f"payload: {_SHAPE}; this is no JSON") from None
    found = _judged({} if said == "" else said)
    if found.backfill_days and not has_history:
        raise ValueError("payload: a backfill is read by ListEvents, and SHD_SOURCE is in-progress")
    return found


def _json(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    return json.loads(text) if text.strip() else {}


def _judged(said: Any) -> Payload:
    if not isinstance(said, dict):
        raise ValueError(f"payload: {_SHAPE}; is {json.dumps(said)[:60]}")  # noqa: TRY004 - of a text, not of a call
    unknown = sorted(set(said) - set(_KNOWN))
    if unknown:
        raise ValueError(f"payload: unknown {', '.join(map(repr, unknown))[:120]}; known are {', '.join(_KNOWN)}")
    if DRILL in said:
        raise ValueError("payload: a drill cannot be ordered in this version yet")
    days = said.get(BACKFILL)
    if BACKFILL in said and not (isinstance(days, int) and not isinstance(days, bool) and 1 <= days <= MOST_DAYS):
        raise ValueError(f"payload: backfill_days must be 1 to {MOST_DAYS}, is {json.dumps(days)[:60]}")
    return Payload(days)
