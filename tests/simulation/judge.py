"""The judge sits where a subscriber sits: it gets messages, and holds them against the world and the log.

lost        a committed change that neither arrived nor is     gaps       a revision that skips one, and that one is
            parked for a person                                           not parked either
conflicts   one (event, revision), two documents               back       a revision not seen before, after a later one
false_end   over without an end or NORMAL in the world;        view       the subscriber's view is not the world's,
            withdrawn or cancelled without a real absence                 or one event of the world has two identities
too_many    more duplicates than faults + lease expiries       kind       a kind that falls
docs        event documents or checkpoint behind the log    restless   commits, though nothing happens any more
quarrel     two operations contradict each other in public (two_world.py)
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from shd_relay import ledger
from shd_relay.message import of as message_of
from shd_relay.model import FEED, SHARD, START, Message
from shd_relay.ports import Store
from tests.simulation.upstream import Truth, World

LAWS = ("lost", "gaps", "conflicts", "back", "false_end", "view", "too_many", "kind", "docs", "restless", "quarrel")
ENDS = {"resolved", "completed"}
KINDS = ("notice", "maintenance", "incident")
_TAG = re.compile(r"[0-9a-f]{12}")
GRACE = timedelta(minutes=10)


class Judge:
    """The topic and its only subscriber. `problems` says what is wrong, by law."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.problems: list[tuple[str, str]] = []
        self.received = self.duplicates = 0
        self._bodies: dict[tuple[str, int], dict[str, Any]] = {}
        self._short: dict[tuple[str, int], bool] = {}
        self._skipped: set[tuple[str, int]] = set()
        self.slack = timedelta()
        self.view: dict[str, dict[str, Any]] = {}

    def clocks_are_off_by(self, slack: timedelta) -> None:
        """What a poll says of when it looked is so much wrong, and the ten minutes of a disappearance mean nothing."""
        self.slack = max(self.slack, slack)

    def publish(self, message: Message) -> None:
        self.received += 1
        body = json.loads(message.body)
        short = body["data"].pop("truncated", False)  # a notice in the place of a refused message says less
        event = body["data"]["event"]
        key = (event["id"], event["revision"])
        last = self.view.get(key[0])
        if key in self._bodies:
            self.duplicates += 1
            if self._bodies[key] != body and not short | self._short.get(key, False):
                self._blame("conflicts", f"{message.id} says two things: {self._bodies[key]} and {body}")
            return
        self._bodies[key], self._short[key] = body, short
        before = last["revision"] if last else 0
        if key[1] <= before:
            self._blame("back", f"{message.id} arrives after revision {before}")
            return
        self._skipped.update((key[0], revision) for revision in range(before + 1, key[1]))
        self.view[key[0]] = event
        if event["id"] != FEED:
            self._check(body, last)

    def verdict(self, store: Store, now: datetime, *, allowed: int, late: int) -> list[tuple[str, str]]:
        """All problems, once everything is quiet. `allowed`: faults and lease expiries, as many duplicates are fine;
        `late`: changes that the last poll committed, long after anything happened."""
        if late:
            self._blame("restless", f"{late} changes in the last poll, though nothing happens any more")
        if self.duplicates > allowed:
            self._blame("too_many", f"{self.duplicates} duplicates for {allowed} faults and lease expiries")
        parked = {parked.key for parked in store.list_parked(SHARD)}
        for placed in ledger.changes_after(store, START):
            key = (placed.change.event.id, placed.change.event.revision)
            if not placed.change.pushed or key in self._bodies:
                continue
            if f"message:{key[0]}.{key[1]}" in parked:  # it stands in /v1/changes, where a consumer finds it
                self._skipped.discard(key)
                self._heal(placed)
            else:
                self._blame("lost", f"{key[0]}.{key[1]} ({placed.change.verb}) is committed, and never arrived")
        for id_, revision in sorted(self._skipped):
            self._blame("gaps", f"{id_}.{revision} was skipped")
        self._compare_views(now)
        self._compare_store(store)
        return self.problems

    def _heal(self, placed: ledger.Placed) -> None:
        event = message_of(*placed, None).body
        told = json.loads(event)["data"]["event"]
        if told["revision"] > self.view.get(told["id"], {"revision": 0})["revision"]:
            self.view[told["id"]] = told

    def _blame(self, law: str, text: str) -> None:
        self.problems.append((law, text))

    def _check(self, body: Mapping[str, Any], before: Mapping[str, Any] | None) -> None:
        data, event = body["data"], body["data"]["event"]
        verb, truth = data["change"], self._truth(event)
        seen = datetime.fromisoformat(data["observedAt"].replace("Z", "+00:00"))
        ends = {_text(end) for end in (*truth.came, truth.item.end)}
        if verb in ENDS:
            by_end = event["endTime"] and event["endTime"] in ends and event["endTime"] <= _text(seen)
            if not by_end and not (event["severity"] == "NORMAL" and truth.was_normal):
                self._blame("false_end", f"{verb} of {event['title']}, which had no end by {seen}")
        least = timedelta() if self.slack else GRACE
        if (
            verb in {"withdrawn", "cancelled"}
            and not event["mergedInto"]
            and not self._is_gone(event, truth, seen, least)
        ):
            self._blame("false_end", f"{verb} of {event['title']}, which was there")
        if verb == "started" and event["startTime"] > _text(seen):
            self._blame("false_end", f"started before its start: {event['title']}")
        if before and KINDS.index(event["kind"]) < KINDS.index(before["kind"]):
            self._blame("kind", f"{event['title']} falls from {before['kind']} to {event['kind']}")

    def _compare_views(self, now: datetime) -> None:
        by_tag: dict[str, list[dict[str, Any]]] = {}
        for event in self.view.values():
            if event["id"] != FEED and not event["mergedInto"]:
                by_tag.setdefault(self._truth(event).tag, []).append(event)
        for tag, truth in self.world.truths.items():
            told = by_tag.get(tag, [])
            if truth.past:
                if told:
                    self._blame("false_end", f"history was told as news: {truth.item.title}")
            elif len(told) > 1:
                self._blame("view", f"{tag} has {len(told)} identities")
            elif not told and truth.listed:
                self._blame("view", f"nobody was told of {truth.item.title}")
            elif told and (wrong := self._differences(told[0], truth, now)):
                self._blame("view", f"{truth.item.title}: {wrong}")
        if FEED in self.view and self.view[FEED]["state"] != "resolved":
            self._blame("view", "the source has long recovered, and subscribers do not know")

    def _compare_store(self, store: Store) -> None:
        state = ledger.fold(ledger.EMPTY, store.read_log(SHARD, 0, 1_000_000))
        for id_, event in state.events.items():
            blob = store.load_document(id_)
            if blob is None or ledger.decode_document(blob) != event:
                self._blame("docs", f"the document of {id_} is not the log's")
        checkpoint = store.load_checkpoint(SHARD)
        if state.seq and (checkpoint is None or checkpoint.seq != state.seq):
            self._blame("docs", f"the checkpoint is not at the log's head, {state.seq}")

    def _is_gone(self, event: Mapping[str, Any], truth: Truth, seen: datetime, least: timedelta) -> bool:
        return truth.gone_by(seen, least, self.slack)

    def _differences(self, event: Mapping[str, Any], truth: Truth, now: datetime) -> dict[str, Any]:
        return _differences(event, truth, now)

    def _truth(self, event: Mapping[str, Any]) -> Truth:
        found = _TAG.search(event["title"])
        assert found, event
        return self.world.truths[found[0]]


def _differences(event: Mapping[str, Any], truth: Truth, now: datetime) -> dict[str, Any]:
    if not truth.listed:
        # Whose announced end came before its disappearance was confirmed may be told as over: the end was evidence.
        fine = {"withdrawn", "cancelled"} | ({"resolved"} if truth.over(now) else set())
        return {} if event["state"] in fine else {"state": event["state"], "expected": sorted(fine)}
    state = "resolved" if truth.over(now) else "scheduled" if truth.ahead(now) else "open"
    item = truth.item
    wanted = {
        "title": item.title, "severity": item.severity, "startTime": _text(item.start), "endTime": _text(item.end),
        "state": state,
    }  # fmt: skip
    return {name: (event[name], value) for name, value in wanted.items() if event[name] != value}


def _text(moment: datetime | None) -> str | None:
    """As a message shows it; written anew here, so that a mistake of the relay's own is not the judge's."""
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def by_law(problems: list[tuple[str, str]]) -> Counter[str]:
    return Counter(law for law, _ in problems)
