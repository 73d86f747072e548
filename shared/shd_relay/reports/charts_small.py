"""The drawings that stand in a row of a table. Pure geometry, as in charts.py."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from shd_relay.reports.charts import Box, Drawing, Line, Span, Text, r, thin

WIDTH = 150
_LINE = 10.0
_PLACES = {"incident": (0.0, _LINE), "maintenance": (_LINE + 1, 4.0), "notice": (_LINE + 1, 4.0)}


def strip(title: str, spans: Sequence[Span], within: Span) -> Drawing:
    """A period on one small line: incidents stand on it, what else was announced hangs below it. Whole pixels, those of
    one style drawn together where they touch: however many events there were, it stays small."""
    boxes = [Box(0, _LINE - 0.5, WIDTH, 1.5, "fine")]
    for style in dict.fromkeys(span.style for span in spans):
        y, high = _PLACES.get(style, (0.0, 15.0))
        runs = _runs(sorted(_pixels(span, within) for span in spans if span.style == style))
        boxes += [Box(first, r(y), last - first, r(high), thin(style, last - first)) for first, last in runs]
    return Drawing(title, "", WIDTH, 15, tuple(boxes))


def _pixels(span: Span, within: Span) -> tuple[int, int]:
    """From which to which; at least one."""
    until = within.until or within.since
    whole = max(1.0, (until - within.since).total_seconds())
    first, last = (
        round(min(1.0, max(0.0, (at - within.since).total_seconds() / whole)) * WIDTH)
        for at in (span.since, span.until or until)
    )
    first = min(first, WIDTH - 1)
    return first, max(first + 1, last)


def _runs(ordered: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for first, last in ordered:
        if runs and first <= runs[-1][1]:
            runs[-1] = runs[-1][0], max(runs[-1][1], last)
        else:
            runs.append((first, last))
    return runs


def against(title: str, took: timedelta | None, within: timedelta) -> Drawing:
    """One answer against its target, which stands in the middle; of one that took more than twice as long it is said
    how many times."""
    half, width = 60.0, 160.0
    share = 0.0 if took is None else took / within
    boxes = [Box(0, 2, half, 10, "allowed")]
    if took is not None:
        boxes.append(Box(0, 4, r(min(2 * half, max(1.5, share * half))), 6, "late" if share >= 1 else "intime"))
    texts = (Text(width, 11, f"{share:,.0f} ×", "end"),) if share > 2 else ()
    return Drawing(title, "", width, 14, tuple(boxes), (Line(half, 0, half, 14, "mark"),), texts)
