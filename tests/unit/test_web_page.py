"""The page's words and markup; what a browser makes of them is proved in tests/browser."""

from __future__ import annotations

import base64
import hashlib
import re
import string
from datetime import datetime, timedelta, timezone
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import pytest

from shd_relay import catalogue
from shd_relay.model import FEED, HealthEvent, Item, Pair, Update
from shd_relay.web.markup import Html, escape, fill
from shd_relay.web.page_language import preferred
from shd_relay.web.page_names import Label, Labels
from shd_relay.web.page_times import span
from shd_relay.web.page_words import LANGUAGES, TABLE, Words
from tests.web_world import HK, NOW, SG, START, House, event, hong_kong


def text(house: House, who: str | None = None, path: str = "/", **headers: str) -> str:
    response = house.get(path, who, **headers)
    assert response.status == 200
    return response.body.decode()


def headline(house: House, who: str | None = None, path: str = "/") -> str:
    found = re.search(r"<h1.*?<span>(.*?)</span></h1>", text(house, who, path))
    assert found
    return found[1]


def section(page: str, name: str) -> str:
    """A part of the page, up to the next heading."""
    return page.partition(f'id="{name}"')[2].partition("<h2")[2].partition("<h2")[0]


def wide(house: House) -> House:
    """With all that is shipped in the watch list: 42 products in 35 regions, and the services without one."""
    shipped = catalogue.shipped()
    pairs = [Pair(product, region) for product in shipped.products for region in shipped.regions]
    pairs += [Pair(product, "oo-region") for product in shipped.products if catalogue.is_global(product)]
    house.with_site(pairs=tuple(pairs))
    house.read_at(NOW)
    return house


@pytest.fixture
def house() -> House:
    return House(public=True)


def test_every_value_is_escaped_unless_it_is_markup_of_ours() -> None:
    assert fill("<p title='{a}'>{b}{c}</p>", a="'\"", b="<&>{x}", c=Html("<i></i>")) == (
        "<p title='&#x27;&quot;'>&lt;&amp;&gt;{x}<i></i></p>"
    )


@pytest.mark.parametrize("hidden", ["\x00", "\x1b", "\x7f", "\x9b", "\u202e", "\u2066", "\u200f", "\ud800", "\uffff"])
def test_what_cannot_be_seen_or_turns_the_writing_is_made_visible(hidden: str) -> None:
    assert escape(f"a{hidden}b") == "a\ufffdb"


