"""State as a fold of the log, and how both are written down.

Laws of this module (design.md, law 1): the log is the truth; a checkpoint is a cache of the fold, with a fold version,
so a reader of another version folds the log itself. The fold is a pure function of the entries: no clock, no config.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar

import msgspec

from shd_relay.errors import ContractError
from shd_relay.model import FEED, SHARD, Change, Entry, HealthEvent, Position, SourceState, Verb
from shd_relay.ports import Checkpoint, ReadStore, Row

_Record = TypeVar("_Record", bound=msgspec.Struct)

FOLD_VERSION = 4
ENTRY_SCHEMA = 1
KEEP_ENDED = timedelta(days=120)  # longer than the widest window that is asked for in one call (90 days)
A_DAY = timedelta(days=1)
_SPELLS: dict[Verb, SourceState] = {"stale": "stale", "blind": "blind"}
PAGE = 20  # rows in one read: each may have 1 MB
ENTRY_BYTES = 1_000_000  # design.md, law 2: an entry holds at most 1 MB encoded


class Spell(NamedTuple):
    """A time in which the source was not fresh, as subscribers were told, or nobody looked; `until` None: it is not
    yet."""

    source: SourceState
    since: datetime
    until: datetime | None


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What subscribers were or will be told, after the entries up to `seq`. `at`: commit time of the last of them,
    `began`: of the first.

    `events` by id holds those that live, and those that ended lately (KEEP_ENDED). `spells`: when the source was not
    fresh, the oldest first, as far back. `counts`: pushed changes since the log began, by `<kind> <change>`.
    """

    fold: int = FOLD_VERSION
    seq: int = 0
    at: datetime | None = None
    began: datetime | None = None
    events: dict[str, HealthEvent] = {}
    spells: tuple[Spell, ...] = ()
    counts: dict[str, int] = {}

    @property
    def feed(self) -> HealthEvent | None:
        """The event that speaks of the relay's own source; None while nothing was ever wrong with it."""
        return self.events.get(FEED)


EMPTY = State()


class Placed(NamedTuple):
    """A change, the commit that it stands in, and where it ends."""

    change: Change
    entry: Entry
    position: Position


def apply(state: State, seq: int, entry: Entry) -> State:
    """The state after one more entry; raises ContractError if it is not the next."""
    if seq != state.seq + 1:
        raise ContractError(f"log entry {seq} does not follow {state.seq}")
    events = state.events | {change.event.id: change.event for change in entry.changes if not change.gap}
    spells, counts = state.spells, dict(state.counts)
    for change in entry.changes:
        if change.pushed:
            told = f"{change.event.kind} {change.verb}"
            counts[told] = counts.get(told, 0) + 1
        if change.event.id == FEED:
            spells = turned(spells, change)
    if state.at is None or state.at.date() != entry.at.date():  # a look at every event, once a day of the log
        events = _without_old(events, entry.at)
        spells = tuple(spell for spell in spells if spell.until is None or spell.until >= entry.at - KEEP_ENDED)
    return State(seq=seq, at=entry.at, began=state.began or entry.at, events=events, spells=spells, counts=counts)


def turned(spells: tuple[Spell, ...], change: Change) -> tuple[Spell, ...]:
    """The spells after a change of the feed: the one that goes on ends, and another begins unless all is well again.

    A gap is a spell of its own, and may lie within another; an empty one is none."""
    if change.gap:
        return (*spells, Spell("blind", *change.gap)) if change.gap[0] < change.gap[1] else spells
    at = change.event.changed_at
    ended = tuple(spell if spell.until else spell._replace(until=at) for spell in spells)
    source = _SPELLS.get(change.verb)
    return (*ended, Spell(source, at, None)) if source else ended


def fold(state: State, rows: Iterable[Row]) -> State:
    """The state after these rows of the log."""
    for row in rows:
        state = apply(state, row.seq, decode_entry(row.blob))
    return state


