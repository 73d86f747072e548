"""Sits where a subscriber sits, and holds what it heard against the log and the script. Only reads.

lost             a committed change that never arrived
gaps             the first sight of a revision that skips one
false resolved   an end that the script does not know of by then
out of order     a revision first seen after a later one
id conflicts     one event and revision, two bodies, or another body than /v1/changes would tell; or what was never
                 committed
wrong view       the subscriber's view is not the script's, or a document or the checkpoint is behind the log
too many         more duplicates than were allowed
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from local.fakes.status import ShownEvent
from shd_relay import ledger, message
from shd_relay.model import FEED, SHARD, START
from shd_relay.ports import ReadStore

LAWS = ("lost", "gaps", "false resolved", "out of order", "id conflicts", "wrong view", "too many")
OVER = {"resolved", "completed", "withdrawn", "cancelled"}


class Verdict(NamedTuple):
    """`problems`: (law, what is wrong)."""

    changes: int
    delivered: int
    duplicates: int
    problems: list[tuple[str, str]]


def judge(heard: Sequence[str], store: ReadStore, script: Sequence[ShownEvent], now: datetime, allowed: int) -> Verdict:
    """Once all is quiet. `allowed`: how many duplicates are fine."""
    problems: list[tuple[str, str]] = []
    first, duplicates = _first_sights(heard, problems)
    wanted = _committed(store)
    problems += [("lost", id_) for id_ in wanted if id_ not in first]
    for id_, body in first.items():
        if body not in wanted.get(id_, ()):
            problems.append(("id conflicts", f"{id_} was heard as {body}, and the log says {wanted.get(id_)}"))
    view = _view(first.values(), {each.title.partition(":")[0]: each for each in script}, problems)
    problems += _view_problems(view, script, now)
    problems += _store_problems(store)
    if duplicates > allowed:
        problems.append(("too many", f"{duplicates} duplicates, and {allowed} may be"))
    return Verdict(len(wanted), len(first), duplicates, problems)


def _first_sights(heard: Sequence[str], problems: list[tuple[str, str]]) -> tuple[dict[str, str], int]:
    """Each message that was not heard before, by id, in order; and how many were."""
    first: dict[str, str] = {}
    for body in heard:
        id_ = json.loads(body)["id"]
        if first.setdefault(id_, body) != body:
            problems.append(("id conflicts", f"{id_} says two things: {first[id_]} and {body}"))
    return first, len(heard) - len(first)


def _committed(store: ReadStore) -> dict[str, tuple[str, str]]:
    """By id what /v1/changes tells, and the short notice that goes in its place when the topic refuses it."""
    return {
        (full := message.of(*placed, None)).id: (full.body, message.notice_of(*placed, None).body)
        for placed in ledger.changes_after(store, START)
        if placed.change.pushed
    }


def _view(bodies: Any, script: dict[str, ShownEvent], problems: list[tuple[str, str]]) -> dict[str, dict[str, Any]]:
    """The last revision of each event, by the consumer's rule."""
    view: dict[str, dict[str, Any]] = {}
    for body in bodies:
        told = json.loads(body)
        event = told["data"]["event"]
        before = view[event["id"]]["revision"] if event["id"] in view else 0
        if event["revision"] != before + 1:
            law = "gaps" if event["revision"] > before else "out of order"
            problems.append((law, f"{told['id']} after revision {before}"))
        view[event["id"]] = event
        shown = script.get(event["title"].partition(":")[0])
        if told["data"]["change"] in OVER and not _has_ended(shown, event, told["data"]["observedAt"]):
            problems.append(("false resolved", body))
    return view


def _has_ended(shown: ShownEvent | None, event: dict[str, Any], observed: str) -> bool:
    """By the script: it has ended, is normal again, or is listed no more by then; and the end told is the script's."""
    assert shown, "every title begins with its event's tag"
    end = event["endTime"]
    return _state(shown, _moment(observed)) == "over" and (end is None or _moment(end) == shown.end)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _state(shown: ShownEvent, now: datetime) -> str:
    seen = shown.at(now)
    if seen is None:
        return "over"
    ended = seen.end is not None and seen.end <= now
    if seen.start > now and seen.severity == "NOTIFICATION":
        return "scheduled"
    return "over" if ended or (seen.severity == "NORMAL" and seen.start <= now) else "open"


def _view_problems(
    view: dict[str, dict[str, Any]], script: Sequence[ShownEvent], now: datetime
) -> list[tuple[str, str]]:
    told = [event for event in view.values() if event["id"] != FEED]
    twice = [tag for tag, n in Counter(event["title"].partition(":")[0] for event in told).items() if n > 1]
    twins = [("wrong view", f"{tag} has two identities") for tag in twice]
    by_tag = {event["title"].partition(":")[0]: event for event in told}
    problems = twins + [
        ("wrong view", f"{shown.title[:40]}: {wrong}")
        for shown in script
        if (wrong := _differences(by_tag.get(shown.title.partition(":")[0]), shown, now)) is not None
    ]
    if FEED in view and view[FEED]["state"] != "resolved":
        problems.append(("wrong view", "the source has recovered, and the subscriber does not know"))
    return problems


def _differences(event: dict[str, Any] | None, shown: ShownEvent, now: datetime) -> object:
    """What the subscriber has wrong of an event; None: nothing."""
    state, seen = _state(shown, now), shown.at(now) or shown
    if event is None:
        return None if state == "over" else "nobody was told of it"
    if (event["state"] in OVER) != (state == "over") or (state != "over" and event["state"] != state):
        return f"{event['state']}, and it is {state}"
    title, last = event["title"], shown.at(now) is None
    if not last and (event["severity"] != seen.severity or title.rstrip("…") != seen.title[: len(title.rstrip("…"))]):
        return f"{event['severity']} {title[:40]}"
    return None


def _store_problems(store: ReadStore) -> list[tuple[str, str]]:
    state = ledger.fold(ledger.EMPTY, store.read_log(SHARD, 0, 1_000_000))
    problems = []
    for id_, event in state.events.items():
        blob = store.load_document(id_)
        if blob is None or ledger.decode_document(blob) != event:
            problems.append(("wrong view", f"the document of {id_} is not the log's"))
    checkpoint = store.load_checkpoint(SHARD)
    if state.seq and (checkpoint is None or checkpoint.seq != state.seq):
        problems.append(("wrong view", f"the checkpoint is not at the log's head, {state.seq}"))
    return problems
