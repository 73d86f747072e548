"""Where everything in a chart stands: pure geometry, nothing of HTML. templates/chart.jinja draws it.

A drawing is WIDE units wide, which are CSS pixels on A4 between the margins, so that its letters have the size of those
around it. Classes name the style: `incident`, `maintenance`, `notice`, `fine` for what happened; `unwatched` and
`nodata` are hatched and dotted, as what nobody saw is neither up nor down. Coordinates have one digit after the point.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from shd_relay.reports.saying import short

WIDE = 672.0
_LEFT = 52.0  # for the labels of an axis
_STEPS = (1, 2, 5)
_ROW = 17.0


class Box(NamedTuple):
    """`title`: what is said of it when pointed at."""

    x: float
    y: float
    width: float
    height: float
    style: str
    title: str = ""


class Line(NamedTuple):
    x1: float
    y1: float
    x2: float
    y2: float
    style: str = "grid"


class Text(NamedTuple):
    """`anchor`: which end of it stands at x: start, middle, end."""

    x: float
    y: float
    text: str
    anchor: str = "start"
    style: str = ""


class Drawing(NamedTuple):
    """`title` and `about` are read to those who cannot see it."""

    title: str
    about: str
    width: float
    height: float
    boxes: tuple[Box, ...] = ()
    lines: tuple[Line, ...] = ()
    texts: tuple[Text, ...] = ()

    @property
    def styles(self) -> frozenset[str]:
        """Of the boxes: what has to be explained."""
        return frozenset(box.style.partition(" ")[0] for box in self.boxes)


class Bucket(NamedTuple):
    """A week or a day. `lost`: the share of the watched time with an incident, None where nothing was watched.
    `unwatched` and `nodata` are shares of the bucket's whole time: nobody looked, and before the log or yet to come."""

    label: str
    lost: float | None
    unwatched: float
    nodata: float
    title: str


class Span(NamedTuple):
    """Something that lasted; `until` None: it goes on."""

    since: datetime
    until: datetime | None
    style: str
    title: str = ""


class Track(NamedTuple):
    """One row of a timeline: what it is called, what is said at its end, and what lasted when."""

    name: str
    note: str
    spans: tuple[Span, ...]


class Tick(NamedTuple):
    at: datetime
    text: str


def availability(title: str, about: str, buckets: Sequence[Bucket]) -> Drawing:
    """Time lost hangs from the line of 100 %, on an axis that ends where the worst bucket does: a bar is as long as
    what was lost. What was not watched is hatched from top to bottom, as wide as its share of the bucket."""
    height, top, bottom = 150.0, 12.0, 128.0
    worst = max((bucket.lost or 0.0 for bucket in buckets), default=0.0)
    full = ceiling(worst * 100) if worst else 1.0
    wide = (WIDE - _LEFT) / max(1, len(buckets))
    boxes: list[Box] = []
    texts: list[Text] = []
    every = max(1, math.ceil(42 / wide))
    for n, bucket in enumerate(buckets):
        x = _LEFT + n * wide
        boxes += _column(bucket, x, wide, (top, bottom), full)
        if n % every == 0:
            middle = x + wide / 2
            last = middle > WIDE - 18
            texts.append(Text(WIDE if last else r(middle), bottom + 14, bucket.label, "end" if last else "middle"))
    lines = [Line(_LEFT, r(y), WIDE, r(y)) for y in (top, (top + bottom) / 2, bottom)]
    for part, y in ((0.0, top), (0.5, (top + bottom) / 2), (1.0, bottom)):
        texts.append(Text(_LEFT - 6, r(y + 3.5), percent(100 - full * part), "end"))
    return Drawing(title, about, WIDE, height, tuple(boxes), tuple(lines), tuple(texts))


def _column(bucket: Bucket, x: float, wide: float, between: tuple[float, float], full: float) -> list[Box]:
    top, bottom = between
    gap = min(2.0, wide * 0.15)
    inner = wide - gap
    hidden, nothing = _shown(bucket.unwatched, inner), _shown(bucket.nodata, inner)
    seen = max(0.0, inner - hidden - nothing)
    found: list[Box] = []
    left = x + gap / 2
    if bucket.lost is not None:
        found.append(Box(r(left), r(top), r(max(seen, 0.5)), 4, "fine", bucket.title))
        if bucket.lost:
            deep = max(1.0, bucket.lost * 100 / full * (bottom - top))
            found.append(Box(r(left), r(top), r(max(seen, 0.5)), r(deep), "incident", bucket.title))
    if hidden:
        found.append(Box(r(left + seen), top, r(hidden), r(bottom - top), thin("unwatched", hidden), bucket.title))
    if nothing:
        found.append(
            Box(r(left + seen + hidden), top, r(nothing), r(bottom - top), thin("nodata", nothing), bucket.title)
        )
    return found


