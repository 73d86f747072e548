"""Clients of Statuspage v2 by others, unmodified, each in an environment of its own, over HTTP: what do they report?"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shd_relay.model import FEED, HealthEvent
from tests.clients import environments
from tests.web_world import NOW, SG, START, TOKENS, House, event, hong_kong, served

HOUR = timedelta(hours=1)
WORK: dict[str, Any] = {"kind": "maintenance", "severity": "NOTIFICATION", "title": "Planned upgrade"}
MAINTENANCE = (
    event("ahead", **WORK, product="oss", region=SG, state="scheduled", start=NOW + HOUR, end=NOW + 2 * HOUR),
    event("now", **WORK, product="ecs", start=START),
    event("off", **WORK, product="rds", state="cancelled", start=NOW + HOUR, since=NOW),
)
NOTICE = event("small", kind="notice", severity="NOTIFICATION", product="rds", region=SG, title="Slow <b>console</b>")
OVER = event("over", product="oss", state="resolved", end=NOW - HOUR)

STATES: dict[str, tuple[HealthEvent, ...]] = {
    "quiet": (OVER,),
    "notice": (NOTICE, OVER),
    "outage": (*hong_kong(), NOTICE),
    "maintenance": MAINTENANCE,
    "blind": (OVER,),
    "blind outage": (event(), OVER),
}
WAYS = ("feed", "public")

ECS, OSS, RDS = (
    f"{name} in China (Hong Kong)" for name in ("Elastic Compute Service", "Object Storage Service", "ApsaraDB RDS")
)
OSS_SG, RDS_SG = "Object Storage Service in Singapore", "ApsaraDB RDS in Singapore"
HONGKONG, SINGAPORE = "China (Hong Kong) (cn-hongkong)", "Singapore (ap-southeast-1)"
BLIND = "Service health is not known: the dashboard cannot be read"

# Each prints what it made of every page as JSON, by name. Names and addresses are the arguments, in turns.
STATUSCHECK = """
import json, sys
from statuscheck.services.bases._statuspageio import BaseStatusPageAPI
class Ours(BaseStatusPageAPI):
    def __init__(self, base): self.base = base
    def _get_base_url(self): return self.base + "/api/v2/"
found = {}
for name, base in zip(sys.argv[1::2], sys.argv[2::2]):
    read = Ours(base).get_summary()
    found[name] = {
        "status": read.status.name, "ok": read.status.is_ok, "says": read.status.description,
        "components": {c.name: c.status for c in read.components},
        "events": {i.id: [i.name, i.status, [[c.name, c.status] for c in i.components]] for i in read.incidents},
    }
print(json.dumps(found))
"""
EXPORTED = """
import json, sys
from prometheus_client.parser import text_string_to_metric_families
families = text_string_to_metric_families(open(sys.argv[1], encoding="utf-8").read())
print(json.dumps([[s.name, s.labels, s.value] for f in families for s in f.samples]))
"""
DISCORDSTATUS = """
import json, sys, discordstatus
found = {}
for name, base in zip(sys.argv[1::2], sys.argv[2::2]):
    ours = discordstatus.DiscordStatus()
    ours.base_target = base + "/api/v2"
    found[name] = {side: getattr(ours, side) for side in (
        "summary", "status", "components", "all_incidents", "unresolved_incidents", "all_maintenances",
        "upcoming_maintenances", "active_maintenances",
    )}
