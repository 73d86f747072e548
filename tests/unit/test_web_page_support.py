"""What a partner sees of its support plan on the pages, and that nobody else does; the counting is the browser's."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest

from shd_relay.model import FEED
from shd_relay.plans import PLANS, TARGETS
from shd_relay.ticket_severity import WIDE, Important
from shd_relay.ticket_text import TicketText
from shd_relay.web.page_ticket_text import MOST_LINK, mail
from tests.web_tickets import record, ticket, with_partner
from tests.web_world import HK, NOW, SG, START, House, event, hong_kong

MINUTE, FAR = timedelta(minutes=1), date(2030, 12, 31)
HOSTILE = "<img src=x onerror=alert(1)>\u202e\"'&amp;"
IMPORTANT = Important(business_critical=frozenset({"oss"}), production=frozenset({"ecs"}))


@pytest.fixture
def house() -> House:
    return with_partner(House(public=True), "acme", important=IMPORTANT, valid_until=FAR)


def main_of(house: House, path: str = "/", who: str | None = "acme") -> str:
    response = house.get(path, who)
    assert response.status == 200
    return response.body.decode().partition('<main id="main">')[2].partition("</main>")[0]


def plain(markup: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", markup).split())


def notices(house: House, path: str = "/") -> dict[str, str]:
    """What stands above the cards, by the class that says what it is."""
    found = re.findall(r'<(?:p|div) class="plan ([^"]*)">(.*?)</(?:p|div)>', main_of(house, path), re.DOTALL)
    return {name: plain(text) for name, text in found}


def lines(house: House, path: str = "/") -> list[str]:
    """The line of support of each card."""
    return [plain(text) for text in re.findall(r'<p class="support[^>]*>(.*?)</p>', main_of(house, path), re.DOTALL)]


def support(house: House, id_: str = "e1", lang: str = "en") -> str:
    """The section on the event's page, without the ready text."""
    page = main_of(house, f"/events/{id_}?lang={lang}")
    return plain(page.partition('<section class="help"')[2].partition("</section>")[0].partition("<details id=")[0])


# who sees it


def test_the_public_sees_nothing_of_plans_and_tickets(house: House) -> None:
    house.tell(event())
    record(house, ticket(subject="secret subject"))
    words = 'class="support', 'class="help', 'class="plan', "secret", "mailto", "data-due"

    for path in ("/", "/events/e1"):
        for word in words:
            assert word not in main_of(house, path, None)
    for path, seen in (("/", {words[0], "data-due"}), ("/events/e1", {words[1], "secret", "mailto", "data-due"})):
        assert {word for word in words if word in main_of(house, path)} == seen


def test_one_partners_tickets_are_on_no_page_of_anothers(house: House) -> None:
    house.tell(event(product="ecs", region=SG))
    before = [main_of(house, path, "small") for path in ("/", "/events/e1")]
    record(house, ticket())

    assert [main_of(house, path, "small") for path in ("/", "/events/e1")] == before


def test_the_relays_own_event_and_drills_have_no_section(house: House) -> None:
    house.tell(event(FEED, kind="feed", product="", region=""), event("d", kind="drill", product="drill"))

    for id_ in (FEED, "d"):
        assert 'class="help"' not in main_of(house, f"/events/{id_}")


# the plan


@pytest.mark.parametrize(
    ("until", "code", "said"),
    [
        (date(2023, 2, 1), None, ""),
        (date(2023, 1, 27), "plan-ends-soon", "ends with 27 Jan 2023 (UTC+8): 30 working days left. Applying"),
        (date(2022, 12, 30), "plan-ends-now", "ends with 30 Dec 2022 (UTC+8): 10 working days left. Applying"),
        (date(2022, 12, 19), "plan-ends-now", "ends with 19 Dec 2022 (UTC+8): 1 working day left."),
    ],
)
def test_the_end_of_the_plan_is_told_when_it_is_near(house: House, until: date, code: str | None, said: str) -> None:
    found = notices(with_partner(house, "acme", valid_until=until))

    assert list(found) == ([code] if code else [])
    if code:
        assert said in found[code]
        assert "takes at least 10 working days" in found[code]


