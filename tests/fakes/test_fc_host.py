"""The function host: processes, context, environment, failures."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from local.fakes.fc import Credentials, FunctionHost, InvocationResult
from tests.fakes.fc_deploy import TIMER, host_of

NOON = datetime(2026, 11, 1, 12, tzinfo=timezone.utc)
KEYS = Credentials(access_key_id="id-1", access_key_secret="secret-1", security_token="token-1")
ENVIRONMENT = "import os\ndef handler(event, context):\n    return dict(os.environ)\n"
COUNTER = "calls = 0\ndef handler(event, context):\n    global calls\n    calls += 1\n    return str(calls)\n"


def answer(result: InvocationResult) -> Any:
    assert result.ok, result
    return json.loads(result.payload)


def in_the_middle_of_a_call(host: FunctionHost, marker: Path) -> tuple[threading.Thread, list[InvocationResult]]:
    """Returns when the handler HOLDS has been entered; it stays there."""
    os.mkfifo(marker)
    results: list[InvocationResult] = []
    thread = threading.Thread(target=lambda: results.append(host.invoke("f", str(marker).encode())))
    thread.start()
    reading = os.open(marker, os.O_RDONLY | os.O_NONBLOCK)
    assert select.select([reading], [], [], 20)[0], results
    os.close(reading)
    return thread, results


HOLDS = (
    "import time\n"
    "def handler(event, context):\n"
    "    if event:\n"
    "        open(event.decode(), 'wb').close()\n"
    "        time.sleep(60)\n"
    "    return 'free'\n"
)


def test_the_event_is_bytes_and_the_answer_is_what_the_handler_returned(tmp_path: Path) -> None:
    with host_of(tmp_path, "def handler(event, context):\n    return [type(event).__name__, event.decode()]\n") as host:
        assert answer(host.invoke("f", b"hello")) == ["bytes", "hello"]
        assert answer(host.invoke("the-function", b"")) == ["bytes", ""]


@pytest.mark.parametrize(
    ("returned", "payload"),
    [("'text'", b"text"), ("b'\\x00raw'", b"\x00raw"), ("{'a': 1}", b'{"a": 1}'), ("None", b"null")],
)
def test_a_string_bytes_or_json_may_be_returned(tmp_path: Path, returned: str, payload: bytes) -> None:
    with host_of(tmp_path, f"def handler(event, context):\n    return {returned}\n") as host:
        assert host.invoke("f").payload == payload


def test_anything_else_that_is_returned_is_an_error(tmp_path: Path) -> None:
    with host_of(tmp_path, "def handler(event, context):\n    return object()\n") as host:
        assert host.invoke("f").error_type == "UnhandledInvocationError"


def test_an_instance_stays_warm_and_a_recycled_one_starts_afresh(tmp_path: Path) -> None:
    with host_of(tmp_path, COUNTER) as host:
        assert [answer(host.invoke("f")) for _ in range(3)] == [1, 2, 3]
        host.recycle("f")
        assert answer(host.invoke("f")) == 1


def test_an_uncaught_exception_is_told_with_type_message_and_stack_and_keeps_the_instance(tmp_path: Path) -> None:
    with host_of(tmp_path, "def handler(event, context):\n    raise KeyError('nine')\n") as host:
        first = host.invoke("f")
        pids = host.pids("f")
        host.invoke("f")
        assert host.pids("f") == pids
    told = json.loads(first.payload)
    assert (first.status, first.error_type) == (200, "UnhandledInvocationError")
    assert (told["errorType"], told["errorMessage"]) == ("KeyError", "'nine'")
    assert any("index.py" in line for line in told["stackTrace"])
    assert any("KeyError" in line for line in first.logs)


def test_a_module_that_cannot_be_imported_fails_each_call_with_its_error(tmp_path: Path) -> None:
    with host_of(tmp_path, "import nothing_of_that_name\n") as host:
        for _ in range(2):
            result = host.invoke("f")
            assert json.loads(result.payload)["errorType"] == "ModuleNotFoundError"
            assert host.pids("f") == ()


def test_only_the_code_folder_and_the_standard_library_are_on_the_path(tmp_path: Path) -> None:
    source = "import sys\ndef handler(event, context):\n    return [sys.path, sorted(sys.modules)]\n"
    with host_of(tmp_path, source) as host:
        path, modules = answer(host.invoke("f"))
    assert path[0] == str(tmp_path / "code")
    assert not [entry for entry in path if "site-packages" in entry or entry == ""]
    assert not [name for name in modules if name.split(".")[0] in ("local", "yaml", "pytest")]


def test_the_environment_holds_what_the_platform_gives_and_nothing_of_the_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid")
    props = {"environmentVariables": {"A": "file", "B": "file", "C": "file"}}
    overrides = {"f": {"B": "changed", "C": None, "D": "new"}}
    with host_of(tmp_path, ENVIRONMENT, props=props, environment=overrides, credentials=KEYS) as host:
        found = answer(host.invoke("f"))
    assert found.pop("FC_INSTANCE_ID").startswith("c-")
    found.pop("LC_CTYPE", None)  # set by the interpreter itself
    assert found == {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": "/tmp",
        "LANG": "C.UTF-8",
        "FC_ACCOUNT_ID": "1234567890123456",
        "FC_REGION": "cn-hangzhou",
        "FC_FUNCTION_HANDLER": "index.handler",
        "FC_FUNCTION_MEMORY_SIZE": "256",
        "FC_FUNC_CODE_PATH": str(tmp_path / "code"),
        "FC_RUNTIME": "python3.12",
        "ALIBABA_CLOUD_ACCESS_KEY_ID": "id-1",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret-1",
        "ALIBABA_CLOUD_SECURITY_TOKEN": "token-1",
        "A": "file",
        "B": "changed",
        "D": "new",
    }


def test_the_function_name_is_in_the_environment_only_where_the_cloud_is_meant(tmp_path: Path) -> None:
    with host_of(tmp_path, ENVIRONMENT, fc_environment=True) as host:
        assert answer(host.invoke("f"))["FC_FUNCTION_NAME"] == "the-function"


def test_the_context_of_python_3_12_has_no_credentials_and_a_logger_on_request(tmp_path: Path) -> None:
    source = (
        "def handler(event, context):\n"
        "    before = context.logger\n"
        "    context.getLogger().info('said')\n"
        "    c = context\n"
        "    return [before, sorted(vars(c)), vars(c.function), c.region, c.account_id, c.request_id]\n"
    )
    with host_of(tmp_path, source, credentials=KEYS) as host:
        result = host.invoke("f")
    before, names, function, region, account, request_id = answer(result)
    assert before is None
    assert names == ["account_id", "function", "log_project", "log_store", "logger", "region", "request_id"]
    assert function == {
        "name": "the-function",
        "handler": "index.handler",
        "memory": 256,
        "timeout": 5,
        "version_id": "",
        "qualifier": "LATEST",
    }
    assert (region, account, request_id) == ("cn-hangzhou", "1234567890123456", result.request_id)
    assert [line for line in result.logs if line.endswith(f"{request_id} [INFO] said")]


def test_the_context_of_python_3_10_has_credentials_and_a_service(tmp_path: Path) -> None:
    source = "def handler(event, context):\n    return [sorted(vars(context)), vars(context.credentials)]\n"
    with host_of(tmp_path, source, credentials=KEYS, context_flavour="3.10") as host:
        names, keys = answer(host.invoke("f"))
    assert names == ["account_id", "credentials", "function", "region", "request_id", "service", "tracing"]
    assert keys == {"access_key_id": "id-1", "access_key_secret": "secret-1", "security_token": "token-1"}


def test_credentials_do_not_show_their_secrets() -> None:
    assert "secret-1" not in repr(KEYS)
    assert "token-1" not in repr(KEYS)


def test_a_timeout_ends_the_process_and_the_next_call_starts_a_new_one(tmp_path: Path) -> None:
    source = "import time\ndef handler(event, context):\n    time.sleep(60 if event else 0)\n    return 'ok'\n"
    with host_of(tmp_path, source, timeouts={"f": 0.1}) as host:
        host.invoke("f")
        (pid,) = host.pids("f")
        result = host.invoke("f", b"sleep")
        assert json.loads(result.payload)["errorMessage"] == "Function timed out after 0.1 seconds"
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
        assert host.invoke("f").payload == b"ok"


def test_a_process_that_exits_is_an_error_of_that_call_only(tmp_path: Path) -> None:
    source = "import os\ndef handler(event, context):\n    return 'ok' if not event else os._exit(7)\n"
    with host_of(tmp_path, source) as host:
        host.invoke("f")
        result = host.invoke("f", b"x")
        assert (result.status, result.error_type) == (200, "UnhandledInvocationError")
        assert json.loads(result.payload)["errorMessage"] == "Function instance exited unexpectedly (code 7)"
        assert host.invoke("f").payload == b"ok"


def test_a_kill_in_the_middle_of_a_call_is_a_real_death(tmp_path: Path) -> None:
    with host_of(tmp_path, HOLDS, timeouts={"f": 60}) as host:
        thread, results = in_the_middle_of_a_call(host, tmp_path / "marker")
        assert host.kill("f", signal.SIGKILL) == 1
        thread.join()
        assert json.loads(results[0].payload)["errorMessage"].endswith("(code -9)")
        assert host.invoke("f").payload == b"free"


def test_a_warm_instance_that_was_killed_is_replaced(tmp_path: Path) -> None:
    with host_of(tmp_path, COUNTER) as host:
        host.invoke("f")
        host.kill("f")
        assert answer(host.invoke("f")) == 1


def test_an_overlapping_call_beyond_the_reserved_concurrency_is_throttled(tmp_path: Path) -> None:
    props = {"concurrencyConfig": {"reservedConcurrency": 1}}
    with host_of(tmp_path, HOLDS, props=props, timeouts={"f": 60}) as host:
        thread, _ = in_the_middle_of_a_call(host, tmp_path / "marker")
        result = host.invoke("f")
        host.kill("f")
        thread.join()
        assert (result.status, result.error_type) == (429, "ResourceThrottled")


def test_the_reserved_concurrency_can_be_raised_so_that_calls_overlap(tmp_path: Path) -> None:
    props = {"concurrencyConfig": {"reservedConcurrency": 1}}
    with host_of(tmp_path, HOLDS, props=props, timeouts={"f": 60}, reserved_concurrency={"f": 2}) as host:
        thread, _ = in_the_middle_of_a_call(host, tmp_path / "marker")
        assert host.invoke("f").payload == b"free"
        host.kill("f")
        thread.join()


def test_without_a_reservation_a_call_waits_for_a_free_instance(tmp_path: Path) -> None:
    with host_of(tmp_path, COUNTER, instance_limit=1) as host:
        results: list[Any] = []
        threads = [threading.Thread(target=lambda: results.append(answer(host.invoke("f")))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(results) == [1, 2, 3, 4]


def test_stopping_the_host_ends_a_call_that_is_under_way(tmp_path: Path) -> None:
    host = host_of(tmp_path, HOLDS, timeouts={"f": 60}).start()
    thread, results = in_the_middle_of_a_call(host, tmp_path / "marker")
    (pid,) = host.pids("f")
    host.stop()
    thread.join()
    assert not results[0].ok
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_what_the_function_left_in_the_background_dies_with_its_instance(tmp_path: Path) -> None:
    source = (
        "import subprocess, sys\n"
        "def handler(event, context):\n"
        "    return str(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid)\n"
    )
    with host_of(tmp_path, source) as host:
        watched = os.pidfd_open(answer(host.invoke("f")))
        assert select.select([watched], [], [], 0)[0] == []  # a pidfd can be read once its process is dead
    ended = select.select([watched], [], [], 30)[0]
    os.close(watched)
    assert ended == [watched]


def test_the_initializer_runs_once_for_each_instance_and_before_the_first_call(tmp_path: Path) -> None:
    source = (
        "runs = []\n"
        "def prepare(context):\n    runs.append(context.function.name)\n"
        "def handler(event, context):\n    return runs\n"
    )
    props = {"instanceLifecycleConfig": {"initializer": {"handler": "index.prepare", "timeout": 3}}}
    with host_of(tmp_path, source, props=props) as host:
        host.invoke("f")
        assert answer(host.invoke("f")) == ["the-function"]


def test_the_log_holds_prints_errors_and_the_root_logger_line_by_line(tmp_path: Path) -> None:
    source = (
        "import logging, sys\n"
        "def handler(event, context):\n"
        "    print(event.decode()); print('to stderr', file=sys.stderr)\n"
        "    logging.getLogger('x').info('by logger'); print('no newline', end='')\n"
    )
    heard: list[tuple[str, str]] = []
    with host_of(tmp_path, source, on_log=lambda name, line: heard.append((name, line))) as host:
        first, second = host.invoke("f", b"one"), host.invoke("f", b"two")
        assert host.logs("f") == (*first.logs, *second.logs)
    # a stream is flushed at the end of a call at the latest: the order within one call is not told
    assert [{line.split("[INFO] ")[-1] for line in result.logs} for result in (first, second)] == [
        {"one", "to stderr", "by logger", "no newline"},
        {"two", "to stderr", "by logger", "no newline"},
    ]
    assert [line for _, line in heard] == [*first.logs, *second.logs]
    assert {name for name, _ in heard} == {"f"}


def test_each_call_carries_the_time_of_the_hosts_clock_and_time_stands_still_within_it(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "watch.py").write_text("now = None\ndef use(clock):\n    global now\n    now = clock\n")
    source = (
        "import watch\nloaded = watch.now()\n"
        "def handler(event, context):\n    return [t.isoformat() for t in (loaded, watch.now(), watch.now())]\n"
    )
    times = [NOON]
    with host_of(tmp_path, source, clock=lambda: times[0], clock_module="watch") as host:
        assert answer(host.invoke("f")) == [NOON.isoformat()] * 3
        times[0] = NOON + timedelta(minutes=1)
        assert answer(host.invoke("f")) == [NOON.isoformat(), *[times[0].isoformat()] * 2]


def test_a_tick_delivers_the_timers_payload_as_the_platform_writes_it(tmp_path: Path) -> None:
    with host_of(
        tmp_path, "def handler(event, context):\n    return event\n", triggers=(TIMER,), clock=lambda: NOON
    ) as host:
        assert answer(host.tick("f")) == {
            "triggerTime": "2026-11-01T12:00:00Z",
            "triggerName": "every-minute",
            "payload": '{"drill": true}',
        }


def test_a_large_event_and_a_large_answer_come_through_whole(tmp_path: Path) -> None:
    with host_of(tmp_path, "def handler(event, context):\n    return event * 2\n") as host:
        assert host.invoke("f", b"x" * 1_000_000).payload == b"x" * 2_000_000


def test_no_descriptor_is_left_open_when_the_host_has_stopped(tmp_path: Path) -> None:
    source = "import os\ndef handler(event, context):\n    os._exit(1) if event else None\n"

    def use() -> None:
        with host_of(tmp_path, source) as host:
            host.invoke("f")
            host.invoke("f", b"die")
            host.invoke("f")

    def descriptors() -> set[tuple[str, str]]:
        """Number and inode of each; the folder that lists them is open only while it is read."""
        found = set()
        for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - names alone
            with contextlib.suppress(FileNotFoundError):
                found.add((name, os.readlink(f"/proc/self/fd/{name}")))  # noqa: PTH115 - an inode is no path
        return found

    use()
    before = descriptors()
    use()
    assert descriptors() - before == set()  # what an earlier test left may close meanwhile; nothing new may stay
