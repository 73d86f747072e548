"""Which observed item is which known event. The API gives no id, rewrites titles on recovery, and two events can share
a start (facts/state-and-proof.md, section 2.5). List position is never used.

Per pair, one to one, in this order; what is matched leaves the contest:

1. same start, same title, same end      2. same start, same title      3. same start, same normalised title
4. left over with the same start: one on each side is the same event (its title was edited); of several the assignment
   with the greatest total similarity of titles, of at least 0.5 each where the counts differ. Without a start, and to
   reopen what has ended, a similarity of 0.5 is needed in any case
5. equal normalised title, equally over or not, starts within two hours: its start was corrected

Known to fail: title and start changed between two reads (withdrawn and new); two siblings of one start both rewritten
at once (may swap); exact twins (only their number is right); one removed and another of the same start added in one
read (merged); a status word without brackets in a language that `normalised` does not know; an old answer after start
and title were both changed (a new event); a lost state (new ids). tests/unit/test_identity.py shows each.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from difflib import SequenceMatcher
from itertools import permutations

from shd_relay.model import Item, Pair
from shd_relay.severity import kind_of
from shd_relay.transitions import phase

EXHAUSTIVE = 6  # all assignments are tried up to so many on a side, greedy beyond
COMPARED = 400  # pairs of titles of one start; beyond that, in the order of the titles
COMPARED_LENGTH = 200  # characters
SIMILAR = 0.5
START_CORRECTION = timedelta(hours=2)

_BRACKETED = re.compile(r"\[[^\]]*\]|【[^】]*】|\([^)]*\)|（[^）]*）")
_NOT_A_WORD = re.compile(r"[\W_]+")


def normalised(title: str) -> str:
    """The title without case, punctuation and bracketed status words; as it is where nothing else would be left."""
    bare = _NOT_A_WORD.sub(" ", _BRACKETED.sub(" ", title)).strip().casefold()
    return bare or _NOT_A_WORD.sub(" ", title).strip().casefold()


def match(known: Mapping[str, Item], over: Collection[str], items: Sequence[Item], now: datetime) -> dict[int, str]:
    """Index of the item -> id of the known event that it is; items without an entry are new.

    `known` maps ids to what was last said of each, those preferred among equals first; those in `over` have ended.
    """
    contest = _Contest(known, over, items, now)
    contest.settle(lambda item: (item.start, item.title, item.end))
    contest.settle(lambda item: (item.start, item.title))
    contest.settle(lambda item: (item.start, normalised(item.title)))
    contest.assign_same_start()
    contest.settle_corrected_starts()
    return contest.matched


def new_id(pair: Pair, item: Item, seen_at: datetime, taken: Collection[str]) -> str:
    """The id of an event seen for the first time, fixed for ever at its first commit; not one of `taken`.

    The moment of that sight is in it: an event that was forgotten since and is listed again must not come back under
    an id whose revisions subscribers hold already.
    """
    start = item.start.isoformat() if item.start else ""
    ordinal = 0
    while True:
        parts = (pair.product, pair.region, start, normalised(item.title), seen_at.isoformat(), str(ordinal))
        seed = "\n".join(parts)
        digest = base64.b32encode(hashlib.sha256(seed.encode()).digest()).decode().lower()
        if (id_ := f"evt_{digest[:26]}") not in taken:
            return id_
        ordinal += 1


class _Contest:
    """The items and events that are not matched yet."""

    def __init__(self, known: Mapping[str, Item], over: Collection[str], items: Sequence[Item], now: datetime) -> None:
        self.known = dict(known)
        self._over = over
        self._now = now
        self.items = dict(enumerate(items))
        self.matched: dict[int, str] = {}

    def settle(self, key: Callable[[Item], Hashable]) -> None:
        """Matches what has the same key, in order."""
        if not self.items:
            return
        waiting = defaultdict(list)
        for id_, item in self.known.items():
            waiting[key(item)].append(id_)
        for index, item in list(self.items.items()):
            if candidates := waiting[key(item)]:
                self._take(index, candidates.pop(0))

    def assign_same_start(self) -> None:
        by_start: dict[datetime | None, tuple[list[int], list[str]]] = defaultdict(lambda: ([], []))
        for index, item in self.items.items():
            by_start[item.start][0].append(index)
        for id_, item in self.known.items():
            by_start[item.start][1].append(id_)
        for indices, ids in by_start.values():
            for index, id_ in self._assignment(indices, ids):
                self._take(index, id_)

    def settle_corrected_starts(self) -> None:
        """What is over and what is not are never joined here: that would be a reopening by a guess."""
        titles = {id_: normalised(event.title) for id_, event in self.known.items()} if self.items else {}
        for index, item in list(self.items.items()):
            title, ended = normalised(item.title), self._has_ended(item)
            alike = [id_ for id_ in self.known if titles[id_] == title and (id_ in self._over) == ended]
            near = [(gap, id_) for id_ in alike if (gap := _start_gap(self.known[id_], item)) <= START_CORRECTION]
            if near:
                self._take(index, min(near)[1])

    def _assignment(self, indices: Sequence[int], ids: Sequence[str]) -> Iterable[tuple[int, str]]:
        if not indices or not ids:
            return []
        even = len(indices) == len(ids)
        if even and len(ids) == 1 and self._may_be_edited(indices[0], ids[0]):
            return [(indices[0], ids[0])]
        if len(indices) * len(ids) > COMPARED:
            in_order = sorted(indices, key=lambda index: self.items[index].title)
            return zip(in_order, sorted(ids, key=lambda id_: self.known[id_].title), strict=False)
        alike = _similarities({i: self.items[i].title for i in indices}, {id_: self.known[id_].title for id_ in ids})
        small = max(len(indices), len(ids)) <= EXHAUSTIVE
        pairs = _best(indices, ids, alike) if small else _greedy(alike)
        return [
            pair for pair in pairs if alike[pair] >= SIMILAR or (even and len(ids) > 1 and self._may_be_edited(*pair))
        ]

    def _may_be_edited(self, index: int, id_: str) -> bool:
        """Whether another title alone makes no other event: not without a start, nor to reopen what has ended."""
        item = self.items[index]
        return item.start is not None and (id_ not in self._over or self._has_ended(item))

    def _has_ended(self, item: Item) -> bool:
        return phase(item, kind_of(item, self._now), self._now) == "over"

    def _take(self, index: int, id_: str) -> None:
        self.matched[index] = id_
        del self.items[index]
        del self.known[id_]


def _best(
    indices: Sequence[int], ids: Sequence[str], alike: Mapping[tuple[int, str], float]
) -> Sequence[tuple[int, str]]:
    if len(indices) <= len(ids):
        choices: Iterable[list[tuple[int, str]]] = (
            list(zip(indices, some, strict=True)) for some in permutations(ids, len(indices))
        )
    else:
        choices = (list(zip(some, ids, strict=True)) for some in permutations(indices, len(ids)))
    return max(choices, key=lambda pairs: sum(alike[pair] for pair in pairs))


def _greedy(alike: Mapping[tuple[int, str], float]) -> Sequence[tuple[int, str]]:
    chosen: dict[int, str] = {}
    for index, id_ in sorted(alike, key=lambda pair: -alike[pair]):
        if index not in chosen and id_ not in chosen.values():
            chosen[index] = id_
    return list(chosen.items())


def similarity(left: str, right: str) -> float:
    """How alike two titles are, 0 to 1, without their status words."""
    [ratio] = _similarities({0: left}, {"": right}).values()
    return ratio


def _similarities(items: Mapping[int, str], known: Mapping[str, str]) -> dict[tuple[int, str], float]:
    """How alike the titles are, 0 to 1, by their beginnings: comparing is quadratic in the length."""
    left = {index: normalised(title)[:COMPARED_LENGTH] for index, title in items.items()}
    right = {id_: normalised(title)[:COMPARED_LENGTH] for id_, title in known.items()}
    return {
        (index, id_): SequenceMatcher(None, a, b, autojunk=False).ratio()
        for index, a in left.items()
        for id_, b in right.items()
    }


def _start_gap(event: Item, item: Item) -> timedelta:
    """How far the start was moved; an unknown start is as near as may be."""
    if event.start is None or item.start is None:
        return START_CORRECTION
    return abs(event.start - item.start)
