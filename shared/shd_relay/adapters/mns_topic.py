"""The MNS topic, through the vendor's SDK and around its traps (mns.md 1.4-1.9, 6.5)."""

from __future__ import annotations

import hashlib
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from shd_relay import clock
from shd_relay.adapters.credentials import Credentials
from shd_relay.adapters.mns_refusals import Failure, check_module, judge
from shd_relay.adapters.watchdog import hang_up
from shd_relay.errors import ContractError, MessageRefused, PublishUnavailable
from shd_relay.model import Message

MOST_BYTES = 65_536
_PAUSE = (0.1, 0.3)  # seconds, times the number of the try
_ALTERED_BY_XML = re.compile(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _Sdk(NamedTuple):
    """The three names of the SDK that publishing needs."""

    client: Any
    topic: Any
    message: Any


class MnsPublisher:
    """Implements ports.Publisher. One for each invocation, used by one thread: the SDK's client is not thread-safe.

    `deadline` is in `clock.monotonic` seconds; a try ends by then, and after `timeout_seconds` at the latest. `pause`
    waits the given seconds between tries.
    """

    def __init__(
        self, endpoint: str, topic: str, credentials: Credentials, *,
        deadline: float, timeout_seconds: float = 5.0, tries: int = 3, pause: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        self._endpoint = endpoint
        self._topic = topic
        self._credentials = credentials
        self._deadline = deadline
        self._timeout = timeout_seconds
        self._tries = tries
        self._pause = pause
        self._client: Any = None

    def publish(self, message: Message) -> None:
        """See ports.Publisher. Every try sends the same body; on a lost connection the SDK sends it anew by itself."""
        _check(message)
        sdk = _sdk()
        tried = 0
        while True:
            left = self._deadline - clock.monotonic()
            if left <= 0:
                raise PublishUnavailable("no time left in this poll to publish", code="Deadline")
            failure = self._try(sdk, message, min(left, self._timeout))
            if failure is None:
                return
            tried += 1
            self.close()
            rest = random.uniform(*_PAUSE) * tried  # noqa: S311 - jitter
            last = tried >= min(self._tries, failure.tries) or clock.monotonic() + rest >= self._deadline
            if last or not failure.again:
                raise failure.error
            self._pause(rest)

    def close(self) -> None:
        """Lets go of the connection; the next publish opens another."""
        client, self._client = self._client, None
        if client is not None:
            client.close_connection()

    def _try(self, sdk: _Sdk, message: Message, seconds: float) -> Failure | None:
        """One request, with a new signature; None when the topic accepted the very bytes."""
        try:
            client = self._connected(sdk, seconds)
            with _deadline(client.http.conn, seconds) as over:
                try:
                    answer = sdk.topic(self._topic, client).publish_message(
                        sdk.message(message_body=message.body, message_tag=message.tag)
                    )
                except Exception:
                    if over.is_set():
                        error = PublishUnavailable(f"the topic gave no answer within {seconds:.3g} s", code="Deadline")
                        return Failure(error, again=True)
                    raise
        except Exception as raised:  # noqa: BLE001 - KeyError, TypeError and more escape the SDK's own tree
            return judge(raised, self._credentials, self._topic)
        sent = hashlib.md5(message.body.encode(), usedforsecurity=False).hexdigest()
        if answer.message_body_md5.lower() != sent:
            said = "the topic confirmed other bytes than were sent"
            return Failure(PublishUnavailable(said, code="RespDataDamaged"), again=True)
        return None

    def _connected(self, sdk: _Sdk, seconds: float) -> Any:
        """The client, new after each failure, with a timeout: over https the SDK sets none and ignores its setter."""
        if self._client is None:
            given = self._credentials
            self._client = sdk.client(
                host=self._endpoint,
                access_id=given.access_key_id,
                access_key=given.access_key_secret,
                security_token=given.security_token,  # by name: the fourth argument is the version
            )
        connection = self._client.http.conn
        connection.timeout = connection.connection_timeout = seconds
        if connection.sock is not None:
            connection.sock.settimeout(seconds)
        return self._client


def _sdk() -> _Sdk:
    """Imported here: only the function that publishes pays for it. Raises ContractError for any other module `mns`."""
    try:
        from mns import pkg_info

        check_module(pkg_info)
        from mns.mns_client import MNSClient
        from mns.topic import Topic, TopicMessage
    except ImportError as error:
        raise ContractError(f"aliyun-mns-sdk 1.3.0 is not in the bundle: {error}", code="WrongModule") from error
    return _Sdk(MNSClient, Topic, TopicMessage)


def _check(message: Message) -> None:
    """What the SDK would send all the same, damaged or in vain."""
    if not isinstance(message.body, str):  # a dict would go out as nested XML
        raise MessageRefused("the body is no text", code="MessageBodyInvalid")
    if _ALTERED_BY_XML.search(message.body + message.tag):
        raise MessageRefused("it holds characters that XML cannot carry unchanged", code="MessageBodyInvalid")
    size = len(message.body.encode())
    if size > MOST_BYTES:
        raise MessageRefused(f"it has {size} bytes, and the topic takes {MOST_BYTES}", code="MessageBodyInvalid")


@contextmanager
def _deadline(connection: Any, seconds: float) -> Iterator[threading.Event]:
    """Ends what runs on the connection after so many seconds, drip by drip or not; the event says that it did.

    Without `auto_open` the SDK cannot send the message again by itself after that.
    """
    over = threading.Event()

    def end() -> None:
        over.set()
        connection.auto_open = 0
        hang_up(getattr(connection, "sock", None))

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield over
    finally:
        timer.cancel()
        timer.join()
