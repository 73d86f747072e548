"""Help for the tests of the Tablestore stand-in: SDK clients that are closed, a clock by hand, signed raw requests."""

from __future__ import annotations

import http.client
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import pytest

from local.fakes.tablestore import LOCAL_KEY_ID, LOCAL_SECRET, KeyType, TablestoreFake
from local.fakes.tablestore.auth import content_md5, request_signature
from local.fakes.tablestore.protobuf import Message

WHY_NOT = "the Tablestore SDK is not installed: pip install -r requirements.txt"
START = 1_800_000_000.0
SHARD = {"shard": KeyType.STRING, "seq": KeyType.INTEGER}

# Without its C++ parts, which exist for one version of Python only, the SDK warns through these two at import: to
# stderr when nobody has set up logging.
for _name in ("tablestore.encoder", "tablestore.decoder"):
    logging.getLogger(_name).addHandler(logging.NullHandler())


def sdk() -> Any:
    """The SDK's package; skips the test where it is missing."""
    return pytest.importorskip("tablestore", reason=WHY_NOT)


@dataclass
class HandClock:
    """Stands still until it is moved."""

    seconds: float = START

    def __call__(self) -> float:
        return self.seconds

    def move(self, seconds: float) -> None:
        self.seconds += seconds


@contextmanager
def client(
    fake: TablestoreFake, key_id: str = LOCAL_KEY_ID, secret: str = LOCAL_SECRET, **options: Any
) -> Iterator[Any]:
    """The SDK's own OTSClient, which asks once and waits two seconds at most; its connections are closed at the end."""
    ots = sdk()
    options = {"socket_timeout": 2.0, "retry_policy": ots.NoRetryPolicy(), **options}
    instance = options.pop("instance", fake.instance)
    client = ots.OTSClient(fake.url, key_id, secret, instance, **options)
    try:
        yield client
    finally:
        client.connection.pool.clear()


@contextmanager
def ready(**options: Any) -> Iterator[tuple[TablestoreFake, Any]]:
    """A stand-in with the table `log` (shard, seq), and a client of it."""
    with TablestoreFake(**options) as fake, client(fake) as ots:
        fake.create_table("log", SHARD)
        yield fake, ots


def key(seq: Any, shard: Any = "a") -> list[tuple[str, Any]]:
    return [("shard", shard), ("seq", seq)]


def row(seq: int, shard: str = "a", **columns: Any) -> Any:
    return sdk().Row(key(seq, shard), list(columns.items()))


def when(expect: str = "IGNORE", column: Any = None) -> Any:
    return sdk().Condition(expect, column)


def single(column: str, comparator: str, value: Any, *, pass_if_missing: bool = False) -> Any:
    ots = sdk()
    return ots.SingleColumnCondition(
        column, value, getattr(ots.ComparatorType, comparator), pass_if_missing=pass_if_missing
    )


def composite(combinator: str, *parts: Any) -> Any:
    ots = sdk()
    made = ots.CompositeColumnCondition(getattr(ots.LogicalOperator, combinator))
    for part in parts:
        made.add_sub_condition(part)
    return made


def columns(client: Any, seq: int, shard: str = "a") -> dict[str, Any] | None:
    """The newest values of a row, None when there is none."""
    _, found, _ = client.get_row("log", key(seq, shard))
    return None if found is None else {name: value for name, value, _ in found.attribute_columns}


def refused(work: Callable[[], object]) -> str:
    """The code with which the service refuses."""
    with pytest.raises(sdk().OTSServiceError) as caught:
        work()
    return str(caught.value.code)


def code_of(work: Callable[[], object]) -> str:
    """The code with which the service refuses, empty when it does not."""
    try:
        work()
    except sdk().OTSServiceError as error:
        return str(error.code)
    return ""


@dataclass
class Answer:
    """A raw answer: `code` is that of the error in the body, empty when there is none."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        return Message(self.body).text(1) or "" if self.status >= 400 else ""


def signed(
    fake: TablestoreFake, action: str, body: bytes = b"", *, now: float, **changes: str | None
) -> dict[str, str]:
    """Good headers but for `changes`, by the ends of their names (`date=...`), None leaves one out; then signed."""
    date = datetime.fromtimestamp(now, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    named: dict[str, str | None] = {
        "date": date,
        "apiversion": "2015-12-31",
        "accesskeyid": LOCAL_KEY_ID,
        "instancename": fake.instance,
        "contentmd5": content_md5(body),
    }
    headers = {f"x-ots-{name}": value for name, value in {**named, **changes}.items() if value is not None}
    if "signature" not in changes:
        headers["x-ots-signature"] = request_signature(LOCAL_SECRET, f"/{action}", headers.items())
    return headers


def raw(
    fake: TablestoreFake, action: str, headers: dict[str, str], body: bytes = b"", *, method: str = "POST"
) -> Answer:
    host, _, port = fake.url.removeprefix("http://").partition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=5)
    try:
        connection.request(method, f"/{action}", body=body, headers=headers)
        response = connection.getresponse()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
    finally:
        connection.close()
