"""An incident file: what happened, what the dashboard showed of it, and what failed with it. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

KINDS_OF_OUTAGE = ("status-api", "mns", "store")
BEFORE = timedelta(minutes=3)  # polls of a quiet dashboard before anything happens
AFTER = timedelta(minutes=5)


class IncidentError(Exception):
    """The file is no incident; the text names every mistake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """`what` does not work from `since` until just before `until`."""

    what: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """`shown_from` and `shown_to` (None: still open at the end) bound what the dashboard shows of every pair."""

    name: str
    document: Mapping[str, Any]
    regions: tuple[str, ...]
    products: tuple[str, ...]
    shown_from: datetime
    shown_to: datetime | None
    timeline: tuple[tuple[datetime, str], ...]
    outages: tuple[Outage, ...]
    end: datetime

    @property
    def begin(self) -> datetime:
        """When playing begins: shortly before the first thing that happens."""
        return min([self.shown_from, *(outage.since for outage in self.outages)]) - BEFORE

    @property
    def turning_points(self) -> tuple[datetime, ...]:
        """Every moment at which something changes, in order."""
        shown = [self.shown_from, *([self.shown_to] if self.shown_to else [])]
        bounds = [moment for outage in self.outages for moment in (outage.since, outage.until)]
        return tuple(sorted({*shown, *bounds, self.end}))

    def failing(self, now: datetime) -> frozenset[str]:
        """What does not work at `now`."""
        return frozenset(outage.what for outage in self.outages if outage.since <= now < outage.until)


def load(path: Path) -> Incident:
    """The incident in a file. Raises IncidentError."""
    try:
        return parse(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise IncidentError(f"{path}: {error}") from error
    except IncidentError as error:
        raise IncidentError(f"{path}: {error}") from error


def parse(document: Any) -> Incident:
    """The incident that a JSON document tells. Raises IncidentError with all mistakes."""
    if not isinstance(document, dict):
        raise IncidentError("must be a JSON object")
    read = _Reader(document)
    name = read.value("name", str, required=True) or ""
    regions, products = read.names("regions"), read.names("products")
    started, ended = read.moment(document, "started", required=True), read.moment(document, "ended")
    window = read.value("dashboard_window", dict)
    if window is not None:
        started, ended = read.moment(window, "from", required=True), read.moment(window, "to")
    days = read.value("open_after_days", (int, float)) or 0
    if not 0 <= days <= LONGEST_DAYS:
        read.problems.append(f"open_after_days: must be 0 to {LONGEST_DAYS}, is {days}")
    timeline = [(read.moment(row, "at", required=True), str(row.get("text", ""))) for row in read.rows("timeline")]
    outages = [read.outage(row) for row in read.rows("outages")]
    if started and ended and ended < started:
        read.problems.append("it ends before it starts")
    if read.problems or started is None:
        raise IncidentError("; ".join(read.problems))
    lines = tuple((at, text) for at, text in timeline if at is not None)
    stops = tuple(outage for outage in outages if outage is not None)
    last = max([started, *[at for at, _ in lines], *[outage.until for outage in stops], *([ended] if ended else [])])
    end = max(last, started + timedelta(days=days)) + AFTER
    return Incident(
        name=name, document=document, regions=regions, products=products, shown_from=started, shown_to=ended,
        timeline=lines, outages=stops, end=end,
    )  # fmt: skip


_WANTED = {str: "a text", dict: "an object", list: "a list that is not empty", int: "a number", float: "a number"}
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")  # as the config takes them
OLDEST, NEWEST = 2009, 2100  # years that the dashboard's times are believed in
LONGEST_DAYS = 400


class _Reader:
    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self.problems: list[str] = []

    def value(self, key: str, kind: Any, *, required: bool = False) -> Any:
        found = self._document.get(key)
        if found is None and not required:
            return None
        if not isinstance(found, kind) or not found:
            wanted = " or ".join(_WANTED[one] for one in (kind if isinstance(kind, tuple) else (kind,)))
            self.problems.append(f"{key}: must be {wanted}" if found is not None else f"{key}: is missing")
            return None
        return found

    def names(self, key: str) -> tuple[str, ...]:
        found = self.value(key, list, required=True) or []
        bad = [name for name in found if not isinstance(name, str) or not ID.fullmatch(name)]
        if bad or len({name.casefold() for name in found}) != len(found):
            what = f"{bad[0]!r} is no id" if bad else "the same id stands there twice"
            self.problems.append(f"{key}: must be a list of different ids; {what}")
            return ()
        return tuple(found)

    def rows(self, key: str) -> Sequence[Mapping[str, Any]]:
        found = self.value(key, list) or []
        if not all(isinstance(row, dict) for row in found):
            self.problems.append(f"{key}: must be a list of objects")
            return []
        return list(found)

    def moment(self, row: Mapping[str, Any], key: str, *, required: bool = False) -> datetime | None:
        found = row.get(key)
        if found is None and not required:
            return None
        try:
            moment = datetime.fromisoformat(str(found).replace("Z", "+00:00"))
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None or not OLDEST < moment.year < NEWEST:
            where = f"{row['what']}: {key}" if "what" in row else key
            self.problems.append(
                f"{where}: {found!r} is no ISO 8601 time with an offset, of the years {OLDEST} to {NEWEST}"
            )
            return None
        return moment

    def outage(self, row: Mapping[str, Any]) -> Outage | None:
        since, until = self.moment(row, "from", required=True), self.moment(row, "to", required=True)
        if row.get("what") not in KINDS_OF_OUTAGE:
            self.problems.append(f"outages: what must be one of {', '.join(KINDS_OF_OUTAGE)}, is {row.get('what')!r}")
        if since is None or until is None:
            return None
        if until <= since:
            self.problems.append(f"{row.get('what')}: the outage ends before it begins")
        return Outage(what=str(row.get("what")), since=since, until=until)


def next_step(incident: Incident, now: datetime, *, settled: bool, interval: timedelta) -> datetime:
    """When to poll next: each interval, hourly while all is settled and nothing is about to happen.

    While something is down long since, every tenth interval: each poll then costs a time-out.
    """
    ahead = min((point for point in incident.turning_points if point > now), default=now)
    behind = max((point for point in incident.turning_points if point <= now), default=now - timedelta(hours=1))
    step = interval
    if settled and now - behind > 5 * interval:
        step = timedelta(hours=1)
    elif incident.failing(now) and now - behind > 5 * interval:
        step = 10 * interval
    before_it = ahead - 2 * interval
    return max(now + interval, min(now + step, before_it)) if ahead > now else now + interval
