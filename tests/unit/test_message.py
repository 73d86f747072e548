from __future__ import annotations

import json
from typing import Any

import msgspec
from cloudevents.v1.http import from_json

from shd_relay import cursor, message
from shd_relay.model import Change, Entry, HealthEvent, Position, Update
from tests.world import ECS, minutes

PLACE = Position(7, 2)


def made(public_url: str | None = None, **more: Any) -> tuple[message.Message, dict[str, Any]]:
    event = HealthEvent(
        **{
            "id": "evt_a", "revision": 3, "kind": "incident", "product": ECS.product, "region": ECS.region,
            "title": "机房故障 <b>", "severity": "ALARM", "start": minutes(0), "state": "open", "since": minutes(1),
            "changed_at": minutes(1), **more,
        }
    )  # fmt: skip
    change = Change(verb="updated", event=event, observed_at=minutes(1), changed=("title",), previous={"title": "x"})
    entry = Entry(id="e", at=minutes(2), token=1, changes=(change,))
    sent = message.of(change, entry, PLACE, public_url)
    return sent, json.loads(sent.body)


def test_the_envelope_is_the_contract() -> None:
    sent, body = made()
    assert sent.tag == "incident"
    assert {k: body[k] for k in body if k != "data"} == {
        "specversion": "1.0", "id": "evt_a.3", "source": "urn:shd-relay:main",
        "type": "com.aliyun.shd.incident.updated.v1",
        "subject": "ecs/cn-hongkong", "time": "2022-12-18T01:02:00.000Z", "datacontenttype": "application/json",
        "dataschema": "urn:shd-relay:change:v1", "sequence": "0000000003", "cursor": cursor.encode(PLACE),
        "partitionkey": "evt_a",
    }  # fmt: skip
    assert body["data"] == {
        "change": "updated", "changed": ["title"], "previous": {"title": "x"}, "observedAt": "2022-12-18T01:01:00.000Z",
        "event": {
            "id": "evt_a", "revision": 3, "kind": "incident", "product": "ecs", "region": "cn-hongkong",
            "title": "机房故障 <b>", "severity": "ALARM", "startTime": "2022-12-18T01:00:00.000Z", "endTime": None,
            "updates": [], "state": "open", "inferred": False, "sources": [], "witness": False, "mergedInto": None,
        },
        "links": {"event": "/v1/events/evt_a", "page": "/"},
    }  # fmt: skip


def test_a_public_url_makes_links_and_schema_absolute() -> None:
    body = made("https://status.example.net")[1]
    assert body["data"]["links"]["event"] == "https://status.example.net/v1/events/evt_a"
    assert body["dataschema"].startswith("https://status.example.net/schemas/")


def test_an_independent_reader_of_cloudevents_takes_it() -> None:
    parsed = from_json(made()[0].body)
    assert (parsed["id"], parsed["partitionkey"], parsed.data["change"]) == ("evt_a.3", "evt_a", "updated")


def test_a_message_that_is_too_long_is_cut_visibly_and_keeps_what_identifies_it() -> None:
    updates = tuple(Update(at=minutes(n), text="更" * 20_000) for n in range(40))
    sent, body = made(title="很" * 50_000, severity="S" * 99_999, updates=updates)
    assert len(sent.body.encode()) <= message.BODY_BYTES
    assert body["data"]["truncated"] is True
    assert body["data"]["event"]["title"].endswith("…")
    assert (body["id"], body["data"]["event"]["id"], body["data"]["event"]["revision"]) == ("evt_a.3", "evt_a", 3)
    assert body["data"]["event"]["updates"][-1]["at"] == "2022-12-18T01:39:00.000Z"


def test_a_message_that_fits_is_not_cut() -> None:
    assert "truncated" not in made(title="t" * 20_000)[1]["data"]


def test_the_short_notice_of_a_refused_message_is_the_same_event_and_revision() -> None:
    sent, body = made(title="t" * 500)
    change = Change(
        verb="updated", observed_at=minutes(1),
        event=msgspec.convert(
            {"id": "evt_a", "revision": 3, "kind": "incident", "product": "ecs", "region": "r", "title": "t" * 500,
             "state": "open", "since": minutes(1), "changed_at": minutes(1)}, HealthEvent),
    )  # fmt: skip
    notice = message.notice_of(change, Entry(id="e", at=minutes(2), token=1, changes=(change,)), PLACE, None)
    short = json.loads(notice.body)
    assert (notice.id, notice.tag) == (sent.id, sent.tag)
    assert len(short["data"]["event"]["title"]) == 60
    assert short["data"]["truncated"] is True
    assert body["id"] == short["id"]
