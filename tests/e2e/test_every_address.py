"""Every address of the table, asked of the deployed function over a socket: what a bundle leaves out shows here."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from local.clock import MovedClock
from local.cloud import LocalCloud, Watch
from local.fakes.status.world import ShownEvent
from shd_relay.plans import REPORTS
from shd_relay.web.routes import Route
from shd_relay.web.table import ROUTES

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=timezone.utc)
WATCH = Watch(products=("ecs", "oss"), regions=("cn-hongkong", "ap-southeast-1"))


@pytest.fixture(scope="module", params=["sqlite", "tablestore"])
def cloud(request: pytest.FixtureRequest) -> Iterator[LocalCloud]:
    """Two polls: quiet, then an incident."""
    with LocalCloud(WATCH, MovedClock(NOW), store=request.param) as cloud:
        for minutes in range(2):
            cloud.clock.move(NOW + timedelta(minutes=minutes))
            assert json.loads(cloud.host.tick("poll").payload)["state"] == "done"
            cloud.api.world.put(ShownEvent(product="ecs", region="cn-hongkong", title="Cooling failure", start=NOW))
        yield cloud


def asked(cloud: LocalCloud, path: str, method: str = "GET", *, token: bool = True) -> tuple[int, Any, bytes]:
    headers = {"Authorization": f"Bearer {cloud.token}"} if token else {}
    request = urllib.request.Request(cloud.status_url + path, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.headers, refusal.read()


def path_of(route: Route, cloud: LocalCloud) -> str:
    event = cloud.ask("/v1/events")["events"][0]["id"]
    query = {
        "own_query.api": "?Action=ListEvents&ProductId=ecs&RegionId=cn-hongkong",
        "own_query.list_events": "?productId=ecs&regionId=cn-hongkong",
    }
    return route.template.replace("{id}", event).replace("{name}", "service-summary") + query.get(route.handler, "")


@pytest.mark.parametrize("format_", ["html", "csv"])
def test_the_deployed_function_makes_reports_for_people_and_for_spreadsheets(cloud: LocalCloud, format_: str) -> None:
    for name in REPORTS:
        status, headers, body = asked(cloud, f"/v1/reports/{name}?format={format_}")
        assert (status, headers["content-type"]) == (200, f"text/{format_}; charset=utf-8"), body


@pytest.mark.parametrize("route", ROUTES, ids=[f"{route.template}{route.when}" for route in ROUTES])
def test_the_deployed_function_answers(cloud: LocalCloud, route: Route) -> None:
    path = path_of(route, cloud)
    status, headers, body = asked(cloud, path)

    assert (status, headers["content-type"].partition(";")[0]) == (200, route.media), body
    assert asked(cloud, path, "HEAD")[2] == b""
    assert asked(cloud, path, "OPTIONS", token=False)[0] == 204
    if route.feed:
        assert asked(cloud, f"/f/{cloud.token}{path}", token=False)[0] == 200
    if route.scope:
        assert asked(cloud, path, token=False)[0] == 401


def test_the_function_knows_what_it_would_have_said_a_minute_ago(cloud: LocalCloud) -> None:
    before = cloud.ask("/v1/events?state=open")["events"]
    assert [event["title"] for event in before] == ["Cooling failure"]
    at = (NOW + timedelta(seconds=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert {pair["status"] for pair in cloud.ask(f"/v1/status?at={at}")["pairs"]} == {"operational"}
    assert cloud.ask(f"/v1/events?at={at}&state=open")["events"] == []
    early = (NOW - timedelta(seconds=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert cloud.ask(f"/v1/status?at={early}")["status"] == 400  # before the first complete answer


def test_what_the_operator_sees_tells_of_the_polls(cloud: LocalCloud) -> None:
    text = asked(cloud, "/metrics")[2].decode()

    assert 'shd_relay_changes_total{kind="incident",change="opened"} 1' in text
    assert 'shd_relay_polls_total{outcome="done"} 2' in text
    assert cloud.ask("/readyz")["status"] == "pass"
