"""`/metrics`: what the store knows, in Prometheus' text. A parser of others reads it in tests/clients."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml

import shd_relay
from shd_relay import ledger, meter
from shd_relay.errors import MessageRefused, PublishUnavailable, StoreUnavailable
from shd_relay.model import FEED, IN_PROGRESS, LIST_EVENTS, Position
from shd_relay.records import Histogram, Learned, Meter, Parked, Refused, WorkRecord
from shd_relay.tickets import shard_of
from shd_relay.web import exposition
from shd_relay.web.exposition import Family, Sample
from shd_relay.web.metrics import FAMILIES
from tests.operators import house_of_operators, look_now, relay_of
from tests.web_tickets import record, ticket
from tests.web_world import HK, NOW, SG, START, House, event, unpacked
from tests.world import ECS, item

ROOT = Path(__file__).parents[2]
NAMES = {family.name: family.kind for family in FAMILIES}

# What Prometheus 3 sends.
ACCEPT = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)


def samples(house: House, who: str = "acme") -> dict[str, float]:
    """Every sample without the prefix of its name, labels as they stand."""
    response = house.get("/metrics", who)
    assert response.status == 200, response.body
    lines = [line for line in unpacked(response).decode().split("\n") if line and not line.startswith("#")]
    found = {
        name.removeprefix("shd_relay_"): float(value) for name, _, value in (line.rpartition(" ") for line in lines)
    }
    assert len(found) == len(lines)
    return found


def only(found: dict[str, float], name: str) -> dict[str, float]:
    """The samples of one family by what stands between its braces."""
    return {
        key.removeprefix(name).strip("{}"): value for key, value in found.items() if re.split(r"\{", key)[0] == name
    }


def at_work(who: str = "acme", after: float = 0) -> dict[str, float]:
    """A relay that has done everything that is counted."""
    house = house_of_operators(polled=False)
    relay = relay_of(house)
    relay.dashboard.items[ECS] = (item("A"),)
    relay.poll()
    house.store.save_record(
        "main", "work", 10**6, ledger.encode_record(WorkRecord(
            pace=Learned(rate=12.5, throttled_at=START), mute={LIST_EVENTS: 0, IN_PROGRESS: 3},
            refused={IN_PROGRESS: Refused(reason="no right", since=START, asked=START)},
        )),
    )  # fmt: skip
    return samples(look_now(house, relay, after), who)


def test_every_family_has_a_figure_when_the_relay_is_at_work() -> None:
    found = {re.sub(r"(_bucket|_sum|_count)?(\{.*)?$", "", name) for name in at_work()}

    assert {f"shd_relay_{name}" for name in found} == set(NAMES)


def test_every_family_is_introduced_once_in_the_order_of_the_table_before_its_samples() -> None:
    house = house_of_operators()
    lines = unpacked(house.get("/metrics")).decode().splitlines()
    introduced = [line.split(" ")[2] for line in lines if line.startswith("# TYPE")]

    assert introduced == [name for name in NAMES if name in introduced]
    for number, line in enumerate(lines):
        if line.startswith("# TYPE"):
            _, _, name, kind = line.split(" ")
            assert lines[number - 1].startswith(f"# HELP {name} ")
            assert (kind, lines[number + 1].startswith(name)) == (NAMES[name], True)


def test_names_keep_the_conventions() -> None:
    assert [name for name in NAMES if not re.fullmatch(r"shd_relay_[a-z_]+[a-z]", name)] == []
    assert {name for name, kind in NAMES.items() if name.endswith("_total")} == {
        name for name, kind in NAMES.items() if kind == "counter"
    }
    assert [name for name, kind in NAMES.items() if kind == "histogram" and not name.endswith("_seconds")] == []


def test_it_is_text_of_the_moment_that_no_cache_keeps() -> None:
    house = house_of_operators()
    first = house.get("/metrics", accept=ACCEPT)
    assert first.header("content-type") == "text/plain; version=0.0.4; charset=utf-8"
    assert (first.status, first.header("cache-control"), first.header("x-source-state")) == (200, "no-store", "fresh")
    assert (samples(house)["data_age_seconds"], house.get("/metrics").header("x-data-age")) == (42, "42")

    house.now += timedelta(milliseconds=500)  # the facts are the same, but not their age
    assert samples(house)["data_age_seconds"] == 42.5


def test_it_says_which_version_answers_and_how_often_a_poll_is_meant_to_run() -> None:
    found = samples(house_of_operators(interval_seconds=30))

    assert found[f'info{{version="{shd_relay.__version__}"}}'] == 1
    assert found["poll_interval_seconds"] == 30


def test_ages_and_moments_come_from_the_poll_record() -> None:
    house = house_of_operators()
    house.read_at(NOW - timedelta(seconds=30), complete_at=NOW - timedelta(minutes=7), without_answer=1)
    found = samples(house)

    assert found["data_age_seconds"] == 420
    assert found["last_complete_answer_timestamp_seconds"] == (NOW - timedelta(minutes=7)).timestamp()
    assert found["last_poll_timestamp_seconds"] == (NOW - timedelta(seconds=30)).timestamp()


@pytest.mark.parametrize(("minutes", "state"), [(0, "fresh"), (4, "stale"), (40, "blind")])
def test_the_state_of_the_source_is_one_of_three(minutes: float, state: str) -> None:
    house = house_of_operators()
    finished = NOW - timedelta(minutes=0 if state != "blind" else minutes)
    house.read_at(NOW - timedelta(minutes=minutes), finished=finished)
    found = only(samples(house), "source_state")

    assert found == {f'state="{each}"': float(each == state) for each in ("fresh", "stale", "blind")}


def test_before_the_first_poll_there_is_no_age_and_the_source_is_blind() -> None:
    found = samples(house_of_operators(polled=False))

    assert (found['source_state{state="blind"}'], found["store_up"]) == (1, 1)
    of_polls = [name for name in found if not name.startswith("plan_")]
    assert [name for name in of_polls if "_age_" in name or "timestamp" in name] == ["unpublished_oldest_age_seconds"]


def test_pairs_are_counted_by_what_they_are_shown_as() -> None:
    house = house_of_operators()
    house.tell(event("e1"), event("e2"), event("e3", region=SG, product="oss", kind="notice"))
    house.read_at(NOW, only=[pair for pair in house.site.pairs if pair.product != "rds"])
    found = samples(house)

    assert only(found, "pairs") == {
        'status="incident"': 1, 'status="notice"': 1, 'status="maintenance"': 0, 'status="operational"': 2,
        'status="unknown"': 2,
    }  # fmt: skip
    assert (found["pairs_watched"], found["pairs_stale"]) == (6, 2)


def test_events_that_go_on_are_counted_by_kind_and_where_they_are() -> None:
    house = house_of_operators()
    house.tell(
        event("e1"), event("e2"), event("e3", kind="notice", region=SG), event("e4", state="resolved"),
        event("e5", state="scheduled", kind="maintenance"), event(FEED, kind="feed", product="", region=""),
    )  # fmt: skip
    found = samples(house)

    kinds = {"incident": 2, "notice": 1, "maintenance": 0, "drill": 0}
    assert only(found, "open_events") == {f'kind="{kind}"': count for kind, count in kinds.items()}
    assert only(found, "pair_open_events") == {
        f'product="ecs",region="{HK}",kind="incident"': 2, f'product="ecs",region="{SG}",kind="notice"': 1,
    }  # fmt: skip


def test_changes_that_were_told_are_counted_since_the_log_began() -> None:
    house = house_of_operators()
    house.tell(event("e1"), event("e2", kind="notice"))
    house.tell(event("e1", revision=2, state="resolved"), verb="resolved")
    house.tell(event("e9", revision=0, state="resolved"))
    found = samples(house)

    assert only(found, "changes_total") == {
        'kind="incident",change="opened"': 1, 'kind="incident",change="resolved"': 1,
        'kind="notice",change="opened"': 1,
    }  # fmt: skip
    assert found["log_seq"] == 3


def test_what_waits_for_the_topic_is_counted_and_has_an_age() -> None:
    house = house_of_operators(polled=False)
    relay = relay_of(house)
    relay.dashboard.items[ECS] = (item("A"),)
    relay.poll()
    found = samples(look_now(house, relay))
    assert (found["unpublished_changes"], found["unpublished_oldest_age_seconds"]) == (0, 0)
    assert (found["log_seq"], found["watermark_seq"]) == (1, 1)

    relay.topic.failures = [PublishUnavailable("no answer") for _ in range(9)]
    relay.dashboard.items[ECS] = (item("A", end=0.5), item("B"))
    relay.poll()
    relay.dashboard.items[ECS] = (item("A", end=0.5), item("B", end=0.5))
    relay.poll()
    found = samples(look_now(house, relay, 30))
    assert (found["unpublished_changes"], found["unpublished_oldest_age_seconds"]) == (3, 90)
    assert (found["log_seq"], found["watermark_seq"]) == (3, 1)


def test_what_was_parked_is_counted_by_what_it_is() -> None:
    house = house_of_operators()
    for key in ("message:e1.1", "message:e1.2", "item:abc"):
        house.store.park("main", Parked(key=key, at=NOW, reason="too big", body="secret"))

    assert only(samples(house), "parked") == {'kind="message"': 2, 'kind="item"': 1}


def test_how_the_operations_are_comes_from_the_work_record() -> None:
    found = at_work()

    assert only(found, "operation_refused") == {f'operation="{LIST_EVENTS}"': 0, f'operation="{IN_PROGRESS}"': 1}
    assert only(found, "operation_polls_without_answer") == {
        f'operation="{LIST_EVENTS}"': 0, f'operation="{IN_PROGRESS}"': 3,
    }  # fmt: skip
    assert found["learned_calls_per_second"] == 12.5
    assert found["last_throttled_timestamp_seconds"] == START.timestamp()


def test_what_the_polls_counted_of_themselves_is_told() -> None:
    found = at_work()

    assert only(found, "polls_total") == {'outcome="done"': 1, 'outcome="unfinished"': 0}
    assert only(found, "reads_total") == {f'operation="{LIST_EVENTS}",outcome="good"': 6}
    for name in ("poll_duration", "commit_latency", "accept_latency", "publish_latency"):
        assert found[f"{name}_seconds_count"] == found[f'{name}_seconds_bucket{{le="+Inf"}}'] == 1
    assert "counted_since_timestamp_seconds" in found


def test_buckets_are_cumulative_and_end_with_all() -> None:
    histogram = Histogram(bounds=(0.5, 1.0, 60.0), counts=(2, 0, 3, 1), seconds=190.25)

    assert exposition.text([(Family("x", "histogram", "X."), exposition.of_histogram(histogram))]).decode() == (
        "# HELP x X.\n# TYPE x histogram\n"
        'x_bucket{le="0.5"} 2\nx_bucket{le="1"} 2\nx_bucket{le="60"} 5\nx_bucket{le="+Inf"} 6\n'
        "x_sum 190.25\nx_count 6\n"
    )


@pytest.mark.parametrize("times", [{}, {"publish": Histogram(bounds=(1.0, 2.0), counts=(1,))}])
def test_a_meter_that_makes_no_sense_leaves_its_figures_out_and_the_rest_stands(times: Any) -> None:
    house = house_of_operators()
    record = Meter(token=1, since=NOW, times=times, polls={"done": 7})
    house.store.save_record("main", "meter", 1, ledger.encode_record(record))
    found = samples(house)

    assert found['polls_total{outcome="done"}'] == 7
    assert [name for name in found if "latency" in name] == []


@pytest.mark.parametrize("name", ["meter", "work"])
def test_a_record_that_cannot_be_read_hides_nothing_else(name: str) -> None:
    house = house_of_operators()
    house.store.save_record("main", name, 1, b"garbage")
    found = samples(house)

    assert (found["store_up"], found["unpublished_changes"]) == (1, 0)


def test_label_values_may_hold_anything() -> None:
    sample = Sample(1, {"product": 'a\\b"c\nd}\r\u2028 e=ö', "region": ""})

    assert exposition.text([(Family("x", "gauge", "one\\two\nlines"), [sample])]).decode() == (
        '# HELP x one\\\\two\\nlines\n# TYPE x gauge\nx{product="a\\\\b\\"c\\nd}\r\u2028 e=ö",region=""} 1\n'
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "1"), (0, "0"), (0.25, "0.25"), (1671336000.123, "1671336000.123"), (float("inf"), "+Inf"),
     (float("-inf"), "-Inf"), (float("nan"), "NaN")],
)  # fmt: skip
def test_a_number_is_written_as_the_format_wants_it(value: float, text: str) -> None:
    assert exposition.text([(Family("x", "gauge", "X."), [Sample(value)])]).endswith(f"x {text}\n".encode())


def test_text_that_is_no_unicode_breaks_nothing() -> None:
    sample = Sample(1, {"product": "a\ud800b"})

    assert b'x{product="a?b"} 1' in exposition.text([(Family("x", "gauge", "X."), [sample])])


# A store that is away


def test_while_the_store_is_away_the_last_copy_grows_old_and_the_source_is_blind() -> None:
    house = house_of_operators()
    house.tell(event())
    samples(house)
    house.store.broken = True
    house.now += timedelta(minutes=5)
    house.ticks += 300
    found = samples(house)

    assert (found["store_up"], found['source_state{state="blind"}'], found["data_age_seconds"]) == (0, 1, 342)
    assert found['open_events{kind="incident"}'] == 1
    assert "unpublished_changes" not in found


def test_a_store_that_was_never_read_is_told_and_no_error() -> None:
    house = house_of_operators()
    house.store.broken = True
    found = samples(house)

    assert (found["store_up"], found['source_state{state="blind"}'], found["pairs_watched"]) == (0, 1, 6)


def test_a_store_that_goes_away_between_two_reads_is_told_and_no_error() -> None:
    house = house_of_operators()
    samples(house)

    def away(_shard: str) -> Any:
        raise StoreUnavailable("no answer")

    house.store.load_watermark = away  # type: ignore[method-assign,assignment]
    found = samples(house)

    assert (found["store_up"], found['source_state{state="fresh"}']) == (0, 1)


# Who may ask


def test_it_is_for_operators_alone_also_where_the_rest_is_public() -> None:
    house = house_of_operators(public=True)

    assert house.get("/metrics", None).status == 401
    assert House().get("/metrics", "acme").status == 403
    assert house.get("/metrics", "old").status == 403
    assert house.get("/metrics", "acme").status == 200


def test_events_and_pairs_outside_the_scope_of_an_operator_show_in_no_figure() -> None:
    found = {}
    for hidden in (False, True):
        house = house_of_operators()
        others = [event("h1", product="rds", region=SG), event("h2"), event("h3", product="new", region="eu-west-1")]
        told = [event("e1", region=SG), *(others if hidden else [])]
        house.tell(*told)
        house.store.save_watermark("main", Position(1, len(told)))
        found[hidden] = (samples(house, "small"), samples(house, "acme"))

    assert found[True][0] == found[False][0]
    assert (found[True][0]["pairs_watched"], found[True][0]['open_events{kind="incident"}']) == (2, 1)
    assert found[True][1]['open_events{kind="incident"}'] == 4
    assert [name for name in found[True][0] if "changes_total" in name] == []


def test_no_other_partner_shows_in_it_and_no_ticket_of_another() -> None:
    house = house_of_operators()
    house.tell(event())
    record(house, ticket("t-small"), ticket("t-big"), who="small")
    record(house, ticket("t-acme"))
    text = unpacked(house.get("/metrics")).decode().lower()

    assert [word for word in ("small", "elite", "soon", "secret", "t-acme", "t-small") if word in text] == []
    assert [samples(house, who)[f'plan_tickets_open{{partner="{who}",plan="{plan}"}}'] for who, plan in (
        ("acme", "flagship"), ("small", "elite"))] == [1, 2]  # fmt: skip


# The plan and the tickets of the partner that asks


def test_a_plan_is_told_with_when_it_ends_and_how_many_working_days_are_left() -> None:
    found = samples(house_of_operators(), "small")
    own = '{partner="small",plan="elite"}'

    assert found[f"plan_ends_timestamp_seconds{own}"] == datetime(2022, 12, 31, 16, tzinfo=timezone.utc).timestamp()
    assert found[f"plan_working_days_left{own}"] == 10


def test_tickets_are_counted_against_the_plan_and_their_responses_against_the_clock() -> None:
    house = house_of_operators()
    lately = {"opened_at": NOW - timedelta(minutes=39, seconds=59), "severity": "urgent"}
    record(
        house, ticket("waits", **lately), ticket("overdue"), ticket("talk", kind="consulting", severity="low"),
        ticket("late", responded_at=NOW, closed_at=NOW), ticket("good", responded_at=START),
        ticket("given-up", closed_at=NOW), ticket("before", opened_at=START - timedelta(days=400), responded_at=NOW),
        who="small",
    )  # fmt: skip

    def told(name: str) -> list[float]:
        return list(only(samples(house, "small"), f"plan_tickets_{name}").values())

    assert (told("allowance"), told("used"), told("open")) == ([30], [5, 1], [5])
    assert (told("awaiting_response"), told("late")) == ([3], [1])
    assert told("overdue") == [1, 0, 0, 0, 0]
    house.now += timedelta(seconds=1)
    assert told("overdue") == [1, 1, 0, 0, 0]
    assert only(samples(house), "plan_tickets_allowance") == {'partner="acme",plan="flagship"': float("inf")}


def test_tickets_that_cannot_be_read_are_left_out_and_not_called_none() -> None:
    house = house_of_operators()
    house.store.append(shard_of("acme"), 1, b"garbage")
    found = samples(house)

    assert [name for name in found if name.startswith("plan_tickets")] == []
    assert (found["store_up"], found['plan_working_days_left{partner="acme",plan="flagship"}']) == (1, 10)


# docs/operations.md


def _section() -> str:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    return text.partition("\n## Metrics\n")[2].partition("\n## ")[0]


def _rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(re.findall(r"```yaml\n(groups:.*?)```", _section(), re.DOTALL)[0])["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_every_metric_has_a_row_with_its_type_and_no_row_is_of_another() -> None:
    rows = re.findall(r"^\| `(shd_relay_\w+)`(?:[^|]*)\| (\w+) \|", _section(), re.MULTILINE)

    assert rows == list(NAMES.items())


def test_every_label_that_a_metric_has_is_in_its_row_and_no_other() -> None:
    documented = {
        name: set(re.findall(r"\w+", labels))
        for name, labels in re.findall(r"^\| `(shd_relay_\w+)`(?: by `([^|]*)`)? \|", _section(), re.MULTILINE)
    }
    found: dict[str, set[str]] = {name: set() for name in NAMES}
    for sample in at_work():
        name = re.sub(r"(_bucket|_sum|_count)?(\{.*)?$", "", sample)
        found[f"shd_relay_{name}"] |= set(re.findall(r'(\w+)="', sample)) - {"le"}

    assert documented == found


def test_the_numbers_of_the_metrics_section_are_the_codes() -> None:
    bounds = ", ".join(f"{bound:g}" for bound in meter.BOUNDS)

    assert bounds in " ".join(_section().split())


def test_alarm_rules_ask_for_metrics_that_there_are() -> None:
    known = {*NAMES, *(f"{name}{end}" for name, kind in NAMES.items() if kind == "histogram"
                       for end in ("_bucket", "_sum", "_count"))}  # fmt: skip
    asked = {name for rule in _rules() for name in re.findall(r"shd_relay_\w+", rule["expr"])}

    assert asked - known == set()
    assert len(asked) >= 8


def test_every_alarm_rule_says_how_bad_it_is_what_is_wrong_and_what_to_do() -> None:
    rules = _rules()

    assert len({rule["alert"] for rule in rules}) == len(rules) >= 8
    for rule in rules:
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert {"summary", "description"} == set(rule["annotations"])
        assert re.fullmatch(r"\d+[smh]", rule.get("for", "1m"))


def test_a_message_that_the_topic_refuses_for_good_has_no_latency() -> None:
    house = house_of_operators(polled=False)
    relay = relay_of(house)
    relay.dashboard.items[ECS] = (item("A"),)
    relay.topic.failures = [MessageRefused("too big"), MessageRefused("too big")]
    relay.poll()
    found = samples(look_now(house, relay))

    assert (found["publish_latency_seconds_count"], found["unpublished_changes"]) == (0, 0)
    assert found['parked{kind="message"}'] == 1
