"""The stand-in as one object: its life, its faults, and what tests and people may see of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime

from local.fakes.loopback import LoopbackServer, Reply, Request
from local.fakes.mns.account import Account, Delivery
from local.fakes.mns.auth import LOCAL_KEYS, Key
from local.fakes.mns.faults import Armed, Call, Fault, When
from local.fakes.mns.queues import QueuedMessage, inspect
from local.fakes.mns.serving import Serving
from local.fakes.mns.settings import Settings
from local.fakes.mns.state_page import answer_page, state_of_account
from local.fakes.mns.topics import Published, Subscription, Topic


class MnsFake:
    """MNS on 127.0.0.1. State belongs to the object and survives `stop` and `start`: an outage, not a loss.

    `clock` gives message times and moves visibility, delay, retention and the validity of temporary keys; `wall_clock`
    (epoch seconds) judges the Date header. `keys` may be changed while it runs. Every method is safe from any thread.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        keys: Mapping[str, Key] = LOCAL_KEYS,
        clock: Callable[[], datetime | float] = time.time,
        wall_clock: Callable[[], float] = time.time,
        account: str = "1234567890",
        region: str = "local",
    ) -> None:
        self.keys = dict(keys)
        self.account = account
        self.region = region
        self._state = Account(account=account, region=region, clock=clock)
        self._lock = self._state.changed
        self._serving = Serving(account=self._state, keys=self.keys, wall_clock=wall_clock)
        self._server = LoopbackServer(self._answer, port=port)

    @property
    def url(self) -> str:
        """Known once it was started; the same after a stop and a start."""
        return self._server.url

    def start(self) -> MnsFake:
        self._server.start()
        return self

    def stop(self) -> None:
        """Drops every connection, long polls and hanging requests too. What is stored stays."""
        with self._lock:
            self._state.serving += 1
            self._lock.notify_all()
        self._server.stop()

    def reset(self) -> None:
        """Forgets topics, queues, messages, calls and faults; the keys stay."""
        with self._lock:
            self._state.reset()
            self._serving.calls.clear()
            self.heal()

    def __enter__(self) -> MnsFake:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def create_topic(self, name: str, **attributes: int | str) -> None:
        """Attributes by their names on the wire, as `MaximumMessageSize=1024`. Raises MnsError where the wire would."""
        with self._lock:
            self._state.create_topic(name, {key: str(value) for key, value in attributes.items()})

    def create_queue(self, name: str, **attributes: int | str) -> None:
        """Like `create_topic`: `create_queue("q", VisibilityTimeout=5)`."""
        with self._lock:
            self._state.create_queue(name, {key: str(value) for key, value in attributes.items()})

    def subscribe(
        self, topic: str, name: str, *, queue: str, filter_tag: str = "", content_format: str = "SIMPLIFIED"
    ) -> None:
        """`filter_tag` empty takes every message; `content_format` is XML, JSON or SIMPLIFIED."""
        parts = {"Endpoint": self.queue_endpoint(queue), "NotifyContentFormat": content_format}
        with self._lock:
            self._state.subscribe(topic, name, {**parts, **({"FilterTag": filter_tag} if filter_tag else {})})

    def queue_endpoint(self, queue: str) -> str:
        return f"acs:mns:{self.region}:{self.account}:queues/{queue}"

    def fail(
        self, fault: Fault, *, times: int | None = 1, when: When | None = None, delay_seconds: float = 0.0
    ) -> None:
        """The next `times` calls (None: all) that `when` accepts (None: any call) go wrong, until `heal`.

        `delay_seconds` is for SLOW. `when` runs under the lock of the stand-in, once for each request that arrives.
        """
        with self._lock:
            self._serving.faults.arm(Armed(fault=fault, left=times, when=when, delay_seconds=delay_seconds))

    def heal(self) -> None:
        """Disarms every fault, ends what hangs, and delivers each message in order and once again."""
        with self._lock:
            self._serving.faults.heal()
            self._serving.healed += 1
            self._state.delivery = Delivery()
            self._lock.notify_all()

    def deliver(self, *, copies: int = 1, newest_first: bool = False) -> None:
        """From now on topics put each message `copies` times into a queue, or before the messages that wait there."""
        with self._lock:
            self._state.delivery = Delivery(copies=copies, newest_first=newest_first)

    @property
    def topics(self) -> dict[str, Topic]:
        with self._lock:
            return dict(self._state.topics)

    @property
    def queues(self) -> dict[str, Settings]:
        """The settings of each queue, by name."""
        with self._lock:
            return {name: dict(queue.settings) for name, queue in self._state.queues.items()}

    @property
    def calls(self) -> tuple[Call, ...]:
        with self._lock:
            return tuple(self._serving.calls.values())

    @property
    def polling(self) -> int:
        """How many long polls wait at this moment."""
        with self._lock:
            return self._state.polling

    def subscriptions(self, topic: str) -> tuple[Subscription, ...]:
        with self._lock:
            return tuple(each for (name, _), each in self._state.subscriptions.items() if name == topic)

    def published(self, topic: str | None = None) -> tuple[Published, ...]:
        """What the topic (None: any topic) took, in order, deleted topics included."""
        with self._lock:
            return tuple(each for each in self._state.published if topic in (None, each.topic))

    def messages(self, queue: str) -> tuple[QueuedMessage, ...]:
        """All messages of a queue in the order they come out, hidden ones included. MnsError: no such queue."""
        with self._lock:
            now = self._state.now()
            return tuple(inspect(message, now) for message in self._state.queue(queue).messages(now))

    def wait_until(self, condition: Callable[[], bool], *, timeout_seconds: float = 10.0) -> bool:
        """Blocks until `condition`, looked at after every change, holds; False when the time is over."""
        with self._lock:
            return self._lock.wait_for(condition, timeout_seconds)

    def state(self) -> dict[str, object]:
        """What the page /_local/state shows: plain values, without credentials."""
        with self._lock:
            return state_of_account(self._state, self.calls, self._serving.faults.describe())

    def _answer(self, request: Request) -> Reply:
        if request.target.startswith("/_local/"):
            return answer_page(request, self.state)
        return self._serving.answer(request, self.url)
