"""axe-core, the field's checker of what people with disabilities meet, over the page in all its looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from selenium import webdriver

from tests.browser.chromium import DESKTOP, PHONE, open_page, run
from tests.browser.houses import UNDER, all_down, quiet, supported, troubled
from tests.clients import environments
from tests.web_world import NOW, House, served

PACKAGE = "axe-playwright-python==0.1.8"  # carries axe-core 4.12.1; nothing else of it is used

_CHECK = """
const done = arguments[arguments.length - 1];
const told = v => [v.impact, v.id, v.nodes.slice(0, 5).map(n => n.html + " " + n.failureSummary)];
axe.run({resultTypes: ["violations"]}).then(
  found => done(found.violations.map(told)),
  error => done([["critical", String(error), []]]));
"""


@pytest.fixture(scope="module")
def axe() -> str:
    """The checker's script."""
    python = environments.python("axe", ["--no-deps", PACKAGE])
    (script,) = python.parents[1].glob("lib/python*/site-packages/axe_playwright_python/axe.min.js")
    return script.read_text(encoding="utf-8")


@pytest.fixture(scope="module", params=[troubled, quiet, all_down])
def place(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where it is served."""
    make: Callable[[], House] = request.param
    house = make()
    with served(house) as port:
        yield f"http://127.0.0.1:{port}/"


LOOKS = [(DESKTOP, False, "en"), (PHONE, True, "zh")]
OTHER_LOOKS = [(DESKTOP, True, "en"), (DESKTOP, False, "zh"), (PHONE, False, "en"), (PHONE, True, "zh")]


@pytest.mark.parametrize(("size", "dark", "language"), LOOKS)
def test_nothing_is_found(
    browser: webdriver.Chrome, place: str, axe: str, size: tuple[int, int], dark: bool, language: str
) -> None:
    assert wrong(browser, f"{place}?lang={language}", axe, size, dark=dark) == []


@pytest.mark.parametrize("path", ["", "events/hk-ecs"])
@pytest.mark.parametrize(("size", "dark", "language"), OTHER_LOOKS)
def test_nothing_is_found_in_trouble_and_on_the_page_of_an_event(
    browser: webdriver.Chrome, axe: str, size: tuple[int, int], dark: bool, language: str, path: str
) -> None:
    with served(troubled()) as port:
        address = f"http://127.0.0.1:{port}/{path}?lang={language}"
        assert wrong(browser, address, axe, size, dark=dark) == []


@pytest.mark.parametrize(("size", "dark", "language"), LOOKS)
def test_nothing_is_found_in_what_a_partner_sees_of_its_plan(
    browser: webdriver.Chrome, axe: str, size: tuple[int, int], dark: bool, language: str
) -> None:
    with served(supported()) as port:
        for path in ("", "events/hk-ecs", "events/over"):
            address = f"http://127.0.0.1:{port}/{UNDER}{path}?lang={language}"
            assert wrong(browser, address, axe, size, dark=dark) == []
            assert run(browser, "return document.documentElement.scrollWidth") <= size[0]
            assert browser.get_log("browser") == []


def test_nothing_is_found_on_a_page_that_is_blind(browser: webdriver.Chrome, axe: str) -> None:
    house = troubled()
    house.read_at(NOW - timedelta(hours=1), without_answer=2)
    with served(house) as port:
        assert wrong(browser, f"http://127.0.0.1:{port}/", axe, DESKTOP, dark=True) == []


def test_what_is_wrong_would_be_found(browser: webdriver.Chrome, axe: str) -> None:
    with served(troubled()) as port:
        open_page(browser, f"http://127.0.0.1:{port}/")
        run(browser, "document.querySelector('#zone').textContent = ''")
        assert [name for _, name, _ in check(browser, axe)] == ["button-name"]


def wrong(
    browser: webdriver.Chrome, address: str, axe: str, size: tuple[int, int], *, dark: bool
) -> list[tuple[str, str, list[str]]]:
    """What is wrong with all that can be unfolded unfolded."""
    open_page(browser, address, size, dark=dark)
    run(browser, "document.querySelectorAll('details').forEach(d => { d.open = true; })")
    return check(browser, axe)


def check(browser: webdriver.Chrome, axe: str) -> list[tuple[str, str, list[str]]]:
    run(browser, axe)
    found = browser.execute_async_script(_CHECK)
    return [tuple(row) for row in found]
