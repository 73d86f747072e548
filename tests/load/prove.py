"""Load on a real server over a real SQLite file, into which real polls commit meanwhile. Four minutes, and then ten.

  PYTHONPATH=.:shared .venv/bin/python -m tests.load.prove [--warm 4] [--minutes 10] [--clients 4] [--seed 1]

Prints what came, how fast, and the server's memory before the ten minutes, meanwhile, and at their end. Exit code 1 if
anything was answered with 5xx or not at all, or the memory grew in them by 5 % or more. What goes before is the same
load: caches fill until then, and each thread's share of the allocator.
"""

# ruff: noqa: T201 - what it prints is the proof

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles

from msgspec import Struct

from tests.bench.answers_world import token
from tests.bench.markdown import table
from tests.load.asking import Asked, drawn
from tests.load.processes import EVENTS

ROOT = Path(__file__).resolve().parents[2]
MOST_GROWTH = 0.05
_SAMPLE_SECONDS = 0.5
_WINDOW = 20  # samples of memory that are looked at together


class Figures(Struct):
    """What the clients saw. `times`: by route, seconds of each answer. `bad`: what must not be."""

    times: dict[str, list[float]] = {}
    statuses: Counter[int] = Counter()
    bad: list[str] = []

    def add(self, asked: Asked, status: int, seconds: float) -> None:
        self.times.setdefault(asked.route, []).append(seconds)
        self.statuses[status] += 1
        if status >= 500:
            self.bad.append(f"{status}: {asked.method} {asked.target}")


class Proof(Struct, frozen=True):
    figures: Figures
    memory: list[float]  # of the server since it was warm, MB, evenly
    seconds: float  # of the whole load

    @property
    def warm(self) -> float:
        return median(self.memory[:_WINDOW])

    @property
    def end(self) -> float:
        return median(self.memory[-_WINDOW:])

    @property
    def growth(self) -> float:
        """Of the server's resident memory since it was warm."""
        return self.end / self.warm - 1


def run(warm: float, minutes: float, clients: int, seed: int) -> Proof:
    """Loads it for so many minutes, one after the other."""
    with tempfile.TemporaryDirectory() as folder, _child("poll", folder) as (poller, _):  # noqa: SIM117 - it comes first
        with _child("serve", folder) as (server, port):
            began = time.monotonic()
            figures, memory = _loaded(int(port), server.pid, 60 * (warm + minutes), clients, seed)
            seconds = time.monotonic() - began
            both = (("poller", poller), ("server", server))
            figures.bad += [f"the {name} has ended" for name, child in both if child.poll() is not None]
    return Proof(figures, memory[round(len(memory) * warm / (warm + minutes)) :], seconds)


def _loaded(port: int, server: int, seconds: float, clients: int, seed: int) -> tuple[Figures, list[float]]:
    """What the clients saw, and the memory of the process `server` meanwhile."""
    ended, memory, ids = threading.Event(), [_megabytes(server)], _ids(port)
    found = [Figures(times={}, statuses=Counter(), bad=[]) for _ in range(clients)]
    dices = [random.Random(f"{seed} {number}") for number in range(clients)]  # noqa: S311 - no secrets
    threads = [
        threading.Thread(target=_ask, args=(port, dice, ids, one, ended))
        for dice, one in zip(dices, found, strict=True)
    ]
    until = time.monotonic() + seconds
    for thread in threads:
        thread.start()
    while time.monotonic() < until:
        ended.wait(_SAMPLE_SECONDS)
        memory.append(_megabytes(server))
    ended.set()
    for thread in threads:
        thread.join()
    return _together(found), memory


def _ids(port: int) -> list[str]:
    """Of the events that there are."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/v1/events?limit=500", headers={"Authorization": f"Bearer {token(0)}"})
    ids = [event["id"] for event in json.load(connection.getresponse())["events"]]
    connection.close()
    assert len(ids) >= EVENTS
    return ids


@contextmanager
def _child(role: str, folder: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process, and the line by which it tells that it is ready. It ends when its input does."""
    command = [sys.executable, "-m", "tests.load.processes", role, folder]
    environ = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'shared'}"}
    with subprocess.Popen(command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            line = child.stdout.readline()
            assert line, f"{role} did not begin"
            yield child, line.strip()
        finally:
            child.stdin.close()


def _ask(port: int, dice: random.Random, ids: Sequence[str], figures: Figures, ended: threading.Event) -> None:
    """One client, with one connection that it keeps; asks as fast as answers come."""
    known: dict[str, str] = {}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    while not ended.is_set():
        asked = drawn(dice, known, ids)
        began = time.perf_counter()
        try:
            connection.request(asked.method, asked.target, headers=asked.headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            figures.bad.append(f"{type(error).__name__}: {asked.method} {asked.target[:200]}")
            connection.close()
            continue
        figures.add(asked, answer.status, time.perf_counter() - began)
        if answer.status == 200 and len(known) < 5_000:
            known[asked.target] = answer.headers.get("ETag", "")
    connection.close()


def _megabytes(pid: int) -> float:
    """Resident memory of a process."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024 / 1e6


def _together(found: Sequence[Figures]) -> Figures:
    whole = Figures(times={}, statuses=Counter(), bad=[])
    for one in found:
        whole.statuses += one.statuses
        whole.bad += one.bad
        for route, times in one.times.items():
            whole.times.setdefault(route, []).extend(times)
    return whole


def report(proof: Proof) -> str:
    """As Markdown."""
    every = [seconds for times in proof.figures.times.values() for seconds in times]
    rows = [_row("all", every), *(_row(f"`{name}`", times) for name, times in sorted(proof.figures.times.items()))]
    statuses = ", ".join(f"{status}: {count:,}" for status, count in sorted(proof.figures.statuses.items()))
    return "\n".join((
        table(("route", "answers", "p50, ms", "p99, ms", "slowest, ms"), rows),
        f"\n{len(every):,} answers in {proof.seconds:.0f} s; {statuses}",
        f"memory of the server: {proof.warm:.1f} MB warm, {proof.end:.1f} MB at the end, {proof.growth:+.1%}",
        f"at each tenth of the time: {', '.join(f'{mb:.0f}' for mb in _tenths(proof.memory))} MB",
        *proof.figures.bad[:20],
    ))  # fmt: skip


def _tenths(memory: Sequence[float]) -> list[float]:
    return [memory[round(tenth * (len(memory) - 1) / 10)] for tenth in range(11)]


def _row(name: str, times: Sequence[float]) -> tuple[object, ...]:
    cuts = quantiles(times, n=100) if len(times) > 1 else [times[0]] * 99
    return name, f"{len(times):,}", f"{1000 * cuts[49]:.1f}", f"{1000 * cuts[98]:.1f}", f"{1000 * max(times):.0f}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Load on a real server.")
    parser.add_argument("--warm", type=float, default=4, help="minutes of the same load before")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    proof = run(options.warm, options.minutes, options.clients, options.seed)
    print(report(proof))
    broken = bool(proof.figures.bad) or proof.growth >= MOST_GROWTH
    print("\nbroken" if broken else "\nno answer failed, and the memory stayed")
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
