"""A change as subscribers receive it: one CloudEvents 1.0 JSON object, a tag, and the rule for its size.

The same bytes are pushed to the topic and served by /v1/changes: everything here follows from the log alone.
"""

from __future__ import annotations

from typing import Any

import msgspec

from shd_relay import cursor, times
from shd_relay.model import FEED, SHARD, Change, Entry, HealthEvent, Message, Position

BODY_BYTES = 45_000  # MNS takes 64 KB, and 48 KB of text where a consumer asks for base64
SOURCE = f"urn:shd-relay:{SHARD}"
SCHEMA = "urn:shd-relay:change:v1"
CUT = "…"

Json = dict[str, Any]


def event_view(event: HealthEvent) -> Json:
    """The event as messages and the HTTP surface show it: our own notes left out, times as texts."""
    return {
        "id": event.id,
        "revision": event.revision,
        "kind": event.kind,
        "product": event.product,
        "region": event.region,
        "title": event.title,
        "severity": event.severity,
        "startTime": times.text_or_none(event.start),
        "endTime": times.text_or_none(event.end),
        "updates": [{"at": times.text(u.at), "text": u.text} for u in event.updates],
        "state": event.state,
        "inferred": event.inferred,
        "sources": list(event.said),
        "witness": event.witness,
        "mergedInto": event.merged_into,
    }


def of(change: Change, entry: Entry, position: Position, public_url: str | None) -> Message:
    """The message of a pushed change that ends at `position` of the log; cut visibly if it is too long."""
    envelope = cloud_event(change, entry, position, public_url)
    return Message(id=envelope["id"], tag=change.event.kind, body=_fitted(envelope, BODY_BYTES))


def notice_of(change: Change, entry: Entry, position: Position, public_url: str | None) -> Message:
    """The same message with all long texts cut short: what is sent in place of one that the topic refused."""
    envelope = cloud_event(change, entry, position, public_url)
    return Message(id=envelope["id"], tag=change.event.kind, body=_encode(_cut(envelope, 60)))


def cloud_event(change: Change, entry: Entry, position: Position, public_url: str | None) -> Json:
    """The CloudEvent as a JSON object, uncut."""
    event = change.event
    base = public_url or ""
    return {
        "specversion": "1.0",
        "id": f"{event.id}.{event.revision}",
        "source": SOURCE,
        "type": f"com.aliyun.shd.{event.kind}.{change.verb}.v1",
        "subject": FEED if event.id == FEED else str(event.pair),
        "time": times.text(entry.at),
        "datacontenttype": "application/json",
        "dataschema": f"{base}/schemas/change.v1.json" if base else SCHEMA,
        "sequence": f"{event.revision:010d}",
        "cursor": cursor.encode(position),
        "partitionkey": event.id,
        "data": _data(change, base),
    }


def _data(change: Change, base: str) -> Json:
    event = change.event
    data: Json = {
        "change": change.verb,
        "event": event_view(event),
        "previous": change.previous,
        "changed": list(change.changed),
        "observedAt": times.text(change.observed_at),
        "links": {"event": f"{base}/v1/events/{event.id}", "page": f"{base}/"},
    }
    if event.id == FEED:
        data |= {"pairs": list(change.pairs), "counts": change.counts}
    return data


def _fitted(envelope: Json, limit: int) -> str:
    """The JSON text; texts over a length are cut, ever shorter, until it fits. The whole stays behind links.event."""
    text = _encode(envelope)
    length = 8_192
    while len(text.encode()) > limit and length:
        text = _encode(_cut(envelope, length))
        length //= 2
    return text


def _cut(envelope: Json, length: int) -> Json:
    """The envelope with every title and update text cut to `length` characters, and the newest 20 updates only."""
    data = envelope["data"]
    event = data["event"]
    updates = [u | {"text": _short(u["text"], length)} for u in event["updates"][-20:]]
    cut_event = (
        event | {name: _short_value(event[name], length) for name in ("title", "severity")} | {"updates": updates}
    )
    previous = {name: _short_value(value, length) for name, value in data["previous"].items()}
    return envelope | {"data": data | {"event": cut_event, "previous": previous, "truncated": True}}


def _short_value(value: Any, length: int) -> Any:
    if isinstance(value, str):
        return _short(value, length)
    if isinstance(value, list):
        return [u | {"text": _short(u["text"], length)} for u in value[-20:]]
    return value


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + CUT


def _encode(envelope: Json) -> str:
    return msgspec.json.encode(envelope).decode()
