"""Scripted worlds. In each, one poll has every kind of effect that the script is about: that is the one to be hurt."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Any

from local.fakes.mns import Fault as MnsFault
from local.fakes.status import Fault as StatusFault
from local.fakes.status import ShownEvent
from local.fakes.status.world import Stage

T0 = datetime(2024, 7, 2, 2, 0, tzinfo=timezone.utc)
REGION = "cn-hongkong"
DOWN, NO_KEY = StatusFault.ACCESS_KEY_NOT_FOUND, MnsFault.INVALID_ACCESS_KEY_ID  # are not tried again: quick steps


def at(minute: float) -> datetime:
    return T0 + timedelta(minutes=minute)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One poll: when, and what is wrong meanwhile with the status API (for `of` alone, if given) or with the topic."""

    minute: float
    api: StatusFault | None = None
    of: str = ""
    mns: MnsFault | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """`hurt`: the step that is killed; `first`: the earliest one that may be (what ends before a pair was ever read is
    history, which nobody is told of). `calm`: minutes after the last step at which all that was missed is made up for.
    Titles begin with a tag of their own. `topic`: attributes of the topic."""

    name: str
    products: tuple[str, ...]
    events: tuple[ShownEvent, ...]
    steps: tuple[Step, ...]
    hurt: int
    first: int = 1
    calm: tuple[float, ...] = (2,)
    topic: dict[str, int] = field(default_factory=dict)


def rounds(number: int) -> Scenario:
    """Every minute an event begins, another gets worse, and another ends; the steps are left to who plays it."""
    products = ("ecs", "oss", "rds")
    events = tuple(
        event(products[n % 3], f"{n}: fails", n + 0.2, shown_from=n + 0.2, end=n + 2.2, severity="NOTIFICATION",
              stages=(stage(n + 1.2, title=f"{n}: fails badly", severity="ALARM"),))
        for n in range(number)
    )  # fmt: skip
    return Scenario(name="rounds", products=products, events=events, steps=(), hurt=0)


def event(product: str, title: str, start: float, **more: Any) -> ShownEvent:
    """Times in minutes after T0."""
    for name in ("end", "shown_from", "shown_until"):
        if name in more:
            more[name] = at(more[name])
    more["stages"] = tuple(replace(stage, at=at(stage.at)) for stage in more.get("stages", ()))
    return ShownEvent(product=product, region=REGION, title=title, start=at(start), **more)


def stage(minute: float, **more: Any) -> Any:
    """The event from this minute on; `event` makes a time of it."""
    return Stage(at=minute, **more)  # type: ignore[arg-type]


RICH = Scenario(
    name="rich",
    products=("ecs", "oss", "rds"),
    events=(
        event("oss", "A: old trouble", -600, end=-500),
        event("ecs", "B: disks are slow", -30, severity="NOTIFICATION",
              stages=(stage(3.5, title="B: disks fail", severity="ALARM"),)),
        event("rds", "C: logins fail", 0.5, shown_from=0.5, end=3.6),
        event("oss", "D: uploads fail", 3.7, shown_from=3.7),
        event("rds", "E: <later> & \"after\"", 5.5, shown_from=5.5),
    ),
    steps=(
        Step(minute=0), Step(minute=1, mns=NO_KEY), Step(minute=2, api=DOWN, mns=NO_KEY),
        Step(minute=3, api=DOWN, mns=NO_KEY),
        Step(minute=4, api=StatusFault.ITEM_GARBAGE_TIMES, of="oss"),
        Step(minute=6),
    ),
    hurt=4,
)  # fmt: skip
"""The hurt poll relays a backlog (an opening, and that the source is blind), parks an item that cannot be read, commits
an opening, an update and an end in one entry and the feed's recovery in another, and publishes them."""

FIRST = Scenario(
    name="first poll",
    products=("ecs", "oss"),
    events=(
        event("ecs", "A: over before", -600, end=-500), event("ecs", "B: since yesterday", -900),
        event("oss", "C: planned maintenance", 6000, severity="NOTIFICATION", end=6060, end_announced=True),
        event("oss", "D: begins later", 1.5, shown_from=1.5),
    ),
    steps=(Step(minute=0), Step(minute=2)),
    hurt=0,
    first=0,
)  # fmt: skip
"""The hurt poll makes the file, or puts the first row of everything; history and the future are in what it reads."""

MAINTENANCE = Scenario(
    name="maintenance",
    products=("ecs", "oss", "rds"),
    events=(
        event("ecs", "A: planned upgrade", 2.5, severity="NOTIFICATION", end=10, end_announced=True),
        event("ecs", "B: planned migration", 40, severity="NOTIFICATION", end=50, end_announced=True),
        event("oss", "C: came and went", 0.2, shown_from=0.2, shown_until=1.5),
        event("rds", "D: back to normal", -20, stages=(stage(1.5, severity="NORMAL"), stage(14.5, severity="ALARM"))),
        event("rds", "E: both in one poll", 5, shown_from=5, end=14),
    ),
    steps=(Step(minute=0), Step(minute=1), Step(minute=2), Step(minute=4), Step(minute=15), Step(minute=17)),
    hurt=4,
    calm=(2, 8, 14),
)  # fmt: skip
"""The hurt poll tells of an upgrade that is completed, one that was withdrawn, one that comes back, and of one that
began and ended since the last poll."""

MANY = Scenario(
    name="many",
    products=tuple(f"p{n:02}" for n in range(8)),
    events=tuple(event(f"p{n:02}", f"{n}: everything fails at once", 0.5, shown_from=0.5, end=1.5) for n in range(8)),
    steps=(Step(minute=0), Step(minute=1, mns=NO_KEY), Step(minute=2), Step(minute=4)),
    hurt=2,
)
"""The hurt poll relays as many openings as pairs, and commits and relays as many ends."""

LARGE = Scenario(
    name="large",
    products=("ecs", "oss"),
    events=tuple(
        event("ecs" if n % 2 else "oss", f"{n}: " + chr(0x5F88 + n) * 16_000, 0.5, shown_from=0.5) for n in range(14)
    ),
    steps=(Step(minute=0), Step(minute=1), Step(minute=3)),
    hurt=1,
)
"""The hurt poll commits more than one entry can hold, and publishes messages that are cut to fit."""

REFUSED = Scenario(
    name="refused",
    products=("ecs", "oss"),
    events=(
        event("ecs", "A: " + "too long for this topic. " * 60, 0.5, shown_from=0.5),
        event("oss", "B: short", 0.5, shown_from=0.5),
    ),
    steps=(Step(minute=0), Step(minute=1), Step(minute=3)),
    hurt=1,
    topic={"MaximumMessageSize": 2048},
)
"""The topic refuses a message of the hurt poll for good: it is parked, and a short notice goes in its place."""

SCENARIOS = {each.name: each for each in (RICH, FIRST, MAINTENANCE, MANY, LARGE, REFUSED)}