def test_the_policy_allows_exactly_the_style_and_the_script_on_the_page(house: House) -> None:
    response = house.get("/", None)
    policy = response.header("content-security-policy")
    page = response.body.decode()

    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        (inside,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert " style=" not in page
    assert " onclick=" not in page


def test_every_element_that_opens_closes(house: House) -> None:
    house.tell(*hong_kong(), event("n", kind="notice", title="<b>", product="oss", region=SG))
    open_tags: list[str] = []

    class Checker(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            if tag not in {"meta", "link", "br", "input"}:
                open_tags.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert open_tags.pop() == tag

    for path in ("/", "/events/n"):
        Checker().feed(re.sub(r"<(path|use)([^>]*)/>", r"<\1\2></\1>", text(house, path=path)))
        assert open_tags == []


def test_no_id_stands_twice(house: House) -> None:
    house.tell(*hong_kong(), event("over", state="resolved", end=NOW))

    ids = re.findall(r' id="([^"]*)"', text(house))

    assert len(ids) == len(set(ids))


def test_quiet_and_fresh_says_that_no_trouble_is_known(house: House) -> None:
    assert headline(house) == "No trouble is known"


def test_some_unknown_is_not_called_quiet(house: House) -> None:
    house.read_at(NOW, only=house.site.pairs[:5])

    assert headline(house) == "Unknown: ApsaraDB RDS in Singapore"


def test_the_worst_is_the_headline_and_says_where(house: House) -> None:
    house.tell(event("n", kind="notice"), event("m", kind="maintenance", product="oss"))
    assert headline(house) == "Maintenance: Object Storage Service in China (Hong Kong)"

    house.tell(*hong_kong())
    assert headline(house) == "Incident: 3 services in China (Hong Kong)"

    house.tell(event("sg", region=SG))
    assert headline(house) == "Incident: 3 services in 2 regions"

    house.tell(event("sg2", region=SG, product="oss"), event("sg3", region=SG, product="rds"))
    assert headline(house) == "Incident everywhere: 3 services in 2 regions"
    assert headline(house, path="/?lang=zh") == "全面故障：2 个地域的 3 个服务"


@pytest.mark.parametrize(
    ("record", "banner"),
    [({}, ""), ({"without_answer": 2}, "banner-blind"), ({"read": {f"ecs/{HK}": START}}, "")],
)
def test_blind_has_a_banner_of_its_own(house: House, record: dict[str, object], banner: str) -> None:
    house.read_at(NOW, **record)

    assert re.findall(r'<p class="banner (banner-\w+)" role="status">', text(house)) == ([banner] if banner else [])


def test_stale_has_a_banner_too(house: House) -> None:
    house.read_at(NOW, read={str(pair): NOW - timedelta(hours=1) for pair in house.site.pairs})

    assert '<p class="banner banner-stale"' in text(house)


def test_one_failure_in_many_services_is_one_card_that_names_them(house: House) -> None:
    house.tell(*hong_kong())

    page = text(house)

    assert page.count("<article") == 1
    where = re.sub(r"</?span[^>]*>", "", page)
    assert "<b>China (Hong Kong)</b> Elastic Compute Service, Object Storage Service, ApsaraDB RDS" in where
    assert page.count('href="#event-hk-ecs"') == 3
    assert page.count('id="event-hk-') == 1


def test_a_failure_in_very_many_places_says_how_many_and_names_them_in_a_fold(house: House) -> None:
    wide(house)
    house.tell(*(event(f"e-{n}", product=p, region=r) for n, (p, r) in enumerate(house.site.pairs)))

    page = text(house)

    assert headline(house) == "Incident everywhere: 42 services in 36 regions"
    assert page.count("<article") == 1
    fold = page.partition('<details id="where-event-e-0"><summary>42 services in 36 regions</summary>')[2]
    assert fold.partition("</details>")[0].count("IoT Platform") == 1


def test_titles_are_told_apart_only_while_that_makes_few_enough_cards(house: House) -> None:
    wide(house)
    pairs = house.site.pairs
    house.tell(*(event(f"e-{n}", product=p, region=r, title=f"{p} in {r}") for n, (p, r) in enumerate(pairs)))

    page = text(house)

    assert page.count("<article") == 1
    assert "<summary>1,475 other titles</summary>" in page
    assert "<bdi>ecs in cn-shanghai</bdi>" in page


def test_a_page_of_1476_pairs_that_all_fail_is_small(house: House) -> None:
    wide(house)
    house.tell(*(event(f"e-{n:026}", product=p, region=r) for n, (p, r) in enumerate(house.site.pairs)))

    packed = house.get("/", None, accept_encoding="gzip")

    assert len(packed.body) < 24_000


def test_incidents_come_before_maintenance_and_notices(house: House) -> None:
    house.tell(event("n", kind="notice"), event("m", kind="maintenance"), event("i"))

    assert re.findall(r'<article class="card (\w+)"', text(house)) == ["incident", "maintenance", "notice"]


def test_what_ended_long_ago_the_feed_and_drills_have_no_card(house: House) -> None:
    past = NOW - timedelta(days=8)
    house.tell(
        event("old", state="resolved", start=past, end=past),
        event(FEED, kind="feed", product="", region=""),
        event("d", kind="drill", product="drill", region="drill"),
    )

    assert "<article" not in text(house)


def test_an_end_that_we_concluded_says_so(house: House) -> None:
    house.tell(event("w", state="withdrawn", inferred=True, since=NOW))

    assert "inferred: it is no longer listed" in text(house)


def test_more_cards_than_a_person_reads_are_counted_and_said_where_to_find(house: House) -> None:
    house.tell(*(event(f"e{n}", start=START - timedelta(minutes=n)) for n in range(60)))

    page = text(house)

    assert page.count("<article") == 50
    assert 'and 10 more: <a href="v1/events">all events, as JSON</a>' in page


def test_a_partner_sees_its_name_and_its_scope_only() -> None:
    house = House()
    house.tell(*hong_kong())

    page = text(house, "small")

    assert "Service health for Small &lt;b&gt;Ltd&lt;/b&gt;" in page
    assert HK not in page
    assert "Hong Kong" not in page
    assert headline(house, "small") == "No trouble is known"


def test_products_and_regions_are_called_by_their_names_with_the_id_at_hand(house: House) -> None:
    house.tell(event())

    page = text(house)

    assert '<span title="ecs, 云服务器 ECS">Elastic Compute Service</span>' in page
    assert '<span title="cn-hongkong, 中国香港">China (Hong Kong)</span>' in page
    heads = re.findall(r'scope="\w+"><span class="name">(.*?)</span> <span class="id">(.*?)</span></th>', page)
    assert heads == [
        ("China (Hong Kong)", HK), ("Singapore", SG),
        ("Elastic Compute Service", "ecs"), ("Object Storage Service", "oss"), ("ApsaraDB RDS", "rds"),
    ]  # fmt: skip
    assert '<span title="ecs, Elastic Compute Service">云服务器 ECS</span>' in text(house, path="/?lang=zh")


@pytest.mark.parametrize(
    ("text_", "short"),
    [("China (Nanjing - Local Region)", "Nanjing"), ("华东5（南京-本地地域）", "南京"), ("Singapore", "Singapore"),
     ("SAU (Riyadh - Partner Region)", "Riyadh"), ("沙特（利雅得）- 合作伙伴运营", "利雅得")],
)  # fmt: skip
def test_narrow_columns_are_headed_by_the_city(text_: str, short: str) -> None:
    assert Label("x", (text_, text_)).short == short


def test_no_two_narrow_columns_are_headed_alike() -> None:
    for words in map(Words, LANGUAGES):
        labels = Labels("oo-region", words)
        names = [labels.region(id_).short for id_ in (*catalogue.shipped().regions, "oo-region")]
        assert len(set(names)) == len(names) == 36


def test_what_is_open_beyond_the_watch_list_counts_and_has_its_place_on_the_board(house: House) -> None:
    house.tell(event("x", product="newthing", region="xx-new-1"))

    page = text(house)

    assert headline(house) == "Incident: newthing in xx-new-1"
    assert '<bdi class="name">newthing</bdi>' in page
    assert page.count('href="#event-x"') == 1


def test_keys_stop_at_one_cell_of_the_board_for_each_card(house: House) -> None:
    house.tell(*hong_kong(), event("n", kind="notice", region=SG))

    cells = re.findall(r'<td[^>]*><a href="([^"]*)"( tabindex=-1)?>', text(house))

    assert [(a, not stop) for a, stop in cells] == [
        ("#event-hk-ecs", True), ("#event-n", True), ("#event-hk-ecs", False), ("#event-hk-ecs", False),
    ]  # fmt: skip


def test_what_is_not_well_is_what_a_narrow_screen_shows_first_though_the_rest_be_unknown(house: House) -> None:
    wide(house).tell(*hong_kong())

    assert text(house).count('<tr class="quiet">') == 39
    house.read_at(NOW - timedelta(hours=1), without_answer=2)
    assert text(house).count('<tr class="quiet">') == 39
    house.tell(
        *(event(f"hk-{product}", product=product, state="resolved", end=NOW) for product in ("ecs", "oss", "rds"))
    )
    assert text(house).count('<tr class="quiet">') == 0  # all is unknown, and that is what there is to show


def test_of_what_ended_lately_only_the_last_is_not_folded(house: House) -> None:
    house.tell(*(old(f"o{n}", n / 2, title=f"Past {n}") for n in range(1, 7)))

    shown, _, folded = section(text(house), "recent").partition('<details id="recent-more"><summary>2 more</summary>')

    assert re.findall("<bdi>(Past .)</bdi>", shown) == ["Past 1", "Past 2", "Past 3", "Past 4"]
    assert re.findall("<bdi>(Past .)</bdi>", folded.partition("</details>")[0]) == ["Past 5", "Past 6"]


def test_many_regions_stand_by_their_part_of_the_world_and_each_once(house: House) -> None:
    page = text(wide(house))

    groups = re.findall(r'<th scope="colgroup" colspan="(\d+)" class="g">(.*?)</th>', page)
    assert groups == [
        ("16", "China"), ("8", "Asia Pacific"), ("5", "Americas"), ("4", "Europe"), ("2", "Mideast"),
    ]  # fmt: skip
    assert page.count('<th class="q" scope="col"') + page.count('<th class="g q" scope="col"') == 36


def test_what_has_no_name_is_shown_by_its_id_and_escaped() -> None:
    house = House(public=True)
    house.tell(event("x", product="<i>new", region="'\u202e&"))

    page = text(house)

    assert "<b><bdi>&#x27;\ufffd&amp;</bdi></b> <bdi>&lt;i&gt;new</bdi>" in page
    assert '<th scope="row"><bdi class="name">&lt;i&gt;new</bdi></th>' in page
    assert "<i>" not in page


@pytest.mark.parametrize("code", ["oo-region", "somewhere-else"])
def test_the_region_of_services_without_one_has_a_name_whatever_its_id(code: str) -> None:
    house = House(public=True, global_region=code)
    house.tell(event("x", product="newthing", region=code))

    assert f'<span title="{code}, 全球">Global</span>' in text(house)


def test_no_page_holds_the_time_of_answering(house: House) -> None:
    house.tell(*hong_kong())
    before = house.get("/", None)
    house.now += timedelta(seconds=50)

    assert house.get("/", None).header("etag") == before.header("etag")


# languages


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"), ("zh", "zh"), ("zh-CN,zh;q=0.9,en;q=0.8", "zh"), ("en-US,en;q=0.9,zh-CN;q=0.8", "en"),
        ("en;q=0.2, zh-TW;q=0.7", "zh"), ("de, fr;q=0.9", "en"), ("de, zh;q=0.1", "zh"), ("zh;q=0, en;q=0", "en"),
        ("zh;q=0", "en"), ("*", "en"), ("en;q=0, *", "zh"), ("ZH-hans-cn", "zh"), ("zhx, en;q=0.1", "en"),
        ("zh;q=high", "en"), (";;,,", "en"),
    ],
)  # fmt: skip
def test_the_language_is_the_one_that_the_browser_weighs_most(header: str, language: str) -> None:
    assert preferred(header) == language


