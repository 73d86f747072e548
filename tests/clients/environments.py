"""Third-party programs, unmodified, each in an environment of its own: what they need is no business of ours."""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "clients"


def python(name: str, requirements: Sequence[str]) -> Path:
    """The interpreter of an environment with these pinned packages; made once, kept in .cache. Raises
    CalledProcessError when the registry does not give them."""
    version = "{}.{}".format(*sys.version_info)
    digest = hashlib.sha256("\n".join((version, *requirements)).encode()).hexdigest()[:12]
    folder = CACHE / f"{name}-{digest}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{folder.name}.lock").open("w") as lock:  # two workers of one test run may want the same one
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "made").exists():
            # With the pip at hand, and nothing compiled: a pip of its own would take longer than all that it installs.
            subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(folder)], check=True)
            pip = [
                sys.executable,
                "-m",
                "pip",
                "--python",
                str(folder / "bin" / "python"),
                "--disable-pip-version-check",
            ]
            subprocess.run([*pip, "install", "--quiet", "--no-compile", *requirements], check=True)
            (folder / "made").touch()
    return folder / "bin" / "python"
