"""The judge of the deaths finds what is wrong: each of its laws, broken on purpose in what the subscriber heard."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from tests.death.judge import judge
from tests.death.places import Place
from tests.death.pollers import Pollers
from tests.death.runs import mend, prelude
from tests.death.scenarios import RICH

Heard = list[str]
LAST = -1


def altered(body: str, **event: object) -> str:
    """Another text of the same message."""
    told = json.loads(body)
    told["data"]["event"] |= event
    return json.dumps(told)


def unknown(body: str) -> str:
    """A message of an event that nobody committed."""
    return body.replace("evt_", "evt_x")


BROKEN: dict[str, Callable[[Heard], Heard]] = {
    "lost": lambda heard: heard[:LAST],
    "gaps": lambda heard: [body for body in heard if '"sequence":"0000000001"' not in body],
    "out of order": lambda heard: heard[::-1],
    "id conflicts": lambda heard: [*heard, altered(heard[0], title="B: other words")],
    "wrong view": lambda heard: [body for body in heard if ".resolved." not in body],
    "too many": lambda heard: [*heard, heard[0]],
    "false resolved": lambda heard: [
        *heard[:LAST], heard[LAST], heard[LAST].replace('"change":"opened"', '"change":"resolved"').replace(".1", ".2"),
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def place(pollers: Pollers) -> Iterator[Place]:
    with Place("sqlite", RICH, pollers) as found:
        prelude(found)
        mend(found)
        yield found


def laws(place: Place, heard: Heard, allowed: int = 0) -> set[str]:
    reader = place.store.reader()
    try:
        return {law for law, _ in judge(heard, reader, RICH.events, place.now, allowed).problems}
    finally:
        reader.close()


def test_what_really_happened_is_fine(place: Place) -> None:
    assert laws(place, place.heard) == set()


def test_a_duplicate_is_fine_where_one_is_allowed(place: Place) -> None:
    assert laws(place, [*place.heard, place.heard[0]], allowed=1) == set()


@pytest.mark.parametrize("law", BROKEN)
def test_a_broken_law_is_found(place: Place, law: str) -> None:
    assert law in laws(place, BROKEN[law](place.heard))


def test_what_was_never_committed_is_found(place: Place) -> None:
    assert "id conflicts" in laws(place, [*place.heard, unknown(place.heard[0])])