def load(store: ReadStore, shard: str = SHARD) -> tuple[State, frozenset[str]]:
    """The state as committed now, and the ids of the events that the log knew newer than the checkpoint."""
    checkpoint = store.load_checkpoint(shard)
    state = from_checkpoint(checkpoint.blob if checkpoint else None)
    touched: set[str] = set()
    while rows := store.read_log(shard, state.seq, PAGE):
        for row in rows:
            entry = decode_entry(row.blob)
            state = apply(state, row.seq, entry)
            touched.update(change.event.id for change in entry.changes)
    return state, frozenset(touched)


def changes_after(store: ReadStore, mark: Position, shard: str = SHARD) -> Iterator[Placed]:
    """Every committed change after `mark`, in log order, history included. Raises what the store raises."""
    after = max(0, mark.seq - 1)
    while rows := store.read_log(shard, after, PAGE):
        for row in rows:
            entry = decode_entry(row.blob)
            for offset, change in enumerate(entry.changes, 1):
                if (position := Position(row.seq, offset)) > mark:
                    yield Placed(change, entry, position)
        after = rows[-1].seq


def encode_entry(entry: Entry) -> bytes:
    return msgspec.json.encode(entry)


def decode_entry(blob: bytes) -> Entry:
    """The entry; ContractError if a newer version wrote it, or it cannot be read: a reader stops, never skips."""
    schema = _decode(blob, _Schema, "log entry").schema
    if schema > ENTRY_SCHEMA:
        raise ContractError(f"a newer version wrote the log (schema {schema}, this one reads {ENTRY_SCHEMA})")
    return _decode(blob, Entry, "log entry")


def to_checkpoint(state: State) -> Checkpoint:
    return Checkpoint(state.seq, encode_record(state))


def from_checkpoint(blob: bytes | None) -> State:
    """The state of a checkpoint; a cache that cannot be read, as one of another version, is folded anew: EMPTY."""
    state = decode_record(blob, State)
    return state if state and state.fold == FOLD_VERSION else EMPTY


def document(event: HealthEvent) -> tuple[str, str, bytes]:
    """The event document as the store keeps it: id, month of its start (else of its present state), the event."""
    return event.id, f"{event.start or event.since:%Y-%m}", msgspec.json.encode(event)


def decode_document(blob: bytes) -> HealthEvent:
    """The event of a document; raises ContractError if it cannot be read."""
    return _decode(blob, HealthEvent, "event document")


def encode_record(record: msgspec.Struct) -> bytes:
    return zlib.compress(msgspec.json.encode(record), 1)


def decode_record(blob: bytes | None, kind: type[_Record]) -> _Record | None:
    """The record; None if there is none, or it cannot be read: it is a memory aid, not a truth."""
    if blob is None:
        return None
    try:
        return msgspec.json.decode(zlib.decompress(blob), type=kind)
    except (zlib.error, msgspec.MsgspecError):
        return None


def _decode(blob: bytes, kind: type[_Record], what: str) -> _Record:
    try:
        return msgspec.json.decode(blob, type=kind)
    except msgspec.MsgspecError as error:
        raise ContractError(f"a {what} cannot be read: {error}") from error


class _Schema(msgspec.Struct):
    schema: int


def _without_old(events: dict[str, HealthEvent], now: datetime) -> dict[str, HealthEvent]:
    """Forgets what ended long ago, unless an event of the pair that is still looked for began before it.

    A window reaches back to the start of the oldest such event, and what it lists must be known.
    """
    limit = now - KEEP_ENDED
    if all(_last_moment(e) >= limit for e in events.values()):
        return events
    oldest: dict[tuple[str, str], datetime] = {}
    for event in events.values():
        if event.start is not None and event.is_looked_for(now - A_DAY):  # the last read may be older than this entry
            oldest[event.pair] = min(event.start, oldest.get(event.pair, event.start))
    margin = timedelta(days=10)
    return {
        event.id: event
        for event in events.values()
        if event.id == FEED
        or not event.over
        or _last_moment(event) >= min(limit, oldest.get(event.pair, limit) - margin)
    }


def _last_moment(event: HealthEvent) -> datetime:
    return max(filter(None, (event.start, event.end, event.changed_at)))
