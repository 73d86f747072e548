"""The two processes under load, each until its standard input ends: who serves, and who polls meanwhile.

PYTHONPATH=.:shared <python> -m tests.load.processes serve|poll FOLDER
"""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from waitress import wasyncore
from waitress.server import create_server

from shd_relay import clock, config
from shd_relay.adapters.sqlite_store import SqliteStore
from shd_relay.model import SHARD, Item, Pair
from shd_relay.plan import Plan
from shd_relay.poll import Poller
from shd_relay.web.service import Service
from shd_relay.web.site import Site
from shd_relay.web.wsgi import application
from tests.bench.answers_world import config_text, pairs
from tests.world import OPERATION, Dashboard, Topic

PRODUCTS, REGIONS = 30, 10
EVENTS = 60  # live on the dashboard at once; they are edited, and no others come: what is known stays as large
EDITS = 4  # a poll
SECONDS = 2.0  # from one poll to the next
THREADS = 8


def serve(folder: Path) -> None:
    """A real server over the real file, which it only reads. Tells its port."""
    parsed = config.parse(config_text(PRODUCTS, REGIONS), "config.yaml")
    store = SqliteStore(folder / "store.db", read_only=True)
    service = Service(store, Site(config=parsed, pairs=pairs(PRODUCTS, REGIONS)))
    server = create_server(application(service), host="127.0.0.1", port=0, threads=THREADS)
    print(server.effective_port, flush=True)  # noqa: T201 - that is how it tells
    threading.Thread(target=_end_with_input, args=(server,), daemon=True).start()
    server.run()


def _end_with_input(server: Any) -> None:
    sys.stdin.read()
    server.trigger.pull_trigger(lambda: wasyncore.close_all(server._map))  # in the loop's own thread


def poll(folder: Path) -> None:
    """Real polls of a dashboard that is edited, into the real file; a line when the first one is done."""
    watched = pairs(PRODUCTS, REGIONS)
    store, dashboard = SqliteStore(folder / "store.db"), Dashboard()
    edits = _edited(dashboard, watched, random.Random(7))  # noqa: S311 - edits, not secrets
    ended = threading.Event()
    threading.Thread(target=_set_with_input, args=(ended,), daemon=True).start()
    number = 0
    while not ended.is_set():
        next(edits)
        number += 1
        report = _once(store, dashboard, watched, f"poll-{number}")
        assert report["state"] == "done", report
        if number == 1:
            print("polled", flush=True)  # noqa: T201 - that is how it tells
        ended.wait(SECONDS)


def _set_with_input(ended: threading.Event) -> None:
    sys.stdin.read()
    ended.set()


def _once(store: SqliteStore, dashboard: Dashboard, watched: tuple[Pair, ...], owner: str) -> dict[str, Any]:
    plan = Plan(
        shard=SHARD, pairs=watched, interval_seconds=60, budget_seconds=45.0, lease_seconds=55.0, rate=0.0,
        public_url=None,
    )  # fmt: skip
    topic = Topic()
    return Poller(
        plan=plan, store=store, sources={OPERATION: lambda deadline, pace: dashboard},
        publisher=lambda deadline: topic, now=clock.now, monotonic=clock.monotonic, owner=owner,
    ).run()  # fmt: skip


def _edited(dashboard: Dashboard, watched: tuple[Pair, ...], dice: random.Random) -> Iterator[None]:
    """First all events are put there, one a pair; then, each time, some are told differently, ended or opened again."""
    began = clock.now() - timedelta(minutes=10)
    places = watched[:: len(watched) // EVENTS][:EVENTS]
    for pair in places:
        dashboard.items[pair] = (Item(title=f"Trouble with {pair.product}", severity="ALARM", start=began),)
    yield
    while True:
        for pair in dice.sample(places, EDITS):
            word, end = dice.choice(("ALARM", "WARN")), dice.choice((None, clock.now()))
            dashboard.items[pair] = (
                Item(title=f"Trouble {dice.randrange(100)} with {pair.product}", severity=word, start=began, end=end),
            )
        yield


if __name__ == "__main__":
    {"serve": serve, "poll": poll}[sys.argv[1]](Path(sys.argv[2]))