@pytest.mark.parametrize(
    ("used", "code", "said"),
    [
        (7, None, ""),
        (8, "allowance-nearly-used", "8 of 10 technical tickets are used: 2 left. A ticket package adds 10."),
        (10, "allowance-used", "All 10 technical tickets are used."),
        (12, "allowance-exceeded", "12 of 10 technical tickets are used: 2 too many."),
    ],
)
def test_technical_tickets_are_counted_when_few_are_left(house: House, used: int, code: str | None, said: str) -> None:
    with_partner(house, "acme", plan="selected")
    record(house, *(ticket(f"t{n}", responded_at=START + MINUTE, closed_at=NOW) for n in range(used)))
    record(house, ticket("talk", kind="consulting", responded_at=START + MINUTE))

    found = notices(house)

    assert list(found) == ([code] if code else [])
    assert said in found.get(code or "", "")


def test_tickets_that_cannot_be_read_are_said_to_be_missing(house: House) -> None:
    house.tell(event())
    assert house.store.append("tickets/acme", 1, b"no entry")

    assert "cannot be read" in notices(house)["tickets-unread"]
    assert "cannot be read" in support(house)
    assert lines(house) == ["Suggested ticket: Urgent , technical · first response within 40 min · ready text"]


# the cards


def test_a_card_says_what_to_claim_and_leads_to_the_text(house: House) -> None:
    house.tell(event(product="oss"), event("m", kind="maintenance", product="rds", title="Work"))

    assert lines(house) == [
        "Suggested ticket: Critical , technical · first response within 15 min · ready text",
        "Suggested ticket: Low , consulting · first response within 18 h · ready text",
    ]
    assert 'href="events/e1?lang=zh#ticket-text"' in main_of(house, "/?lang=zh")


def test_of_what_is_alike_the_worst_is_told_with_its_place(house: House) -> None:
    house.tell(*hong_kong())

    (line,) = lines(house)

    assert line.startswith("Suggested ticket for Object Storage Service in China (Hong Kong): Critical , technical")
    assert 'href="events/hk-oss#ticket-text"' in main_of(house)


def test_a_ticket_that_waits_says_until_when_and_the_first_due_stands_for_the_others(house: House) -> None:
    house.tell(*hong_kong())
    record(
        house, ticket("old", event="hk-ecs", responded_at=START + MINUTE), ticket("late", event="hk-rds"),
        ticket("next", event="hk-oss", severity="urgent", opened_at=START - 20 * MINUTE),
        ticket("next-2", event="hk-ecs"),
    )  # fmt: skip

    assert lines(house) == ["Ticket late (Critical) : first response due 18 Dec 2022, 01:11 UTC · 2 more tickets wait"]
    assert 'data-due="2022-12-18T01:11:00.000Z"' in main_of(house)
    assert '<a href="events/hk-rds#support-title">' in main_of(house)
    assert notices(house) == {}


def test_a_ticket_that_claims_less_than_is_suggested_by_now_says_so(house: House) -> None:
    house.tell(event(product="oss"))
    record(house, ticket(severity="high"))

    assert lines(house)[0].endswith("04:56 UTC · suggested by now: Critical")


@pytest.mark.parametrize(
    ("done", "said"),
    [
        ({"responded_at": START + 5 * MINUTE}, "answered in time"),
        ({"responded_at": START + 15 * MINUTE}, "answered late"),
        ({"responded_at": START + 5 * MINUTE, "closed_at": NOW}, "answered in time, closed"),
        ({"closed_at": NOW}, "closed without a response"),
    ],
)
def test_what_came_of_a_ticket_is_told_and_after_its_close_what_to_claim_again(
    house: House, done: dict[str, Any], said: str
) -> None:
    house.tell(event())
    record(house, ticket(**done))

    (line,) = lines(house)

    assert line.startswith(f"Ticket t1 (Critical) : {said}")
    assert ("Suggested ticket" in line) == ("closed" in said)


def test_what_is_only_planned_has_no_line(house: House) -> None:
    house.tell(event(kind="maintenance", state="scheduled", start=NOW + timedelta(days=1)))

    assert lines(house) == []


def test_tickets_that_wait_though_no_card_shows_them_stand_on_top(house: House) -> None:
    house.tell(event("over", state="resolved", end=NOW), event("rds", product="rds", region=HK))
    record(
        house, ticket("a", event="over", subject="Still waiting"), ticket("b", event=None, severity="low"),
        ticket("c", event="never-was", severity="high"), ticket("d", event="rds"),
    )  # fmt: skip

    assert notices(house)["waits"] == (
        "Tickets that wait for an answer Ticket a (Critical) : first response due 18 Dec 2022, 01:11 UTC"
        " · Still waiting Ticket c (High): first response due 18 Dec 2022, 04:56 UTC"
        " Ticket b (Low): first response due 18 Dec 2022, 18:56 UTC"
    )
    assert re.findall(r'href="(events/[^"#]*)#support-title"', main_of(house)) == ["events/over", "events/rds"]


