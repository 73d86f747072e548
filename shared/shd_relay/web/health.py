"""`/healthz`: the process answers. It says nothing about the store or about SHD."""

from __future__ import annotations

from shd_relay.web.ask import Ask, View


def healthz(_ask: Ask) -> View:
    return View(body=b'{"status":"ok"}', store=False)
