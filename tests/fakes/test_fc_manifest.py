"""How the function host reads an s.yaml and a timer's schedule."""

from __future__ import annotations

import threading
from datetime import datetime, timezone
from pathlib import Path

import pytest

from local.fakes.fc import InvocationResult, ManifestError, read_manifest
from local.fakes.fc.cron import next_fire
from tests.fakes.fc_deploy import HTTP, TIMER, host_of, write_function

AFTER = datetime(2026, 11, 1, 12, 0, 30, tzinfo=timezone.utc)  # a Sunday


def test_placeholders_are_rendered_as_the_deployers_tool_does(tmp_path: Path) -> None:
    variables = {
        "SET": "${env('SET', 'x')}",
        "DEFAULT": "${env('UNSET', 'tablestore://i?endpoint=https://h')}",
        "THIS": "${this.props.functionName}!",
        "OTHER": "${resources.f.props.region}",
    }
    manifest = write_function(tmp_path, "", environmentVariables=variables)
    (function,) = read_manifest(manifest, env={"SET": "given"})
    assert function.environment == {
        "SET": "given",
        "DEFAULT": "tablestore://i?endpoint=https://h",
        "THIS": "the-function!",
        "OTHER": "cn-hangzhou",
    }


def test_a_variable_without_value_and_default_is_named(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="MUST_BE_SET"):
        read_manifest(write_function(tmp_path, "", role="${env('MUST_BE_SET')}"), env={})


def test_a_code_folder_can_be_run_from_elsewhere(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (function,) = read_manifest(write_function(tmp_path, ""), env={}, code={"./code": elsewhere})
    assert function.code == elsewhere


def test_an_authentication_that_is_not_played_here_is_refused(tmp_path: Path) -> None:
    signed = {**HTTP, "triggerConfig": {"authType": "function", "methods": ["GET"]}}
    with pytest.raises(ManifestError, match="function"):
        read_manifest(write_function(tmp_path, "", triggers=(signed,)), env={})


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("@every 1m", "2026-11-01T12:01:30"),
        ("@every 90m", "2026-11-01T13:30:30"),
        ("0 * * * * *", "2026-11-01T12:01:00"),
        ("45 0 12 * * *", "2026-11-01T12:00:45"),
        ("0 */15 8-9 * * MON-FRI", "2026-11-02T08:00:00"),
        ("0 0 0 29 2 ?", "2028-02-29T00:00:00"),
        ("CRON_TZ=Asia/Shanghai 0 0 8 * * *", "2026-11-02T00:00:00"),
        ("0 0 0 15 * 2", "2026-11-03T00:00:00"),
    ],
)
def test_a_schedule_says_when_it_fires_next(expression: str, expected: str) -> None:
    assert next_fire(expression, AFTER).replace(tzinfo=None).isoformat() == expected


@pytest.mark.parametrize("expression", ["@every 0m", "@hourly", "* * * * *", "0 60 * * * *", "0 0 0 31 2 *", ""])
def test_what_is_no_schedule_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        next_fire(expression, AFTER)


FAILS_ONCE = (
    "calls = []\n"
    "def handler(event, context):\n"
    "    calls.append(event)\n"
    "    if len(calls) == 1:\n        raise RuntimeError('first')\n"
    "    return str(calls[0] == event)\n"
)


@pytest.mark.parametrize(("retries", "same_event_again"), [(0, b"False"), (1, b"True")])
def test_timers_fire_on_their_schedule_and_retry_as_configured(
    tmp_path: Path, retries: int, same_event_again: bytes
) -> None:
    results: list[InvocationResult] = []
    stop = threading.Event()

    def keep(_: str, result: InvocationResult) -> None:
        results.append(result)
        if len(results) == 2:
            stop.set()

    props = {"asyncInvokeConfig": {"maxAsyncRetryAttempts": retries, "maxAsyncEventAgeInSeconds": 3600}}
    with host_of(tmp_path, FAILS_ONCE, triggers=(TIMER,), props=props) as host:
        host.run_timers(stop, speed=120, on_result=keep)
    assert [result.ok for result in results[:2]] == [False, True]
    assert results[1].payload == same_event_again
