"""/feed.atom and /maintenance.ics: what stands in them, for whom, and that no text can break out of them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shd_relay.model import FEED, HealthEvent, Item, Update
from shd_relay.web import atom, icalendar_text, xml_text
from tests.web_world import HK, NOW, SG, START, TOKENS, House, event, hong_kong, unpacked

ATOM = f"{{{atom.NAMESPACE}}}"
HOUR = timedelta(hours=1)
HOSTILE = "\x00a\x0b]]><script>alert(1)</script>&amp;\"'\r\nEND:VEVENT\rX:1;,\\\u2028BEGIN:VEVENT\x85\u202e 维护\ufffe"
UNDER = f"/f/{TOKENS['feeds']}"

Lines = list[tuple[str, str]]


def feed_of(house: House, path: str = "/feed.atom", who: str | None = "acme") -> Xml.Element:
    response = house.get(path, None if path.startswith("/f/") else who)
    assert (response.status, response.header("content-type")) == (200, "application/atom+xml; charset=utf-8")
    return Xml.fromstring(unpacked(response))


def entries(house: House, path: str = "/feed.atom", who: str = "acme") -> list[Xml.Element]:
    return feed_of(house, path, who).findall(f"{ATOM}entry")


def ids(house: House, path: str = "/feed.atom", who: str = "acme") -> list[str]:
    return [text(entry, "id").removeprefix("urn:shd-relay:event:") for entry in entries(house, path, who)]


def text(parent: Xml.Element, name: str) -> str:
    found = parent.findall(f"{ATOM}{name}")
    assert len(found) == 1, (name, len(found))
    return found[0].text or ""


def link(parent: Xml.Element, rel: str) -> str | None:
    return next((found.get("href") for found in parent.findall(f"{ATOM}link") if found.get("rel") == rel), None)


def categories(entry: Xml.Element) -> dict[str, str]:
    found = ((found.get("scheme", ""), found.get("term", "")) for found in entry.findall(f"{ATOM}category"))
    return {scheme.removeprefix("urn:shd-relay:"): term for scheme, term in found}


def work(id: str = "m1", **more: Any) -> HealthEvent:  # noqa: A002 - the field's word
    """A maintenance announced for two days from now, three hours long, unless said otherwise."""
    start = NOW + timedelta(days=2)
    values = {"kind": "maintenance", "state": "scheduled", "severity": "NOTIFICATION", "title": "Network upgrade",
              "start": start, "end": start + 3 * HOUR, "since": NOW, "changed_at": NOW}  # fmt: skip
    return event(id, **(values | more))


def calendar(house: House, path: str = "/maintenance.ics", who: str | None = "acme") -> tuple[Lines, list[Lines]]:
    """The calendar's own lines and those of each event, unfolded, names with their parameters."""
    response = house.get(path, None if path.startswith("/f/") else who)
    assert (response.status, response.header("content-type")) == (200, "text/calendar; charset=utf-8")
    body = unpacked(response)
    assert body.endswith(b"\r\n") and all(len(line) <= 75 for line in body.split(b"\r\n"))
    lines = body.decode().replace("\r\n ", "")[:-2].split("\r\n")
    assert not [line for line in lines if line.splitlines() != [line]], "a line that some parser takes for two"
    whole = "\n".join(lines)
    found = re.findall(r"^BEGIN:VEVENT\n(.*?)\nEND:VEVENT$", whole, re.MULTILINE | re.DOTALL)
    assert len(found) == lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT")
    return split(whole.partition("\nBEGIN:VEVENT")[0]), [split(each) for each in found]


def split(lines: str) -> Lines:
    return [(name, value) for name, _, value in (line.partition(":") for line in lines.split("\n"))]


def one(house: House, path: str = "/maintenance.ics") -> dict[str, str]:
    """The only event; of the properties that stand there twice the first, as the alarm's come last."""
    found = calendar(house, path)[1]
    assert len(found) == 1
    return dict(reversed(found[0]))


def house_with(*events: HealthEvent, **more: Any) -> House:
    house = House(**more)
    house.tell(*events)
    return house


