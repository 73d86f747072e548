"""Plays one incident to its end through the deployed functions, and judges from the subscriber's side.

Time is discrete: it moves when a poll has returned. The last line that is printed is one JSON object.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from local.clock import MovedClock
from local.cloud import LocalCloud, Watch
from local.fakes.status.incident import events_of_incident
from local.incident import Incident, next_step
from local.judge import judge
from local.outages import Outages
from local.stores import StoreName

INTERVAL = timedelta(seconds=60)


@dataclass
class Played:
    """What happened: reports of the polls, and what the status function answered after each."""

    polls: int = 0
    committed: list[dict[str, Any]] = field(default_factory=list)
    answers: list[tuple[datetime, dict[str, Any]]] = field(default_factory=list)


class Player:
    """Moves an incident through a local cloud, poll by poll."""

    def __init__(self, incident: Incident, cloud: LocalCloud, *, speed: float, tell: Callable[[str], None]) -> None:
        self._incident = incident
        self._cloud = cloud
        self._speed = speed
        self._tell = tell
        self._outages = Outages(cloud)
        self.played = Played()
        cloud.api.world.put(*events_of_incident(incident.document))

    def play(self) -> None:
        """To the end of the incident, and on until everything is delivered (at most an hour more)."""
        now, settled = self._incident.begin, False
        last = self._incident.end + timedelta(hours=1)
        story = iter(self._incident.timeline)
        line = next(story, None)
        while now < self._incident.end or (not settled and now < last):
            began = time.monotonic()
            self._cloud.clock.move(now)
            while line and line[0] <= now:
                self._tell(f"{_utc(line[0])}  on the ground: {line[1]}")
                line = next(story, None)
            settled = self._poll(now)
            following = self._following(now, settled=settled)
            self._wait((following - now).total_seconds(), began)
            now = following
        self._outages.follow(frozenset())

    def _following(self, now: datetime, *, settled: bool) -> datetime:
        """The time of the next poll; quiet stretches are polled hourly."""
        return next_step(self._incident, now, settled=settled, interval=INTERVAL)

    def _poll(self, now: datetime) -> bool:
        """One tick; whether everything that is known was delivered and nothing is wrong with the source."""
        self._outages.follow(self._incident.failing(now))
        result = self._cloud.host.tick("poll")
        self.played.polls += 1
        report = json.loads(result.payload) if result.ok else {"state": "failed", "error": result.payload.decode()}
        if report["state"] not in {"done", "busy"} or report.get("stopped"):
            self._tell(f"{_utc(now)}  poll: {report['state']}; {report.get('error') or report.get('stopped')}")
        for message in self._cloud.subscriber.drain():
            self._tell(described(message))
        self.played.answers.append((now, self.status()))
        return report["state"] == "done" and not report["pending"] and report["source"] == "fresh"

    def status(self) -> dict[str, Any]:
        """What /v1/status answers now; a refusal is shown as its problem."""
        return self._cloud.ask("/v1/status")

    def changes(self) -> Iterator[dict[str, Any]]:
        """Every change that the relay says it pushed or will push."""
        path = "/v1/changes?limit=200"
        while path:
            page = self._cloud.ask(path)
            yield from page["changes"]
            path = f"/v1/changes?limit=200&after={page['next']}" if page["next"] else ""

    def _wait(self, virtual_seconds: float, began: float) -> None:
        """SPEED is an upper bound: a poll that took longer than its share holds time back."""
        if self._speed > 0:
            time.sleep(max(0.0, virtual_seconds / self._speed - (time.monotonic() - began)))


def replay(
    incident: Incident, *, speed: float, tell: Callable[[str], None], store: StoreName = "sqlite"
) -> dict[str, Any]:
    """Plays it and returns the ledger that `make replay` prints; `speed` 0: as fast as it goes."""
    began = time.monotonic()
    clock = MovedClock(incident.begin)
    with LocalCloud(Watch(products=incident.products, regions=incident.regions), clock, store=store) as cloud:
        player = Player(incident, cloud, speed=speed, tell=tell)
        player.play()
        committed = list(player.changes())
        verdict = judge(incident, cloud.subscriber.inbox, committed)
        return {
            "incident": incident.name,
            "polls": player.played.polls,
            "changes": len(committed),
            "delivered": verdict.delivered,
            "lost": verdict.lost,
            "duplicates": verdict.duplicates,
            "out_of_order": verdict.out_of_order,
            "false_resolved": verdict.false_resolved,
            "still_open": verdict.still_open,
            "wall_seconds": round(time.monotonic() - began, 1),
        }


def described(message: dict[str, Any]) -> str:
    """One line for a terminal: the title, or the update that is new. What upstream wrote cannot move the cursor or
    change colours."""
    event = message["data"]["event"]
    new = event["updates"][-1:] if message["data"]["changed"] == ["updates"] else []
    text = new[0]["text"] if new else event["title"]
    title = "".join(c if c.isprintable() else " " for c in text)[:70]
    when = message["time"][5:16].replace("T", " ")
    return f"{when}  {event['kind']:<11} {message['data']['change']:<10} {message['subject']:<24} {title}"


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(timezone.utc):%m-%d %H:%M}"
