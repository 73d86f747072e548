"""The handlers that are compared. Flask and FastAPI are imported when they are asked for: each costs a cold start."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.bench.answers_adapters import Handler, before_asgi, before_wsgi

STATUS = "/v1/status"


def bare(views: Mapping[str, Callable[[], object]]) -> Handler:
    """What most would write: a dict of addresses, `json` for both ways. It asks nobody for a token, reads no store,
    and packs what is asked for packed as cheaply as ours."""

    def handler(event: bytes) -> dict[str, Any]:
        request = json.loads(event)
        view = views.get(request["rawPath"])
        if view is None:
            return {"statusCode": 404, "headers": {}, "isBase64Encoded": False, "body": ""}
        headers, body = {"Content-Type": "application/json"}, json.dumps(view())
        if "gzip" not in request["headers"].get("Accept-Encoding", ""):
            return {"statusCode": 200, "headers": headers, "isBase64Encoded": False, "body": body}
        packed = base64.b64encode(gzip.compress(body.encode(), 1)).decode()
        headers["Content-Encoding"] = "gzip"
        return {"statusCode": 200, "headers": headers, "isBase64Encoded": True, "body": packed}

    return handler


def flask_json(views: Mapping[str, Callable[[], object]]) -> Handler:
    """As Flask's own pages show it: a view that returns what it has through `jsonify`."""
    import flask

    app = flask.Flask("bench")
    for path, view in views.items():
        app.add_url_rule(path, path, lambda view=view: flask.jsonify(view()))
    return before_wsgi(app)


def flask_ours(service: Callable[[Any], Any]) -> Handler:
    """Our core behind Flask."""
    import flask

    from shd_relay.web.http import Request, joined

    app = flask.Flask("bench")

    @app.get("/<path:path>")
    def asked(path: str) -> flask.Response:
        got = flask.request
        headers = {name.lower(): value for name, value in got.headers.items()}
        query = joined(got.args.items(multi=True))
        answer = service(Request(method=got.method, path=f"/{path}", query=query, headers=headers))
        return flask.Response(answer.body, answer.status, answer.headers)

    return before_wsgi(app)


def fastapi_json(views: Mapping[str, Callable[[], object]]) -> Handler:
    """As FastAPI's own pages show it: a function that returns what it has."""
    import fastapi

    app = fastapi.FastAPI()
    for path, view in views.items():
        app.add_api_route(path, _endpoint(view))
    return before_asgi(app)


def _endpoint(view: Callable[[], object]) -> Callable[[], Any]:
    async def asked() -> object:
        return view()

    return asked


def fastapi_ours(service: Callable[[Any], Any]) -> Handler:
    """Our core behind FastAPI."""
    import fastapi

    from shd_relay.web.http import Request, joined

    app = fastapi.FastAPI()

    async def asked(request: fastapi.Request) -> fastapi.Response:
        query = joined(request.query_params.multi_items())
        headers = dict(request.headers)
        answer = service(Request(method=request.method, path=request.url.path, query=query, headers=headers))
        return fastapi.Response(answer.body, answer.status, dict(answer.headers))

    asked.__annotations__ = {"request": fastapi.Request, "return": fastapi.Response}  # as texts it cannot find them
    app.add_api_route("/{path:path}", asked, response_model=None)
    return before_asgi(app)
