"""The memory of an instance that answered every partner."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.bench.answers_cold import BUNDLE, Installed, installed
from tests.bench.answers_world import PARTNERS, http_event, token
from tests.bench.markdown import table, wrapped

PATHS = ("/v1/status", "/api/v2/summary.json", "/")
_CHILD = """
import os, sys

def megabytes():
    pages = int(open("/proc/self/statm").read().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

found = {{"an interpreter that does nothing": megabytes()}}
sys.path.insert(0, {folder!r})
import index
index._service()
found["with the functions' modules and the config"] = megabytes()
import json
asked = json.load(open({asked!r}))
for name, events in asked.items():
    for event in events:
        answer = index.handler(event.encode(), None)
        assert answer["statusCode"] == 200, (event, answer)
    found[name] = megabytes()
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]
found["the most it ever was"] = int(peak) * 1024 / 1e6
print(json.dumps(found))
"""


def measured(place: Installed, folder: Path) -> dict[str, float]:
    """MB resident, stage after stage, of one clean process."""
    groups = {
        "and one answer": [_event(0, PATHS[0])],
        f"and {PATHS[0]} for every partner": [_event(number, PATHS[0]) for number in range(PARTNERS)],
        f"and {PATHS[1]}": [_event(number, PATHS[1]) for number in range(PARTNERS)],
        "and the page": [_event(number, PATHS[2]) for number in range(PARTNERS)],
        "and all of that in gzip": [
            _event(number, path, Accept_Encoding="gzip") for path in PATHS for number in range(PARTNERS)
        ],
    }
    asked = folder / "asked.json"
    asked.write_text(json.dumps(groups), encoding="utf-8")
    code = _CHILD.format(folder=str(BUNDLE), asked=str(asked))
    command = [sys.executable, "-I", "-S", "-c", code]
    done = subprocess.run(command, env=place.environ, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _event(partner: int, path: str, **headers: str) -> str:
    return http_event(path, Authorization=f"Bearer {token(partner)}", **headers).decode()


_WHAT = """
Resident memory of one process with the status bundle and SQLite, 3,000 pairs, {partners} partners of whom a third sees
all, answering each of them. An answer has up to 366 KB, the page more. Ready answers are kept up to 32 MB
in all, the least lately used go first.
"""


def section() -> str:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = measured(installed(folder, "snapshot"), folder)
    what = _WHAT.format(partners=PARTNERS)
    return "\n\n".join(("## Memory of an instance", wrapped(what), table(("", "MB", "x"), _rows(found))))


def _rows(found: Mapping[str, float]) -> Iterator[tuple[object, ...]]:
    base = next(iter(found.values()))
    for name, megabytes in found.items():
        yield name, f"{megabytes:.0f}", f"{megabytes / base:.1f}"
