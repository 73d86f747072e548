"""The ready text of a ticket about an event, as a partner pastes it into the vendor's form: plain text, in English or
Chinese. Upstream text in it is cleaned: a title is one line, and nothing turns the reading order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any, Literal, NamedTuple

from shd_relay import catalogue
from shd_relay.model import WITNESS, HealthEvent, Item, Update
from shd_relay.plans import TARGETS, Severity
from shd_relay.support import Support
from shd_relay.text import clean_line
from shd_relay.ticket_severity import Cause, Suggestion
from shd_relay.ticket_words import WORDS
from shd_relay.tickets import TicketKind

Language = Literal["en", "zh"]
SUBJECT_CHARACTERS = 150
TITLE_CHARACTERS = 300
UPDATES = 10
UPDATE_CHARACTERS = 400

_LANGUAGES: tuple[Language, ...] = ("en", "zh")
_ASKED: dict[Cause, str] = {
    "over": "asked.over", "ahead": "asked.ahead", "maintenance": "asked.ahead", "notice": "asked.notice"
}  # fmt: skip
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._~-]")
_TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")  # marks of the reading order


class TicketText(NamedTuple):
    """`subject` is one line, `body` several; neither is escaped. `within`: when the first response is expected."""

    subject: str
    body: str
    severity: Severity
    kind: TicketKind
    within: timedelta


def kind_of(cause: Cause) -> TicketKind:
    """Technical for trouble that goes on. After an SHD message about anything else a consulting ticket may be opened,
    and those are not counted."""
    return "technical" if cause in {"down", "impaired"} else "consulting"


def compose(
    event: HealthEvent, support: Support, *, partner_name: str, time_zone: str, language: Language,
    public_url: str | None = None, no_region: str | None = None,
) -> TicketText:  # fmt: skip
    """The text for a ticket that is opened now, with the suggested severity. `time_zone` is an IANA name, for the local
    times beside UTC. `no_region`: the id of where services without a region are."""
    from zoneinfo import ZoneInfo  # loaded by who asks for a text alone

    say = _Say(language, ZoneInfo(time_zone), no_region)
    suggestion = support.suggestion
    kind, target = kind_of(suggestion.cause), TARGETS[suggestion.severity]
    asked = "asked.off" if event.state == "cancelled" else _ASKED.get(suggestion.cause, "asked.on")
    about = {
        "severity": say(suggestion.severity), "product": say.product(event.product), "region": say.region(event.region)
    }  # fmt: skip
    blocks = (
        _head(event, suggestion, partner_name, time_zone, say),
        _facts(event, support, public_url, say),
        (say.line("impact", say("impact.value")), say.line("asked", say(asked))),
        _updates(event, say),
        _observed(event, say),
        (say("response", span=_span(target.within, say)),),
    )  # fmt: skip
    return TicketText(
        subject=_cut(say(f"subject.{kind}", **about, title=say.title(event.title)), SUBJECT_CHARACTERS),
        body="\n\n".join("\n".join(lines) for lines in blocks) + "\n",
        severity=suggestion.severity,
        kind=kind,
        within=target.within,
    )


class _Say:
    """Words, names and times in one language; `{name}` in a word is filled in as text, never read again."""

    def __init__(self, language: Language, zone: tzinfo, no_region: str | None) -> None:
        self._which = _LANGUAGES.index(language)
        self._zone = zone
        self._no_region = no_region

    def __call__(self, key: str, **values: object) -> str:
        return WORDS[key][self._which].format(**values)

    def line(self, key: str, value: str) -> str:
        return self("line", name=self(key), value=value)

    def product(self, id_: str) -> str:
        return self._name(id_, catalogue.product_names(id_))

    def region(self, id_: str) -> str:
        return self._name(id_, catalogue.region_names(id_, self._no_region))

    def with_id(self, id_: str, name: Callable[[str], str]) -> str:
        shown, own = name(id_), _clean(id_)
        return own if shown == own else self("with.id", name=shown, id=own)

    def title(self, text: str) -> str:
        return _cut(_clean(text), TITLE_CHARACTERS) or self("untitled")

    def time(self, moment: datetime) -> str:
        """In UTC and in local time, whose offset is that of the moment: `2022-12-18 00:56 UTC (08:56 UTC+08:00)`."""
        utc = moment.astimezone(timezone.utc)
        shown = f"{_day(utc)} {utc:%H:%M} UTC"
        try:
            local = utc.astimezone(self._zone)
        except OverflowError:  # at the end of all times
            return shown
        if not local.utcoffset():
            return shown
        day = "" if local.date() == utc.date() else f"{_day(local)} "
        return f"{shown} ({day}{local:%H:%M} {_offset(local)})"

    def _name(self, id_: str, names: tuple[str, str] | None) -> str:
        return names[self._which] if names else _clean(id_)


def _head(event: HealthEvent, suggestion: Suggestion, partner: str, zone: str, say: _Say) -> Iterator[str]:
    severity = suggestion.severity
    told = {"number": TARGETS[severity].number, "name": say(severity), "when": say(f"{severity}.when")}
    yield say.line("severity", say("severity.value", **told))
    yield say.line("why", _why(event, suggestion, say))
    yield say.line("kind", say(kind_of(suggestion.cause)))
    yield say.line("partner", _clean(partner))
    yield say.line("zone", zone)


def _why(event: HealthEvent, suggestion: Suggestion, say: _Say) -> str:
    """The suggestion's reason, in the partner's own words."""
    cause = "off" if event.state == "cancelled" else suggestion.cause
    parts = [say(f"why.{cause}", severity=_clean(event.severity or "") or say("severity.none"))]
    if kind_of(suggestion.cause) == "technical" and suggestion.importance != "other":
        parts.append(say(f"why.{suggestion.importance}", product=say.product(event.product)))
    if suggestion.wide:
        parts.append(say("why.wide", n=suggestion.hit))
    reason = say("semicolon").join(parts)
    return reason[0].upper() + reason[1:]


def _facts(event: HealthEvent, support: Support, public_url: str | None, say: _Say) -> Iterator[str]:
    yield say.line("product", say.with_id(event.product, say.product))
    yield say.line("region", say.with_id(event.region, say.region))
    yield say.line("title", say.title(event.title))
    completed = event.kind == "maintenance" and event.state == "resolved"
    state = say("resolved.maintenance" if completed else event.state)
    yield say.line("state", say("state.value", state=state, kind=say(f"kind.{event.kind}")))
    ahead = event.state in {"scheduled", "cancelled"}  # of what was called off, too, only the plan is known
    start = say.time(event.start) if event.start else say("from.unknown", at=say.time(event.since))
    yield say.line("from.ahead" if ahead else "from", start)
    over = event.over and not ahead
    if end := (event.end or (event.since if over else None)):
        yield say.line("until" if over else "until.ahead", say.time(end))
    yield say.line("id", say("id.value", id=_clean(event.id), n=event.revision))
    if public_url:
        yield say.line("link", f"{public_url}/events/{_NOT_PLAIN.sub(_encoded, event.id)}")
    if ticket := support.ticket:
        told: dict[str, Any] = {"severity": say(ticket.severity), "at": say.time(ticket.opened_at)}
        yield say.line("ticket", say("ticket.value", id=_clean(ticket.id), **told))


def _updates(event: HealthEvent, say: _Say) -> Iterator[str]:
    """The newest ones, in the order of their times."""
    known = sorted(event.updates, key=_at)
    if not known:
        yield say.line("updates", say("updates.none"))
        return
    earlier = len(known) - UPDATES
    yield say.line("updates", say("updates.earlier", n=earlier) if earlier > 0 else "").rstrip()
    for update in known[-UPDATES:]:
        yield f"- {say.time(update.at)} {_cut(_clean(update.text), UPDATE_CHARACTERS)}"


def _observed(event: HealthEvent, say: _Say) -> Iterator[str]:
    yield say.line("observed", "").rstrip()
    if event.revision <= 1 and event.since == event.changed_at:
        yield f"- {say('seen.first', at=say.time(event.since))}"
    else:
        yield f"- {say('seen.since', since=say.time(event.since), at=say.time(event.changed_at))}"
    for operation, item in event.said.items():
        name = say("public-page") if operation == WITNESS else _clean(operation)
        yield f"- {say('said', operation=name, what=_said_by(item, event, say))}"
    if event.inferred:
        yield f"- {say('inferred')}"
    if event.witness:
        yield f"- {say('witness')}"


def _said_by(item: Item, event: HealthEvent, say: _Say) -> str:
    """What one operation says by itself: its severity, and where it differs from what is shown above."""
    parts = []
    if item.severity:
        parts.append(say("said.severity", word=_clean(item.severity)))
    if item.start and item.start != event.start:
        parts.append(say("said.began", at=say.time(item.start)))
    if item.end and item.end != event.end:
        parts.append(say("said.ended", at=say.time(item.end)))
    if item.title != event.title:
        parts.append(say("said.title", title=say.title(item.title)))
    return say("comma").join(parts) or say("said.nothing")


def _at(update: Update) -> datetime:
    return update.at


def _span(within: timedelta, say: _Say) -> str:
    minutes = int(within.total_seconds()) // 60
    return say("minutes", n=minutes) if minutes % 60 else say("hours", n=minutes // 60)


def _clean(text: str) -> str:
    return clean_line(_TURNING.sub("", text))


def _cut(text: str, characters: int) -> str:
    return text if len(text) <= characters else f"{text[: characters - 1]}…"


def _encoded(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "replace"))


def _day(moment: datetime) -> str:
    return f"{moment.year:04d}-{moment:%m-%d}"


def _offset(local: datetime) -> str:
    sign = f"{local:%z}"
    return f"UTC{sign[:3]}:{sign[3:5]}"
