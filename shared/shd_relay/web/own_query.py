"""SHD's own query, for programs written against it: what SHD would have said, in its shape and casing.

`/` takes the names of its API (`ProductId`), `/v1/list-events` the same in camelCase. What nobody has documented is
answered leniently: an absent EndDate is today, an absent NumOfDay a week; days are UTC+8. The common parameters of the
SDKs (AccessKeyId, Signature, ...) are not looked at: who asks is said by the Authorization header.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from shd_relay import severity, times
from shd_relay.errors import RequestError
from shd_relay.model import HealthEvent, Pair, SourceState
from shd_relay.times import CHINA
from shd_relay.web import age
from shd_relay.web.ask import Ask, View, folded
from shd_relay.web.events_view import begins, ends
from shd_relay.web.facts import Facts
from shd_relay.web.http import Request, Response
from shd_relay.web.params import ID_CHARACTERS
from shd_relay.web.problem import NO_STORE

VERSION = "2020-01-17"
DEFAULT_DAYS = 7
CONTENT_TYPE = "application/json; charset=utf-8"
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NUMBER = re.compile(r"\d{1,4}", re.ASCII)
_CODES = {
    400: "InvalidParameter", 401: "InvalidAccessKeyId.NotFound", 403: "NoPermission", 404: "InvalidAction.NotFound",
    405: "UnsupportedHTTPMethod", 414: "InvalidParameter", 500: "InternalError", 503: "ServiceUnavailable",
}  # fmt: skip


class OwnError(RequestError):
    """A refusal with SHD's own code."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(status, detail)
        self.code = code


class Question(NamedTuple):
    """What is asked for: a pair, folded, and the first and last day in UTC+8."""

    pair: tuple[str, str]
    first: date
    last: date


class Names(NamedTuple):
    """How this spelling of the query calls its parameters."""

    product: str
    region: str
    end: str
    days: str


PASCAL = Names("ProductId", "RegionId", "EndDate", "NumOfDay")
CAMEL = Names("productId", "regionId", "endDate", "numOfDay")


def list_events(ask: Ask) -> View:
    """The query in camelCase."""
    return _answer(ask, CAMEL)


def api(ask: Ask) -> View:
    """The query as SHD's SDKs send it."""
    if ask.params["Action"] != "ListEvents":
        raise OwnError(404, "InvalidAction.NotFound", "Specified api is not found, please check your url and method.")
    if ask.params["Version"] not in {"", VERSION}:
        raise OwnError(400, "InvalidVersion", "Specified parameter Version is not valid.")
    if ask.params["Format"].upper() not in {"", "JSON"}:
        raise OwnError(400, "InvalidParameter.Format", "Specified parameter format is not valid. Ask for JSON.")
    return _answer(ask, PASCAL)


def render_error(request: Request, error: RequestError) -> Response:
    """The error in SHD's shape, with the code that its clients look for."""
    code = error.code if isinstance(error, OwnError) else _CODES[error.status]
    body = {
        "RequestId": request.request_id,
        "HostId": request.header("host").partition(":")[0],
        "Code": code,
        "Message": error.detail,
        "Recommend": f"https://api.aliyun.com/troubleshoot?q={code}&product=Status",
    }
    headers = (("Content-Type", CONTENT_TYPE), NO_STORE, *error.headers)
    return Response(status=error.status, headers=headers, body=msgspec.json.encode(body))


def _answer(ask: Ask, names: Names) -> View:
    question = _question(ask.params, names, ask.now.astimezone(CHINA).date())
    facts = ask.look()
    pairs = [pair for pair in ask.viewer.pairs if folded(pair) == question.pair]
    data = [_item(event) for event in _listed(facts, ask, question)] if ask.viewer.reaches(Pair(*question.pair)) else []
    body = {
        "RequestId": ask.request.request_id,
        "Code": 200,
        "HTTPCode": 200,
        "Success": "true",
        "Info": _info(age.source_state(ask, facts), age.as_of(facts, pairs)),
        "Total": len(data),
        "Data": data,
    }
    return View(
        body=msgspec.json.encode(body),
        content_type=CONTENT_TYPE,
        headers=age.headers(ask, facts),
        as_of=age.as_of(facts, pairs),
        lasting=False,  # SHD's shape has the request's id in it
    )


