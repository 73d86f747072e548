"""Items that no client can read, as each operation would list them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.fakes.status.calls import Fault
from local.fakes.status.dialect import Document

_START = 1583020800000
_BAD_END = {"at": -1}


def _impacts(recovery: Any) -> list[Document]:
    pair = {"Product": {"ProductId": "ecs"}, "Region": {"RegionId": "cn-hangzhou"}}
    return [{**pair, "StartTime": _START, "RecoveryTime": recovery}]


def _listed(start: Any, end: Any) -> Document:
    return {"CurrentStateSeverity": "ALARM", "SartTime": start, "EndTime": end}


def _in_progress(start: Any, end: Any) -> Document:
    return {"Id": 35, "StartTime": start, "EventUpdates": [], "Impacts": _impacts(end)}


def _of_2026(start: Any, end: Any) -> Document:
    return {"Id": 35, "EventType": "ALARM", "StartTime": start, "EndTime": end, "LastUpdateTime": start}


def _of_2022(start: Any, end: Any) -> Document:
    return {"ProductId": "ecs", "CurrentStateSeverity": "ALARM", "StartTime": start, "EndTime": end}


_SHAPES: dict[str, Callable[[Any, Any], Document]] = {
    "ListEvents": _listed,
    "ListEventInProgress": _in_progress,
    "page:listEventInProgress": _of_2026,
    "page:listEventInProgressInternational": _of_2026,
    "page:listProductEventForRegionInLast24Hours": _of_2022,
}

ITEMS: dict[Fault, Callable[[str], Any]] = {
    Fault.ITEM_NOT_OBJECT: lambda _: "not an object",
    Fault.ITEM_WITHOUT_TITLE: lambda action: _SHAPES[action](_START, None),
    Fault.ITEM_GARBAGE_TIMES: lambda action: {"Title": "garbage times", **_SHAPES[action]("soon", _BAD_END)},
}
