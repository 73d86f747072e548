"""`/openapi.json`: the whole surface as OpenAPI 3.1, made from the table of routes at the first request."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from shd_relay import __version__
from shd_relay.web import openapi_parameters as parameters
from shd_relay.web import openapi_responses as responses
from shd_relay.web import openapi_schemas as schemas
from shd_relay.web.ask import Ask, View
from shd_relay.web.routes import Route
from shd_relay.web.table import GROUPS, ROUTES

Json = dict[str, Any]
Group = tuple[Route, ...]

MEDIA = "application/vnd.oai.openapi+json"
_FEED = "/f/{token}"
_OWN = {"/v1/me", "/v1/events/{id}/ticket", "/v1/reports", "/v1/reports/{name}"}
"""What needs a partner's token also where the rest is public."""
_ABOUT = (
    "What Alibaba Cloud's Service Health Dashboard (SHD) says, for the resale partners of Alibaba Cloud and their "
    "programs. Every answer comes from the store of the relay, at most a few seconds old; nothing here calls SHD, and "
    "nothing writes. Another method than those of an address: 405 with `Allow`; an unknown address: 404."
)
_SCHEMES: Json = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "The partner's token."},
    "basic": {"type": "http", "scheme": "basic", "description": "The partner's id, and the token as the password."},
}


def document(ask: Ask) -> View:
    return View(body=_encoded(ask.site.public_url, ask.site.config.access.public), content_type=MEDIA)


@lru_cache(maxsize=1)
def _encoded(public_url: str | None, public: bool) -> bytes:
    return msgspec.json.encode(build(public_url, public=public, examples=_examples()))


def _examples() -> Json:
    """Real answers by address; `make docs` writes the file."""
    found: Json = msgspec.json.decode(Path(__file__).with_name("openapi_examples.json").read_bytes())
    return found


def build(public_url: str | None, *, public: bool, examples: Json) -> Json:
    """The document. `public`: what needs the scope `read` may be asked without a token, too."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "SHD Relay", "version": __version__, "description": _ABOUT},
        "servers": [{"url": public_url or "/"}],
        "tags": [{"name": name} for name in GROUPS],
        "paths": _paths(public, examples),
        "components": {
            "schemas": schemas.schemas(),
            "responses": responses.components(),
            "headers": responses.header_components(),
            "parameters": {"token": parameters.TOKEN, "ifNoneMatch": parameters.IF_NONE_MATCH},
            "securitySchemes": _SCHEMES,
        },
    }


def _paths(public: bool, examples: Json) -> Json:
    """A path item for every template, in the order of the groups, and one under `/f/{token}` where that is allowed."""
    listed = [route for group in GROUPS.values() for route in group]
    templates = list(dict.fromkeys(route.template for route in listed))
    plain = {template: _item(_at(template), public, examples) for template in templates}
    feeds = {f"{_FEED}{route.template}": _item((route,), public, examples, feed=True) for route in listed if route.feed}
    return plain | feeds


def _at(template: str) -> Group:
    """The routes that share a path, what has no condition first."""
    return tuple(sorted((route for route in ROUTES if route.template == template), key=lambda route: route.when))


def _item(routes: Group, public: bool, examples: Json, *, feed: bool = False) -> Json:
    methods = list(dict.fromkeys(method for route in routes for method in route.methods))
    item: Json = {"parameters": parameters.of_path(routes[0], feed=feed)}
    for method in methods:
        served = tuple(route for route in routes if method in route.methods)
        item[method.lower()] = _operation(served, method, public, examples, feed=feed)
    return item | {"options": _options(routes, feed=feed)}


def _operation(routes: Group, method: str, public: bool, examples: Json, *, feed: bool) -> Json:
    query = [made for route in routes for made in parameters.of_query(route, alone=len(routes) == 1)]
    if method != "POST":
        query.append({"$ref": "#/components/parameters/ifNoneMatch"})
    told = _told(routes, feed=feed) if method != "HEAD" else {"summary": "As GET, without the body."}
    return {
        "operationId": _operation_id(method, routes[0], feed=feed),
        **told,
        "tags": list(dict.fromkeys(_group(route) for route in routes)),
        "parameters": query,
        "security": [] if feed else _security(routes[0], public),
        "responses": responses.of(routes, method, {} if method == "HEAD" else examples, feed=feed),
    }  # fmt: skip


def _told(routes: Group, *, feed: bool) -> Json:
    """What a reader is told. Of routes that share the operation the first is told; the others have one of their own."""
    first, *others = routes
    more = [f"With `{route.when}`, and scope `{route.scope}`, it is another question: {route.summary} POST tells of it."
            for route in others]  # fmt: skip
    return {
        "summary": first.summary,
        "description": " ".join(filter(None, (first.about, _access(first, feed=feed), *more))),
    }


def _options(routes: Group, *, feed: bool) -> Json:
    return {
        "operationId": _operation_id("OPTIONS", routes[0], feed=feed),
        "summary": "What the address takes, and for whose pages.",
        "description": "No token is asked for. CORS is granted to the origins of the config.",
        "tags": list(dict.fromkeys(_group(route) for route in routes)),
        "security": [],
        "responses": responses.of_options(missing=feed or "{" in routes[0].template),
    }


def _access(route: Route, *, feed: bool) -> str:
    if route.scope is None:
        return "Scope: none, no token is asked for."
    if feed:
        return "Scope: `feed`, of the token in the path."
    return f"Scope: `{route.scope}`{' or `feed`' if route.feed else ''}."


def _security(route: Route, public: bool) -> list[Json]:
    """Any one of these; the empty one stands for nobody."""
    if route.scope is None:
        return []
    nobody: list[Json] = [{}] if public and route.scope == "read" and route.template not in _OWN else []
    return [*nobody, *({scheme: [route.scope]} for scheme in _SCHEMES)]


def _group(route: Route) -> str:
    return next(name for name, routes in GROUPS.items() if route in routes)


def _operation_id(method: str, route: Route, *, feed: bool) -> str:
    """`getV1EventsId`: the method and the words of the template."""
    words = re.findall(r"[A-Za-z0-9]+", route.template.removesuffix(".json")) or ["root"]
    return method.lower() + "".join(word[0].upper() + word[1:] for word in words) + ("ByFeedToken" if feed else "")