def _question(params: dict[str, str], names: Names, today: date) -> Question:
    for name in (names.product, names.region):
        if not params[name].strip():
            raise OwnError(400, f"Missing{name[0].upper()}{name[1:]}", f"{name} is mandatory for this action.")
        if len(params[name]) > ID_CHARACTERS:
            raise OwnError(400, "InvalidParameter", f"Specified parameter {name} is not valid.")
    last = _day(params[names.end], today)
    if last is None:
        raise OwnError(400, "InvalidParameter", f"Specified parameter {names.end} is not valid.")
    days = params[names.days] or str(DEFAULT_DAYS)
    if not _NUMBER.fullmatch(days) or int(days) < 1:
        raise OwnError(400, "InvalidParameter", f"Specified parameter {names.days} is not valid.")
    first = date.fromordinal(max(1, last.toordinal() - int(days) + 1))
    pair = params[names.product].strip().casefold(), params[names.region].strip().casefold()
    return Question(pair, first, last)


def _day(text: str, today: date) -> date | None:
    if not text:
        return today
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def _listed(facts: Facts, ask: Ask, question: Question) -> list[HealthEvent]:
    """The pair's events within the days, the oldest first. SHD does not list what it has taken back."""
    found = [
        event
        for event in _known(facts, ask.now, question)
        if folded(event.pair) == question.pair
        and event.kind != "drill"
        and event.state not in {"withdrawn", "cancelled"}
        and _overlaps(event, question)
    ]
    return sorted(found, key=lambda event: (begins(event), event.id))


def _known(facts: Facts, now: datetime, question: Question) -> Iterator[HealthEvent]:
    """What the state holds, and the event documents when the window reaches behind what the state keeps."""
    events = facts.state.events
    yield from events.values()
    kept = (now - timedelta(days=119)).date()  # one day less than ledger.KEEP_ENDED: days begin at another hour here
    if question.first < kept:
        until = datetime.combine(min(question.last, kept), datetime.max.time(), CHINA)
        since = datetime.combine(max(question.first, date(1970, 1, 1)), datetime.min.time(), CHINA)
        for _, documents in facts.months(since, until):
            yield from (event for event in documents if event.id not in events)


def _overlaps(event: HealthEvent, question: Question) -> bool:
    end = ends(event)
    return _day_of(begins(event)) <= question.last and (end is None or _day_of(end) >= question.first)


def _day_of(moment: datetime) -> date:
    try:
        return moment.astimezone(CHINA).date()
    except OverflowError:  # the last hours of the year 9999 are beyond it there
        return date.max


def _item(event: HealthEvent) -> dict[str, Any]:
    start = times.milliseconds(begins(event))
    end = _end(event)
    return {
        "Title": event.title,
        "CurrentStateSeverity": event.severity or (severity.NORMAL if event.over else severity.ALARM),
        "SartTime": start,  # so spelt by SHD itself; the other spelling is for everybody else
        "StartTime": start,
        "EndTime": None if end is None else times.milliseconds(end),
    }


def _end(event: HealthEvent) -> datetime | None:
    """The end as SHD gave it. Where it gave none, one that is over by severity NORMAL has none in SHD either; one that
    we concluded is over gets the time of that, because null means that it goes on."""
    if event.end is None and event.over and severity.rank(event.severity) != severity.NORMAL:
        return event.since
    return event.end


def _info(source: SourceState, as_of: datetime | None) -> str:
    """SHD's shape has one place for words; an empty list while nobody looks must not read as all is well."""
    if source == "fresh":
        return "OK"
    seen = "nothing was read yet" if as_of is None else f"last read of this pair {times.text(as_of)}"
    return f"The source is {source}: {seen}; what is not listed is not known to be fine."