def test_of_very_many_that_wait_the_first_twenty_are_named(house: House) -> None:
    record(house, *(ticket(f"t{n}", event=None) for n in range(23)))

    assert notices(house)["waits"].count("first response") == 20
    assert notices(house)["waits"].endswith("3 more tickets wait")


# the page of an event


def test_an_event_says_what_to_claim_why_and_how_soon_an_answer_is_due(house: House) -> None:
    house.tell(event())

    assert support(house).endswith(
        "Support Claim severity Urgent · technical An incident with severity ALARM; Elastic Compute Service is in "
        "production with you First response within 40 min of opening a ticket"
    )
    assert f'data-within="{40 * 60}" data-text="if opened now, before {{at}}"' in main_of(house, "/events/e1")


def test_what_is_wide_says_how_many_are_hit(house: House) -> None:
    house.tell(*(event(f"e{n}", region=f"cn-{n}") for n in range(WIDE)))
    pairs = tuple(e.pair for e in (event(region=f"cn-{n}") for n in range(WIDE)))
    house.with_site(pairs=(*house.site.pairs, *pairs))

    assert f"{WIDE} services of this product or region are hit" in support(house)


def test_the_reason_is_in_the_language_of_the_page(house: House) -> None:
    with_partner(house, "acme", plan="selected", valid_until=date(2022, 12, 30))
    house.tell(event(), event("n", kind="notice", product="rds"), event("over", state="resolved", end=NOW))
    record(house, *(ticket(f"t{n}", responded_at=START + MINUTE, closed_at=NOW) for n in range(11)))
    record(house, ticket("a", event="over"), ticket("b", event="e1"))

    assert "故障，级别为 ALARM；云服务器 ECS 用于您的生产环境" in support(house, lang="zh")
    for path in ("/?lang=zh", "/events/e1?lang=zh", "/events/n?lang=zh", "/events/over?lang=zh"):
        theirs = r"<(bdi|code)>.*?</\1>|<pre.*?</pre>|<p id=.*?</p>|<[^>]*class=.id.>[^<]*|<[^>]*>"
        page = re.sub(theirs, " ", main_of(house, path), flags=re.DOTALL)
        left = set(re.findall(r"[A-Za-z][A-Za-z-]+", page))
        names = {"UTC", "JSON", "ECS", "OSS", "RDS", "ALARM", "SHD", "Selected"}
        assert left - names - set(re.findall(r"[A-Za-z]+", event().title)) == set(), path


def test_a_ticket_of_the_event_is_told_with_its_times(house: House) -> None:
    house.tell(event())
    record(
        house, ticket(subject="Down", severity="urgent", responded_at=START + 50 * MINUTE, closed_at=NOW),
        ticket("t2", kind="consulting", opened_at=START + MINUTE, responded_at=NOW, closed_at=NOW),
    )  # fmt: skip

    assert support(house).partition(" Claim")[0].partition("Support ")[2] == (
        "First response 18 Dec 2022, 01:46 UTC · late, after 50 min "
        "Ticket t1 · Urgent · first response within 40 min · technical · Down "
        "Opened 18 Dec 2022, 00:56 UTC Closed 18 Dec 2022, 04:00 UTC Other tickets t2"
    )


def test_what_is_over_has_its_support_folded_unless_a_ticket_waits(house: House) -> None:
    house.tell(event(state="resolved", end=NOW))
    folded = '<details id="support"><summary>It is over. For its cause: a consulting ticket</summary>'
    assert folded in main_of(house, "/events/e1")

    record(house, ticket())
    assert folded not in main_of(house, "/events/e1")

    record(house, ticket(revision=2, responded_at=NOW))
    assert folded in main_of(house, "/events/e1")


def test_what_was_called_off_is_no_trouble_whose_cause_is_asked_for(house: House) -> None:
    house.tell(event(kind="maintenance", state="cancelled", start=NOW + 180 * MINUTE, end=NOW + 240 * MINUTE))
    page = main_of(house, "/events/e1?lang=en").partition('<section class="help"')[2].partition("</section>")[0]
    assert "<summary>It was called off. Questions about it: a consulting ticket</summary>" in page
    assert '<span class="why">It was called off: a question about the plan</span>' in page
    assert "已取消：了解其安排" in main_of(house, "/events/e1?lang=zh")


