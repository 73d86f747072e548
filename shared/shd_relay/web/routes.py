"""Routes as values, and finding the one that is meant. The table itself is table.py."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import Literal

from msgspec import Struct

from shd_relay.web.ask import Ask, View
from shd_relay.web.params import Param

READ = ("GET", "HEAD")
Scope = Literal["read", "operate"]

_FEED = re.compile(r"/f/([^/]+)(/.*)", re.DOTALL)


class Route(Struct, frozen=True, kw_only=True):
    """One address. `{name}` in the template stands for one segment of the path.

    `handler`: `<module of this package>.<function>`, loaded when it is first asked for. `scope` None: no token is asked
    for. `feed`: may also be asked under `/f/<feed token>`, by what can send no header. `when`: the route is meant only
    if this query parameter is given. `strict`: query parameters that are not declared are refused. `errors`: the shape
    of refusals. `media`: what a 200 is, without parameters; `schema`: the name of its schema.
    `more_media`: what else it may be, as the query says.
    """

    template: str
    handler: str
    scope: Scope | None
    feed: bool = False
    methods: tuple[str, ...] = READ
    params: tuple[Param, ...] = ()
    when: str = ""
    strict: bool = True
    errors: Literal["problem", "shd"] = "problem"
    summary: str
    about: str = ""
    media: str = "application/json"
    more_media: tuple[str, ...] = ()
    schema: str = ""

    @property
    def allow(self) -> str:
        return ", ".join((*self.methods, "OPTIONS"))

    def handle(self, ask: Ask) -> View:
        return _function(self.handler)(ask)


@cache
def _function(name: str) -> Callable[[Ask], View]:
    module, _, function = name.rpartition(".")
    found: Callable[[Ask], View] = getattr(importlib.import_module(f"shd_relay.web.{module}"), function)
    return found


class Found(Struct, frozen=True):
    """A route, the values of its template, and the feed token of the path; None: asked without one."""

    route: Route
    values: dict[str, str]
    feed_token: str | None = None


def find(table: Sequence[Route], path: str, names: frozenset[str]) -> Found | None:
    """The route of the table that is meant; `names`: the query's. None if there is no such address."""
    under = _FEED.fullmatch(path)
    token, rest = (under[1], under[2]) if under else (None, path)
    for route, pattern in _patterns(table):
        matched = pattern.fullmatch(rest)
        if matched and (route.feed or not under) and (not route.when or route.when in names):
            return Found(route, matched.groupdict(), token)
    return None


@lru_cache(maxsize=1)
def _patterns(table: tuple[Route, ...]) -> tuple[tuple[Route, re.Pattern[str]], ...]:
    return tuple((route, _pattern(route.template)) for route in table)


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", template)
    text = "".join(f"(?P<{part}>[^/]+)" if n % 2 else re.escape(part) for n, part in enumerate(parts))
    return re.compile(text)
