"""Disks with little room: a file system of its own where one can be mounted, else a limit on the size of a file."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.death.places import Kept, Place

BLOCK = 4096
DISK_BYTES = 100 * BLOCK


@contextmanager
def small_disk(folder: Path) -> Iterator[Path | None]:
    """A file system of DISK_BYTES; None where we may not mount one."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


class Full:
    """A disk with so many blocks left: another program's file takes the rest."""

    def __init__(self, folder: Path, blocks: int) -> None:
        self._filler = folder / "filler"
        self._blocks = blocks

    def __enter__(self) -> None:
        with suppress(OSError), self._filler.open("wb", buffering=0) as file:
            while file.write(b"x" * BLOCK):
                continue
        os.truncate(self._filler, self._filler.stat().st_size - self._blocks * BLOCK)

    def __exit__(self, *_: object) -> None:
        self._filler.unlink()


def poll_on_full_disk(place: Place, folder: Path, blocks: int) -> dict[str, Any]:
    """The report of the hurt step, with so little room; then there is room again."""
    with Full(folder, blocks):
        return place.poll(place.hurt_step).report


def poll_with_small_files(place: Place, before: Kept, blocks: int) -> dict[str, Any]:
    """The report of the hurt step, when no file may be larger than the store's, and so many blocks."""
    limit = len(before.store) + blocks * BLOCK
    return place.poll(place.hurt_step, limit=limit).report