def test_the_address_wins_over_the_browser_and_links_keep_what_was_chosen(house: House) -> None:
    house.tell(event())

    asked = text(house, accept_language="zh")
    chosen = text(house, path="/?lang=en", accept_language="zh")

    assert '<html lang="zh-Hans">' in asked
    assert '<a href="?lang=en" lang="en" hreflang="en">English</a>' in asked
    assert 'href="events/e1"' in asked
    assert '<html lang="en">' in chosen
    assert '<a href="?lang=zh" lang="zh" hreflang="zh">中文</a>' in chosen
    assert 'href="events/e1?lang=en"' in chosen
    assert 'href="../?lang=en"' in text(house, path="/events/e1?lang=en")


def test_caches_know_that_the_language_was_negotiated(house: House) -> None:
    assert "Accept-Language" in house.get("/", None).header("vary")
    assert house.get("/", None, accept_language="zh").header("content-language") == "zh"


def test_every_word_is_there_in_both_languages_with_the_same_places_to_fill() -> None:
    def places(text_: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(text_) if name is not None}

    for key, (english, chinese) in TABLE.items():
        for form in english.split("|"):
            assert places(form) == places(chinese), key
        assert "|" not in chinese
        assert bool(english) == bool(chinese), key
        assert not re.search(r"[<>&\x22]", english + chinese), key


