"""What an answer costs when the log is a thousand times as long."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from itertools import count
from pathlib import Path
from statistics import median

from shd_relay import config, cursor, ledger
from shd_relay.adapters.sqlite_store import SqliteStore
from shd_relay.model import Position
from shd_relay.web.http import Request
from shd_relay.web.service import Service
from shd_relay.web.site import Site
from tests.bench.answers_world import NOW, config_text, token
from tests.bench.long_logs import A_DAY, GO_ON, WATCHED, Log, made
from tests.bench.markdown import table, wrapped

SHORT, LONG = 1_000, 1_000_000
ROUNDS = 200
MOST = 1.2
_ANSWERS = count()

Asked = Callable[[], None]


def measured(*logs: Log) -> dict[str, tuple[float, float]]:
    """Seconds of each answer, over the short log and over the long one."""
    asked = [_questions(log) for log in logs]
    taken: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in asked[0]}
    for number in range(ROUNDS + 1):
        for name, both in taken.items():
            for which in ((0, 1), (1, 0))[number % 2]:  # neither is always the one that finds the caches warm
                seconds = _timed(asked[which][name])
                if number:
                    both[which].append(seconds)
    return {name: (median(short), median(long)) for name, (short, long) in taken.items()}


def _lately(log: Log) -> int:
    """How many events an instance knows without a look at the store; the oldest is none of them."""
    store = SqliteStore(log.file, read_only=True)
    state, touched = ledger.load(store)
    store.close()
    assert log.oldest not in state.events
    assert not touched
    return len(state.events)


def _questions(log: Log) -> dict[str, Asked]:
    """By name. No answer is one that was kept: each is asked in another language."""
    site = Site(config=config.parse(config_text(30, 10), "config.yaml"), pairs=WATCHED)
    store = SqliteStore(log.file, read_only=True)
    service = _service(store, site)
    middle = cursor.encode(Position(log.seq // 2, 1))
    end = cursor.encode(Position(log.seq - 100, 1))
    paths = {
        "`/v1/status`": ("/v1/status", ()),
        "`/v1/changes`, 100 from the middle": ("/v1/changes", (("after", middle),)),
        "`/v1/changes`, the last 100": ("/v1/changes", (("after", end),)),
        "`/v1/events`, 100": ("/v1/events", ()),
        "`/v1/events/{id}`, the first there was": (f"/v1/events/{log.oldest}", ()),
        "`/v1/status?at=`, the middle": ("/v1/status", (("at", f"{log.middle:%Y-%m-%dT%H:%M:%SZ}"),)),
    }
    asked = {name: _asking(lambda: service, path, query) for name, (path, query) in paths.items()}
    fresh = {"`/v1/status`, a cold instance": _asking(lambda: _service(store, site), "/v1/status", ())}
    return asked | fresh


def _service(store: SqliteStore, site: Site) -> Service:
    return Service(store, site, now=lambda: NOW + timedelta(seconds=20))


def _asking(service: Callable[[], Service], path: str, query: tuple[tuple[str, str], ...]) -> Asked:
    def ask() -> None:
        headers = {"authorization": f"Bearer {token(0)}", "accept-language": str(next(_ANSWERS))}
        answer = service()(Request(method="GET", path=path, query=query, headers=headers))
        assert answer.status == 200, (path, answer.body)

    return ask


def _timed(ask: Asked) -> float:
    began = time.perf_counter()
    ask()
    return time.perf_counter() - began


_WHAT = """
One SQLite file with {short:,} changes in its log and one with {long:,}: {a_day} events a day, each opens and ends, so
the long one tells of {years:.0f} years, and both know equally much of the last 120 days: {lately} events, of which
{go_on} go on. 300 pairs are watched. The log is written past the store, in large transactions ({megabytes:.0f} MB in
{seconds:.0f} s); entries, documents and checkpoint are what the relay's own code makes. Every answer is made anew from
what the instance knows, or reads for it; {rounds} rounds, interleaved, medians.
"""
_PAST = """
`?at=` is no part of the target: the log is searched by halves for the moment, {halves} reads of one entry instead of
{fewer}, then the snapshot before it is read, and 100 entries after it are folded (200 at most). At its own middle the
short log has not yet 120 days behind it, so less is known there: what that answer takes is the time on the right.
"""


def section() -> str:
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        short, long = (made(Path(folder) / f"{changes}.db", changes) for changes in (SHORT, LONG))
        seconds, size = time.perf_counter() - began, long.file.stat().st_size
        lately = _lately(short)
        assert lately == _lately(long)
        found = measured(short, long)
    what = _WHAT.format(
        short=SHORT, long=LONG, a_day=A_DAY, years=LONG / 2 / A_DAY / 365.25, megabytes=size / 1e6, seconds=seconds,
        rounds=ROUNDS, lately=lately, go_on=GO_ON,
    )  # fmt: skip
    heads = ("answer", f"x {SHORT:,} changes", "target", "", "ms")
    past = _PAST.format(halves=LONG.bit_length(), fewer=SHORT.bit_length())
    return "\n\n".join(("## A long log", wrapped(what), table(heads, _rows(found)), wrapped(past)))


def _rows(found: Mapping[str, tuple[float, float]]) -> Iterator[tuple[object, ...]]:
    for name, (short, long) in found.items():
        target, met = ("", "") if "?at=" in name else (f"at most {MOST}", _met(long / short))
        yield name, f"{long / short:.2f}", target, met, f"{1000 * long:.2f}"


def _met(ratio: float) -> str:
    return "met" if ratio <= MOST else "**missed**"
