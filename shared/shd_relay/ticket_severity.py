"""Which severity to claim in a support ticket about an event: a suggestion, and why.

Rule 1, the first line that fits (the words of the severities are those of the support plans, plans.py):

| the event | business-critical | production | key | other products |
|---|---|---|---|---|
| is over, called off, or lies ahead; or is a drill, or the relay's own | low | low | low | low |
| a maintenance that goes on | medium | medium | low | low |
| a notice | medium | medium | low | low |
| an incident, severity ALARM, an unlisted one, or none: down | critical | urgent | high | medium |
| an incident, severity NOTIFICATION or NORMAL by now: impaired | urgent | high | high | medium |

An incident is one step worse where it is wide: WIDE pairs of the viewer's scope, of the same region or of the same
product, have an open incident. Critical is for business-critical products only, so others stop at urgent.

The rule changes only with its number, as reports of the past name it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Literal, NamedTuple

from msgspec import Struct

from shd_relay.model import FEED, HealthEvent
from shd_relay.plans import SEVERITIES, Severity
from shd_relay.severity import ALARM, rank

RULE = 1
WIDE = 5

Importance = Literal["business_critical", "production", "key", "other"]
Cause = Literal["over", "ahead", "drill", "feed", "maintenance", "notice", "down", "impaired"]

_BY_IMPORTANCE: dict[Cause, dict[Importance, Severity]] = {
    "maintenance": {"business_critical": "medium", "production": "medium", "key": "low", "other": "low"},
    "notice": {"business_critical": "medium", "production": "medium", "key": "low", "other": "low"},
    "down": {"business_critical": "critical", "production": "urgent", "key": "high", "other": "medium"},
    "impaired": {"business_critical": "urgent", "production": "high", "key": "high", "other": "medium"},
}
_CAUSES: dict[Cause, str] = {
    "over": "it is over: a question about its cause",
    "ahead": "it lies ahead: a question about the plan",
    "drill": "it is a drill: no ticket is needed",
    "feed": "it is about this relay: no ticket is needed",
    "maintenance": "planned work goes on",
    "notice": "a notice",
    "down": "an incident with severity {severity}",
    "impaired": "an incident that is only {severity} by now",
}
_OFF = "it was called off: a question about the plan"
_IMPORTANCES: dict[Importance, str] = {
    "business_critical": "{product} is business-critical for this partner",
    "production": "{product} is in production with this partner",
    "key": "{product} is a key product of this partner",
    "other": "{product} is not named as important in this partner's config",
}


class Important(Struct, frozen=True, kw_only=True):
    """The product ids that a partner calls important, folded; None: all that no other list names."""

    business_critical: frozenset[str] | None = frozenset()
    production: frozenset[str] | None = frozenset()
    key: frozenset[str] | None = frozenset()

    def of(self, product: str) -> Importance:
        """The most important list that the product is in."""
        folded = product.casefold()
        lists: tuple[tuple[Importance, frozenset[str] | None], ...] = (
            ("business_critical", self.business_critical), ("production", self.production), ("key", self.key),
        )  # fmt: skip
        if named := next((name for name, ids in lists if ids and folded in ids), None):
            return named
        return next((name for name, ids in lists if ids is None), "other")


class Suggestion(NamedTuple):
    """`hit`: pairs of the scope, of the event's region or product, with an open incident. `reason`: one English
    sentence of the other fields, for those who show no words of their own."""

    severity: Severity
    cause: Cause
    importance: Importance
    hit: int
    wide: bool
    reason: str
    rule: int = RULE


class Hits:
    """How many pairs have an open incident, by product and by region. `events`: those of the viewer's scope."""

    def __init__(self, events: Iterable[HealthEvent]) -> None:
        pairs = {
            (event.product.casefold(), event.region.casefold())
            for event in events
            if event.kind == "incident" and event.state == "open"
        }
        self._products = Counter(product for product, _ in pairs)
        self._regions = Counter(region for _, region in pairs)
        self._pairs = pairs

    def near(self, event: HealthEvent) -> int:
        """How many pairs of the event's product or region, its own included if it is hit."""
        product, region = event.product.casefold(), event.region.casefold()
        return self._products[product] + self._regions[region] - ((product, region) in self._pairs)


def suggest(event: HealthEvent, important: Important, hit: int) -> Suggestion:
    """The severity to claim for the event as it is now; `hit`: see Hits.near."""
    cause, importance = _cause(event), important.of(event.product)
    by_importance = _BY_IMPORTANCE.get(cause)
    severity: Severity = by_importance[importance] if by_importance else "low"
    wide = hit >= WIDE and cause in {"down", "impaired"}
    if wide:
        worst = 0 if importance == "business_critical" else 1
        severity = SEVERITIES[max(worst, SEVERITIES.index(severity) - 1)]
    return Suggestion(severity, cause, importance, hit, wide, _reason(event, cause, importance, hit if wide else 0))


def _cause(event: HealthEvent) -> Cause:
    if event.id == FEED:
        return "feed"
    if event.kind == "drill":
        return "drill"
    if event.over:
        return "over"
    if event.state == "scheduled":
        return "ahead"
    if event.kind != "incident":
        return "maintenance" if event.kind == "maintenance" else "notice"
    return "down" if rank(event.severity) == ALARM else "impaired"


def _reason(event: HealthEvent, cause: Cause, importance: Importance, hit: int) -> str:
    called_off = cause == "over" and event.state == "cancelled"
    said = _OFF if called_off else _CAUSES[cause].format(severity=event.severity or "not given")
    if cause not in _BY_IMPORTANCE:
        return said[0].upper() + said[1:]
    parts = [said, _IMPORTANCES[importance].format(product=event.product)]
    if hit:
        parts.append(f"{hit} pairs of this product or region are hit")
    text = "; ".join(parts)
    return text[0].upper() + text[1:]
