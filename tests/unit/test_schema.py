"""The JSON Schema that ships with the package, against the messages that the code makes."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from importlib import resources
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from shd_relay import feed, message
from shd_relay.errors import SourceUnavailable
from shd_relay.model import FEED, Change, Entry, HealthEvent, Kind, Position, State, Update, Verb
from tests.world import ECS, OSS, Relay, item, minutes

SCHEMA = json.loads((resources.files("shd_relay") / "schemas" / "change.v1.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=FormatChecker())
PUSHED = tuple(verb for verb in get_args(Verb) if verb != "recorded")
TURNS = tuple(verb for verb, _ in feed.TURNS.values())
KINDS = tuple(kind for kind in get_args(Kind) if kind != FEED)


def faults(body: Any) -> list[str]:
    """What the schema has against it."""
    return [f"{error.json_path}: {error.message[:200]}" for error in VALIDATOR.iter_errors(body)]


def sent(change: Change, public_url: str | None = None) -> dict[str, Any]:
    entry = Entry(id="e", at=minutes(2), token=1, changes=(change,))
    return dict(json.loads(message.of(change, entry, Position(7, 1), public_url).body))


def change(verb: Verb = "updated", **more: Any) -> Change:
    event = HealthEvent(
        **{
            "id": "evt_a", "revision": 3, "kind": "incident", "product": ECS.product, "region": ECS.region,
            "title": "Cooling fails", "state": "open", "since": minutes(1), "changed_at": minutes(1), **more,
        }
    )  # fmt: skip
    return Change(verb=verb, event=event, observed_at=minutes(1))


def feed_change(source: Any, before: HealthEvent | None = None, pairs: int = 60) -> Change:
    names = [f"ecs/region-{n}" for n in range(pairs)]
    found = feed.turn(
        before, source, complete_at=minutes(0), old_pairs=names, watched=len(names), now=minutes(5), at=minutes(5)
    )
    assert found
    return found


def test_the_schema_is_one_of_its_draft() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$id"] == message.SCHEMA


def test_the_schema_knows_every_word_of_the_code_and_no_other() -> None:
    words = {name: set(SCHEMA["$defs"][name]["enum"]) for name in ("kind", "change", "state")}
    assert words == {"kind": set(get_args(Kind)), "change": set(PUSHED), "state": set(get_args(State))}
    assert set(SCHEMA["then"]["properties"]["data"]["properties"]["change"]["enum"]) == set(TURNS)
    types = {f"com.aliyun.shd.{kind}.{verb}.v1" for kind in words["kind"] for verb in words["change"]}
    pattern = {"pattern": SCHEMA["properties"]["type"]["pattern"]}
    assert all(Draft202012Validator(pattern).is_valid(type_) for type_ in types)
    assert not Draft202012Validator(pattern).is_valid("com.aliyun.shd.incident.recorded.v1")


@pytest.mark.parametrize("public_url", [None, "https://status.example.net"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("verb", [verb for verb in PUSHED if verb not in TURNS])
def test_a_message_of_every_verb_and_kind_is_valid(verb: Verb, kind: Kind, public_url: str | None) -> None:
    for state in get_args(State):
        assert faults(sent(change(verb, kind=kind, state=state), public_url)) == []


def test_a_message_with_everything_that_an_event_can_hold_is_valid() -> None:
    whole = change(
        severity="ALARM", start=minutes(0), end=minutes(9), inferred=True, updates=(Update(at=minutes(1), text="x"),)
    )
    assert faults(sent(whole)) == []


def test_the_turns_of_the_feed_are_valid() -> None:
    stale = feed_change("stale")
    blind = feed_change("blind", stale.event)
    back = feed_change("fresh", blind.event, pairs=0)
    assert [faults(sent(c)) for c in (stale, blind, back)] == [[], [], []]


def test_a_message_that_was_cut_and_a_notice_in_its_place_are_valid() -> None:
    long = change(
        title="很" * 50_000,
        severity="S" * 9_999,
        updates=tuple(Update(at=minutes(n), text="更" * 9_999) for n in range(40)),
    )
    cut = sent(long)
    notice = message.notice_of(long, Entry(id="e", at=minutes(2), token=1, changes=(long,)), Position(7, 1), None)
    assert cut["data"]["truncated"] is True
    assert (faults(cut), faults(json.loads(notice.body))) == ([], [])


def test_every_message_of_a_whole_life_is_valid() -> None:
    relay = Relay(ECS, OSS)
    show = relay.dashboard.items
    relay.poll()
    show[ECS] = (item("Disks fail", start=1.5), item("Scheduled upgrade", "NOTIFICATION", start=4, end=6))
    show[OSS] = (item("Slow", "NOTIFICATION", start=1.5),)
    relay.poll()
    show[ECS] = (item("Disks fail badly", start=1.5), item("Scheduled upgrade", "NOTIFICATION", start=4, end=6))
    show[OSS] = (item("Slow", "ALARM", start=1.5),)
    relay.poll(3)
    show[ECS] = (item("Disks fail badly", start=1.5, end=7), item("Scheduled upgrade", "NOTIFICATION", start=4, end=6))
    relay.poll(3)
    show[ECS], show[OSS] = (item("Disks fail badly", start=1.5),), ()
    for _ in range(4):
        relay.poll(5)
    relay.dashboard.failing = {ECS: str(SourceUnavailable("away")), OSS: "away"}
    relay.poll()
    relay.poll()
    relay.dashboard.failing = {}
    relay.poll()
    assert {body["data"]["change"] for body in relay.topic.bodies} == {
        "opened", "updated", "resolved", "reopened", "withdrawn", "scheduled", "started", "completed",
        "blind", "recovered",
    }  # fmt: skip
    assert [found for body in relay.topic.bodies if (found := faults(body))] == []


def test_fields_may_be_added_within_v1() -> None:
    body = sent(change())
    for place in (body, body["data"], body["data"]["event"], body["data"]["links"], body["data"]["previous"]):
        place["new"] = {"any": 1}
    assert faults(body) == []


def _objects(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of every field that must be there."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield (*path, name)
            yield from _objects(inner, (*path, name))


def _changed(body: dict[str, Any], path: tuple[str, ...], act: Callable[[dict[str, Any], str], object]) -> Any:
    broken = copy.deepcopy(body)
    place = broken
    for name in path[:-1]:
        place = place[name]
    act(place, path[-1])
    return broken


@pytest.mark.parametrize("made", [sent(change()), sent(feed_change("blind"))], ids=["event", "feed"])
def test_every_field_is_required(made: dict[str, Any]) -> None:
    paths = [path for path in _objects(made) if path[:2] != ("data", "counts") or len(path) == 2]
    assert [path for path in paths if not faults(_changed(made, path, dict.pop))] == []


@pytest.mark.parametrize("made", [sent(change(start=minutes(0))), sent(feed_change("blind"))], ids=["event", "feed"])
def test_a_field_of_another_type_is_refused(made: dict[str, Any]) -> None:
    def spoil(place: dict[str, Any], name: str) -> None:
        place[name] = 1.5

    assert [path for path in _objects(made) if not faults(_changed(made, path, spoil))] == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("time",), "2022-12-18T01:02:00Z"),
        (("time",), "2022-12-18T09:02:00.000+08:00"),
        (("sequence",), "3"),
        (("id",), "evt_a.0"),
        (("subject",), "feed"),
        (("type",), "com.aliyun.shd.incident.recorded.v1"),
        (("data", "change"), "blind"),
        (("data", "event", "kind"), "feed"),
        (("data", "event", "state"), "closed"),
        (("data", "event", "revision"), 0),
        (("data", "event", "product"), ""),
        (("data", "truncated"), False),
    ],
)
def test_a_value_that_no_message_may_have_is_refused(path: tuple[str, ...], value: Any) -> None:
    def put(place: dict[str, Any], name: str) -> None:
        place[name] = value

    assert faults(_changed(sent(change()), path, put))
