"""Requests that are hurt on their way: the stand-in misbehaves, is restarted, or sees the poller die meanwhile."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from enum import Enum
from itertools import count
from typing import Any, NamedTuple

from local.fakes.mns import Fault as MnsFault
from local.fakes.status import Fault as StatusFault
from local.fakes.tablestore import Fault as TableFault
from tests.death.places import Place, name_of
from tests.death.runs import Clean

Faults = Mapping[str, tuple[Enum, ...]]

KINDS: Mapping[str, type[Enum]] = {"tables": TableFault, "mns": MnsFault, "api": StatusFault}
HANGS: Mapping[str, Enum] = {"tables": TableFault.HANG, "mns": MnsFault.HANG, "api": StatusFault.HANG}
LATE: Mapping[str, Enum] = {"tables": TableFault.HANG_AFTER, "mns": MnsFault.SLOW}  # served, and then no answer
BEFORE: Faults = {
    "tables": (TableFault.RESET_BEFORE, TableFault.UNAVAILABLE, TableFault.CLOSE_BEFORE, TableFault.SERVER_BUSY,
               TableFault.EMPTY_503, TableFault.HTML_502),
    "mns": (MnsFault.RESET_BEFORE, MnsFault.CLOSE_BEFORE, MnsFault.INTERNAL_ERROR, MnsFault.EMPTY_500),
    "api": (StatusFault.RESET, StatusFault.CLOSE_BEFORE_ANSWER, StatusFault.SERVICE_UNAVAILABLE),
}  # fmt: skip
AFTER: Faults = {
    "tables": (TableFault.TIMEOUT_AFTER, TableFault.CLOSE_AFTER, TableFault.INTERNAL_ERROR_AFTER,
               TableFault.RESET_AFTER, TableFault.TRUNCATED, TableFault.WRONG_SIGNATURE),
    "mns": (MnsFault.CLOSE_AFTER, MnsFault.RESET_AFTER, MnsFault.BROKEN_XML, MnsFault.WRONG_MD5, MnsFault.RESET_IDLE),
    "api": (StatusFault.CUT_BODY, StatusFault.TRUNCATED_JSON, StatusFault.CLOSE_AFTER_IDLE),
}  # fmt: skip
SLOW: Faults = {
    "tables": (TableFault.HANG, TableFault.HANG_AFTER, TableFault.SLOW),
    "mns": (MnsFault.HANG, MnsFault.SLOW),
    "api": (StatusFault.HANG, StatusFault.LATE),
}
SLOW_SECONDS = 5.0  # longer than the store is waited for
BUDGET = {"SHD_BUDGET_SECONDS": "3"}  # for so long, less than SLOW_SECONDS, the topic and the API are waited for
ARRIVAL_SECONDS = 20.0


class Request(NamedTuple):
    """The `nth` request of its kind (`PutRow log`) that a poll makes of `tables`, `mns` or `api`."""

    of: str
    kind: str
    nth: int = 1

    @property
    def words(self) -> tuple[str, str, str]:
        return self.of, self.kind, str(self.nth)

    @classmethod
    def of_words(cls, of: str, kind: str, nth: str) -> Request:
        return cls(of, kind, int(nth))

    @property
    def reads(self) -> bool:
        return self.kind.startswith(("Get", "List"))


def requests(clean: Clean) -> Iterator[Request]:
    """Every request of the step that is to be hurt."""
    seen: Counter[str] = Counter()
    for kind in clean.requests:
        seen[kind] += 1
        of = {"PublishMessage": "mns", "ListEvents": "api", "ListEventInProgress": "api"}.get(kind, "tables")
        yield Request(of, kind, seen[kind])


def kinds(clean: Clean) -> list[Request]:
    """The first request of each kind; of messages the last, too: one is of the backlog, the other is new."""
    every = list(requests(clean))
    return [each for each in every if each.nth == 1] + [each for each in every if each.of == "mns"][-1:]


def arm(place: Place, request: Request, fault: Enum) -> threading.Event:
    """That request meets the fault; the event says that it has come. To be armed before the step's own faults."""
    arrived = threading.Event()
    numbers = count(1)

    def fits(call: Any) -> bool:
        if name_of(call) != request.kind or next(numbers) != request.nth:
            return False
        arrived.set()
        return True

    getattr(place, request.of).fail(fault, when=fits, **_measures(fault))
    return arrived


def _measures(fault: Enum) -> dict[str, float]:
    if fault in {TableFault.SLOW, MnsFault.SLOW}:
        return {"delay_seconds": SLOW_SECONDS}
    return {"seconds": SLOW_SECONDS} if fault is StatusFault.LATE else {}


def hurt(place: Place, request: Request, fault: str) -> dict[str, Any]:
    """A poll whose request meets the fault; its report."""
    what = KINDS[request.of][fault]
    arrived = arm(place, request, what)
    report = place.poll(place.hurt_step, environ=BUDGET if what in SLOW[request.of] else {}).report
    assert arrived.is_set(), f"{request} never came"
    return report


def restart(place: Place, request: Request) -> dict[str, Any]:
    """The stand-in stops and starts again while the request hangs; the report of that poll."""
    arrived = arm(place, request, HANGS[request.of])
    place.begin(place.hurt_step)
    [running] = place.start(place.order())
    assert arrived.wait(ARRIVAL_SECONDS), f"{request} never came"
    server = getattr(place, request.of)
    server.stop()
    server.start()
    report: dict[str, Any] = running.wait().report
    place.end()
    return report


def die_in_flight(place: Place, request: Request, *, applied: bool) -> None:
    """The poller is killed while its request is under way: before it is served, or when only the answer is missing."""
    arrived = arm(place, request, (LATE if applied else HANGS)[request.of])
    place.begin(place.hurt_step)
    [running] = place.start(place.order())
    assert arrived.wait(ARRIVAL_SECONDS), f"{request} never came"
    if applied:
        assert _until_served(place, request), f"{request} was never served"
    running.kill()
    assert running.wait().killed
    place.end()


def _until_served(place: Place, request: Request) -> bool:
    if request.of == "mns":
        return place.mns.wait_until(
            lambda: any(call.fault is MnsFault.SLOW and call.status for call in place.mns.calls)
        )
    assert place.tables
    tables = place.tables

    def served() -> bool:
        late = [call for call in tables.calls if call.fault is TableFault.HANG_AFTER]
        return any(bool(call.code) or call.units.read + call.units.write > 0 for call in late)

    return tables.wait_until(served)
