"""Reads of a far server by each client, in turn, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

import certifi

from local.fakes.certificates import Authority
from tests.bench.interpreters import Interpreter
from tests.bench.reading_clients import Taken

ROOT = Path(__file__).resolve().parents[2]
_PATHS = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'shared'}"}


class Task(NamedTuple):
    """So many pairs, read by a client of reading_clients.CLIENTS. `one_root`: it trusts the server's authority only."""

    client: str
    pairs: int
    one_root: bool = False


class Far(NamedTuple):
    """The server, and files to trust it by."""

    port: int
    one_root: Path
    all_roots: Path  # and the server's


def medians(tasks: Sequence[Task], interpreter: Interpreter, rounds: int) -> dict[Task, Taken]:
    """Round after round each task once, so that whatever else the machine does hits all of them."""
    found: dict[Task, list[Taken]] = {task: [] for task in tasks}
    with far_server() as far:
        for _ in range(rounds):
            for task in tasks:
                found[task].append(_read(task, far, interpreter))
    return {task: Taken(*map(median, zip(*every, strict=True))) for task, every in found.items()}


@contextmanager
def far_server() -> Iterator[Far]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        authority = Authority(folder)
        roots = folder / "roots.pem"
        roots.write_bytes(Path(certifi.where()).read_bytes() + b"\n" + authority.file.read_bytes())
        command = [sys.executable, "-m", "tests.bench.far_server", str(authority.certificate("localhost"))]
        with subprocess.Popen(
            command, cwd=ROOT, env=_PATHS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as server:
            assert server.stdout and server.stdin
            yield Far(int(server.stdout.readline()), authority.file, roots)
            server.stdin.close()


def _read(task: Task, far: Far, interpreter: Interpreter) -> Taken:
    command = [interpreter.path, "-m", "tests.bench.reading_clients", task.client, str(task.pairs)]
    trust = far.one_root if task.one_root else far.all_roots
    done = subprocess.run(
        [*command, str(far.port), str(trust)], cwd=ROOT, env=_PATHS, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return Taken(*json.loads(done.stdout))
