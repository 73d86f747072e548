"""What can go wrong between the gateway's decision and the client, as data.

Four families: a refusal in place of the answer; a change of a good answer's document (items: bad_items.py); a change of
the answer on the wire; and two that act earlier, CLOCK_SKEW (on the checks) and XML_FOR_JSON (on the rendering).
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import replace

from local.fakes.loopback import HangUp, Reply
from local.fakes.status.bad_items import ITEMS
from local.fakes.status.calls import Fault, Played
from local.fakes.status.dialect import Dialect, Document
from local.fakes.status.errors import ERRORS, ApiError, too_many_requests
from local.fakes.status.render import HTML_TYPE, JSON_TYPE

_HANG_SECONDS = 24 * 3600.0
_NOTHING = '{"RequestId":"1","Code":200,"HTTPCode":200,"Success":"true","Info":"成功处理","Total":0,"Data":[]}'

REFUSALS: dict[Fault, ApiError] = {
    Fault.THROTTLING: ERRORS["Throttling"],
    Fault.THROTTLING_USER: ERRORS["Throttling.User"],
    Fault.THROTTLING_API: ERRORS["Throttling.Api"],
    Fault.TOO_MANY_REQUESTS: too_many_requests(),
    Fault.INTERNAL_ERROR: ERRORS["InternalError"],
    Fault.SERVICE_UNAVAILABLE: ERRORS["ServiceUnavailable"],
    Fault.ACCESS_KEY_NOT_FOUND: ERRORS["InvalidAccessKeyId.NotFound"],
    Fault.ACTION_NOT_FOUND: ERRORS["InvalidAction.NotFound"],
    Fault.FORBIDDEN_RAM: ERRORS["Forbidden.RAM"],
    Fault.SIGNATURE_WITHOUT_COLON: replace(
        ERRORS["SignatureDoesNotMatch"], message="Specified signature is not matched with our calculation."
    ),
}


def _error_envelope(document: Document, _: Played) -> Document:
    bad = {"Code": 500, "HTTPCode": 500, "Success": "false", "Info": "系统异常", "Total": 0, "Data": None}
    return {"RequestId": document["RequestId"], **bad}


def _total_too_large(document: Document, _: Played) -> Document:
    return {**document, "Total": len(document.get("Data") or ()) + 1}


def _null_with_total(document: Document, _: Played) -> Document:
    return {**document, "Total": max(1, len(document.get("Data") or ())), "Data": None}


def _huge(document: Document, played: Played) -> Document:
    return {**document, "Info": "x" * played.size}


DOCUMENT_FAULTS: dict[Fault, Callable[[Document, Played], Document]] = {
    Fault.ERROR_ENVELOPE_200: _error_envelope,
    Fault.TOTAL_TOO_LARGE: _total_too_large,
    Fault.DATA_NULL_WITH_TOTAL: _null_with_total,
    Fault.HUGE_BODY: _huge,
}


def _hang(_: Reply, __: Played) -> Reply:
    raise HangUp(delay_seconds=_HANG_SECONDS)


def _close(_: Reply, __: Played) -> Reply:
    raise HangUp


def _reset(_: Reply, __: Played) -> Reply:
    raise HangUp(reset=True)


def _fixed(reply: Reply) -> Callable[[Reply, Played], Reply]:
    return lambda _reply, _played: reply


def _late(reply: Reply, played: Played) -> Reply:
    return replace(reply, delay_seconds=played.seconds)


def _drip(reply: Reply, played: Played) -> Reply:
    return replace(reply, drip_seconds=played.seconds)


def _close_after(reply: Reply, _: Played) -> Reply:
    """A whole answer that promises to keep the connection, which then ends: an idle limit as the client sees it."""
    return replace(reply, send_only=len(reply.body))


def _truncate(reply: Reply, _: Played) -> Reply:
    return replace(reply, body=reply.body[:-2])  # not within a letter: the text is good, the JSON is not


def _cut(reply: Reply, _: Played) -> Reply:
    return replace(reply, send_only=len(reply.body) // 2)


def _gzip(reply: Reply, _: Played) -> Reply:
    return replace(reply, body=gzip.compress(reply.body), headers=(*reply.headers, ("Content-Encoding", "gzip")))


def _bad_request(body: bytes) -> Callable[[Reply, Played], Reply]:
    return _fixed(Reply(status=400, headers=(JSON_TYPE,), body=body))


WIRE_FAULTS: dict[Fault, Callable[[Reply, Played], Reply]] = {
    Fault.LATE: _late,
    Fault.SLOW_DRIP: _drip,
    Fault.HANG: _hang,
    Fault.CLOSE_AFTER_IDLE: _close_after,
    Fault.STALE_CONNECTION: _close,
    Fault.CLOSE_BEFORE_ANSWER: _close,
    Fault.RESET: _reset,
    Fault.REDIRECT: _fixed(Reply(status=302, headers=(("Location", "/redirected"),))),
    Fault.HTML_200: _fixed(Reply(headers=(HTML_TYPE,), body=b"<html><body>Please log in</body></html>")),
    Fault.EMPTY_200: _fixed(Reply(headers=(JSON_TYPE,))),
    Fault.TRUNCATED_JSON: _truncate,
    Fault.CUT_BODY: _cut,
    Fault.NOT_UTF8_200: _fixed(Reply(headers=(JSON_TYPE,), body=_NOTHING.encode("gbk"))),
    Fault.NOT_UTF8_ERROR: _bad_request('{"Code":"InternalError","Message":"系统异常"}'.encode("gbk")),
    Fault.ERROR_BODY_NUMBER: _bad_request(b"123"),
    Fault.ERROR_BODY_NULL: _bad_request(b"null"),
    Fault.ERROR_BODY_STRING: _bad_request(b'"Code"'),
    Fault.GZIP: _gzip,
    Fault.BAD_GATEWAY_HTML: _fixed(
        Reply(status=502, headers=(HTML_TYPE,), body=b"<html><h1>502 Bad Gateway</h1></html>")
    ),
}


def refusal_of(played: Played | None) -> ApiError | None:
    """The refusal that the fault puts in the answer's place."""
    if played is None or isinstance(played.what, Dialect):
        return None
    return REFUSALS.get(played.what) if isinstance(played.what, Fault) else played.what


def is_of_gateway(played: Played) -> bool:
    """Whether only the gateway of the signed operations can do that."""
    return refusal_of(played) is not None or played.what in (Fault.CLOCK_SKEW, Fault.XML_FOR_JSON)


def dialect_of(played: Played | None, usual: Dialect) -> Dialect:
    """How this call's answer is spelt."""
    return played.what if played and isinstance(played.what, Dialect) else usual


def on_document(document: Document, action: str, played: Played | None) -> Document:
    """A good answer's document after the fault; one more item is one as the action lists them."""
    if played is None or not isinstance(played.what, Fault):
        return document
    if played.what in ITEMS:
        items = [*(document.get("Data") or ()), ITEMS[played.what](action)]
        return {**document, **({"Total": len(items)} if "Total" in document else {}), "Data": items}
    return DOCUMENT_FAULTS[played.what](document, played) if played.what in DOCUMENT_FAULTS else document


def on_wire(reply: Reply, played: Played | None) -> Reply:
    """The answer after the fault. Raises HangUp where there is none."""
    if played is None or not isinstance(played.what, Fault) or played.what not in WIRE_FAULTS:
        return reply
    return WIRE_FAULTS[played.what](reply, played)
