"""What each operation of the OpenAPI document may answer."""

from __future__ import annotations

from typing import Any

from shd_relay.web import openapi_parts as parts
from shd_relay.web.answer import PATH_CHARACTERS, QUERY_CHARACTERS
from shd_relay.web.problem import TITLES
from shd_relay.web.routes import Route

Json = dict[str, Any]

FROM_CONFIG = {"/v1/me", "/v1/plans", "/v1/reports"}
"""Addresses with a scope that have an answer also without the store."""
READINESS = "/readyz"

_WHY = {
    400: "A parameter is malformed, or is none of this address.",
    401: "A token is needed, or this one is not known.",
    403: "The plan has not begun or has ended, the token has not the scope, or the plan does not come with it.",
    404: "There is no such thing, or it is out of scope: both look the same.",
    405: "Another method; `Allow` says which are taken.",
    406: "`Accept` does not take what this address answers with.",
    414: f"The path is longer than {PATH_CHARACTERS:,} or the query longer than {QUERY_CHARACTERS:,} characters.",
    503: "The store does not answer, and there is no copy to show.",
}
_SHAPES = {
    "Problem": {"application/problem+json": "Problem"},
    "Shd": {"application/json": "ShdError"},
    "Either": {"application/problem+json": "Problem", "application/json": "ShdError"},
    "Bare": {},
}
"""How a refusal may look: media type -> schema. Either: two routes share the path. Bare: of HEAD, which has no body."""

HEADERS: Json = {
    "ETag": {"description": "Strong: the hash of the bytes.", "schema": {"type": "string"}},
    "Cache-Control": {"schema": {"type": "string"}},
    "Vary": {"schema": {"type": "string"}},
    "Content-Encoding": {"description": "When it was asked for, and pays.", "schema": {"const": "gzip"}},
    "Link": {"description": 'The next page, `rel="next"`; absent on the last.', "schema": {"type": "string"}},
    "X-Data-Age": {
        "description": "Seconds since the newest complete read of SHD in view; absent: none yet, or asked of the past.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "X-Source-State": {
        "description": "What the relay's view of SHD is worth.", "schema": {"enum": ["fresh", "stale", "blind"]},
    },
    "X-Request-Id": {"description": "Names the request, where the platform does.", "schema": {"type": "string"}},
    "X-Content-Type-Options": {"schema": {"const": "nosniff"}},
    "Referrer-Policy": {"schema": {"const": "no-referrer"}},
    "Content-Security-Policy": {"schema": {"type": "string"}},
    "Allow": {"description": "The methods that the address takes.", "schema": {"type": "string"}},
    "WWW-Authenticate": {"schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds.", "schema": {"type": "integer", "minimum": 0}},
    "Access-Control-Allow-Origin": {"description": "For pages of the allow-list.", "schema": {"type": "string"}},
}  # fmt: skip
_OPTIONAL = {"Content-Encoding", "Link", "X-Data-Age", "X-Request-Id", "Access-Control-Allow-Origin"}
_EVERYWHERE = ("Vary", "X-Request-Id", "X-Content-Type-Options", "Referrer-Policy", "Access-Control-Allow-Origin")
_MORE = {401: ("WWW-Authenticate",), 405: ("Allow",), 503: ("Retry-After",)}


def components() -> Json:
    """Every refusal in every shape, 304 and 204, by name."""
    refusals = {f"{shape}{status}": _refusal(status, media) for shape, media in _SHAPES.items() for status in _WHY}
    cached = _headers("ETag", "Cache-Control", *_EVERYWHERE)
    return {
        **refusals,
        "NotModified": {"description": "The client has it.", "headers": cached},
        "Options": {"description": "What the address takes.", "headers": _headers("Allow", *_EVERYWHERE)},
    }


def header_components() -> Json:
    return {name: {**header, "required": name not in _OPTIONAL} for name, header in HEADERS.items()}


def of_options(*, missing: bool) -> Json:
    """OPTIONS asks for no token and looks at no query."""
    return {"204": _ref("Options"), **{str(n): _ref(f"Problem{n}") for n in ((404, 414) if missing else (414,))}}


def of(routes: tuple[Route, ...], method: str, examples: Json, *, feed: bool) -> Json:
    """The responses of the operation that these routes (more than one: told apart by the query) share."""
    shape = _shape(routes, method)
    refused = sorted({status for route in routes for status in _refused(route, feed=feed)})
    found = {"200": _answered(routes, method, examples)}
    if method != "POST":
        found["304"] = _ref("NotModified")
    found |= {str(status): _ref(f"{shape}{status}") for status in refused}
    if method == "POST":  # with no `Action` it is the page that refuses it
        found["405"] = _ref("Problem405")
    return found | ({"503": _ill(routes[0], method)} if routes[0].template == READINESS else {})


def _shape(routes: tuple[Route, ...], method: str) -> str:
    if method == "HEAD":
        return "Bare"
    errors = {route.errors for route in routes}
    return "Either" if len(errors) > 1 else "Shd" if errors == {"shd"} else "Problem"


def _refused(route: Route, *, feed: bool) -> set[int]:
    """The refusals that a route may answer with; what only another method gets is no operation's."""
    own = route.errors == "shd"
    parsed = route.strict or own or any(param.kind not in {"text", "language"} for param in route.params)
    named = own or feed or "{" in route.template
    reads = route.scope is not None and route.template not in FROM_CONFIG
    conditions = {400: parsed, 401: route.scope, 403: route.scope, 404: named, 406: not own, 414: True, 503: reads}
    return {status for status, holds in conditions.items() if holds}


def _answered(routes: tuple[Route, ...], method: str, examples: Json) -> Json:
    reads = any(route.scope == "read" and route.template not in FROM_CONFIG for route in routes)
    pages = any(param.name in {"cursor", "after"} for route in routes for param in route.params)
    names = ("ETag", "Cache-Control", "Content-Encoding", *(("Link",) if pages else ()),
             *(("X-Data-Age", "X-Source-State") if reads else ()), *_EVERYWHERE)  # fmt: skip
    if method == "POST":
        names = tuple(name for name in names if name != "Link")
    made: Json = {"description": " ".join(route.summary for route in routes), "headers": _headers(*names)}
    if method != "HEAD":
        made["content"] = {route.media: _content(route, examples) for route in routes}
        made["content"] |= {media: {"schema": {"type": "string"}} for route in routes for media in route.more_media}
    return made


def _ill(route: Route, method: str) -> Json:
    """The readiness of what is not ready: 503 with the same body, and no error."""
    made = _answered((route,), method, {})
    return made | {"description": "A part is ill: `status` is `fail`."}


def _content(route: Route, examples: Json) -> Json:
    example = examples.get(f"{route.template}{route.when}")
    schema = parts.of(route.schema) if route.schema else _SCHEMAS_BY_MEDIA.get(route.media, {"type": "string"})
    if example is None:
        return {"schema": schema}
    return {"schema": schema, "examples": {"answer": {"summary": example["asked"], "value": example["value"]}}}


_SCHEMAS_BY_MEDIA = {
    "application/vnd.oai.openapi+json": {"type": "object"},
    "application/schema+json": {"type": "object"},
}


def _refusal(status: int, shapes: dict[str, str]) -> Json:
    made: Json = {
        "description": f"{TITLES[status]}. {_WHY[status]}",
        "headers": _headers("Cache-Control", *_MORE.get(status, ()), *_EVERYWHERE),
    }
    if shapes:
        made["content"] = {media: {"schema": parts.of(name)} for media, name in shapes.items()}
    return made


def _headers(*names: str) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/responses/{name}"}
