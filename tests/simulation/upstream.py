"""The world that is simulated: what the status API would list, edited at random by seed, and what was ever true of it.

Every event carries a tag of its own in its title, so that the judge knows which event a message speaks of. Edits keep
clear of what identity.py documents as undecidable (identity has its own simulation, test_identity_mix.py): an event is
edited again only once the edit before was surely read, and siblings neither vanish nor flicker.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

import msgspec

from shd_relay.model import FailedRead, Item, Observation, Pair, Window
from shd_relay.ports import ReadRequest

T0 = datetime(2026, 3, 1, 0, 0, 0, 250_000, tzinfo=timezone.utc)
PAIRS = (Pair("ecs", "cn-hongkong"), Pair("oss", "cn-hongkong"))
OPERATION = "ListEvents"
LEAST_DAYS, LOOK_AHEAD = timedelta(days=7), timedelta(days=14)
LOOKED_FOR = timedelta(days=6)  # what ended or vanished longer ago is not looked for any more (schedule.py)
GLITCHES = 2  # wrong answers in a row that a pair may give: three over ten minutes are a disappearance
OLD_ANSWERS = 2  # an old answer is the last but one


@dataclass
class Truth:
    """One event of the world. `acked`: the version that the relay surely knows."""

    tag: str
    pair: Pair
    item: Item
    planned: bool = False
    past: bool = False  # it was over long before the story begins, and nothing happens to it any more
    listed: bool = True
    flickers: int = 0  # for so many answers to come it is missing, though nothing happened to it
    version: int = 1
    acked: int = 0
    acks: int = 0  # how often in a row the relay surely read this version
    moved: bool = False  # its start was corrected, and some answer may still show the old one
    came: set[datetime] = field(default_factory=set)  # ends that were there when their time came, or in an answer after
    was_normal: bool = False
    was_absent: list[tuple[datetime, datetime | None]] = field(default_factory=list)

    def edit(self, **changes: object) -> None:
        self.item = msgspec.structs.replace(self.item, **changes)
        self.version += 1
        self.acks = 0
        self.moved = "start" in changes
        self.was_normal = self.was_normal or self.item.severity == "NORMAL"

    def over(self, now: datetime) -> bool:
        """By the rule of contract and design: an end that has come, or NORMAL while nothing more is planned."""
        if self.item.end is not None and self.item.end <= now:
            return True
        return self.item.severity == "NORMAL" and not (self.planned and self.item.end is not None)

    def ahead(self, now: datetime) -> bool:
        return self.planned and self.item.start is not None and self.item.start > now

    def gone_by(self, moment: datetime, least: timedelta, slack: timedelta = timedelta()) -> bool:
        """Whether it had really been absent for so long at that moment, which may be off by `slack`."""
        return any(
            since + least <= moment + slack and (back is None or moment - slack <= back)
            for since, back in self.was_absent
        )


class Answer(msgspec.Struct):
    """What a read was given: the versions in it, and whether it was the truth."""

    versions: dict[str, int]
    genuine: bool


class World:
    """`edit` changes it by seed; `answer` is what a read of one pair gets."""

    def __init__(self, seed: int, pairs: tuple[Pair, ...] = PAIRS) -> None:
        self.rng = random.Random(seed)  # noqa: S311
        self._seed = seed
        self.pairs = pairs
        self.truths: dict[str, Truth] = {}
        self._old: dict[Pair, list[Truth]] = {}  # copies, as the answer before listed them
        self._last: dict[Pair, list[Truth]] = {}
        self._wrong: dict[Pair, int] = dict.fromkeys(pairs, 0)
        self._right: dict[Pair, bool] = dict.fromkeys(pairs, True)  # whether the last answer was
        self._remember()

    # what is read

    def answer(self, request: ReadRequest, now: datetime, fault: str = "") -> tuple[Observation | FailedRead, Answer]:
        """What the status API says, or what a faulty one says; once there were enough wrong answers, the right one."""
        pair = request.pair
        if fault in {"failed", "throttled"}:
            failed = FailedRead(
                pair=pair, operation=OPERATION, at=now, reason=fault, code=fault, throttled=fault == "throttled"
            )
            return failed, Answer({}, False)
        if fault in {"empty", "old"} and self._wrong[pair] >= GLITCHES:
            fault = ""
        shown = self._shown(pair, fault)
        self._wrong[pair] += fault in {"empty", "old"}
        since = min(request.since, now - LEAST_DAYS) - timedelta(days=1)
        window = Window(since, now + LOOK_AHEAD)
        listed = [t for t in shown if t.item.start is not None and window.covers(t.item.start)]
        self.rng.shuffle(listed)
        self._note_ends(listed, now)
        living = sum(not t.past for t in listed)
        genuine = not fault and living == sum(t.listed and not t.past for t in self._of(pair))
        self._right[pair] = genuine
        seen = Observation(
            pair=pair, operation=OPERATION, at=now, items=tuple(t.item for t in listed), windows=(window,),
            unreadable=('{"EventTitle": 7}',) if fault == "partial" else (),
        )  # fmt: skip
        return seen, Answer({t.tag: t.version for t in listed}, genuine)

    def ack(self, pair: Pair, answer: Answer) -> None:
        """The relay surely committed what this answer said."""
        for tag, version in answer.versions.items():
            truth = self.truths[tag]
            truth.acked = version
            truth.acks = truth.acks + 1 if version == truth.version else 0
        if answer.genuine:
            self._wrong[pair] = 0

    def _shown(self, pair: Pair, fault: str) -> list[Truth]:
        if fault == "empty":
            return []
        if fault == "old":
            return list(self._old.get(pair, ()))
        shown = []
        for truth in self._of(pair):
            if truth.flickers and truth.listed:
                truth.flickers -= 1
            elif truth.listed:
                shown.append(truth)
        copies = [Truth(t.tag, t.pair, t.item, version=t.version) for t in shown]
        self._old[pair], self._last[pair] = self._last.get(pair, []), copies
        return shown[1:] if fault == "partial" else shown

    def _of(self, pair: Pair) -> list[Truth]:
        return [truth for truth in self.truths.values() if truth.pair == pair]

    # what happens

    def edit(self, now: datetime) -> str:
        """One thing happens, or cannot: its name."""
        self._note_ends(self.truths.values(), now)
        name = self.rng.choices([edit for edit, _ in EDITS], [weight for _, weight in EDITS])[0]
        done = getattr(self, f"_{name}")(now)
        return name if done else ""

    def _remember(self) -> None:
        """What the dashboard still lists from before the story: in every fourth world a pair that had trouble daily, so
        that a window that looked back to the start of one event would find the next; else one now and then."""
        dense = self._seed % 4 == 0
        pairs, day = self.pairs[:1] if dense else self.pairs, 1.0
        while day < 40:
            start = T0 - timedelta(days=day + self.rng.uniform(0, 0.9))
            item = Item(title="was slow", severity="ALARM", start=start, end=start + timedelta(hours=1))
            self._new(T0, item, self.rng.choice(pairs), past=True)
            day += self.rng.uniform(0.3, 0.8 if dense else 60)

    def begin(self, count: int, now: datetime) -> None:
        """So many events begin."""
        for _ in range(count):
            self._open(now)

    def end_all(self, now: datetime) -> None:
        for truth in self.truths.values():
            if not truth.past:
                truth.edit(end=now)

    def settle(self) -> None:
        """Nothing flickers any more."""
        for truth in self.truths.values():
            truth.flickers = 0

    def _note_ends(self, truths: Iterable[Truth], now: datetime) -> None:
        for truth in truths:
            if truth.item.end is not None and truth.item.end <= now:
                self.truths[truth.tag].came.add(truth.item.end)

    def _new(self, now: datetime, item: Item, pair: Pair, *, planned: bool = False, past: bool = False) -> bool:
        tag = f"{self.rng.getrandbits(48):012x}"
        title = f"{tag} maintenance" if planned else f"{tag} {item.title}"
        truth = Truth(tag, pair, msgspec.structs.replace(item, title=title), planned=planned, past=past)
        self.truths[tag] = truth
        return True

    def _open(self, now: datetime) -> bool:
        if sum(t.listed and not t.past for t in self.truths.values()) >= 9:
            return False
        severity = self.rng.choice(("ALARM", "ALARM", "NOTIFICATION", None))
        start = now - timedelta(milliseconds=self.rng.randrange(1_000, 50_000))
        return self._new(now, Item(title="fails", severity=severity, start=start), self.rng.choice(self.pairs))

    def _sibling(self, now: datetime) -> bool:
        other = self._pick(now, lambda t: not t.planned and not t.over(now) and self._settled(t, now))
        if other is None or len(self._twins(other)) > 2 or not _is_young(other.item, now):
            return False
        return self._new(now, Item(title="slow", severity="NOTIFICATION", start=other.item.start), other.pair)

    def _plan(self, now: datetime) -> bool:
        start = now + timedelta(seconds=self.rng.randrange(70, 400))
        end = start + timedelta(seconds=self.rng.randrange(70, 300)) if self.rng.random() < 0.7 else None
        item = Item(title="", severity="NOTIFICATION", start=start, end=end)
        return self._new(now, item, self.rng.choice(self.pairs), planned=True)

    def _retitle(self, now: datetime) -> bool:
        truth = self._pick(now, lambda t: not t.planned and self._settled(t, now))
        if truth is None:
            return False
        truth.edit(title=f"{truth.tag} {self.rng.choice(('fails badly', 'times out', 'is slow', 'fails'))}")
        return True

    def _severity(self, now: datetime) -> bool:
        truth = self._pick(now, lambda t: not t.planned and not t.over(now))
        if truth is None:
            return False
        truth.edit(severity="ALARM" if truth.item.severity == "NOTIFICATION" else "NOTIFICATION")
        return True

    def _end(self, now: datetime) -> bool:
        truth = self._pick(now, lambda t: not t.over(now) and not t.ahead(now))
        if truth is None:
            return False
        end = now - timedelta(milliseconds=self.rng.randrange(0, 900))
        if self.rng.random() < 0.5 or truth.planned:
            truth.edit(end=end)
        elif self.rng.random() < 0.3:
            truth.edit(severity="NORMAL")
        else:
            truth.edit(end=end, severity="NORMAL", title=f"[Recovered] {truth.item.title}")
        return True

    def _future_end(self, now: datetime) -> bool:
        truth = self._pick(now, lambda t: not t.over(now) and not t.ahead(now))
        if truth is None:
            return False
        truth.edit(end=now + timedelta(seconds=self.rng.randrange(30, 300)))
        return True

    def _end_edit(self, now: datetime) -> bool:
        truth = self._pick(now, lambda t: t.item.end is not None and t.over(now))
        if truth is None or truth.item.end is None:
            return False
        truth.edit(end=truth.item.end - timedelta(milliseconds=self.rng.choice((1, 7, 400, 61_000))))
        return True

    def _reopen(self, now: datetime) -> bool:
        truth = self._pick(now, lambda t: t.over(now) and not t.planned)
        if truth is None:
            return False
        truth.edit(end=None, severity="ALARM", title=truth.item.title.removeprefix("[Recovered] "))
        return True

    def _move(self, now: datetime) -> bool:
        truth = self._pick(
            now, lambda t: not t.planned and t.item.end is None and not t.over(now) and self._settled(t, now)
            and len(self._twins(t)) == 1 and t.acks > OLD_ANSWERS
        )  # fmt: skip
        if truth is None or truth.item.start is None:
            return False
        truth.edit(start=truth.item.start - timedelta(milliseconds=self.rng.choice((3, 500, 60_000, 3_600_000))))
        return True

    def _remove(self, now: datetime) -> bool:
        truth = self._pick(now, lambda t: len(self._twins(t)) == 1 and t.acked == t.version and not t.flickers)
        # A wrong answer just before would count as its first absence; one of before it may be committed after it.
        if truth is None or self._wrong[truth.pair] or not self._right[truth.pair]:
            return False
        truth.listed = False
        truth.version += 1
        truth.was_absent.append((now, None))
        return True

    def _return(self, now: datetime) -> bool:
        away = {t.tag: now - t.was_absent[-1][0] for t in self.truths.values() if not t.listed}
        gone = [self.truths[tag] for tag, span in away.items() if timedelta(minutes=15) < span < LOOKED_FOR]
        if not gone:
            return False
        truth = self.rng.choice(gone)
        truth.listed = True
        truth.was_absent[-1] = (truth.was_absent[-1][0], now)
        return True

    def _flicker(self, now: datetime) -> bool:
        truth = self._pick(now, lambda t: len(self._twins(t)) == 1 and self._settled(t, now))
        if truth is None or self._wrong[truth.pair]:
            return False
        truth.flickers = self.rng.choice((1, 2))
        self._wrong[truth.pair] += truth.flickers
        return True

    def _pick(self, now: datetime, fits: Callable[[Truth], bool]) -> Truth | None:
        found = [
            t for t in self.truths.values()
            if t.listed and not t.past and (not t.moved or t.acks > OLD_ANSWERS) and _in_sight(t, now) and fits(t)
        ]  # fmt: skip
        return self.rng.choice(found) if found else None

    def _settled(self, truth: Truth, now: datetime) -> bool:
        """Whether the relay surely knows it, and every sibling, as it is: nothing to confuse."""
        ends_soon = truth.item.end is not None and truth.item.end > now
        return not ends_soon and not truth.flickers and all(t.acked == t.version for t in self._twins(truth))

    def _twins(self, truth: Truth) -> list[Truth]:
        return [t for t in self._of(truth.pair) if t.item.start == truth.item.start]


def _in_sight(truth: Truth, now: datetime) -> bool:
    """What ended long ago has left the window that is asked for: nobody looks at it any more."""
    ended = truth.item.end if truth.item.end and truth.item.end <= now else truth.item.start
    return not truth.over(now) or ended is None or now - ended < LOOKED_FOR


def _is_young(item: Item, now: datetime) -> bool:
    """What is NORMAL without an end and began over an hour before the last read is history at first sight."""
    return item.start is not None and now - item.start < timedelta(minutes=40)


EDITS = (
    ("open", 20), ("sibling", 6), ("plan", 6), ("retitle", 10), ("severity", 12), ("end", 16), ("future_end", 5),
    ("end_edit", 8), ("reopen", 6), ("move", 7), ("remove", 4), ("return", 4), ("flicker", 6),
)  # fmt: skip
"""What may happen, and how often. Of the most things several happen between two polls."""
