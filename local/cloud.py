"""The local cloud put together: the status API, MNS and the function host, and our two functions deployed to it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
import shutil
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from local.clock import MovedClock
from local.fakes.fc import Credentials, FunctionHost
from local.fakes.mns import MnsFake
from local.fakes.status import StatusFake
from local.stores import STORES, StoreName
from local.subscriber import QueueSubscriber

ROOT = Path(__file__).parent.parent
TOPIC, QUEUE = "service-health", "on-call"
KEY_ID, KEY_SECRET = "LTAI-local-only", "local-only-secret"
PARTNER = "demo"

CONFIG = """\
watch:
  products: [{products}]
  regions: [{regions}]
access:
  public: false
partners:
  - id: demo
    name: Demo Partner
    plan: flagship
    ticket_packages: 0
    valid_from: 2000-01-01
    valid_until: 2099-12-31
    tokens: [{{sha256: "{digest}", scopes: [read, feed, operate]}}]
    products: all
    regions: all
    importance: {{business_critical: [ecs], production: [rds, slb, polardb], key: all}}
    time_zone: Asia/Singapore
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What the deployed functions watch."""

    products: tuple[str, ...]
    regions: tuple[str, ...]


class LocalCloud:
    """Everything on loopback, in a folder of its own that goes when it ends. A context manager.

    `token` is the demo partner's, and may do everything; `subscriber` reads a queue that takes every message of the
    topic. `ports` may fix those of `status` (the function's HTTP trigger), `api` and `mns`. `store` is what the
    functions keep the log in.
    """

    def __init__(
        self,
        watch: Watch,
        clock: MovedClock,
        *,
        store: StoreName = "sqlite",
        ports: Mapping[str, int] | None = None,
        on_log: Callable[[str, str], None] | None = None,
    ) -> None:
        self._watch = watch
        self._ports = ports or {}
        self._on_log = on_log
        self._stack = contextlib.ExitStack()
        self._store_name: StoreName = store
        self.clock = clock
        self.token = secrets.token_urlsafe(24)

    def __enter__(self) -> LocalCloud:
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _start(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="shd-relay-"))
        self._stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.api = self._stack.enter_context(StatusFake(port=self._ports.get("api", 0), clock=self.clock.now))
        self.mns = self._stack.enter_context(MnsFake(port=self._ports.get("mns", 0)))
        self.mns.create_topic(TOPIC)
        self.mns.create_queue(QUEUE)
        self.mns.subscribe(TOPIC, "on-call", queue=QUEUE)
        self.subscriber = QueueSubscriber(
            url=self.mns.url, queue=QUEUE, access_key_id=KEY_ID, access_key_secret=KEY_SECRET
        )
        self._stack.callback(self.subscriber.close)
        self.store = self._stack.enter_context(STORES[self._store_name](self.folder))
        self.host = self._stack.enter_context(self._deployed())

    @property
    def status_url(self) -> str:
        return self.host.url("status")

    def ask(self, path: str) -> dict[str, Any]:
        """What the status function answers the demo partner; a refusal as its problem."""
        request = urllib.request.Request(self.status_url + path, headers={"Authorization": f"Bearer {self.token}"})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as refusal:
            with refusal:
                return dict(json.load(refusal))

    def _deployed(self) -> FunctionHost:
        """The s.yaml of this project, with the folders built for the interpreter at hand."""
        config = self.folder / "config.yaml"
        config.write_text(
            CONFIG.format(
                products=", ".join(map(_quoted, self._watch.products)),
                regions=", ".join(map(_quoted, self._watch.regions)),
                digest=hashlib.sha256(self.token.encode()).hexdigest(),
            ),
            encoding="utf-8",
        )
        common = {
            "SHD_CONFIG": str(config), "SHD_STORE": self.store.address,
            "SHD_PRODUCTS": None, "SHD_REGIONS": None,
        }  # fmt: skip
        poll = {"SHD_ENDPOINT": self.api.url, "MNS_ENDPOINT": self.mns.url, "MNS_TOPIC": TOPIC, "SHD_RATE_MAX": "0"}
        return FunctionHost(
            ROOT / "s.yaml",
            env={},
            code={"./.build/poll": ROOT / ".build/local/poll", "./.build/status": ROOT / ".build/local/status"},
            environment={"poll": common | poll, "status": common},
            credentials=Credentials(access_key_id=KEY_ID, access_key_secret=KEY_SECRET, security_token=""),
            clock=self.clock.now,
            clock_module="shd_relay.clock",
            ports={"status": self._ports["status"]} if "status" in self._ports else None,
            on_log=self._on_log,
        )


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