def test_no_word_of_ours_is_left_in_english_on_a_chinese_page(house: House) -> None:
    house.tell(*hong_kong(), event("n", kind="notice", title="x", state="scheduled", start=NOW + timedelta(days=1)))
    house.tell(event("over", state="resolved", title="x", end=NOW))

    for path in ("/?lang=zh", "/events/hk-ecs?lang=zh"):
        theirs = r"<(style|script|bdi|code|title)>.*?</\1>|<[^>]*class=.id.>[^<]*|<[^>]*>"
        page = re.sub(theirs, " ", text(house, path=path), flags=re.DOTALL)
        left = set(re.findall(r"[A-Za-z][A-Za-z-]+", page))
        names = {"SHD", "Relay", "UTC", "English", "Atom", "JSON", "ECS", "OSS", "RDS", "ALARM"}
        assert left <= names


@pytest.mark.parametrize(
    ("lasting", "shown"),
    [
        (timedelta(seconds=59), "under a minute"), (timedelta(minutes=12), "12 min"), (timedelta(hours=5), "5 h"),
        (timedelta(hours=5, minutes=10), "5 h 10 min"), (timedelta(days=2, minutes=5), "2 d"),
        (timedelta(days=2, hours=4, minutes=5), "2 d 4 h"), (timedelta(seconds=-5), "under a minute"),
    ],
)  # fmt: skip
def test_a_span_is_told_in_its_two_greatest_units(lasting: timedelta, shown: str) -> None:
    assert span(lasting, Words("en")) == shown


