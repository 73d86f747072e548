"""Cold starts: a clean interpreter, until the first answer has been given; ours, and behind two frameworks."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import NamedTuple

from tests.bench.answers import FRAMEWORKS, SIZES, python
from tests.bench.answers_handlers import STATUS
from tests.bench.answers_world import PARTNERS, config_text, filled, http_event, pairs
from tests.bench.markdown import table, wrapped

ROOT = Path(__file__).resolve().parents[2]
BUNDLE = ROOT / ".build" / "local" / "status"
ROUNDS = 15
MOST = {"Flask": 0.5, "FastAPI": 0.3}

_OURS = "import index\nhandler = lambda event: index.handler(event, None)"
_BEHIND = """
from pathlib import Path
from shd_relay.wiring import status_service
from tests.bench.answers_handlers import {name}
handler = {name}(status_service(Path({bundle!r}), None))
"""
_CHILD = """
import sys, time
began, worked = time.perf_counter(), time.process_time()
sys.path[:0] = {folders!r}
{statement}
event = open({event!r}, "rb").read()
answer = handler(event)
taken = time.perf_counter() - began, time.process_time() - worked
import json
print(json.dumps([answer["statusCode"], len(answer["body"]), *taken]))
"""
_STEPS = (
    ("msgspec, with what it needs of the standard library", "import msgspec"),
    ("PyYAML", "import yaml"),
    ("SQLite", "import sqlite3"),
    ("our own modules, and the rest of the standard library",
     "import index, shd_relay.web.service, shd_relay.web.status_view, shd_relay.adapters.sqlite_store"),
    ("settings and config.yaml", "index._service()"),
    ("the first answer", "index.handler(open({event!r}, 'rb').read(), None)"),
)  # fmt: skip
_PARTS = """
import sys, time
sys.path.insert(0, {folder!r})
moments = [time.perf_counter()]
{steps}
import json
print(json.dumps([after - before for before, after in zip(moments, moments[1:])]))
"""


class Cold(NamedTuple):
    """Seconds until the first answer, by the clock and of the CPU."""

    clock: float
    cpu: float


class Installed(NamedTuple):
    """One installation on disk."""

    environ: dict[str, str]
    event: Path


def installed(folder: Path, size: str) -> Installed:
    watched = SIZES[size]
    filled(folder / f"{size}.db", pairs(*watched)).close()
    config, event = folder / f"{size}.yaml", folder / f"{size}.json"
    config.write_text(config_text(*watched), encoding="utf-8")
    event.write_bytes(http_event(STATUS))
    return Installed({"SHD_CONFIG": str(config), "SHD_STORE": f"sqlite:///{folder / size}.db"}, event)


def starts(place: Installed) -> dict[str, Cold]:
    """Medians, by what stands in front; the round that warms the disk is left out."""
    packages = next((python().parents[1] / "lib").glob("python*/site-packages"))
    behind = [str(BUNDLE), str(packages), str(ROOT)]
    codes = {"ours": _CHILD.format(folders=[str(BUNDLE)], statement=_OURS, event=str(place.event))}
    for words, name in (("Flask", "flask_ours"), ("FastAPI", "fastapi_ours")):
        statement = _BEHIND.format(name=name, bundle=str(BUNDLE))
        codes[words] = _CHILD.format(folders=behind, statement=statement, event=str(place.event))
    taken: dict[str, list[Cold]] = {name: [] for name in codes}
    for number in range(ROUNDS + 1):
        for name, code in codes.items():
            status, size, *times = _run(code, place)
            assert status == 200 and size > 100, name
            if number:
                taken[name].append(Cold(*times))
    return {name: Cold(*map(median, zip(*every, strict=True))) for name, every in taken.items()}


def parts(place: Installed) -> list[tuple[str, float]]:
    """Seconds of each step of ours, one after the other, after those of an interpreter that does nothing."""
    steps = "\n".join(
        f"{step.format(event=str(place.event))}; moments.append(time.perf_counter())" for _, step in _STEPS
    )
    code = _PARTS.format(folder=str(BUNDLE), steps=steps)
    rows = [_run(code, place) for _ in range(ROUNDS + 1)][1:]
    medians = [median(column) for column in zip(*rows, strict=True)]
    return [(name, seconds) for (name, _), seconds in zip(_STEPS, medians, strict=True)]


def _run(code: str, place: Installed) -> list[float]:
    # Isolated and without site-packages: what lies in the bundle is all there is.
    command = [sys.executable, "-I", "-S", "-c", code]
    done = subprocess.run(command, env=place.environ, capture_output=True, text=True, check=True)
    found: list[float] = json.loads(done.stdout)
    return found


_WHAT = """
The first answer. A clean interpreter (`-I -S`) with the status bundle and a config of {partners} partners, from its
first line until `/v1/status` was answered from a SQLite file; and the same core behind Flask and FastAPI
({frameworks}), whose share is what they add. {rounds} rounds, in each every one once; medians, in relation to ours with
3 pairs.
"""
_PARTS_WHAT = "Where ours goes, in hundredths of the start with 3 pairs:"
_NOT_BUILT = "The local bundles were not built when this page was written: `make local-bundle`, then `make bench`."


def text() -> str:
    """The part of the section on cold starts that this module measures."""
    if not BUNDLE.is_dir():
        return _NOT_BUILT
    with tempfile.TemporaryDirectory() as folder:
        places = {size: installed(Path(folder), size) for size in SIZES}
        found = {size: starts(place) for size, place in places.items()}
        shares = {size: parts(place) for size, place in places.items()}
    what = _WHAT.format(partners=PARTNERS, frameworks=", ".join(FRAMEWORKS), rounds=ROUNDS)
    heads = ("first answer", "3 pairs, clock", "CPU", "3,000 pairs, clock", "CPU")
    return "\n\n".join((
        wrapped(what),
        table(heads, _rows(found)),
        table(("what is asked of it", "target", "measured", ""), _targets(found)),
        wrapped(_PARTS_WHAT),
        table(("part", "3 pairs", "3,000 pairs"), _part_rows(shares, found["small"]["ours"].clock)),
    ))  # fmt: skip


def _rows(found: Mapping[str, Mapping[str, Cold]]) -> Iterator[tuple[object, ...]]:
    base = found["small"]["ours"]
    for name in found["small"]:
        times = [(each[name].clock / base.clock, each[name].cpu / base.cpu) for each in found.values()]
        yield name if name == "ours" else f"ours behind {name}", *(f"{ratio:.2f}" for pair in times for ratio in pair)


def _targets(found: Mapping[str, Mapping[str, Cold]]) -> Iterator[tuple[object, ...]]:
    for size, times in found.items():
        for name, most in MOST.items():
            reached = times["ours"].clock / times[name].clock
            met = "met" if reached <= most else "**missed**"
            yield f"{size}: first answer, x the same through {name}", f"at most {most:g}", f"{reached:.2f}", met


def _part_rows(shares: Mapping[str, list[tuple[str, float]]], whole: float) -> Iterator[tuple[object, ...]]:
    for rows in zip(*shares.values(), strict=True):
        yield rows[0][0], *(f"{100 * seconds / whole:.0f}" for _, seconds in rows)
    yield "together", *(f"{100 * sum(seconds for _, seconds in rows) / whole:.0f}" for rows in shares.values())
