"""`/v1/reports`: who gets which report, in which form, and what is refused."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from shd_relay import ledger
from shd_relay.ledger import State
from shd_relay.model import Entry
from shd_relay.reports import gather
from shd_relay.web import reports_view
from tests.web_world import NOW, START, House, event, unpacked

ROOT = Path(__file__).parents[2]
DECEMBER = "from=2022-12-01&to=2022-12-18"


def house(**more: Any) -> House:
    """An incident that goes on since three hours, seen at once; in the plan's time."""
    house = House(**more)
    house.tell(event("e0", state="resolved", start=START - timedelta(days=2), end=START - timedelta(days=1)),
               at=START - timedelta(days=1))  # fmt: skip
    house.tell(event(), at=START)
    return house


def with_plan(plan: str) -> House:
    made = house()
    partners = tuple(structs.replace(partner, plan=plan) for partner in made.site.config.partners)
    return made.with_site(config=structs.replace(made.site.config, partners=partners))


def test_the_list_says_which_reports_the_plan_comes_with() -> None:
    found = house().json("/v1/reports")["reports"]
    assert found[0] == {
        "name": "service-summary", "title": "Service Summary Report", "entitled": True, "plans": ["Elite", "Flagship"],
    }  # fmt: skip
    assert [row["entitled"] for row in with_plan("premium").json("/v1/reports")["reports"]] == [False] * 3


@pytest.mark.parametrize("name", ["service-summary", "critical-support", "product-usage"])
def test_each_report_comes_as_json_unless_asked_otherwise(name: str) -> None:
    found = house().json(f"/v1/reports/{name}?{DECEMBER}")
    assert (found["head"]["report"], found["head"]["partner"]["id"], found["head"]["final"]) == (name, "acme", False)
    assert found["head"]["period"]["since"] == "2022-11-30T16:00:00.000Z"


def test_a_report_says_what_happened_in_the_scope_up_to_now() -> None:
    totals = house().json(f"/v1/reports/service-summary?{DECEMBER}")["totals"]
    assert (totals["incidents"], totals["ongoing"], totals["pairs"], totals["pairs_hit"]) == (2, 1, 6, 1)
    small = house().json(f"/v1/reports/service-summary?{DECEMBER}", "small")["totals"]
    assert (small["incidents"], small["changes"], small["pairs"]) == (0, 0, 2)


def test_the_last_whole_month_is_the_default() -> None:
    period = house().json("/v1/reports/product-usage")["head"]["period"]
    assert (period["first_day"], period["last_day"]) == ("2022-11-01", "2022-11-30")


def test_csv_comes_as_a_file_for_spreadsheets() -> None:
    response = house().get(f"/v1/reports/product-usage?{DECEMBER}&format=csv", accept="text/csv")
    assert response.header("content-type") == "text/csv; charset=utf-8"
    assert response.header("content-disposition") == (
        'attachment; filename="acme-product-usage-2022-12-01-2022-12-18.csv"'
    )
    rows = list(csv.DictReader(io.StringIO(unpacked(response).decode("utf-8-sig"), newline="")))
    assert {row["section"] for row in rows} >= {"report", "by pair", "events"}


def test_html_comes_as_a_page_that_runs_nothing() -> None:
    response = house().get(f"/v1/reports/service-summary?{DECEMBER}&format=html", accept="text/html")
    assert response.status == 200
    assert response.header("content-type") == "text/html; charset=utf-8"
    assert response.header("content-security-policy").startswith("default-src 'none'")
    assert b"Service Summary Report" in unpacked(response)


@pytest.mark.parametrize("path", ["/v1/reports", "/v1/reports/service-summary"])
def test_reports_are_a_partners_own(path: str) -> None:
    for public in (True, False):
        response = house(public=public).get(path, None)
        assert response.status == 401
        assert response.header("www-authenticate")


@pytest.mark.parametrize("plan", ["selected", "premium"])
def test_who_is_not_entitled_is_told_which_plans_are(plan: str) -> None:
    problem = with_plan(plan).json("/v1/reports/critical-support", status=403)
    assert problem["detail"].startswith("the Critical Support Summary comes with Elite and Flagship; this partner's")


