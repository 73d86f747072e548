"""The pages of the reports: whole, hostile texts made harmless, the same bytes, honest about what nobody saw."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from shd_relay.reports import charts, heat, html, pictures, saying, telling
from shd_relay.reports.shapes import CriticalSupport, ProductUsage, Report, ServiceSummary
from shd_relay.ticket_severity import Important
from tests import report_cases, report_log
from tests.report_cases import HOSTILE, Story
from tests.report_log import at

CASES = ("rich_year", "empty_month", "blind_month", "before_the_log", "one_zone", "everywhere")
VOID = {"meta", "br", "img", "link", "input", "hr"}


@cache
def reports(name: str) -> tuple[ServiceSummary, CriticalSupport, ProductUsage]:
    story: Story = getattr(report_cases, name)()
    return story.reports()


@cache
def pages(name: str) -> tuple[str, ...]:
    return tuple(html.render(report).decode() for report in reports(name))


def say(report: Report) -> saying.Saying:
    return saying.saying(report.head)


class Read(HTMLParser):
    """What a page holds; every element must be closed in its place."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.text += data.replace("\u00a0", " ")

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.mark.parametrize("name", CASES)
def test_every_page_is_whole_and_loads_nothing(name: str) -> None:
    for page in pages(name):
        read = Read(page)
        names = {tag for tag, _ in read.tags}
        assert not names & {"script", "link", "img", "iframe", "object", "form", "a", "base"}
        attributes = [(name, value or "") for _, found in read.tags for name, value in found.items()]
        assert not [name for name, _ in attributes if name.startswith("on") or name in {"style", "src"}]
        assert {value[0] for name, value in attributes if name == "href"} <= {"#"}
        assert "//" not in page and "@import" not in page
        assert set(re.findall(r"url\((.)", page)) <= {"#"}


@pytest.mark.parametrize("name", CASES)
def test_every_page_can_be_read_by_machine_and_by_ear(name: str) -> None:
    for page in pages(name):
        read = Read(page)
        assert read.of("html")[0]["lang"] == "en"
        levels = [int(tag[1]) for tag, _ in read.tags if re.fullmatch(r"h\d", tag)]
        assert levels[0] == 1 and levels.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))
        assert len(read.of("table")) == len(read.of("caption")) == len(read.of("thead"))
        assert all(heading.get("scope") for heading in read.of("th"))
        pictures = [svg for svg in read.of("svg") if svg.get("aria-hidden") != "true"]
        assert all(svg["role"] == "img" and (svg.get("aria-label") or svg.get("aria-labelledby")) for svg in pictures)
        ids = [attributes["id"] for _, attributes in read.tags if "id" in attributes]
        assert len(ids) == len(set(ids))
        named = [a.get("aria-labelledby") or "" for _, a in read.tags if a.get("aria-labelledby")]
        assert {id_ for ids_ in named for id_ in ids_.split()} <= set(ids)


def test_the_same_report_gives_the_same_bytes() -> None:
    again = tuple(html.render(report).decode() for report in report_cases.one_zone().reports())
    assert again == pages("one_zone")


def test_hostile_texts_stay_text_in_tables_and_in_drawings() -> None:
    visible = HOSTILE.replace("\u202e", "\ufffd").replace("\x07", "\ufffd")
    page = html.render(report_cases.one_zone(name=HOSTILE).reports()[1]).decode()
    read = Read(page)
    assert "<script" not in page and "\u202e" not in page and "\x07" not in page
    assert not read.of("img")
    assert visible in read.text
    assert visible in (read.of("html")[0]["data-running"] or "")
    story = report_cases.empty_month()
    story.event("incident", "ecs", "cn-hongkong", at(8, 1), timedelta(hours=1), HOSTILE, severity=HOSTILE)
    drawn = html.render(story.reports()[0]).decode()
    svg = "".join(re.findall(r"<svg.*?</svg>", drawn, re.DOTALL))
    assert "&lt;script&gt;" in svg and "<script" not in svg
    assert Read(drawn).of("script") == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("empty_month", "Nothing happened: the dashboard announced no incident, no maintenance and no notice"),
        ("empty_month", "The dashboard was watched during the whole period."),
        ("blind_month", "At no time of this period was the dashboard watched"),
        ("blind_month", "Whether anything happened is not known, and no availability is given."),
        ("before_the_log", "The whole period lies before the log of this relay began (1 Feb 2024, 08:00)."),
        ("rich_year", "nobody watched: the dashboard did not answer and no poll was finished."),
        ("everywhere", "1,470 pairs of 1,470 were hit."),
        ("everywhere", "Provisional."),
    ],
)  # fmt: skip
def test_the_summary_says_what_is_known_and_what_is_not(name: str, said: str) -> None:
    assert said in Read(pages(name)[0]).text