print(json.dumps(found))
"""


def house_of(state: str, *, public: bool) -> House:
    house = House(public=public)
    house.tell(*STATES[state])
    if state.startswith("blind"):
        house.read_at(NOW - HOUR)
    return house


@pytest.fixture(scope="module")
def pages() -> Iterator[dict[str, str]]:
    """The address of every state behind a feed token, and of every one in public: `<state> <way>` -> base."""
    with ExitStack() as stack:
        found = {}
        for state in STATES:
            for way in WAYS:
                port = stack.enter_context(served(house_of(state, public=way == "public")))
                token = f"/f/{TOKENS['feeds']}" if way == "feed" else ""
                found[f"{state} {way}"] = f"http://127.0.0.1:{port}{token}"
        yield found


def run(python: Path, script: str, *arguments: str) -> Any:
    done = subprocess.run([str(python), "-c", script, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def arguments(pages: dict[str, str]) -> list[str]:
    return [part for page in pages.items() for part in page]


@pytest.fixture(scope="module")
def statuscheck(pages: dict[str, str]) -> dict[str, Any]:
    needs = ["statuscheck==3.11.0", 'legacy-cgi==2.6.4; python_version >= "3.13"']  # its httpx needs what 3.13 dropped
    found: dict[str, Any] = run(environments.python("statuscheck", needs), STATUSCHECK, *arguments(pages))
    return found


@pytest.mark.parametrize("way", WAYS)
def test_statuscheck_which_takes_no_other_word_reports_what_is_so(statuscheck: dict[str, Any], way: str) -> None:
    def seen(state: str) -> list[Any]:
        page = statuscheck[f"{state} {way}"]
        hurt = {name: status for name, status in page["components"].items() if status != "Operational"}
        assert len(page["components"]) == 8
        return [page["status"], page["ok"], page["says"], hurt, list(page["events"])]

    assert seen("quiet") == ["No issues", True, "All Systems Operational", {}, []]
    assert seen("notice") == [
        "Minor incident", False, "Partially Degraded Service",
        dict.fromkeys((SINGAPORE, RDS_SG), "Degraded performance"), ["small"],
    ]  # fmt: skip
    assert seen("outage") == [
        "Critical incident", False, "Major System Outage",
        dict.fromkeys((HONGKONG, ECS, OSS, RDS), "Major outage")
        | dict.fromkeys((SINGAPORE, RDS_SG), "Degraded performance"),
        ["small", "hk-rds", "hk-oss", "hk-ecs"],
    ]  # fmt: skip
    assert seen("maintenance") == [
        "No issues", True, "Service Under Maintenance", dict.fromkeys((HONGKONG, ECS), "Under maintenance"),
        ["ahead", "now"],
    ]  # fmt: skip
    assert seen("blind") == [
        "Minor incident", False, "Status Unknown; the dashboard cannot be read since 2022-12-18 03:00 UTC", {}, [FEED],
    ]  # fmt: skip
    assert seen("blind outage") == [
        "Major outage", False, "Partial System Outage; the dashboard cannot be read since 2022-12-18 03:00 UTC",
        dict.fromkeys((HONGKONG, ECS), "Major outage"), [FEED, "e1"],
    ]  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_statuscheck_names_what_happens_where(statuscheck: dict[str, Any], way: str) -> None:
    outage, work, blind = (statuscheck[f"{state} {way}"]["events"] for state in ("outage", "maintenance", "blind"))

    assert outage["hk-ecs"] == [f"Cooling failure in zone C - {ECS}", "identified", [[ECS, "Major outage"]]]
    assert work["ahead"] == [f"Planned upgrade - {OSS_SG}", "scheduled", [[OSS_SG, "Operational"]]]
    assert work["now"] == [f"Planned upgrade - {ECS}", "in_progress", [[ECS, "Under maintenance"]]]
    assert (blind[FEED][:2], len(blind[FEED][2])) == ([BLIND, "investigating"], 6)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="the exporter needs Python 3.11")
def test_the_prometheus_exporter_exports_what_is_so(pages: dict[str, str], tmp_path: Path) -> None:
    python = environments.python("statuspage-exporter", ["statuspage-prometheus-exporter==2.6.0"])
    services = {name: {"url": f"{base}/api/v2/summary.json", "name": name} for name, base in pages.items()}
    (tmp_path / "services.json").write_text(json.dumps(services))
    settings = {"RUN_MODE": "once", "METRICS_TEXTFILE_PATH": "out.prom", "SERVICES_JSON_PATH": "services.json"}
    exporter = str(python.with_name("statuspage-prometheus-exporter"))
    done = subprocess.run([exporter], cwd=tmp_path, env=settings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    samples = run(python, EXPORTED, str(tmp_path / "out.prom"))

    def of(page: str, metric: str, *labels: str) -> list[list[Any]]:
        return sorted(
            [*(have[label] for label in labels), value]
            for name, have, value in samples
            if name == f"statuspage_{metric}" and have["service_name"] == page
        )

    def incidents(page: str) -> list[list[Any]]:
        return of(page, "incident_info", "incident_id", "impact", "started_at", "affected_components")

    def works(page: str) -> list[list[Any]]:
        return of(page, "maintenance_info", "maintenance_id", "scheduled_start", "scheduled_end", "affected_components")

    none = [["none", "none", "N/A", "N/A", 0]]
    began = "2022-12-18T00:56:00Z"
    for way in WAYS:
        up = {state: of(f"{state} {way}", "service_status") for state in STATES}
        down = {
            state: [name for name, value in of(f"{state} {way}", "component_status", "component_name") if not value]
            for state in STATES
        }
        assert [of(f"{state} {way}", "probe_check") for state in STATES] == [[[1]]] * len(STATES)
        # The exporter itself calls a page minor when a component is not operational and no incident says why.
        assert up == {state: [[0]] for state in STATES} | {"quiet": [[1]]}
        assert down == {
            "quiet": [],
            "notice": [RDS_SG, SINGAPORE],
            "outage": [RDS, RDS_SG, HONGKONG, ECS, OSS, SINGAPORE],
            "maintenance": [HONGKONG, ECS],
            "blind": [],
            "blind outage": [HONGKONG, ECS],
        }
        assert incidents(f"quiet {way}") == incidents(f"maintenance {way}") == none
        assert incidents(f"outage {way}") == [
            *([f"hk-{id_}", "critical", began, name, 1] for id_, name in {"ecs": ECS, "oss": OSS, "rds": RDS}.items()),
            ["small", "minor", began, RDS_SG, 1],
        ]  # fmt: skip
        blind = [FEED, "minor", "2022-12-18T03:00:00Z"]
        assert [row[:3] for row in incidents(f"blind {way}")] == [blind]
        assert [row[:3] for row in incidents(f"blind outage {way}")] == [["e1", "major", began], blind]
        assert works(f"maintenance {way}") == [
            ["ahead", "2022-12-18T05:00:00Z", "2022-12-18T06:00:00Z", OSS_SG, 1], ["now", began, began, ECS, 1],
        ]  # fmt: skip
        assert works(f"quiet {way}") == [["none", "N/A", "N/A", "N/A", 0]]


def test_discordstatus_finds_every_side_of_the_page_at_its_address(pages: dict[str, str]) -> None:
    found = run(environments.python("discordstatus", ["discordstatus==0.0.2"]), DISCORDSTATUS, *arguments(pages))

    def ids(page: dict[str, Any], side: str, kind: str) -> list[str]:
        return [told["id"] for told in page[side][kind]]

    for way in WAYS:
        quiet, work, blind = (found[f"{state} {way}"] for state in ("quiet", "maintenance", "blind outage"))
        assert quiet["status"]["status"] == quiet["summary"]["status"]
        assert quiet["components"]["components"] == quiet["summary"]["components"]
        assert ids(quiet, "all_incidents", "incidents") == ["over"]
        assert ids(quiet, "unresolved_incidents", "incidents") == []
        assert ids(blind, "all_incidents", "incidents") == [FEED, "e1", "over"]
        assert ids(blind, "unresolved_incidents", "incidents") == [FEED, "e1"]
        assert ids(work, "all_maintenances", "scheduled_maintenances") == ["ahead", "now", "off"]
        assert ids(work, "upcoming_maintenances", "scheduled_maintenances") == ["ahead"]
        assert ids(work, "active_maintenances", "scheduled_maintenances") == ["now"]
