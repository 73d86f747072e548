"""What tests of the reports share: logs written by hand, and a partner who asks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from typing import Any

from msgspec import structs

from shd_relay import feed, ledger, pushed, tickets
from shd_relay.adapters.memory_store import MemoryStore
from shd_relay.config_partners import Partner
from shd_relay.model import FEED, Change, Entry, HealthEvent, Pair, SourceState, Verb
from shd_relay.ports import Store
from shd_relay.records import POLL, PollRecord
from shd_relay.reports import make, period
from shd_relay.reports.gather import Budget, gather
from shd_relay.reports.question import Question
from shd_relay.reports.reach import Reach
from shd_relay.reports.shapes import CriticalSupport, ProductUsage, Report, ServiceSummary
from shd_relay.tickets import Ticket, TicketEntry, TicketVerb

ECS, RDS = Pair("ecs", "cn-hongkong"), Pair("rds", "cn-hongkong")
PAIRS = (ECS, RDS)
BEGAN = datetime(2024, 2, 1, tzinfo=timezone.utc)
MARCH = datetime(2024, 3, 1, tzinfo=timezone.utc)
SETTLED = datetime(2024, 5, 1, tzinfo=timezone.utc)


def at(day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    """In March 2024, UTC; days may go on into April."""
    return MARCH + timedelta(days=day - 1, hours=hour, minutes=minute, seconds=second)


def partner(**more: Any) -> Partner:
    """In UTC, so that its days are ours, unless said otherwise."""
    values: dict[str, Any] = {
        "id": "acme", "name": "Acme Cloud", "plan": "elite", "valid_from": date(2024, 1, 1),
        "valid_until": date(2024, 12, 31), "time_zone": "UTC",
    }  # fmt: skip
    return Partner(**(values | more))


def event(id: str = "e1", pair: Pair = ECS, **more: Any) -> HealthEvent:  # noqa: A002 - the field's word
    """An open incident from the first of March at noon, unless said otherwise."""
    values: dict[str, Any] = {
        "id": id, "revision": 1, "kind": "incident", "product": pair.product, "region": pair.region, "state": "open",
        "start": at(1, 12), "title": "Trouble", "severity": "ALARM", "since": at(1, 12, 1), "changed_at": at(1, 12, 1),
    }  # fmt: skip
    return HealthEvent(**(values | more))


class Log:
    """A log that began on the first of February, and its reports."""

    def __init__(self, store: Store | None = None, *, polled_until: datetime = SETTLED) -> None:
        self.store = store or MemoryStore()
        self.seq = 0
        self.partner = partner()
        self.pairs: Sequence[Pair] = PAIRS
        self._feed: HealthEvent | None = None
        self._tickets = 0
        self.commit(BEGAN, self.change("recorded", event("old", revision=0, state="resolved", start=BEGAN, end=BEGAN)))
        self.poll(polled_until)

    def poll(self, finished: datetime) -> None:
        record = PollRecord(started=finished, finished=finished, token=1, bound_seconds=180.0)
        self.store.save_record("main", POLL, 1, ledger.encode_record(record))

    @staticmethod
    def change(verb: Verb, told: HealthEvent, **more: Any) -> Change:
        return Change(verb=verb, event=told, observed_at=more.pop("observed", told.changed_at), **more)

    def commit(self, moment: datetime, *changes: Change, pushed_at: Sequence[datetime | None] | None = None) -> None:
        self.seq += 1
        entry = Entry(id=str(self.seq), at=moment, token=1, changes=changes)
        assert self.store.append("main", self.seq, ledger.encode_entry(entry))
        if pushed_at is not None:
            self.push(self.seq, pushed_at)

    def push(self, seq: int, times: Sequence[datetime | None]) -> None:
        self.store.append(pushed.shard_of(), seq, pushed.encode(pushed.Pushed(at=tuple(times))))

    def tell(self, verb: Verb, told: HealthEvent, moment: datetime) -> HealthEvent:
        """Commits one change of one event, whose times are put right; gives the event as it is then."""
        told = structs.replace(told, since=moment, changed_at=moment)
        self.commit(moment, self.change(verb, told))
        return told

    def lasts(self, told: HealthEvent, end: datetime) -> HealthEvent:
        """An event that is opened and resolved, each a minute after it was so."""
        assert told.start
        told = self.tell("opened", told, told.start + timedelta(minutes=1))
        ended = structs.replace(told, state="resolved", end=end, revision=told.revision + 1)
        return self.tell("resolved", ended, end + timedelta(minutes=1))

    def turn(self, source: SourceState, moment: datetime) -> None:
        change = feed.turn(self._feed, source, complete_at=None, old_pairs=(), watched=2, now=moment, at=moment)
        assert change
        assert change.event.id == FEED
        self._feed = change.event
        self.commit(moment, change)

    def gap(self, since: datetime, until: datetime) -> None:
        self.commit(until, feed.unseen(self._feed, since, until, until))

    def ticket(self, moment: datetime, verb: TicketVerb, told: Ticket) -> None:
        self._tickets += 1
        entry = TicketEntry(id=str(self._tickets), at=moment, verb=verb, ticket=told)
        self.store.append(tickets.shard_of(self.partner.id), self._tickets, tickets.encode_entry(entry))

    def report(self, name: str, first: str, last: str, *, now: datetime = SETTLED, **more: Any) -> Report:
        zone = period.zone_of(self.partner.time_zone)
        report = make.named(name)
        assert report
        asked = Question(
            report, self.partner, Reach(self.partner, self.pairs, "oo-region"), period.asked(first, last, zone, now),
            zone, more.pop("known", None),
        )  # fmt: skip
        return make.made(asked, gather(self.store, asked, now, more.pop("budget", None) or Budget()))

    def summary(self, first: str = "2024-03-01", last: str = "2024-03-31", **more: Any) -> ServiceSummary:
        found = self.report("service-summary", first, last, **more)
        assert isinstance(found, ServiceSummary)
        return found

    def critical(self, first: str = "2024-03-01", last: str = "2024-03-31", **more: Any) -> CriticalSupport:
        found = self.report("critical-support", first, last, **more)
        assert isinstance(found, CriticalSupport)
        return found

    def usage(self, first: str = "2024-03-01", last: str = "2024-03-31", **more: Any) -> ProductUsage:
        found = self.report("product-usage", first, last, **more)
        assert isinstance(found, ProductUsage)
        return found

    def bytes(self, first: str = "2024-03-01", last: str = "2024-03-31", **more: Any) -> list[bytes]:
        """All three, as JSON and as CSV."""
        found = (self.report(name, first, last, **more) for name in make.REPORTS)
        return [make.written(report, format_) for report in found for format_ in ("json", "csv")]
