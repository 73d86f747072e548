"""Everything at once: 42 products in 35 regions fail, each with a text of 20 KB, within one poll."""

from __future__ import annotations

import json
import random
from datetime import datetime, timedelta, timezone
from itertools import product as pairs_of

import pytest

from local.clock import MovedClock
from local.cloud import LocalCloud, Watch
from local.fakes.status import ShownEvent
from local.stores import StoreName

PRODUCTS = tuple(f"product-{n}" for n in range(42))
REGIONS = tuple(f"cn-region-{n}" for n in range(35))
NOW = datetime(2026, 3, 1, tzinfo=timezone.utc)
WORDS = [
    "disk",
    "latency",
    "zone",
    "cooling",
    "network",
    "degraded",
    "recovering",
    "engineers",
    "restart",
    "rack",
    "power",
    "instance",
    "storage",
]


def text(number: int) -> str:
    """20 KB that no two pairs share and that compress as prose does."""
    rng = random.Random(number)  # noqa: S311
    words = (f"{rng.choice(WORDS)}{rng.randrange(100)}" for _ in range(2_600))
    return f"{number:05} {' '.join(words)}"[:20_000].strip()


@pytest.mark.prove
@pytest.mark.parametrize("store", ["sqlite", "tablestore"])
def test_1470_pairs_with_texts_of_20_kb_are_committed_and_told_by_one_poll(store: StoreName) -> None:
    texts = {pair: text(number) for number, pair in enumerate(pairs_of(PRODUCTS, REGIONS))}
    with LocalCloud(Watch(products=PRODUCTS, regions=REGIONS), MovedClock(NOW), store=store) as cloud:
        assert json.loads(cloud.host.tick("poll").payload)["polled"] == 1470
        cloud.api.world.put(
            *(ShownEvent(product=p, region=r, title=title, start=NOW) for (p, r), title in texts.items())
        )
        cloud.clock.move(NOW + timedelta(minutes=1))
        report = json.loads(cloud.host.tick("poll").payload)
        while report["pending"]:  # on a machine that is too slow for its budget
            report = json.loads(cloud.host.tick("poll").payload)
        assert (report["state"], report["source"], report["error"]) == ("done", "fresh", None)
        cloud.clock.move(NOW + timedelta(minutes=2))
        assert json.loads(cloud.host.tick("poll").payload)["changes"] == 0
        heard = list(cloud.subscriber.drain())
        inbox = cloud.subscriber.inbox
        assert (len(inbox.seen), inbox.duplicates, inbox.out_of_order) == (1470, 0, 0)
        told = {(m["data"]["event"]["product"], m["data"]["event"]["region"]): m["data"]["event"] for m in heard}
        assert {pair: event["title"] for pair, event in told.items()} == texts
        assert {pair["status"] for pair in cloud.ask("/v1/status")["pairs"]} == {"incident"}
        one = told[PRODUCTS[7], REGIONS[7]]
        assert cloud.ask(f"/v1/events/{one['id']}")["title"] == one["title"]
