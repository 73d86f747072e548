"""A world that two operations tell of: each lags by its own, leaves out what it does not list, and can be refused.

What the in-progress list says of an event: an Id, no severity, a start that differs by up to twenty minutes, a recovery
for ten minutes after it; what is merely NORMAL again, or vanishes, leaves it without a word. Edits keep clear of what
join.py cannot decide: what begins within half an hour of something that one of the two has not told yet.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

import msgspec

from shd_relay.model import ALWAYS, IN_PROGRESS, LIST_EVENTS, FailedRead, Item, Observation, Pair
from shd_relay.ports import Findings, ReadRequest
from tests.simulation.effects import Call, Hook, SourcePort
from tests.simulation.judge import ENDS, Judge
from tests.simulation.stage import Cast
from tests.simulation.upstream import GLITCHES, PAIRS, T0, Answer, Truth, World

A_POLL = timedelta(minutes=1)
LINGER = timedelta(minutes=10)
APART = timedelta(minutes=55)  # half an hour, and by how much the two date a start differently
OFFSETS = (0, 0, -300, -1200)  # seconds by which the list dates a start differently
LOSSES = ("lose_listed", "lose_ongoing", "lose_both", "find", "find")
LOSS_RATE = 0.02  # of the edits
LEFT_OUT_RATE = 0.04


class Snapshot(NamedTuple):
    at: datetime
    truths: dict[str, Truth]


class TwoWorld(World):
    """In three of four worlds operations are refused now and then, and granted again; in the fourth each leaves out,
    for a while, what the other goes on to list. Both at once nobody could tell from an end."""

    def __init__(self, seed: int, pairs: tuple[Pair, ...] = PAIRS) -> None:
        super().__init__(seed, pairs)
        self.left_out: dict[str, str] = {}  # tag -> the operation that does not list it
        self.refused: set[str] = set()
        self.titles: dict[str, set[str]] = defaultdict(set)
        self.starts: dict[str, set[datetime]] = defaultdict(set)
        self.listed: set[str] = set()  # tags that ListEvents surely told of
        self.ongoing: set[str] = set()
        self.reopened: set[str] = set()
        self.misled: set[Pair] = set()  # pairs of which an answer was older than any lag
        self._losses = seed % 4 != 3
        self._lag = seed % 3  # polls that the list is behind
        self._snapshots: list[Snapshot] = []
        self._swept_wrong = 0
        self._note(T0)

    # what is read

    def answer(self, request: ReadRequest, now: datetime, fault: str = "") -> tuple[Observation | FailedRead, Answer]:
        if fault == "old":
            self.misled.add(request.pair)
        return super().answer(request, now, fault)

    def sweep(self, now: datetime, fault: str) -> tuple[list[Observation | FailedRead], list[tuple[Pair, Answer]]]:
        """What the in-progress list says of every pair. An old or empty one counts as a wrong answer: there are at most
        two of them in a row."""
        if fault in {"empty", "old"} and self._swept_wrong >= GLITCHES:
            fault = ""
        if IN_PROGRESS in self.refused or fault in {"failed", "throttled"}:
            return [_failed(pair, IN_PROGRESS, now, fault or "refused") for pair in self.pairs], []
        self._swept_wrong = self._swept_wrong + 1 if fault in {"empty", "old"} else 0
        self.misled |= set(self.pairs) if fault == "old" else set()
        lag = self._lag + 2 if fault == "old" else self._lag
        then = self._as_of(now - lag * A_POLL)
        outcomes: list[Observation | FailedRead] = []
        answers = []
        for pair in self.pairs:
            shown = [t for t in then.truths.values() if t.pair == pair and self._goes_on(t, then.at)]
            shown = [] if fault == "empty" else shown[1:] if fault == "partial" else shown
            self._note_ends(shown, now)
            outcomes.append(Observation(
                pair=pair, operation=IN_PROGRESS, at=now, items=tuple(_as_listed(t, then.at) for t in shown),
                windows=() if fault == "partial" else (ALWAYS,),
                unreadable=('{"Impacts": 7}',) if fault == "partial" else (),
            ))  # fmt: skip
            answers.append((pair, Answer({t.tag: -1 for t in shown}, not fault)))
        return outcomes, answers

    def ack(self, pair: Pair, answer: Answer) -> None:
        """An answer of the list names its tags under version -1: what it surely told of."""
        tags = set(answer.versions)
        if -1 in answer.versions.values():
            self.ongoing |= tags
            return
        self.listed |= tags
        super().ack(pair, answer)

    # what happens

    def edit(self, now: datetime) -> str:
        if not self._losses and self.rng.random() < LEFT_OUT_RATE:
            return self._leave_out()
        if self._losses and self.rng.random() < LOSS_RATE:
            name = self.rng.choice(LOSSES)
            both = {LIST_EVENTS, IN_PROGRESS}
            self.refused = {
                "lose_listed": {LIST_EVENTS}, "lose_ongoing": {IN_PROGRESS}, "lose_both": both, "find": set()
            }[name]  # fmt: skip
            return name
        before = {tag: truth.over(now) for tag, truth in self.truths.items()}
        name = super().edit(now)
        if name in {"reopen", "return", "future_end"}:
            self.reopened |= {tag for tag, over in before.items() if name == "return" or over}
        self._note(now)
        return name

    def settle(self) -> None:
        super().settle()
        self.refused.clear()
        self.left_out.clear()

    def _leave_out(self) -> str:
        """One that both know goes missing from one of them; or all are there again."""
        known = [t for t in self.truths.values() if t.tag in self.listed & self.ongoing and not t.past and t.listed]
        if self.left_out or not known:
            self.left_out.clear()
            return "list all"
        tag = self.rng.choice(known).tag
        self.left_out[tag] = self.rng.choice((LIST_EVENTS, IN_PROGRESS))
        return f"leave out {tag} from {self.left_out[tag]}"

    def _shown(self, pair: Pair, fault: str) -> list[Truth]:
        return [t for t in super()._shown(pair, fault) if self.left_out.get(t.tag) != LIST_EVENTS]

    def _goes_on(self, truth: Truth, then: datetime) -> bool:
        return _goes_on(truth, then) and self.left_out.get(truth.tag) != IN_PROGRESS

    def _pick(self, now: datetime, fits: Callable[[Truth], bool]) -> Truth | None:
        """Nothing else happens to what is left out."""
        return super()._pick(now, lambda truth: truth.tag not in self.left_out and fits(truth))

    def _as_of(self, moment: datetime) -> Snapshot:
        """What was true then: nothing changes but by edits."""
        known = [snapshot for snapshot in self._snapshots[-50:] if snapshot.at <= moment]
        return Snapshot(moment, (known or self._snapshots)[-1 if known else 0].truths)

    def _note(self, now: datetime) -> None:
        self._snapshots.append(Snapshot(now, {tag: copy.copy(truth) for tag, truth in self.truths.items()}))
        for tag, truth in self.truths.items():
            self.titles[tag].add(truth.item.title)
            if truth.item.start:
                self.starts[tag] |= {truth.item.start + timedelta(seconds=offset) for offset in OFFSETS}

    def _new(self, now: datetime, item: Item, pair: Pair, *, planned: bool = False, past: bool = False) -> bool:
        if not past and self._doubtful(pair, item.start or now, now):
            return False
        return super()._new(now, item, pair, planned=planned, past=past)

    def _move(self, now: datetime) -> bool:
        """Only where nothing is, or comes, near."""
        before = {tag: truth.item for tag, truth in self.truths.items()}
        if not super()._move(now):
            return False
        for tag, item in before.items():
            truth = self.truths[tag]
            if truth.item is not item and truth.item.start and self._doubtful(truth.pair, truth.item.start, now, tag):
                truth.item = item
        return True

    def _settled(self, truth: Truth, now: datetime) -> bool:
        """A title is rewritten only once both have told the old one."""
        return truth.tag in self.listed & self.ongoing and super()._settled(truth, now)

    def _doubtful(self, pair: Pair, start: datetime, now: datetime, tag: str = "") -> bool:
        """Whether something of the pair began about then, and not both have told of it."""
        return any(
            abs(other.item.start - start) < APART and not self._known_to_both(other, now)
            for other in self._of(pair)
            if other.item.start and not other.past and other.tag != tag
        )

    def _known_to_both(self, truth: Truth, now: datetime) -> bool:
        """What lies ahead is in neither list yet as it will be in both."""
        if truth.ahead(now) or self.refused:
            return False
        over = truth.over(now) and truth.acked == truth.version
        return truth.tag in self.listed and (truth.tag in self.ongoing or over)


class SweepPort:
    """The in-progress list as a source: one effect a read."""

    operation = IN_PROGRESS

    def __init__(self, world: TwoWorld, hook: Hook) -> None:
        self._world = world
        self._hook = hook
        self.answers: list[tuple[Pair, Answer]] = []

    def read(self, requests: Sequence[ReadRequest], *, now: datetime, rung: int) -> Iterator[Observation | FailedRead]:
        yield from self._hook(Call("sweep", partial(self._answer, now), (now,)))

    def learned(self, now: datetime) -> Findings:
        return Findings(refused="refused" if IN_PROGRESS in self._world.refused else None)

    def _answer(self, now: datetime, fault: str) -> list[Observation | FailedRead]:
        outcomes, answers = self._world.sweep(now, fault)
        self.answers += answers
        return outcomes


class ListPort(SourcePort):
    """ListEvents, which may be refused."""

    _world: TwoWorld

    def learned(self, now: datetime) -> Findings:
        return Findings(refused="refused" if LIST_EVENTS in self._world.refused else None)

    def _answer(self, request: ReadRequest, now: datetime, fault: str) -> Observation | FailedRead:
        if LIST_EVENTS in self._world.refused:
            return _failed(request.pair, LIST_EVENTS, now, "refused")
        return super()._answer(request, now, fault)


class TwoJudge(Judge):
    """Allows what two operations may say differently: which title and start, and an end by either. A law more:
    nothing is reopened that was not, nor ended twice by one end (`quarrel`)."""

    world: TwoWorld

    def __init__(self, world: TwoWorld) -> None:
        super().__init__(world)
        self._taken_back: dict[str, set[str]] = defaultdict(set)

    def _check(self, body: Mapping[str, Any], before: Mapping[str, Any] | None) -> None:
        event = body["data"]["event"]
        truth, seen = self._truth(event), datetime.fromisoformat(body["data"]["observedAt"].replace("Z", "+00:00"))
        moved = event["inferred"] and event["endTime"] and truth.over(seen)  # while ListEvents could not say so
        if not (moved and body["data"]["change"] in ENDS):
            super()._check(body, before)
        if truth.pair in self.world.misled:
            return
        verb, taken_back = body["data"]["change"], self._taken_back[event["id"]]
        if verb == "reopened" and before and not before["inferred"]:
            taken_back.add(before["endTime"])
            if truth.tag not in self.world.reopened:
                self._blame("quarrel", f"{event['title']} was reopened, though nothing happened to it")
        if verb in ENDS and event["endTime"] in taken_back - {None} and not truth.over(seen):
            self._blame("quarrel", f"{event['title']} was ended again by an end that had been taken back")

    def _is_gone(self, event: Mapping[str, Any], truth: Truth, seen: datetime, least: timedelta) -> bool:
        """What is over by its severity leaves the list without a word: nobody can tell, while ListEvents is refused."""
        return super()._is_gone(event, truth, seen, least) or truth.was_normal or bool(truth.came)

    def _differences(self, event: dict[str, Any], truth: Truth, now: datetime) -> dict[str, Any]:
        mine = dict(event)
        for name, known in (("title", self.world.titles), ("startTime", self.world.starts)):
            texts = {value if isinstance(value, str) else _text(value) for value in known[truth.tag]}
            if event[name] in texts:
                mine[name] = truth.item.title if name == "title" else _text(truth.item.start)
        if truth.over(now) and truth.item.end is None and event["endTime"] in {_text(end) for end in truth.came}:
            mine["endTime"] = None
        return super()._differences(mine, truth, now)


def two(world: TwoWorld, hook: Hook) -> tuple[Any, ...]:
    return SweepPort(world, hook), ListPort(world, hook)


BOTH = Cast(on="both", world=TwoWorld, judge=TwoJudge, sources=two, quiet_polls=15)  # type: ignore[arg-type]
"""What is refused is asked again after an hour."""


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _failed(pair: Pair, operation: str, now: datetime, why: str) -> FailedRead:
    return FailedRead(
        pair=pair,
        operation=operation,
        at=now,
        reason=why,
        code=why,
        throttled=why == "throttled",
        asked=why != "refused",
    )


def _goes_on(truth: Truth, then: datetime) -> bool:
    start, end = truth.item.start, truth.item.end
    if truth.past or not truth.listed or start is None or start > then:
        return False
    return not truth.over(then) or (end is not None and then < end + LINGER)


def _as_listed(truth: Truth, then: datetime) -> Item:
    item, number = truth.item, int(truth.tag, 16)
    assert item.start is not None
    over = item.end is not None and item.end <= then
    return msgspec.structs.replace(
        item, severity=None, start=item.start + timedelta(seconds=OFFSETS[number % len(OFFSETS)]),
        end=item.end if over else None, source_id=str(number),
    )  # fmt: skip
