"""Pairs as Statuspage components, one group a region.

Ids are made of the pair's own ids, so they stay when the watch list is put in another order. What Statuspage has no
word for, unknown, is `operational` with `shd_status` saying what it is: any other word breaks strict clients.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, get_args

from shd_relay import severity, times
from shd_relay.freshness import PairStatus
from shd_relay.model import HealthEvent, Pair
from shd_relay.web import age, feed_words, status_view
from shd_relay.web.ask import Ask, folded
from shd_relay.web.events_view import begins
from shd_relay.web.facts import Facts
from shd_relay.web.source_event import SINCE
from shd_relay.web.statuspage_shapes import ComponentStatus, StatuspageComponent
from shd_relay.web.xml_text import clean

PAGE_ID = "shd-relay"
_RISING: tuple[ComponentStatus, ...] = get_args(ComponentStatus)  # as /v1/status ranks the kinds
_WORSE: tuple[PairStatus, ...] = ("operational", "unknown", "notice", "maintenance", "incident")


class Board(NamedTuple):
    """`listed`: each group, and after it its components. `of`: the component by folded pair. `pairs`: the scope on the
    watch list, whose statuses count for the whole."""

    listed: tuple[StatuspageComponent, ...]
    of: Mapping[tuple[str, str], StatuspageComponent]
    pairs: Sequence[Pair]

    def count(self, status: PairStatus) -> int:
        return sum(self.of[folded(pair)].shd_status == status for pair in self.pairs)


def board(ask: Ask, facts: Facts, seen: Sequence[HealthEvent]) -> Board:
    """`seen`: the events of the scope. A pair that nobody watches is there as long as one of them is."""
    pairs = _pairs(status_view.in_scope(ask, facts), seen)
    names = _names(pairs, ask.site.global_region)
    updated = _updated(seen)
    regions: dict[str, list[StatuspageComponent]] = {}
    found: dict[tuple[str, str], StatuspageComponent] = {}
    for pair, view in zip(pairs, status_view.pair_views(ask, facts, pairs), strict=True):
        key = folded(pair)
        members = regions.setdefault(key[1], [])
        found[key] = _component(
            pair, view, names[key], [facts.state.events[id_] for id_ in view.events],
            position=len(members) + 1, updated=updated.get(key, SINCE),
            checked=age.checked_at(facts, pair),
        )  # fmt: skip
        members.append(found[key])
    groups = (_group(n, members, ask.site.global_region) for n, members in enumerate(regions.values(), 1))
    listed = (each for group, members in zip(groups, regions.values(), strict=True) for each in (group, *members))
    return Board(tuple(listed), found, [pair for pair in ask.viewer.pairs if folded(pair) in found])


def effect(event: HealthEvent) -> ComponentStatus:
    """What the event alone makes of its component while it goes on. SHD does not tell how much of a pair is hurt: an
    incident is taken for the whole of it until its severity is lowered."""
    if event.kind == "incident":
        lowered = severity.rank(event.severity) == severity.NOTIFICATION
        return "partial_outage" if lowered else "major_outage"
    return "under_maintenance" if event.kind == "maintenance" else "degraded_performance"


def changed(event: HealthEvent) -> datetime:
    """When it last changed; history that nobody was told of stands where it ended."""
    return event.changed_at if event.revision else event.end or begins(event)


def in_line(text: str) -> str:
    """For names: clients print them, in terminals too."""
    return clean(" ".join(text.split()))


def id_of(*names: str) -> str:
    """Twelve characters, as Statuspage's own ids have."""
    return hashlib.sha256("\n".join(names).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _pairs(scope: Sequence[Pair], seen: Iterable[HealthEvent]) -> list[Pair]:
    """The scope, and after it, by their ids, the other pairs of events; each once."""
    more = sorted({folded(event.pair): event.pair for event in seen}.items())
    known = {folded(pair): pair for pair in scope}
    return [*known.values(), *(pair for key, pair in more if key not in known)]


def _updated(seen: Iterable[HealthEvent]) -> dict[tuple[str, str], datetime]:
    """When last something of a pair changed, by folded pair."""
    found: dict[tuple[str, str], datetime] = {}
    for event in seen:
        key = folded(event.pair)
        found[key] = max(found.get(key, SINCE), changed(event))
    return found


def _names(pairs: Sequence[Pair], no_region: str) -> dict[tuple[str, str], str]:
    """Unique names by folded pair: where two pairs have the same, as those of an alias, their ids stand behind."""
    names = {folded(pair): _name(pair, no_region) for pair in pairs}
    times_seen = Counter(names.values())
    return {
        folded(pair): name if times_seen[name] == 1 else f"{name} ({in_line(str(pair))})"
        for pair, name in zip(pairs, names.values(), strict=True)
    }


def _name(pair: Pair, no_region: str) -> str:
    return in_line(f"{feed_words.product(pair.product)} in {feed_words.region(pair.region, no_region)}")


def _component(
    pair: Pair, view: status_view.PairView, name: str, events: Iterable[HealthEvent], *, position: int,
    updated: datetime, checked: datetime | None,
) -> StatuspageComponent:  # fmt: skip
    product, region = folded(pair)
    return StatuspageComponent(
        id=id_of(product, region),
        name=name,
        status=max(_effects(events), key=_RISING.index, default="operational"),
        created_at=times.text(SINCE),
        updated_at=times.text(updated),
        position=position,
        description=_description(pair, view.status, checked),
        showcase=True,
        start_date=None,
        group_id=id_of(region),
        page_id=PAGE_ID,
        group=False,
        only_show_if_degraded=False,
        shd_status=view.status,
        product=pair.product,
        region=pair.region,
        checked_at=view.checked_at,
    )


def _effects(events: Iterable[HealthEvent]) -> Iterator[ComponentStatus]:
    return (effect(event) for event in events if event.kind in {"notice", "maintenance", "incident"})


def _description(pair: Pair, status: PairStatus, checked: datetime | None) -> str:
    """For people, whose clients show no field that Statuspage has not got."""
    ids = in_line(str(pair))
    if status != "unknown":
        return ids
    return f"{ids}: not known now, " + (f"last read {feed_words.in_utc(checked)}" if checked else "never read")


def _group(position: int, members: Sequence[StatuspageComponent], no_region: str) -> StatuspageComponent:
    """The region: the worst of what is in it, and the oldest read."""
    region = members[0].region
    read = [member.checked_at for member in members if member.checked_at is not None]
    return StatuspageComponent(
        id=id_of(region.casefold()),
        name=in_line(feed_words.with_id(feed_words.region(region, no_region), region)),
        status=max((member.status for member in members), key=_RISING.index),
        created_at=members[0].created_at,
        updated_at=max(member.updated_at for member in members),
        position=position,
        description=None,
        showcase=False,
        start_date=None,
        group_id=None,
        page_id=PAGE_ID,
        group=True,
        only_show_if_degraded=False,
        components=tuple(member.id for member in members),
        shd_status=max((member.shd_status for member in members), key=_WORSE.index),
        product=None,
        region=region,
        checked_at=min(read) if len(read) == len(members) else None,
    )
