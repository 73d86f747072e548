"""The three reports of a synthetic year: how long they take, and how much memory."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from local.synthetic_year import CONFIG, Year, fill
from shd_relay.adapters.sqlite_store import SqliteStore
from shd_relay.plans import REPORTS
from tests.bench.markdown import table, wrapped

CHANGES = 100_000
ROUNDS = 3
MOST_SECONDS = 10
ROOT = Path(__file__).resolve().parents[2]

_CHILD = """
import json, resource, sys, time
from datetime import datetime, timezone
from pathlib import Path

from shd_relay import config
from shd_relay.adapters.sqlite_store import SqliteStore
from shd_relay.model import Pair
from shd_relay.reports import make, period
from shd_relay.reports.gather import gather
from shd_relay.reports.question import Question
from shd_relay.reports.reach import Reach

folder, name = Path(sys.argv[1]), sys.argv[2]
known = config.load(folder / "config.yaml")
pairs = [Pair(product, region) for product in known.watch.products for region in known.watch.regions]
(partner,) = known.partners
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
began = time.perf_counter()
now, zone = datetime(2025, 6, 1, tzinfo=timezone.utc), period.zone_of(partner.time_zone)
days = period.asked("2024-01-01", "2024-12-31", zone, now)
asked = Question(name, partner, Reach(partner, pairs, "oo-region"), days, zone)
report = make.made(asked, gather(SqliteStore(folder / "year.db", read_only=True), asked, now))
took = {"made": time.perf_counter() - began}
sizes = {}
for format_ in make.FORMATS:
    began = time.perf_counter()
    sizes[format_] = len(make.written(report, format_))
    took[format_] = time.perf_counter() - began
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"took": took, "sizes": sizes, "peak": peak, "before": before}))
"""
_WHAT = """
One SQLite file with a year of {changes:,} changes in {entries:,} entries ({megabytes:.0f} MB), when each was pushed,
and 46 tickets, all drawn from a seed (local/synthetic_year.py): outages of one or more of 120 pairs, maintenance,
notices, blind spells, in a zone whose clocks are moved twice; many times what SHD ever said in a year. No snapshot is
there to help. Each report is of the whole year, in a process of its own, which reads the log, measures, and writes the
report in each format; the best of {rounds}. Target: read, measured and written in under {seconds} s. Peak memory is the
process's, with the interpreter and all three formats in it.
"""


def section() -> str:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "config.yaml").write_text(CONFIG)
        store = SqliteStore(folder / "year.db", pragmas=("synchronous = OFF", "journal_mode = MEMORY"))
        entries = fill(store, Year(changes=CHANGES)).seq
        store.close()
        found = {report: [_measured(folder, report) for _ in range(ROUNDS)] for report in REPORTS}
        size = (folder / "year.db").stat().st_size
    what = _WHAT.format(
        changes=CHANGES, entries=entries, megabytes=size / 1e6, rounds=ROUNDS, seconds=MOST_SECONDS
    )  # fmt: skip
    heads = ("report", "read and measured", "+ HTML", "+ JSON", "+ CSV", "target", "", "peak")
    return "\n\n".join(("## Reports of a year", wrapped(what), table(heads, _rows(found))))


def _measured(folder: Path, report: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, str(folder), report], capture_output=True, text=True, check=True, cwd=ROOT,
        env={"PYTHONPATH": str(ROOT / "shared")},
    )  # fmt: skip
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def _rows(found: dict[str, list[dict[str, Any]]]) -> Iterator[tuple[object, ...]]:
    for report, rounds in found.items():
        best = min(rounds, key=lambda each: sum(each["took"].values()))
        took, sizes = best["took"], best["sizes"]
        written = (f"{took[format_]:.1f} s, {sizes[format_] / 1e6:.1f} MB" for format_ in ("html", "json", "csv"))
        slowest = took["made"] + max(took[format_] for format_ in sizes)
        met = "met" if slowest < MOST_SECONDS else "**missed**"
        yield report, f"{took['made']:.1f} s", *written, f"under {MOST_SECONDS} s", met, f"{best['peak'] / 1024:.0f} MB"


if __name__ == "__main__":
    began = time.perf_counter()
    print(section())  # noqa: T201 - looked at alone, while something of it changes
    print(f"{time.perf_counter() - began:.0f} s")  # noqa: T201