@pytest.mark.parametrize("name", ["blind_month", "before_the_log"])
def test_what_nobody_watched_is_neither_quiet_nor_available(name: str) -> None:
    for page in pages(name):
        text = Read(page).text
        assert "100.000 %" not in text and "Nothing happened" not in text and "announced nothing" not in text
    drawn = pictures.availability(reports(name)[0])
    assert {box.style for box in drawn.boxes} == {"nodata" if name == "before_the_log" else "unwatched"}


def test_a_month_without_a_critical_product_says_that_nothing_can_be_critical() -> None:
    page = html.render(Story(important=Important()).reports()[1]).decode()
    assert "the rule suggests Critical for no event" in Read(page).text


def test_a_great_report_stays_small_and_counts_what_it_left_out() -> None:
    for report in report_cases.rich_year(products=42, regions=35, events=2500).reports():
        page = html.render(report)
        assert len(page) < 700_000
        assert re.search(r"[\d,]+ more (events|rows|pairs|tickets)? ?(\(in|stand in) the JSON and the CSV",
                         Read(page.decode()).text)  # fmt: skip


def test_the_policy_lets_the_style_of_the_page_in_and_nothing_else() -> None:
    import base64
    import hashlib

    style = re.search(r"<style>(.*?)</style>", pages("empty_month")[0], re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in html.policy()
    assert html.policy().startswith("default-src 'none'")


def test_lost_time_hangs_from_100_percent_as_long_as_it_was() -> None:
    buckets = [
        charts.Bucket("1", 0.02, 0, 0, ""),
        charts.Bucket("2", 0.01, 0.5, 0, ""),
        charts.Bucket("3", None, 1, 0, ""),
    ]
    drawn = charts.availability("", "", buckets)
    lost = [box for box in drawn.boxes if box.style == "incident"]
    assert lost[0].height == pytest.approx(2 * lost[1].height, abs=0.2)
    assert lost[0].width == pytest.approx(2 * lost[1].width, abs=0.2)
    assert [box.style for box in drawn.boxes][-1] == "unwatched"
    assert "98\u00a0%" in [text.text for text in drawn.texts]


@pytest.mark.parametrize(
    ("value", "lost", "text"),
    [(1.0, 0, "100.000"), (1.0, 0.4, "99.999"), (0.999999, 5, "99.999"), (0.5, 1, "50.000"), (0.0, 9, "0.000")],
)
def test_100_percent_is_written_only_where_nothing_was_lost(value: float, lost: float, text: str) -> None:
    assert saying.share(value, lost) == f"{text}\u00a0%"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"), (0, "0 s"), (0.02, "<0.1 s"), (0.85, "0.8 s"), (12.2, "12 s"), (59.6, "1 min"), (3599, "1 h"),
        (3600, "1 h"),
        (3569, "59 min"), (86_399, "1 d"), (90_000, "1 d 1 h"), (86_400 + 300, "1 d"), (53_280, "14 h 48 min"),
    ],
)  # fmt: skip
def test_how_long_is_said_in_two_units(seconds: float | None, text: str) -> None:
    assert saying.span(seconds).replace("\u00a0", " ") == text


def test_times_carry_their_offset_where_the_clocks_are_moved_within_the_period() -> None:
    head = reports("empty_month")[0].head
    spring = msgspec.structs.replace(
        head,
        time_zone="Europe/Berlin",
        period=msgspec.structs.replace(head.period, since=at(1), until=at(32)),
    )
    said = saying.saying(spring)
    assert said.moment(at(31, 0, 30)) == "31\u00a0Mar\u00a02024, 01:30\u00a0+01:00"
    assert said.moment(at(31, 1, 30)) == "31\u00a0Mar\u00a02024, 03:30\u00a0+02:00"
    assert saying.saying(head).moment(at(1, 7)) == "1\u00a0Mar\u00a02024, 15:00"


def test_marks_of_a_day_with_25_hours_stand_on_true_hours() -> None:
    said = saying.Saying(ZoneInfo("Europe/Berlin"), "Europe/Berlin", each=True)
    since, until = datetime(2025, 10, 25, 22, tzinfo=timezone.utc), datetime(2025, 10, 26, 23, tzinfo=timezone.utc)
    marks = pictures.ticks(since, until, said)
    assert {(b.at - a.at) for a, b in pairwise(marks)} == {timedelta(hours=6)}
    assert [mark.text for mark in marks][:2] == ["26 Oct 00:00", "05:00"]


