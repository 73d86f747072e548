"""Times as texts: milliseconds, UTC, whatever the digits and the zone."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from shd_relay import times

UTC8 = timezone(timedelta(hours=8))
SAID = [
    (datetime(2022, 12, 18, 0, 56, tzinfo=timezone.utc), "2022-12-18T00:56:00.000Z"),
    (datetime(2022, 12, 18, 0, 56, 1, 999, tzinfo=timezone.utc), "2022-12-18T00:56:01.000Z"),
    (datetime(2022, 12, 18, 0, 56, 1, 999_999, tzinfo=timezone.utc), "2022-12-18T00:56:01.999Z"),
    (datetime(5, 1, 1, 0, 0, 0, 1000, tzinfo=timezone.utc), "0005-01-01T00:00:00.001Z"),
]


@pytest.mark.parametrize(("moment", "said"), SAID)
def test_a_time_is_told_in_utc_with_milliseconds_that_are_cut_and_not_rounded(moment: datetime, said: str) -> None:
    assert times.text(moment) == said
    assert times.text(moment.astimezone(UTC8)) == said


def test_many_times_are_told_as_each_of_them_is() -> None:
    moments = [*(moment for moment, _ in SAID), None]
    assert times.texts(moments) == [times.text_or_none(moment) for moment in moments]
