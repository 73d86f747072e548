"""Fills a store with a synthetic year: a log of as many changes as wanted, when each was pushed, and a partner's
tickets. For examples, benchmarks and tests; the same seed gives the same bytes.

    PYTHONPATH=.:shared .venv/bin/python -m local.synthetic_year FOLDER [--changes N] [--seed N]

makes FOLDER/year.db and FOLDER/config.yaml, to be used as SHD_STORE=sqlite:///FOLDER/year.db and SHD_CONFIG.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from itertools import groupby
from pathlib import Path
from random import Random
from typing import Any, NamedTuple, cast

import msgspec

from local.synthetic_events import PAIRS, PRODUCTS, REGIONS, Script, Spell, Step
from shd_relay import feed, ledger, past, pushed, tickets
from shd_relay.ledger import State
from shd_relay.model import FEED, LIST_EVENTS, Change, Entry, HealthEvent, Item, SourceState
from shd_relay.plans import SEVERITIES, TARGETS
from shd_relay.ports import Store
from shd_relay.records import POLL, PollRecord
from shd_relay.tickets import Ticket, TicketEntry, TicketVerb

SINCE = datetime(2023, 12, 31, 23, tzinfo=timezone.utc)  # the first moment of 2024 in Berlin: a leap year
PARTNER = "synthetic"
CONFIG = f"""\
watch: {{products: [{", ".join(PRODUCTS)}], regions: [{", ".join(REGIONS)}]}}
partners:
  - id: {PARTNER}
    name: Synthetic Reseller
    plan: elite
    ticket_packages: 1
    valid_from: 2024-01-01
    valid_until: 2024-12-31
    time_zone: Europe/Berlin
    importance: {{business_critical: [rds, polardb], production: [ecs, slb, oss], key: all}}
