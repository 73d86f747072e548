"""Fires timer triggers on their real schedule, with the platform's treatment of asynchronous events."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from datetime import datetime, timezone

from local.fakes.fc.cron import next_fire
from local.fakes.fc.manifest import Function, TimerTrigger
from local.fakes.fc.pool import InvocationResult

FIRST_BACKOFF_SECONDS = 0.5  # after a throttled attempt; doubles


def timer_event(trigger: TimerTrigger, when: datetime) -> bytes:
    moment = when.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return json.dumps({"triggerTime": moment, "triggerName": trigger.name, "payload": trigger.payload}).encode()


def run_timer(
    function: Function,
    trigger: TimerTrigger,
    *,
    invoke: Callable[[bytes], InvocationResult],
    stop: threading.Event,
    clock: Callable[[], datetime],
    speed: float,
    on_result: Callable[[InvocationResult], None],
) -> None:
    """Until `stop`: waits for each instant of the schedule, then hands the event to a thread of its own.

    A run that is still going does not hold the next one back. `speed` divides every wait.
    """
    due = clock()
    deliveries: list[threading.Thread] = []
    wall = time.monotonic()
    while True:
        following = next_fire(trigger.cron, due)
        wall += (following - due).total_seconds() / speed
        due = following
        if stop.wait(max(0.0, wall - time.monotonic())):
            break
        event = timer_event(trigger, due)
        delivery = threading.Thread(
            target=_deliver,
            args=(function, event),
            kwargs={"invoke": invoke, "stop": stop, "speed": speed, "on_result": on_result},
        )
        delivery.start()
        deliveries = [thread for thread in deliveries if thread.is_alive()] + [delivery]
    for thread in deliveries:
        thread.join()


def _deliver(
    function: Function,
    event: bytes,
    *,
    invoke: Callable[[bytes], InvocationResult],
    stop: threading.Event,
    speed: float,
    on_result: Callable[[InvocationResult], None],
) -> None:
    """Tries until it worked, the retries are used up or the event is too old; every attempt is reported."""
    born = time.monotonic()
    retries, backoff = function.retries, FIRST_BACKOFF_SECONDS
    while not stop.is_set():
        result = invoke(event)
        on_result(result)
        if result.ok or (result.status != 429 and retries == 0):
            return
        if result.status != 429:
            retries -= 1
        stop.wait(backoff / speed)
        backoff *= 2
        if (time.monotonic() - born) * speed > function.event_age_seconds:
            return
