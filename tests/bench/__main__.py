"""Writes docs/benchmarks.md whole: `make bench`, or `PYTHONPATH=.:shared .venv/bin/python -m tests.bench`."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.bench import (
    answers,
    answers_memory,
    auto_polls,
    capacity,
    cold_start,
    long_log,
    reading,
    reports,
    side_by_side,
    throttled,
)
from tests.bench.markdown import wrapped

PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"
SECTIONS = (
    side_by_side, reading, throttled, auto_polls, capacity, answers, long_log, answers_memory, cold_start,
    reports,
)  # fmt: skip

_HEAD = """
What SHD Relay does beside what most such tools do, what it costs, and how heavy it is. `make bench` measures all of it
again and writes this page (some twelve minutes on two cores). Times of reads, answers and imports are this machine's,
and only their ratios mean something elsewhere; everything else is drawn from seeds or counted, and comes out the same
on any machine. Nothing here was measured against the real status API or the real Tablestore. What is promised, and what
shows it: [reliability.md](reliability.md).
"""


def main() -> int:
    parts = ["# Benchmarks", wrapped(_HEAD)]
    for section in SECTIONS:
        print(f"bench: {section.__name__.rpartition('.')[2]}", flush=True)  # noqa: T201 - minutes pass
        parts.append(section.section())
    PAGE.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    print("bench: docs/benchmarks.md is written")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