@pytest.mark.parametrize(
    ("query", "status", "why"),
    [
        ("service-summary?format=pdf", 400, "format: pdf is none of json, csv, html"),
        ("service-summary?from=2022-12-02&to=2022-12-01", 400, "to: lies before from"),
        ("service-summary?from=2022-12-01", 400, "from: give from and to"),
        ("service-summary?from=2022-12-01&to=2022-12-19", 400, "to: lies in the future"),
        ("service-summary?known=2022-12-19T00:00:00Z", 400, "known: lies in the future"),
        ("service-summary?product=ecs", 400, "product: no such parameter"),
        ("usage", 404, "there is no such report: service-summary, "),
        ("Service-Summary", 404, "there is no such report"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_one_clear_line(query: str, status: int, why: str) -> None:
    assert house().json(f"/v1/reports/{query}", status=status)["detail"].startswith(why)


def test_another_media_type_is_refused() -> None:
    assert house().get("/v1/reports/service-summary", accept="image/png").status == 406


def test_a_log_that_is_too_long_for_a_request_names_the_command() -> None:
    made = House()
    empty = ledger.encode_entry(Entry(id="x", at=NOW - timedelta(days=1), token=1, changes=()))
    for seq in range(1, gather.MOST_ROWS + 2):
        made.store.append("main", seq, empty)
    made.store.save_checkpoint("main", ledger.to_checkpoint(State(seq=seq, at=NOW - timedelta(days=1))))
    detail = made.json(f"/v1/reports/product-usage?{DECEMBER}", status=400)["detail"]
    assert detail == (
        "this report is made of more of the log than one request reads: "
        "ask for a shorter period, or use the command `shd-relay report`"
    )


@pytest.mark.parametrize(
    ("length", "why"),
    [(reports_view.MOST_BYTES, "this report has 5,5"), (gather.MOST_BYTES, "this report is made of more of the log")],
)
def test_what_is_too_much_for_a_request_names_the_command(length: int, why: str) -> None:
    made = house()
    made.tell(event("long", title="x" * length))
    detail = made.json(f"/v1/reports/product-usage?{DECEMBER}", status=400)["detail"]
    assert detail.startswith(why)
    assert detail.endswith("ask for a shorter period, or use the command `shd-relay report`")


def test_a_report_is_made_anew_as_the_log_goes_on() -> None:
    made = house()
    before = made.json(f"/v1/reports/product-usage?{DECEMBER}")
    made.tell(event("e2", start=NOW), at=NOW)
    made.now += timedelta(seconds=5)
    after = made.json(f"/v1/reports/product-usage?{DECEMBER}")
    assert (before["totals"]["incidents"], after["totals"]["incidents"]) == (2, 3)


def test_a_final_report_keeps_its_bytes_and_its_etag() -> None:
    made = House(polled=False)
    told = event(start=datetime(2022, 11, 3, tzinfo=timezone.utc))
    made.tell(told, at=datetime(2022, 11, 3, 0, 1, tzinfo=timezone.utc))
    made.read_at(NOW)
    path = "/v1/reports/service-summary?from=2022-11-01&to=2022-11-30"
    first = made.get(path)
    made.tell(structs.replace(told, state="resolved", end=NOW, revision=2), at=NOW)
    made.now += timedelta(days=3)
    assert made.json(path)["head"]["final"]
    assert made.get(path).body == first.body
    assert made.get(path, if_none_match=first.header("etag")).status == 304


def test_while_the_store_is_away_there_is_no_report() -> None:
    made = house()
    assert made.get(f"/v1/reports/product-usage?{DECEMBER}").status == 200
    made.store.broken = True
    made.now += timedelta(minutes=1)
    made.ticks += 60
    response = made.get(f"/v1/reports/product-usage?{DECEMBER}")
    assert (response.status, response.header("retry-after")) == (503, "10")


def test_only_who_asks_for_a_report_loads_what_makes_them() -> None:
    code = f"""
import sys
sys.path[:0] = [{str(ROOT / "shared")!r}, {str(ROOT)!r}]
from tests.web_world import House
house = House()
for path in ("/v1/status", "/v1/reports", "/"):
    assert house.get(path).status == 200
print(sorted(n for n in sys.modules if n.startswith(("shd_relay.reports", "zoneinfo", "jinja2", "csv"))))
assert house.get("/v1/reports/product-usage").status == 200
print(sorted(n for n in sys.modules if n.startswith(("jinja2", "csv", "shd_relay.reports.html"))))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "[]"]
