"""Reading the past on an operator's order: window by window, the newest first, with what budget polls leave. Pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from shd_relay.model import Pair
from shd_relay.ports import ReadRequest
from shd_relay.records import Backfill

WINDOW = timedelta(days=27)  # with the days around it, as many as even a narrow source takes in one call
MOST_DAYS = 366  # the dashboard keeps about a year (status-api.md, 2.1)
ROUNDS = 3  # what cannot be read in so many polls is left out, and counted


def order(days: int, watched: int, now: datetime) -> Backfill:
    """An order to read `days` back from now, for so many pairs."""
    return Backfill(days=days, ordered=now, total=watched * math.ceil(timedelta(days=days) / WINDOW))


def window(job: Backfill) -> tuple[datetime, datetime]:
    """From and until of the window at work."""
    until = job.ordered - job.window * WINDOW
    return max(until - WINDOW, _oldest(job)), until


def months(job: Backfill) -> Iterator[str]:
    """The months, `YYYY-MM`, that the window at work touches."""
    since, until = (moment.date() for moment in window(job))
    month = since.replace(day=1)
    while month <= until:
        yield f"{month:%Y-%m}"
        month = date(month.year + month.month // 12, month.month % 12 + 1, 1)


def requests(job: Backfill, watched: Iterable[Pair]) -> list[ReadRequest]:
    """What is still to be read of the window at work; nothing once the job is finished."""
    if job.finished:
        return []
    since, until = window(job)
    left = None if job.left is None else set(job.left)
    return [ReadRequest(pair, since, until) for pair in watched if left is None or str(pair) in left]


def after(  # noqa: PLR0917 - the job, what became of it, when
    job: Backfill, asked: Iterable[Pair], read: Collection[Pair], tried: Collection[Pair], found: int, now: datetime
) -> Backfill:
    """The job after a poll that wanted `asked` of the window, tried and read some of it, and recorded `found` events.

    What was not reached waits; what fails in so many rounds through all that is left is given up.
    """
    left = tuple(str(pair) for pair in asked if pair not in read)
    rounds = job.rounds + (len(tried) >= len(left) + len(read))
    job = replace(job, left=left, rounds=rounds, done=job.done + len(read), found=job.found + found)
    if left and rounds < ROUNDS:
        return job
    over = (job.window + 1) * WINDOW >= timedelta(days=job.days)
    return replace(
        job, failed=job.failed + len(left), window=job.window + 1, left=None, rounds=0, finished=now if over else None
    )


def progress(job: Backfill) -> dict[str, Any]:
    """What a report says of it: reads done, failed and in all, events found, and the day that it has come back to."""
    return {
        "days": job.days, "done": job.done, "failed": job.failed, "total": job.total, "found": job.found,
        "back_to": None if job.window == 0 else f"{max(job.ordered - job.window * WINDOW, _oldest(job)):%Y-%m-%d}",
        "finished": job.finished is not None,
    }  # fmt: skip


def _oldest(job: Backfill) -> datetime:
    return job.ordered - timedelta(days=job.days)
