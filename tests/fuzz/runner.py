"""Runs schemathesis, unmodified and in an environment of its own, against a real server on loopback."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from msgspec import Struct

from tests.clients import environments

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ("schemathesis==4.32.5",)


class Outcome(Struct, frozen=True):
    """What came of a run: whether nothing was found, how many operations and requests there were, and what was told."""

    clean: bool
    operations: int
    cases: int
    told: str


def run(port: int, *options: str) -> Outcome:
    """One run over what the `options` (of its command line) select."""
    python = environments.python("schemathesis", REQUIREMENTS)
    command = [str(python.parent / "schemathesis"), "--config-file", str(Path(__file__).with_name("schemathesis.toml"))]
    command += ["run", f"http://127.0.0.1:{port}/openapi.json", "--no-color"]
    done = subprocess.run([*command, *options], cwd=ROOT, capture_output=True, text=True, check=False)
    told = done.stdout + done.stderr
    return Outcome(done.returncode == 0, _number(r"Tested: (\d+)", told), _number(r"(\d+) generated", told), told)


def _number(pattern: str, text: str) -> int:
    found = re.search(pattern, text)
    return int(found[1]) if found else 0