# Atom


def test_an_entry_says_what_is_wrong_where_and_since_when() -> None:
    house = house_with(hong_kong()[0])

    (entry,) = entries(house)

    assert text(entry, "id") == "urn:shd-relay:event:hk-ecs"
    assert text(entry, "title") == "[open] Elastic Compute Service in China (Hong Kong): Cooling failure in zone C"
    assert text(entry, "updated") == text(entry, "published") == "2022-12-18T00:56:00.000Z"
    assert link(entry, "alternate") == "events/hk-ecs"
    assert categories(entry) == {"kind": "incident", "product": "ecs", "region": HK, "state": "open"}


def test_an_entrys_content_is_html_with_the_updates_the_newest_first_and_times_in_utc() -> None:
    house = house_with(hong_kong()[0])

    found = entries(house)[0].find(f"{ATOM}content")

    assert found is not None and found.get("type") == "html"
    times = re.findall(r"<li><b>([^<]+)</b>", found.text or "")
    assert times == ["2022-12-18 02:30 UTC", "2022-12-18 01:23 UTC", "2022-12-18 01:17 UTC", "2022-12-18 00:56 UTC"]
    assert "<b>From:</b> 2022-12-18 00:56 UTC" in (found.text or "")


def test_what_changed_last_stands_first_and_dates_the_feed() -> None:
    house = house_with(*(event(f"e{n}", changed_at=START + n * HOUR) for n in (1, 3, 2)))
    house.tell(event("e1", revision=2, state="resolved", end=NOW, changed_at=START + 9 * HOUR), verb="resolved")

    assert ids(house) == ["e1", "e3", "e2"]
    assert text(feed_of(house), "updated") == "2022-12-18T09:56:00.000Z"
    assert text(entries(house)[0], "title").startswith("[resolved] ")


def test_history_that_nobody_was_told_of_stands_where_it_ended_and_not_on_top() -> None:
    old = {"revision": 0, "state": "resolved", "start": START - 50 * HOUR, "changed_at": NOW}
    house = house_with(event("known"), event("h1", end=START - 40 * HOUR, **old), event("h2", end=None, **old))

    assert ids(house) == ["known", "h1", "h2"]
    assert text(entries(house)[1], "updated") == "2022-12-16T08:56:00.000Z"


def test_what_turned_out_to_be_another_event_names_it() -> None:
    house = house_with(work(state="withdrawn", merged_into="other"))

    assert "<b>The same as:</b> other" in text(entries(house)[0], "content")
    assert r"\nThe same as: other" in one(house)["DESCRIPTION"]


def test_a_start_to_come_is_no_time_of_publishing() -> None:
    house = house_with(work())

    assert entries(house)[0].find(f"{ATOM}published") is None
    assert text(entries(house)[0], "title").startswith("[scheduled] ")


def test_maintenance_has_words_of_its_own() -> None:
    house = house_with(work("on", state="open"), work("over", state="resolved"))

    assert [text(entry, "title").partition("]")[0] for entry in entries(house)] == ["[completed", "[in progress"]
    assert [categories(entry)["state"] for entry in entries(house)] == ["resolved", "open"]


def test_the_same_data_gives_the_same_bytes_at_any_time() -> None:
    house = house_with(*hong_kong(), work())
    before = [house.get(path) for path in ("/feed.atom", "/maintenance.ics")]
    house.now += timedelta(seconds=100)
    house.with_site()

    for path, first in zip(("/feed.atom", "/maintenance.ics"), before, strict=True):
        assert house.get(path).body == first.body
        assert house.get(path, if_none_match=first.header("etag")).status == 304


def test_a_feed_without_entries_has_a_time_that_stays() -> None:
    house = House()
    assert text(feed_of(house), "updated") == "2020-01-17T00:00:00.000Z"
    house.tell(event("drill", kind="drill"), at=START)  # when the log began may be no business of the reader's
    assert (text(feed_of(house), "updated"), ids(house)) == ("2020-01-17T00:00:00.000Z", [])


