"""`/v1/events/{id}/ticket`: the ready text, for the partner who asks and for nobody else."""

from __future__ import annotations

from tests.web_world import START, House, event, hong_kong


def house(*, public: bool = False) -> House:
    made = House(public=public, public_url="https://status.example.net")
    made.tell(*hong_kong(), event("sg", region="ap-southeast-1", kind="maintenance", state="scheduled"))
    return made


def test_a_partner_gets_the_text_of_an_event_in_its_scope() -> None:
    body = house().json("/v1/events/hk-ecs/ticket")
    assert body["subject"].startswith("[Medium] Elastic Compute Service, China (Hong Kong): ")
    assert body["body"].startswith("Severity: 4 - Medium (system impaired)\n")
    assert "Our record: https://status.example.net/events/hk-ecs\n" in body["body"]
    del body["subject"], body["body"]
    assert body == {
        "event": "hk-ecs", "language": "en", "kind": "technical", "severity": "medium", "number": 4,
        "response_seconds": 28_800,
    }  # fmt: skip


def test_the_language_is_what_the_address_or_the_browser_says() -> None:
    home = house()
    assert home.json("/v1/events/hk-ecs/ticket?lang=zh")["subject"].startswith("【中】")
    answer = home.get("/v1/events/hk-ecs/ticket", accept_language="zh-CN")
    assert '"language":"zh"' in answer.body.decode()
    assert "Accept-Language" in answer.header("Vary")


def test_without_a_token_there_is_none_also_where_the_rest_is_public() -> None:
    home = house(public=True)
    assert home.get("/v1/events/hk-ecs", None).status == 200
    answer = home.get("/v1/events/hk-ecs/ticket", None)
    assert answer.status == 401
    assert "Basic" in answer.header("WWW-Authenticate")


def test_unknown_and_out_of_scope_look_the_same_and_a_drill_needs_none() -> None:
    home = house()
    home.tell(event("drill", kind="drill", product="drill", region="drill"))
    unknown = home.get("/v1/events/nothing/ticket", "small")
    assert (unknown.status, home.get("/v1/events/hk-rds/ticket", "small").body) == (404, unknown.body)
    assert home.get("/v1/events/sg/ticket", "small").status == 200
    assert home.get("/v1/events/drill/ticket").status == 404


def test_the_answer_stays_the_same_as_long_as_the_facts_do() -> None:
    home = house()
    first = home.get("/v1/events/hk-ecs/ticket")
    home.now = home.now.replace(minute=home.now.minute + 7)
    home.ticks += 600
    assert home.get("/v1/events/hk-ecs/ticket").header("ETag") == first.header("ETag")
    home.tell(event("hk-ecs", revision=2, title="Cooling, still", changed_at=START), verb="updated")
    assert home.get("/v1/events/hk-ecs/ticket").header("ETag") != first.header("ETag")
