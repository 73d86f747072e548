"""Variants that are wrong on purpose. A suite that lets one of them pass proves nothing: each must be caught, by name.

Where the code offers a seam the wrong part is put in by composition: a poller derived from ours, a store or a source
around ours. Pure functions have none; there the wrong one takes the right one's name in the module, for one test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import msgspec
import pytest

from shd_relay import chunks, ledger, merge, message, relay
from shd_relay import detect as detecting
from shd_relay.adapters.memory_store import MemoryStore
from shd_relay.commit import Tenure
from shd_relay.errors import PublishUnavailable
from shd_relay.model import FailedRead, HealthEvent, Item, Kind, Message, Observation, Position
from shd_relay.poll import Poller
from shd_relay.ports import ReadRequest, Store
from shd_relay.records import PollRecord, WorkRecord
from tests.simulation.explore import Bounds, Explorer
from tests.simulation.judge import Judge
from tests.simulation.runs import Chaos, Figures, Long, Run, Script, figures_of, singles
from tests.simulation.stage import OURS, Cast

Tell = Callable[[str, Sequence[str]], None]


class MarksBeforePublishing(Poller):
    """What was marked and not yet sent when the process ends is never sent."""

    def _relay(self, tenure: Tenure, deadline: float) -> bool:
        store, shard = self._store, self._plan.shard
        try:
            for placed in ledger.changes_after(store, store.load_watermark(shard), shard):
                store.save_watermark(shard, placed.position)
                if placed.change.pushed:
                    self._topic().publish(message.of(*placed, None))
        except PublishUnavailable:
            return False
        return True


class SwallowsWhatTheSendSays(Poller):
    """A topic that does not answer counts as one that took it."""

    def _topic(self) -> Any:
        inner = super()._topic()

        class Hopeful:
            def publish(self, told: Message) -> None:
                with suppress(PublishUnavailable):
                    inner.publish(told)

        return Hopeful()


class RelaysWithoutLease(Poller):
    """Another poller holds the lease, and this one sends what is pending all the same."""

    def _with_lease(self) -> None:
        super()._with_lease()
        if self._report.state == "busy":
            relay.relay(
                self._store, self._topic, shard=self._plan.shard, public_url=None, may_go_on=lambda: True,
                now=self._now, count=self._tally.count,
            )  # fmt: skip


class ForgetsTheTail(Poller):
    """What the log knew newer than the checkpoint is neither checkpointed nor documented."""

    def _remember(
        self, head: int, committer: Any, touched: frozenset[str], work: WorkRecord, record: PollRecord
    ) -> None:
        super()._remember(head, committer, frozenset(), work, record)


class Unfenced(MemoryStore):
    """Appends over what is there: last writer wins."""

    def append(self, shard: str, seq: int, blob: bytes) -> bool:
        self._log[shard, seq] = blob
        return True


class PublishesBeforeCommitting:
    """A store that tells the subscribers of what it is about to commit."""

    def __init__(self, inner: Store, judge: Judge) -> None:
        self._inner = inner
        self._judge = judge

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def append(self, shard: str, seq: int, blob: bytes) -> bool:
        entry = ledger.decode_entry(blob)
        for offset, change in enumerate(entry.changes, 1):
            if change.pushed:
                self._judge.publish(message.of(change, entry, Position(seq, offset), None))
        if not self._inner.append(shard, seq, blob):
            return False
        self._inner.save_watermark(shard, Position(seq, len(entry.changes)))
        return True


class AsksForOneWeek:
    """A source that is asked for the same days whatever is open."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.operation, self.learned = inner.operation, inner.learned

    def read(self, requests: Sequence[ReadRequest], *, now: datetime, rung: int) -> Iterator[Observation | FailedRead]:
        return self._inner.read([request._replace(since=now) for request in requests], now=now, rung=rung)  # type: ignore[no-any-return]


def without_tail(store: Any, shard: str = "main") -> tuple[ledger.State, frozenset[str]]:
    found = store.load_checkpoint(shard)
    return ledger.from_checkpoint(found.blob if found else None), frozenset()


def absence_is_an_end(known: Sequence[HealthEvent], observations: Sequence[Observation], *more: Any) -> Any:
    """What is not listed counts as listed with an end."""
    [seen] = observations
    titles = {item.title for item in seen.items}
    gone = [
        msgspec.structs.replace(event.said[seen.operation], severity="NORMAL", end=seen.at)
        for event in known
        if not event.over and seen.operation in event.said and event.title not in titles
    ]
    return detecting.detect_all(known, [msgspec.structs.replace(seen, items=(*seen.items, *gone))], *more)


