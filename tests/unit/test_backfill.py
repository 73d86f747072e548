"""A backfill, pure: its windows, and how it goes on."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from shd_relay import backfill
from shd_relay.records import Backfill
from tests.world import ECS, OSS, minutes

PAIRS = (ECS, OSS)
NOW = minutes(0)


def finish(job: Backfill) -> list[Backfill]:
    """The job after each poll that reads all that is left of a window."""
    steps = []
    while not job.finished:
        asked = [request.pair for request in backfill.requests(job, PAIRS)]
        job = backfill.after(job, asked, asked, asked, found=1, now=NOW)
        steps.append(job)
    return steps


@pytest.mark.parametrize("days", [1, 27, 28, 54, 90, 366])
def test_the_windows_are_the_days_that_were_ordered_newest_first_without_a_gap(days: int) -> None:
    job = backfill.order(days, len(PAIRS), NOW)
    spans = [backfill.window(job)]
    spans += [backfill.window(step) for step in finish(job)[:-1]]
    assert spans[0][1] == NOW
    assert all(later[0] == earlier[1] for later, earlier in pairwise(spans))
    assert spans[-1][0] == NOW - timedelta(days=days)
    last = finish(job)[-1]
    assert (last.done, last.failed, last.total) == (job.total, 0, job.total)


def test_what_was_not_reached_waits_and_nothing_else_is_read_again() -> None:
    job = backfill.order(90, len(PAIRS), NOW)
    job = backfill.after(job, PAIRS, [ECS], [ECS], found=0, now=NOW)
    assert [request.pair for request in backfill.requests(job, PAIRS)] == [OSS]
    assert (job.window, job.rounds) == (0, 0)


def test_what_fails_three_times_is_counted_and_left_out() -> None:
    job = backfill.order(90, len(PAIRS), NOW)
    for failures in range(1, 4):
        asked = [request.pair for request in backfill.requests(job, PAIRS)]
        job = backfill.after(job, asked, [ECS] if ECS in asked else [], asked, found=0, now=NOW)
        assert (job.window, job.failed) == ((0, 0) if failures < 3 else (1, 1))
    assert [request.pair for request in backfill.requests(job, PAIRS)] == [*PAIRS]


def test_a_pair_that_left_the_watch_list_is_not_waited_for() -> None:
    job = backfill.after(backfill.order(20, len(PAIRS), NOW), PAIRS, [ECS], PAIRS, found=0, now=NOW)
    assert backfill.requests(job, [ECS]) == []
    job = backfill.after(job, [], [], [], found=0, now=NOW)
    assert job.finished


def test_a_finished_job_asks_for_nothing() -> None:
    assert backfill.requests(finish(backfill.order(30, 2, NOW))[-1], PAIRS) == []


def test_the_months_of_a_window_are_those_it_touches() -> None:
    job = backfill.order(60, 2, NOW)
    assert list(backfill.months(job)) == ["2022-11", "2022-12"]
    assert list(backfill.months(finish(job)[0])) == ["2022-10", "2022-11"]


def test_its_progress_is_plain() -> None:
    job = backfill.order(60, 2, NOW)
    assert backfill.progress(finish(job)[0]) == {
        "days": 60, "done": 2, "failed": 0, "total": 6, "found": 1, "back_to": "2022-11-21", "finished": False,
    }  # fmt: skip
