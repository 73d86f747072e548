"""The installations that the answers are measured on: a config with partners, and a real SQLite file."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

from shd_relay import ledger
from shd_relay.adapters.sqlite_store import SqliteStore
from shd_relay.model import Change, Entry, HealthEvent, Pair, Update
from shd_relay.records import PollRecord

PARTNERS = 50
OPEN, ENDED = 3, 40  # events that go on, and that ended within the days that the state keeps
NOW = datetime(2026, 11, 3, 9, 30, tzinfo=timezone.utc)
"""When the installations were last polled; who answers is given a clock that stands a little after it."""


def pairs(products: int, regions: int) -> tuple[Pair, ...]:
    return tuple(Pair(product, region) for product in _products(products) for region in _regions(regions))


def config_text(products: int, regions: int) -> str:
    """A config.yaml: every third partner sees all, the others a part. The first may also ask how the relay is."""
    watch = f"watch:\n  products: {_listed(_products(products))}\n  regions: {_listed(_regions(regions))}\n"
    partners = (_partner(number, products, regions) for number in range(PARTNERS))
    return f"{watch}access:\n  public: false\npartners:\n{''.join(partners)}"


def token(partner: int) -> str:
    return f"token-{partner}"


def _partner(number: int, products: int, regions: int) -> str:
    scope = ("", f"    products: {_listed(_products(products)[number % products :])}\n",
             f"    regions: {_listed(_regions(regions)[number % regions :])}\n")[number % 3]  # fmt: skip
    scopes = "read, feed" if number else "read, feed, operate"
    digest = hashlib.sha256(token(number).encode()).hexdigest()
    return (
        f"  - id: partner-{number}\n    name: Partner {number}\n    plan: flagship\n    valid_from: 2020-01-01\n"
        f"    valid_until: 2099-12-31\n    tokens:\n      - {{sha256: {digest}, scopes: [{scopes}]}}\n{scope}"
    )


def _products(count: int) -> tuple[str, ...]:
    return tuple(f"product-{number:03d}" for number in range(count))


def _regions(count: int) -> tuple[str, ...]:
    return tuple(f"region-{number:02d}" for number in range(count))


def _listed(names: tuple[str, ...]) -> str:
    return f"[{', '.join(names)}]"


def event(number: int, pair: Pair, began: datetime, ended: datetime | None) -> HealthEvent:
    """An incident with three updates, as one of SHD's."""
    updates = tuple(Update(at=began + timedelta(minutes=15 * n), text=f"Update {n}: {_TEXT}") for n in range(3))
    return HealthEvent(
        id=f"{hashlib.sha256(str(number).encode()).hexdigest()[:32]}", revision=1 if ended is None else 2,
        kind="incident", product=pair.product, region=pair.region, title="Some instances are not available",
        severity="ALARM", start=began, end=ended, updates=updates, state="open" if ended is None else "resolved",
        since=ended or began, changed_at=ended or began,
    )  # fmt: skip


_TEXT = "engineers work on the cooling of one zone, and instances there may restart."


def filled(path: Path, watched: tuple[Pair, ...]) -> SqliteStore:
    """A new file in which the pairs were read at NOW, with OPEN + ENDED events."""
    store = SqliteStore(path)
    for number in range(OPEN + ENDED):
        began = NOW - timedelta(days=100) + timedelta(days=2 * number)
        ended = began + timedelta(hours=5) if number >= OPEN else None
        told = event(number, watched[number * 7 % len(watched)], began, ended)
        change = Change(verb="opened" if ended is None else "resolved", event=told, observed_at=told.changed_at)
        entry = Entry(id=f"entry-{number}", at=began, token=1, changes=(change,))
        assert store.append("main", number + 1, ledger.encode_entry(entry))
        store.put_documents([ledger.document(told)], number + 1)
    store.save_checkpoint("main", ledger.to_checkpoint(ledger.load(store)[0]))
    polled(store, watched, NOW)
    return store


def polled(store: SqliteStore, watched: tuple[Pair, ...], at: datetime) -> None:
    """The record of a poll that read all pairs; they are answered one after the other, so their times differ."""
    read = {str(pair): at - timedelta(milliseconds=10 * number) for number, pair in enumerate(watched)}
    record = PollRecord(
        started=at - timedelta(seconds=30), finished=at, token=1, complete_at=at, bound_seconds=180.0, read=read
    )
    store.save_record("main", "poll", 1, ledger.encode_record(record))


def http_event(path: str, **headers: str) -> bytes:
    """What an HTTP trigger hands to the function for a GET; names of headers with _ for -."""
    sent = {
        "Authorization": f"Bearer {token(0)}", "Host": "example.ap-southeast-1.fcapp.run", "User-Agent": "portal/1.0",
        "Accept": "*/*", "X-Forwarded-Proto": "https",
    } | {name.replace("_", "-"): value for name, value in headers.items()}  # fmt: skip
    return json.dumps({
        "version": "v1", "rawPath": path, "headers": sent, "queryParameters": {}, "body": "", "isBase64Encoded": False,
        "requestContext": {
            "accountId": "123456789", "domainName": sent["Host"], "domainPrefix": "example",
            "http": {"method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.9",
                     "userAgent": "portal/1.0"},
            "requestId": "1-6722f0a1-15e0cf-9c2d60b4e3b1", "time": "2026-11-03T09:30:00Z", "timeEpoch": "1793698200000",
        },
    }).encode()  # fmt: skip
