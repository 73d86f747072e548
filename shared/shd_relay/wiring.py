"""Settings -> adapters -> use cases. The only room that knows which adapter stands behind which port.

Each adapter is imported where it is made: the status function never loads the SDK of the status API or of MNS, and a
poll without news never loads that of MNS.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from shd_relay import catalogue, clock, config, logs, settings
from shd_relay.config import Config
from shd_relay.errors import SettingsError
from shd_relay.model import SHARD, Pair
from shd_relay.settings import Settings, SqliteAddress
from shd_relay.wiring_store import RoleKeys, store_for

if TYPE_CHECKING:
    from shd_relay.adapters.credentials import Credentials
    from shd_relay.plan import Plan
    from shd_relay.ports import Publisher
    from shd_relay.web.service import Service
    from shd_relay.web.site import Site

TIMEOUT_SECONDS = 55.0  # of the poll function, where its context does not say (s.yaml)
REPORT_SECONDS = 1.5  # of it, kept for telling how it went, however slow the store is
RESERVE_SECONDS = 10.0  # of it, for what cannot be interrupted: the last call, the last publish, the records


def status_service(base: Path, keys: RoleKeys) -> Service:
    """The query side of this process; `base` is the handler's folder. Raises SettingsError."""
    from shd_relay.web.service import Service

    problems: list[str] = []
    chosen, known = configured("status", settings.environment(), base, problems)
    if chosen and known and not isinstance(chosen.store, SqliteAddress):
        try:
            keys.read()  # without any, each answer would be a failure: better said once, by the first
        except SettingsError as error:
            problems += error.problems
    if problems or chosen is None or known is None:
        raise SettingsError(problems)
    return Service(store_for(chosen, keys, read_only=True), site_of(chosen, known))


def site_of(chosen: Settings, known: Config) -> Site:
    """What the query side knows of this installation."""
    from shd_relay.web.site import Site

    return Site(
        config=known,
        pairs=config.watch_list(chosen, known),
        interval_seconds=chosen.interval_seconds,
        public_url=chosen.public_url,
        global_region=chosen.global_region,
    )


class _Deployed(NamedTuple):
    """What one invocation of the poll function was given."""

    chosen: Settings
    pairs: tuple[Pair, ...]
    for_source: Credentials
    own: Credentials  # of the function's role: for the store and the topic


def run_poll(event: bytes, context: object, base: Path) -> dict[str, Any]:
    """One poll for one invocation: its report, which is also written as one line of the log. Raises SettingsError."""
    given = _deployed(context, settings.environment(), base)
    report = _reported(given, event, context)
    well = report["state"] == "busy" or (report["state"] == "done" and report["source"] == "fresh")
    quiet = well and not report["stopped"] and not report["notes"]
    level: Literal["info", "warning"] = "info" if quiet else "warning"
    logs.line("poll finished", clock.now(), level=level, **report)
    return report


def _reported(given: _Deployed, event: bytes, context: object) -> dict[str, Any]:
    """The report, whatever happens: a mistake of ours is named by its type and place, as its text may hold anything."""
    import uuid

    from shd_relay.payload import read
    from shd_relay.report import Report

    owner = str(getattr(context, "request_id", "") or uuid.uuid4().hex).encode("ascii", "replace").decode()
    try:
        asked = read(event, has_history=given.chosen.source != "in-progress")
    except ValueError as error:
        return Report(poll=owner, state="refused", error=str(error)).as_json()
    try:
        return _poll(given, context, owner, asked.backfill_days)
    except Exception as error:  # noqa: BLE001 - the last line: the timer must not see more than a report
        place = error.__traceback__
        while place and place.tb_next:
            place = place.tb_next
        where = f"{place.tb_frame.f_globals.get('__name__')}:{place.tb_lineno}" if place else "?"
        return Report(poll=owner, state="failed", error=f"unexpected {type(error).__name__} at {where}").as_json()


def configured(
    function: settings.Function, environ: Mapping[str, str], base: Path, problems: list[str]
) -> tuple[Settings | None, Config | None]:
    """Settings and config; what is wrong with either is added to `problems`, and there is none of it."""
    chosen = known = None
    try:
        chosen = settings.load(environ, function=function, base=base)
    except SettingsError as error:
        problems += error.problems
    try:
        known = config.load(base / (environ.get("SHD_CONFIG", "").strip() or "config.yaml"))
    except SettingsError as error:
        problems += error.problems
    return chosen, known


def _deployed(context: object, environ: Mapping[str, str], base: Path) -> _Deployed:
    """Settings, config and keys; one SettingsError with all that is wrong with any of them."""
    from shd_relay.adapters import credentials

    problems: list[str] = []
    chosen, known = configured("poll", environ, base, problems)
    keys: list[Credentials] = []
    for find in (credentials.for_source, credentials.from_context):
        try:
            keys.append(find(context, environ))
        except SettingsError as error:
            problems += [line for line in error.problems if line not in problems]
    if problems or chosen is None or known is None:
        raise SettingsError(problems)
    return _Deployed(chosen, config.watch_list(chosen, known), *keys)


def plan_for(chosen: Settings, pairs: tuple[Pair, ...], context: object, backfill_days: int | None = None) -> Plan:
    """What this invocation may spend: SHD_BUDGET_SECONDS and SHD_LEASE_SECONDS, else by the function's timeout."""
    from shd_relay.plan import Plan

    timeout = _timeout(context)
    budget = chosen.budget_seconds or max(timeout - RESERVE_SECONDS, timeout / 2)
    return Plan(
        shard=SHARD,
        pairs=pairs,
        interval_seconds=chosen.interval_seconds,
        budget_seconds=budget,
        lease_seconds=chosen.lease_seconds or timeout,
        rate=chosen.rate if chosen.rate_max else 0.0,
        public_url=chosen.public_url,
        beyond=catalogue.is_beyond,
        backfill_days=backfill_days,
    )


def _timeout(context: object) -> float:
    """Seconds that the platform gives the invocation."""
    return float(getattr(getattr(context, "function", None), "timeout", 0) or TIMEOUT_SECONDS)


def _poll(given: _Deployed, context: object, owner: str, backfill_days: int | None) -> dict[str, Any]:
    from shd_relay.poll import Poller
    from shd_relay.wiring_sources import sources_for

    chosen, timeout = given.chosen, _timeout(context)
    deadline = clock.monotonic() + max(timeout - REPORT_SECONDS, timeout / 2)
    store = store_for(chosen, lambda: given.own, deadline=deadline)
    held = contextlib.ExitStack()
    held.callback(store.close)

    def publisher(deadline: float) -> Publisher:
        from shd_relay.adapters.mns_topic import MnsPublisher

        topic = MnsPublisher(str(chosen.mns_endpoint), chosen.mns_topic, given.own, deadline=deadline)
        held.callback(topic.close)
        return topic

    poller = Poller(
        plan=plan_for(chosen, given.pairs, context, backfill_days), store=store,
        sources=sources_for(chosen, given.for_source, given.pairs), publisher=publisher,
        now=clock.now, monotonic=clock.monotonic, owner=owner, sleep=clock.sleep,
    )  # fmt: skip
    with held:
        return poller.run()