def _shown(share: float, wide: float) -> float:
    """At least a pixel for what is there at all."""
    return min(wide, max(1.0, share * wide)) if share > 0 else 0.0


def timeline(title: str, about: str, tracks: Sequence[Track], ticks: Sequence[Tick], within: Span) -> Drawing:
    """Rows of what lasted when, on the common time of `within`; names stand left, notes right."""
    left, right = 240.0, WIDE - 76
    top = 20.0
    bottom = top + len(tracks) * _ROW
    until = within.until or within.since
    whole = max(1.0, (until - within.since).total_seconds())

    def at(moment: datetime) -> float:
        return left + (right - left) * min(1.0, max(0.0, (moment - within.since).total_seconds() / whole))

    boxes: list[Box] = []
    texts: list[Text] = []
    lines = [Line(r(at(tick.at)), top - 4, r(at(tick.at)), bottom) for tick in ticks]
    texts += [Text(r(at(tick.at)), top - 8, tick.text, "middle", "tick") for tick in ticks]
    for n, track in enumerate(tracks):
        y = top + n * _ROW
        lines.append(Line(0, r(y), WIDE, r(y), "rule"))
        texts.append(Text(0, r(y + 12), short(track.name, 46)))
        texts.append(Text(WIDE, r(y + 12), track.note, "end", "number"))
        for span in track.spans:
            x1, x2 = at(span.since), at(span.until or until)
            boxes.append(Box(r(x1), r(y + 3.5), r(max(2.0, x2 - x1)), _ROW - 7, thin(span.style, x2 - x1), span.title))
    return Drawing(title, about, WIDE, r(bottom + 4), tuple(boxes), tuple(lines), tuple(texts))


def thin(style: str, width: float) -> str:
    """What is too narrow for its pattern is drawn plain."""
    return f"{style} thin" if width < 3 and style in {"unwatched", "nodata"} else style


def histogram(title: str, about: str, bars: Sequence[tuple[str, int]], marks: Sequence[tuple[str, float]]) -> Drawing:
    """Counts by bar, with each count over its bar. A mark is a pin over its place in bars, counted from 0: 2.5 is in
    the middle of the third."""
    top, bottom = 30.0, 112.0
    wide = (WIDE - 8) / max(1, len(bars))
    most = max((count for _, count in bars), default=0) or 1
    boxes: list[Box] = []
    texts: list[Text] = []
    for n, (label, count) in enumerate(bars):
        x = 4 + n * wide
        high = (bottom - top - 14) * count / most
        if count:
            boxes.append(Box(r(x + 2), r(bottom - max(1, high)), r(wide - 4), r(max(1, high)), "plain"))
        texts.append(Text(r(x + wide / 2), r(bottom - high - 4), f"{count:,}", "middle", "halo"))
        texts.append(Text(r(x + wide / 2), bottom + 14, label, "middle"))
    lines = [Line(0, bottom, WIDE, bottom, "rule")]
    for n, (label, place) in enumerate(marks):
        x = 4 + place * wide
        y = 10.0 + n * 12
        over = bottom - (bottom - top - 14) * bars[min(int(place), len(bars) - 1)][1] / most - 14
        lines.append(Line(r(x), y + 2, r(x), r(max(y + 5, over)), "mark"))
        end = "end" if x > WIDE - 160 else "start"
        texts.append(Text(r(x + (-4 if end == "end" else 4)), y + 2, label, end, "strong"))
    return Drawing(title, about, WIDE, 132, tuple(boxes), tuple(lines), tuple(texts))


def ceiling(value: float) -> float:
    """The next of 1, 2, 5, 10, 20 ... and of their parts, not under 0.01 and not over 100."""
    if value <= 0.01:
        return 0.01
    power = 10.0 ** math.floor(math.log10(value))
    return float(min(100.0, next((s * power for s in _STEPS if value <= s * power * (1 + 1e-9)), 10 * power)))


def percent(value: float) -> str:
    """As in `99.95 %`: as many digits as it takes, at most four."""
    text = f"{value:.4f}".rstrip("0").rstrip(".")
    return f"{text}\u00a0%"


def r(value: float) -> float:
    """One digit after the point, and none where it is 0."""
    rounded = round(value, 1)
    return int(rounded) if rounded == int(rounded) else rounded
