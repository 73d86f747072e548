"""Schemathesis with 10,000 examples of every operation, as rows of a Markdown table. One to two hours on two cores.

  PYTHONPATH=.:shared .venv/bin/python -m tests.fuzz.prove [--examples 10000] [--only REGEX]

What it finds is printed with the command that asks it again. An operation without parameters has few examples that
differ, so not every row has as many as were asked for.
"""

# ruff: noqa: T201 - what it prints is the proof

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Sequence

from tests.fuzz import runner
from tests.fuzz.world import fuzzed, paths_of
from tests.web_world import served


def main(arguments: Sequence[str] | None = None) -> int:
    """1 if anything was found."""
    options = _parser().parse_args(arguments)
    house = fuzzed()
    chosen = [path for path in paths_of(house) if re.search(options.only, path)]
    print("| path | operations | requests | findings | seconds |\n|---|---|---|---|---|")
    with served(house) as port:
        clean = [_row(port, path, options.examples) for path in chosen]
    print("\nno answer was undocumented" if all(clean) else f"\n{clean.count(False)} paths have findings")
    return 0 if all(clean) else 1


def _row(port: int, path: str, examples: int) -> bool:
    began = time.perf_counter()
    chosen = (f"--include-path={path}", f"--max-examples={examples}")
    outcome = runner.run(
        port, *chosen, "--phases=coverage,fuzzing", "--generation-database=none", "--continue-on-failure"
    )
    findings = "none" if outcome.clean else "**some**"
    cells = (f"`{path}`", outcome.operations, outcome.cases, findings, round(time.perf_counter() - began))
    print(f"| {' | '.join(map(str, cells))} |", flush=True)
    if not outcome.clean:
        print(outcome.told, file=sys.stderr)
    return outcome.clean


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Schemathesis over the whole surface, at length.")
    parser.add_argument("--examples", type=int, default=10_000, help="of each operation")
    parser.add_argument("--only", default="", help="paths that this regular expression finds")
    return parser


if __name__ == "__main__":
    sys.exit(main())
