"""The cases that tests of the reports' pages share, from a month of nothing to a year of everything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from msgspec import structs

from shd_relay.catalogue import shipped
from shd_relay.model import HealthEvent, Pair, Update
from shd_relay.reports.shapes import CriticalSupport, ProductUsage, ServiceSummary
from shd_relay.ticket_severity import Important
from shd_relay.tickets import Ticket
from tests.report_log import Log, at, partner

HOSTILE = "</title></svg><script>alert(1)</script><img src=x onerror=y> \u202egnp.exe \x07 & \"quoted\" 'so'"
MARCH = ("2024-03-01", "2024-03-31")
_PUSH = timedelta(milliseconds=850)
_FEW = ("ecs", "oss", "rds")
_HERE = ("cn-hangzhou", "cn-hongkong")
Steps = list[tuple[datetime, Callable[[Log], object]]]


class Story:
    """What happens, put in in any order; `log` commits it in the order of time. `days`: those of the reports."""

    def __init__(
        self,
        products: Sequence[str] = _FEW,
        regions: Sequence[str] = _HERE,
        days: tuple[str, str] = MARCH,
        **more: Any,
    ) -> None:
        self.products, self.regions, self.days, self.more = tuple(products), tuple(regions), days, more
        self.steps: Steps = []
        self._count = 0

    def event(
        self, kind: Any, product: str, region: str, start: datetime, lasting: timedelta | None, title: str,
        severity: str | None = None,
    ) -> str:  # fmt: skip
        """Gives its id."""
        self._count += 1
        told = start + timedelta(minutes=2, seconds=self._count % 50)
        seen = HealthEvent(
            id=f"ev-{self._count:05d}", revision=1, kind=kind, product=product, region=region, title=title, start=start,
            severity=severity or ("ALARM" if kind == "incident" else "NOTIFICATION"), state="open", since=told,
            changed_at=told, updates=(Update(at=start, text="【最新进展】工程师正在紧急处理。"),),
        )  # fmt: skip
        self.steps.append((told, partial(_commit, seen=seen, verb="opened")))
        if lasting is not None:
            done = start + lasting + timedelta(minutes=1)
            over = structs.replace(
                seen, state="resolved", end=start + lasting, revision=2, since=done, changed_at=max(done, told)
            )
            self.steps.append((max(done, told), partial(_commit, seen=over, verb="resolved")))
        return seen.id

    def blind(self, since: datetime, until: datetime) -> None:
        self.steps.append((since, lambda log: log.turn("blind", since)))
        self.steps.append((until, lambda log: log.turn("fresh", until)))

    def gap(self, since: datetime, until: datetime) -> None:
        self.steps.append((until, lambda log: log.gap(since, until)))

    def ticket(self, severity: Any, opened: datetime, answered: timedelta | None, **more: Any) -> None:
        self._count += 1
        values = {"subject": "Please look into this", **more}
        ticket = Ticket(
            id=f"T{self._count:04d}", revision=1, kind="technical", severity=severity, opened_at=opened, **values
        )
        self.steps.append((opened, lambda log: log.ticket(opened, "opened", ticket)))
        if answered is not None:
            when = opened + answered
            told = structs.replace(ticket, revision=2, responded_at=when)
            self.steps.append((when, lambda log: log.ticket(when, "responded", told)))

    def reports(self) -> tuple[ServiceSummary, CriticalSupport, ProductUsage]:
        now = self.more.pop("now", datetime.fromisoformat(f"{self.days[1]}T12:00:00+00:00") + timedelta(days=9))
        log = Log(polled_until=now)
        values = {"plan": "flagship", "time_zone": "Asia/Shanghai"}
        log.partner = partner(**{**values, "important": Important(business_critical=frozenset(_FEW)), **self.more})
        log.pairs = [Pair(product, region) for product in self.products for region in self.regions]
        for _, step in sorted(self.steps, key=lambda each: each[0]):
            step(log)
        return log.summary(*self.days, now=now), log.critical(*self.days, now=now), log.usage(*self.days, now=now)


def _commit(log: Log, *, seen: HealthEvent, verb: Any) -> None:
    when = seen.changed_at
    log.commit(when, log.change(verb, seen, observed=when - timedelta(seconds=3)), pushed_at=[when + _PUSH])


def rich_year(products: int = 20, regions: int = 12, events: int = 240, **more: Any) -> Story:
    """A bit of everything: carried over, going on, blind times, late tickets, a hostile title."""
    some, first = shipped(), at(-28)
    story = Story(some.products[:products], some.regions[:regions], ("2024-02-02", "2025-01-31"), **more)
    for n in range(events):
        product, region = some.products[n * 7 % products], some.regions[n * n % regions]
        kind = ("incident", "maintenance", "notice", "maintenance")[n % 4]
        lasting = timedelta(minutes=10 + (n * n * 37) % (900 if kind == "incident" else 400))
        start = first + timedelta(hours=40 + (n * 379) % 8600, minutes=n * 17 % 60)
        story.event(kind, product, region, start, lasting, f"{product} in {region}: {kind}")
    story.event("incident", "ecs", some.regions[0], first - timedelta(hours=3), timedelta(hours=40), HOSTILE)
    story.event("incident", some.products[1], some.regions[1], at(330), None, "【故障】仍在处理中")
    story.blind(at(12, 4), at(13, 19, 30))
    story.gap(at(150), at(159))
    for n in range(14):
        severity = ("critical", "urgent", "high", "medium", "low")[n % 5]
        took = timedelta(minutes=(6, 22, 95, 300, 1300, 11, 55)[n % 7]) if n != 9 else None
        story.ticket(severity, first + timedelta(days=24 * n + 3, hours=7), took)
    return story


def empty_month() -> Story:
    return Story()


def blind_month() -> Story:
    story = Story()
    story.gap(at(1) - timedelta(days=2), at(34))
    return story


def before_the_log() -> Story:
    return Story(days=("2024-01-01", "2024-01-31"))


def one_zone(**more: Any) -> Story:
    """Eight products of one region, fourteen hours, as in Hong Kong on 2022-12-18."""
    products = ("ecs", "oss", "rds", "slb", "redisa", "dds", "polardb", "nas")
    story = Story(products, ("cn-hongkong", "ap-southeast-1"), ("2024-03-11", "2024-03-24"), **more)
    for n, product in enumerate(products):
        title = f"【故障】香港可用区C {product} 服务异常 Cooling failure in Hong Kong Zone C"
        id_ = story.event("incident", product, "cn-hongkong", at(18, 0, 56 + n % 3), timedelta(hours=14), title)
        if product == "ecs":
            story.ticket("critical", at(18, 1, 21), timedelta(minutes=11), event=id_, subject=HOSTILE)
            story.ticket("critical", at(18, 2, 2), timedelta(minutes=48), event=id_)
    return story


def everywhere() -> Story:
    """All products in all regions, some three hours, as on 2023-11-12; the report is not final yet."""
    some = shipped()
    story = Story(some.products, some.regions, now=at(33))
    for n, (product, region) in enumerate((p, r) for p in some.products for r in some.regions):
        lasting = timedelta(hours=3, minutes=n % 97)
        story.event("incident", product, region, at(12, 9, 39), lasting, "云产品控制台服务异常")
    return story
