"""Reports as CSV and JSON: one table that a spreadsheet takes, and no formula in it."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shd_relay.model import Update
from shd_relay.plans import REPORTS
from shd_relay.reports import csv_rows, csv_text, make
from shd_relay.ticket_severity import Important
from shd_relay.tickets import Ticket
from tests.report_log import ECS, RDS, Log, at, event, partner

HOSTILE = '=HYPERLINK("http://x";"可用区")\r\n\x00\x1b[31m\u202e'


def full() -> Log:
    log = Log()
    log.partner = partner(time_zone="Europe/Berlin", important=Important(business_critical=frozenset({"rds"})))
    update = (Update(at=at(3, 0, 30), text=HOSTILE),)
    log.lasts(event("a", RDS, start=at(3), title=HOSTILE, updates=update), at(3, 1))
    for n in range(55):
        log.tell("completed", event(f"m{n}", ECS, kind="maintenance", state="resolved", start=at(5, 0, n),
                                    end=at(5, 1, n)), at(6, 0, n))  # fmt: skip
    log.gap(at(7), at(8))
    log.ticket(at(3), "opened", Ticket(id="@T", revision=1, kind="technical", severity="critical", event="a",
                                       subject="+1", opened_at=at(3)))  # fmt: skip
    log.ticket(at(4), "opened", Ticket(id="U", revision=1, kind="technical", severity="critical", opened_at=at(4)))
    return log


@pytest.mark.parametrize("name", REPORTS)
def test_each_report_is_one_table(name: str) -> None:
    body = make.written(full().report(name, "2024-03-01", "2024-03-31"), "csv")
    assert body.startswith(b"\xef\xbb\xbfsection,name,value,")
    text = body.decode("utf-8-sig")
    assert text.count("\n") == text.count("\r\n")
    table = list(csv.DictReader(io.StringIO(text, newline="")))
    assert all(None not in row and None not in row.values() for row in table)
    sections = {row["section"] for row in table}
    assert {"report", "totals", "not watched", "definition"} <= sections
    assert not [cell for row in table for cell in row.values() if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert not any(c in text for c in "\x00\x1b\u202e")


def test_times_stand_in_utc_and_in_the_partners_zone_as_spreadsheets_take_them() -> None:
    body = make.written(full().usage(), "csv").decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(body, newline="")))
    (row,) = (row for row in rows if row["section"] == "events" and row["id"] == "a")
    assert (row["start_utc"], row["start_local"]) == ("2024-03-03 00:00:00", "2024-03-03 01:00:00")
    assert (row["text"][:12], row["product_name_zh"]) == ("'=HYPERLINK(", "云数据库 RDS")
    assert (row["seconds"], row["ongoing"], row["why"]) == ("3600", "no", "")
    assert {row["why"] for row in rows if row["section"] == "not watched"} == {"no_poll"}


def test_every_row_uses_columns_that_there_are() -> None:
    log = full()
    for name in REPORTS:
        for row in csv_rows.rows(log.report(name, "2024-03-01", "2024-03-31")):
            times = {"start", "end", "opened", "due", "responded", "closed"}
            assert set(row) - times <= set(csv_rows.COLUMNS), row["section"]


def test_what_was_not_listed_is_counted() -> None:
    found = full().summary()
    assert (len(found.maintenance), found.maintenance_omitted, found.totals.maintenances) == (50, 5, 55)
    assert b"totals,maintenance not listed,5," in make.written(found, "csv")


@given(st.text())
def test_no_text_is_a_formula(text: str) -> None:
    cell = csv_text.guarded(text)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))
    assert not cell.lstrip(" ").startswith(("=", "+", "-", "@"))


def test_json_has_times_and_numbers_as_everything_here_has() -> None:
    found = json.loads(make.written(full().critical(), "json"))
    assert list(found) == ["head", "business_critical", "totals", "events", "other_tickets", "unwatched"]
    assert found["events"][0]["event"]["start"] == "2024-03-03T00:00:00.000Z"
    assert found["head"]["period"] == {
        "since": "2024-02-29T23:00:00.000Z", "until": "2024-03-31T22:00:00.000Z", "first_day": "2024-03-01",
        "last_day": "2024-03-31", "seconds": 2674800.0,
    }  # fmt: skip


def test_a_file_is_named_after_partner_report_and_days() -> None:
    log = full()
    assert make.file_name(log.usage(), "csv") == "acme-product-usage-2024-03-01-2024-03-31.csv"
    times = log.usage("2024-03-01T00:00:00Z", "2024-03-02T12:30:00Z")
    assert make.file_name(times, "json") == "acme-product-usage-2024-03-01T0000Z-2024-03-02T1230Z.json"


@pytest.mark.parametrize("plan", ["selected", "premium"])
def test_who_is_not_entitled_is_told_which_plans_are(plan: str) -> None:
    with pytest.raises(make.RequestError, match="comes with Elite and Flagship; this partner's plan is ") as caught:
        make.check_entitled(plan, "critical-support")  # type: ignore[arg-type]
    assert caught.value.status == 403
    make.check_entitled("elite", "critical-support")
