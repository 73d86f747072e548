"""answer(Request) -> Response: the whole query side. Pure but for what `look` reads; never raises."""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial

from msgspec import structs

from shd_relay.errors import ContractError, RequestError, UnavailableError
from shd_relay.tickets import NO_TICKETS, Tickets
from shd_relay.web import auth, conditional, cors, negotiate, params, problem, routes
from shd_relay.web.ask import Ask, Look, LookUp, View, Viewer
from shd_relay.web.facts import Facts
from shd_relay.web.http import Pairs, Request, Response
from shd_relay.web.routes import Found
from shd_relay.web.site import Site
from shd_relay.web.table import ROUTES

PATH_CHARACTERS = 2_000
QUERY_CHARACTERS = 8_000
RETRY_AFTER = 10

_log = logging.getLogger(__name__)
_NONE: frozenset[str] = frozenset()
_NOBODY = Viewer(partner=None, scopes=_NONE, pairs=(), keys=frozenset(), products=_NONE, regions=_NONE)
_HTTPS_ONLY = ("Strict-Transport-Security", "max-age=31536000")
_ALWAYS = (("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"))


def answer(request: Request, *, site: Site, now: datetime, look: Look, look_up: LookUp) -> Response:
    """The answer to any request. `look` is called only by those that need to know something, at most a few times;
    `look_up` by those that need the tickets of the partner who asks."""
    found = None
    try:
        found = _found(request)
        response = _answered(request, found, site=site, now=now, look=look, look_up=look_up)
    except RequestError as error:
        response = _refusal(request, found, site, error)
    except (UnavailableError, ContractError) as error:
        if isinstance(error, ContractError):  # waiting does not help: a person has to look at the store
            _log.error("the store is refused: %s, request %s", error, request.request_id)
        away = RequestError(503, "the store does not answer now", headers=[("Retry-After", str(RETRY_AFTER))])
        response = _refusal(request, found, site, away)
    except Exception as error:  # noqa: BLE001 - the last line: a caller must never see a stack trace (facts: 3.6)
        _log.error("answer failed: %s in %s, request %s", type(error).__name__, _place(error), request.request_id)
        response = _refusal(
            request, found, site, RequestError(500, "something went wrong here; the request id names it")
        )
    always = (*_ALWAYS, _HTTPS_ONLY) if (site.public_url or "").startswith("https:") else _ALWAYS
    return structs.replace(response, headers=(*response.headers, *always, *cors.headers(request, site)))


def route_of(request: Request) -> str:
    """The template of the route that is meant, for log lines: they hold no path and no query."""
    try:
        found = _found(request)
    except RequestError:
        return "-"
    return f"/f/{{token}}{found.route.template}" if found.feed_token is not None else found.route.template