def test_a_feeds_id_is_its_own_for_each_view_and_holds_no_token_and_no_name() -> None:
    house = House()
    asked = [f"{UNDER}/feed.atom", f"{UNDER}/feed.atom?product=ecs", f"{UNDER}/feed.atom?region=ecs", "/feed.atom"]
    found = [text(feed_of(house, path), "id") for path in asked]

    assert len(set(found)) == 4
    assert all(re.fullmatch(r"urn:shd-relay:atom:[0-9a-f]{32}", id_) for id_ in found)
    assert text(feed_of(house, "/feed.atom?product=OSS,ecs"), "id") == text(
        feed_of(house, "/feed.atom?product=ecs,oss"), "id"
    )
    assert text(feed_of(house, "/feed.atom", "feeds"), "id") == found[0]


def test_pages_follow_one_another_without_a_gap_and_end() -> None:
    house = house_with(*(event(f"e{n:03}", changed_at=START + timedelta(minutes=n // 3)) for n in range(120)))
    seen, path, pages = [], "feed.atom?region=cn-hongkong", 0
    while path:
        response = house.get(f"{UNDER}/{path}", None)
        feed = Xml.fromstring(unpacked(response))
        seen += [text(entry, "id")[-4:] for entry in feed.findall(f"{ATOM}entry")]
        assert link(feed, "self") == path and link(feed, "first") == "feed.atom?region=cn-hongkong"
        path, pages = link(feed, "next") or "", pages + 1
        assert response.header("link") == (f'<{path}>; rel="next"' if path else "")
        assert TOKENS["feeds"] not in unpacked(response).decode() + repr(response.headers)

    assert (pages, seen) == (3, [f"e{n:03}" for n in reversed(range(120))])


def test_an_event_that_comes_between_two_pages_moves_nothing() -> None:
    house = house_with(*(event(f"e{n:02}", changed_at=START + timedelta(minutes=n)) for n in range(60)))
    following = link(feed_of(house), "next")
    house.tell(event("new", changed_at=NOW))

    assert ids(house, f"/{following}") == [f"e{n:02}" for n in reversed(range(10))]


@pytest.mark.parametrize("cursor", ["x", "bm90aGluZw", "MTox=", "\x00", "é", "9" * 400, "LTE6"])
def test_a_cursor_that_we_never_gave_out_is_refused(cursor: str) -> None:
    assert House().get(f"/feed.atom?cursor={cursor}").status == 400


def test_drills_and_what_lies_outside_the_scope_or_the_filters_are_in_neither() -> None:
    house = house_with(
        work("mine", region=SG), work("theirs", region=HK), work("other", product="rds", region=SG),
        event("drill", kind="drill", region=SG),
    )  # fmt: skip

    def uids(path: str, who: str) -> set[str]:
        return {dict(found)["UID"].partition("@")[0] for found in calendar(house, path, who)[1]}

    for seen in (lambda query, who: set(ids(house, f"/feed.atom{query}", who)),
                 lambda query, who: uids(f"/maintenance.ics{query}", who)):  # fmt: skip
        assert seen("", "acme") == {"mine", "theirs", "other"}
        assert seen("", "small") == {"mine"}
        assert seen("?product=ECS", "acme") == {"mine", "theirs"}
        assert seen("?product=ecs,rds&region=ap-southeast-1", "acme") == {"mine", "other"}
        assert seen("?region=cn-hongkong", "small") == seen("?region=nowhere", "small") == set()


def test_a_filter_is_named_in_the_title_of_the_feed() -> None:
    house = House()
    assert text(feed_of(house), "title") == "Service health"
    named = "Service health: Elastic Compute Service, ros<b> in China (Hong Kong)"
    assert text(feed_of(house, "/feed.atom?product=ros<b>,ecs&region=CN-Hongkong"), "title") == named
    assert text(feed_of(house, "/feed.atom?product=a,b,c,d,e"), "title") == "Service health: a, b, c and 2 more"


def test_what_became_of_the_source_is_told_whatever_the_filter() -> None:
    house = house_with(
        event(FEED, kind="feed", product="", region="", title="blind: no answer", severity=None, changed_at=NOW)
    )

    (entry,) = entries(house, "/feed.atom?product=nothing&region=nowhere", "small")

    assert text(entry, "title") == "[open] SHD Relay: blind: no answer"
    assert (link(entry, "alternate"), categories(entry)) == ("./", {"kind": "feed", "state": "open"})
    assert "new trouble would not show" in text(entry, "content")


def test_a_reader_learns_that_nobody_polls_any_more() -> None:
    house = house_with(event())
    assert ids(house) == ["e1"]
    house.now += timedelta(minutes=4)

    blind = entries(house)[0]
    later = house.get("/feed.atom").body
    house.now += timedelta(hours=5)

    assert text(blind, "id") == "urn:shd-relay:event:feed"
    assert text(blind, "title") == (
        "[open] SHD Relay: blind: the last complete answer came at 2022-12-18T03:59:18.000Z"
    )
    assert text(blind, "updated") == "2022-12-18T03:59:18.000Z"
    assert house.get("/feed.atom").body == later
    house.read_at(house.now)
    assert ids(house) == ["e1"]


def test_a_source_that_was_never_read_and_a_store_that_is_away_are_blind_too() -> None:
    never, away = House(polled=False), House()
    away.get("/feed.atom")
    away.store.broken = True
    away.ticks += 60

    assert text(entries(never)[0], "title") == "[open] SHD Relay: blind: no complete answer yet"
    assert ids(away) == ["feed"]


def test_hostile_texts_stay_texts_in_the_feed() -> None:
    house = house_with(event(title=HOSTILE, severity=HOSTILE, updates=(Update(at=NOW, text=HOSTILE),)))

    (entry,) = entries(house)

    read = "\ufffda ]]><script>alert(1)</script>&amp;\"' END:VEVENT X:1;,\\ BEGIN:VEVENT \ufffd 维护\ufffd"
    assert text(entry, "title") == f"[open] Elastic Compute Service in China (Hong Kong): {read}"
    assert set(re.findall(r"</?(\w+)", text(entry, "content"))) == {"p", "b", "br", "ul", "li"}
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;" in text(entry, "content")


def test_long_texts_are_cut_and_the_feed_says_so() -> None:
    updates = tuple(Update(at=START + timedelta(minutes=n), text=f"{n} " + "长" * 50_000) for n in range(30))
    house = house_with(work(title="长" * 50_000, updates=updates))

    (entry,), found = entries(house), one(house)

    assert "长…" in text(entry, "title") and len(text(entry, "title")) < 400
    assert text(entry, "content").count("<li>") == 8
    assert "and 22 earlier ones" in text(entry, "content") and found["DESCRIPTION"].endswith(r"\nand 22 earlier ones")
    assert len(text(entry, "content")) < 9_000 and len(found["DESCRIPTION"]) < 9_000


def test_of_many_short_updates_the_newest_twenty_are_shown() -> None:
    updates = tuple(Update(at=START + timedelta(minutes=n), text=f"<{n}>") for n in range(30))
    (entry,) = entries(house_with(event(updates=updates)))

    assert re.findall(r"&lt;(\d+)&gt;", text(entry, "content")) == [str(n) for n in range(29, 9, -1)]
    assert "and 10 earlier ones" in text(entry, "content")


# iCalendar


def test_a_maintenance_is_an_event_with_its_times_place_and_an_alarm() -> None:
    house = house_with(work(updates=(Update(at=NOW, text="First\nSecond"),)), public_url="https://relay.example")

    (lines,) = calendar(house)[1]
    found = dict(reversed(lines))

    assert found | {"DESCRIPTION": ""} == {
        "UID": "m1@shd-relay", "SEQUENCE": "1", "DTSTAMP": "20221218T040000Z", "LAST-MODIFIED": "20221218T040000Z",
        "DTSTART": "20221220T040000Z", "DTEND": "20221220T070000Z", "STATUS": "CONFIRMED", "DESCRIPTION": "",
        "SUMMARY": "Maintenance: Elastic Compute Service in China (Hong Kong): Network upgrade",
        "LOCATION": "China (Hong Kong)", "CATEGORIES": "ecs", "TRANSP": "TRANSPARENT",
        "ORGANIZER;CN=SHD Relay": "invalid:nomail", "URL": "https://relay.example/events/m1",
        "BEGIN": "VALARM", "ACTION": "DISPLAY", "TRIGGER": "-PT1H", "END": "VALARM",
    }  # fmt: skip
    assert (
        r"From: 2022-12-20 04:00 UTC (2022-12-20 12:00 UTC+8)\nExpected end: 2022-12-20 07:00 UTC"
        in (found["DESCRIPTION"])
    )
    assert found["DESCRIPTION"].endswith(r"\n\n2022-12-18 04:00 UTC (2022-12-18 12:00 UTC+8): First\nSecond")


def test_a_calendar_names_itself_its_zone_and_how_often_to_ask() -> None:
    own = dict(reversed(calendar(house_with(work()))[0]))

    assert (own["VERSION"], own["METHOD"], own["NAME"]) == ("2.0", "PUBLISH", own["X-WR-CALNAME"])
    assert (own["X-WR-TIMEZONE"], own["TZID"], own["TZOFFSETTO"]) == ("Asia/Shanghai", "Asia/Shanghai", "+0800")
    assert own["REFRESH-INTERVAL;VALUE=DURATION"] == own["X-PUBLISHED-TTL"] == "PT5M"
    assert own["LAST-MODIFIED"] == "20221218T040000Z"
    assert calendar(House())[1] == [] and "LAST-MODIFIED" not in dict(calendar(House())[0])


@pytest.mark.parametrize(("state", "word"), [("cancelled", "Cancelled"), ("withdrawn", "Withdrawn")])
def test_what_is_called_off_stays_as_cancelled_under_its_uid_and_rings_no_more(state: Any, word: str) -> None:
    house = house_with(work())
    before = one(house)
    house.tell(work(state=state, revision=2, since=NOW + HOUR, changed_at=NOW + HOUR), verb=state)
    after = one(house)

    assert (before["STATUS"], after["STATUS"]) == ("CONFIRMED", "CANCELLED")
    assert (after["UID"], after["DTSTART"], after["DTEND"]) == (before["UID"], before["DTSTART"], before["DTEND"])
    assert (before["SEQUENCE"], after["SEQUENCE"]) == ("1", "2")
    assert after["SUMMARY"] == f"{word}: {before['SUMMARY']}"
    assert (after["LAST-MODIFIED"], "TRIGGER" in after) == ("20221218T050000Z", False)


@pytest.mark.parametrize("state", ["open", "resolved"])
def test_what_has_begun_or_is_over_rings_no_more(state: Any) -> None:
    found = one(house_with(work(state=state)))

    assert (found["STATUS"], "TRIGGER" in found) == ("CONFIRMED", False)


def test_an_end_that_nobody_knows_is_left_out_and_said() -> None:
    found = one(house_with(work(end=None)))

    assert "DTEND" not in found and r"\nExpected end: not known\n" in found["DESCRIPTION"]


def test_what_is_over_has_the_end_that_it_had_and_what_is_called_off_the_planned_one() -> None:
    ended = {"start": START, "end": None, "since": NOW}

    assert one(house_with(work(state="resolved", **ended)))["DTEND"] == "20221218T040000Z"
    assert "DTEND" not in one(house_with(work(state="cancelled", **ended)))


@pytest.mark.parametrize("end", [START - HOUR, START, START + timedelta(milliseconds=900)])
def test_an_end_that_does_not_lie_after_the_start_is_left_out(end: datetime) -> None:
    assert "DTEND" not in one(house_with(work(state="open", start=START, end=end)))


def test_what_only_the_dashboards_page_said_or_has_no_start_is_tentative() -> None:
    witness = {"public-page": Item(title="Network upgrade")}

    assert one(house_with(work(said=witness)))["STATUS"] == "TENTATIVE"
    assert one(house_with(work(start=None, end=None)))["STATUS"] == "TENTATIVE"


def test_the_last_moment_that_there_is_has_no_other_zone_and_breaks_nothing() -> None:
    end = datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone.utc)
    house = house_with(work(end=end))

    assert one(house)["DTEND"] == "99991231T235959Z"
    assert "Expected end: 9999-12-31 23:59 UTC" in one(house)["DESCRIPTION"]


def test_an_address_stands_in_the_calendar_only_where_it_is_known() -> None:
    assert "URL" not in one(house_with(work()), f"{UNDER}/maintenance.ics")


def test_the_calendar_says_that_it_may_miss_something_while_the_source_is_not_fresh() -> None:
    house = house_with(work())
    fresh = dict(calendar(house)[0])
    house.now += timedelta(minutes=4)
    blind = dict(calendar(house)[0])

    assert "cannot be read now" not in fresh["X-WR-CALDESC"]
    assert (
        blind["X-WR-CALDESC"]
        == blind["DESCRIPTION"]
        == fresh["DESCRIPTION"]
        + (" The dashboard cannot be read now: what was announced or changed lately is not here.")
    )


def test_hostile_texts_stay_texts_in_the_calendar() -> None:
    house = house_with(work(title=HOSTILE, severity=HOSTILE, updates=(Update(at=NOW, text=HOSTILE),)))

    found = one(house)

    assert found["SUMMARY"].endswith(
        r"""]]><script>alert(1)</script>&amp\;"' END:VEVENT X:1\;\,\\ BEGIN:VEVENT  维护"""
    )
    assert all(character.isprintable() for value in found.values() for character in value)


def test_a_calendar_that_would_be_too_long_leaves_out_what_began_first() -> None:
    updates = tuple(Update(at=NOW, text="长" * 1_000) for _ in range(8))
    house = house_with(*(work(f"m{n:03}", start=NOW + n * HOUR, end=None, updates=updates) for n in range(170)))

    found = [dict(lines)["UID"] for lines in calendar(house)[1]]

    assert 100 < len(found) < 170
    assert found == [f"m{n:03}@shd-relay" for n in range(170 - len(found), 170)]


# the escapers

any_text = st.text(st.characters(), max_size=200) | st.text(
    st.sampled_from(HOSTILE + "\ud800\ufdd0 \t\n维"), max_size=60
)
cheap = settings(max_examples=200, deadline=None)


@given(any_text)
@cheap
def test_an_xml_parser_reads_back_every_text_in_an_element_and_in_an_attribute(given_text: str) -> None:
    markup = f'<a b="{xml_text.attribute(given_text)}">{xml_text.escape(given_text)}</a>'
    read = Xml.fromstring(markup.encode())

    assert (read.text or "", read.get("b")) == (xml_text.clean(given_text), xml_text.clean(given_text))
    assert len(xml_text.clean(given_text)) == len(given_text.replace("\r\n", "\n"))


def test_what_xml_discourages_and_what_turns_the_direction_of_writing_is_replaced() -> None:
    assert xml_text.escape("a\x7f\x85\u202e\u2069\tb") == "a\ufffd\ufffd\ufffd\ufffd\tb"


@given(any_text)
@cheap
def test_every_text_is_one_line_of_a_calendar_and_reads_back(given_text: str) -> None:
    escaped = icalendar_text.escape(given_text)
    unescaped = re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], escaped)

    assert len(escaped.splitlines()) <= 1
    assert unescaped == icalendar_text.clean(given_text).replace("\t", " ")
    assert not re.search(r"(?<!\\)(?:\\\\)*[;,]", escaped)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=400))
@cheap
def test_folding_tears_no_character_apart_and_is_undone_by_unfolding(line: str) -> None:
    folded = icalendar_text.fold(line)

    assert folded.replace(b"\r\n ", b"").decode() == line
    assert all(len(piece) <= 75 and piece.decode() is not None for piece in folded.split(b"\r\n"))
