"""How a read's costs grow with its pairs: a line through them, and a picture of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

Point = tuple[float, float]

WIDTH, HEIGHT, MARGIN, GAP = 290, 200, 30, 28
_STEPS = 4


class Line(NamedTuple):
    """`a + b x`."""

    a: float
    b: float

    def at(self, x: float) -> float:
        return self.a + self.b * x


class Panel(NamedTuple):
    """One curve, over a line that it should follow."""

    title: str
    points: Sequence[Point]
    line: Line
    unit: str


def fitted(points: Sequence[Point]) -> Line:
    """Least squares."""
    mean_x, mean_y = (sum(values) / len(points) for values in zip(*points, strict=True))
    b = sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)
    return Line(mean_y - b * mean_x, b)


def picture(panels: Sequence[Panel]) -> str:
    """An SVG of the panels side by side."""
    width = len(panels) * (WIDTH + GAP) + GAP
    drawn = "\n".join(_panel(panel, GAP + n * (WIDTH + GAP)) for n, panel in enumerate(panels))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT + 2 * MARGIN}" width="{width}" '
        f'font-family="sans-serif" font-size="11" fill="#222">\n<rect width="100%" height="100%" fill="#fff"/>\n'
        f"{drawn}\n</svg>\n"
    )


def _panel(panel: Panel, left: int) -> str:
    most_x = max(x for x, _ in panel.points)
    most_y = _STEPS * _round(max(panel.line.at(most_x), *(y for _, y in panel.points)) / _STEPS)

    def place(x: float, y: float) -> tuple[str, str]:
        return f"{left + x / most_x * WIDTH:.1f}", f"{MARGIN + HEIGHT - y / most_y * HEIGHT:.1f}"

    parts = [f'<text x="{left}" y="{MARGIN - 10}" font-weight="bold">{escape(panel.title)}</text>']
    for step in range(_STEPS + 1):
        x, y = place(most_x, most_y * step / _STEPS)
        parts.append(f'<line x1="{left}" y1="{y}" x2="{x}" y2="{y}" stroke="#ddd"/>')
        if step:
            label = f"{most_y * step / _STEPS:g} {panel.unit}"
            parts.append(f'<text x="{left + 3}" y="{float(y) + 11:.1f}" fill="#777">{escape(label)}</text>')
        if step < _STEPS:
            x, y = place(most_x * (step + 1) / _STEPS, 0)
            parts.append(
                f'<text x="{x}" y="{float(y) + 14:.1f}" text-anchor="end" fill="#777">{_count(panel, step)}</text>'
            )
    (x1, y1), (x2, y2) = place(0, panel.line.a), place(most_x, panel.line.at(most_x))
    parts.append(f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="#c60" stroke-dasharray="5 3"/>')
    spots = [place(x, y) for x, y in panel.points]
    parts.append(f'<polyline points="{" ".join(map(",".join, spots))}" fill="none" stroke="#06c" stroke-width="1.5"/>')
    parts += [f'<circle cx="{x}" cy="{y}" r="3" fill="#06c"/>' for x, y in spots]
    return "\n".join(parts)


def _count(panel: Panel, step: int) -> str:
    return f"{max(x for x, _ in panel.points) * (step + 1) / _STEPS:,.0f}"


def _round(value: float) -> float:
    """The next greater one that reads well."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(round(step * power, 9) for step in (1, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10) if step * power >= value)