def test_too_many_products_leave_those_with_the_most_trouble_in_the_map() -> None:
    rows = reports("rich_year")[0].by_pair
    many = tuple(
        msgspec.structs.replace(row, product=msgspec.structs.replace(row.product, id=f"{row.product.id}{n}"))
        for n in range(4) for row in rows
    )  # fmt: skip
    found = heat.heat(many)
    assert found.omitted_products == 4 * 20 - heat.MOST_ROWS
    assert sum(box.style in {"h1", "h2", "h3", "h4"} for box in found.drawing.boxes) == 4 * 11


def test_summaries_of_all_cases_are_sentences() -> None:
    for name in CASES:
        for report in reports(name):
            said = telling.summary(report, say(report))
            assert said and all(text.endswith(".") and "None" not in text and "  " not in text for text in said)


def test_what_is_drawn_does_not_stick_out() -> None:
    def check(drawn: Any) -> None:
        for box in drawn.boxes:
            assert box.x >= 0 and box.y >= 0 and box.width > 0 and box.height > 0
            assert box.x + box.width <= drawn.width + 1 and box.y + box.height <= drawn.height + 1

    for name in CASES:
        summary = reports(name)[0]
        check(pictures.availability(summary))
        check(heat.heat(summary.by_pair).drawing)
        if summary.longest:
            check(pictures.longest(summary, say(summary)))
        for row in reports(name)[2].rows[:40]:
            check(pictures.pair_strip(row, summary.head.period))


def test_no_time_of_now_is_in_a_page() -> None:
    assert f"{datetime.now(timezone.utc):%Y-%m-%d}" not in pages("one_zone")[0]


def stories_pages(story: Story) -> list[str]:
    return [Read(html.render(report).decode()).text for report in story.reports()]


def test_what_struck_many_pairs_at_once_is_one_line_and_what_was_called_off_has_no_length() -> None:
    story = Story()
    for product in story.products:
        for region in story.regions:
            story.event("incident", product, region, at(12, 9), timedelta(hours=3), "No key is taken")
    off = report_log.event("off", kind="maintenance", state="cancelled", start=at(14), title="Called off")
    story.steps.append((at(13), lambda log: log.tell("cancelled", off, at(13))))
    summary, _, usage = stories_pages(story)
    assert usage.count("No key is taken") == 1
    assert "China (Hangzhou), China (Hong Kong) (6 pairs)" in usage
    assert summary.count("No key is taken") == 2 * 6  # in the chart, too
    assert "0 s" not in usage.partition("Planned maintenance, by start")[2]


def test_what_stands_in_no_form_of_the_report_is_not_said_to_stand_in_json() -> None:
    story = Story()
    for n in range(55):
        story.event("maintenance", "ecs", "cn-hongkong", at(1 + n % 25, n // 25), timedelta(hours=1), f"Upgrade {n}")
    summary = stories_pages(story)[0]
    assert "and 10 more events (in the JSON and the CSV of this report)." in summary
    assert "5 more stand in the Product Usage Report of the period." in summary


def test_only_tickets_of_the_period_are_said_to_be_over_the_allowance_in_it() -> None:
    story = Story(plan="elite", ticket_packages=0, days=("2024-03-20", "2024-03-31"))
    for n in range(33):
        story.ticket("low", at(2, n % 24, n), timedelta(hours=1))
    story.ticket("low", at(25), timedelta(hours=1))
    assert "1 ticket was opened: 1 answered within the target. 1 came after the allowance" in stories_pages(story)[0]


def test_a_summary_counts_what_lies_beside_the_watch_list_and_what_has_no_time() -> None:
    story = Story(("ecs",), ("cn-hongkong",))
    story.event("incident", "ecs", "cn-hongkong", at(3), timedelta(hours=1), "Watched")
    story.event("notice", "no-such-product", "cn-hongkong", at(4), timedelta(hours=1), "Beside")
    untold = report_log.event("untold", start=at(5))
    story.steps.append((at(5), lambda log: log.tell("opened", untold, at(5))))
    summary, critical, usage = stories_pages(story)
    assert "Of these, 1 was in pairs that are not on the watch list and 1 goes on." in summary
    assert "the slowest after 0.8 s. Of 1 of them the time is not known." in summary
    assert "the slowest after 0.8 s. Of 1 of them the time is not known." in critical
    assert "Something happened to the 1 watched pair of product and region;" in usage
