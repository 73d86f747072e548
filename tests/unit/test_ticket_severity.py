"""The rule that suggests a ticket severity: every line of its table."""

from __future__ import annotations

from itertools import product

import pytest

from shd_relay import ticket_severity
from shd_relay.model import FEED, HealthEvent
from shd_relay.ticket_severity import RULE, WIDE, Hits, Important, suggest
from tests.web_world import HK, SG, event

NAMED = Important(business_critical=frozenset({"ecs"}), production=frozenset({"rds"}), key=frozenset({"oss"}))
PRODUCTS = ("ecs", "rds", "oss", "cdn")
LOW = ("low",) * 4
TABLE = {
    "over": ({"state": "resolved"}, LOW),
    "withdrawn": ({"state": "withdrawn"}, LOW),
    "called off": ({"state": "cancelled", "kind": "maintenance"}, LOW),
    "ahead": ({"state": "scheduled", "kind": "maintenance"}, LOW),
    "a drill": ({"kind": "drill"}, LOW),
    "the relay's own": ({"id": FEED, "kind": "feed"}, LOW),
    "a maintenance": ({"kind": "maintenance", "severity": "NOTIFICATION"}, ("medium", "medium", "low", "low")),
    "a notice": ({"kind": "notice", "severity": "NOTIFICATION"}, ("medium", "medium", "low", "low")),
    "down": ({"severity": "ALARM"}, ("critical", "urgent", "high", "medium")),
    "down, unlisted": ({"severity": "DISASTER"}, ("critical", "urgent", "high", "medium")),
    "down, no severity": ({"severity": None}, ("critical", "urgent", "high", "medium")),
    "impaired": ({"severity": "NOTIFICATION"}, ("urgent", "high", "high", "medium")),
    "impaired, normal": ({"severity": "NORMAL"}, ("urgent", "high", "high", "medium")),
}
WORSE = {"down": ("critical", "urgent", "urgent", "high"), "impaired": ("critical", "urgent", "urgent", "high")}


@pytest.mark.parametrize(("line", "place"), list(product(TABLE, range(4))))
def test_every_line_of_the_table(line: str, place: int) -> None:
    more, severities = TABLE[line]
    found = suggest(event(product=PRODUCTS[place], **more), NAMED, 1)
    assert (found.severity, found.wide, found.rule) == (severities[place], False, RULE)


@pytest.mark.parametrize(("line", "place"), list(product(TABLE, range(4))))
def test_wide_is_one_step_worse_for_incidents_and_critical_is_for_business_critical_products(
    line: str, place: int
) -> None:
    more, severities = TABLE[line]
    found = suggest(event(product=PRODUCTS[place], **more), NAMED, WIDE)
    assert found.severity == WORSE.get(line.split(",", maxsplit=1)[0], severities)[place]


def test_the_reason_names_what_decided() -> None:
    assert suggest(event(), NAMED, 1).reason == (
        "An incident with severity ALARM; ecs is business-critical for this partner"
    )
    assert suggest(event(product="cdn"), NAMED, 8).reason == (
        "An incident with severity ALARM; cdn is not named as important in this partner's config; "
        "8 pairs of this product or region are hit"
    )
    assert suggest(event(state="resolved"), NAMED, 1).reason == "It is over: a question about its cause"
    off = event(state="cancelled", kind="maintenance")
    assert suggest(off, NAMED, 1).reason == "It was called off: a question about the plan"
    assert suggest(event(state="cancelled", kind="drill"), NAMED, 1).reason == "It is a drill: no ticket is needed"


def test_all_stands_for_what_no_other_list_names() -> None:
    important = Important(business_critical=frozenset({"ecs"}), production=None, key=frozenset({"oss"}))
    assert [important.of(name) for name in ("ECS", "rds", "oss")] == ["business_critical", "production", "key"]
    assert Important().of("ecs") == "other"


def hit(id_: str, product: str, region: str, **more: str) -> HealthEvent:
    return event(id_, product=product, region=region, **more)


def test_pairs_are_hit_by_open_incidents_of_the_same_product_or_region_each_once() -> None:
    hits = Hits(
        [
            hit("1", "ecs", HK), hit("2", "ECS", HK), hit("3", "rds", HK), hit("4", "ecs", SG),
            hit("5", "oss", SG), hit("6", "oss", HK, state="resolved"), hit("7", "oss", HK, kind="notice"),
        ]
    )  # fmt: skip
    assert hits.near(hit("1", "ecs", HK)) == 3
    assert hits.near(hit("8", "cdn", "eu-central-1")) == 0
    assert hits.near(hit("6", "oss", HK)) == 3  # it is not hit itself; rds and ecs of its region and oss elsewhere are


def test_the_table_of_the_docstring_is_the_table() -> None:
    lines = [line for line in (ticket_severity.__doc__ or "").splitlines() if line.startswith("| a")]
    told = {line.split("|")[1].strip(): tuple(cell.strip() for cell in line.split("|")[2:6]) for line in lines}
    assert told["a maintenance that goes on"] == TABLE["a maintenance"][1]
    assert told["a notice"] == TABLE["a notice"][1]
    assert told["an incident, severity ALARM, an unlisted one, or none: down"] == TABLE["down"][1]
    assert told["an incident, severity NOTIFICATION or NORMAL by now: impaired"] == TABLE["impaired"][1]
