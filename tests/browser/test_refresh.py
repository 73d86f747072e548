"""How the page keeps itself current, and what it says when it cannot."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec import structs
from selenium import webdriver
from selenium.webdriver.common.by import By

from tests.browser.chromium import beforehand, open_page, run, shows, text_of, wait
from tests.browser.houses import Doorway, Dull, behind
from tests.web_world import NOW, SG, House, event, served

LOOK_AGAIN = "document.dispatchEvent(new Event('visibilitychange'))"

# Time in the page, moved by hand: `pass(s)` runs what falls due meanwhile, in its order; in `sleep(s)` nothing does.
CLOCK = """
const due = new Map(), start = Date.now();
let passed = 0, last = 0;
Date.now = () => start + passed;
const timer = repeats => (run, ms) => due.set(++last, {at: passed + ms, run, ms, repeats}) && last;
window.setTimeout = timer(false);
window.setInterval = timer(true);
window.clearTimeout = window.clearInterval = id => due.delete(id);
window.pass = s => {
  const until = passed + 1000 * s, next = () => [...due].sort((a, b) => a[1].at - b[1].at)[0];
  for (let [id, t] = next(); t.at <= until; [id, t] = next()) {
    passed = t.at;
    if (t.repeats) t.at += t.ms; else due.delete(id);
    t.run();
  }
  passed = until;
};
window.sleep = s => {
  passed += 1000 * s;
  due.forEach(t => { t.at += 1000 * s; });
};
"""
LOST = "This page cannot be refreshed."
ENDED = {"en": "Access to this page has ended.", "zh": "对本页的访问权限已终止"}


def is_lost(browser: webdriver.Chrome) -> bool:
    return browser.find_element(By.ID, "lost").is_displayed()


def passes(browser: webdriver.Chrome, seconds: int) -> None:
    run(browser, "pass(arguments[0])", seconds)


def test_a_new_state_appears_in_place_and_the_rest_stays_as_the_reader_left_it(
    browser: webdriver.Chrome, address: str, house: House
) -> None:
    open_page(browser, address)
    shows(browser, ".age", "ago")
    run(
        browser,
        """
        window.kept = document.getElementById('planned');
        document.querySelector('#now details').open = true;
        document.querySelector('article.notice h3 a').focus();
        window.scrollTo(0, 200);
    """,
    )
    house.tell(event("fresh", product="oss", region=SG, title="Something new"))

    run(browser, LOOK_AGAIN)

    shows(browser, "#now", "Something new")
    assert run(browser, "return window.kept === document.getElementById('planned')")
    assert run(browser, "return document.querySelector('#now details').open")
    assert run(browser, "return document.activeElement.textContent").startswith("<img src=x")
    assert run(browser, "return window.scrollY") > 0
    assert browser.title.startswith("Incident: 3 services in 2 regions")
    assert run(browser, "return document.getElementById('said').textContent") == "Incident: 3 services in 2 regions"


def test_a_page_that_cannot_be_refreshed_says_so(browser: webdriver.Chrome, house: House) -> None:
    with served(house) as port:
        open_page(browser, f"http://127.0.0.1:{port}/")
        shows(browser, ".age", "seconds ago")
    assert not browser.find_element(By.ID, "lost").is_displayed()

    run(browser, "const real = Date.now; Date.now = () => real() + 240000")
    run(browser, LOOK_AGAIN)

    shows(browser, "#lost", "This page cannot be refreshed.")


def test_a_server_that_takes_the_request_and_never_answers_is_found_out(
    browser: webdriver.Chrome, house: House
) -> None:
    door = Doorway(house)
    with behind(door) as place, beforehand(browser, CLOCK):
        open_page(browser, f"http://{place}")
        shows(browser, ".age", "seconds ago")
        door.open.clear()

        passes(browser, 149)
        assert not is_lost(browser)
        passes(browser, 6)
        assert is_lost(browser)
        shows(browser, "#lost", LOST)
        shows(browser, ".age.old", "3 minutes ago")
        passes(browser, 60)
        shows(browser, ".age.old", "4 minutes ago")

        door.open.set()
        run(browser, LOOK_AGAIN)
        wait(browser).until_not(is_lost)


def test_there_is_one_request_at_a_time_and_none_that_lasts(browser: webdriver.Chrome, house: House) -> None:
    door = Doorway(house)
    with behind(door) as place, beforehand(browser, CLOCK):
        open_page(browser, f"http://{place}")
        shows(browser, ".age", "seconds ago")
        door.open.clear()
        before = door.knocks
        counting = """
            const real = window.fetch;
            window.asked = [];
            window.fetch = (what, how) => { asked.push(how.signal); return real(what, how); };"""
        run(browser, counting)

        run(browser, f"{LOOK_AGAIN}; {LOOK_AGAIN}; pass(14); {LOOK_AGAIN}")
        wait(browser).until(lambda _: door.knocks == before + 1)  # else it may be given up before it was ever sent
        assert run(browser, "return asked.map(signal => signal.aborted)") == [False]
        run(browser, f"pass(1); {LOOK_AGAIN}")
        assert run(browser, "return asked.map(signal => signal.aborted)") == [True, False]
        wait(browser).until(lambda _: door.knocks == before + 2)


def test_a_page_that_was_never_refreshed_says_so_and_how_old_it_is(browser: webdriver.Chrome, house: House) -> None:
    door = Doorway(house)
    door.open.clear()
    with behind(door) as place, beforehand(browser, CLOCK):
        open_page(browser, f"http://{place}")

        passes(browser, 155)

        shows(browser, "#lost", LOST)
        shows(browser, ".age.old", "days ago")  # by the browser's clock, which is not in 2022


def withdraw_the_tokens(house: House) -> None:
    partners = tuple(structs.replace(partner, tokens=()) for partner in house.site.config.partners)
    house.with_site(config=structs.replace(house.site.config, partners=partners))


def end_the_plan(house: House) -> None:
    house.now += timedelta(days=60)


def shrink_the_scope(house: House) -> None:
    house.with_site(pairs=tuple(pair for pair in house.site.pairs if pair.region == SG))


@pytest.mark.parametrize(
    ("end", "path", "language"),
    [
        (withdraw_the_tokens, "", "en"), (withdraw_the_tokens, "events/hk-ecs", "zh"), (end_the_plan, "", "zh"),
        (shrink_the_scope, "events/hk-ecs", "en"),
    ],
)  # fmt: skip
def test_who_may_no_longer_see_the_page_is_told_so_at_once(
    browser: webdriver.Chrome, end: Callable[[House], None], path: str, language: str
) -> None:
    house = House()
    house.tell(event("hk-ecs"))
    with behind(Doorway(house)) as place:
        open_page(browser, f"http://acme:acme-secret@{place}{path}?lang={language}")
        wait(browser).until(lambda b: run(b, "return document.querySelector('.age').textContent"))
        assert not is_lost(browser)

        end(house)
        run(browser, LOOK_AGAIN)
        shows(browser, "#lost", ENDED[language])
        assert is_lost(browser)


def test_who_may_see_the_page_again_sees_it_without_asking_and_what_was_refused_is_forgotten(
    browser: webdriver.Chrome, house: House
) -> None:
    door, pairs = Doorway(house), house.site.pairs
    with behind(door) as place, beforehand(browser, CLOCK):
        open_page(browser, f"http://{place}events/hk-ecs")
        shows(browser, ".age", "seconds ago")
        shrink_the_scope(house)
        run(browser, LOOK_AGAIN)
        wait(browser).until(is_lost)

        house.with_site(pairs=pairs)
        run(browser, LOOK_AGAIN)

        wait(browser).until_not(is_lost)
        door.open.clear()
        run(browser, LOOK_AGAIN)
        passes(browser, 16)
        assert not is_lost(browser)


def test_a_machine_that_was_asleep_looks_again_before_it_calls_the_page_lost(
    browser: webdriver.Chrome, address: str
) -> None:
    with beforehand(browser, CLOCK):
        open_page(browser, address)
        shows(browser, ".age", "seconds ago")

        run(browser, "sleep(3600); pass(5)")
        assert not is_lost(browser)
        shows(browser, ".age.old", "60 minutes ago")
        passes(browser, 55)
        shows(browser, ".age", "42 seconds ago")


def test_a_request_that_hangs_behind_the_question_for_a_password_is_found_out(browser: webdriver.Chrome) -> None:
    house = House()
    door = Dull(house)
    with behind(door) as place, beforehand(browser, CLOCK):
        open_page(browser, f"http://acme:acme-secret@{place}")
        shows(browser, ".age", "seconds ago")
        withdraw_the_tokens(house)
        before = door.knocks

        run(browser, LOOK_AGAIN)
        wait(browser).until(lambda _: door.knocks > before)
        passes(browser, 155)

        assert is_lost(browser)


BROKEN_DATES = """
Object.defineProperty(Intl.DateTimeFormat.prototype, "format", {get() { throw new RangeError("broken by the test"); }});
"""
BROKEN_SCROLL = "Element.prototype.scrollIntoView = () => { throw new TypeError('broken by the test'); };"


@pytest.mark.parametrize(
    ("anchor", "breaks"), [("#%E0%A4%A", ""), ("#%", ""), ("#board", BROKEN_SCROLL), ("", BROKEN_DATES)]
)
def test_what_fails_elsewhere_on_the_page_does_not_keep_it_from_being_refreshed(
    browser: webdriver.Chrome, address: str, house: House, anchor: str, breaks: str
) -> None:
    with beforehand(browser, CLOCK + breaks):
        open_page(browser, f"{address}{anchor}")
        shows(browser, ".age", "seconds ago")
        house.tell(event("fresh", product="oss", region=SG, title="Something new"))

        passes(browser, 60)

        shows(browser, "#now", "Something new")


def test_an_address_with_an_anchor_that_is_no_text_finds_what_is_called_so(
    browser: webdriver.Chrome, address: str
) -> None:
    open_page(browser, address)

    run(browser, "document.querySelector('#now details').id = '100%'; location.hash = '#100%'")

    wait(browser).until(lambda b: run(b, "return document.getElementById('100%').open"))


def little_was_read(house: House) -> None:
    house.read_at(NOW, read={str(pair): NOW - timedelta(hours=1) for pair in house.site.pairs})


def nothing_answers(house: House) -> None:
    house.read_at(NOW - timedelta(hours=1), without_answer=2)


@pytest.mark.parametrize(
    ("turns", "language", "title", "back"),
    [
        (nothing_answers, "en", "We cannot see the dashboard right now.", "We can see the dashboard again."),
        (nothing_answers, "zh", "目前无法读取健康看板。", "已恢复读取健康看板。"),
        (little_was_read, "en", "Much of this is out of date.", "We can see the dashboard again."),
    ],
)
def test_who_hears_the_page_is_told_when_the_dashboard_is_lost_and_when_it_is_back(
    browser: webdriver.Chrome, address: str, house: House, turns: Callable[[House], None],
    language: str, title: str, back: str,
) -> None:  # fmt: skip
    def says(text: str) -> None:
        told = "return document.getElementById('said').textContent"
        wait(browser).until(lambda b: run(b, told) == f"{text} {text_of(b, 'h1')}")

    open_page(browser, f"{address}?lang={language}")
    wait(browser).until(lambda b: run(b, "return document.querySelector('.age').textContent"))
    assert run(browser, "return document.getElementById('said').textContent") == ""

    turns(house)
    run(browser, LOOK_AGAIN)
    says(title)

    house.read_at(NOW - timedelta(seconds=42))
    run(browser, LOOK_AGAIN)
    says(back)