def _place(error: BaseException) -> str:
    """Where it was raised; the error's own text may hold what was asked, so it is not logged."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    return f"{frame.tb_frame.f_globals.get('__name__')}:{frame.tb_lineno}" if frame else "?"


def _found(request: Request) -> Found:
    if len(request.path) > PATH_CHARACTERS:
        raise RequestError(414, f"a path has at most {PATH_CHARACTERS} characters here")
    found = routes.find(ROUTES, request.path, frozenset(name for name, _ in request.query))
    if found is None:
        raise RequestError(404, "there is no such address")
    return found


def _answered(request: Request, found: Found, *, site: Site, now: datetime, look: Look, look_up: LookUp) -> Response:
    route = found.route
    if request.method == "OPTIONS":
        headers = (("Allow", route.allow), ("Vary", _vary(site)), *_preflight(request, site, route.allow))
        return Response(status=204, headers=headers)
    if request.method not in route.methods:
        raise RequestError(405, f"this address takes {route.allow}", headers=[("Allow", route.allow)])
    if sum(len(name) + len(value) + 2 for name, value in request.query) > QUERY_CHARACTERS:
        raise RequestError(414, f"a query has at most {QUERY_CHARACTERS} characters here")
    viewer = _viewer(request, found, site, now)
    values = params.read(route.params, request.query, strict=route.strict) | found.values
    medias = (route.media, *route.more_media)
    taken = any(negotiate.accepts(request, media) for media in medias)
    if route.errors != "shd" and not taken:  # SHD's SDKs ask for bytes, and take JSON
        raise RequestError(406, f"this address answers with {', '.join(medias)} only")
    moment = next((values[param.name] for param in route.params if param.kind == "moment"), None)
    if moment is not None:
        now, look = moment, partial(_past, look, moment, now)
    tickets = partial(_tickets, look_up, viewer, moment)
    ask = Ask(request=request, params=values, viewer=viewer, look=look, tickets=tickets, site=site, now=now)
    view = route.handle(ask)
    return _sent(request, view, viewer, site, dated=moment is None)


def _viewer(request: Request, found: Found, site: Site, now: datetime) -> Viewer:
    if found.route.scope is None:
        return _NOBODY
    if found.feed_token is not None:
        return auth.viewer_by_path(found.feed_token, site, now)
    return auth.viewer_of(request, (found.route.scope, "feed") if found.route.feed else (found.route.scope,), site, now)


def _past(look: Look, moment: datetime, now: datetime) -> Facts:
    if moment > now:
        raise RequestError(400, "at: lies in the future")
    facts = look().at(moment)
    if facts is None:
        raise RequestError(400, "at: lies before the first entry of the log: nothing was known then")
    return facts


def _tickets(look_up: LookUp, viewer: Viewer, moment: datetime | None) -> Tickets:
    return look_up(viewer.partner.id, moment) if viewer.partner else NO_TICKETS


def _preflight(request: Request, site: Site, allow: str) -> Pairs:
    granted = dict(cors.headers(request, site))
    return tuple(pair for pair in cors.preflight(request, site, allow) if pair[0] not in granted)


def _sent(request: Request, view: View, viewer: Viewer, site: Site, *, dated: bool) -> Response:
    """The view with its validator, in gzip if that was asked for and pays; 304 when the client has it."""
    packed = conditional.gzipped(view.body) if conditional.takes_gzip(request) else None
    body = view.body if packed is None else packed
    tag = conditional.etag(body)
    headers = (
        ("ETag", tag),
        ("Cache-Control", _caching(view, viewer)),
        ("Vary", _vary(site, view.vary)),
        *view.headers,
    )
    read_at, lasting = view.as_of if dated else None, view.lasting and view.store
    if view.status == 200 and request.method in routes.READ and conditional.matches(request, tag):
        return Response(status=304, headers=headers, read_at=read_at, lasting=lasting)
    coding = () if packed is None else (("Content-Encoding", "gzip"),)
    headers = (("Content-Type", view.content_type), *coding, *headers)
    return Response(status=view.status, headers=headers, body=body, read_at=read_at, lasting=lasting)


def _caching(view: View, viewer: Viewer) -> str:
    if not view.store:
        return "no-store"
    return "public, max-age=30" if viewer.public else "private, no-cache"


def _vary(site: Site, more: str = "") -> str:
    return ", ".join(
        filter(None, ("Authorization, Accept, Accept-Encoding", more, "Origin" if cors.varies(site) else ""))
    )


def _refusal(request: Request, found: Found | None, site: Site, error: RequestError) -> Response:
    quiet = (found is not None and found.feed_token is not None) or request.header("sec-fetch-dest") == "empty"
    if error.status == 401 and quiet:
        error = RequestError(401, error.detail, headers=[auth.SILENT_CHALLENGE])
    if found and found.route.errors == "shd":
        from shd_relay.web import own_query

        response = own_query.render_error(request, error)
    else:
        response = problem.render(request, error)
    return structs.replace(response, headers=(*response.headers, ("Vary", _vary(site))))
