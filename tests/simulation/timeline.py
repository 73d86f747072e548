"""What the dashboard showed, and when: drawn from a seed before anybody reads it, so that every tool sees the same.

`World` takes care that no edit comes before the last one was read. Here a perfect reader, once a minute, stands for
whoever reads: a tool that a fault kept from reading gets several edits at once, which no tool is spared in life.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import NamedTuple

from shd_relay.model import FailedRead, Item, Observation, Pair, Update, Window
from shd_relay.ports import ReadRequest
from tests.simulation.upstream import LEAST_DAYS, LOOK_AHEAD, OPERATION, PAIRS, T0, Answer, World

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
BUSY, QUIET = 120, 30  # minutes with edits (and faults), and minutes without
OLD = timedelta(seconds=150)  # an old answer is what the dashboard showed so long ago
LONG_DAYS = 12
MOST_LIVING = 6


class Version(NamedTuple):
    """What is shown of an event from `at` on. `item` None: nothing; and `listed`: though nothing happened to it."""

    at: datetime
    item: Item | None
    listed: bool = True


class Event(NamedTuple):
    """One event of the world; `versions` by time, the first shows it. `tag` stands in every title that it ever had."""

    tag: str
    pair: Pair
    planned: bool
    versions: tuple[Version, ...]


class Timeline(NamedTuple):
    """The whole story, and when the timer fires; the first poll comes before anything happens."""

    events: tuple[Event, ...]
    polls: tuple[datetime, ...]
    quiet: int  # so many polls at the end have no fault


class Dashboard:
    """Plays a timeline by the clock, in the place of a `World`: what is read depends on nothing but when."""

    def __init__(self, timeline: Timeline) -> None:
        self.pairs = PAIRS
        self._timeline = timeline

    def answer(self, request: ReadRequest, now: datetime, fault: str = "") -> tuple[Observation | FailedRead, Answer]:
        pair = request.pair
        if fault in {"failed", "throttled"}:
            failed = FailedRead(
                pair=pair, operation=OPERATION, at=now, reason=fault, code=fault, throttled=fault == "throttled"
            )
            return failed, Answer({}, False)
        window = Window(min(request.since, now - LEAST_DAYS) - timedelta(days=1), now + LOOK_AHEAD)
        items = [] if fault == "empty" else self._shown(pair, now - OLD if fault == "old" else now, window)
        seen = Observation(
            pair=pair, operation=OPERATION, at=now, items=tuple(items[fault == "partial" :]), windows=(window,),
            unreadable=('{"EventTitle": 7}',) if fault == "partial" else (),
        )  # fmt: skip
        return seen, Answer({}, not fault)

    def _shown(self, pair: Pair, moment: datetime, window: Window) -> list[Item]:
        """Newest start first."""
        shown = [item for e in self._timeline.events if e.pair == pair and (item := shown_at(e, moment))]
        listed = [item for item in shown if item.start is not None and window.covers(item.start)]
        return sorted(listed, key=lambda item: (item.start, item.title), reverse=True)

    # A stage calls these; a timeline is what it is.

    def ack(self, pair: Pair, answer: Answer) -> None:
        pass

    def edit(self, now: datetime) -> str:
        return ""

    def settle(self) -> None:
        pass


def shown_at(event: Event, moment: datetime) -> Item | None:
    found = None
    for version in event.versions:
        if version.at > moment:
            break
        found = version.item
    return found


class _Plain(World):
    """Events open, change their severity and end, and the dashboard never rewrites a title or a start."""

    def edit(self, now: datetime) -> str:
        what = self.rng.choices((self._opens, self._severity, self._ends), (5, 3, 4))[0]
        return what.__name__ if what(now) else ""

    def _opens(self, now: datetime) -> bool:
        if sum(not t.over(now) for t in self.truths.values()) >= MOST_LIVING:
            return False
        severity = self.rng.choice(("ALARM", "ALARM", "NOTIFICATION"))
        start = now - timedelta(milliseconds=self.rng.randrange(1_000, 50_000))
        return self._new(now, Item(title="fails", severity=severity, start=start), self.rng.choice(self.pairs))

    def _ends(self, now: datetime) -> bool:
        truth = self._pick(now, lambda t: not t.over(now))
        if truth is None:
            return False
        end = now - timedelta(milliseconds=self.rng.randrange(0, 900))
        truth.edit(**({"severity": "NORMAL", "end": end} if self.rng.random() < 0.5 else {"end": end}))
        return True


def plain(seed: int) -> Timeline:
    """Two hours in which events open, change their severity and end."""
    return _recorded(_Plain(seed), seed)


def lively(seed: int) -> Timeline:
    """Two hours of every edit that `World` knows: titles rewritten, starts corrected, reopened, vanished, siblings."""
    return _recorded(World(seed), seed)


def long_lived(seed: int) -> Timeline:
    """Three events that live for twelve days; the timer fires hourly."""
    rng = random.Random(f"long {seed}")  # noqa: S311
    events = []
    for _ in range(3):
        start = T0 + timedelta(minutes=rng.randrange(5, 50))
        first = _item(rng, start)
        end = start + timedelta(days=LONG_DAYS, minutes=rng.randrange(120))
        events.append(_event(rng, first, Version(end + MINUTE, _with(first, end=end))))
    return Timeline(tuple(events), tuple(T0 + HOUR * n for n in range(24 * (LONG_DAYS + 1))), 0)


def same_second(seed: int) -> Timeline:
    """Eight events, each with a note by the engineers; every other ends, by its end time, in the second of the note.

    The note is shown at once, the end some minutes later: as peers.md, 6.2, case L.
    """
    rng = random.Random(f"second {seed}")  # noqa: S311
    events = []
    for n in range(8):
        start = T0 + MINUTE * (1 + 6 * n)
        first = _item(rng, start)
        note = (start + timedelta(minutes=3, seconds=rng.randrange(30))).replace(microsecond=200_000)
        noted = _with(first, updates=(Update(at=note, text="It is being recovered."),))
        ended = _with(noted, end=note + timedelta(milliseconds=500 + 2_000 * (n % 2)))
        events.append(_event(rng, first, Version(note + MINUTE / 2, noted), Version(note + 4 * MINUTE, ended)))
    return Timeline(tuple(events), _every_minute(60 + QUIET), QUIET)


def _recorded(world: World, seed: int) -> Timeline:
    rng = random.Random(f"timeline {seed}")  # noqa: S311
    versions: dict[str, list[Version]] = {}
    for minute in range(BUSY):
        at = T0 + MINUTE * minute + timedelta(milliseconds=rng.randrange(2_000, 58_000))
        for _ in range(rng.choice((0, 0, 1, 1, 2))):
            world.edit(at)
        _note(world, at, versions)
        _read(world, T0 + MINUTE * (minute + 1))
    world.settle()
    _note(world, T0 + MINUTE * BUSY, versions)
    events = (Event(t.tag, t.pair, t.planned, tuple(versions[t.tag])) for t in world.truths.values() if not t.past)
    return Timeline(tuple(events), _every_minute(BUSY + QUIET), QUIET)


def _note(world: World, at: datetime, versions: dict[str, list[Version]]) -> None:
    for truth in world.truths.values():
        shown = truth.item if truth.listed and not truth.flickers else None
        known = versions.setdefault(truth.tag, [])
        if not known or known[-1][1:] != (shown, truth.listed):
            known.append(Version(at, shown, truth.listed))


def _read(world: World, at: datetime) -> None:
    for pair in world.pairs:
        _, answer = world.answer(ReadRequest(pair, T0), at)
        world.ack(pair, answer)


def _every_minute(count: int) -> tuple[datetime, ...]:
    return tuple(T0 + MINUTE * n for n in range(count))


def _item(rng: random.Random, start: datetime) -> Item:
    return Item(title=f"{rng.getrandbits(48):012x} fails", severity="ALARM", start=start)


def _event(rng: random.Random, first: Item, *later: Version) -> Event:
    assert first.start is not None
    return Event(first.title[:12], rng.choice(PAIRS), False, (Version(first.start + MINUTE / 3, first), *later))


def _with(item: Item, **changes: object) -> Item:
    values = {name: getattr(item, name) for name in item.__struct_fields__}
    return Item(**(values | changes))
