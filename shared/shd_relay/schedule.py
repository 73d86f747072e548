"""Which operations are asked, which pairs are read next, since when, and how long one may wait. Pure.

The in-progress list tells all pairs in one call, so ListEvents is then asked only where it adds something (design.md,
4.2). Without the list every pair is read each time, as far as the budget goes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from itertools import islice
from typing import NamedTuple

from shd_relay.freshness import INTERVALS
from shd_relay.model import LIST_EVENTS, HealthEvent, Pair
from shd_relay.ports import ReadRequest
from shd_relay.records import PairWork, Refused

ASK_AGAIN = timedelta(hours=1)  # what is refused, while another operation answers
ROTATION = timedelta(minutes=15)  # within which every pair is read, however quiet
LEAST_REST = 60  # quiet pairs read in every poll: a short watch list is read whole
WARM = timedelta(days=1)  # so long after its last change a pair is read each time
SPREADS = timedelta(minutes=10)  # so long after a change the product's other regions are
FAILURES = 5  # in a row, and a product is asked for one pair at a time until that is answered

HOT_IN_A_ROW = 4  # then a pair that is not

_Row = tuple[datetime, ReadRequest]
_NEVER = datetime.min.replace(tzinfo=timezone.utc)


class Known(NamedTuple):
    """What a schedule is made of. `work` by `key`; `failing`: failures in a row by product; `listed`: the pairs that
    the in-progress list answered for, and whether it says something of each; None when it did not answer."""

    events: Mapping[Pair, Sequence[HealthEvent]]
    work: Mapping[str, PairWork]
    failing: Mapping[str, int] = {}
    listed: Mapping[Pair, bool] | None = None


def key(operation: str, pair: Pair) -> str:
    """The key of a pair's work record."""
    return f"{operation} {pair}"


def asked(offered: Iterable[str], refused: Mapping[str, Refused], now: datetime, *, unanswered: bool) -> frozenset[str]:
    """The operations to ask. One that is refused is asked again rarely, as long as another answers; `unanswered`: the
    last poll had no answer. A time that lies ahead was written by a wrong clock."""
    offered = frozenset(offered)
    willing = {
        name for name in offered if name not in refused or not timedelta() <= now - refused[name].asked < ASK_AGAIN
    }
    return offered if unanswered or not willing else frozenset(willing)


def requests(
    pairs: Iterable[Pair], known: Known, now: datetime, *, bound_seconds: float, interval_seconds: float = 60.0
) -> list[ReadRequest]:
    """What to ask ListEvents for: pairs that will soon be stale, then hot ones, and in every fifth place the longest
    unread of the rest.

    So no pair is starved: one that was not tried for two thirds of `bound_seconds` (of the rotation, where the
    in-progress list answers) goes before all that were. The window reaches back to the start of the oldest event that
    is looked for, and to the last good read (design.md, section 4).
    """
    bound = timedelta(seconds=bound_seconds)
    overdue = now - (bound if known.listed is None else max(bound, 2 * ROTATION)) * 2 / 3
    spreading = {
        pair.product for pair, events in known.events.items() if any(_changed_within(SPREADS, e, now) for e in events)
    }
    late: list[_Row] = []
    hot: list[_Row] = []
    rest: list[_Row] = []
    never = 0
    for pair in pairs:
        done = known.work.get(key(LIST_EVENTS, pair), PairWork())
        tried = done.last_tried or _NEVER
        never += tried == _NEVER
        is_hot = pair.product in spreading or _is_hot(pair, known, now)
        place = late if _NEVER < tried <= overdue else hot if is_hot else rest
        place.append((tried, ReadRequest(pair, _since(known.events.get(pair, ()), done, now))))
    for place in (late, hot, rest):
        place.sort(key=lambda row: row[0])
    if known.listed is not None:
        del rest[max(_share(len(rest), interval_seconds), never) :]
    ordered = [request for _, request in (*late, *_mixed(hot, rest))]
    return _within_circuits(ordered, known.failing)


def stale_after(pairs: int, *, rate: float, budget_seconds: float, interval_seconds: float) -> float:
    """Seconds after which a pair's last good read is too old: three intervals, or three rotations where the pairs do
    not fit into one poll at `rate` calls a second (0: no limit)."""
    rounds = math.ceil(pairs / max(1.0, rate * budget_seconds)) if rate else 1
    return float(INTERVALS * interval_seconds * max(1, rounds))


def _is_hot(pair: Pair, known: Known, now: datetime) -> bool:
    """Something goes on there, or has changed within a day; or the list says something of it, or left it out."""
    events = known.events.get(pair, ())
    if any(not event.over or _changed_within(WARM, event, now) for event in events):
        return True
    return known.listed is not None and known.listed.get(pair, True)


def _changed_within(span: timedelta, event: HealthEvent, now: datetime) -> bool:
    return event.revision > 0 and now - event.changed_at < span  # what was history at first sight is no news


def _mixed(hot: list[_Row], rest: list[_Row]) -> Iterator[_Row]:
    """Hot ones first, but not for ever: each fifth place is another's."""
    others = iter(rest)
    for n, row in enumerate(hot, 1):
        yield row
        if n % HOT_IN_A_ROW == 0:
            yield from islice(others, 1)
    yield from others


def _share(quiet: int, interval_seconds: float) -> int:
    return max(LEAST_REST, math.ceil(quiet * interval_seconds / ROTATION.total_seconds()))


def _since(known: Sequence[HealthEvent], done: PairWork, now: datetime) -> datetime:
    last = done.last_good or now
    starts = [event.start for event in known if event.start and event.is_looked_for(last)]
    return min([*starts, last, now])


def _within_circuits(ordered: Sequence[ReadRequest], failing: Mapping[str, int]) -> list[ReadRequest]:
    """One pair, the longest untried, of each product whose reads fail one after the other."""
    probed: set[str] = set()
    wanted = []
    for request in ordered:
        product = request.pair.product
        if failing.get(product, 0) >= FAILURES:
            if product in probed:
                continue
            probed.add(product)
        wanted.append(request)
    return wanted
