"""Both operations of the status API and the witness, through the deployed handlers: what is asked, told and shown."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from local.fakes.status import (
    ERRORS,
    LOCAL_KEY_ID,
    LOCAL_KEY_SECRET,
    ApiError,
    Call,
    Fault,
    GatewayRules,
    InProgressRules,
    Key,
    ListingRules,
    PageRules,
    StatusFake,
    Update,
)
from tests.e2e.two import ECS, LIST, OSS, SWEEP, TITLE, Relay, relay_in

ROOT = Path(__file__).parents[2]
HOUR = timedelta(hours=1)
ALL_AT_ONCE = "page:listEventInProgressInternational"
BY_REGION = "page:listProductEventForRegionInLast24Hours"
PAGES = {
    ALL_AT_ONCE: "listEventInProgressInternational",
    BY_REGION: "listProductEventForRegionInLast24Hours?regionId={region}",
}


@pytest.fixture
def relay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Relay]:
    with relay_in(tmp_path, monkeypatch) as relay:
        yield relay


def retire(api: StatusFake, *actions: str) -> None:
    """From now on these actions, and no others, are gone: InvalidAction.NotFound."""
    api.gateway = replace(api.gateway, retired=frozenset(actions))


def answers(**of: str) -> dict[str, str]:
    return {LIST: "answers", SWEEP: "answers", **of}


def with_witness(relay: Relay, page: str = ALL_AT_ONCE) -> None:
    relay.set(SHD_WITNESS=f"{relay.api.url}/api/status/{PAGES[page]}")
    relay.api.pages = PageRules(fill_lists=True)


# Both answer


def test_an_incident_that_both_know_is_one_event_with_severity_and_updates_from_its_first_message(relay: Relay) -> None:
    relay.poll()
    relay.trouble()
    report = relay.poll()
    assert (report["changes"], report["published"], report["operations"]) == (1, 1, answers())
    [message] = relay.heard()
    event = message["event"]
    assert (message["subject"], message["change"]) == ("ecs/cn-hongkong", "opened")
    assert (event["title"], event["severity"], event["kind"]) == (TITLE, "ALARM", "incident")
    assert [update["text"] for update in event["updates"]] == ["We look into it."]
    assert (sorted(event["sources"]), event["witness"]) == (sorted([LIST, SWEEP]), False)


def test_an_update_of_the_one_and_a_severity_of_the_other_are_edits_of_the_same_event(relay: Relay) -> None:
    relay.poll()
    number = relay.trouble(severity="NOTIFICATION")
    relay.poll()
    first = relay.heard()[0]["event"]
    update = Update(at=relay.time.now(), text="Cooling is back.")
    relay.api.world.replace(number, updates=(update,))
    relay.poll()
    relay.api.world.replace(number, severity="ALARM")
    relay.poll()
    texts, severity = relay.heard()
    assert (texts["changed"], severity["changed"]) == (["updates"], ["severity", "kind"])
    assert [update["text"] for update in severity["event"]["updates"]] == ["Cooling is back."]
    assert {texts["event"]["id"], severity["event"]["id"]} == {first["id"]}
    assert (first["kind"], severity["event"]["kind"]) == ("notice", "incident")


def test_a_recovery_time_ends_it_while_list_events_still_shows_it_open(relay: Relay) -> None:
    relay.poll()
    number = relay.trouble()
    relay.poll()
    relay.heard()
    relay.api.listing = ListingRules(lag_seconds=300)
    ended = relay.over(number)
    relay.poll()
    [message] = relay.heard()
    assert (message["change"], message["event"]["inferred"]) == ("resolved", False)
    assert message["event"]["endTime"] == ended.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    relay.polls(8)  # ListEvents catches up, and the list lets it go
    assert relay.heard() == []
    assert relay.statuses()["ecs/cn-hongkong"] == "operational"


def test_an_end_that_only_list_events_knows_ends_it_too_and_the_list_does_not_reopen_it(relay: Relay) -> None:
    relay.poll()
    number = relay.trouble()
    relay.poll()
    relay.heard()
    relay.api.in_progress = InProgressRules(lag_seconds=300)
    relay.over(number)
    relay.polls(8)
    assert relay.told() == [("ecs/cn-hongkong", "resolved")]


def test_what_left_the_list_is_not_over_while_list_events_shows_it(relay: Relay) -> None:
    relay.poll()
    relay.trouble()
    relay.poll()
    relay.heard()
    relay.api.in_progress = InProgressRules(omit=lambda event: True)
    relay.polls(15)
    assert relay.heard() == []
    assert relay.statuses()["ecs/cn-hongkong"] == "incident"


# What is asked

MANY = [(f"product-{p}", f"cn-region-{r}") for p in range(20) for r in range(10)]


def watch(relay: Relay, pairs: list[tuple[str, str]]) -> None:
    relay.set(
        SHD_PRODUCTS=",".join(dict.fromkeys(product for product, _ in pairs)),
        SHD_REGIONS=",".join(dict.fromkeys(region for _, region in pairs)),
    )


def listed(relay: Relay, since: int) -> list[tuple[str, str]]:
    """The pairs that ListEvents was asked for, from that call on."""
    calls = [call for call in relay.api.calls[since:] if call.action == LIST]
    return [(call.params["ProductId"], call.params["RegionId"]) for call in calls]


def test_200_pairs_are_read_at_first_sight_and_then_by_turns_with_one_call_for_all(relay: Relay) -> None:
    watch(relay, MANY)
    assert relay.poll()["polled"] == 200
    assert relay.calls() == {SWEEP: 1, LIST: 200}
    began = len(relay.api.calls)
    for _ in range(4):
        report = relay.poll()
        assert (report["polled"], report["unread"], report["source"]) == (200, 0, "fresh")
        assert relay.calls() == {SWEEP: 1, LIST: 60}
    assert set(listed(relay, began)) == set(MANY)


def test_a_hot_pair_is_read_in_every_poll_and_for_ten_minutes_its_product_everywhere(relay: Relay) -> None:
    hot = MANY[73]
    watch(relay, MANY)
    relay.poll()
    relay.trouble(hot)
    began = len(relay.api.calls)
    relay.poll()
    assert relay.heard()[0]["event"]["severity"] == "ALARM"  # by ListEvents, in the poll that saw it first
    assert len(listed(relay, began)) == 61
    for minute in range(1, 14):
        began = len(relay.api.calls)
        relay.poll()
        asked = listed(relay, began)
        assert hot in asked
        if minute < 10:
            assert set(asked) >= {pair for pair in MANY if pair[0] == hot[0]}
    assert len(asked) == 61


def test_pairs_that_join_the_watch_list_are_read_at_once(relay: Relay) -> None:
    watch(relay, MANY[:190])
    relay.polls(2)
    watch(relay, MANY)
    began = len(relay.api.calls)
    assert relay.poll()["polled"] == 200
    assert set(listed(relay, began)) >= set(MANY[190:])


def test_what_only_list_events_knows_is_found_within_fifteen_minutes(relay: Relay) -> None:
    watch(relay, MANY)
    relay.poll()
    start = relay.time.now() + timedelta(days=3)
    planned = {"severity": "NOTIFICATION", "start": start, "end": start + HOUR, "end_announced": True, "updates": ()}
    relay.trouble(MANY[150], "Planned upgrade of the racks", **planned)
    relay.polls(4)
    assert relay.told() == [("product-15/cn-region-0", "scheduled")]


# One of them is refused


def without_permission(api: StatusFake, action: str) -> None:
    other = SWEEP if action == LIST else LIST
    api.keys = {LOCAL_KEY_ID: Key(secret=LOCAL_KEY_SECRET, actions=frozenset({other}))}


def plain_404(api: StatusFake, action: str) -> None:
    api.fail(ApiError("", 404, "Not Found"), times=None, when=lambda call: call.action == action)


def healed(api: StatusFake) -> None:
    api.heal()
    retire(api)
    api.keys = {LOCAL_KEY_ID: Key(secret=LOCAL_KEY_SECRET)}


Refuse = Callable[[StatusFake, str], None]
REFUSALS = [retire, without_permission, plain_404]


@pytest.mark.parametrize("refuse", REFUSALS)
@pytest.mark.parametrize("action", [LIST, SWEEP])
def test_one_that_is_refused_is_said_once_left_alone_for_an_hour_and_used_again_when_it_answers(
    relay: Relay, action: str, refuse: Refuse
) -> None:
    other = SWEEP if action == LIST else LIST
    number = relay.trouble()
    relay.poll()
    refuse(relay.api, action)
    reports = [relay.poll()]
    relay.calls()
    reports += relay.polls(3)
    assert [len(report["notes"]) for report in reports] == [1, 0, 0, 0]
    assert reports[0]["notes"][0].startswith(f"{action} is refused: ")
    for report in reports:
        assert report["operations"] == answers(**{action: "refused"})
        assert (report["polled"], report["source"]) == (2, "fresh")
    assert relay.calls() == {other: 3 if other == SWEEP else 6}

    relay.poll(after=HOUR)
    assert relay.calls()[action] > 0  # asked again, and refused again: nothing new
    relay.over(number)
    healed(relay.api)
    report = relay.poll()
    assert (relay.calls()[action], report["notes"]) == (0, [])
    assert relay.told() == [("ecs/cn-hongkong", "opened"), ("ecs/cn-hongkong", "resolved")]  # by the other alone

    report = relay.poll(after=HOUR)
    assert (report["notes"], report["operations"]) == ([f"{action} answers again"], answers())
    assert relay.poll()["notes"] == []
    assert relay.heard() == []


def test_the_list_alone_brings_trouble_and_its_end_where_list_events_never_was(relay: Relay) -> None:
    retire(relay.api, LIST)
    relay.poll()
    number = relay.trouble(OSS)
    relay.poll()
    [message] = relay.heard()
    assert (message["event"]["severity"], message["event"]["kind"]) == (None, "incident")
    assert message["event"]["sources"] == [SWEEP]
    relay.over(number)
    relay.poll()
    assert relay.told() == [("oss/cn-hongkong", "resolved")]


def test_list_events_alone_reads_every_pair_in_every_poll(relay: Relay) -> None:
    retire(relay.api, SWEEP)
    watch(relay, MANY)
    relay.poll()
    relay.calls()
    assert [report["polled"] for report in relay.polls(2)] == [200, 200]
    assert relay.calls() == {LIST: 400}


def test_what_left_the_list_while_list_events_is_refused_is_withdrawn_as_inferred(relay: Relay) -> None:
    number = relay.trouble()
    relay.poll()
    relay.heard()
    retire(relay.api, LIST)
    relay.poll()
    relay.api.world.remove(number)
    relay.polls(10)
    assert relay.heard() == []
    relay.poll()
    [message] = relay.heard()
    assert (message["change"], message["event"]["state"], message["event"]["inferred"]) == (
        "withdrawn",
        "withdrawn",
        True,
    )


# Both are refused


def test_both_refused_is_blind_after_two_polls_pushed_shown_and_reported_and_ends_nothing(relay: Relay) -> None:
    number = relay.trouble()
    relay.poll()
    relay.heard()
    assert relay.statuses() == {"ecs/cn-hongkong": "incident", "oss/cn-hongkong": "operational"}
    retire(relay.api, LIST, SWEEP)
    report = relay.poll()
    assert (report["source"], report["polled"], report["failed"], len(report["notes"])) == ("fresh", 0, 2, 2)
    assert relay.heard() == []
    report = relay.poll()
    assert (report["source"], report["operations"]) == ("blind", {LIST: "refused", SWEEP: "refused"})
    [blind] = relay.heard()
    assert (blind["subject"], blind["change"], blind["event"]["kind"]) == ("feed", "blind", "feed")
    assert relay.ask("/v1/status")["source"] == "blind"
    assert relay.statuses() == {"ecs/cn-hongkong": "incident", "oss/cn-hongkong": "unknown"}
    relay.over(number)
    relay.trouble(OSS, "Buckets")
    assert [report["changes"] for report in relay.polls(12)] == [0] * 12
    healed(relay.api)
    report = relay.poll()
    assert (report["source"], report["operations"]) == ("fresh", answers())
    assert sorted(report["notes"]) == [f"{SWEEP} answers again", f"{LIST} answers again"]
    assert sorted(relay.told()) == [
        ("ecs/cn-hongkong", "resolved"),
        ("feed", "recovered"),
        ("oss/cn-hongkong", "opened"),
    ]
    assert relay.ask("/v1/status")["source"] == "fresh"
    assert relay.statuses() == {"ecs/cn-hongkong": "operational", "oss/cn-hongkong": "incident"}


# The witness


def page_calls(calls: Counter[str]) -> int:
    return sum(count for action, count in calls.items() if action.startswith("page:"))


def test_without_shd_witness_the_page_is_never_read(relay: Relay) -> None:
    relay.trouble()
    retire(relay.api, LIST, SWEEP)
    relay.polls(4)
    assert page_calls(relay.calls()) == 0


@pytest.mark.parametrize("gone", [(), (LIST,), (SWEEP,)])
def test_the_witness_is_not_read_while_either_operation_answers(relay: Relay, gone: tuple[str, ...]) -> None:
    with_witness(relay)
    relay.trouble()
    retire(relay.api, *gone)
    relay.polls(4)
    assert page_calls(relay.calls()) == 0


@pytest.mark.parametrize("page", PAGES)
def test_the_witness_speaks_while_both_are_refused_ends_nothing_and_yields_to_them(relay: Relay, page: str) -> None:
    with_witness(relay, page)
    relay.set(SHD_REGIONS="cn-hongkong,cn-hangzhou")
    relay.poll()
    retire(relay.api, LIST, SWEEP)
    number = relay.trouble()
    relay.calls()
    report = relay.poll()
    assert (report["operations"]["public-page"], report["polled"]) == ("answers", 0)
    assert page_calls(relay.calls()) == (1 if page == ALL_AT_ONCE else 2)
    [message] = relay.heard()
    assert (message["subject"], message["change"], message["event"]["title"]) == ("ecs/cn-hongkong", "opened", TITLE)
    assert (message["event"]["witness"], message["event"]["sources"]) == (True, ["public-page"])
    [shown] = relay.ask("/v1/events", state="open", product="ecs")["events"]
    assert shown["witness"] is True
    assert relay.poll()["source"] == "blind"  # a page is no proof that all is well
    assert relay.told() == [("feed", "blind")]

    relay.api.world.replace(number, end=relay.time.now())  # first it says so, then it forgets it
    relay.polls(13)
    assert relay.heard() == []
    assert relay.statuses()["ecs/cn-hongkong"] == "incident"

    relay.api.world.replace(number, end=None)
    healed(relay.api)
    relay.poll()
    joined = [news for news in relay.heard() if news["subject"] != "feed"]
    assert {news["event"]["id"] for news in joined} <= {message["event"]["id"]}
    assert {news["change"] for news in joined} <= {"updated"}
    [shown] = relay.ask("/v1/events", product="ecs")["events"]
    assert (shown["id"], shown["witness"]) == (message["event"]["id"], False)
    assert sorted(shown["sources"]) == sorted(["public-page", LIST, SWEEP])
    relay.calls()
    relay.over(number)
    relay.poll()
    [end] = relay.heard()
    assert (end["event"]["id"], end["change"], end["event"]["inferred"]) == (message["event"]["id"], "resolved", False)
    assert page_calls(relay.calls()) == 0


def test_what_only_the_witness_knew_is_withdrawn_once_the_operations_are_back_and_do_not_list_it(relay: Relay) -> None:
    with_witness(relay)
    relay.poll()
    retire(relay.api, LIST, SWEEP)
    number = relay.trouble()
    relay.poll()
    relay.api.world.remove(number)
    healed(relay.api)
    relay.polls(12)
    assert [told for told in relay.told() if told[0] != "feed"] == [
        ("ecs/cn-hongkong", "opened"), ("ecs/cn-hongkong", "withdrawn"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "back",
    [(LIST, SWEEP), (LIST,), (SWEEP,)],
)
def test_a_page_that_names_no_place_is_told_under_unknown_until_whoever_comes_back_does_not_list_it_there(
    relay: Relay, back: tuple[str, ...]
) -> None:
    with_witness(relay)
    relay.api.pages = PageRules()  # as it was seen in 2026: products and regions are null
    relay.poll()
    retire(relay.api, LIST, SWEEP)
    relay.trouble()
    relay.poll()
    [message] = relay.heard()
    assert (message["event"]["product"], message["event"]["witness"]) == ("unknown", True)
    retire(relay.api, *({LIST, SWEEP} - set(back)))
    relay.polls(13)
    told = [told for told in relay.told() if told[0] != "feed"]
    assert ("ecs/cn-hongkong", "opened") in told
    assert (message["subject"], "withdrawn") in told
    assert len(told) == 2


# Beyond the watch list


def test_a_page_that_names_no_place_is_withdrawn_also_where_list_events_refuses_to_be_asked_of_it(relay: Relay) -> None:
    with_witness(relay)
    relay.api.pages = PageRules()
    bad = replace(ERRORS["InvalidParameter"].about("ProductId"), code="InvalidParameter.ProductId")
    relay.api.fail(bad, times=None, when=lambda call: call.params.get("ProductId") == "unknown")
    relay.poll()
    retire(relay.api, LIST, SWEEP)
    relay.trouble()
    relay.poll()
    retire(relay.api)
    relay.polls(13)
    assert [told for told in relay.told() if told[0].startswith("unknown")] == [
        ("unknown/oo-region", "opened"), ("unknown/oo-region", "withdrawn"),
    ]  # fmt: skip


def test_a_product_that_nobody_could_know_is_told_under_its_own_subject_counted_shown_and_ended(relay: Relay) -> None:
    relay.poll()
    number = relay.trouble(("quantum", "cn-hongkong"))
    report = relay.poll()
    assert (report["unknown"], report["unwatched"], report["published"]) == (1, 0, 1)
    assert relay.told() == [("quantum/cn-hongkong", "opened")]
    [shown] = relay.ask("/v1/events", product="quantum")["events"]
    assert (shown["region"], shown["state"]) == ("cn-hongkong", "open")
    assert relay.statuses()["quantum/cn-hongkong"] == "incident"
    relay.over(number)
    relay.poll()
    assert relay.told() == [("quantum/cn-hongkong", "resolved")]


def test_a_region_that_nobody_could_know_is_told_too(relay: Relay) -> None:
    relay.api.in_progress = InProgressRules(impacts="all")
    relay.poll()
    first = relay.trouble()
    relay.trouble(("ecs", "moon-1"), group=first)
    report = relay.poll()
    assert report["unknown"] == 1
    assert sorted(relay.told()) == [("ecs/cn-hongkong", "opened"), ("ecs/moon-1", "opened")]


def test_a_known_product_that_nobody_watches_is_counted_and_not_told(relay: Relay) -> None:
    relay.poll()
    relay.trouble(("slb", "cn-hongkong"))
    report = relay.poll()
    assert (report["unknown"], report["unwatched"], report["changes"]) == (0, 1, 0)
    assert relay.heard() == []
    assert relay.ask("/v1/events")["events"] == []


# One alone, by choice


def test_in_progress_alone_tells_of_trouble_its_updates_and_its_end_without_one_call_of_the_other(relay: Relay) -> None:
    relay.set(SHD_SOURCE="in-progress")
    relay.poll()
    number = relay.trouble()
    relay.poll()
    relay.api.world.replace(number, updates=(Update(at=relay.time.now(), text="Cooling is back."),))
    relay.poll()
    relay.over(number)
    report = relay.poll()
    assert (report["operations"], report["polled"], report["source"]) == ({SWEEP: "answers"}, 2, "fresh")
    opened, updated, resolved = relay.heard()
    assert [opened["change"], updated["change"], resolved["change"]] == ["opened", "updated", "resolved"]
    assert updated["changed"] == ["updates"]
    assert relay.calls() == {SWEEP: 4}


def test_in_progress_alone_withdraws_what_three_lists_over_ten_minutes_do_not_have(relay: Relay) -> None:
    relay.set(SHD_SOURCE="in-progress")
    number = relay.trouble()
    relay.poll()
    relay.heard()
    relay.api.world.remove(number)
    relay.polls(10)  # the first absence, and nine minutes
    assert relay.heard() == []
    relay.poll()
    [message] = relay.heard()
    assert (message["change"], message["event"]["inferred"], message["event"]["endTime"]) == ("withdrawn", True, None)


def test_list_events_alone_makes_no_call_of_the_other(relay: Relay) -> None:
    relay.set(SHD_SOURCE="list-events")
    relay.poll()
    number = relay.trouble()
    relay.poll()
    relay.over(number)
    assert relay.poll()["operations"] == {LIST: "answers"}
    assert relay.told() == [("ecs/cn-hongkong", "opened"), ("ecs/cn-hongkong", "resolved")]
    assert relay.calls() == {LIST: 6}


# The past

ORDER = b'{"backfill_days": 90}'


def history(relay: Relay) -> None:
    """Three events that are long over."""
    for days, pair in ((20, ECS), (50, OSS), (80, ECS)):
        start = relay.time.now() - timedelta(days=days)
        relay.trouble(pair, f"{days} days ago", start=start, end=start + HOUR, updates=())


def past(relay: Relay) -> list[str]:
    events = relay.ask("/v1/events", until=(relay.time.now() - timedelta(days=15)).strftime("%Y-%m-%d"))["events"]
    assert all((event["revision"], event["state"]) == (0, "resolved") for event in events)
    return [event["title"] for event in events]


FOUND = ["20 days ago", "50 days ago", "80 days ago"]


def test_an_ordered_past_is_listed_and_told_to_nobody_and_a_second_order_finds_nothing_anew(relay: Relay) -> None:
    relay.poll()
    history(relay)
    assert relay.poll()["backfill"] is None
    assert past(relay) == []
    report = relay.poll(ORDER)
    oldest = (relay.time.now() - timedelta(days=90)).strftime("%Y-%m-%d")
    done = {"days": 90, "done": 8, "failed": 0, "total": 8, "found": 3, "back_to": oldest, "finished": True}
    assert report["backfill"] == done
    assert relay.poll()["backfill"] == done  # later reports show it too
    assert past(relay) == FOUND
    assert relay.poll(ORDER)["backfill"] == done | {"found": 0}
    assert past(relay) == FOUND
    assert relay.heard() == []


def test_trouble_during_a_backfill_is_told_as_ever(relay: Relay) -> None:
    history(relay)
    relay.poll()
    relay.trouble()
    assert relay.poll(ORDER)["backfill"]["finished"]
    assert relay.told() == [("ecs/cn-hongkong", "opened")]


def far_back(relay: Relay) -> Callable[[Call], bool]:
    """Calls of the second half of the windows."""
    day = (relay.time.now() - timedelta(days=40)).strftime("%Y-%m-%d")
    return lambda call: call.action == LIST and call.params["EndDate"] < day


def test_a_backfill_that_fails_in_the_middle_shows_how_far_it_came_and_goes_on(relay: Relay) -> None:
    history(relay)
    relay.poll()
    relay.api.fail(ApiError("InternalError", 500, "no"), times=None, when=far_back(relay))
    progress = relay.poll(ORDER)["backfill"]
    assert (progress["done"], progress["found"], progress["finished"]) == (4, 2, False)
    assert past(relay) == FOUND[:2]
    relay.api.heal()
    progress = relay.poll()["backfill"]
    assert (progress["done"], progress["found"], progress["failed"], progress["finished"]) == (8, 3, 0, True)
    assert past(relay) == FOUND
    assert relay.heard() == []


def test_minutes_in_which_list_events_is_broken_leave_nothing_out_of_the_past(relay: Relay) -> None:
    history(relay)
    relay.poll()
    relay.api.fail(Fault.INTERNAL_ERROR, times=None, when=lambda call: call.action == LIST)
    relay.set(SHD_BUDGET_SECONDS="2")
    relay.poll(ORDER)
    relay.polls(3)
    relay.api.heal()
    relay.set(SHD_BUDGET_SECONDS="10")
    progress = relay.poll()["backfill"]
    assert (progress["done"], progress["failed"], progress["finished"]) == (8, 0, True)
    assert past(relay) == FOUND


def test_a_throttled_backfill_goes_on_from_poll_to_poll_and_leaves_nothing_out(relay: Relay) -> None:
    history(relay)
    relay.poll()
    relay.api.gateway = GatewayRules(calls_per_second=10)
    relay.set(SHD_BUDGET_SECONDS="1", SHD_RATE_MAX="50")
    done = [relay.poll(ORDER)["backfill"]["done"]]
    while len(done) < 20 and not (progress := relay.poll()["backfill"])["finished"]:
        done.append(progress["done"])
    assert done == sorted(done)
    assert (progress["failed"], progress["finished"]) == (0, True)
    assert past(relay) == FOUND
    assert relay.heard() == []


INVOKED = """
import sys
from datetime import datetime
from types import SimpleNamespace
from functions.poll.index import handler
from shd_relay import clock
now = datetime.fromisoformat(sys.argv[1])
clock.use(lambda: now)
handler(sys.argv[2].encode(), SimpleNamespace(request_id="killed", function=SimpleNamespace(timeout=20)))
"""


def test_a_backfill_whose_poll_was_killed_is_carried_out_by_the_next_one(relay: Relay) -> None:
    history(relay)
    relay.poll()
    is_far, reached = far_back(relay), threading.Event()

    def is_reached(call: Call) -> bool:
        if is_far(call):
            reached.set()
        return is_far(call)

    relay.api.fail(Fault.HANG, times=None, when=is_reached)
    arguments = [relay.time.now().isoformat(), ORDER.decode()]
    with subprocess.Popen(
        [sys.executable, "-c", INVOKED, *arguments], cwd=ROOT, env={**os.environ, "PYTHONPATH": ".:shared"}
    ) as process:
        assert reached.wait(30)
        process.kill()
    relay.api.heal()
    relay.set(SHD_BUDGET_SECONDS="0.4")
    report = relay.invoke(ORDER)  # the dead one still holds the lease
    assert (report["state"], report["backfill"]) == ("busy", None)
    assert report["error"].startswith("the backfill was not ordered")
    relay.set(SHD_BUDGET_SECONDS="10")
    progress = relay.poll()["backfill"]
    assert (progress["done"], progress["failed"], progress["finished"]) == (8, 0, True)
    assert past(relay) == FOUND
    assert relay.heard() == []
