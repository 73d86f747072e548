"""What happens in a synthetic year, as steps of events, drawn from a seed: outages, maintenance, notices, blind spells.

Nothing of it ever happened; sizes and lengths are like those of the incidents that SHD has told of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from shd_relay.model import Pair, Update, Verb

PRODUCTS = (
    "ecs", "oss", "rds", "slb", "vpc", "redis", "polardb", "ack", "cdn", "nas", "kafka", "elasticsearch",
)  # fmt: skip
REGIONS = (
    "cn-hangzhou", "cn-shanghai", "cn-beijing", "cn-shenzhen", "cn-hongkong", "ap-southeast-1", "ap-northeast-1",
    "us-east-1", "eu-central-1", "me-east-1",
)  # fmt: skip
PAIRS = tuple(Pair(product, region) for product in PRODUCTS for region in REGIONS)

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_CAUSES = ("Cooling failure in zone {z}", "Network jitter in zone {z}", "可用区{z}存储访问异常", "Increased API errors")
_WORDS = (
    "Engineers look into it.",
    "The cause is found; traffic is moved away from the failing devices.",
    "Most instances are back; the rest is being restored in batches.",
    "正在逐步恢复，请留意后续更新。",
    "Recovery is watched.",
)


class Step(NamedTuple):
    """One change of an event, as soon as somebody looks: `fields` are those of HealthEvent that it sets."""

    at: datetime
    id: str
    verb: Verb
    fields: dict[str, Any]


class Spell(NamedTuple):
    """`blind` and `stale` are told; in a `gap` no poll ran."""

    what: str
    since: datetime
    until: datetime


class Script:
    """Draws happenings until there are as many changes as wanted; the same seed gives the same."""

    def __init__(self, seed: int, since: datetime, until: datetime) -> None:
        self._random = Random(seed)
        self._since, self._until = since, until
        self._count = 0

    def steps(self, changes: int) -> list[Step]:
        """By time; about so many."""
        found = list(self._history())
        kinds: tuple[Callable[[], Iterator[Step]], ...] = (self._outage, self._maintenance, self._notice)
        while len(found) < changes:
            found += _in_order(self._random.choices(kinds, (6, 2, 2))[0]())
        return sorted(found, key=lambda step: step.at)

    def spells(self, days: int) -> list[Spell]:
        """A blind spell in some twelve days, a stale one in forty, a gap in sixty; they do not overlap."""
        found = []
        at = self._since + _DAY
        while at < self._until - _DAY:
            what = self._random.choices(("blind", "stale", "gap"), (10, 3, 2))[0]
            lasts = self._random.choice((4, 7, 15, 40, 130, 400)) * _MINUTE
            found.append(Spell(what, at, at + lasts))
            at += lasts + self._random.uniform(0.3, 1.7) * min(8, max(1, days // 10)) * _DAY
        return found

    def _history(self) -> Iterator[Step]:
        """What was over when the first poll looked."""
        for pair in self._random.sample(PAIRS, 6):
            start = self._since - self._random.uniform(1, 6) * _DAY
            end = start + self._random.uniform(0.5, 5) * _HOUR
            yield self._first(pair, "recorded", self._since, title=self._title(), severity="NORMAL", start=start,
                              end=end, state="resolved", kind="incident")  # fmt: skip

    def _outage(self) -> Iterator[Step]:
        """Of a few products in one region, sometimes of all of them, or of one product everywhere."""
        wide = self._random.random()
        place = self._random.choice(PAIRS)
        near = [pair for pair in PAIRS if pair.region == place.region]
        if wide < 0.05:
            near = [pair for pair in PAIRS if pair.product == place.product]
        pairs = near if wide < 0.08 else self._random.sample(near, min(len(near), self._random.choice((1, 1, 2, 4))))
        start, title = self._moment(), self._title()
        lasts = self._random.lognormvariate(4.0, 1.0) * _MINUTE
        mild = self._random.random() < 0.2
        for pair in pairs:
            begins = start + self._random.uniform(0, 3) * _MINUTE
            yield from self._incident(pair, title, begins, begins + lasts * self._random.uniform(0.6, 1.1), mild=mild)

    def _incident(self, pair: Pair, title: str, start: datetime, end: datetime, *, mild: bool) -> Iterator[Step]:
        severity = "NOTIFICATION" if mild else "ALARM"
        step = self._first(pair, "opened", start + self._late(), title=title, severity=severity, start=start,
                           state="open", kind="notice" if mild else "incident")  # fmt: skip
        yield step
        if mild and self._random.random() < 0.6:
            yield Step(start + 6 * _MINUTE, step.id, "updated", {"severity": "ALARM", "kind": "incident"})
        told: tuple[Update, ...] = ()
        at = start + self._random.uniform(8, 25) * _MINUTE
        while at < end and len(told) < len(_WORDS):
            told = (*told, Update(at=at, text=_WORDS[len(told)]))
            yield Step(at + self._late(), step.id, "updated", {"updates": told})
            at += self._random.uniform(15, 90) * _MINUTE
        yield from self._end(step.id, end)

    def _end(self, id_: str, end: datetime) -> Iterator[Step]:
        chance = self._random.random()
        if chance < 0.03:
            yield Step(end + self._late(), id_, "withdrawn", {"state": "withdrawn", "inferred": True})
            return
        yield Step(end + self._late(), id_, "resolved", {"state": "resolved", "end": end, "severity": "NORMAL"})
        if chance > 0.97:
            again = end + self._random.uniform(10, 60) * _MINUTE
            yield Step(again, id_, "reopened", {"state": "open", "end": None, "severity": "ALARM"})
            last = again + self._random.uniform(10, 120) * _MINUTE
            yield Step(last + self._late(), id_, "resolved", {"state": "resolved", "end": last, "severity": "NORMAL"})

    def _maintenance(self) -> Iterator[Step]:
        start = self._moment().replace(minute=0, second=0, microsecond=0)
        end = start + self._random.choice((1, 2, 4)) * _HOUR
        for pair in self._random.sample(PAIRS, self._random.choice((1, 1, 2, 3))):
            step = self._first(
                pair, "scheduled", start - self._random.uniform(2, 13) * _DAY, title="Scheduled network upgrade",
                severity="NOTIFICATION", start=start, end=end, state="scheduled", kind="maintenance",
            )  # fmt: skip
            yield step
            if self._random.random() < 0.08:
                yield Step(start - _HOUR, step.id, "cancelled", {"state": "cancelled"})
                continue
            yield Step(start + _MINUTE, step.id, "started", {"state": "open"})
            yield Step(end + _MINUTE, step.id, "completed", {"state": "resolved"})

    def _notice(self) -> Iterator[Step]:
        start = self._moment()
        step = self._first(self._random.choice(PAIRS), "opened", start + self._late(), title="Console notice",
                           severity="NOTIFICATION", start=start, state="open", kind="notice")  # fmt: skip
        yield step
        end = start + self._random.uniform(1, 30) * _HOUR
        yield Step(end + self._late(), step.id, "resolved", {"state": "resolved", "end": end})

    def _first(self, pair: Pair, verb: Verb, at: datetime, **fields: Any) -> Step:
        self._count += 1
        return Step(at, f"syn-{self._count:06d}", verb, {"product": pair.product, "region": pair.region, **fields})

    def _title(self) -> str:
        return self._random.choice(_CAUSES).format(z=self._random.choice("ABC"))

    def _moment(self) -> datetime:
        return self._since + self._random.random() * (self._until - self._since)

    def _late(self) -> timedelta:
        """How long SHD takes to say it, and a poll to see it."""
        return self._random.uniform(0.2, 4) * _MINUTE


def _in_order(steps: Iterable[Step]) -> Iterator[Step]:
    """What comes later in the life of an event is not seen before."""
    seen: dict[str, datetime] = {}
    for step in steps:
        at = seen[step.id] = max(step.at, seen.get(step.id, step.at))
        yield step._replace(at=at)