# the history


def old(id_: str, days: float, **more: Any) -> HealthEvent:
    """Over, and it began so many days ago and lasted two hours."""
    start = NOW - timedelta(days=days)
    over: dict[str, Any] = {
        "state": "resolved",
        "severity": "NORMAL",
        "start": start,
        "end": start + timedelta(hours=2),
    }
    return event(id_, **(over | more))


def bar(house: House, product: str, **more: str) -> tuple[list[tuple[str, str]], str]:
    """The strokes over the days without trouble, and what is said beside."""
    page = text(house, **more)
    row = rf'<li><span class="name"><span [^>]*>{product}</span></span>(.*?)<span class="sum">(.*?)</span>'
    found = re.search(row, page, re.DOTALL)
    assert found
    return re.findall(r'<path class="(\w+)" d="(.*?)"/>', found[1]), found[2]


def base(house: House) -> dict[str, str]:
    drawn = text(house).partition('<g id="base">')[2].partition("</g>")[0]
    return dict(re.findall(r'<path class="(\w+)" d="(.*?)"/>', drawn))


def test_each_product_has_a_bar_with_the_worst_of_each_day_and_says_it_in_words(house: House) -> None:
    house.tell(
        old("a", 10), old("b", 10, kind="notice", region=SG), old("c", 20, end=NOW - timedelta(days=17)),
        old("d", 30, kind="maintenance"), old("gone", 91), old("other", 5, product="oss"),
    )  # fmt: skip

    assert bar(house, "Elastic Compute Service") == (
        [("maintenance", "M59 10.5h1"), ("incident", "M69 8h4"), ("incident", "M79 8h1")],
        "2 incidents, 3 d 2 h; 1 maintenance; 1 notice",
    )
    assert bar(house, "Object Storage Service")[1] == "1 incident, 2 h"
    assert bar(house, "ApsaraDB RDS") == ([], "nothing to report")


def test_one_failure_in_two_regions_counts_once_and_so_does_its_time(house: House) -> None:
    house.tell(old("a", 10), old("b", 10, region=SG), event("c"))

    assert bar(house, "Elastic Compute Service")[1] == "2 incidents, 2 h; 1 still open"


def test_what_ends_at_midnight_does_not_touch_the_next_day(house: House) -> None:
    midnight = datetime(2022, 12, 10, tzinfo=timezone.utc)
    house.tell(old("a", 0, start=midnight - timedelta(hours=3), end=midnight))

    assert bar(house, "Elastic Compute Service")[0] == [("incident", "M80 8h1")]


