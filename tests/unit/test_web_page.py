"""The page's words and markup; what a browser makes of them is proved in tests/browser."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from shd_relay.model import FEED
from shd_relay.web.markup import Html, escape, fill
from tests.web_world import HK, NOW, SG, START, House, event, hong_kong


def text(house: House, who: str | None = None) -> str:
    response = house.get("/", who)
    assert response.status == 200
    return response.body.decode()


def headline(house: House, who: str | None = None) -> str:
    found = re.search(r"<h1.*?<span>(.*?)</span></h1>", text(house, who))
    assert found
    return found[1]


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
            if tag not in {"meta", "link", "br"}:
                open_tags.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert open_tags.pop() == tag

    Checker().feed(text(house).replace("/></svg>", "></path></svg>"))
    assert open_tags == []


def test_no_id_stands_twice(house: House) -> None:
    house.tell(*hong_kong(), event("over", state="resolved", end=NOW))

    ids = re.findall(r' id="([^"]*)"', text(house))

    assert len(ids) == len(set(ids))


def test_quiet_and_fresh_says_that_no_trouble_is_known(house: House) -> None:
    assert headline(house) == "No trouble is known"


def test_some_unknown_is_not_called_quiet(house: House) -> None:
    house.read_at(NOW, only=house.site.pairs[:5])

    assert headline(house) == "Unknown for 1 of 6 services and regions"


def test_the_worst_is_the_headline_and_counts_the_pairs_it_is_true_of(house: House) -> None:
    house.tell(event("n", kind="notice"), event("m", kind="maintenance", product="oss"))
    assert headline(house) == "Maintenance in 1 of 6 services and regions"

    house.tell(*hong_kong())
    assert headline(house) == "Incident in 3 of 6 services and regions"


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
    assert "<b>Elastic Compute Service, Object Storage Service, ApsaraDB RDS</b> in China (Hong Kong)" in where
    assert page.count('href="#event-hk-') == 3
    assert page.count('id="event-hk-') == 3


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


def test_more_cards_than_a_person_reads_are_counted(house: House) -> None:
    house.tell(*(event(f"e{n}", title=f"Trouble {n}") for n in range(60)))

    page = text(house)

    assert page.count("<article") == 50
    assert "and 10 more" in page


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
    heads = re.findall(r'<th scope="\w+"><span class="name">(.*?)</span> <span class="id">(.*?)</span></th>', page)
    assert heads == [
        ("Elastic Compute Service", "ecs"), ("Object Storage Service", "oss"), ("ApsaraDB RDS", "rds"),
        ("China (Hong Kong)", HK), ("Singapore", SG),
    ]  # fmt: skip
    assert 'title="Elastic Compute Service in China (Hong Kong): incident"' in page


def test_what_is_open_beyond_the_watch_list_counts_and_has_its_place_on_the_board(house: House) -> None:
    house.tell(event("x", product="newthing", region="xx-new-1"))

    page = text(house)

    assert headline(house) == "Incident in 1 of 7 services and regions"
    assert 'title="newthing in xx-new-1: incident"' in page
    assert page.count('href="#event-x"') == 1


def test_what_has_no_name_is_shown_by_its_id_and_escaped() -> None:
    house = House(public=True)
    house.tell(event("x", product="<i>new", region="'\u202e&"))

    page = text(house)

    assert "<b><bdi>&lt;i&gt;new</bdi></b> in <bdi>&#x27;\ufffd&amp;</bdi>" in page
    assert '<th scope="col"><bdi class="name">&lt;i&gt;new</bdi></th>' in page
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
