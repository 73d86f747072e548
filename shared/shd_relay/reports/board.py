"""What happened, pair by pair, and how it is measured: numbers of events, times, availability."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import NamedTuple

from shd_relay.reports import intervals
from shd_relay.reports.happened import Happened, Times
from shd_relay.reports.intervals import Spans
from shd_relay.reports.period import Part
from shd_relay.reports.reach import Cell, Key, Reach
from shd_relay.reports.shapes_parts import EventRow, Measure
from shd_relay.reports.shapes_summary import SpanRow

_MILLIONTH = 1_000_000
_Places = tuple[int, int]


class Ground(NamedTuple):
    """One pair. `events`: by start. `down`: with an open incident while watched (so none of a pair that nobody
    watches), on the clock of watched time; `upkeep`: with maintenance that went on."""

    cell: Cell
    events: list[Happened]
    down: Spans
    upkeep: Spans


class Board:
    """All pairs that a report speaks of: the watched ones of the scope in their order, then those with events that
    nobody watches, by id. `events`: those of all pairs, by start, without `duplicates` (found to be another event)."""

    def __init__(self, reach: Reach, times: Times, found: Sequence[Happened]) -> None:
        self.times = times
        self._seen = intervals.length(times.watched)
        self._watched_before = intervals.before(times.watched)
        self.events = [each for each in found if each.event.merged_into is None]
        self.duplicates = len(found) - len(self.events)
        by_pair: dict[Key, list[Happened]] = {key: [] for key in reach.cells}
        for key in sorted({each.key for each in self.events}.difference(by_pair)):
            by_pair[key] = []
        for each in self.events:
            by_pair[each.key].append(each)
        self.pairs = [self._ground(reach, key, events) for key, events in by_pair.items()]

    def measure(self, pairs: Iterable[Ground]) -> Measure:
        """Of some of the pairs, over the whole period."""
        pairs = list(pairs)
        events = [each for pair in pairs for each in pair.events]
        watched = [pair for pair in pairs if pair.cell.watched]
        incidents = [each for each in events if each.event.kind == "incident"]
        time = len(watched) * self._seen
        down = sum(intervals.length(pair.down) for pair in watched)
        return Measure(
            incidents=len(incidents),
            incidents_begun=sum(each.lasted[0] >= self.times.bounds[0] for each in incidents),
            maintenances=sum(each.event.kind == "maintenance" for each in events),
            notices=sum(each.event.kind == "notice" for each in events),
            pairs=len(watched),
            pairs_hit=sum(is_hit(pair) for pair in watched),
            watched_seconds=intervals.seconds(time),
            incident_seconds=intervals.seconds(down),
            maintenance_seconds=intervals.seconds(sum(intervals.length(pair.upkeep) for pair in watched)),
            availability=availability(down, time),
        )

    def parts(self, parts: Sequence[Part]) -> tuple[SpanRow, ...]:
        """The same of all pairs, day by day, or week by week."""
        edges = [intervals.micros(part.since) for part in parts] + [self.times.bounds[1]]
        seen_edges = [self._watched_before(edge) for edge in edges]
        incidents, maintenances, notices = (
            self._counted(kind, edges) for kind in ("incident", "maintenance", "notice")
        )
        begun = self._begun(edges)
        watched = [pair for pair in self.pairs if pair.cell.watched]
        hit = _overlapping((places for pair in watched for places in _hit_places(pair, edges)), len(parts))
        down = _summed([intervals.shared_out(pair.down, seen_edges) for pair in watched if pair.down], len(parts))
        upkeep = _summed([intervals.shared_out(pair.upkeep, edges) for pair in watched if pair.upkeep], len(parts))
        seen, blind, beyond = (
            intervals.shared_out(spans, edges) for spans in (self.times.watched, self.times.blind, self.times.beyond)
        )
        return tuple(
            SpanRow(
                name=part.name, first_day=part.first_day, last_day=part.last_day, since=part.since, until=part.until,
                watched_seconds=intervals.seconds(seen[n]), blind_seconds=intervals.seconds(blind[n]),
                unwatched_seconds=intervals.seconds(beyond[n]),
                measure=Measure(
                    incidents=incidents[n], incidents_begun=begun[n], maintenances=maintenances[n], notices=notices[n],
                    pairs=len(watched), pairs_hit=hit[n],
                    watched_seconds=intervals.seconds(len(watched) * seen[n]),
                    incident_seconds=intervals.seconds(down[n]), maintenance_seconds=intervals.seconds(upkeep[n]),
                    availability=availability(down[n], len(watched) * seen[n]),
                ),
            )
            for n, part in enumerate(parts)
        )  # fmt: skip

    def row(self, happened: Happened, cell: Cell) -> EventRow:
        event = happened.event
        lasted = happened.lasted[1] - happened.lasted[0]
        return EventRow(
            id=event.id, kind=event.kind, product=cell.product, region=cell.region, title=event.title,
            severity=event.severity, state=event.state, start=happened.begun, end=happened.ended,
            seconds=intervals.seconds(happened.span[1] - happened.span[0]),
            whole_seconds=None if happened.ended is None else intervals.seconds(lasted),
            carried=happened.lasted[0] < self.times.bounds[0], history=event.revision == 0, inferred=event.inferred,
            ongoing=event.state == "open", revision=event.revision,
        )  # fmt: skip

    def _ground(self, reach: Reach, key: Key, events: list[Happened]) -> Ground:
        cell = reach.cells.get(key) or reach.cell(events[0].event.product, events[0].event.region)
        spans = [each.span for each in events if each.event.kind == "incident"] if cell.watched else []
        down = intervals.union((self._watched_before(since), self._watched_before(until)) for since, until in spans)
        upkeep = intervals.union(each.span for each in events if each.event.kind == "maintenance")
        return Ground(cell, events, down, upkeep)

    def _counted(self, kind: str, edges: Sequence[int]) -> list[int]:
        return _overlapping(
            (_places(each, edges) for each in self.events if each.event.kind == kind), len(edges) - 1
        )  # fmt: skip

    def _begun(self, edges: Sequence[int]) -> list[int]:
        found = [0] * (len(edges) - 1)
        for each in self.events:
            if each.event.kind == "incident" and each.lasted[0] >= edges[0]:
                found[bisect_right(edges, each.lasted[0]) - 1] += 1
        return found


def availability(down: int, watched: int) -> float | None:
    """The share of watched time without an incident, rounded down: what is not whole is never called whole. None where
    nothing was watched."""
    return None if watched <= 0 else (watched - down) * _MILLIONTH // watched / _MILLIONTH


def is_hit(pair: Ground) -> bool:
    return any(each.event.kind == "incident" for each in pair.events)


def _places(happened: Happened, edges: Sequence[int]) -> _Places:
    """The first and the last part that it overlaps."""
    since, until = happened.span
    return bisect_right(edges, since) - 1, bisect_right(edges, max(since, until - 1)) - 1


def _hit_places(pair: Ground, edges: Sequence[int]) -> list[_Places]:
    """The parts in which the pair is hit, each once: its events stand by start."""
    found: list[_Places] = []
    for first, last in (_places(each, edges) for each in pair.events if each.event.kind == "incident"):
        if found and first <= found[-1][1]:
            found[-1] = found[-1][0], max(last, found[-1][1])
        else:
            found.append((first, last))
    return found


def _overlapping(places: Iterable[_Places], count: int) -> list[int]:
    """Of each part, how many overlap it."""
    steps = [0] * (count + 1)
    for first, last in places:
        steps[first] += 1
        steps[last + 1] -= 1
    return list(accumulate(steps[:-1]))


def _summed(lists: Sequence[Sequence[int]], count: int) -> list[int]:
    return [sum(column) for column in zip(*lists, strict=True)] if lists else [0] * count
