"""The matcher under simulated polls of one pair, whose events the simulation knows and the matcher must not confuse.

An identity error is an item that is given an id other than the one its event had at the read before, or the id of
another event; counted once when it happens: two siblings that swap are two errors, an event that is announced anew one.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

import msgspec

from shd_relay import identity
from shd_relay.detect import detect
from shd_relay.model import HealthEvent, Item, Observation, Pair, Update, Window
from shd_relay.records import PairWork

T0 = datetime(2026, 1, 1, tzinfo=timezone.utc)
PAIR = Pair("ecs", "cn-hongkong")
OPERATION = "ListEvents"
LISTED_AFTER_END = 120  # reads for which what ended is still listed
KNOWN_AFTER_END = timedelta(minutes=500)

Matcher = Callable[..., dict[int, str]]


class Mix(NamedTuple):
    """Chances for each read, or for each event that lives at each read; `sibling` and `rewritten` for each beginning
    and each end.

    Nobody has published how often the dashboard edits. The rates are such that simple keys fail as often as in
    earlier measurements: start and title 2,600 and 12,000 times in 1,000 events, the start alone over 20,000.
    """

    begin: float = 0.047
    sibling: float = 0.15
    end: float = 0.02
    retitled: float = 0.045
    anew: float = 0.3  # of those that are retitled: the title is another one altogether
    rewritten: float = 0.5  # the title says at the end that all is well
    unbracketed: float = 0.05  # and says so in words that no rule knows
    moved: float = 0.004
    missing: float = 0.01
    both: float = 0.0  # title and start at once: nobody can follow that


TYPICAL = Mix()
HARSH = Mix(
    sibling=0.3, retitled=0.25, anew=0.25, rewritten=0.8, unbracketed=0.5, moved=0.02, missing=0.02, both=0.001
)  # fmt: skip

WHAT = ("network latency", "disk I/O errors", "API timeouts", "instance restarts", "login failures", "packet loss",
        "console errors", "DNS resolution failures", "snapshot delays", "quota errors")  # fmt: skip
HOW = ("Increased", "Abnormal", "Intermittent", "Severe", "Elevated", "Partial")
WHERE = ("in zone A", "in zone B", "in zone C", "for some users", "for new instances", "for VPC traffic", "")
WELL = ("[Recovered] {}", "[Resolved] {}", "【已恢复】{}", "{} (recovered)")
PLAIN = ("{} has been mitigated", "Service is back to normal", "Update on {}")


@dataclass
class Happening:
    """One event of the simulation; its number travels as its only update, which the matcher does not look at."""

    item: Item
    ended_for: int = 0


@dataclass
class Result:
    polls: int = 0
    events: int = 0
    errors: int = 0
    listed: int = 0

    @property
    def per_thousand(self) -> float:
        return 1000 * self.errors / max(1, self.events)

    def cells(self) -> list[str]:
        return [
            f"polls {self.polls:,}", f"events {self.events:,}", f"items {self.listed:,}", f"errors {self.errors:,}",
            f"errors per 1,000 events {self.per_thousand:.0f}",
        ]  # fmt: skip


@dataclass
class Ids:
    """Which id each event has, and which event each id."""

    by_event: dict[str, str] = field(default_factory=dict)
    by_id: dict[str, str] = field(default_factory=dict)

    def given(self, event: str, id_: str) -> bool:
        """Notes it; whether it is an error."""
        wrong = self.by_event.get(event, id_) != id_ or self.by_id.get(id_, event) != event
        self.by_event[event], self.by_id[id_] = id_, event
        return wrong


def by_start(known: Mapping[str, Item], items: Sequence[Item]) -> dict[int, str]:
    """A key that many tools use. The first of one start takes the id."""
    return _by_key(known, items, lambda item: item.start)


def by_start_and_title(known: Mapping[str, Item], items: Sequence[Item]) -> dict[int, str]:
    return _by_key(known, items, lambda item: (item.start, item.title))


def simulate(mix: Mix, seed: int, polls: int, matcher: Matcher | None = None) -> Result:
    """So many reads, a minute apart. `matcher(known, items)` stands in for the real one.

    identity.match is observed under its own name while this runs: what it decides is visible nowhere else.
    """
    rng, result, ids = random.Random(f"identity {seed}"), Result(), Ids()  # noqa: S311
    happenings: dict[str, Happening] = {}
    known: dict[str, HealthEvent] = {}
    work, real = PairWork(), identity.match
    decided: dict[int, str] = {}

    def observed(said: Mapping[str, Item], *rest: Any, **more: Any) -> dict[int, str]:
        decided.clear()
        decided.update(matcher(said, seen.items) if matcher else real(said, *rest, **more))
        return dict(decided)

    identity.match = observed  # type: ignore[assignment]
    try:
        for number in range(polls):
            now = T0 + timedelta(minutes=number)
            _happen(mix, rng, happenings, now, result)
            seen = _read(mix, rng, happenings, now)
            found = detect(tuple(known.values()), seen, work, now)
            work = found.work
            for change in found.changes:
                known[change.event.id] = change.event
            result.polls += 1
            result.listed += len(seen.items)
            result.errors += _errors(seen, decided, found.changes, ids)
            known = {id_: event for id_, event in known.items() if not _is_old(event, now)}
    finally:
        identity.match = real
    return result


def _errors(seen: Observation, decided: Mapping[int, str], changes: Sequence[Any], ids: Ids) -> int:
    new = {id(change.event.said[OPERATION]): change.event.id for change in changes}
    count = 0
    for index, item in enumerate(seen.items):
        id_ = decided[index] if index in decided else new[id(item)]
        count += ids.given(item.updates[0].text, id_)
    return count


def _happen(mix: Mix, rng: random.Random, happenings: dict[str, Happening], now: datetime, result: Result) -> None:
    if rng.random() < mix.begin:
        living = [h for h in happenings.values() if h.item.end is None]
        start = now - timedelta(seconds=rng.randrange(10, 600))
        if living and rng.random() < mix.sibling:
            start = rng.choice(living).item.start or start
        result.events += 1
        number = str(result.events)
        truth = (Update(at=T0, text=number),)
        happenings[number] = Happening(Item(title=_title(rng), severity="ALARM", start=start, updates=truth))
    for number, happening in list(happenings.items()):
        if happening.item.end is None:
            _edit(mix, rng, happening, now)
        else:
            happening.ended_for += 1
            if happening.ended_for > LISTED_AFTER_END:
                del happenings[number]


def _edit(mix: Mix, rng: random.Random, happening: Happening, now: datetime) -> None:
    item = happening.item
    changes: dict[str, Any] = {}
    if rng.random() < mix.end:
        changes["end"] = now - timedelta(seconds=rng.randrange(0, 60))
        if rng.random() < mix.rewritten:
            pattern = rng.choice(PLAIN if rng.random() < mix.unbracketed else WELL)
            changes |= {"title": pattern.format(item.title), "severity": "NORMAL"}
    elif rng.random() < mix.retitled:
        changes["title"] = _title(rng) if rng.random() < mix.anew else _retitled(rng, item.title)
    elif item.start is not None and rng.random() < mix.moved:
        changes["start"] = item.start - timedelta(seconds=rng.choice((30, 60, 300, 1800, 3600)))
        if rng.random() < mix.both:
            changes["title"] = _title(rng)
    if changes:
        happening.item = msgspec.structs.replace(item, **changes)


def _read(mix: Mix, rng: random.Random, happenings: Mapping[str, Happening], now: datetime) -> Observation:
    items = [happening.item for happening in happenings.values() if rng.random() >= mix.missing]
    rng.shuffle(items)
    window = Window(now - timedelta(days=8), now + timedelta(days=14))
    return Observation(pair=PAIR, operation=OPERATION, at=now, items=tuple(items), windows=(window,))


def _title(rng: random.Random) -> str:
    return f"{rng.choice(HOW)} {rng.choice(WHAT)} {rng.choice(WHERE)}".strip()


def _retitled(rng: random.Random, title: str) -> str:
    """Another word for how bad it is, another place, or a few words more."""
    how, _, rest = title.partition(" ")
    if how not in HOW or rng.random() < 0.4:
        return f"{title} and {rng.choice(WHAT)}" if len(title) < 90 else title
    return f"{rng.choice(HOW)} {rest}"


def _is_old(event: HealthEvent, now: datetime) -> bool:
    return event.over and now - event.changed_at > KNOWN_AFTER_END


def _by_key(known: Mapping[str, Item], items: Sequence[Item], key: Callable[[Item], Any]) -> dict[int, str]:
    ids: dict[Any, str] = {}
    for id_, item in known.items():
        ids.setdefault(key(item), id_)
    matched: dict[int, str] = {}
    for index, item in enumerate(items):
        if key(item) in ids:
            matched[index] = ids.pop(key(item))
    return matched
