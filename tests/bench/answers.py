"""What an answer costs, beside a bare handler and behind two frameworks."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.bench.answers_world import PARTNERS
from tests.bench.markdown import table, wrapped
from tests.clients import environments

ROOT = Path(__file__).resolve().parents[2]
FRAMEWORKS = ("Flask==3.1.3", "fastapi==0.165.0")
NEEDED = ("msgspec==0.22.0", "PyYAML==6.0.3")
SIZES = {"small": (3, 1), "snapshot": (100, 30)}
"""Products and regions."""
HOT_MOST = {"small": 1.0, "snapshot": 0.02}
FIRST_MOST = 3.0


def python() -> Path:
    """The interpreter of an environment with the frameworks, and with what our functions need."""
    return environments.python("answers", (*FRAMEWORKS, *NEEDED))


def measured(size: str) -> dict[str, Any]:
    command = [str(python()), "-m", "tests.bench.answers_child", *map(str, SIZES[size])]
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}:{ROOT / 'shared'}"}
    done = subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


_WHAT = """
`/v1/status`, asked by a partner of {partners}, of two installations: one watches 3 pairs (an answer of {small:,}
bytes), one 3,000 (a snapshot of {snapshot:,}). An HTTP trigger's event goes in, what the handler returns comes out.
**Bare** is what most would write: a dict of addresses, `json.loads` of the event, `json.dumps` of what it holds in
memory; it has no store, no tokens, no validators. **Ours** is the status function's path (`Service.handle_event` over a
real SQLite file): who asks is looked up, and the store is asked for news once a second; *a second later* is the answer
that has to ask, and hears of none. **Flask** and **FastAPI** ({frameworks}) return the bare handler's data in their own
words, behind an adapter of thirty lines; *ours behind* them is our core with a framework in front, so that only the
framework differs. All gave the same answer before they were measured. One process, interleaved, medians of {rounds}
rounds, in relation to bare. *Sent*: with the `json.dumps` that the platform's runtime makes of the dict that a handler
returns.
"""
_GZIP = """
Asked with `Accept-Encoding: gzip`, here in relation to a bare handler that packs: with `gzip` at level 1, as ours does,
each time. Flask and FastAPI pack nothing by themselves. What is smaller than 600 bytes we do not pack.
"""
_FIRST = """
The first answer after a poll brought news: the other side of the same file is written by a poll, then one answer is
timed, once, and not in a loop: all are slower so. *Bare, reading*: the bare handler, when it has to fetch from the
store what is new (two statements, `zlib`, `json`) and knows neither tokens nor scopes nor age.
"""
_MISSED = """
Where it misses. The snapshot without gzip, sent: the runtime writes {snapshot:,} bytes once more as a JSON text,
whoever made them; all that is ours is gone from it, and a client that takes gzip has it for {packed:.3f}. The first
small answer: a handler that holds its data in memory is done in {bare:.0f} µs; ours takes {ours:.0f} µs, as it reads
the store, looks for the token among those of {partners} partners, and makes validators. Bare, too, needs {reading:.0f}
µs as soon as it has to read. It happens once a poll for each question.
"""


class Target(NamedTuple):
    what: str
    most: float
    reached: float

    def row(self) -> tuple[object, ...]:
        places = 3 if self.most < 0.1 else 2
        reached = f"{self.reached:.{places}f}"
        return self.what, f"at most {self.most:g}", reached, "met" if self.reached <= self.most else "**missed**"


def section() -> str:
    from tests.bench.answers_child import ROUNDS

    found = {size: measured(size) for size in SIZES}
    small, snapshot = found["small"], found["snapshot"]
    what = _WHAT.format(
        partners=PARTNERS, small=small["bytes"], snapshot=snapshot["bytes"], rounds=ROUNDS,
        frameworks=", ".join(FRAMEWORKS),
    )  # fmt: skip
    first = small["first"]
    missed = _MISSED.format(
        snapshot=snapshot["bytes"], packed=_hot(snapshot, "ours, gzip", 1), partners=PARTNERS,
        **{name.partition(", ")[2] or name: 1e6 * seconds for name, seconds in first.items()},
    )  # fmt: skip
    heads = ("answer", "small", "sent", "snapshot", "sent")
    plain = [name for name in small["hot"] if not name.endswith("gzip")]
    packed = [name for name in small["hot"] if name.endswith("gzip")]
    return "\n\n".join((
        "## Answers",
        wrapped(what),
        table(heads, _rows(found, plain, "bare")),
        wrapped(_GZIP),
        table(heads, _rows(found, packed, "bare, gzip")),
        wrapped(_FIRST),
        table(("first answer", "small", "snapshot", "small, gzip", "snapshot, gzip"), _first_rows(found)),
        table(("what is asked of it, x bare", "target", "measured", ""), [each.row() for each in targets(found)]),
        wrapped(missed),
    ))  # fmt: skip


def targets(found: dict[str, Any]) -> Iterator[Target]:
    for size, times in found.items():
        for name in ("ours", "ours, 304", "ours, gzip"):
            words = f"{size}, {name.removeprefix('ours, ')}" if name != "ours" else f"{size}, hot"
            yield Target(words, HOT_MOST[size], _hot(times, name, 0))
            yield Target(f"{words}, sent", HOT_MOST[size], _hot(times, name, 1))
        yield Target(f"{size}, first after a poll", FIRST_MOST, times["first"]["ours"] / times["first"]["bare"])


def _rows(found: dict[str, Any], names: list[str], base: str) -> Iterator[tuple[object, ...]]:
    for name in names:
        yield name, *(f"{_hot(times, name, sent, base):.3f}" for times in found.values() for sent in (0, 1))


def _hot(times: dict[str, Any], name: str, sent: int, base: str = "bare") -> float:
    ratio: float = times["hot"][name][sent] / times["hot"][base][sent]
    return ratio


def _first_rows(found: dict[str, Any]) -> Iterator[tuple[object, ...]]:
    for name in found["small"]["first"]:
        ratios = (
            times[kind][name] / times[kind]["bare"] for kind in ("first", "first gzip") for times in found.values()
        )
        yield name, *(f"{ratio:.2f}" for ratio in ratios)
