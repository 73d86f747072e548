"""What the clients ask: every route, by partners and by nobody, with good and bad parameters; and junk."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import quote, urlencode

from shd_relay import clock, cursor, times
from shd_relay.model import Position
from shd_relay.web.params import Param
from shd_relay.web.routes import Route
from shd_relay.web.table import ROUTES
from tests.bench.answers_world import PARTNERS, token
from tests.load.processes import PRODUCTS, REGIONS

Dice = random.Random
_METHODS = ("GET",) * 12 + ("HEAD", "OPTIONS", "POST", "DELETE")
_WRONG = ("Bearer wrong", "Basic !!!", "Basic eDp5", "Digest x", f"Bearer {'x' * 1500}")
_LANGUAGES = ("", "en", "zh-CN,zh;q=0.9,en;q=0.5", "de")


class Asked(NamedTuple):
    """One request; `route` names it in the figures."""

    route: str
    method: str
    target: str
    headers: dict[str, str]


def drawn(dice: Dice, known: dict[str, str], ids: Sequence[str]) -> Asked:
    """The next one. `known`: ETags by target, as they came with answers; `ids`: of events that there are."""
    if dice.random() < 0.08:
        return Asked("junk", dice.choice(_METHODS), _junk(dice), _headers(dice, ""))
    route = dice.choice(ROUTES)
    path = route.template.replace("{id}", dice.choice(ids) if dice.random() < 0.9 else "none-such")
    path = path.replace("{name}", "product-usage")
    target = path + _query(route, dice)
    if route.feed and dice.random() < 0.3:
        target = f"/f/{token(dice.randrange(PARTNERS + 2))}{target}"
    return Asked(route.template, dice.choice(_METHODS), target, _headers(dice, known.get(target, "")))


def _query(route: Route, dice: Dice) -> str:
    """Most parameters of most routes are left out; some values are none that anybody would send on purpose."""
    given = {route.when: "ListEvents"} if route.when else {}
    given |= {
        param.name: _value(param, dice) for param in route.params if dice.random() < 0.2 and param.name not in given
    }
    if dice.random() < 0.02:
        given["surprise"] = "1"
    return f"?{urlencode(given)}" if given else ""


def _value(param: Param, dice: Dice) -> str:
    if dice.random() < 0.05:
        return "".join(chr(dice.randrange(1, 0x2FF)) for _ in range(dice.randrange(1, 60)))
    maker = _MAKERS.get(param.name)
    return maker(dice) if maker else dice.choice((*param.words, "x"))


_MAKERS: dict[str, Callable[[Dice], str]] = {
    "product": lambda dice: f"product-{dice.randrange(PRODUCTS):03d}",
    "region": lambda dice: f"region-{dice.randrange(REGIONS):02d}",
    "limit": lambda dice: str(dice.choice((1, 10, 100, 500, 0, 501))),
    "since": lambda dice: dice.choice(("2026-01-01", "2020-01-01")),
    "until": lambda dice: "2099-01-01",
    "at": lambda dice: times.text(clock.now() - timedelta(seconds=dice.randrange(60))),
    "after": lambda dice: cursor.encode(Position(dice.randrange(1, 60), 1)),
    "ProductId": lambda dice: "product-003",
    "productId": lambda dice: "product-003",
    "RegionId": lambda dice: "region-00",
    "regionId": lambda dice: "region-00",
    "NumOfDay": lambda dice: "7",
    "numOfDay": lambda dice: "7",
}


def _headers(dice: Dice, tag: str) -> dict[str, str]:
    headers = {"Accept-Language": dice.choice(_LANGUAGES), "User-Agent": "load"}
    headers |= {"Accept-Encoding": "gzip"} if dice.random() < 0.7 else {}
    headers |= {"If-None-Match": tag} if tag and dice.random() < 0.7 else {}
    headers |= {"Origin": "https://portal.example"} if dice.random() < 0.1 else {}
    who = dice.random()
    if who < 0.85:
        number = 0 if who < 0.3 else dice.randrange(PARTNERS)
        headers["Authorization"] = f"Bearer {token(number)}"
    elif who < 0.95:
        headers["Authorization"] = dice.choice(
            ("Bearer wrong", "Basic !!!", "Basic eDp5", "Digest x", f"Bearer {'x' * 1500}")
        )
    return headers


def _junk(dice: Dice) -> str:
    """Paths that nobody has: damaged escapes, long ones, other programs' favourites."""
    noise = "".join(chr(dice.randrange(1, 0x2FF)) for _ in range(dice.randrange(1, 80)))
    return dice.choice((
        "/" + quote(noise), "/%zz%00%ff", "/" + "a" * dice.randrange(1, 4000), "/.git/config", "//", "/v1/status/",
        "/v1/events/" + quote(noise), "/v1/status?" + quote(noise), "/f/" + quote(noise) + "/feed.atom",
        "/v1/changes?after=" + quote(noise),
    ))  # fmt: skip
