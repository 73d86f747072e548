"""What tests of the query side share: a store that was filled by hand, a site, and a caller who asks."""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec
from waitress import wasyncore
from waitress.server import create_server

from shd_relay import config, ledger
from shd_relay.adapters.memory_store import MemoryStore
from shd_relay.errors import StoreUnavailable
from shd_relay.model import Change, Entry, HealthEvent, Pair, Update, Verb
from shd_relay.ports import Row
from shd_relay.records import PollRecord
from shd_relay.web.http import Request, Response
from shd_relay.web.service import Service
from shd_relay.web.site import Site
from shd_relay.web.wsgi import application

NOW = datetime(2022, 12, 18, 4, 0, tzinfo=timezone.utc)
START = datetime(2022, 12, 18, 0, 56, tzinfo=timezone.utc)
HK, SG = "cn-hongkong", "ap-southeast-1"

TOKENS = {
    "acme": "acme-secret",
    "small": "small-secret",
    "old": "old-secret",
    "soon": "soon-secret",
    "feeds": "f-secret",
}

_CONFIG = """
watch: {{products: [ecs, oss, rds], regions: [cn-hongkong, ap-southeast-1]}}
access: {{public: {public}, allowed_origins: ["https://portal.example"]}}
partners:
  - {{id: acme, name: Acme Cloud, plan: flagship, valid_from: 2022-01-01, valid_until: 2022-12-31, tokens: [{acme}]}}
  - {{id: small, name: Small <b>Ltd</b>, plan: elite, valid_from: 2022-01-01, valid_until: 2022-12-31,
      tokens: [{small}], products: [ecs, oss], regions: [ap-southeast-1]}}
  - {{id: old, name: Old, plan: elite, valid_from: 2021-01-01, valid_until: 2022-12-17, tokens: [{old}]}}
  - {{id: soon, name: Soon, plan: elite, valid_from: 2022-12-19, valid_until: 2023-12-31, tokens: [{soon}]}}
  - {{id: feeds, name: Feeds, plan: elite, valid_from: 2022-01-01, valid_until: 2022-12-31, tokens: [{feeds}]}}
"""


def site(*, public: bool = False, **more: Any) -> Site:
    tokens = {name: _token(secret, "feed" if name == "feeds" else "read") for name, secret in TOKENS.items()}
    parsed = config.parse(_CONFIG.format(public=str(public).lower(), **tokens), "config.yaml")
    pairs = tuple(Pair(product, region) for product in parsed.watch.products for region in parsed.watch.regions)
    return Site(config=parsed, pairs=pairs, **more)


def _token(secret: str, scope: str) -> str:
    return f"{{sha256: {hashlib.sha256(secret.encode()).hexdigest()}, scopes: [{scope}]}}"


def event(id: str = "e1", **more: Any) -> HealthEvent:  # noqa: A002 - the field's word
    """An open incident of ecs in Hong Kong, unless said otherwise."""
    values: dict[str, Any] = {
        "id": id, "revision": 1, "kind": "incident", "product": "ecs", "region": HK, "state": "open", "start": START,
        "title": "Cooling failure in zone C", "severity": "ALARM", "since": START, "changed_at": START,
    }  # fmt: skip
    return HealthEvent(**(values | more))


