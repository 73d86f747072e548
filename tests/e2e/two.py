"""Both functions as the platform calls them, in this process: stand-ins on real sockets, and a clock that is moved."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from functions.poll.index import handler as poll_handler
from functions.status import index as status_index
from local.clock import MovedClock
from local.fakes.mns import MnsFake
from local.fakes.status import ShownEvent, StatusFake, Update
from local.subscriber import QueueSubscriber
from shd_relay import clock

KEY_ID, KEY_SECRET = "LTAI-local-only", "local-only-secret"
NOW = datetime(2026, 3, 10, 2, tzinfo=timezone.utc)
MINUTE = timedelta(minutes=1)
TITLE = "Disks of zone C fail"
ECS, OSS = ("ecs", "cn-hongkong"), ("oss", "cn-hongkong")
LIST, SWEEP = "ListEvents", "ListEventInProgress"
CONFIG = "watch: {products: [ecs, oss], regions: [cn-hongkong]}\naccess: {public: true}\n"
TIMEOUT = 20.0  # of the poll function, in seconds


class Relay:
    """`poll()` is the timer's next tick, a minute after the one before; `ask()` is a question of somebody without a
    token; `heard()` what a subscriber gets by then. `api` is the status API that `poll` asks, by its clock."""

    def __init__(
        self, folder: Path, api: StatusFake, subscriber: QueueSubscriber, time: MovedClock,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        self.folder, self.api, self.subscriber, self.time = folder, api, subscriber, time
        self._monkeypatch = monkeypatch
        self._polls = 0
        self._noted = 0

    def set(self, **environ: str) -> None:
        for name, value in environ.items():
            self._monkeypatch.setenv(name, value)

    def poll(self, event: bytes = b"{}", *, after: timedelta = MINUTE) -> dict[str, Any]:
        self.time.move(self.time.now() + after)
        report = self.invoke(event)
        assert report["state"] == "done", report
        return report

    def invoke(self, event: bytes = b"{}") -> dict[str, Any]:
        """At once, whatever comes of it."""
        self._polls += 1
        context = SimpleNamespace(request_id=f"request-{self._polls}", function=SimpleNamespace(timeout=TIMEOUT))
        report: dict[str, Any] = poll_handler(event, context)
        return report

    def polls(self, count: int) -> list[dict[str, Any]]:
        return [self.poll() for _ in range(count)]

    def calls(self) -> Counter[str]:
        """What the status API was asked since the last time that this was: calls by action."""
        calls = self.api.calls
        new, self._noted = calls[self._noted :], len(calls)
        return Counter(call.action for call in new)

    def heard(self) -> list[dict[str, Any]]:
        """What arrived since the last time that this was asked: `data` of each message, and its subject."""
        news = [{**message["data"], "subject": message["subject"]} for message in self.subscriber.drain()]
        assert (self.subscriber.inbox.duplicates, self.subscriber.inbox.out_of_order) == (0, 0)
        return news

    def told(self) -> list[tuple[str, str]]:
        """The same in short: subjects and changes."""
        return [(message["subject"], message["change"]) for message in self.heard()]

    def ask(self, path: str, **query: str) -> dict[str, Any]:
        """What an instance of the status function that has just begun answers."""
        http = {"method": "GET", "path": path, "protocol": "HTTP/1.1"}
        event = {
            "version": "v1", "rawPath": path, "body": "", "isBase64Encoded": False, "headers": {},
            "queryParameters": query, "requestContext": {"requestId": "r-1", "http": http},
        }  # fmt: skip
        status_index._service.cache_clear()
        answer = status_index.handler(json.dumps(event).encode(), SimpleNamespace(request_id="r-1"))
        assert answer["statusCode"] == 200, answer
        return dict(json.loads(answer["body"]))

    def statuses(self) -> dict[str, str]:
        return {f"{pair['product']}/{pair['region']}": pair["status"] for pair in self.ask("/v1/status")["pairs"]}

    def trouble(self, pair: tuple[str, str] = ECS, title: str = TITLE, **more: Any) -> int:
        """An event that began at the last tick; its id on the dashboard."""
        known = {"start": self.time.now(), "updates": (Update(at=self.time.now(), text="We look into it."),)}
        [number] = self.api.world.put(ShownEvent(product=pair[0], region=pair[1], title=title, **{**known, **more}))
        return number

    def over(self, number: int) -> datetime:
        """The event ends now."""
        self.api.world.replace(number, end=self.time.now())
        return self.time.now()


@contextmanager
def relay_in(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, api: StatusFake | None = None, time: MovedClock | None = None
) -> Iterator[Relay]:
    """A relay that has never polled. `api` and its clock may be the caller's, not started yet."""
    time = time or MovedClock(NOW)
    config = folder / "config.yaml"
    config.write_text(CONFIG)
    for name in [name for name in os.environ if name.startswith(("SHD_", "MNS_", "ALIBABA_", "FC_"))]:
        monkeypatch.delenv(name)
    with api or StatusFake(clock=time.now) as source, MnsFake() as mns:
        mns.create_topic("service-health")
        mns.create_queue("q")
        mns.subscribe("service-health", "all", queue="q")
        subscriber = QueueSubscriber(url=mns.url, queue="q", access_key_id=KEY_ID, access_key_secret=KEY_SECRET)
        relay = Relay(folder, source, subscriber, time, monkeypatch)
        relay.set(
            SHD_CONFIG=str(config), SHD_STORE=f"sqlite:///{folder}/relay.db", SHD_RATE_MAX="0",
            SHD_ENDPOINT=source.url, MNS_ENDPOINT=mns.url,
            ALIBABA_CLOUD_ACCESS_KEY_ID=KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET=KEY_SECRET,
        )  # fmt: skip
        clock.use(time.now)
        try:
            yield relay
        finally:
            clock.use(lambda: datetime.now(timezone.utc))
            status_index._service.cache_clear()
            subscriber.close()
