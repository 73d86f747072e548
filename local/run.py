"""`make run`: the local cloud plays an incident through the two deployed functions, until Ctrl-C."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from local.clock import MovedClock
from local.cloud import KEY_ID, KEY_SECRET, PARTNER, QUEUE, TOPIC, LocalCloud, Watch
from local.incident import Incident
from local.replay import INTERVAL, Player, described
from local.stores import StoreName

BESIDE = ("fc", "cs")  # also watched, and never hit: so that the board shows something that is well


def run(
    incident: Incident, *, speed: float, port: int, tell: Callable[[str], None], store: StoreName = "sqlite"
) -> None:
    """Plays the incident at `speed`, then goes on in real time; ends with KeyboardInterrupt."""
    clock = MovedClock(incident.begin)
    products = (*incident.products, *(name for name in BESIDE if name not in incident.products))
    watch = Watch(products=products, regions=incident.regions)
    with LocalCloud(watch, clock, store=store, ports={"status": port}) as cloud:
        tell(_welcome(cloud, incident, speed))
        Player(incident, cloud, speed=speed, tell=tell).play()
        tell("The incident is over; the timer goes on once a minute. Ctrl-C ends everything.")
        _go_on(cloud, tell)


def _go_on(cloud: LocalCloud, tell: Callable[[str], None]) -> None:
    """In real time from where the incident ended."""
    shift = cloud.clock.now() - datetime.now(timezone.utc)
    while True:
        time.sleep(INTERVAL / timedelta(seconds=1))
        cloud.clock.move(datetime.now(timezone.utc) + shift)
        result = cloud.host.tick("poll")
        if not result.ok:
            tell(result.payload.decode(errors="replace"))
        for message in cloud.subscriber.drain():
            tell(described(message))


def _welcome(cloud: LocalCloud, incident: Incident, speed: float) -> str:
    url, day = cloud.status_url, incident.begin.date()
    pace = f"at {speed:g} times real speed" if speed else "as fast as it goes"
    return f"""\
The local cloud is up, on loopback only:
  status function   {url}/
  store             {cloud.store.address}
  stand-in of SHD   {cloud.api.url}
  stand-in of MNS   {cloud.mns.url}   topic {TOPIC}, queue {QUEUE}
                    AccessKey {KEY_ID} / {KEY_SECRET} (these stand-ins know it, nobody else does)

Open {url}/ in a browser: name {PARTNER}, password {cloud.token}
or ask:
  curl -H 'Authorization: Bearer {cloud.token}' {url}/v1/status
  curl -H 'Authorization: Bearer {cloud.token}' '{url}/v1/events?state=open'
  curl -H 'Authorization: Bearer {cloud.token}' {url}/metrics
Reports of the plan, in the browser:
  {url}/v1/reports/service-summary?from={day}&to={day}&format=html
What can send no header has the token in its address (a feed reader, a calendar, a client of Statuspage):
  {url}/f/{cloud.token}/feed.atom
  {url}/f/{cloud.token}/maintenance.ics
  {url}/f/{cloud.token}/api/v2/summary.json

The operator's command, in another terminal (the clock here is moved, so say when):
  export SHD_STORE={cloud.store.address} SHD_CONFIG={cloud.folder}/config.yaml
  .venv/bin/shd-relay ticket open --event ID --severity critical --at {day}T01:00Z
  .venv/bin/shd-relay ticket list

Playing {json.dumps(incident.name, ensure_ascii=False)} {pace}; times are UTC.
Each line below is a message that a subscriber of the topic received:
"""