def test_what_is_only_planned_or_was_cancelled_is_in_no_bar(house: House) -> None:
    house.tell(
        event("p", kind="maintenance", state="scheduled", start=NOW - timedelta(hours=1)),
        old("c", 3, kind="maintenance", state="cancelled"),
    )

    assert bar(house, "Elastic Compute Service")[0] == []


def test_days_before_the_log_began_have_no_data_and_days_of_blindness_are_unknown(house: House) -> None:
    house.tell(event("x", state="resolved", end=NOW), at=NOW - timedelta(days=40))
    feed = event(FEED, kind="feed", product="", region="", title="blind", changed_at=NOW - timedelta(days=12))
    house.commit(house.change(feed, verb="blind"), at=NOW - timedelta(days=12))
    well = event(FEED, kind="feed", product="", region="", title="well", changed_at=NOW - timedelta(days=11, hours=23))
    house.commit(house.change(well, verb="recovered"), at=NOW - timedelta(days=11, hours=23))

    assert base(house) == {
        "nothing": "M0 15.5h49",
        "operational": "M49 14h28M78 14h12",
        "unknown": "M77 10h1",
    }
    assert "no data before 8 Nov 2022" in text(house)
    told = text(house).partition('<h3 id="day-2022-12-06">6 Dec 2022</h3>')[2].partition("<h3")[0]
    assert "We could not see the dashboard" in told
    assert "lasted 1 h" in told


def test_before_anything_was_committed_there_is_no_data(house: House) -> None:
    assert base(house) == {"nothing": "M0 15.5h90"}
    assert "no data yet" in text(house)


def test_a_bar_leads_to_the_day_in_the_list_that_it_began_on(house: House) -> None:
    house.tell(old("a", 10, end=NOW - timedelta(days=8)), old("before", 95, end=NOW - timedelta(days=85)))

    page = text(house)

    assert re.findall(r'<a href="#(day-[\d-]+)" tabindex="-1">', page) == ["day-2022-09-20", "day-2022-12-08"]
    assert re.findall(r'<h3 id="(day-[\d-]+)">', page) == ["day-2022-12-08", "day-2022-09-20"]


def test_of_many_products_those_without_any_event_are_folded(house: House) -> None:
    wide(house).tell(old("a", 10))

    page = text(house)

    assert "<summary>41 services without any event</summary>" in page
    assert page.index("Elastic Compute Service</span></span><svg") < page.index('<details id="history-quiet">')


def test_the_days_of_a_page_turn_with_the_day(house: House) -> None:
    house.tell(old("a", 10))
    house.now = NOW.replace(hour=23, minute=59)
    house.read_at(house.now)
    before = bar(house, "Elastic Compute Service")[0]
    house.now += timedelta(minutes=2)

    assert (before, bar(house, "Elastic Compute Service")[0]) == ([("incident", "M79 8h1")], [("incident", "M78 8h1")])


def test_what_turned_out_to_be_another_event_is_shown_once(house: House) -> None:
    house.tell(event("a"), event("b", state="withdrawn", merged_into="a"))

    assert text(house).count('href="events/a"') == 2  # its card, and its day
    assert 'href="events/b"' not in text(house)


# one event


def known() -> HealthEvent:
    said = {
        "ListEvents": Item(title="Cooling failure in zone C", severity="ALARM", start=START),
        "ListEventInProgress": Item(title="[Incident] <b>Cooling</b>", start=START),
        "Unheard<of>": Item(title="Cooling failure in zone C"),
    }
    updates = (Update(at=START, text="first\n<second>"), Update(at=START + timedelta(minutes=9), text="third"))
    return event("k", said=said, updates=updates, revision=3)


