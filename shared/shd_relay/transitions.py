"""What becomes of an event: one table, for the code and for the documentation (docs/message.md is checked against it).

What a read shows of an event is one of

  ahead  a maintenance whose start lies in the future
  on     neither ahead nor over
  over   it ended at or before the read, or its severity is NORMAL again (see `phase`)
  gone   complete answers whose window covers its start no longer list it (see detect.py for how many, how long)
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple

from shd_relay.model import Item, Kind, Phase, State, Verb
from shd_relay.severity import NORMAL, rank

Before = Literal["new", "scheduled", "open", "resolved", "withdrawn", "cancelled"]


class Row(NamedTuple):
    """From `before`, seen as `phase`: the verbs for an incident or a notice, those for a maintenance, the new state.

    No verb: the state stays; what was edited is one `updated`. An edit that comes with a verb is named in its change.
    """

    before: Before
    phase: Phase
    verbs: tuple[Verb, ...]
    maintenance: tuple[Verb, ...]
    after: State


TABLE = (
    Row("new", "ahead", (), ("scheduled",), "scheduled"),
    Row("new", "on", ("opened",), ("opened",), "open"),
    Row("new", "over", ("opened", "resolved"), ("opened", "completed"), "resolved"),
    Row("scheduled", "ahead", (), (), "scheduled"),
    Row("scheduled", "on", ("opened",), ("started",), "open"),
    Row("scheduled", "over", ("resolved",), ("completed",), "resolved"),
    Row("scheduled", "gone", ("cancelled",), ("cancelled",), "cancelled"),
    Row("open", "ahead", (), ("scheduled",), "scheduled"),
    Row("open", "on", (), (), "open"),
    Row("open", "over", ("resolved",), ("completed",), "resolved"),
    Row("open", "gone", ("withdrawn",), ("withdrawn",), "withdrawn"),
    Row("resolved", "ahead", (), ("scheduled",), "scheduled"),
    Row("resolved", "on", ("reopened",), ("reopened",), "open"),
    Row("resolved", "over", (), (), "resolved"),
    Row("withdrawn", "ahead", (), ("scheduled",), "scheduled"),
    Row("withdrawn", "on", ("reopened",), ("reopened",), "open"),
    Row("withdrawn", "over", ("resolved",), ("completed",), "resolved"),
    Row("cancelled", "ahead", (), ("scheduled",), "scheduled"),
    Row("cancelled", "on", ("reopened",), ("reopened",), "open"),
    Row("cancelled", "over", ("resolved",), ("completed",), "resolved"),
)
_BY_KEY = {(row.before, row.phase): row for row in TABLE}


def step(before: Before, phase: Phase, kind: Kind) -> tuple[tuple[Verb, ...], State]:
    """The verbs and the state after them; no verb means that the state stays."""
    row = _BY_KEY[before, phase]
    return (row.maintenance if kind == "maintenance" else row.verbs), row.after


def phase(item: Item, kind: Kind, now: datetime) -> Phase:
    """What the item shows at `now`. A start or an end in the future takes effect at a read at or after it."""
    if item.end is not None and item.end <= now:
        return "over"
    begun = item.start is None or item.start <= now
    if kind == "maintenance" and not begun:
        return "ahead"
    planned_end = kind == "maintenance" and item.end is not None  # work with an end to come runs on, whatever its word
    calm = item.severity is not None and rank(item.severity) == NORMAL
    return "over" if calm and begun and not planned_end else "on"
