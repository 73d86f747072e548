"""Cursors: an opaque text that says where a change stands in the log."""

from __future__ import annotations

import base64
import binascii
import re

from shd_relay.errors import RequestError
from shd_relay.model import SHARD, START, Position

_INSIDE = re.compile(rf"{SHARD}:(0|[1-9]\d{{0,17}}):(0|[1-9]\d{{0,8}})")


def encode(position: Position) -> str:
    """The cursor of the change that ends at `position`; reading goes on after it."""
    inside = f"{SHARD}:{position.seq}:{position.offset}"
    return base64.urlsafe_b64encode(inside.encode()).decode().rstrip("=")


def decode(cursor: str) -> Position:
    """Where reading goes on. An empty cursor is the start; raises RequestError (400) for what we never gave out."""
    if not cursor:
        return START
    try:
        inside = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)).decode("ascii")
    except (UnicodeError, binascii.Error, ValueError):
        inside = ""
    found = _INSIDE.fullmatch(inside)
    if not found or encode(position := Position(int(found[1]), int(found[2]))) != cursor:
        raise RequestError(400, "this cursor was not given out by us; ask again without one, from the first change")
    return position