class House:
    """A store that is filled change by change, and the service over it. `now` and `ticks` move by hand."""

    def __init__(self, *, public: bool = False, polled: bool = True, **more: Any) -> None:
        self.site = site(public=public, **more)
        self.store = BreakableStore()
        self.now = NOW
        self.ticks = 100.0
        self.seq = 0
        self.with_site()
        if polled:
            self.read_at(NOW - timedelta(seconds=42))

    def with_site(self, **more: Any) -> House:
        """The same store behind another site."""
        self.site = msgspec.structs.replace(self.site, **more)
        self.service = Service(self.store, self.site, now=lambda: self.now, monotonic=lambda: self.ticks)
        return self

    def tell(self, *events: HealthEvent, verb: Verb | None = None, at: datetime = NOW) -> None:
        """Commits one entry with one change for each event."""
        verbs: list[Verb] = [verb or ("recorded" if e.revision == 0 else "opened") for e in events]
        self.commit(*(self.change(e, verb=v, at=at) for v, e in zip(verbs, events, strict=True)), at=at)

    @staticmethod
    def change(told: HealthEvent, *, verb: Verb, at: datetime = NOW, **more: Any) -> Change:
        return Change(verb=verb, event=told, observed_at=at, **more)

    def commit(self, *changes: Change, at: datetime = NOW) -> None:
        """Commits the changes in one entry, and the documents of their events."""
        self.seq += 1
        entry = Entry(id=f"entry-{self.seq}", at=at, token=1, changes=changes)
        assert self.store.append("main", self.seq, ledger.encode_entry(entry))
        self.store.put_documents([ledger.document(change.event) for change in changes], 1)
        self.ticks += 60

    def read_at(self, at: datetime, *, only: Sequence[Pair] | None = None, **more: Any) -> None:
        """The poll record says that these pairs (all) were read then."""
        pairs = self.site.pairs if only is None else only
        values: dict[str, Any] = {
            "started": at, "finished": at, "token": 1, "complete_at": at, "bound_seconds": 180.0,
            "read": {str(pair): at for pair in pairs},
        }  # fmt: skip
        self.store.save_record("main", "poll", 1, ledger.encode_record(PollRecord(**(values | more))))
        self.ticks += 60

    def get(self, path: str, who: str | None = "acme", method: str = "GET", **headers: str) -> Response:
        """Asks; `who` is a partner with its token, None for nobody. Header names with _ for -."""
        path, _, query = path.partition("?")
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if who is not None and "authorization" not in sent:
            sent["authorization"] = f"Bearer {TOKENS[who]}"
        pairs = tuple(tuple(part.split("=", 1)) for part in query.split("&")) if query else ()
        return self.service(
            Request(method=method, path=path, query=pairs, headers=sent, request_id="req-1")  # type: ignore[arg-type]
        )

    def json(self, path: str, who: str | None = "acme", status: int = 200) -> Any:
        response = self.get(path, who)
        assert response.status == status, response.body
        return json.loads(response.body)


class BreakableStore(MemoryStore):
    """Says that it is unavailable while `broken`; notes the logs, their rows and the months that were read."""

    def __init__(self) -> None:
        super().__init__()
        self.broken = False
        self.rows_read = 0
        self.logs_read: list[str] = []
        self.months_read: list[str] = []

    def read_log(self, shard: str, after: int, limit: int) -> list[Row]:
        self._check()
        self.logs_read.append(shard)
        rows = super().read_log(shard, after, limit)
        self.rows_read += len(rows)
        return rows

    def load_record(self, shard: str, name: str) -> bytes | None:
        self._check()
        return super().load_record(shard, name)

    def load_document(self, id: str) -> bytes | None:  # noqa: A002 - the port's word
        self._check()
        return super().load_document(id)

    def list_documents(self, month: str, after: str, limit: int) -> list[tuple[str, bytes]]:
        self._check()
        if not after:
            self.months_read.append(month)
        return super().list_documents(month, after, limit)

    def _check(self) -> None:
        if self.broken:
            raise StoreUnavailable("broken by the test")


def hong_kong() -> list[HealthEvent]:
    """The outage of 2022-12-18 at the height of it, seen in ecs, oss and rds."""
    updates = tuple(
        Update(at=START + timedelta(minutes=minutes), text=text)
        for minutes, text in (
            (0, "Temperature alarm in zone C; on-site inspection begins."),
            (21, "Switching chillers failed; emergency cooling plan started."),
            (27, "Some ECS instances in zone C begin to stop."),
            (94, "Load on compute, storage, network and database clusters reduced to prevent a fire."),
        )
    )
    return [event(f"hk-{product}", product=product, updates=updates) for product in ("ecs", "oss", "rds")]


def unpacked(response: Response) -> bytes:
    return gzip.decompress(response.body) if response.header("content-encoding") == "gzip" else response.body


@contextmanager
def served(house: House) -> Iterator[int]:
    """The house behind a real server; gives the port."""
    application_ = application(lambda request: house.service(request))  # noqa: PLW0108 - the service of that moment
    server = create_server(application_, host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server.effective_port
    finally:
        # In the loop's own thread, and with the connections that clients keep alive: else the loop never ends.
        with suppress(OSError):  # the loop has woken up by itself, and closed
            server.trigger.pull_trigger(lambda: wasyncore.close_all(server._map))
        thread.join()
        server.task_dispatcher.shutdown()
