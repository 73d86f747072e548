"""`/metrics`: what the store knows, as Prometheus reads it. The function itself counts nothing: it is frozen between
requests and runs many times over.

Events and pairs are those of the token's scope, the plan and the tickets those of its partner; how the relay works is
the same for every operator.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Literal, get_args

import shd_relay
from shd_relay.errors import ContractError, UnavailableError
from shd_relay.freshness import PairStatus
from shd_relay.model import FEED, Kind, SourceState
from shd_relay.records import Meter
from shd_relay.web import age, exposition, metrics_plan, workings
from shd_relay.web.ask import Ask, View
from shd_relay.web.exposition import Family, Sample
from shd_relay.web.facts import Facts
from shd_relay.web.status_view import pair_views
from shd_relay.web.workings import Workings

_ROWS: tuple[tuple[str, Literal["gauge", "counter", "histogram"], str], ...] = (
    ("info", "gauge", "The version that answers; always 1."),
    ("store_up", "gauge", "Whether the store answered: 1, or 0 while only the last copy is known, or nothing."),
    ("poll_interval_seconds", "gauge", "How often a poll is meant to run."),
    ("source_state", "gauge", "1 for the state that the source as a whole is in, 0 for the others."),
    ("data_age_seconds", "gauge", "How long ago SHD last gave a complete answer."),
    ("last_complete_answer_timestamp_seconds", "gauge", "When SHD last gave a complete answer."),
    ("last_poll_timestamp_seconds", "gauge", "When a poll last came to its end."),
    ("pairs_watched", "gauge", "Pairs of product and region on the watch list."),
    ("pairs_stale", "gauge", "Pairs of the watch list whose last good read is too old."),
    ("pairs", "gauge", "Pairs of the watch list, by what they are shown as."),
    ("open_events", "gauge", "Events that go on, by kind."),
    ("pair_open_events", "gauge", "Events that go on, by pair and kind; only where there are some."),
    ("changes_total", "counter", "Changes told to subscribers since the log began, by kind of the event."),
    ("log_seq", "gauge", "The last entry of the log."),
    ("watermark_seq", "gauge", "The entry of the log up to which the topic has accepted the changes."),
    (
        "unpublished_changes", "gauge",
        "Changes that are committed and not yet accepted by the topic, counted up to 5000.",
    ),
    ("unpublished_oldest_age_seconds", "gauge", "How long ago the oldest of them was committed; 0 if there is none."),
    (
        "parked", "gauge",
        "What is put aside for a person: messages that the topic refused, items of SHD that cannot be read.",
    ),
    ("polls_total", "counter", "Polls that had the lease: done, or unfinished (died, overtaken, or the store failed)."),
    ("poll_duration_seconds", "histogram", "How long polls that came to their end took."),
    (
        "reads_total", "counter",
        "Reads by polls that came to their end: a pair of ListEvents, a look at all pairs of others.",
    ),
    ("operation_refused", "gauge", "Whether the operation is refused until a person mends something: 1 or 0."),
    ("operation_polls_without_answer", "gauge", "Polls in a row in which the operation gave no answer."),
    ("learned_calls_per_second", "gauge", "How fast SHD was found to bear being asked."),
    ("last_throttled_timestamp_seconds", "gauge", "When SHD last throttled."),
    ("commit_latency_seconds", "histogram", "From the read that first showed a change until it was committed."),
    ("accept_latency_seconds", "histogram", "From the commit of a change until the topic accepted its message."),
    (
        "publish_latency_seconds", "histogram",
        "From the read that first showed a change until the topic accepted its message.",
    ),
    ("counted_since_timestamp_seconds", "gauge", "Since when polls, reads and durations are counted."),
    *metrics_plan.ROWS,
)  # fmt: skip
FAMILIES = tuple(Family(f"shd_relay_{name}", kind, about) for name, kind, about in _ROWS)

Found = Iterator[tuple[str, list[Sample]]]
"""Names of families, without the prefix, and their samples."""


def metrics(ask: Ask) -> View:
    facts, known = _looked(ask)
    found: dict[str, list[Sample]] = dict(_of_site(ask, up=known is not None))
    found |= dict(_of_source(ask, facts)) | dict(metrics_plan.of_plan(ask))
    if facts:
        found |= dict(_of_events(ask, facts)) | {"log_seq": [Sample(facts.state.seq)]}
    if known:
        found |= dict(_of_work(ask, known)) | dict(_of_meter(known.meter))
    body = exposition.text((family, found.get(family.name.removeprefix("shd_relay_"), [])) for family in FAMILIES)
    return View(
        body=body,
        content_type=exposition.CONTENT_TYPE,
        headers=age.headers(ask, facts) if facts else (),
        as_of=age.as_of(facts, ask.viewer.pairs) if facts else None,
        store=False,
        lasting=False,
    )


def _looked(ask: Ask) -> tuple[Facts | None, Workings | None]:
    """What can be had: a store that is away is itself a figure, and no reason to say nothing."""
    facts = None
    try:
        facts = ask.look()
        return facts, None if facts.unreadable else workings.read(facts)
    except (UnavailableError, ContractError):
        return facts, None


def _of_site(ask: Ask, *, up: bool) -> Found:
    yield "info", [Sample(1, {"version": shd_relay.__version__})]
    yield "store_up", [Sample(up)]
    yield "poll_interval_seconds", [Sample(ask.site.interval_seconds)]
    yield "pairs_watched", [Sample(len(ask.viewer.pairs))]


def _of_source(ask: Ask, facts: Facts | None) -> Found:
    source = age.source_state(ask, facts) if facts else "blind"
    yield "source_state", [Sample(state == source, {"state": state}) for state in get_args(SourceState)]
    record = facts.record if facts else None
    if record is None:
        return
    yield "last_poll_timestamp_seconds", _moment(record.finished)
    yield "last_complete_answer_timestamp_seconds", _moment(record.complete_at)
    yield "data_age_seconds", _age(record.complete_at, ask.now)


def _of_events(ask: Ask, facts: Facts) -> Found:
    """Events and pairs, as far as the viewer may see them; changes only for who sees all, as only all are counted."""
    statuses = Counter(view.status for view in pair_views(ask, facts, ask.viewer.pairs))
    yield "pairs", [Sample(statuses[status], {"status": status}) for status in get_args(PairStatus)]
    yield "pairs_stale", [Sample(sum(age.is_stale(ask, facts, pair) for pair in ask.viewer.pairs))]
    opened = [e for e in facts.state.events.values() if e.state == "open" and e.id != FEED and ask.viewer.sees(e)]
    kinds = Counter(event.kind for event in opened)
    yield "open_events", [Sample(kinds[kind], {"kind": kind}) for kind in get_args(Kind) if kind != FEED]
    where = Counter((event.product, event.region, event.kind) for event in opened if event.kind != "drill")
    yield "pair_open_events", _by(("product", "region", "kind"), where.items())
    if not ask.viewer.limited:
        yield (
            "changes_total",
            _by(("kind", "change"), ((tuple(k.split(" ")), n) for k, n in facts.state.counts.items())),
        )


def _of_work(ask: Ask, known: Workings) -> Found:
    backlog, asking = known.backlog, known.asking
    yield "watermark_seq", [Sample(backlog.mark.seq)]
    yield "unpublished_changes", [Sample(backlog.waiting)]
    yield "unpublished_oldest_age_seconds", _age(backlog.oldest or ask.now, ask.now)
    parked = (("message", known.parked_messages), ("item", known.parked_items))
    yield "parked", [Sample(len(each), {"kind": kind}) for kind, each in parked]
    yield "operation_refused", [Sample(name in asking.refused, {"operation": name}) for name in asking.operations]
    yield "operation_polls_without_answer", _by(("operation",), (((name,), n) for name, n in asking.mute.items()))
    if asking.pace:
        yield "learned_calls_per_second", [Sample(asking.pace.rate)]
        yield "last_throttled_timestamp_seconds", _moment(asking.pace.throttled_at)


def _of_meter(meter: Meter | None) -> Found:
    if meter is None:
        return
    yield "counted_since_timestamp_seconds", _moment(meter.since)
    yield "polls_total", _by(("outcome",), (((word,), count) for word, count in meter.polls.items()))
    reads = (((name, word), count) for name, words in meter.reads.items() for word, count in words.items())
    yield "reads_total", _by(("operation", "outcome"), reads)
    yield "poll_duration_seconds", exposition.of_histogram(meter.times.get("poll"))
    for name in ("commit", "accept", "publish"):
        yield f"{name}_latency_seconds", exposition.of_histogram(meter.times.get(name))


def _by(names: tuple[str, ...], counts: Iterable[tuple[tuple[str, ...], int]]) -> list[Sample]:
    return [Sample(count, dict(zip(names, values, strict=True))) for values, count in sorted(counts)]


def _moment(at: datetime | None) -> list[Sample]:
    return [Sample(at.timestamp())] if at else []


def _age(since: datetime | None, now: datetime) -> list[Sample]:
    return [Sample(max(0.0, (now - since).total_seconds()))] if since else []
