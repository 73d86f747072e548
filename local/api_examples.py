"""Real answers for the OpenAPI document: a small world, written here, and what the status function says of it."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta, timezone
from typing import Any

from shd_relay import config, ledger, tickets
from shd_relay.adapters.memory_store import MemoryStore
from shd_relay.model import LIST_EVENTS, Change, Entry, HealthEvent, Item, Pair, Position, Update
from shd_relay.records import PollRecord
from shd_relay.tickets import Ticket, TicketEntry
from shd_relay.web.http import Request
from shd_relay.web.service import Service
from shd_relay.web.site import Site
from shd_relay.web.table import ROUTES

NOW = datetime(2022, 12, 18, 2, 5, tzinfo=timezone.utc)
HONG_KONG, SINGAPORE = "cn-hongkong", "ap-southeast-1"
INCIDENT, MAINTENANCE = "evt_t4ehm3brwysdyw3bvzlcyng3u5", "evt_p2m6xw4cd3kqjv5ha7rzt8bn9e"
_TOKEN = "of-the-example"  # noqa: S105 - it opens nothing but this world

_CONFIG = """
watch: {{products: [ecs, rds], regions: [cn-hongkong, ap-southeast-1]}}
partners:
  - {{id: acme, name: Acme Cloud, plan: flagship, valid_from: 2022-01-01, valid_until: 2022-12-31,
      tokens: [{{sha256: {digest}, scopes: [read, operate]}}], importance: {{business_critical: [ecs], key: all}}}}
"""
ASKED = {
    "/v1/status": f"/v1/status?region={HONG_KONG}",
    "/v1/events": "/v1/events?kind=incident&state=open",
    "/v1/events/{id}": f"/v1/events/{INCIDENT}",
    "/v1/events/{id}/ticket": f"/v1/events/{INCIDENT}/ticket",
    "/v1/changes": "/v1/changes?limit=1",
    "/Action": f"/?Action=ListEvents&ProductId=ecs&RegionId={HONG_KONG}&EndDate=2022-12-18&NumOfDay=1",
    "/v1/list-events": f"/v1/list-events?productId=ecs&regionId={HONG_KONG}&endDate=2022-12-18&numOfDay=1",
    "/feed.atom": "/feed.atom?product=ecs",
    "/v1/reports/{name}": "/v1/reports/product-usage?from=2022-12-18&to=2022-12-18",
}
"""What is asked where the address alone is not the best example: by template and `when` of the route."""
_NO_EXAMPLE = {"/", "/events/{id}", "/openapi.json", "/schemas/change.v1.json"}
"""Pages, and documents that speak for themselves."""


def examples() -> dict[str, dict[str, Any]]:
    """By template and `when`: what was asked, and the answer; JSON as JSON, all else as text."""
    service = _service()
    keys = [f"{route.template}{route.when}" for route in ROUTES]
    return {key: _example(service, ASKED.get(key, key)) for key in keys if key not in _NO_EXAMPLE}


def _example(service: Service, target: str) -> dict[str, Any]:
    path, _, query = target.partition("?")
    pairs = tuple((name, value) for name, _, value in (part.partition("=") for part in query.split("&") if part))
    headers = {"authorization": f"Bearer {_TOKEN}"}
    request = Request(method="GET", path=path, query=pairs, headers=headers, request_id="5F1A7C22-0D7B-4B4E-9E0C-6A1B")
    answer = service(request)
    if answer.status != 200:
        raise ValueError(f"{target} is answered with {answer.status}: {answer.body.decode()}")
    text = answer.body.decode()
    return {"asked": f"GET {target}", "value": json.loads(text) if "json" in answer.header("content-type") else text}


def _service() -> Service:
    parsed = config.parse(_CONFIG.format(digest=hashlib.sha256(_TOKEN.encode()).hexdigest()), "config.yaml")
    pairs = tuple(Pair(product, region) for product in parsed.watch.products for region in parsed.watch.regions)
    site = Site(config=parsed, pairs=pairs, public_url="https://status.example.net")
    return Service(_store(pairs), site, now=lambda: NOW, monotonic=lambda: 0.0)


def _store(pairs: tuple[Pair, ...]) -> MemoryStore:
    store = MemoryStore()
    entries = (
        Entry(id="1", at=_ago(60), token=1, changes=(_change("scheduled", _maintenance()),)),
        Entry(id="2", at=_ago(9), token=2, changes=(_change("opened", _incident(updates=1)),)),
        Entry(id="3", at=_ago(2), token=3, changes=(_updated(),)),
    )
    for seq, entry in enumerate(entries, 1):
        store.append("main", seq, ledger.encode_entry(entry))
        store.put_documents([ledger.document(change.event) for change in entry.changes], seq)
    opened = TicketEntry(id="1", at=_ago(5), verb="opened", ticket=_ticket())
    store.append(tickets.shard_of("acme"), 1, tickets.encode_entry(opened))
    store.save_watermark("main", Position(len(entries), 1))
    record = PollRecord(started=_ago(1), finished=_ago(1), token=3, complete_at=_ago(1), bound_seconds=180.0,
                        read={str(pair): _ago(1) for pair in pairs})  # fmt: skip
    store.save_record("main", "poll", 3, ledger.encode_record(record))
    return store


def _ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def _change(verb: Any, event: HealthEvent, **more: Any) -> Change:
    return Change(verb=verb, event=event, observed_at=event.changed_at, **more)


def _updated() -> Change:
    before = [{"at": "2022-12-18T00:56:00.000Z", "text": "Temperature alarm in zone C; on-site inspection begins."}]
    return _change("updated", _incident(updates=2), changed=("updates",), previous={"updates": before})


def _incident(*, updates: int) -> HealthEvent:
    told = (
        Update(at=_ago(69), text="Temperature alarm in zone C; on-site inspection begins."),
        Update(at=_ago(3), text="Some ECS instances in zone C begin to stop."),
    )
    return HealthEvent(
        id=INCIDENT, revision=updates, kind="incident", product="ecs", region=HONG_KONG, state="open", start=_ago(69),
        title="Hong Kong zone C cooling failure", severity="ALARM", since=_ago(69), updates=told[:updates],
        changed_at=_ago(9 if updates == 1 else 2),
        said={LIST_EVENTS: Item(title="Hong Kong zone C cooling failure", severity="ALARM")},
    )  # fmt: skip


def _ticket() -> Ticket:
    return Ticket(
        id="0004KJ7Q2X", revision=1, kind="technical", severity="critical", event=INCIDENT, product="ecs",
        region=HONG_KONG, subject="Instances in zone C of Hong Kong are down", opened_at=_ago(6),
    )  # fmt: skip


def _maintenance() -> HealthEvent:
    return HealthEvent(
        id=MAINTENANCE, revision=1, kind="maintenance", product="rds", region=SINGAPORE, state="scheduled",
        title="Upgrade of storage nodes", severity="NOTIFICATION", start=NOW + timedelta(days=2),
        end=NOW + timedelta(days=2, hours=2), since=_ago(60), changed_at=_ago(60),
        said={LIST_EVENTS: Item(title="Upgrade of storage nodes", severity="NOTIFICATION")},
    )  # fmt: skip
