"""Whose keys the warm status function reads Tablestore with: those of each call, as temporary keys run out."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from functions.status import index
from local.fakes.tablestore import LOCAL_KEY_ID, LOCAL_SECRET, Key
from local.stores import LocalTablestore
from shd_relay import clock, ledger
from shd_relay.adapters.credentials import Credentials
from shd_relay.adapters.tablestore_store import TablestoreStore
from shd_relay.errors import SettingsError
from shd_relay.records import PollRecord
from shd_relay.settings_checks import TablestoreAddress
from tests.e2e.test_bundles import get

CONFIG = "watch: {products: [ecs], regions: [cn-hangzhou]}\naccess: {public: true}\n"
KEYS = ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN")


class Place:
    """The handler of one instance, the stand-in, and the keys that it knows."""

    def __init__(self, function: ModuleType, store: LocalTablestore, monkeypatch: pytest.MonkeyPatch) -> None:
        self._function, self.store, self._monkeypatch = function, store, monkeypatch
        self._asked = 0

    def know(self, name: str) -> None:
        """From now on the stand-in takes this temporary key, and no other."""
        self.store.fake.keys.clear()
        self.store.fake.keys[f"STS.{name}"] = Key(secret=f"secret-{name}", token=f"token-{name}")

    def environment(self, name: str | None) -> None:
        for variable, what in zip(KEYS, ("STS.", "secret-", "token-"), strict=True):
            self._monkeypatch.setenv(variable, f"{what}{name}" if name else "")

    def polled(self) -> None:
        """The store says that a poll has read everything just now."""
        now, fake = clock.now(), self.store.fake
        record = PollRecord(
            started=now, finished=now, token=1, complete_at=now, bound_seconds=180.0, read={"ecs/cn-hangzhou": now}
        )
        local = Credentials(access_key_id=LOCAL_KEY_ID, access_key_secret=LOCAL_SECRET)
        address = TablestoreAddress(instance=fake.instance, endpoint=fake.url)
        with closing(TablestoreStore(address, lambda: local)) as store:
            assert store.save_record("main", "poll", 1, ledger.encode_record(record))

    def ask(self, context_keys: str | None = None, path: str = "/v1/changes") -> dict[str, Any]:
        """The log, which is read anew for each question; `context_keys`: whose the invocation's context brings."""
        self._asked += 1
        context = SimpleNamespace(request_id=f"r-{self._asked}")
        if context_keys:
            context.credentials = SimpleNamespace(
                access_key_id=f"STS.{context_keys}",
                access_key_secret=f"secret-{context_keys}",
                security_token=f"token-{context_keys}",
            )
        answer: dict[str, Any] = self._function.handler(get(path).encode(), context)
        return answer


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    config = tmp_path / "config.yaml"
    config.write_text(CONFIG)
    with LocalTablestore(tmp_path) as store:
        for name in ("SHD_PRODUCTS", "SHD_REGIONS", *KEYS):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("SHD_STORE", store.address)
        monkeypatch.setenv("SHD_CONFIG", str(config))
        yield Place(importlib.reload(index), store, monkeypatch)
        store.fake.keys[LOCAL_KEY_ID] = Key(secret=LOCAL_SECRET)


def test_each_call_reads_with_the_keys_that_its_context_brings(place: Place) -> None:
    for name in ("one", "two"):
        place.know(name)
        assert place.ask(context_keys=name)["statusCode"] == 200


def test_each_call_reads_with_the_keys_that_the_environment_holds_then(place: Place) -> None:
    for name in ("one", "two"):
        place.know(name)
        place.environment(name)
        assert place.ask()["statusCode"] == 200


def test_the_keys_of_the_context_win(place: Place) -> None:
    place.know("one")
    place.environment("other")
    assert place.ask(context_keys="one")["statusCode"] == 200


def test_no_keys_at_the_first_call_are_a_wrong_configuration_that_names_the_variables(place: Place) -> None:
    with pytest.raises(SettingsError) as refusal:
        place.ask()
    assert [line.split(":")[0] for line in refusal.value.problems] == list(KEYS[:2])


def test_keys_that_are_gone_later_are_an_outage_and_no_mistake_of_ours(place: Place) -> None:
    place.know("one")
    assert place.ask(context_keys="one")["statusCode"] == 200
    answer = place.ask()
    assert answer["statusCode"] == 503
    assert "Retry-After" in answer["headers"]
    assert json.loads(answer["body"])["detail"] == "the store does not answer now"


def test_keys_that_are_gone_later_leave_the_last_copy_marked_blind_until_there_are_some_again(place: Place) -> None:
    place.polled()
    place.know("one")
    assert source(place.ask("one", "/v1/status")) == (200, "fresh")
    began = clock.now()
    try:
        clock.use(lambda: began + timedelta(seconds=10))  # any copy is too old
        assert source(place.ask(None, "/v1/status")) == (200, "blind")
        clock.use(lambda: began + timedelta(seconds=20))
        assert source(place.ask("one", "/v1/status")) == (200, "fresh")
    finally:
        clock.use(lambda: datetime.now(timezone.utc))


def source(answer: dict[str, Any]) -> tuple[int, str | None]:
    return answer["statusCode"], answer["headers"].get("X-Source-State")
