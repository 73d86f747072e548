"""The heat map: products down, regions across, and in each cell how long it had an incident. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from shd_relay.reports.charts import WIDE, Box, Drawing, Text, r
from shd_relay.reports.saying import hours, place, short, span
from shd_relay.reports.shapes import PairRow

MOST_ROWS = 46  # what one page of A4 holds
MOST_COLUMNS = 45
_ROUND = (1, 2, 4, 6, 8, 10)
_LEFT = 190.0
_HIGH = 15.0


class Heat(NamedTuple):
    """`key`: what the cells mean. `omitted`: products and regions that have no room, and less trouble than those that
    are shown."""

    drawing: Drawing
    key: tuple[tuple[str, str], ...]
    omitted_products: int
    omitted_regions: int


def heat(rows: Sequence[PairRow]) -> Heat:
    products = _chosen([(row.product.id, row.measure.incident_seconds) for row in rows], MOST_ROWS)
    regions = _chosen([(row.region.id, row.measure.incident_seconds) for row in rows], MOST_COLUMNS)
    names = {row.product.id: row.product.en for row in rows}
    wide = min(64.0, (WIDE - _LEFT) / max(1, len(regions)))
    if turned := wide < 60:  # the last name needs room, too
        wide = (WIDE - _LEFT - 46) / len(regions)
    top = 14.0 + (min(84.0, 4.9 * max((len(id_) for id_ in regions), default=0)) if turned else 8)
    columns = {id_: r(_LEFT + n * wide) for n, id_ in enumerate(regions)}
    lines = {id_: r(top + n * _HIGH) for n, id_ in enumerate(products)}
    texts = [
        Text(r(x + wide / 2 + 3), r(top - 5), id_, "start", "turned")
        if turned
        else Text(r(x + wide / 2), r(top - 5), id_, "middle")
        for id_, x in columns.items()
    ]
    texts += [Text(_LEFT - 6, r(y + 11), short(names[id_], 34), "end") for id_, y in lines.items()]
    steps = levels(max((row.measure.incident_seconds for row in rows), default=0.0))
    boxes: list[Box] = []
    for row in rows:
        if row.product.id in lines and row.region.id in columns:
            x, y = columns[row.region.id], lines[row.product.id]
            style = _level(row, steps)
            boxes.append(Box(x + 0.5, y + 0.5, r(wide - 1), _HIGH - 1, style, _title(row)))
            if row.measure.incident_seconds and wide >= 24:
                dark = "inverse" if style in {"h3", "h4"} else "number"
                texts.append(Text(r(x + wide / 2), r(y + 11), hours(row.measure.incident_seconds), "middle", dark))
    about = "Products stand down and regions across; the darker a cell, the longer it had an incident."
    drawing = Drawing(
        "Hours with an incident, by product and region", about, WIDE, r(top + len(products) * _HIGH + 4),
        tuple(boxes), (), tuple(texts),
    )  # fmt: skip
    omitted_products = len({row.product.id for row in rows}) - len(products)
    return Heat(drawing, _key(steps), omitted_products, len({row.region.id for row in rows}) - len(regions))


def levels(longest_seconds: float) -> tuple[float, float, float]:
    """Up to how many hours each of the three lighter shades goes: quarters of a round number."""
    hours = max(0.4, longest_seconds / 3600)
    power = 10.0 ** math.floor(math.log10(hours))
    top = next(n * power for n in _ROUND if hours <= n * power * (1 + 1e-9))
    return top / 4, top / 2, top * 3 / 4


def _key(steps: tuple[float, float, float]) -> tuple[tuple[str, str], ...]:
    low, middle, high = (span(step * 3600) for step in steps)
    return (
        ("quiet", "none"), ("other", "maintenance or notice only"), ("h1", f"up to {low}"),
        ("h2", f"{low} to {middle}"), ("h3", f"{middle} to {high}"), ("h4", f"over {high}"),
        ("unwatched", "never watched"),
    )  # fmt: skip


def _chosen(weights: Sequence[tuple[str, float]], most: int) -> list[str]:
    """In their order; if there are too many, those with the most trouble."""
    total: dict[str, float] = {}
    for id_, weight in weights:
        total[id_] = total.get(id_, 0.0) + weight
    if len(total) <= most:
        return list(total)
    kept = set(sorted(total, key=lambda id_: -total[id_])[:most])
    return [id_ for id_ in total if id_ in kept]


def _level(row: PairRow, steps: tuple[float, float, float]) -> str:
    measure = row.measure
    if measure.incident_seconds > 0:
        return f"h{1 + sum(measure.incident_seconds > step * 3600 for step in steps)}"
    if row.watched and measure.availability is None:
        return "unwatched"
    if measure.incidents:  # of a time that nobody watched, or called off
        return "other"
    return "other" if measure.maintenances or measure.notices else "quiet" if row.watched else "nodata"


def _title(row: PairRow) -> str:
    m = row.measure
    lost = span(m.incident_seconds) if m.incident_seconds else "none"
    return f"{place(row.product, row.region)}: time with an incident: {lost}"
