"""What goes wrong at three in the morning, tried on the deployed handlers: one clear line each, and nothing lost."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from functions.poll.index import handler as poll_handler
from local.fakes.mns import MnsFake
from local.fakes.status import Fault, ShownEvent, StatusFake
from local.subscriber import QueueSubscriber
from shd_relay import clock
from shd_relay.errors import SettingsError

KEY_ID, KEY_SECRET = "LTAI-local-only", "local-only-secret"
CONFIG = "watch:\n  products: [ecs, oss]\n  regions: [cn-hongkong]\n"
CONTEXT = SimpleNamespace(request_id="request-1", function=SimpleNamespace(timeout=20))


class Place:
    """Stand-ins, a store and an environment; `poll()` is one invocation of the real handler."""

    def __init__(self, folder: Path, api: StatusFake, mns: MnsFake, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.api, self.mns, self._monkeypatch = folder, api, mns, monkeypatch
        self.store = folder / "store" / "relay.db"
        self.config = folder / "config.yaml"
        self.config.write_text(CONFIG)
        self._calls = 0
        for name in [name for name in os.environ if name.startswith(("SHD_", "MNS_", "ALIBABA_", "FC_"))]:
            monkeypatch.delenv(name)
        self.set(
            SHD_CONFIG=str(self.config), SHD_ENDPOINT=api.url, MNS_ENDPOINT=mns.url, SHD_STORE=f"sqlite:///{self.store}",
            ALIBABA_CLOUD_ACCESS_KEY_ID=KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET=KEY_SECRET, SHD_RATE_MAX="0",
        )  # fmt: skip

    def set(self, **environ: str) -> None:
        for name, value in environ.items():
            self._monkeypatch.setenv(name, value)

    def poll(self, event: bytes = b"{}") -> dict[str, Any]:
        self._calls += 1
        return poll_handler(event, SimpleNamespace(request_id=f"request-{self._calls}", function=CONTEXT.function))

    def trouble(self, title: str = "Disks fail", product: str = "ecs") -> None:
        start = datetime.now(timezone.utc) - timedelta(minutes=5)
        self.api.world.put(ShownEvent(product=product, region="cn-hongkong", title=title, start=start))

    def heard(self) -> list[str]:
        """The titles that a subscriber reads, in order."""
        subscriber = QueueSubscriber(url=self.mns.url, queue="q", access_key_id=KEY_ID, access_key_secret=KEY_SECRET)
        try:
            return [message["data"]["event"]["title"] for message in subscriber.drain()]
        finally:
            subscriber.close()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    with StatusFake() as api, MnsFake() as mns:
        mns.create_topic("service-health")
        mns.create_queue("q")
        mns.subscribe("service-health", "all", queue="q")
        yield Place(tmp_path, api, mns, monkeypatch)
    clock.use(lambda: datetime.now(timezone.utc))


def problems(place: Place) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as refusal:
        place.poll()
    return refusal.value.problems


def test_an_unknown_variable_is_named_with_the_nearest_known_one(place: Place) -> None:
    place.set(SHD_ENDPIONT="https://status.aliyuncs.com")
    assert problems(place) == ("SHD_ENDPIONT: unknown variable, did you mean SHD_ENDPOINT?",)


def test_all_mistakes_of_variables_and_config_come_at_once(place: Place) -> None:
    place.set(SHD_RATE="fast", MNS_TOPIC="no topic", SHD_STORE="redis://x")
    place.config.write_text("watch: {products: [], regions: [a b]}\nacess: {}\npartners: [{id: x, plan: gold}]\n")
    found = problems(place)
    for name in ("SHD_RATE", "MNS_TOPIC", "SHD_STORE", "watch.products", "watch.regions", "acess", "partners[0].plan"):
        assert any(name in line for line in found), (name, found)


def test_a_plain_http_endpoint_beyond_loopback_is_refused(place: Place) -> None:
    place.set(SHD_ENDPOINT="http://status.aliyuncs.com", MNS_ENDPOINT="http://1.mns.cn-hangzhou.aliyuncs.com")
    assert [line.split(":")[0] for line in problems(place)] == ["SHD_ENDPOINT", "MNS_ENDPOINT"]


def test_no_access_key_is_a_wrong_configuration(place: Place) -> None:
    place.set(ALIBABA_CLOUD_ACCESS_KEY_ID="", ALIBABA_CLOUD_ACCESS_KEY_SECRET="")
    found = problems(place)
    assert [line.split(":")[0] for line in found] == ["ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"]


@pytest.mark.parametrize(("key", "secret"), [("LTAI-unknown", KEY_SECRET), (KEY_ID, "wrong")])
def test_a_wrong_access_key_is_named_never_shown_and_loses_nothing(
    place: Place, key: str, secret: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place.trouble()
    place.set(ALIBABA_CLOUD_ACCESS_KEY_ID=key, ALIBABA_CLOUD_ACCESS_KEY_SECRET=secret)
    report = place.poll()
    assert (report["polled"], report["failed"], report["changes"]) == (0, 2, 0)
    assert any("AccessKey" in reason for reason in report["reasons"])
    assert secret not in json.dumps(report) + capsys.readouterr().out
    place.set(ALIBABA_CLOUD_ACCESS_KEY_ID=KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET=KEY_SECRET)
    assert place.poll()["published"] == 1
    assert place.heard() == ["Disks fail"]


@pytest.mark.parametrize(
    "event", [b"not json", b"\xff", b"[1]", b'{"drill": true, "x": 1}', b'{"backfil_days": 7}', b"7"]
)
def test_a_payload_that_cannot_be_carried_out_is_refused_in_one_line(place: Place, event: bytes) -> None:
    report = place.poll(event)
    assert (report["state"], report["polled"]) == ("refused", 0)
    assert report["error"].startswith("payload: ")
    assert "\n" not in report["error"]


@pytest.mark.parametrize(
    "event",
    [b"", b'""', b"{}", b'{"triggerTime":"2026-01-01T00:00:00Z","triggerName":"t","payload":""}',
     b'{"triggerTime":"2026-01-01T00:00:00Z","triggerName":"t","payload":"{}"}'],
)  # fmt: skip
def test_a_timer_and_an_empty_invoke_poll(place: Place, event: bytes) -> None:
    assert place.poll(event)["polled"] == 2


@pytest.mark.parametrize(
    "fault",
    [fault for fault in Fault if fault not in {Fault.HANG, Fault.LATE, Fault.SLOW_DRIP, Fault.GZIP, Fault.HUGE_BODY,
                                               Fault.CLOSE_AFTER_IDLE, Fault.CLOCK_SKEW, Fault.STALE_CONNECTION,
                                               Fault.ITEM_WITHOUT_TITLE}],
    ids=lambda fault: fault.name,
)  # fmt: skip
def test_an_answer_of_any_broken_kind_ends_nothing_and_invents_nothing(place: Place, fault: Fault) -> None:
    place.trouble()
    place.poll()
    place.api.fail(fault, times=None)
    place.set(SHD_BUDGET_SECONDS="2")
    report = place.poll()
    assert report["polled"] == 0
    assert report["changes"] == 0
    place.api.heal()
    assert place.poll()["polled"] == 2
    assert place.heard() == ["Disks fail"]


def test_a_clock_that_is_an_hour_off_is_named(place: Place) -> None:
    place.api.fail(Fault.CLOCK_SKEW, times=None, seconds=3600)
    report = place.poll()
    assert any("clock" in reason for reason in report["reasons"]), report["reasons"]


def test_a_poller_whose_own_clock_jumps_an_hour_and_back_loses_and_doubles_nothing(place: Place) -> None:
    real = lambda: datetime.now(timezone.utc)  # noqa: E731
    place.trouble()
    clock.use(lambda: real() + timedelta(hours=1))
    assert place.poll()["published"] == 1
    clock.use(real)
    place.trouble("Another", product="oss")
    assert place.poll()["state"] == "done"
    assert place.heard() == ["Disks fail", "Another"]


def test_a_topic_that_does_not_exist_is_named_and_what_waited_arrives_once_it_does(place: Place) -> None:
    place.set(MNS_TOPIC="other")
    place.trouble()
    report = place.poll()
    assert (report["changes"], report["published"], report["pending"]) == (1, 0, 1)
    assert "other" in report["stopped"]
    place.mns.create_topic("other")
    place.mns.subscribe("other", "all", queue="q")
    assert place.poll()["published"] == 1
    assert place.heard() == ["Disks fail"]


def test_a_title_full_of_markup_and_control_characters_arrives_as_text(place: Place) -> None:
    place.trouble("<script>alert(1)</script> ]]> & \x1b[31m\u202e\U0001f600 \ufffe 中文")
    assert place.poll()["published"] == 1
    [title] = place.heard()
    assert title.startswith("<script>alert(1)</script> ]]> & ")
    assert "中文" in title
    assert "\x1b" not in title


def test_a_title_longer_than_a_message_is_cut_there_and_kept_whole_in_the_store(place: Place) -> None:
    place.trouble("很" * 40_000)
    assert place.poll()["published"] == 1
    [title] = place.heard()
    assert len(title) < 20_000
    with sqlite3.connect(place.store) as database:
        [(count,)] = database.execute("SELECT count(*) FROM document WHERE length(blob) > 100000")
    database.close()
    assert count == 1


def test_a_database_of_another_program_is_refused_and_left_as_it_is(place: Place) -> None:
    place.store.parent.mkdir()
    other = sqlite3.connect(place.store)
    other.execute("CREATE TABLE accounts (id)")
    other.commit()
    other.close()
    before = place.store.read_bytes()
    report = place.poll()
    assert report["state"] == "store-refused"
    assert str(place.store) in report["error"]
    assert place.store.read_bytes() == before


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with little room; only root can have one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(folder)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"no file system can be mounted here: {made.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_named_nothing_is_published_and_all_arrives_once_there_is_room(
    place: Place, small_disk: Path
) -> None:
    place.set(SHD_STORE=f"sqlite:///{small_disk}/relay.db")
    place.poll()
    place.trouble("T" * 30_000)
    filler = small_disk / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while file.write(b"x" * 4096):
            continue
    report = place.poll()
    assert (report["state"], report["published"]) == ("store-unavailable", 0)
    assert "full" in report["error"]
    filler.unlink()
    assert place.poll()["published"] == 1
    assert [title[:3] for title in place.heard()] == ["TTT"]


def test_a_read_only_disk_is_named_nothing_is_published_and_all_arrives_once_it_can_be_written(
    place: Place, small_disk: Path
) -> None:
    place.set(SHD_STORE=f"sqlite:///{small_disk}/relay.db")
    place.poll()
    place.trouble()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    report = place.poll()
    assert (report["state"], report["published"]) == ("store-unavailable", 0)
    assert "read-only" in report["error"]
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    assert place.poll()["published"] == 1
    assert place.heard() == ["Disks fail"]


def test_two_pollers_at_the_same_second_tell_everything_once(place: Place) -> None:
    place.trouble()
    place.trouble("Another", product="oss")
    start = threading.Barrier(2)
    reports: list[dict[str, Any]] = []

    def one() -> None:
        start.wait()
        reports.append(place.poll())

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {report["state"] for report in reports} <= {"done", "busy", "overtaken"}
    assert "done" in {report["state"] for report in reports}
    place.poll()
    assert sorted(place.heard()) == ["Another", "Disks fail"]
