"""Nothing of a partner and nothing outside a scope shows through any address: path, count, cursor, feed, tag, error."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from shd_relay import cursor
from shd_relay.model import FEED, Position, Update
from shd_relay.plans import REPORTS
from shd_relay.ticket_severity import WIDE, Important
from shd_relay.web.routes import Route
from shd_relay.web.table import ROUTES
from tests.web_tickets import record, ticket
from tests.web_world import HK, NOW, SG, TOKENS, House, event, unpacked

# What stands in the store and is not for `small`, which has ecs and oss in Singapore.
SECRETS = ("rds", "hongkong", "Hong Kong", "香港", "eu-west", "veiled", "newthing", "RDS")
PARTNERS = ("Acme", "acme", "flagship", "Flagship", "Soon", "Old", "Feeds")
TICKETS = ("T-ACME", "T-SMALL", "says acme", "says small")  # ids and subjects
STATICS = {"/openapi.json", "/schemas/change.v1.json", "/healthz", "/v1/plans"}  # the same for everybody


def filled(*, beyond: bool) -> House:
    """A house with an event of every kind and state in Singapore; with `beyond`, the same again outside the scope."""
    house = House()
    house.tell(*_events("seen", product="ecs", region=SG), at=NOW - timedelta(minutes=20))
    if beyond:
        for n, (product, region) in enumerate((("rds", SG), ("ecs", HK), ("newthing", "eu-west-1"))):
            house.tell(*_events(f"veiled-{n}", product=product, region=region), at=NOW - timedelta(minutes=5))
        near = (event(f"veiled-near-{n}", product=f"newthing-{n}", region=SG) for n in range(WIDE))
        house.tell(*near, at=NOW - timedelta(minutes=5))
        record(house, *_tickets("acme"))
    record(house, *_tickets("small"), who="small")
    house.read_at(NOW)
    return house


def _tickets(who: str) -> list[Any]:
    """Two about what `small` sees, the second of them about something that both partners have a ticket about."""
    ids = ("seen-notice-open", "seen-incident-open")
    return [ticket(f"T-{who.upper()}-{id_}", event=id_, subject=f"says {who}", severity="high") for id_ in ids]


def _events(name: str, **more: Any) -> list[Any]:
    update = Update(at=NOW, text=f"text of {name}")
    return [
        event(f"{name}-{kind}-{state}", title=f"title of {name}", kind=kind, state=state, updates=(update,), **more)
        for kind in ("incident", "maintenance", "notice")
        for state in ("scheduled", "open", "resolved", "withdrawn", "cancelled")
    ]


def addresses(route: Route) -> list[str]:
    path = route.template.replace("{id}", "seen-incident-open")
    if route.when:
        return [f"{path}?Action=ListEvents&ProductId=ecs&RegionId={SG}"]
    if route.template == "/v1/list-events":
        return [f"{path}?productId=ecs&regionId={SG}"]
    if "{name}" in path:
        return [path.replace("{name}", name) + "?from=2022-12-18&to=2022-12-18" for name in REPORTS]
    return [path, *([f"/f/{TOKENS['small']}{path}"] if route.feed else [])]


ASKED = [path for route in ROUTES if route.scope == "read" for path in addresses(route)]


def _house(beyond: bool) -> House:
    house = filled(beyond=beyond)
    small = next(partner for partner in house.site.config.partners if partner.id == "small")
    token = msgspec.structs.replace(small.tokens[0], scopes=frozenset({"read", "feed"}))
    mine = msgspec.structs.replace(small, tokens=(token,), important=Important(key=frozenset({"ecs"})))
    others = [mine if partner.id == "small" else partner for partner in house.site.config.partners]
    return house.with_site(config=msgspec.structs.replace(house.site.config, partners=tuple(others)))


def shown(house: House, path: str) -> str:
    response = house.get(path, None if path.startswith("/f/") else "small")
    assert response.status == 200, (path, response.body)
    return "\n".join([*(f"{n}: {v}" for n, v in response.headers), unpacked(response).decode()])


@pytest.mark.parametrize("path", [path for path in ASKED if path not in STATICS])
def test_what_lies_outside_a_scope_shows_nowhere(path: str) -> None:
    text = shown(_house(beyond=True), path)

    assert [word for word in SECRETS if re.search(rf"(?<![a-z]){word}", text)] == []


@pytest.mark.parametrize("path", [path for path in ASKED if path not in {"/v1/changes"} | STATICS])
def test_an_answer_is_the_same_to_the_byte_whether_there_is_something_outside_the_scope_or_not(path: str) -> None:
    assert shown(_house(beyond=True), path) == shown(_house(beyond=False), path)


@pytest.mark.parametrize("path", [path for path in ASKED if path not in {"/v1/reports"} | STATICS])
def test_no_partner_shows_to_another_and_no_token_to_anybody(path: str) -> None:
    text = shown(_house(beyond=True), path)

    assert [word for word in PARTNERS if re.search(rf"\b{word}\b", text)] == []
    assert [secret for secret in TOKENS.values() if secret in text] == []
    assert "T-ACME" not in text


@pytest.mark.parametrize("path", [path for path in ASKED if path != "/v1/me" and not path.startswith("/f/")])
def test_no_partner_ticket_or_plan_in_force_shows_in_public(path: str) -> None:
    house = filled(beyond=True)
    access = msgspec.structs.replace(house.site.config.access, public=True)
    house = house.with_site(config=msgspec.structs.replace(house.site.config, access=access))
    house.store.logs_read.clear()
    response = house.get(path, None)
    text = "\n".join([*(f"{n}: {v}" for n, v in response.headers), unpacked(response).decode()])

    assert response.status in {200, 401}  # what is a partner's alone asks for a token in public, too
    assert [word for word in ("Acme", "Small", *TICKETS) if word in text] == []
    assert [word for word in ('"support"', "if-opened-now", '"plan-ends') if word in text] == []
    assert [shard for shard in house.store.logs_read if shard.startswith("tickets/")] == []


@pytest.mark.parametrize("who", ["acme", "small", None])
def test_nothing_of_a_plan_or_a_ticket_is_in_a_message(who: str | None) -> None:
    house = filled(beyond=True)
    access = msgspec.structs.replace(house.site.config.access, public=True)
    house = house.with_site(config=msgspec.structs.replace(house.site.config, access=access))
    text = unpacked(house.get("/v1/changes?limit=500", who)).decode()

    assert [word for word in ("support", "ticket", "response_seconds", "importance", *TICKETS) if word in text] == []


def test_each_partner_sees_its_own_tickets_and_importance_at_the_same_event() -> None:
    house = _house(beyond=True)
    found = {who: house.json("/v1/events/seen-incident-open", who)["support"] for who in ("acme", "small")}

    assert [found[who]["ticket"]["id"] for who in found] == ["T-ACME-seen-incident-open", "T-SMALL-seen-incident-open"]
    assert [found[who]["importance"] for who in found] == ["other", "key"]
    assert [found[who]["hit"] for who in found] == [3 + WIDE, 1]  # of what each sees: rds and ecs in Hong Kong, too


def test_pages_of_a_scope_are_full_whatever_stands_between() -> None:
    house = _house(beyond=True)
    seen, after = [], ""
    while True:
        body = house.json(f"/v1/events?limit=4{after}", "small")
        seen += [e["id"] for e in body["events"]]
        if body["next"] is None:
            break
        assert len(body["events"]) == 4
        after = f"&cursor={body['next']}"

    assert sorted(seen) == sorted(e.id for e in _events("seen"))


@pytest.mark.parametrize("id_", ["veiled-0-incident-open", "veiled-1-notice-resolved", "never-was"])
@pytest.mark.parametrize("path", ["/v1/events/{}", "/events/{}"])
def test_an_event_out_of_scope_looks_like_one_that_is_not_there(path: str, id_: str) -> None:
    house = _house(beyond=True)
    there, never = house.get(path.format(id_), "small"), house.get(path.format("nobody-knows"), "small")

    assert (there.status, there.body, there.headers) == (404, never.body, never.headers)


def test_the_feeds_change_names_the_pairs_of_the_scope_only() -> None:
    house = _house(beyond=True)
    feed = event(FEED, kind="feed", product="", region="", title="stale: over half", severity=None)
    change = house.change(
        feed, verb="stale", pairs=(f"ecs/{HK}", f"ecs/{SG}", f"rds/{SG}"), counts={"pairs": 6, "stale": 3}
    )
    house.commit(change)

    def data(who: str) -> dict[str, Any]:
        last: dict[str, Any] = house.json("/v1/changes?limit=500", who)["changes"][-1]["data"]
        return last

    assert (data("small")["pairs"], data("small")["counts"]) == ([f"ecs/{SG}"], {})
    assert (len(data("acme")["pairs"]), data("acme")["counts"]) == (3, {"pairs": 6, "stale": 3})


@pytest.mark.parametrize("who", ["old", "soon"])
@pytest.mark.parametrize("path", [path for path in ASKED if not path.startswith("/f/")])
def test_a_plan_that_is_not_in_force_opens_nothing(path: str, who: str) -> None:
    assert _house(beyond=True).get(path, who).status == 403


@pytest.mark.parametrize("path", [route.template for route in ROUTES if route.scope == "operate"])
def test_what_is_for_operators_is_closed_to_partners_and_to_the_public(path: str) -> None:
    house = House(public=True)

    assert (house.get(path, None).status, house.get(path, "acme").status) == (401, 403)


@pytest.mark.parametrize("path", [route.template for route in ROUTES if route.feed and "{" not in route.template])
def test_a_feed_token_opens_what_can_send_no_header_and_nothing_else(path: str) -> None:
    house = House()
    secret = TOKENS["feeds"]

    assert house.get(f"/f/{secret}{path}", None).status == 200
    assert house.get(path, "feeds").status == 200
    assert house.get(f"/f/wrong{path}", None).status == 401
    assert house.get(f"/f/{TOKENS['acme']}{path}", None).status == 403  # a token for headers does not belong in a path
    assert house.get(f"/f/{TOKENS['old']}{path}", None).status == 403


@pytest.mark.parametrize("path", ["/v1/status", "/v1/changes", "/v1/me", "/metrics", "/readyz", "/openapi.json", ""])
def test_under_a_feed_token_there_is_nothing_but_the_page_and_the_feeds(path: str) -> None:
    for secret in (TOKENS["feeds"], "wrong"):
        assert House().get(f"/f/{secret}{path}", None).status == 404


def test_pages_under_a_feed_token_tell_no_other_site_where_they_were() -> None:
    for path in ("/", "/feed.atom", "/nothing"):
        assert House().get(f"/f/{TOKENS['feeds']}{path}", None).header("referrer-policy") == "no-referrer"


def test_two_tokens_of_a_partner_live_side_by_side() -> None:
    house = House()
    acme = house.site.config.partners[0]
    both = msgspec.structs.replace(acme, tokens=(*acme.tokens, house.site.config.partners[1].tokens[0]))
    house = house.with_site(config=msgspec.structs.replace(house.site.config, partners=(both,)))

    assert house.json("/v1/me", "acme") == house.json("/v1/me", "small")


def test_the_answer_of_one_partner_is_never_given_to_another() -> None:
    house = filled(beyond=True)
    first = {who: house.get("/v1/status", who).body for who in ("acme", "small")}
    house.now += timedelta(seconds=1)

    assert {who: house.get("/v1/status", who).body for who in ("small", "acme")} == first
    assert first["acme"] != first["small"]


def test_the_end_of_the_log_does_not_show_to_whom_the_end_of_its_scope_is_told() -> None:
    bare, full = _house(beyond=False), _house(beyond=True)
    for limit in (14, 15):  # fifteen of the events are in scope
        first, second = (house.get(f"/v1/changes?limit={limit}", "small") for house in (bare, full))
        assert (first.body, first.headers) == (second.body, second.headers)
    far = cursor.encode(Position(10_000, 1))

    assert full.json(f"/v1/changes?after={far}", "small") == {"changes": [], "next": None}
    assert full.get(f"/v1/changes?after={far}", "acme").status == 400


@pytest.mark.parametrize("path", ["/v1/events/{}", "/events/{}"])
def test_a_store_that_is_away_does_not_tell_what_lies_outside_a_scope(path: str) -> None:
    house = _house(beyond=True)
    house.json("/v1/status", "small")
    house.store.broken = True
    house.ticks += 60
    answers = [house.get(path.format(id_), "small") for id_ in ("veiled-0-incident-open", "nobody-knows")]

    assert [answer.status for answer in answers] == [503, 503]
    assert answers[0].body == answers[1].body
    assert house.get(path.format("seen-incident-open"), "small").status == 200


@pytest.mark.parametrize(
    ("path", "headers"), [("/f/wrong/", {}), ("/", {"sec_fetch_dest": "empty", "authorization": "Bearer wrong"})]
)
def test_nobody_is_asked_for_a_password_where_none_would_help(path: str, headers: dict[str, str]) -> None:
    response = House().get(path, None, **headers)

    assert response.status == 401
    assert response.header("www-authenticate") == 'Bearer realm="SHD Relay"'
