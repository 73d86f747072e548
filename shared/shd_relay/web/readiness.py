"""Which part of the relay is ill, and what to do: one check a part, as values of application/health+json."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from shd_relay import freshness, times
from shd_relay.errors import ContractError, RelayError
from shd_relay.model import LIST_EVENTS
from shd_relay.records import MUTE_POLLS
from shd_relay.web import age
from shd_relay.web.ask import Ask
from shd_relay.web.facts import Facts
from shd_relay.web.workings import Asking, Workings

Status = Literal["pass", "warn", "fail"]
WORST: tuple[Status, ...] = ("fail", "warn", "pass")

LONG_UNPUBLISHED = timedelta(minutes=10)
LATELY = timedelta(minutes=10)  # an answer that throttled so long ago is still worth a word


class Check(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """One part. `since`: when the illness began, as far as it is known. `output`: what is wrong, and what to do."""

    status: Status
    observed_value: str | float | None = None
    observed_unit: str | None = None
    since: str | None = None
    output: str | None = None


Checks = Iterator[tuple[str, Check]]


def worst(checks: dict[str, Check]) -> Status:
    found = {check.status for check in checks.values()}
    return next(status for status in WORST if status in found)


def store(error: RelayError | None, facts: Facts | None) -> Check:
    """`error`: what reading it raised. `facts`: the last copy, if there is one."""
    if error is None and facts and not facts.unreadable:
        return Check(status="pass")
    what = str(error) if error else "it did not answer some seconds ago"
    then = "answers come from the last copy" if facts else "there is no copy to answer from"
    who = "a person has to mend it" if isinstance(error, ContractError) else "it is asked again by itself"
    return Check(status="fail", output=f"the store: {what}; {then}, {who}")


def of_facts(ask: Ask, facts: Facts) -> Checks:
    """What the poll record tells."""
    yield "poller", _poller(ask, facts)
    yield "source", _source(ask, facts)


def of_workings(ask: Ask, known: Workings) -> Checks:
    for operation in known.asking.operations:
        yield f"operation:{operation}", _operation(operation, known.asking, ask.now)
    yield "topic", _topic(ask, known)
    yield "parked", _parked(known)


def _poller(ask: Ask, facts: Facts) -> Check:
    record = facts.record
    if record is None:
        output = "no poll has come to its end yet: look whether the timer runs, and at the log of the poll function"
        return Check(status="fail", output=output)
    passed = (ask.now - record.finished).total_seconds()
    if passed <= freshness.INTERVALS * ask.site.interval_seconds:
        return Check(status="pass", observed_value=round(passed, 3), observed_unit="s")
    return Check(
        status="fail", observed_value=round(passed, 3), observed_unit="s", since=times.text(record.finished),
        output="no poll has come to its end for three intervals: look whether the timer runs, and at `state` and"
        " `error` in the log of the poll function",
    )  # fmt: skip


def _source(ask: Ask, facts: Facts) -> Check:
    state, record = age.source_state(ask, facts), facts.record
    if state == "fresh":
        return Check(status="pass", observed_value=state)
    since = times.text_or_none(record.complete_at if record else None)
    if state == "stale":
        output = "over half of the pairs were not read lately: look at `reasons` and `unread` in the poll's log line"
        return Check(status="warn", observed_value=state, since=since, output=output)
    output = "no complete answer lately: look at the poller first, then at `reasons` in the poll's log line"
    return Check(status="fail", observed_value=state, since=since, output=output)


def _operation(name: str, asking: Asking, now: datetime) -> Check:
    if refused := asking.refused.get(name):
        output = f"refused until a person mends it: {refused.reason}; it is asked again once an hour"
        return Check(status="warn", observed_value="refused", since=times.text(refused.since), output=output)
    if (polls := asking.mute.get(name, 0)) >= MUTE_POLLS:
        output = f"no answer for {polls} polls: look at `reasons` in the poll's log line"
        return Check(status="warn", observed_value="fails", output=output)
    pace = asking.pace
    if name == LIST_EVENTS and pace and pace.throttled_at and now - pace.throttled_at < LATELY:
        output = f"throttled; it now bears {pace.rate:g} calls a second: watch fewer pairs if the source turns stale"
        return Check(status="warn", observed_value="throttled", since=times.text(pace.throttled_at), output=output)
    return Check(status="pass")


def _topic(ask: Ask, known: Workings) -> Check:
    """A backlog that drains within some intervals is an outage's burst, and no illness of ours."""
    waiting, oldest = known.backlog.waiting, known.backlog.oldest
    waits = ask.now - oldest if oldest else timedelta()
    if waits <= timedelta(seconds=freshness.INTERVALS * ask.site.interval_seconds):
        return Check(status="pass", observed_value=waiting, observed_unit="changes")
    return Check(
        status="fail" if waits > LONG_UNPUBLISHED else "warn",
        observed_value=waiting, observed_unit="changes", since=times.text_or_none(oldest),
        output="changes wait for the topic: look at `stopped` in the poll's log line; nothing is lost, they go out in"
        " order",
    )  # fmt: skip


def _parked(known: Workings) -> Check:
    messages, items = known.parked_messages, known.parked_items
    if not messages and not items:
        return Check(status="pass", observed_value=0)
    return Check(
        status="warn", observed_value=len(messages) + len(items),
        since=times.text(min(each.at for each in (*messages, *items))),
        output=f"put aside: {len(messages)} of the messages, which the topic refused, and {len(items)} of SHD's items,"
        " which cannot be read: look at them (docs/operations.md, Parked things)",
    )  # fmt: skip
