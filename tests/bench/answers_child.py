"""Measures the handlers, in an interpreter that has the frameworks; prints the times as JSON.

PYTHONPATH=.:shared <python> -m tests.bench.answers_child PRODUCTS REGIONS
"""

from __future__ import annotations

import json
import sqlite3
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

from shd_relay import clock, config
from shd_relay.adapters.sqlite_store import SqliteStore
from shd_relay.web.service import Service
from shd_relay.web.site import Site
from tests.bench import answers_handlers as handlers
from tests.bench.answers_adapters import Handler
from tests.bench.answers_handlers import STATUS
from tests.bench.answers_world import ENDED, NOW, OPEN, config_text, filled, http_event, pairs, polled

ROUNDS = 15
ROUND_SECONDS = 0.03  # of each handler, in each round
POLLS = 60

Times = dict[str, float]


class Place:
    """One installation: who writes its store, and who reads it. `clock` and `ticks` of the reader move by hand."""

    def __init__(self, folder: Path, products: int, regions: int) -> None:
        self.pairs = pairs(products, regions)
        self.file = folder / "store.db"
        self.writer = filled(self.file, self.pairs)
        parsed = config.parse(config_text(products, regions), "config.yaml")
        self.site = Site(config=parsed, pairs=self.pairs)
        self.store = SqliteStore(self.file, read_only=True)
        self.ticks = 0.0
        self.polls = 0

    def service(self, monotonic: Callable[[], float] = clock.monotonic) -> Service:
        return Service(self.store, self.site, now=self.now, monotonic=monotonic)

    def now(self) -> datetime:
        return NOW + timedelta(seconds=20)

    def poll(self) -> None:
        """One more poll; the reader's copy is then too old to be used unseen."""
        self.polls += 1
        polled(self.writer, self.pairs, NOW + timedelta(milliseconds=self.polls))
        self.ticks += 2


def main(products: int, regions: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Path(folder), products, regions)
        service = place.service()
        plain, gzip = http_event(STATUS), http_event(STATUS, Accept_Encoding="gzip")
        first = service.handle_event(plain)
        data = json.loads(first["body"])
        known = http_event(STATUS, If_None_Match=first["headers"]["ETag"])
        ticks = count(0, 2)
        later = place.service(lambda: float(next(ticks)))
        contenders = _contenders(service, data, plain, gzip, known) | {
            "ours, a second later": (later.handle_event, plain)
        }
        print(json.dumps({  # noqa: T201 - that is how it answers
            "bytes": len(first["body"]),
            "hot": _hot(contenders),
            "first": _firsts(place, data, plain),
            "first gzip": _firsts(place, data, gzip),
        }))  # fmt: skip


def _contenders(
    service: Service, data: Any, plain: bytes, gzip: bytes, known: bytes
) -> dict[str, tuple[Handler, bytes]]:
    """By name: the handler, and what it is asked. All give the same answer."""
    views = {STATUS: lambda: data}
    own = {
        "bare": handlers.bare(views), "ours": service.handle_event, "Flask": handlers.flask_json(views),
        "FastAPI": handlers.fastapi_json(views), "ours behind Flask": handlers.flask_ours(service),
        "ours behind FastAPI": handlers.fastapi_ours(service),
    }  # fmt: skip
    for name, handler in own.items():
        answer = handler(plain)
        assert (answer["statusCode"], json.loads(answer["body"])) == (200, data), name
    assert service.handle_event(known)["statusCode"] == 304
    packed = {f"{name}, gzip": (own[name], gzip) for name in own if name not in {"Flask", "FastAPI"}}
    assert all(handler(event)["isBase64Encoded"] for handler, event in packed.values()) or len(data["pairs"]) < 10
    return {name: (handler, plain) for name, handler in own.items()} | {"ours, 304": (own["ours"], known)} | packed


def _hot(contenders: Mapping[str, tuple[Handler, bytes]]) -> dict[str, tuple[float, float]]:
    """Seconds of one answer: by the handler alone, and with the text that the runtime makes of the dict."""
    dumped = {name: (lambda e, h=handler: json.dumps(h(e)), event) for name, (handler, event) in contenders.items()}
    alone, sent = _interleaved(contenders), _interleaved(dumped)
    return {name: (alone[name], sent[name]) for name in contenders}


def _interleaved(contenders: Mapping[str, tuple[Callable[[bytes], object], bytes]]) -> Times:
    counts = {name: _count(handler, event) for name, (handler, event) in contenders.items()}
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name, (handler, event) in contenders.items():
            taken[name].append(_once(handler, event, counts[name]))
    return {name: median(each) for name, each in taken.items()}


def _count(handler: Callable[[bytes], object], event: bytes) -> int:
    handler(event)
    return max(1, int(ROUND_SECONDS / _once(handler, event, 3)))


def _once(handler: Callable[[bytes], object], event: bytes, count: int) -> float:
    began = time.perf_counter()
    for _ in range(count):
        handler(event)
    return (time.perf_counter() - began) / count


def _firsts(place: Place, data: Any, event: bytes) -> Times:
    """Seconds of the first answer after a poll, in a process that did other work before. `bare` has its data at hand,
    `bare, reading` reads from the store what is new, as json and without a look at who asks."""
    service = place.service(lambda: place.ticks)
    service.handle_event(event)
    plain = handlers.bare({STATUS: lambda: data})
    own: dict[str, Handler] = {"bare": plain, "ours": service.handle_event, "bare, reading": _reading(place, data)}
    taken: dict[str, list[float]] = {name: [] for name in own}
    for _ in range(POLLS):
        for name, handler in own.items():
            place.poll()
            taken[name].append(_once(handler, event, 1))
    return {name: median(each) for name, each in taken.items()}


def _reading(place: Place, data: Any) -> Handler:
    connection = sqlite3.connect(place.file, isolation_level=None)

    def view() -> Any:
        blob = connection.execute("SELECT blob FROM record WHERE shard = 'main' AND name = 'poll'").fetchone()[0]
        assert not connection.execute("SELECT blob FROM log WHERE seq > ?", (OPEN + ENDED,)).fetchall()
        read = json.loads(zlib.decompress(blob))["read"]
        for row in data["pairs"]:
            row["checked_at"] = read[f"{row['product']}/{row['region']}"]
        return data

    return handlers.bare({STATUS: view})


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