"""
TICKETS = 46  # of 40 that the plan and the package give
_MINUTE = timedelta(minutes=1)
_FIELDS = {"severity": "severity", "kind": "kind", "end": "endTime", "updates": "updates", "state": "state"}


class Year(NamedTuple):
    """What to make: about `changes` in `days` days from `since` on. `snapshots`: as a poller leaves them; slow."""

    changes: int = 100_000
    seed: int = 1
    since: datetime = SINCE
    days: int = 366
    snapshots: bool = False

    @property
    def until(self) -> datetime:
        return self.since + timedelta(days=self.days)


def fill(store: Store, year: Year) -> State:
    """Puts everything into an empty store through its port; gives the state at the end."""
    events: dict[str, HealthEvent] = {}
    spells: tuple[ledger.Spell, ...] = ()
    counts: dict[str, int] = {}
    random, seq, state, at = Random(year.seed + 1), 0, ledger.EMPTY, year.since
    for seq, (at, changes) in enumerate(_commits(year, events), 1):
        entry = Entry(id=f"{seq}.1.synthetic", at=at, token=1, changes=changes)
        store.append("main", seq, ledger.encode_entry(entry))
        times = tuple(_pushed_at(change, at, random) for change in changes)
        store.append(pushed.shard_of(), seq, pushed.encode(pushed.Pushed(at=times)))
        for change in changes:
            told = f"{change.event.kind} {change.verb}"
            counts[told] = counts.get(told, 0) + change.pushed
            spells = ledger.turned(spells, change) if change.event.id == FEED else spells
        if year.snapshots:
            before, state = state.seq, ledger.apply(state, seq, entry)
            past.keep_snapshot(store, "main", 1, before, state)
    if not year.snapshots:  # a cache: what has long been over is no matter
        kept = {
            id_: event for id_, event in events.items() if not event.over or at - event.changed_at < ledger.KEEP_ENDED
        }
        state = State(seq=seq, at=at, began=year.since, events=kept, spells=spells, counts=counts)
    store.save_checkpoint("main", ledger.to_checkpoint(state))
    _documents(store, list(events.values()), seq)
    _poll_record(store, max(at, year.until + timedelta(days=4)))
    _tickets(store, year, events)
    return state


def _commits(year: Year, events: dict[str, HealthEvent]) -> Iterator[tuple[datetime, tuple[Change, ...]]]:
    """When, and what, poll by poll. While nobody could look the steps wait for the end of the spell."""
    script = Script(year.seed, year.since, year.until)
    spells = script.spells(year.days)
    seen = [(_tick(step.at, spells, year.since), step) for step in script.steps(year.changes)]
    turns = list(_turns(spells))
    moments = sorted(
        [(at, 1, step) for at, step in seen] + [(at, 0, turn) for at, turn in turns],
        key=lambda moment: moment[:2],
    )  # fmt: skip
    for at, group in groupby(moments, key=lambda moment: moment[0]):
        changes = []
        for _, _, what in group:
            known = events.get(FEED if isinstance(what, Spell) else what.id)
            change = _turn(known, what, at) if isinstance(what, Spell) else _change(known, what, at)
            if not change.gap:
                events[change.event.id] = change.event
            changes.append(change)
        yield at, tuple(changes)


def _tick(at: datetime, spells: Sequence[Spell], since: datetime) -> datetime:
    """The end of the poll that sees it: a few seconds after a whole minute."""
    ready = next((spell.until for spell in spells if spell.since <= at < spell.until and spell.what != "stale"), at)
    whole = max(ready, since).replace(second=0, microsecond=0) + _MINUTE
    return whole + timedelta(seconds=3, milliseconds=whole.minute * 7)


def _turns(spells: Sequence[Spell]) -> Iterator[tuple[datetime, Spell]]:
    for spell in spells:
        if spell.what == "gap":
            yield spell.until, spell
        else:
            yield spell.since, spell
            yield spell.until, Spell("fresh", spell.since, spell.until)


def _turn(known: HealthEvent | None, spell: Spell, at: datetime) -> Change:
    if spell.what == "gap":
        return feed.unseen(known, spell.since, spell.until, at)
    source = cast("SourceState", spell.what)
    found = feed.turn(known, source, complete_at=spell.since, old_pairs=(), watched=len(PAIRS), now=at, at=at)
    assert found is not None  # noqa: S101 - spells do not overlap
    return found


def _change(known: HealthEvent | None, step: Step, at: datetime) -> Change:
    fields = step.fields
    if known is None:
        revision = 0 if step.verb == "recorded" else 1
        event = HealthEvent(id=step.id, revision=revision, since=at, changed_at=at, said=_said(fields), **fields)
        return Change(verb=step.verb, event=event, observed_at=at - timedelta(seconds=2))
    since = at if "state" in fields else known.since
    event = msgspec.structs.replace(known, revision=known.revision + 1, since=since, changed_at=at, **fields)
    changed = [name for name in _FIELDS if name in fields]
    return Change(
        verb=step.verb,
        event=event,
        changed=tuple(_FIELDS[name] for name in changed),
        previous={_FIELDS[name]: _plain(getattr(known, name)) for name in changed},
        observed_at=at - timedelta(seconds=2),
    )


def _said(fields: dict[str, Any]) -> dict[str, Item]:
    return {
        LIST_EVENTS: Item(
            title=fields["title"], severity=fields["severity"], start=fields["start"], end=fields.get("end")
        )
    }


def _plain(value: Any) -> Any:
    return msgspec.to_builtins(value)


def _pushed_at(change: Change, at: datetime, random: Random) -> datetime | None:
    """Mostly within seconds; some wait for the next poll, and of a few nobody knows."""
    chance = random.random()
    if not change.pushed or chance < 0.002:
        return None
    return at + timedelta(milliseconds=round(random.uniform(120, 900) if chance < 0.99 else random.uniform(6e4, 6e5)))


def _documents(store: Store, events: Sequence[HealthEvent], seq: int) -> None:
    for first in range(0, len(events), 1_000):
        store.put_documents([ledger.document(event) for event in events[first : first + 1_000]], seq)


def _poll_record(store: Store, at: datetime) -> None:
    record = PollRecord(started=at, finished=at, token=1, complete_at=at, bound_seconds=180.0,
                        read={str(pair): at for pair in PAIRS})  # fmt: skip
    store.save_record("main", POLL, 1, ledger.encode_record(record))


def _tickets(store: Store, year: Year, events: dict[str, HealthEvent]) -> None:
    """About incidents, most of them answered in time; some are answered late, or never."""
    random = Random(year.seed + 2)
    about = [event for event in events.values() if event.kind == "incident" and event.revision and event.start]
    steps: list[tuple[datetime, TicketVerb, Ticket]] = []
    for number, event in enumerate(random.sample(about, min(TICKETS, len(about))), 1):
        begun = event.start or year.since
        steps += _ticket(number, event, begun + random.uniform(3, 20) * _MINUTE, random)
    for seq, (at, verb, ticket) in enumerate(sorted(steps, key=lambda step: step[0]), 1):
        entry = TicketEntry(id=f"{seq}", at=at, verb=verb, ticket=ticket)
        store.append(tickets.shard_of(PARTNER), seq, tickets.encode_entry(entry))


def _ticket(
    number: int, event: HealthEvent, opened: datetime, random: Random
) -> Iterator[tuple[datetime, TicketVerb, Ticket]]:
    business = event.product in {"rds", "polardb"}
    severity = "critical" if business else random.choice(SEVERITIES[1:4])
    ticket = Ticket(
        id=f"T{number:04d}", revision=1, kind="technical", severity=severity, event=event.id, product=event.product,
        region=event.region, subject=event.title, opened_at=opened,
    )  # fmt: skip
    yield opened + _MINUTE, "opened", ticket
    share = random.choice((0.2, 0.4, 0.7, 0.9, 0.95, 1.6, None))
    if share is not None:
        answered = opened + share * TARGETS[severity].within
        ticket = msgspec.structs.replace(ticket, revision=2, responded_at=answered)
        yield max(answered, opened + _MINUTE) + _MINUTE, "responded", ticket
    closed = opened + timedelta(hours=random.uniform(20, 60))
    yield closed, "closed", msgspec.structs.replace(ticket, revision=ticket.revision + 1, closed_at=closed)


def main(arguments: Sequence[str]) -> int:
    from shd_relay.adapters.sqlite_store import SqliteStore

    parser = argparse.ArgumentParser(prog="local.synthetic_year")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--changes", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    options.folder.mkdir(parents=True, exist_ok=True)
    (options.folder / "config.yaml").write_text(CONFIG, encoding="utf-8")
    store = SqliteStore(options.folder / "year.db", pragmas=("synchronous = OFF", "journal_mode = MEMORY"))
    state = fill(store, Year(changes=options.changes, seed=options.seed))
    store.close()
    print(f"{options.folder / 'year.db'}: {state.seq} entries")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
