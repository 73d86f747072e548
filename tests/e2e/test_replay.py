"""Incidents played through the deployed functions, real SDKs over real sockets, judged from the subscriber's side."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from local import incident as incidents
from local.clock import MovedClock
from local.cloud import LocalCloud, Watch
from local.judge import judge
from local.replay import Played, Player, described
from local.stores import STORES, StoreName

ROOT = Path(__file__).parents[2]
HONG_KONG = ROOT / "local/incidents/2022-12-18-hong-kong-cooling.json"
ACCESS_KEY = ROOT / "local/incidents/2023-11-12-access-key-all-regions.json"


def play(path: Path, store: StoreName) -> tuple[incidents.Incident, Played, dict[str, Any], list[dict[str, Any]]]:
    """The incident as `make replay` plays it, as fast as it goes: what was played, the verdict, what arrived."""
    incident = incidents.load(path)
    clock = MovedClock(incident.begin)
    with LocalCloud(Watch(products=incident.products, regions=incident.regions), clock, store=store) as cloud:
        player = Player(incident, cloud, speed=0, tell=lambda line: None)
        player.play()
        committed = list(player.changes())
        verdict = judge(incident, cloud.subscriber.inbox, committed)
        counts = {name: getattr(verdict, name) for name in verdict.__slots__} | {"changes": len(committed)}
        return incident, player.played, counts, cloud.subscriber.inbox.arrived


@pytest.mark.parametrize("store", STORES)
def test_hong_kong_arrives_whole_in_order_and_without_a_duplicate(store: StoreName) -> None:
    incident, played, counts, arrived = play(HONG_KONG, store)
    pairs = len(incident.products) * len(incident.regions)
    verbs = [message["data"]["change"] for message in arrived]
    updates = len(verbs) - 2 * pairs
    assert counts == {
        "changes": len(verbs), "delivered": len(verbs), "lost": 0, "duplicates": 0, "out_of_order": 0,
        "false_resolved": 0, "still_open": 0,
    }  # fmt: skip
    assert verbs == ["opened"] * pairs + ["updated"] * updates + ["resolved"] * pairs
    texts = [[update["text"] for update in message["data"]["event"]["updates"]] for message in arrived]
    timeline = [line["text"] for line in json.loads(HONG_KONG.read_text("utf-8"))["timeline"]]
    assert texts[-1] == timeline[: len(texts[-1])]
    assert updates > 0
    assert updates % pairs == 0
    sources = {tuple(message["data"]["event"]["sources"]) for message in arrived}
    assert sources == {("ListEvents", "ListEventInProgress")}
    hit = [body for now, body in played.answers if incident.shown_from <= now < incident.shown_to]  # type: ignore[operator]
    assert hit
    assert all({pair["status"] for pair in body["pairs"]} == {"incident"} for body in hit)
    assert {pair["status"] for pair in played.answers[-1][1]["pairs"]} == {"operational"}


@pytest.mark.parametrize("store", ["sqlite", pytest.param("tablestore", marks=pytest.mark.prove)])
def test_the_access_key_failure_loses_nothing_and_the_status_says_blind_never_operational(store: StoreName) -> None:
    incident, played, counts, arrived = play(ACCESS_KEY, store)
    pairs = len(incident.products) * len(incident.regions)
    assert {k: counts[k] for k in ("lost", "out_of_order", "false_resolved", "still_open")} == dict.fromkeys(
        ("lost", "out_of_order", "false_resolved", "still_open"), 0
    )
    updates = sum(message["data"]["change"] == "updated" for message in arrived)
    assert counts["delivered"] == counts["changes"] == 2 * pairs + updates + 2  # the feed's blind and recovered
    assert updates % pairs == 0
    assert [m["data"]["change"] for m in arrived if m["subject"] == "feed"] == ["blind", "recovered"]
    [api] = [outage for outage in incident.outages if outage.what == "status-api"]
    minute = timedelta(minutes=1)
    blind = [body for now, body in played.answers if api.since + 2 * minute <= now < api.until]
    assert len(blind) > 10
    for body in blind:
        assert body.get("source") == "blind" or body.get("status") == 503
        assert all(pair["status"] != "operational" for pair in body.get("pairs", ()))
    assert any("pairs" in body for body in blind)


@pytest.fixture
def document() -> dict[str, Any]:
    return dict(json.loads(HONG_KONG.read_text()))


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ({"regions": []}, "regions"), ({"products": ["ecs", "ecs"]}, "products"), ({"started": "yesterday"}, "started"),
        ({"started": "2022-12-18T08:56:00"}, "offset"), ({"ended": "2021-01-01T00:00:00Z"}, "ends before it starts"),
        ({"outages": [{"what": "moon", "from": "2022-12-18T08:56:00Z", "to": "2022-12-18T08:57:00Z"}]}, "moon"),
        ({"timeline": "x"}, "timeline"), ({"name": None}, "name"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_incident_is_refused_with_what_is_wrong(
    document: dict[str, Any], edit: dict[str, Any], said: str
) -> None:
    with pytest.raises(incidents.IncidentError, match=said):
        incidents.parse(document | edit)


def test_an_incident_that_never_ends_stays_open_for_the_days_it_says(document: dict[str, Any]) -> None:
    incident = incidents.parse(document | {"ended": None, "open_after_days": 12})
    assert incident.shown_to is None
    assert incident.end - incident.shown_from > timedelta(days=12)


@pytest.mark.parametrize("changed", [[], ["updates"]])
def test_a_line_for_the_terminal_cannot_move_the_cursor(changed: list[str]) -> None:
    hostile = "\x1b[31mred\r\n\u202e"
    event = {"kind": "incident", "title": hostile, "updates": [{"text": hostile}]}
    message = {
        "time": "2022-12-18T01:00:00.000Z", "subject": "ecs/x",
        "data": {"change": "updated", "changed": changed, "event": event},
    }  # fmt: skip
    line = described(message)
    assert line.isprintable()
