"""`/schemas/change.v1.json`: the JSON Schema of the messages, as it is shipped."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from shd_relay.web.ask import Ask, View


def change_schema(_ask: Ask) -> View:
    return View(body=_text(), content_type="application/schema+json")


@lru_cache(maxsize=1)
def _text() -> bytes:
    return (Path(__file__).parents[1] / "schemas" / "change.v1.json").read_bytes()
