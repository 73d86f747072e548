"""The page in a real browser, the markup and the style policy as a browser understands them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from tests.browser.chromium import PHONE, open_page, run, shows, text_of, wait
from tests.browser.houses import HOSTILE, all_down, outage, quiet
from tests.web_world import NOW, SG, House, event, served


def test_it_says_what_is_wrong_where_and_since_when_next_to_what_is_planned(
    browser: webdriver.Chrome, address: str
) -> None:
    open_page(browser, address)

    assert browser.title == "Incident: 3 services in China (Hong Kong) – Service health"
    assert text_of(browser, "h1") == "Incident: 3 services in China (Hong Kong)"
    first = text_of(browser, "article.incident")
    assert "Cooling failure in zone C" in first
    assert "China (Hong Kong) Elastic Compute Service, Object Storage Service, ApsaraDB RDS" in first
    times = browser.find_elements(By.CSS_SELECTOR, "article.incident dd time")
    assert [time.get_attribute("datetime") for time in times] == ["2022-12-18T00:56:00.000Z"]
    shows(browser, "article.incident .lasting", "for 3 h 4 min")
    headings = [h.text for h in browser.find_elements(By.CSS_SELECTOR, "h2")]
    assert headings == [
        "Happening now", "Ended in the last seven days", "Planned", "Every service and region", "The last 90 days",
    ]  # fmt: skip
    now, planned = (browser.find_element(By.ID, id_).rect for id_ in ("now", "planned"))
    assert (now["y"], now["x"] + now["width"] < planned["x"]) == (planned["y"], True)


def test_the_board_says_each_status_in_a_word_and_links_to_its_card(browser: webdriver.Chrome, address: str) -> None:
    open_page(browser, address)

    rows = [" ".join(row.text.split()) for row in browser.find_elements(By.CSS_SELECTOR, ".board tr")]
    assert rows == [
        "Service China (Hong Kong) cn-hongkong Singapore ap-southeast-1",
        "Elastic Compute Service ecs Incident OK",
        "Object Storage Service oss Incident OK",
        "ApsaraDB RDS rds Incident Notice",
    ]
    for link in browser.find_elements(By.CSS_SELECTOR, ".board a"):
        anchor = (link.get_attribute("href") or "").partition("#")[2]
        assert browser.find_elements(By.ID, anchor)


def test_a_hostile_title_is_shown_as_text_and_nothing_of_it_runs(browser: webdriver.Chrome, address: str) -> None:
    for path, place in (("", "article.notice h3"), ("events/hostile", "h1")):
        open_page(browser, address + path)

        assert text_of(browser, place) == HOSTILE.replace("\u202e", "\ufffd")
        assert browser.find_elements(By.CSS_SELECTOR, "main img, main script") == []
        assert "owned" not in browser.title.replace(HOSTILE.replace("\u202e", "\ufffd"), "")


def test_the_style_and_the_script_of_ours_pass_the_policy_and_nothing_is_fetched_from_elsewhere(
    browser: webdriver.Chrome, address: str
) -> None:
    open_page(browser, address)

    assert browser.get_log("browser") == []
    shows(browser, ".age", "seconds ago")
    fetched = run(browser, "return performance.getEntriesByType('resource').map(e => e.name)")
    assert set(fetched) == {address}
    assert run(browser, "return getComputedStyle(document.querySelector('.card')).borderRadius") != "0px"


def test_times_are_the_readers_with_utc_beside_and_one_click_away(browser: webdriver.Chrome, address: str) -> None:
    open_page(browser, address)
    since = "article.incident dd time"

    local, _, utc = text_of(browser, since).replace("\n", " ").partition("8:56")  # as the machine's locale writes it
    assert "Dec" in local
    assert utc.endswith("00:56 UTC")
    assert "Asia/Shanghai" in text_of(browser, "#zones")
    browser.find_element(By.ID, "zone").click()
    assert text_of(browser, since) == "18 Dec 2022, 00:56 UTC"
    browser.refresh()
    assert text_of(browser, since) == "18 Dec 2022, 00:56 UTC"
    browser.find_element(By.ID, "zone").click()
    assert "8:56" in text_of(browser, since)


def test_blind_is_loud_and_nothing_is_called_operational(browser: webdriver.Chrome, address: str, house: House) -> None:
    house.read_at(NOW - timedelta(hours=1), without_answer=2)

    open_page(browser, address)

    banner = browser.find_element(By.CSS_SELECTOR, ".banner-blind[role=status]")
    assert banner.text.startswith("We cannot see the dashboard right now.")
    assert banner.location["y"] < 300
    assert "OK" not in text_of(browser, ".board")
    assert "Unknown" in text_of(browser, ".board")
    shows(browser, ".age.old", "60 minutes ago")


@pytest.mark.parametrize("width", [320, 390])
def test_on_a_phone_nothing_is_wider_than_the_screen(browser: webdriver.Chrome, width: int) -> None:
    house = outage()
    house.tell(event("long", title="x" * 400, product="oss", region=SG, severity="y" * 200))
    with served(house) as port:
        for path in ("", "?lang=zh", "events/long"):
            open_page(browser, f"http://127.0.0.1:{port}/{path}", (width, 844))

            assert run(browser, "return document.documentElement.scrollWidth") <= width, path


def test_on_a_phone_the_board_shows_what_is_not_well_and_the_rest_when_asked(browser: webdriver.Chrome) -> None:
    def visible(selector: str) -> int:
        return int(
            run(browser, f"return [...document.querySelectorAll('{selector}')].filter(e => e.offsetWidth).length")
        )

    with served(outage()) as port:
        open_page(browser, f"http://127.0.0.1:{port}/", PHONE)

        assert (visible(".board tbody tr"), visible(".board tbody td")) == (8, 8)
        browser.find_element(By.ID, "whole").click()
        assert (visible(".board tbody tr"), visible(".board tbody td")) == (42, 42 * 35)


def test_1470_tiles_fit_a_wide_screen_and_scroll_on_a_phone_under_heads_that_stay(browser: webdriver.Chrome) -> None:
    with served(all_down()) as port:
        open_page(browser, f"http://127.0.0.1:{port}/")
        assert run(browser, "return document.documentElement.scrollWidth") <= 1440
        sizes = run(browser, "return [...document.querySelectorAll('.tiles td.i')].map(e => e.offsetWidth)")
        assert len(sizes) == 42 * 35
        assert min(sizes) >= 19
        run(browser, "window.scrollTo(0, document.querySelector('.board').getBoundingClientRect().bottom - 300)")
        assert run(browser, "return document.querySelector('.corner').getBoundingClientRect().bottom") < 300

        open_page(browser, f"http://127.0.0.1:{port}/", PHONE)
        run(browser, "Object.assign(document.querySelector('.scroll'), {scrollTop: 400, scrollLeft: 400})")
        corner, box = run(
            browser,
            "return ['.corner', '.scroll'].map(s => document.querySelector(s).getBoundingClientRect())"
            ".map(r => [Math.round(r.left), Math.round(r.top)])",
        )
        assert abs(corner[0] - box[0]) <= 8
        assert abs(corner[1] - box[1]) <= 8


def test_without_scripts_the_page_is_whole(browser: webdriver.Chrome, address: str) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        open_page(browser, address)

        assert "18 Dec 2022, 00:56 UTC" in text_of(browser, "article.incident")
        assert text_of(browser, "#asof") == "Read 18 Dec 2022, 03:59 UTC"
        assert len(browser.find_elements(By.CSS_SELECTOR, ".board tr")) == 4
        browser.find_element(By.CSS_SELECTOR, "#now summary").click()
        assert "Temperature alarm in zone C" in text_of(browser, "article.incident")
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_a_card_leads_to_its_event_and_that_back(browser: webdriver.Chrome, address: str) -> None:
    open_page(browser, f"{address}?lang=zh")

    browser.find_element(By.CSS_SELECTOR, "article.incident h3 a").click()
    assert text_of(browser, "h1") == "Cooling failure in zone C"
    assert len(browser.find_elements(By.CSS_SELECTOR, ".timeline li")) == 5
    browser.find_element(By.CSS_SELECTOR, ".back a").click()
    assert browser.current_url == f"{address}?lang=zh"


def test_a_bar_opens_the_list_at_the_day(browser: webdriver.Chrome) -> None:
    with served(quiet()) as port:
        open_page(browser, f"http://127.0.0.1:{port}/")
        run(browser, "document.querySelector('.bars a').dispatchEvent(new MouseEvent('click', {bubbles: true}))")

        wait(browser).until(lambda b: b.find_element(By.ID, "day-2022-12-09").is_displayed())
        assert "Cooling failure" in text_of(browser, "#history-days .lines")


def test_a_partner_signs_in_as_browsers_do(browser: webdriver.Chrome) -> None:
    with served(House()) as port:
        open_page(browser, f"http://small:small-secret@127.0.0.1:{port}/")

        assert text_of(browser, ".brand") == "Service health for Small <b>Ltd</b>"
        shows(browser, ".age", "seconds ago")  # refreshed, though the address holds a password
        assert len(browser.find_elements(By.CSS_SELECTOR, ".board tbody tr")) == 2
