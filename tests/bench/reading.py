"""Section 2: how long a read takes, and of whose CPU, beside the SDK that sends by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.bench.far_reads import Task, medians
from tests.bench.far_server import ANSWER, LATENCY
from tests.bench.growth import Line, Panel, fitted, picture
from tests.bench.interpreters import WANTED, for_clients
from tests.bench.markdown import table, wrapped
from tests.bench.reading_clients import THREADS, Taken

ROUNDS = 5
PLOT = Path(__file__).resolve().parents[2] / "docs" / "growth.svg"
MANY, FEWER, SAMPLE = 3_000, 1_470, 60
SIZES = (1_000, FEWER, MANY, 5_000, 10_000)
MIDDLE = 5_000
OURS = {size: Task("ours", size) for size in SIZES}
THREADED = Task("sdk_threads", MANY)
ALONE, BASELINE = Task("sdk_one_by_one", SAMPLE), Task("baseline", SAMPLE)
BARE, BARE_THREADED = OURS[MANY]._replace(one_root=True), THREADED._replace(one_root=True)
TASKS = (*OURS.values(), THREADED, ALONE, BASELINE, BARE, BARE_THREADED)

Found = Mapping[Task, Taken]

_WHAT = """
The real source of the poll function (`ListEventsSource`, no limit of the rate, {threads} threads: signature by the SDK,
TLS, decoding), and three that send by the SDK's own `AcsClient`: with {threads} threads and a pool of as
many connections; one pair after another; and the baseline of the section above, a whole round of it over memory. The
server is a process of its own on the same machine and answers after {latency:.0f} ms with {answer} bytes over TLS 1.3,
connections kept. All trust the roots of `certifi` and the server's, as a system's list is some hundred roots long; the
last two rows trust the server's alone. Each read in a fresh process (Python {python}), its
imports done before; {rounds} rounds, in each round every one once; medians. **Floor**: what {threads} at once can do at
best, pairs / {threads} x {latency:.0f} ms. Two that read one by one were given {sample} pairs; their time is scaled to
{many:,}. The server and other work share the cores with the clients, so look at the ratios.
"""
_NO_WANTED = f" There was no Python {WANTED} here that could be used."
_ROOTS = """
`AcsClient` reads the list of roots again for each connection, SHD Relay once in the life of a process. With a single
root that makes no difference: then a read is {faster:.2f} times faster than `AcsClient` with threads, and a call takes
{cpu:.2f} of its CPU.
"""
_GROWTH = """
CPU of a read of n pairs = **{a:.0f} ms + n x {b:.3f} ms**, by least squares over the five sizes. The fixed part is
{threads} handshakes, as many threads, and the list of trusted roots, read once. Up to {middle:,} pairs a further call
costs {early:.3f} ms, from there to 10,000 {late:.3f} ms. Dashed in the picture: by the clock, the floor; otherwise the
fitted line.
"""


def section() -> str:
    interpreter = for_clients()
    found = medians(TASKS, interpreter, ROUNDS)
    growth = Growth.of(found)
    PLOT.write_text(picture(growth.panels()), encoding="utf-8")
    what = _WHAT.format(
        threads=THREADS, latency=LATENCY * 1000, answer=len(ANSWER), python=interpreter.version, rounds=ROUNDS,
        sample=SAMPLE, many=MANY,
    )  # fmt: skip
    return "\n\n".join((
        "## Reading",
        wrapped(what + ("" if interpreter.version.startswith(WANTED) else _NO_WANTED)),
        table(("client", "pairs", "seconds", "x floor", "CPU of a call", "peak memory"), _rows(found)),
        table(("what is asked of it", "target", "measured", ""), _targets(found, growth)),
        wrapped(_roots(found)),
        wrapped(growth.text()),
        "![Time, CPU and memory of a read by its pairs](growth.svg)",
    ))  # fmt: skip


class Growth(NamedTuple):
    """Of our own reads: seconds by the clock, seconds of CPU and MB, by pairs."""

    wall: list[tuple[float, float]]
    cpu: list[tuple[float, float]]
    memory: list[tuple[float, float]]

    @classmethod
    def of(cls, found: Found) -> Growth:
        every = [(size, found[task]) for size, task in OURS.items()]
        return cls(
            [(n, taken.wall) for n, taken in every],
            [(n, taken.cpu) for n, taken in every],
            [(n, taken.memory / 1e6) for n, taken in every],
        )

    @property
    def slopes(self) -> tuple[float, float]:
        """Milliseconds of CPU for a further pair, up to MIDDLE and from there on."""
        middle = SIZES.index(MIDDLE)
        return 1000 * fitted(self.cpu[: middle + 1]).b, 1000 * fitted(self.cpu[middle:]).b

    def panels(self) -> list[Panel]:
        return [
            Panel("by the clock, by pairs", self.wall, Line(0, LATENCY / THREADS), "s"),
            Panel("CPU, by pairs", self.cpu, fitted(self.cpu), "s"),
            Panel("peak memory, by pairs", self.memory, fitted(self.memory), "MB"),
        ]

    def text(self) -> str:
        line = fitted(self.cpu)
        early, late = self.slopes
        return _GROWTH.format(a=1000 * line.a, b=1000 * line.b, threads=THREADS, middle=MIDDLE, early=early, late=late)


def _rows(found: Found) -> Iterator[tuple[object, ...]]:
    names = {"ours": "SHD Relay", THREADED.client: f"`AcsClient`, {THREADS} threads",
             ALONE.client: "`AcsClient`, one by one", BASELINE.client: "the baseline"}  # fmt: skip
    for task, taken in found.items():
        scale = MANY / task.pairs if task.pairs == SAMPLE else 1
        pairs = MANY if task.pairs == SAMPLE else task.pairs
        cpu = f"{1000 * taken.cpu / task.pairs:.2f} ms"
        wall = taken.wall * scale
        name = names[task.client] + (", one root" if task.one_root else "")
        yield name, f"{pairs:,}", f"{wall:.2f}", f"{wall / _floor(pairs):.2f}", cpu, _mb(taken)


def _targets(found: Found, growth: Growth) -> Iterator[tuple[str, ...]]:
    """What each is asked to be, what it is, and by how much it falls short."""
    ours, threaded = found[OURS[MANY]], found[THREADED]
    least, most = found[OURS[SIZES[0]]], found[OURS[SIZES[-1]]]
    early, late = growth.slopes
    yield _at_most(f"time of {MANY:,} pairs, x floor", 1.15, ours.wall / _floor(MANY))
    yield _at_most(f"time of {FEWER:,} pairs, x floor", 1.25, found[OURS[FEWER]].wall / _floor(FEWER))
    yield _at_least("times faster than one by one", 35, found[ALONE].wall * MANY / SAMPLE / ours.wall)
    yield _at_least("times faster than the baseline", 35, found[BASELINE].wall * MANY / SAMPLE / ours.wall)
    yield _at_least("times faster than `AcsClient` with threads", 1.3, threaded.wall / ours.wall)
    yield _at_most("CPU of a call, x `AcsClient` with threads", 0.65, ours.cpu / threaded.cpu)
    yield _at_most("CPU of a further call: the dearer part, x the cheaper", 1.2, max(early, late) / min(early, late))
    yield _at_most("peak memory of 10,000 pairs, x that of 1,000", 1.5, most.memory / least.memory)


def _roots(found: Found) -> str:
    ours, threaded = found[BARE], found[BARE_THREADED]
    return _ROOTS.format(faster=threaded.wall / ours.wall, cpu=ours.cpu / threaded.cpu)


def _at_most(what: str, target: float, is_: float) -> tuple[str, str, str, str]:
    return what, f"at most {target:g}", f"{is_:.2f}", "met" if is_ <= target else f"missed by {is_ / target - 1:.0%}"


def _at_least(what: str, target: float, is_: float) -> tuple[str, str, str, str]:
    return what, f"at least {target:g}", f"{is_:.2f}", "met" if is_ >= target else f"missed by {1 - is_ / target:.0%}"


def _floor(pairs: int) -> float:
    return pairs / THREADS * LATENCY


def _mb(taken: Taken) -> str:
    return f"{taken.memory / 1e6:.0f} MB"