def test_the_ready_text_is_there_in_both_languages_the_pages_own_first(house: House) -> None:
    house.tell(event())

    for lang, order in (("en", ["en", "zh"]), ("zh", ["zh", "en"])):
        page = main_of(house, f"/events/e1?lang={lang}")
        assert re.findall(r'<pre id="text-(\w+)">', page) == order
        assert [plain(s) for s in re.findall(r'id="subject-en">(.*?)</p>', page)] == [
            "[Urgent] Elastic Compute Service, China (Hong Kong): Cooling failure in zone C"
        ]
    assert "【紧急】" in page
    assert re.findall(r'data-copy="([^"]*)"', page) == ["subject-zh", "text-zh", "subject-en", "text-en"]


@pytest.mark.parametrize(("lines_", "whole"), [(3, True), (200, False)])
def test_a_mail_holds_as_much_of_the_text_as_an_address_may(lines_: int, whole: bool) -> None:
    body = "维护 & more: ?=\n" * lines_
    address, fits = mail(TicketText("a & b", body, "high", "technical", TARGETS["high"].within))

    sent = parse_qs(urlsplit(address).query)

    assert (len(address) <= MOST_LINK, fits) == (True, whole)
    assert sent["subject"] == ["a & b"]
    assert sent["body"][0].startswith("维护 & more: ?=\r\n维护")
    assert sent["body"][0].endswith("\r\n" if whole else "\r\n…")


# what holds for both


def test_hostile_texts_stay_texts_and_every_element_closes_once(house: House) -> None:
    house.tell(event(title=HOSTILE, severity=HOSTILE), event("over", state="resolved", end=NOW, title=HOSTILE))
    with_partner(house, "acme", name=HOSTILE)
    record(house, ticket("<b>0'1\"", subject=HOSTILE), ticket("<i>2", event="over", subject=HOSTILE))
    opened: list[str] = []

    class Checker(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            assert tag not in {"img", "script", "i"}
            if tag not in {"br", "input"}:
                opened.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert opened.pop() == tag

    for path in ("/", "/events/e1", "/events/over"):
        page = main_of(house, path)
        assert "\u202e" not in page
        ids = re.findall(r' id="([^"]*)"', page)
        assert len(ids) == len(set(ids))
        Checker().feed(re.sub(r"<(path|use)([^>]*)/>", r"<\1\2></\1>", page))
        assert opened == []


def test_no_page_holds_the_time_of_answering_but_each_follows_the_tickets(house: House) -> None:
    house.tell(event())
    record(house, ticket(opened_at=NOW - 14 * MINUTE))
    paths = "/", "/events/e1"
    before = [house.get(path).header("etag") for path in paths]
    house.now += 2 * MINUTE  # it is due meanwhile
    assert [house.get(path).header("etag") for path in paths] == before

    record(house, ticket(revision=2, opened_at=NOW - 14 * MINUTE, responded_at=NOW))
    assert not set(before) & {house.get(path).header("etag") for path in paths}


@pytest.mark.parametrize("prefix", ["", "/f/f-secret"])
def test_every_link_leads_to_something_that_is_there(house: House, prefix: str) -> None:
    house.tell(*hong_kong(), event("over", state="resolved", end=NOW))
    for who in ("acme", "feeds"):
        record(house, ticket("a", event="hk-oss"), ticket("b", event="over"), who=who)

    for path in ("/", "/events/hk-ecs"):
        page = main_of(house, prefix + path, None if prefix else "acme")
        links = {link for link in re.findall(r'href="([^"]*)"', page) if not link.startswith(("mailto:", "#"))}
        for link in links:
            target = urlsplit(urljoin(f"http://here{prefix}{path}", link)).path
            assert house.get(target, None if prefix else "acme").status == 200, target


def test_the_reports_that_the_plan_comes_with_are_linked_and_there_is_none_for_others() -> None:
    house = House(public=True)
    page = house.get("/").body.decode()
    links = re.findall(r'href="(v1/reports/[^"]+)"', page)
    assert links == [f"v1/reports/{name}?format=html" for name in PLANS["flagship"].reports]
    assert house.get(f"/{links[0].partition('?')[0]}?format=html").status == 200
    assert "v1/reports" not in house.get("/", None).body.decode()
    assert "v1/reports" not in house.get("/f/f-secret/", None).body.decode()
