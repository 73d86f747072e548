"""Which Python the clients of a benchmark run on: that of the function in the cloud, where there is one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from functions.bundle import find_python

ROOT = Path(__file__).resolve().parents[2]
WANTED = "3.12"
NEEDED = ("aliyun-python-sdk-core", "msgspec")
_IMPORTS = "import aliyunsdkcore.client, msgspec, platform; print(platform.python_version())"


class Interpreter(NamedTuple):
    """One that has what the clients import."""

    path: str
    version: str


def for_clients() -> Interpreter:
    """Python 3.12 with the pinned packages, in an environment of its own below .cache; else the one that runs."""
    return _wanted() or Interpreter(sys.executable, _version(sys.executable) or "?")


def _wanted() -> Interpreter | None:
    found = find_python(WANTED)
    if found is None:
        return None
    folder = ROOT / ".cache" / f"bench-{WANTED}"
    for path in (found, str(folder / "bin" / "python")):
        if version := _version(path):
            return Interpreter(path, version)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for command in ([found, "-m", "venv", str(folder)], [*pip, "-c", str(ROOT / "requirements.txt"), *NEEDED]):
        if subprocess.run(command, capture_output=True, check=False).returncode:
            return None
    return Interpreter(pip[0], _version(pip[0]) or WANTED)


def _version(path: str) -> str | None:
    """None when it is not there, or cannot import what is needed."""
    if not Path(path).exists():
        return None
    done = subprocess.run([path, "-W", "ignore", "-c", _IMPORTS], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None
