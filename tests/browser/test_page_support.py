"""What a partner sees of its support plan, counted and copied by a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from tests.browser.chromium import beforehand, open_page, run, shows, text_of
from tests.browser.houses import UNDER, supported
from tests.browser.test_refresh import CLOCK, LOOK_AGAIN, passes
from tests.web_tickets import record, ticket
from tests.web_world import NOW, House, served

CAUGHT = "navigator.clipboard.writeText = text => { window.caught = text; return Promise.resolve(); };"
NO_CLIPBOARD = "Object.defineProperty(navigator, 'clipboard', {value: undefined});"


@pytest.fixture
def house() -> House:
    return supported()


@pytest.fixture
def address(house: House) -> Iterator[str]:
    with served(house) as port:
        yield f"http://127.0.0.1:{port}/{UNDER}"


def test_a_response_that_is_due_is_counted_down_and_said_once_when_it_is_late(
    browser: webdriver.Chrome, address: str
) -> None:
    said = "return document.getElementById('said').textContent"
    with beforehand(browser, CLOCK):
        open_page(browser, address)
        shows(browser, ".card .due", "due in 7 min")
        first = text_of(browser, ".card .due")
        passes(browser, 5)
        second = text_of(browser, ".card .due")
        assert (first, second) in {(f"due in {a}", f"due in {b}") for a, b in (
            ("7 min 0 s", "6 min 55 s"), ("7 min 1 s", "6 min 56 s"), ("6 min 59 s", "6 min 54 s"),
        )}  # fmt: skip
        assert run(browser, said) == ""

        run(browser, "sleep(480)")
        passes(browser, 1)
        assert text_of(browser, ".card .due.late").startswith("overdue by 1 min")
        assert "Ticket 0001 (Critical): first response overdue by 1 min" in run(browser, said)
        run(browser, "document.getElementById('said').textContent = ''")
        passes(browser, 3)
        assert run(browser, said) == ""


def test_what_a_ticket_opened_now_would_mean_is_counted_and_an_answer_shows_in_place(
    browser: webdriver.Chrome, address: str, house: House
) -> None:
    open_page(browser, f"{address}events/m")
    shows(browser, ".if-now", "if opened now, before")
    assert "8:00" in text_of(browser, ".if-now")  # eight hours after noon in Shanghai, as its clock writes it
    browser.find_element(By.ID, "zone").click()
    assert text_of(browser, ".if-now") == "if opened now, before 12:00 UTC"
    browser.find_element(By.ID, "zone").click()

    open_page(browser, f"{address}events/hk-ecs")
    shows(browser, ".due", "due in")
    browser.find_element(By.CSS_SELECTOR, "#ticket-text summary").click()
    answered = ticket("0001", event="hk-ecs", revision=2, opened_at=NOW - timedelta(minutes=8), responded_at=NOW)
    record(house, answered, who="feeds")
    run(browser, LOOK_AGAIN)
    shows(browser, ".help", "in time, after 8 min")
    assert run(browser, "return document.getElementById('ticket-text').open")


@pytest.mark.parametrize("lends", [CAUGHT, NO_CLIPBOARD], ids=["clipboard", "none"])
def test_the_ready_text_is_copied(browser: webdriver.Chrome, address: str, lends: str) -> None:
    with beforehand(browser, lends):
        open_page(browser, f"{address}events/hk-ecs#ticket-text")
        button = browser.find_element(By.ID, "copy-text-en")
        button.click()

        shows(browser, "#copy-text-en", "Copied")
        copied = run(browser, "return window.caught || getSelection().toString()")
        assert copied.startswith("Severity: 1 - Critical")
        assert "First response expected within 15 minutes" in copied
        assert run(browser, "return document.getElementById('said').textContent") == "Copied"
