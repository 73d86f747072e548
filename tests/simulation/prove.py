"""The full figures, as rows of Markdown tables. A quarter of an hour on two cores.

  PYTHONPATH=.:shared .venv/bin/python -m tests.simulation.prove

Everything is drawn from seeds: the same command gives the same runs. `--chaos-polls` and the like make it shorter or
longer; `--first-seed` draws others. A failing run prints the line that plays it again:

  --script SEED [TICK:POINT:FAULT ...]     --chaos SEED POLLS RATE [--skew]     --long SEED DAYS

and, for one that was not played in memory with one operation, --store sqlite, tablestore or both.
"""

# ruff: noqa: T201 - what it prints is the proof

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from multiprocessing.util import Finalize

from tests.simulation.casts import STORES, cast_on
from tests.simulation.explore import Bounds, Explorer, Found
from tests.simulation.identity_mix import HARSH, TYPICAL, Mix, by_start, by_start_and_title, simulate
from tests.simulation.runs import COLUMNS, Chaos, Fault, Figures, Long, Run, Script, figures_of, pairs, play, singles
from tests.simulation.stage import OURS
from tests.simulation.two_world import BOTH

POLLS_OF_A_SEED = 1_000
SEARCHES = (
    Bounds(polls=2, faults=1, expiries=1, edits=2),
    Bounds(polls=2, faults=2, expiries=0, edits=2),
    Bounds(polls=3, faults=0, expiries=1, edits=1),
    Bounds(polls=3, faults=1, expiries=1, edits=1),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Proves, or replays one run; 1 if a law was broken."""
    options = _parser().parse_args(arguments)
    if options.script or options.chaos or options.long:
        return _replay(_named(options), options.store)
    broken = _runs(options) + _searches(options) + _identity(options)
    print("\nno law was broken" if not broken else f"\n{broken} parts broke a law")
    return bool(broken)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="The full figures of the simulation, or one run again.")
    parser.add_argument("--first-seed", type=int, default=1_000)
    parser.add_argument("--single-seeds", type=int, default=33)
    parser.add_argument("--pair-seeds", type=int, default=8)
    parser.add_argument("--chaos-polls", type=int, default=1_000_000)
    parser.add_argument("--both-seeds", type=int, default=20)
    parser.add_argument("--both-polls", type=int, default=400_000)
    parser.add_argument("--sqlite-polls", type=int, default=10_000)
    parser.add_argument("--tablestore-polls", type=int, default=2_000)
    parser.add_argument("--states", type=int, default=1_000_000)
    parser.add_argument("--identity-polls", type=int, default=100_000)
    parser.add_argument("--script", nargs="+")
    parser.add_argument("--chaos", nargs=3)
    parser.add_argument("--long", nargs=2)
    parser.add_argument("--skew", action="store_true", help="in the run that is replayed some clocks are off")
    parser.add_argument("--store", choices=STORES, default="memory", help="of the run that is replayed")
    return parser


def _runs(options: argparse.Namespace) -> int:
    first = options.first_seed
    _head("run", COLUMNS)
    singly = "every point x every fault"
    broken = _row(singly, singles(range(first, first + options.single_seeds)))
    broken += _row(
        "every pair of points", (run for seed in range(first, first + options.pair_seeds) for run in pairs(seed))
    )
    broken += _row("events that live for days", (Long(seed, 20) for seed in range(first, first + 50)))
    broken += _row("chaos", _chaos(first, options.chaos_polls))
    broken += _row("chaos, 10 % of all effects", _chaos(first, options.chaos_polls // 20, 0.1))
    broken += _row("chaos, clocks up to an hour off", _chaos(first, options.chaos_polls // 20, skew=True))
    stores = (
        ("both", options.both_polls), ("sqlite", options.sqlite_polls), ("tablestore", options.tablestore_polls)
    )  # fmt: skip
    for store, polls in stores:
        seeds = range(first, first + options.both_seeds) if store == "both" else [first]
        broken += _row(f"{singly}, {store}", singles(seeds, BOTH if store == "both" else OURS), store)
        broken += _row(f"chaos, {store}", _chaos(first, polls), store)
    return broken


def _searches(options: argparse.Namespace) -> int:
    broken = 0
    _head("interleavings of", ("faults", "lease expiries", "edits", "states", "end states", "problems", "seconds"))
    searches = [bounds._replace(states=options.states) for bounds in SEARCHES]
    with ProcessPoolExecutor() as pool:
        results = list(pool.map(_search, searches))
    for bounds, found in zip(searches, results, strict=True):
        states = f"{found.states:,} ({'all' if found.complete else 'bounded'})"
        bound = tuple(f"<= {n}" for n in (bounds.faults, bounds.expiries, bounds.edits))
        _line((f"{bounds.polls} polls", *bound, states, f"{found.ends:,}", len(found.problems), f"{found.seconds:.1f}"))
        if found.problems:
            broken += 1
            print("\n".join([*map(str, found.problems), *found.path]), file=sys.stderr)
    return broken


def _identity(options: argparse.Namespace) -> int:
    broken = 0
    _head("identity", ("key", "polls", "events", "errors", "per 1,000 events", "at most", "seconds"))
    for name, mix, most in (("typical", TYPICAL, 40), ("harsh", HARSH, 200)):
        broken += _identity_rows(name, mix, most, options)
    return broken


def _identity_rows(name: str, mix: Mix, most: int, options: argparse.Namespace) -> int:
    broken = 0
    for key, matcher in (("matcher", None), ("start", by_start), ("start and title", by_start_and_title)):
        began = time.perf_counter()
        polls = options.identity_polls if matcher is None else options.identity_polls // 20
        result = simulate(mix, options.first_seed, polls, matcher)
        bound, seconds = most if matcher is None else "", f"{time.perf_counter() - began:.1f}"
        counts = (f"{n:,}" for n in (result.polls, result.events, result.errors))
        _line((name, key, *counts, f"{result.per_thousand:,.0f}", bound, seconds))
        broken += matcher is None and result.per_thousand > most
    return broken


def _chaos(first: int, polls: int, rate: float = 0.02, *, skew: bool = False) -> Iterator[Chaos]:
    for seed in range(first, first + max(1, polls // POLLS_OF_A_SEED)):
        yield Chaos(seed, min(polls, POLLS_OF_A_SEED), rate, skew)


def _search(bounds: Bounds) -> Found:
    return Explorer(bounds).search()


def _row(name: str, runs: Iterable[Run], store: str = "memory") -> int:
    """Plays them on all cores and tells what they came to; its seconds are those of the clock on the wall."""
    began, figures = time.perf_counter(), Figures()
    with ProcessPoolExecutor(initializer=_Worker.begin, initargs=(store,)) as pool:
        for part in pool.map(_Worker.play, runs, chunksize=4):
            figures.merge(part)
    figures.seconds = time.perf_counter() - began
    _line((name, *figures.row()))
    return _complain(figures)


class _Worker:
    """One process of a pool, with the cast on its store, until the process ends."""

    _held = ExitStack()
    _cast = OURS

    @classmethod
    def begin(cls, store: str) -> None:
        cls._cast = cls._held.enter_context(cast_on(store))
        Finalize(None, cls._held.close, exitpriority=1)  # a pool's process runs no atexit

    @classmethod
    def play(cls, run: Run) -> Figures:
        return figures_of([run], cls._cast)


def _complain(figures: Figures) -> int:
    if figures.failures:
        print(figures.explain(), file=sys.stderr)
    return bool(figures.failures)


def _head(first: str, columns: Sequence[str]) -> None:
    print()
    _line((first, *columns))
    _line(("---",) * (len(columns) + 1))


def _line(cells: Iterable[object]) -> None:
    print(f"| {' | '.join(str(cell) for cell in cells)} |", flush=True)


def _named(options: argparse.Namespace) -> Run:
    if options.long:
        return Long(*map(int, options.long))
    if options.chaos:
        return Chaos(int(options.chaos[0]), int(options.chaos[1]), float(options.chaos[2]), options.skew)
    seed, *faults = options.script
    parts = (fault.split(":", 2) for fault in faults)
    return Script(int(seed), tuple(Fault(int(tick), int(point), what) for tick, point, what in parts))


def _replay(run: Run, store: str) -> int:
    with cast_on(store) as cast:
        stage, problems = play(run, cast)
    print("\n".join([*stage.trace, *(f"{law}: {text}" for law, text in problems)]))
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
