"""The bundles: each function's folder, alone on the path of a clean interpreter, answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import bundle
from local.fakes.fc import FunctionHost
from local.fakes.tablestore import LOCAL_KEY_ID, LOCAL_SECRET
from local.stores import LocalTablestore

ROOT = Path(__file__).resolve().parents[2]
CLOUD_VERSION = "3.12"

# Calls a handler as the platform does and tells what it answered and what was loaded for it.
CALL = """
import json, sys
from types import SimpleNamespace
sys.path.insert(0, sys.argv[1])
import index
context = SimpleNamespace(request_id="r-1", region="cn-hangzhou", account_id="1", getLogger=lambda: None,
                          function=SimpleNamespace(name="f", handler="index.handler", memory=512, timeout=10))
try:
    answer = index.handler(sys.argv[2].encode(), context)
except Exception as error:
    answer = f"{type(error).__name__}: {error}"
json.dump({"answer": answer, "loaded": sorted({name.split(".")[0] for name in sys.modules}),
           "from": sorted({str(getattr(m, "__file__", None)) for m in list(sys.modules.values())})}, sys.stdout)
"""


def get(path: str) -> str:
    """An HTTP trigger's event."""
    http = {"method": "GET", "path": path, "protocol": "HTTP/1.1"}
    return json.dumps(
        {
            "version": "v1", "rawPath": path, "body": "", "isBase64Encoded": False, "headers": {},
            "queryParameters": {}, "requestContext": {"requestId": "r-1", "http": http},
        }
    )  # fmt: skip


HEALTH, CHANGES = get("/healthz"), get("/v1/changes")
TIMER = json.dumps({"triggerTime": "2026-11-01T12:00:00Z", "triggerName": "every-minute", "payload": "{}"})


def call(python: str, folder: Path, event: str, **environment: str) -> dict[str, Any]:
    done = subprocess.run(
        [python, "-I", "-S", "-B", "-c", CALL, str(folder), event],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={"PATH": os.defpath, "LANG": "C.UTF-8", **environment},
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("build")
    assert bundle.main(["--local", "--out", str(out)]) == 0
    return out / "local"


@pytest.fixture(scope="module")
def cloud_python() -> str:
    found = bundle.find_python(CLOUD_VERSION)
    if found is None:
        pytest.skip(f"no python{CLOUD_VERSION} on this machine to run the cloud's bundle with")
    return found


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory, cloud_python: str) -> Path:
    if sys.platform != "linux" or os.uname().machine != "x86_64":
        pytest.skip("the cloud's bundle is for x86-64 Linux")
    out = tmp_path_factory.mktemp("cloud")
    assert bundle.main(["--runtime", f"python{CLOUD_VERSION}", "--out", str(out)]) == 0
    assert list(out.glob("poll/**/*.cpython-312.pyc")), f"compiled by {cloud_python}"
    return out


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LocalTablestore]:
    with LocalTablestore(tmp_path) as opened:
        yield opened


def poll_environment(folder: Path) -> dict[str, str]:
    """Nothing listens at port 1: the poll reports a failed read, having gone through the SDK to find out."""
    return {
        "SHD_ENDPOINT": "http://127.0.0.1:1",
        "MNS_ENDPOINT": "http://127.0.0.1:1",
        "SHD_PRODUCTS": "ecs",
        "SHD_REGIONS": "cn-hangzhou",
        "SHD_BUDGET_SECONDS": "2",
        "SHD_STORE": f"sqlite:///{folder}/relay.db",
        "ALIBABA_CLOUD_ACCESS_KEY_ID": "id",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret",
    }


def assert_poll_answers(python: str, folder: Path, state: Path) -> None:
    told = call(python, folder, TIMER, **poll_environment(state))
    assert isinstance(told["answer"], dict), told["answer"]
    assert (told["answer"]["polled"], told["answer"]["failed"]) == (0, 1), told["answer"]
    assert "aliyunsdkcore" in told["loaded"]
    assert "urllib3" not in told["loaded"]  # it is there for Tablestore
    assert not [path for path in told["from"] if "site-packages" in path]


