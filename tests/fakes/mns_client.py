"""Help for the tests of the MNS stand-in: SDK clients that are closed, a clock by hand, signed raw requests."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message as Headers
from email.utils import formatdate
from typing import Any
from xml.etree import ElementTree

import pytest
from mns.account import Account
from mns.mns_exception import MNSClientNetworkException, MNSServerException

from local.fakes.mns import LOCAL_KEY_ID, LOCAL_SECRET, MnsFake
from local.fakes.mns.auth import content_md5, sign

MILLION_SECONDS = 1_000_000.0


@dataclass
class HandClock:
    """Stands still until it is moved."""

    seconds: float = MILLION_SECONDS

    def __call__(self) -> float:
        return self.seconds

    def move(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass
class Answer:
    """A raw answer: `code` is the error code of the body, empty if there is none."""

    status: int
    headers: dict[str, str]
    body: bytes
    code: str = field(default="")


@contextmanager
def account(fake: MnsFake, key_id: str = LOCAL_KEY_ID, secret: str = LOCAL_SECRET, token: str = "") -> Iterator[Any]:
    """The SDK's own Account; its connection is closed at the end, as the SDK never does."""
    client = Account(fake.url, key_id, secret, security_token=token)
    try:
        yield client
    finally:
        client.get_client().http.conn.close()


def refused(work: Callable[[], object]) -> str:
    """The code with which the server refuses."""
    with pytest.raises(MNSServerException) as caught:
        work()
    return str(caught.value.type)


def broken(work: Callable[[], object]) -> str:
    """The word of the SDK for an answer that never came or cannot be read."""
    with pytest.raises(MNSClientNetworkException) as caught:
        work()
    return str(caught.value.type)


def signed(
    fake: MnsFake,
    method: str,
    target: str,
    body: bytes = b"",
    *,
    key_id: str = LOCAL_KEY_ID,
    secret: str = LOCAL_SECRET,
    headers: dict[str, str | None] | None = None,
) -> Answer:
    """A request signed by the stand-in's own signer. `headers` replace the usual ones; None leaves one out."""
    usual = {"Date": formatdate(time.time(), usegmt=True), "x-mns-version": "2015-06-06"}
    if body:
        usual |= {"Content-MD5": content_md5(body), "Content-Type": "text/xml"}
    wanted = {**usual, **(headers or {})}
    message = Headers()
    for name, value in wanted.items():
        if value is not None:
            message[name] = value
    if "Authorization" not in wanted:
        message["Authorization"] = f"MNS {key_id}:{sign(secret, method, target, message)}"
    return raw(fake, method, target, body, dict(message.items()))


def raw(fake: MnsFake, method: str, target: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
    connection = http.client.HTTPConnection(fake.url.removeprefix("http://"), timeout=10)
    try:
        connection.request(method, target, body or None, headers or {})
        reply = connection.getresponse()
        data = reply.read()
        return Answer(reply.status, dict(reply.getheaders()), data, _code(data))
    finally:
        connection.close()


def _code(data: bytes) -> str:
    if b"<Error " not in data:
        return ""
    return ElementTree.fromstring(data).findtext("{*}Code") or ""
