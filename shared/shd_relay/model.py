"""The words of the field as values. All are frozen; every datetime is aware and in UTC; sequences are tuples."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any, Literal, NamedTuple

from msgspec import Struct

SHARD = "main"  # one shard serves several thousand pairs; the keys have the place for more
FEED = "feed"  # id, subject and kind of the event that speaks of the relay's own source

Kind = Literal["notice", "maintenance", "incident", "feed", "drill"]
State = Literal["scheduled", "open", "resolved", "withdrawn", "cancelled"]
SourceState = Literal["fresh", "stale", "blind"]
Verb = Literal[
    "opened", "updated", "resolved", "reopened", "withdrawn",
    "scheduled", "started", "completed", "cancelled",
    "stale", "blind", "recovered",
    "recorded",
]  # fmt: skip
"""What happened. `recorded` is never pushed: history, or what changes nothing that is shown."""
Phase = Literal["ahead", "on", "over", "gone"]
"""What a read shows of an event: see transitions.py."""

LIST_EVENTS, IN_PROGRESS, WITNESS = "ListEvents", "ListEventInProgress", "public-page"
"""The operations that say something of events, by name. Each is better at something: merge.py has the rules."""

LOOKED_FOR = timedelta(days=7)
ENDED: frozenset[State] = frozenset({"resolved", "withdrawn", "cancelled"})


class Pair(NamedTuple):
    """One product in one region: the unit of reading, staleness and scope. Ids as the config spells them."""

    product: str
    region: str

    def __str__(self) -> str:
        return f"{self.product}/{self.region}"


class Update(Struct, frozen=True, kw_only=True):
    """One message in the life of an event, as the source published it."""

    at: datetime
    text: str


class Item(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one operation says of one event in one answer.

    `severity` is the source's own word, None when it gives none. `start` None: not given. `end` None: not known or not
    over. `source_id` is the id of the source, where it has one (ListEvents has none).
    """

    title: str
    severity: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    source_id: str | None = None
    updates: tuple[Update, ...] = ()


class Window(Struct, frozen=True):
    """Days that one read asked for: from the first moment of `since` to the last of `until`, and surely covers."""

    since: datetime
    until: datetime

    def covers(self, moment: datetime) -> bool:
        return self.since <= moment <= self.until


ALWAYS = Window(datetime.min.replace(tzinfo=timezone.utc), datetime.max.replace(tzinfo=timezone.utc))
"""The window of an operation that lists whatever is going on, no matter when it began."""


class Observation(Struct, frozen=True, kw_only=True):
    """What one complete read of one pair said. `unreadable` items make it partial: absence proves nothing then.

    `whole` False: the answer had an item that cannot be read and might be of any pair. `history`: it was read for the
    sake of the past alone (a backfill), and nobody is told of what it says.
    """

    pair: Pair
    operation: str
    at: datetime
    items: tuple[Item, ...]
    windows: tuple[Window, ...]
    unreadable: tuple[str, ...] = ()
    whole: bool = True
    history: bool = False


class FailedRead(Struct, frozen=True, kw_only=True):
    """A read that gave no complete answer. The pair keeps its state and grows stale; nothing is concluded from it.

    `reason` is one line without secrets; `code` the source's own word; `throttled`: it asked us to
    slow down; `asked` False: nothing was sent, as all are refused alike, or all of this product fail.
    """

    pair: Pair
    operation: str
    at: datetime
    reason: str
    code: str = ""
    throttled: bool = False
    asked: bool = True


class TakenBack(NamedTuple):
    """An end up to this moment is over and done with: the operation took it back, and another may still be late."""

    operation: str
    until: datetime


class HealthEvent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One disturbance, maintenance or notice, as subscribers know it after its last change.

    `revision` counts pushed changes from 1 without gaps; 0 is history that nobody was told of. `said` holds what each
    operation last said, apart, the first that saw it first; `claims` which phase that put it in, once there are two;
    `taken_back` the end that one of them took back. `merged_into`: the id of the event that this one turned out to be.
    `since` is when the present state was committed, `changed_at` when anything was.
    """

    id: str
    revision: int
    kind: Kind
    product: str
    region: str
    title: str
    severity: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    updates: tuple[Update, ...] = ()
    state: State
    inferred: bool = False
    said: dict[str, Item] = {}
    claims: dict[str, Phase] = {}
    taken_back: TakenBack | None = None
    merged_into: str | None = None
    since: datetime
    changed_at: datetime

    @property
    def pair(self) -> Pair:
        return Pair(self.product, self.region)

    @property
    def over(self) -> bool:
        return self.state in ENDED

    @property
    def witness(self) -> bool:
        """Whether nobody but the dashboard's own page has said it so far."""
        return set(self.said) == {WITNESS}

    def is_looked_for(self, moment: datetime) -> bool:
        """Whether it must be seen, however long ago it began: while it lives, and for a week after its end was told,
        as an end can be taken back, and a source that was wrong for ten minutes shows again what was called gone.

        Not what was history at first sight: to look back to its start would find older history, and so on.
        """
        return not self.over or (self.revision > 0 and not self.merged_into and moment - self.changed_at < LOOKED_FOR)


class Change(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A fact, committed once it stands in the log: `event` as it is after the change.

    `previous` is what the fields named in `changed` were before, as a message shows them (texts, lists or None).
    `pairs` and `counts` are the feed's own, and so is `gap`: a time in which no poll was finished, from and to.
    """

    verb: Verb
    event: HealthEvent
    changed: tuple[str, ...] = ()
    previous: dict[str, Any] = {}
    observed_at: datetime
    pairs: tuple[str, ...] = ()
    counts: dict[str, int] = {}
    gap: tuple[datetime, datetime] | None = None

    @property
    def pushed(self) -> bool:
        return self.verb != "recorded"


class Entry(Struct, frozen=True, kw_only=True):
    """One commit in the log. `schema` is the format's number: a reader that meets a newer one stops, never skips."""

    schema: int = 1
    id: str
    at: datetime
    token: int
    changes: tuple[Change, ...]


class Position(NamedTuple):
    """A place in the log: after the first `offset` changes of entry `seq`. (0, 0) is before everything."""

    seq: int
    offset: int


START = Position(0, 0)


class Message(Struct, frozen=True, kw_only=True):
    """One message as it goes to the topic: `body` is the CloudEvent's JSON text, `tag` what subscriptions filter by."""

    id: str
    tag: str
    body: str
