"""The disk of the SQLite store fills up, at every place of a poll where it can."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.death import disks
from tests.death.conftest import Prove
from tests.death.places import Kept, Place
from tests.death.pollers import Pollers
from tests.death.runs import Figures, mend, prelude
from tests.death.scenarios import RICH

MOST_BLOCKS = 60
Poll = Callable[[Place, Kept, int], dict[str, Any]]


def fill(place: Place, poll: Poll, said: str, blocks: range) -> Figures:
    """Polls with ever more room, until there is enough. Each says in one line what is wrong."""
    figures = Figures("sqlite")
    clean = prelude(place)
    for room in blocks:
        place.put_back(clean.before)
        report = poll(place, clean.before, room)
        if report["state"] == "done":
            return figures
        assert report["state"] == "store-unavailable"
        assert said in report["error"] and "\n" not in report["error"]
        mend(place)
        figures.add(place, f"{room} blocks left", hurts=1)
    raise AssertionError("there was never enough room")


def test_a_full_disk_is_named_and_all_arrives_once_there_is_room(
    pollers: Pollers, tmp_path: Path, prove: Prove
) -> None:
    with disks.small_disk(tmp_path / "disk") as disk:
        if disk is None:
            pytest.skip("no file system can be mounted here")
        with Place("sqlite", RICH, pollers, disk) as place:
            poll: Poll = lambda place, _, room: disks.poll_on_full_disk(place, disk, room)  # noqa: E731
            figures = fill(place, poll, "the disk is full", range(MOST_BLOCKS))
    assert figures.hurts >= 5
    prove("polls on a full disk", [figures])


def test_a_disk_that_takes_no_more_of_a_file_is_named_and_all_arrives_once_it_does(
    pollers: Pollers, prove: Prove
) -> None:
    with Place("sqlite", RICH, pollers) as place:
        figures = fill(place, disks.poll_with_small_files, "the disk reports an error", range(-16, MOST_BLOCKS, 2))
    assert figures.hurts >= 5
    prove("polls with a limit on a file", [figures])
