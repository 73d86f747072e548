"""`/readyz`: which part is ill, since when, and what to do."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shd_relay import ledger
from shd_relay.errors import ContractError, PublishUnavailable
from shd_relay.model import IN_PROGRESS, LIST_EVENTS
from shd_relay.records import Learned, Parked, Refused, WorkRecord
from tests.operators import house_of_operators, look_now, relay_of
from tests.web_world import NOW, START, TOKENS, House, event, unpacked
from tests.world import ECS, item

ROOT = Path(__file__).parents[2]
PARTS = ["store", "poller", "source", f"operation:{IN_PROGRESS}", f"operation:{LIST_EVENTS}", "topic", "parked"]


def ready(house: House) -> tuple[int, str, dict[str, dict[str, Any]]]:
    """HTTP status, the status of the whole, and the only check of each part."""
    response = house.get("/readyz")
    body = json.loads(unpacked(response))
    assert set(body) == {"status", "checks"}
    assert all(len(checks) == 1 for checks in body["checks"].values())
    return response.status, body["status"], {part: checks[0] for part, checks in body["checks"].items()}


def ill(house: House) -> dict[str, str]:
    """The parts that are not well."""
    _, _, checks = ready(house)
    return {part: check["status"] for part, check in checks.items() if check["status"] != "pass"}


def working(house: House, **more: Any) -> House:
    """With a work record, as after any poll."""
    values: dict[str, Any] = {"mute": {LIST_EVENTS: 0, IN_PROGRESS: 0}}
    house.store.save_record("main", "work", 1, ledger.encode_record(WorkRecord(**(values | more))))
    return house


def test_all_is_well_part_by_part() -> None:
    status, whole, checks = ready(working(house_of_operators()))

    assert (status, whole, list(checks)) == (200, "pass", PARTS)
    assert {check["status"] for check in checks.values()} == {"pass"}
    assert not [check for check in checks.values() if "output" in check or "since" in check]
    assert checks["poller"] == {"status": "pass", "observedValue": 42.0, "observedUnit": "s"}


def test_it_is_health_json_of_the_moment_that_no_cache_keeps() -> None:
    house = house_of_operators()
    for accept in ("", "*/*", "application/health+json", "application/json"):
        response = house.get("/readyz", accept=accept)
        assert (response.status, response.header("content-type")) == (200, "application/health+json")
        assert response.header("cache-control") == "no-store"

    house.now += timedelta(minutes=3)  # the same facts, but older
    assert ill(house) == {"poller": "fail", "source": "fail"}


@pytest.mark.parametrize(
    ("seconds", "status"), [(180, {}), (181, {"poller": "fail", "source": "fail"})]
)  # fmt: skip
def test_no_finished_poll_for_three_intervals_fails(seconds: float, status: dict[str, str]) -> None:
    house = house_of_operators()
    house.read_at(NOW - timedelta(seconds=seconds))

    assert ill(house) == status


def test_the_interval_of_the_site_is_what_counts() -> None:
    house = house_of_operators(interval_seconds=300)
    house.read_at(NOW - timedelta(seconds=700), bound_seconds=900.0)

    assert ill(house) == {}


def test_before_the_first_poll_poller_and_source_fail() -> None:
    status, whole, checks = ready(house_of_operators(polled=False))

    assert (status, whole) == (503, "fail")
    assert "timer" in checks["poller"]["output"]
    assert checks["source"]["observedValue"] == "blind"


def test_a_blind_source_fails_although_polls_come_to_their_end() -> None:
    house = house_of_operators()
    house.read_at(NOW, complete_at=START, without_answer=2)
    status, _, checks = ready(house)

    assert (status, ill(house)) == (503, {"source": "fail"})
    assert checks["source"]["since"] == "2022-12-18T00:56:00.000Z"
    assert checks["source"]["output"]


def test_a_stale_source_warns_and_the_answer_is_still_200() -> None:
    house = house_of_operators()
    house.read_at(NOW - timedelta(seconds=300), finished=NOW)

    assert (ready(house)[:2], ill(house)) == ((200, "warn"), {"source": "warn"})


def test_a_refused_operation_warns_with_the_reason_and_since_when() -> None:
    refused = {IN_PROGRESS: Refused(reason="Forbidden.RAM: grant the role", since=START, asked=NOW)}
    _, whole, checks = ready(working(house_of_operators(), refused=refused, mute={LIST_EVENTS: 0}))
    check = checks[f"operation:{IN_PROGRESS}"]

    assert (whole, check["status"], check["since"]) == ("warn", "warn", "2022-12-18T00:56:00.000Z")
    assert "Forbidden.RAM: grant the role" in check["output"]
    assert checks[f"operation:{LIST_EVENTS}"] == {"status": "pass"}


@pytest.mark.parametrize(("polls", "status"), [(9, {}), (10, {f"operation:{IN_PROGRESS}": "warn"})])
def test_an_operation_without_an_answer_for_ten_polls_warns(polls: int, status: dict[str, str]) -> None:
    assert ill(working(house_of_operators(), mute={LIST_EVENTS: 0, IN_PROGRESS: polls})) == status


@pytest.mark.parametrize(("minutes", "status"), [(9, {f"operation:{LIST_EVENTS}": "warn"}), (10, {})])
def test_having_been_throttled_lately_warns(minutes: float, status: dict[str, str]) -> None:
    pace = Learned(rate=4.25, throttled_at=NOW - timedelta(minutes=minutes))
    house = working(house_of_operators(), pace=pace)

    assert ill(house) == status
    assert ("4.25 calls a second" in unpacked(house.get("/readyz")).decode()) == bool(status)


@pytest.mark.parametrize(
    ("minutes", "whole"), [(0, "pass"), (3, "pass"), (3.1, "warn"), (10, "warn"), (10.1, "fail")]
)  # fmt: skip
def test_a_change_that_waits_for_the_topic_warns_and_then_fails(minutes: float, whole: str) -> None:
    house = house_of_operators(polled=False)
    relay = relay_of(house)
    relay.dashboard.items[ECS] = (item("A"),)
    relay.topic.failures = [PublishUnavailable("no answer")]
    relay.poll()
    look_now(house, relay, minutes * 60)
    house.read_at(house.now)
    _, worst, checks = ready(house)

    assert (worst, checks["topic"]["status"], checks["topic"]["observedValue"]) == (whole, whole, 1)
    assert ("since" in checks["topic"], "output" in checks["topic"]) == (whole != "pass", whole != "pass")


def test_what_is_parked_warns_and_says_what_it_is_and_since_when() -> None:
    house = house_of_operators()
    for minute, key in ((3, "message:e1.1"), (1, "item:abc"), (2, "item:abd")):
        at = START + timedelta(minutes=minute)
        house.store.park("main", Parked(key=key, at=at, reason="the reason", body="the body"))
    check = ready(house)[2]["parked"]

    assert (check["status"], check["observedValue"], check["since"]) == ("warn", 3, "2022-12-18T00:57:00.000Z")
    assert "1 of the messages" in check["output"]
    assert "2 of SHD's items" in check["output"]


def test_a_store_that_does_not_answer_is_a_part_that_fails_and_not_an_error_page() -> None:
    house = house_of_operators()
    house.tell(event())
    assert ready(house)[0] == 200
    house.store.broken = True
    house.ticks += 60
    status, whole, checks = ready(house)

    assert (status, whole) == (503, "fail")
    assert list(checks) == ["store", "poller", "source"]
    assert (checks["store"]["status"], checks["poller"]["status"], checks["source"]["status"]) == (
        "fail", "pass", "fail",
    )  # fmt: skip
    assert "broken by the test" in checks["store"]["output"]


def test_a_store_that_never_answered_leaves_one_part_only() -> None:
    house = house_of_operators()
    house.store.broken = True
    response = house.get("/readyz")

    assert (response.status, response.header("content-type")) == (503, "application/health+json")
    assert list(json.loads(unpacked(response))["checks"]) == ["store"]


def test_a_store_that_refuses_names_what_a_person_has_to_mend() -> None:
    house = house_of_operators()
    house.store.append("main", 1, b'{"schema": 99}')
    _, _, checks = ready(house)

    assert "newer version" in checks["store"]["output"]
    assert "a person has to mend it" in checks["store"]["output"]


def test_a_store_that_refuses_half_way_fails_with_what_it_said() -> None:
    house = house_of_operators()

    def refuses(_shard: str) -> Any:
        raise ContractError("the role may not read the table parked")

    house.store.list_parked = refuses  # type: ignore[method-assign]
    status, _, checks = ready(house)

    assert (status, list(checks)) == (503, ["store", "poller", "source"])
    assert "the role may not read the table parked" in checks["store"]["output"]


def test_it_is_for_operators_alone_also_where_the_rest_is_public() -> None:
    house = house_of_operators(public=True)

    assert house.get("/readyz", None).status == 401
    assert House().get("/readyz", "acme").status == 403
    assert house.get("/readyz", "small").status == 200


def test_no_partner_and_no_body_of_what_was_parked_shows_in_it() -> None:
    house = house_of_operators()
    house.store.park("main", Parked(key="message:e1.1", at=NOW, reason="the reason", body="the body"))
    text = unpacked(house.get("/readyz")).decode()

    words = ("acme", "small", "flagship", "the body", *TOKENS.values())
    assert [word for word in words if word.lower() in text.lower()] == []


def test_healthz_needs_no_token_and_no_store() -> None:
    house = House()
    house.store.broken = True

    assert house.get("/healthz", None).body == b'{"status":"ok"}'


# docs/operations.md


def _section() -> str:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    return text.partition("\n## Readiness\n")[2].partition("\n## ")[0]


def test_every_part_has_a_row_in_the_operators_guide_and_no_row_is_of_another() -> None:
    rows = re.findall(r"^\| `([\w:]+)` \|", _section(), re.MULTILINE)

    assert sorted(rows) == sorted(PARTS)


def test_the_example_of_the_operators_guide_is_an_answer() -> None:
    example = json.loads(re.findall(r"```json\n(.*?)```", _section(), re.DOTALL)[0])
    reason = "Forbidden.RAM: the role may not"
    house = working(
        house_of_operators(), refused={IN_PROGRESS: Refused(reason=reason, since=START, asked=NOW)},
        mute={LIST_EVENTS: 0},
    )  # fmt: skip
    house.read_at(NOW - timedelta(seconds=21.5))

    assert json.loads(unpacked(house.get("/readyz"))) == example