def whole_seconds(known: Sequence[HealthEvent], observations: Sequence[Observation], *more: Any) -> Any:
    """Times that are equal up to the second count as equal."""
    [seen] = observations
    said = {event.title: event for event in known}

    def same(before: datetime | None, now: datetime | None) -> datetime | None:
        alike = before and now and before.replace(microsecond=0) == now.replace(microsecond=0)
        return before if alike else now

    def blurred(item: Item) -> Item:
        event = said.get(item.title)
        return item if event is None else msgspec.structs.replace(
            item, start=same(event.start, item.start), end=same(event.end, item.end)
        )  # fmt: skip

    items = tuple(blurred(item) for item in seen.items)
    return detecting.detect_all(known, [msgspec.structs.replace(seen, items=items)], *more)


def looked_for_as_history(event: HealthEvent, moment: datetime) -> bool:
    """A window that reaches back to what was history at first sight finds older history, and so on."""
    return not event.over or moment - event.changed_at < timedelta(days=7)


def kind_as_seen(before: Kind, now: Kind) -> Kind:
    return now


def scripts() -> Iterable[Run]:
    """What the suite runs, in small: until one of them sees something."""
    return chain((Script(seed) for seed in range(6)), (Chaos(seed, 250) for seed in range(2)), singles([1]))


# name, who plays, (module, name, wrong function) or none, the laws one of which must be broken
Patch = tuple[Any, str, Any]
MUTANTS: tuple[tuple[str, Cast, tuple[Patch, ...], set[str]], ...] = (
    ("mark before publish", OURS._replace(poller=MarksBeforePublishing), (), {"lost"}),
    ("what the send says is swallowed", OURS._replace(poller=SwallowsWhatTheSendSays), (), {"lost"}),
    ("publish before commit", OURS._replace(around_store=PublishesBeforeCommitting), (), {"conflicts", "back", "gaps"}),
    ("no fence", OURS._replace(store=Unfenced), (), {"lost", "conflicts", "gaps", "view"}),
    ("relay under another's lease", OURS._replace(poller=RelaysWithoutLease), (), {"too_many"}),
    ("a checkpoint that is read without the tail", OURS, ((ledger, "load", without_tail),), {"view"}),
    ("a checkpoint that is not written for the tail", OURS._replace(poller=ForgetsTheTail), (), {"docs"}),
    ("absence means resolved", OURS, ((chunks, "detect_all", absence_is_an_end),), {"false_end"}),
    ("no grace", OURS, ((detecting, "GONE_READS", 1), (detecting, "GONE_AFTER", timedelta(0))), {"false_end"}),
    ("no ten minutes", OURS, ((detecting, "GONE_AFTER", timedelta(0)),), {"false_end"}),
    ("whole-second compare", OURS, ((chunks, "detect_all", whole_seconds),), {"view"}),
    ("a window that history widens", OURS, ((HealthEvent, "is_looked_for", looked_for_as_history),), {"restless"}),
    ("kind that falls", OURS, ((merge, "risen", kind_as_seen),), {"kind"}),
)  # fmt: skip


@pytest.mark.parametrize(("name", "cast", "patches", "laws"), MUTANTS, ids=[mutant[0] for mutant in MUTANTS])
def test_it_is_caught(
    name: str, cast: Cast, patches: tuple[Patch, ...], laws: set[str], monkeypatch: pytest.MonkeyPatch, tell: Tell
) -> None:
    for module, attribute, wrong in patches:
        monkeypatch.setattr(module, attribute, wrong)
    caught(name, figures_of(scripts(), cast, until=lambda figures: bool(laws & figures.laws.keys())), laws, tell)


def test_a_constant_window_is_caught(tell: Tell) -> None:
    cast = OURS._replace(around_source=AsksForOneWeek)
    caught("window by constant", figures_of([Long(1)], cast), {"view"}, tell)


def test_the_search_over_interleavings_catches_a_missing_fence(tell: Tell) -> None:
    found = Explorer(Bounds(faults=0, expiries=1), OURS._replace(store=Unfenced)).search()
    tell("wrong on purpose, no fence, by the search", [f"{found.problems[:1]} after {found.states} states"])
    assert found.problems


def caught(name: str, figures: Figures, laws: set[str], tell: Tell) -> None:
    broken = ", ".join(f"{law} {n}" for law, n in sorted(figures.laws.items()))
    tell(f"wrong on purpose, {name}", [f"caught after {figures.runs} runs by {broken or 'nothing'}"])
    assert laws & figures.laws.keys(), f"{name} passes: {broken or 'no law is broken'}"
