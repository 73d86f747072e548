"""Prometheus' text format 0.0.4: families of samples as values, and their text. Whoever has figures can use it: those
of the store (metrics.py), and those of a process that lives long enough to count for itself."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from shd_relay.records import Histogram

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Family(NamedTuple):
    """What stands under one name; `about` is one line for people."""

    name: str
    kind: Literal["gauge", "counter", "histogram"]
    about: str


class Sample(NamedTuple):
    """One figure. Label values may be any text; `suffix` goes after the family's name."""

    value: float
    labels: Mapping[str, str] = {}
    suffix: str = ""


def text(families: Iterable[tuple[Family, Sequence[Sample]]]) -> bytes:
    """The families in this order; those without a sample are left out."""
    lines = [line for family, samples in families if samples for line in _lines(family, samples)]
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")


def of_histogram(histogram: Histogram | None) -> list[Sample]:
    """Its samples, the buckets cumulative as the format wants them; none if there is none that makes sense."""
    if histogram is None or len(histogram.counts) != len(histogram.bounds) + 1:
        return []
    samples, total = [], 0
    for bound, count in zip((*histogram.bounds, math.inf), histogram.counts, strict=True):
        total += count
        samples.append(Sample(total, {"le": _number(bound)}, "_bucket"))
    return [*samples, Sample(histogram.seconds, {}, "_sum"), Sample(total, {}, "_count")]


def _lines(family: Family, samples: Sequence[Sample]) -> list[str]:
    about = family.about.replace("\\", "\\\\").replace("\n", "\\n")
    head = [f"# HELP {family.name} {about}", f"# TYPE {family.name} {family.kind}"]
    return [*head, *(f"{family.name}{s.suffix}{_labels(s.labels)} {_number(s.value)}" for s in samples)]


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    """The outlet's escaper (design.md, law 12): these three are all that the format gives a meaning to."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    if math.isinf(value) or math.isnan(value):
        return {math.inf: "+Inf", -math.inf: "-Inf"}.get(value, "NaN")
    return repr(int(value)) if value == int(value) else repr(value)