def test_an_event_has_a_page_that_says_all_that_is_known_of_it(house: House) -> None:
    house.tell(known())

    page = text(house, path="/events/k")
    plain = " ".join(re.sub(r"<[^>]*>", " ", page.partition("<main")[2].partition("</main>")[0]).split())

    assert "<title>Cooling failure in zone C – Service health</title>" in page
    assert "Incident, goes on ALARM" in plain
    assert "Where Elastic Compute Service , China (Hong Kong) Since 18 Dec 2022, 00:56 UTC" in plain
    first = "18 Dec 2022, 00:56 UTC first &lt;second&gt; 18 Dec 2022, 00:56 UTC Began"
    assert f"18 Dec 2022, 01:05 UTC third {first}" in plain
    assert "SHD’s list of events · severity ALARM · began 18 Dec 2022, 00:56 UTC" in plain
    assert "what goes on · began 18 Dec 2022, 00:56 UTC · titled [Incident] &lt;b&gt;Cooling&lt;/b&gt;" in plain
    assert "Unheard&lt;of&gt;" in plain
    assert "Last changed 18 Dec 2022, 00:56 UTC , revision 3." in plain
    assert '<a href="../v1/events/k">this event as JSON</a>' in page


def test_an_event_that_is_over_says_when_and_how_we_know(house: House) -> None:
    house.tell(
        event("w", state="withdrawn", inferred=True, since=NOW, said={"public-page": Item(title="Cooling failure")}),
        event("m", state="withdrawn", merged_into="a/b c", since=NOW),
    )

    page = text(house, path="/events/w")
    assert "Incident, withdrawn" in page
    assert "lasted 3 h 4 min · inferred: it is no longer listed" in page
    assert "Nobody told its end" in page
    assert "So far only the dashboard’s public page says it" in page
    assert 'another event: <a href="a%2Fb%20c">the event that it is</a>' in text(house, path="/events/m")


def test_an_event_links_to_the_same_elsewhere(house: House) -> None:
    house.tell(*hong_kong(), event("other", region=SG, title="Another"))

    page = text(house, path="/events/hk-oss")

    assert "The same is said of 2 other services and regions" in page
    assert re.findall(r'<a href="([^"./?]+)">', page) == ["hk-ecs", "hk-rds"]


def test_an_event_that_is_unknown_or_out_of_scope_is_not_found() -> None:
    house = House()
    house.tell(event(region=SG, product="rds"))

    assert house.get("/events/e1", "acme").status == 200
    assert house.get("/events/e1", "small").status == 404
    assert house.get("/events/nothing", "acme").status == 404


def test_the_same_elsewhere_is_of_the_scope_only() -> None:
    house = House()
    house.tell(event("a", region=SG), event("b", region=HK), event("c", region=SG, product="rds"))

    page = text(house, "small", "/events/a")

    assert "The same" not in page
    assert "Hong Kong" not in page


def test_the_relays_own_event_and_a_drill_have_pages_too(house: House) -> None:
    house.tell(
        event(FEED, kind="feed", product="", region="", title="blind", severity=None),
        event("d", kind="drill", product="drill", region="drill", title="A drill"),
    )

    assert "SHD Relay itself, goes on" in text(house, path=f"/events/{FEED}")
    assert "Drill, goes on" in text(house, path="/events/d")


# links


def links(page: str) -> set[str]:
    found = re.findall(r'<[^<>]* (?:href|src)="([^"]*)"', page.partition("<script>")[0])
    return {link.partition("#")[0] for link in found if not link.startswith(("#", "data:", "mailto:"))}


@pytest.mark.parametrize("prefix", ["", "/f/f-secret"])
@pytest.mark.parametrize("path", ["/", "/events/hk-ecs"])
def test_every_link_leads_to_something_that_is_there(prefix: str, path: str) -> None:
    house = House(public=True)
    house.tell(*hong_kong(), *(event(f"e{n}", start=START - timedelta(minutes=n)) for n in range(60)))
    page = text(house, path=prefix + path)

    assert len(links(page)) >= 6
    for link in links(page):
        target = urljoin(f"http://here{prefix}{path}", link).removeprefix("http://here")
        assert target.startswith(f"{prefix}/")
        assert house.get(target, None).status == 200, target


def test_a_feed_token_stands_nowhere_on_its_pages() -> None:
    house = House()
    house.tell(*hong_kong())

    for path in ("/", "/events/hk-ecs"):
        page = text(house, path=f"/f/f-secret{path}")
        assert "f-secret" not in page
        assert "/v1/" not in page.partition("<script>")[0]
