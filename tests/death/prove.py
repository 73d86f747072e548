"""The full figures of real deaths, as rows of a Markdown table. About a quarter of an hour on one core.

  PYTHONPATH=.:shared .venv/bin/python -m tests.death.prove [--kills 500]

Every row is of polls in processes of their own, on real sockets: killed at every effect of every script, at random
moments, in the middle of every request; hurt by the stand-ins; overtaken; on a full disk. What breaks a law is printed
with the line that plays it again, `--replay STORE SCRIPT CASE ...`, for which the stand-ins start anew. A moment that
was drawn in seconds, or two pollers at once, may come out differently.
"""

# ruff: noqa: T201 - what it prints is the proof

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence

from local.stores import StoreName
from tests.death import flight, twins
from tests.death.cases import (
    Case,
    at_every_effect,
    each_fault,
    figures_at_once,
    figures_of,
    of_requests,
)  # fmt: skip
from tests.death.chance import Stories
from tests.death.pollers import Pollers
from tests.death.runs import COLUMNS, STORES, Clean, Figures, Runs
from tests.death.scenarios import RICH, SCENARIOS

Row = tuple[str, Figures]
Cases = Callable[[Clean], Iterable[Case]]

RICH_ROWS: tuple[tuple[str, Cases], ...] = (
    ("killed before a request is served", lambda clean: of_requests("received", flight.requests(clean))),
    ("killed before the answer to a request", lambda clean: of_requests("served", _served(clean))),
    ("a request fails, not served", lambda clean: each_fault(flight.kinds(clean), flight.BEFORE)),
    ("a request is served, its answer lost", lambda clean: each_fault(flight.kinds(clean), flight.AFTER)),
    ("a stand-in restarts during a request", lambda clean: of_requests("restart", flight.requests(clean))),
    ("stood still at every effect, overtaken", lambda clean: at_every_effect("overtaken", clean)),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Proves, or replays one run; 1 if a law was broken."""
    options = _parser().parse_args(arguments)
    with Pollers() as pollers, Runs(pollers) as runs:
        if options.replay:
            return _end([("replay", _replay(runs, *options.replay))])
        return _end(_rows(runs, options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="The full figures of real deaths, or one run again.")
    parser.add_argument("--kills", type=int, default=500, help="at random moments, half of them on each store")
    parser.add_argument("--rounds", type=int, default=100, help="of two pollers at once")
    parser.add_argument("--first-seed", type=int, default=1_000)
    parser.add_argument("--replay", nargs="+", metavar="WORD")
    return parser


def _rows(runs: Runs, options: argparse.Namespace) -> Iterator[Row]:
    for store in STORES:
        yield f"killed at every effect of {len(SCENARIOS)} scripts", _every_effect(runs, store)
        yield "killed at random moments", Stories(runs).kill(store, options.kills // len(STORES), options.first_seed)
        _, clean = runs.prepared(store, RICH)
        for name, cases in RICH_ROWS:
            yield name, figures_of(runs, store, RICH, cases(clean))
        slow = list(each_fault(flight.kinds(clean), flight.SLOW))
        yield "an answer comes too late or never", figures_at_once(runs, store, RICH, slow)
        for mode in twins.MODES:
            figures, _ = twins.play(runs.pollers, store, mode, options.rounds, options.first_seed)
            yield f"two pollers, {mode}", figures


def _served(clean: Clean) -> Iterator[flight.Request]:
    """To answer a question changes nothing on the other side, and the API has no such fault."""
    return (request for request in flight.requests(clean) if request.of != "api")


def _every_effect(runs: Runs, store: StoreName) -> Figures:
    whole = Figures(store)
    for scenario in SCENARIOS.values():
        _, clean = runs.prepared(store, scenario)
        whole.join(figures_of(runs, store, scenario, at_every_effect("effect", clean)))
    return whole


def _replay(runs: Runs, store: StoreName, name: str, *words: str) -> Figures:
    if words[0] == "seed":
        figures = Figures(store)
        Stories(runs).play(store, int(words[1]), figures)
        return figures
    if words[0] in twins.MODES:
        return twins.play(runs.pollers, store, words[0], int(words[1]), int(words[2]))[0]
    return figures_of(runs, store, SCENARIOS[name], [words])


def _end(rows: Iterable[Row]) -> int:
    """Prints the rows as they come; 1 if one of them broke a law."""
    broken = 0
    _line(("run", *COLUMNS))
    _line(("---",) * (len(COLUMNS) + 1))
    for name, figures in rows:
        _line((name, *figures.row()))
        if figures.failures:
            broken += 1
            print(figures.explain(), file=sys.stderr, flush=True)
    print("\nno law was broken" if not broken else f"\n{broken} rows broke a law")
    return bool(broken)


def _line(cells: Iterable[object]) -> None:
    print(f"| {' | '.join(str(cell) for cell in cells)} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
