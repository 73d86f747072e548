"""The reports' pages in Chromium: on A4 nothing is wider than the paper, on a phone nothing than the screen."""

from __future__ import annotations

import base64
import re
from pathlib import Path

from selenium import webdriver

from shd_relay.reports import html
from tests import report_cases
from tests.browser.chromium import DESKTOP, PHONE, open_page, run

A4 = (673, 900)  # the width between the margins, in CSS pixels
_WIDTHS = "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
_STICKING_OUT = """return [...document.querySelectorAll('main *')].filter(e => !e.closest('svg svg, svg *, .sr')
  && e.getBoundingClientRect().right > document.documentElement.clientWidth + 1).map(e => e.outerHTML.slice(0, 90))"""


def test_the_pages_fit_the_paper_and_the_screen(browser: webdriver.Chrome, tmp_path: Path) -> None:
    pages = [html.render(report) for report in report_cases.rich_year(events=60, time_zone="Europe/Berlin").reports()]
    pages += [html.render(report_cases.one_zone(time_zone="Europe/Berlin").reports()[1])]
    served, _, _ = html.policy().partition("; frame-ancestors")  # which only a header may say
    policy = f'<meta http-equiv="Content-Security-Policy" content="{served}">'
    for n, page in enumerate(pages):
        file = tmp_path / f"{n}.html"
        file.write_text(page.decode().replace("<meta charset", f"{policy}<meta charset", 1), encoding="utf-8")
        for size in (DESKTOP, PHONE):
            open_page(browser, file.as_uri(), size)
            wide, seen = run(browser, _WIDTHS)
            assert wide <= seen, (n, size)
        open_page(browser, file.as_uri(), A4)
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        assert run(browser, _STICKING_OUT) == [], n
        assert run(browser, "return getComputedStyle(document.querySelector('rect')).fill") != "rgb(0, 0, 0)"
        assert browser.get_log("browser") == []


def test_a_report_is_printed_with_its_name_and_numbers_on_each_page(browser: webdriver.Chrome, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_bytes(html.render(report_cases.empty_month().reports()[0]))
    open_page(browser, file.as_uri(), A4)
    printed = browser.execute_cdp_cmd(
        "Page.printToPDF", {"preferCSSPageSize": True, "printBackground": True, "displayHeaderFooter": False}
    )
    pdf = base64.b64decode(printed["data"])
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 4
    assert {tuple(box.split()) for box in re.findall(rb"/MediaBox\s*\[([^]]+)\]", pdf)} == {
        (b"0", b"0", b"594.95996", b"841.91998")
    }
