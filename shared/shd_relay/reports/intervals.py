"""Spans of time as pairs of whole microseconds since 1970, half open, and their algebra.

A list is *clean* when its spans are not empty, do not touch, and stand in order. What takes clean lists gives clean
ones; `union` makes one of any.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta, timezone
from itertools import accumulate

Span = tuple[int, int]
Spans = list[Span]

SECOND = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def moment(count: int) -> datetime:
    return _EPOCH + timedelta(microseconds=count)


def seconds(count: int) -> float:
    """Rounded to milliseconds, so that the same number is always the same text."""
    return round(count / SECOND, 3)


def union(spans: Iterable[Span]) -> Spans:
    """The time that lies in any of them; empty spans and those that end before they begin are none."""
    found: Spans = []
    for since, until in sorted(spans):
        if since >= until:
            continue
        if found and since <= found[-1][1]:
            if until > found[-1][1]:
                found[-1] = found[-1][0], until
        else:
            found.append((since, until))
    return found


def common(some: Sequence[Span], others: Sequence[Span]) -> Spans:
    """The time that lies in both of two clean lists."""
    found: Spans = []
    here = there = 0
    while here < len(some) and there < len(others):
        since, until = max(some[here][0], others[there][0]), min(some[here][1], others[there][1])
        if since < until:
            found.append((since, until))
        if some[here][1] < others[there][1]:
            here += 1
        else:
            there += 1
    return found


def without(some: Sequence[Span], others: Sequence[Span]) -> Spans:
    """The time of the first clean list that does not lie in the second."""
    if not some:
        return []
    gaps: Spans = []
    at = some[0][0]
    for since, until in others:
        if at < since:
            gaps.append((at, since))
        at = max(at, until)
    if at < some[-1][1]:
        gaps.append((at, some[-1][1]))
    return common(some, gaps)


def clipped(span: Span, bounds: Span) -> Span:
    """What of it lies within the bounds; empty, and perhaps upside down, if nothing does."""
    return max(span[0], bounds[0]), min(span[1], bounds[1])


def length(spans: Iterable[Span]) -> int:
    """Of a clean list, in microseconds."""
    return sum(until - since for since, until in spans)


def before(spans: Sequence[Span]) -> Callable[[int], int]:
    """How much of a clean list lies before a moment: its own clock, which stands still outside of it. What is measured
    on that clock need not be cut into as many spans as the list has."""
    begins = [since for since, _ in spans]
    sums = list(accumulate((until - since for since, until in spans), initial=0))

    def found(moment: int) -> int:
        place = bisect_right(begins, moment) - 1
        return 0 if place < 0 else min(sums[place] + moment - begins[place], sums[place + 1])

    return found


def shared_out(spans: Iterable[Span], edges: Sequence[int]) -> list[int]:
    """How much of a clean list lies between each edge and the next; the edges do not fall, and hold all
    of it."""
    found = [0] * (len(edges) - 1)
    for since, until in spans:
        place, at = bisect_right(edges, since) - 1, since
        while at < until:
            end = min(until, edges[place + 1])
            found[place] += end - at
            at, place = end, place + 1
    return found
