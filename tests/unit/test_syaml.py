"""s.yaml against the traps that the deployer's own check lets through."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.fakes.fc import Function, read_manifest
from shd_relay.settings import VARIABLES

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = yaml.safe_load((ROOT / "s.yaml").read_text(encoding="utf-8"))
RESOURCES: dict[str, Any] = DOCUMENT["resources"]


def functions(**env: str) -> dict[str, Function]:
    return {function.resource: function for function in read_manifest(ROOT / "s.yaml", env=env)}


def test_the_edition_is_one_that_is_checked_at_all() -> None:
    assert str(DOCUMENT["edition"]).startswith("3.")
    assert {resource["component"] for resource in RESOURCES.values()} == {"fc3"}


@pytest.mark.parametrize("name", ["poll", "status"])
def test_memory_cpu_and_disk_are_in_the_allowed_steps_and_ratio(name: str) -> None:
    props = RESOURCES[name]["props"]
    assert props["memorySize"] % 64 == 0
    assert round(props["cpu"] * 100) % 5 == 0
    assert 1 <= props["memorySize"] / 1024 / props["cpu"] <= 4
    assert props["diskSize"] in (512, 10240)
    assert "instanceConcurrency" not in props


@pytest.mark.parametrize("name", ["poll", "status"])
def test_the_role_has_a_name_of_its_own_in_lower_case(name: str) -> None:
    default = re.fullmatch(r"\$\{env\('[A-Z_]+', '([^']+)'\)\}", RESOURCES[name]["props"]["role"])
    assert default
    assert default.group(1) == f"shd-relay-{name}"


@pytest.mark.parametrize("name", ["poll", "status"])
def test_what_is_uploaded_is_the_bundle_and_its_handler_lies_at_the_root(name: str) -> None:
    props = RESOURCES[name]["props"]
    assert (props["code"], props["handler"]) == (f"./.build/{name}", "index.handler")


def test_the_bundles_are_built_for_the_runtime_before_anything_is_deployed() -> None:
    (action,) = DOCUMENT["actions"]["pre-deploy"]
    assert action == {"run": "python3 functions/bundle.py --runtime ${vars.runtime}", "path": "./"}


@pytest.mark.parametrize(("env", "runtime"), [({}, "python3.12"), ({"FC_RUNTIME": "python3.10"}, "python3.10")])
def test_both_functions_run_on_the_runtime_that_was_asked_for(env: dict[str, str], runtime: str) -> None:
    assert {function.runtime for function in functions(**env).values()} == {runtime}


def test_a_poll_is_over_before_the_next_is_due_and_is_never_repeated() -> None:
    poll = functions()["poll"]
    (timer,) = poll.timers
    minutes = re.fullmatch(r"@every (\d+)m", timer.cron)
    assert minutes
    interval = int(minutes.group(1)) * 60
    assert poll.environment["SHD_INTERVAL_SECONDS"] == str(interval)
    assert poll.timeout < interval
    assert (poll.retries, poll.reserved_concurrency) == (0, 1)
    assert poll.event_age_seconds <= interval
    assert json.loads(timer.payload) == {}
    assert timer.enabled


def test_the_status_function_answers_a_reader_and_nobody_else() -> None:
    status = functions()["status"]
    assert status.http
    assert status.http.methods == ("GET", "HEAD", "OPTIONS", "POST")
    assert (status.timers, status.retries) == ((), 0)
    assert status.timeout <= 10


@pytest.mark.parametrize("name", ["poll", "status"])
def test_every_variable_that_is_handed_over_is_one_that_the_function_knows(name: str) -> None:
    assert set(functions()[name].environment) <= set(VARIABLES)


def test_poll_and_status_share_store_and_watch_list() -> None:
    found = functions(SHD_STORE="tablestore://mine?endpoint=https://x.invalid", SHD_PRODUCTS="ecs")
    for name in ("SHD_STORE", "SHD_PRODUCTS", "SHD_REGIONS", "SHD_INTERVAL_SECONDS", "SHD_GLOBAL_REGION"):
        assert found["poll"].environment[name] == found["status"].environment[name]
    assert found["poll"].environment["SHD_STORE"].startswith("tablestore://mine")


def test_the_status_function_is_given_no_key_and_no_address_to_push_to() -> None:
    given = set(functions()["status"].environment)
    assert not [name for name in given if "KEY" in name or "TOKEN" in name or name.startswith("MNS_")]
