"""`/healthz`: the process answers. It says nothing about the store or about SHD. `/readyz` does."""

from __future__ import annotations

import msgspec

from shd_relay.errors import ContractError, RelayError, UnavailableError
from shd_relay.web.ask import Ask, View


def healthz(_ask: Ask) -> View:
    return View(body=b'{"status":"ok"}', store=False)


def readyz(ask: Ask) -> View:
    """One check a part, and the worst of them for the whole: 503 if one fails. The store being away is such a part."""
    from shd_relay.web import age, readiness, workings

    facts = known = None
    trouble: RelayError | None = None
    try:
        facts = ask.look()
        known = workings.read(facts)
    except (UnavailableError, ContractError) as error:
        trouble = error
    checks = {"store": readiness.store(trouble, facts)}
    checks |= dict(readiness.of_facts(ask, facts)) if facts else {}
    checks |= dict(readiness.of_workings(ask, known)) if known else {}
    status = readiness.worst(checks)
    body = {"status": status, "checks": {part: [check] for part, check in checks.items()}}
    return View(
        body=msgspec.json.encode(body),
        content_type="application/health+json",
        headers=age.headers(ask, facts) if facts else (),
        status=503 if status == "fail" else 200,
        store=False,
        lasting=False,
    )