def assert_answers_on_tablestore(python: str, build: Path, store: LocalTablestore, state: Path) -> None:
    """Both functions on the store of the cloud: its SDK is there, without what it does not need."""
    keys = {"ALIBABA_CLOUD_ACCESS_KEY_ID": LOCAL_KEY_ID, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": LOCAL_SECRET}
    polled = call(python, build / "poll", TIMER, **poll_environment(state) | keys | {"SHD_STORE": store.address})
    assert isinstance(polled["answer"], dict), polled["answer"]
    assert (polled["answer"]["state"], polled["answer"]["failed"]) == ("done", 1), polled["answer"]
    asked = call(python, build / "status", CHANGES, SHD_STORE=store.address, SHD_CONFIG=str(public(state)), **keys)
    assert isinstance(asked["answer"], dict), asked["answer"]
    assert asked["answer"]["statusCode"] == 200, asked["answer"]
    assert json.loads(asked["answer"]["body"]) == {"changes": [], "next": None}
    assert not {"aliyunsdkcore", "mns"} & set(asked["loaded"])
    for told in (polled, asked):
        assert "tablestore" in told["loaded"]
        assert not {"numpy", "aiohttp"} & set(told["loaded"])
        assert not [path for path in told["from"] if "site-packages" in path]


def public(state: Path) -> Path:
    config = state / "public.yaml"
    config.write_text("watch: {products: [ecs], regions: [cn-hangzhou]}\naccess: {public: true}\n")
    return config


def assert_status_answers(python: str, folder: Path, state: Path) -> None:
    told = call(python, folder, HEALTH, SHD_STORE=f"sqlite:///{state}/relay.db")
    assert isinstance(told["answer"], dict), told["answer"]
    assert told["answer"]["statusCode"] == 200, told["answer"]
    assert not {"aliyunsdkcore", "mns", "urllib3", "tablestore", "google"} & set(told["loaded"])
    assert not [path for path in told["from"] if "site-packages" in path]


POLL_IMPORTS = (
    "import mns.mns_client, mns.topic, mns.pkg_info, urllib3, yaml, msgspec\n"
    "import aliyunsdkcore.auth.signers.access_key_signer, aliyunsdkcore.auth.signers.sts_token_signer\n"
)


def assert_imports(python: str, folder: Path, lazily: str = "") -> None:
    """What the adapters import `lazily`, every room of ours, and what each of those imports, is all in the folder."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import pathlib, importlib\n"
        f"{lazily}"
        "root = pathlib.Path(sys.argv[1])\n"
        "for file in sorted((root / 'shd_relay').rglob('*.py')):\n"
        "    importlib.import_module('.'.join(file.relative_to(root).with_suffix('').parts))\n"
    )
    done = subprocess.run(
        [python, "-I", "-S", "-B", "-W", "ignore", "-c", code, str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_local_poll_bundle_answers_in_a_clean_interpreter(local: Path, tmp_path: Path) -> None:
    assert_poll_answers(sys.executable, local / "poll", tmp_path)


def test_the_local_status_bundle_answers_in_a_clean_interpreter_and_loads_no_sdk(local: Path, tmp_path: Path) -> None:
    assert_status_answers(sys.executable, local / "status", tmp_path)


def test_every_room_and_sdk_of_the_local_poll_bundle_can_be_imported(local: Path) -> None:
    assert_imports(sys.executable, local / "poll", POLL_IMPORTS)


def test_the_local_bundles_answer_on_tablestore_without_numpy_and_aiohttp(
    local: Path, store: LocalTablestore, tmp_path: Path
) -> None:
    assert_answers_on_tablestore(sys.executable, local, store, tmp_path)


def test_the_cloud_bundles_answer_on_tablestore_without_numpy_and_aiohttp(
    cloud: Path, cloud_python: str, store: LocalTablestore, tmp_path: Path
) -> None:
    assert_answers_on_tablestore(cloud_python, cloud, store, tmp_path)


def test_no_bundle_carries_the_private_binaries_of_an_sdk_or_a_set_up_step(cloud: Path) -> None:
    for function in ("poll", "status"):
        assert not list((cloud / function / "tablestore").rglob("*.so"))
        assert not (cloud / function / "shd_relay/adapters/tablestore_tables.py").exists()
        assert not (cloud / function / "shd_relay/cli").exists()


def test_every_room_of_the_local_status_bundle_can_be_imported(local: Path) -> None:
    assert_imports(sys.executable, local / "status")


def test_the_cloud_poll_bundle_answers_under_the_clouds_python(cloud: Path, cloud_python: str, tmp_path: Path) -> None:
    assert_poll_answers(cloud_python, cloud / "poll", tmp_path)


def test_the_cloud_status_bundle_answers_under_the_clouds_python(
    cloud: Path, cloud_python: str, tmp_path: Path
) -> None:
    assert_status_answers(cloud_python, cloud / "status", tmp_path)


def test_every_room_and_sdk_of_the_cloud_poll_bundle_can_be_imported(cloud: Path, cloud_python: str) -> None:
    assert_imports(cloud_python, cloud / "poll", POLL_IMPORTS)


def test_the_cloud_bundles_carry_compiled_files_of_the_clouds_python(cloud: Path) -> None:
    for function in ("poll", "status"):
        for module in ("index", "shd_relay/wiring", "msgspec/__init__"):
            parent, _, name = module.rpartition("/")
            assert (cloud / function / parent / "__pycache__" / f"{name}.cpython-312.pyc").is_file()


def test_the_status_bundle_holds_neither_sdk_nor_the_rooms_of_the_poll(local: Path) -> None:
    status = local / "status"
    assert {path.name for path in status.iterdir()}.isdisjoint({"aliyunsdkcore", "mns"})
    for room in ("poll.py", "relay.py", "adapters/status_api.py", "adapters/mns_topic.py"):
        assert (local / "poll" / "shd_relay" / room).exists()
        assert not (status / "shd_relay" / room).exists()


def test_both_bundles_run_under_the_function_host(local: Path, tmp_path: Path) -> None:
    code = {"./.build/poll": local / "poll", "./.build/status": local / "status"}
    env = {name: value for name, value in poll_environment(tmp_path).items() if not name.startswith("ALIBABA")}
    keys = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret"}
    with FunctionHost(
        ROOT / "s.yaml", env=env, code=code, environment={"poll": keys}, clock_module="shd_relay.clock"
    ) as host:
        polled = host.tick("poll")
        asked = host.invoke("status")
    assert polled.ok, polled
    assert json.loads(polled.payload)["failed"] == 1
    assert asked.ok, asked
    assert json.loads(asked.payload)["statusCode"] in (404, 405)  # the invoke API's own path is none of ours
