"""`/metrics` as the parser of Prometheus' own Python client reads it; the alarm rules as a parser of PromQL does."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from shd_relay.model import Change
from shd_relay.web.metrics import FAMILIES
from tests.clients.environments import python
from tests.operators import house_of_operators, look_now, relay_of
from tests.web_world import TOKENS, House, event, served
from tests.world import ECS, item

ROOT = Path(__file__).parents[2]
HOSTILE = 'ecs"} 1\n# TYPE shd_relay_evil gauge\nshd_relay_evil{x="\\'
SCRAPE = """
import json, sys, urllib.request
from prometheus_client.parser import text_string_to_metric_families
request = urllib.request.Request(sys.argv[1], headers={"Authorization": "Bearer " + sys.argv[2]})
with urllib.request.urlopen(request, timeout=30) as answer:
    kind, text = answer.headers["content-type"], answer.read().decode("utf-8")
found = [
    {"name": f.name, "type": f.type, "help": f.documentation,
     "samples": [[s.name, s.labels, s.value] for s in f.samples]}
    for f in text_string_to_metric_families(text)
]
print(json.dumps({"content_type": kind, "families": found}))
"""
PARSE = """
import json, sys
import promql_parser
print(json.dumps([type(promql_parser.parse(each)).__name__ for each in json.load(sys.stdin)]))
"""


@pytest.fixture(scope="module")
def interpreter() -> Path:
    return python("prometheus", ["prometheus-client==0.26.0", "promql-parser==0.12.0"])


def scraped(interpreter: Path, house: House) -> dict[str, Any]:
    """The families by name, as the client has them."""
    with served(house) as port:
        url = f"http://127.0.0.1:{port}/metrics"
        done = subprocess.run(
            [interpreter, "-I", "-c", SCRAPE, url, TOKENS["acme"]], capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["content_type"] == "text/plain; version=0.0.4; charset=utf-8"
    return {family["name"]: family for family in said["families"]}


@pytest.fixture
def house() -> Iterator[House]:
    house = house_of_operators(polled=False)
    relay = relay_of(house)
    relay.dashboard.items[ECS] = (item("A"),)
    relay.poll()
    house.seq = 1
    hostile: list[Change] = [
        house.change(event("h1", product=HOSTILE, region="\r\u2028 é 香港 {}"), verb="opened"),
        house.change(event("h2", product="", region="\\n"), verb="opened"),
    ]
    house.commit(*hostile)
    look_now(house, relay, 30)
    return house


def test_the_client_reads_every_family_with_its_type_and_its_help(interpreter: Path, house: House) -> None:
    found = scraped(interpreter, house)
    pace = {"shd_relay_learned_calls_per_second", "shd_relay_last_throttled_timestamp_seconds"}  # nothing throttled yet
    wanted = {family.name.removesuffix("_total"): family for family in FAMILIES if family.name not in pace}

    assert {name: (f["type"], f["help"]) for name, f in found.items()} == {
        name: (family.kind, family.about) for name, family in wanted.items()
    }


def test_the_client_gets_hostile_label_values_back_as_they_are_and_no_family_of_theirs(
    interpreter: Path, house: House
) -> None:
    found = scraped(interpreter, house)
    labels = [labels for _, labels, _ in found["shd_relay_pair_open_events"]["samples"]]

    assert {"product": HOSTILE, "region": "\r\u2028 é 香港 {}", "kind": "incident"} in labels
    assert {"product": "", "region": "\\n", "kind": "incident"} in labels
    assert not [name for name in found if "evil" in name]


def test_the_client_finds_the_histograms_whole(interpreter: Path, house: House) -> None:
    samples = scraped(interpreter, house)["shd_relay_publish_latency_seconds"]["samples"]
    buckets = [(float(labels["le"]), value) for name, labels, value in samples if name.endswith("_bucket")]
    whole = {name: value for name, labels, value in samples if not labels}

    assert buckets == sorted(buckets)
    assert [value for _, value in buckets] == sorted(value for _, value in buckets)
    assert buckets[-1] == (float("inf"), whole["shd_relay_publish_latency_seconds_count"]) == (float("inf"), 1)
    assert whole["shd_relay_publish_latency_seconds_sum"] == 0


def test_every_alarm_rule_of_the_operators_guide_is_promql(interpreter: Path) -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    groups = yaml.safe_load(re.findall(r"```yaml\n(groups:.*?)```", text, re.DOTALL)[0])["groups"]
    rules = [rule["expr"] for group in groups for rule in group["rules"]]
    command = [interpreter, "-I", "-c", PARSE]

    done = subprocess.run(command, input=json.dumps(rules), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == ["BinaryExpr"] * len(rules)
    broken = subprocess.run(command, input=json.dumps(["sum by ("]), capture_output=True, text=True, check=False)
    assert broken.returncode != 0
