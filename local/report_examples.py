"""Writes the three reports, each as HTML, JSON and CSV, of a synthetic year and of the two incident files.

    PYTHONPATH=.:shared .venv/bin/python -m local.report_examples FOLDER [--changes N]

The incidents are played through the two functions first, as `make replay` does (it needs `make local-bundle`). The same
logs give the same files; a play commits at the times of its own polls, so its logs differ from play to play.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import msgspec

from local.clock import MovedClock
from local.cloud import LocalCloud, Watch
from local.incident import Incident, load
from local.replay import INTERVAL, Player
from local.synthetic_events import PAIRS
from local.synthetic_year import CONFIG, PARTNER, Year, fill
from shd_relay import config, ledger, tickets
from shd_relay.adapters.memory_store import MemoryStore
from shd_relay.adapters.sqlite_store import SqliteStore
from shd_relay.config_partners import Partner
from shd_relay.model import Pair
from shd_relay.plans import REPORTS
from shd_relay.ports import Store
from shd_relay.reports.gather import Budget, gather
from shd_relay.reports.make import FORMATS, made, written
from shd_relay.reports.period import asked, zone_of
from shd_relay.reports.question import Question
from shd_relay.reports.reach import Reach
from shd_relay.ticket_severity import Important
from shd_relay.tickets import Ticket, TicketEntry
from shd_relay.times import CHINA

INCIDENTS = sorted((Path(__file__).parent / "incidents").glob("*.json"))
Days = tuple[str, str]
RESELLER = Partner(
    id="reseller", name="Demo Reseller", plan="flagship", valid_from=date(2022, 1, 1), valid_until=date(2023, 12, 31),
    important=Important(business_critical=frozenset({"ecs", "rds"}), production=frozenset({"oss", "slb", "polardb"})),
)  # fmt: skip


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="local.report_examples")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--changes", type=int, default=20_000, help="of the synthetic year")
    options = parser.parse_args(arguments)
    options.folder.mkdir(parents=True, exist_ok=True)
    synthetic_year(options.folder, options.changes)
    for path in INCIDENTS:
        incident(options.folder, path.stem, load(path))
    return 0


class Minutely(Player):
    """Polls each minute, as the timer does: a report calls it unwatched where nobody polled."""

    def _following(self, now: datetime, *, settled: bool) -> datetime:  # noqa: ARG002
        return now + INTERVAL


def synthetic_year(folder: Path, changes: int) -> None:
    path = folder / "config.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    partner = next(one for one in config.load(path).partners if one.id == PARTNER)
    path.unlink()
    store = MemoryStore()
    year = Year(changes=changes)
    fill(store, year)
    write(folder, "year", store, (partner, PAIRS), year.until + timedelta(days=5), days=("2024-01-01", "2024-12-31"))


def incident(folder: Path, name: str, played: Incident) -> None:
    """Its days, as its log stands when it is over."""
    clock = MovedClock(played.begin)
    watch = Watch(products=played.products, regions=played.regions)
    pairs = tuple(Pair(product, region) for product in played.products for region in played.regions)
    with LocalCloud(watch, clock, store="sqlite") as cloud:
        Minutely(played, cloud, speed=0, tell=lambda _: None).play()
        store = SqliteStore(Path(cloud.store.address.removeprefix("sqlite:///")))
        try:
            _tickets(store)
            first, last = played.begin.astimezone(CHINA).date(), played.end.astimezone(CHINA).date()
            write(folder, name, store, (RESELLER, pairs), clock.now(), days=(str(first), str(last)))
        finally:
            store.close()


def _tickets(store: Store) -> None:
    """Two that the reseller opened about its first critical event: one answered in time, one late."""
    state, _ = ledger.load(store)
    critical = [event for event in state.events.values() if event.product in {"ecs", "rds"} and event.start]
    seq = 0
    for number, event in enumerate(sorted(critical, key=lambda event: (event.start, event.id))[:2]):
        opened = (event.start or event.since) + timedelta(minutes=21 + number)
        ticket = Ticket(
            id=f"24H7Q{number + 1}", revision=1, kind="technical", severity="critical", event=event.id,
            product=event.product, region=event.region, subject=event.title, opened_at=opened,
        )  # fmt: skip
        answered = msgspec.structs.replace(
            ticket, revision=2, responded_at=opened + timedelta(minutes=(11, 34)[number])
        )
        for verb, after in (("opened", ticket), ("responded", answered)):
            seq += 1
            entry = TicketEntry(id=f"{seq}", at=after.responded_at or opened, verb=verb, ticket=after)  # type: ignore[arg-type]
            store.append(tickets.shard_of(RESELLER.id), seq, tickets.encode_entry(entry))


def write(
    folder: Path, name: str, store: Store, whose: tuple[Partner, Sequence[Pair]], now: datetime, *, days: Days
) -> None:
    partner, pairs = whose
    zone = zone_of(partner.time_zone)
    period = asked(*days, zone, now)
    for report in REPORTS:
        question = Question(report, partner, Reach(partner, pairs, "oo-region"), period, zone)
        told = made(question, gather(store, question, now, Budget()))
        for format_ in FORMATS:
            path = folder / f"{name}-{report}.{format_}"
            path.write_bytes(written(told, format_))
            print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
