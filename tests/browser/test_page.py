"""The page in a real browser, the markup and the style policy as a browser understands them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service as Driver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from shd_relay.model import Update
from tests.web_world import NOW, SG, START, House, event, hong_kong, served

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script> \u202eevil"

if not (CHROMIUM and DRIVER):
    pytest.skip("needs the Debian packages chromium and chromium-driver", allow_module_level=True)

FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Driver(executable_path=DRIVER))
    yield driver
    driver.quit()


@pytest.fixture
def house() -> House:
    filled = House(public=True)
    filled.tell(*hong_kong())
    filled.tell(
        event("hostile", product="rds", region=SG, kind="notice", severity="NOTIFICATION", title=HOSTILE,
              updates=(Update(at=START, text="</li></ul><script>document.title='owned'</script>"),)),
        event("plan", product="oss", region=SG, kind="maintenance", state="scheduled", title="Network cut-over",
              severity="NOTIFICATION", start=NOW + timedelta(days=2), end=NOW + timedelta(days=2, hours=3)),
        event("over", product="ecs", region=SG, state="resolved", severity="NORMAL", title="Login failures (recovered)",
              start=NOW - timedelta(days=1), end=NOW - timedelta(hours=20)),
    )  # fmt: skip
    return filled


@pytest.fixture
def address(house: House) -> Iterator[str]:
    with served(house) as port:
        yield f"http://127.0.0.1:{port}/"


def open_page(browser: webdriver.Chrome, address: str, width: int = 1280, height: int = 1400) -> None:
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
    )
    browser.get_log("browser")
    browser.get(address)


def text_of(browser: webdriver.Chrome, selector: str) -> str:
    return browser.find_element(By.CSS_SELECTOR, selector).text


def test_it_says_what_is_wrong_where_and_since_when(browser: webdriver.Chrome, address: str) -> None:
    open_page(browser, address)

    assert browser.title == "Incident in 3 of 6 services and regions – Service health"
    assert text_of(browser, "h1") == "Incident in 3 of 6 services and regions"
    first = text_of(browser, "article.incident")
    assert "Cooling failure in zone C" in first
    assert "Elastic Compute Service, Object Storage Service, ApsaraDB RDS in China (Hong Kong)" in first
    times = browser.find_elements(By.CSS_SELECTOR, "article.incident:not(.over) dd time")
    assert [time.get_attribute("datetime") for time in times] == ["2022-12-18T00:56:00.000Z"]
    headings = [h.text for h in browser.find_elements(By.CSS_SELECTOR, "h2")]
    assert headings == ["Happening now", "Planned", "Every service and region", "Ended in the last seven days"]


def test_the_board_says_each_status_in_a_word_and_links_to_its_card(browser: webdriver.Chrome, address: str) -> None:
    open_page(browser, address)

    rows = [" ".join(row.text.split()) for row in browser.find_elements(By.CSS_SELECTOR, ".board tr")]
    assert rows == [
        "Region Elastic Compute Service ecs Object Storage Service oss ApsaraDB RDS rds",
        "China (Hong Kong) cn-hongkong Incident Incident Incident",
        "Singapore ap-southeast-1 OK OK Notice",
    ]
    for link in browser.find_elements(By.CSS_SELECTOR, ".board a"):
        anchor = (link.get_attribute("href") or "").partition("#")[2]
        assert browser.find_elements(By.ID, anchor)


def test_a_hostile_title_is_shown_as_text_and_nothing_of_it_runs(browser: webdriver.Chrome, address: str) -> None:
    open_page(browser, address)

    assert text_of(browser, "article.notice h3") == HOSTILE.replace("\u202e", "\ufffd")
    assert browser.find_elements(By.CSS_SELECTOR, "main img, main script") == []
    assert "owned" not in browser.title


def test_the_style_and_the_script_of_ours_pass_the_policy_and_nothing_is_fetched_from_elsewhere(
    browser: webdriver.Chrome, address: str
) -> None:
    open_page(browser, address)

    assert browser.get_log("browser") == []
    WebDriverWait(browser, 10).until(lambda b: text_of(b, ".age") == "(1 minute ago)")
    fetched = browser.execute_script("return performance.getEntriesByType('resource').map(e => e.name)")
    assert set(fetched) == {address}
    assert browser.execute_script("return getComputedStyle(document.querySelector('.card')).borderRadius") != "0px"


def test_blind_is_loud_and_nothing_is_called_operational(browser: webdriver.Chrome, address: str, house: House) -> None:
    house.read_at(NOW - timedelta(hours=1), without_answer=2)

    open_page(browser, address)

    banner = browser.find_element(By.CSS_SELECTOR, ".banner-blind[role=status]")
    assert banner.text.startswith("We cannot see the dashboard right now.")
    assert banner.location["y"] < 300
    assert "OK" not in text_of(browser, ".board")
    assert "Unknown" in text_of(browser, ".board")


@pytest.mark.parametrize("width", [320, 390])
def test_on_a_phone_nothing_is_wider_than_the_screen(browser: webdriver.Chrome, house: House, width: int) -> None:
    house.tell(event("long", title="x" * 400, product="oss", region=SG, severity="y" * 200))
    with served(house) as port:
        open_page(browser, f"http://127.0.0.1:{port}/", width, 844)

        assert browser.execute_script("return document.documentElement.scrollWidth") <= width


def test_a_new_state_appears_without_loading_the_page_anew(
    browser: webdriver.Chrome, address: str, house: House
) -> None:
    open_page(browser, address)
    browser.execute_script("window.kept = true; document.querySelector('details').open = true")
    house.tell(event("fresh", product="oss", region=SG, title="Something new"))

    browser.execute_script("document.dispatchEvent(new Event('visibilitychange'))")

    WebDriverWait(browser, 10).until(
        lambda b: "Something new" in b.execute_script("return document.querySelector('main').innerText")
    )
    assert browser.execute_script("return window.kept && document.querySelector('details').open") is True
    assert browser.title.startswith("Incident in 4 of 6")


def test_without_scripts_the_page_is_whole(browser: webdriver.Chrome, address: str) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        open_page(browser, address)

        assert "18 Dec 2022, 00:56 UTC" in text_of(browser, "article.incident")
        assert len(browser.find_elements(By.CSS_SELECTOR, ".board tr")) == 3
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_a_partner_signs_in_as_browsers_do(browser: webdriver.Chrome) -> None:
    with served(House()) as port:
        open_page(browser, f"http://small:small-secret@127.0.0.1:{port}/")

        assert text_of(browser, ".who") == "Service health for Small <b>Ltd</b>"
        assert len(browser.find_elements(By.CSS_SELECTOR, ".board tbody tr")) == 1
