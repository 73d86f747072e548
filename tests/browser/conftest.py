from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium import webdriver

from tests.browser.chromium import CHROMIUM, DRIVER, chromium
from tests.browser.houses import troubled
from tests.web_world import House, served


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    if not (CHROMIUM and DRIVER):
        pytest.skip("needs the Debian packages chromium and chromium-driver")
    with chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture
def house() -> House:
    return troubled()


@pytest.fixture
def address(house: House) -> Iterator[str]:
    with served(house) as port:
        yield f"http://127.0.0.1:{port}/"
