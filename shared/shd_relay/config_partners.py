"""The partners of the config: who they are, what their plan is, and which tokens are theirs."""

from __future__ import annotations

import re
from datetime import date
from typing import Literal, get_args

from msgspec import Struct

from shd_relay import config_checks
from shd_relay import config_readers as readers
from shd_relay.config_readers import Notes
from shd_relay.config_yaml import Node, Sequence
from shd_relay.plans import PLANS, PlanId, plan_id
from shd_relay.ticket_severity import Important

Scope = Literal["read", "feed", "operate"]
SCOPES: tuple[Scope, ...] = get_args(Scope)

_IMPORTANT = ("business_critical", "production", "key")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


class Token(Struct, frozen=True, kw_only=True):
    """What we know of a token: the SHA-256 of its UTF-8 bytes, in lower-case hex, and what it may do."""

    sha256: str
    scopes: frozenset[Scope]

    def __repr__(self) -> str:
        return f"Token(scopes={sorted(self.scopes)})"


class Partner(Struct, frozen=True, kw_only=True):
    """A reseller. `products` and `regions` None: all of the watch list. Both days of the plan are inclusive, UTC+8.

    `important`: what its products are to it. `time_zone`: an IANA name; its local time, and the days of its reports.
    """

    id: str
    name: str
    plan: PlanId
    ticket_packages: int = 0
    valid_from: date
    valid_until: date
    tokens: tuple[Token, ...] = ()
    products: tuple[str, ...] | None = None
    regions: tuple[str, ...] | None = None
    important: Important = Important()
    time_zone: str = "Asia/Shanghai"


def read_partners(node: Node | None, notes: Notes) -> tuple[Partner, ...]:
    """Every partner; no id and no token stands in the file twice."""
    hashes: dict[str, Node] = {}
    ids: dict[str, Node] = {}
    return tuple(_read_partner(item, notes, ids, hashes) for item in readers.read_items(node, notes))


def _read_partner(node: Node, notes: Notes, ids: dict[str, Node], hashes: dict[str, Node]) -> Partner:
    fields = readers.read_fields(
        node,
        notes,
        required=("id", "name", "plan", "valid_from", "valid_until"),
        optional=("ticket_packages", "tokens", "products", "regions", "importance", "time_zone"),
    )
    valid_from, valid_until = _read_validity(fields, notes)
    own_id = readers.read_checked(fields.get("id"), notes, config_checks.check_id)
    _note_repetition(own_id.lower(), fields.get("id"), ids, notes, "the id")
    return Partner(
        id=own_id,
        name=readers.read_name(fields.get("name"), notes),
        plan=_read_plan(fields.get("plan"), notes),
        ticket_packages=readers.read_count(fields.get("ticket_packages"), notes),
        valid_from=valid_from,
        valid_until=valid_until,
        tokens=tuple(_read_token(item, notes, hashes) for item in readers.read_items(fields.get("tokens"), notes)),
        products=readers.read_ids(fields.get("products"), notes),
        regions=readers.read_ids(fields.get("regions"), notes),
        important=_read_important(fields.get("importance"), notes),
        time_zone=_read_time_zone(fields.get("time_zone"), notes),
    )


def _read_important(node: Node | None, notes: Notes) -> Important:
    """Each list is of products, or `all`: those that stand in no other list."""
    if node is None:
        return Important()
    fields = readers.read_fields(node, notes, required=(), optional=_IMPORTANT)
    lists: dict[str, frozenset[str] | None] = {}
    places: dict[str, str] = {}
    for name in _IMPORTANT:
        if name not in fields:
            continue
        ids = readers.read_ids(fields[name], notes)
        if ids is None and None in lists.values():
            notes.add(fields[name], "all stands in another list, too")
        for id_ in ids or ():
            if id_ and places.setdefault(id_.casefold(), name) != name:
                notes.add(fields[name], f"{id_} stands in {places[id_.casefold()]}, too")
        lists[name] = None if ids is None else frozenset(map(str.casefold, ids))
    return Important(**lists)


def _read_time_zone(node: Node | None, notes: Notes) -> str:
    return "Asia/Shanghai" if node is None else readers.read_checked(node, notes, _check_time_zone)


def _check_time_zone(text: str) -> str:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # few name one, and the cold start is everybody's

    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"unknown time zone {config_checks.shown(text)}: an IANA name such as Asia/Tokyo") from None
    return text


def _read_validity(fields: readers.Fields, notes: Notes) -> tuple[date, date]:
    first = readers.read_date(fields.get("valid_from"), notes)
    last = readers.read_date(fields.get("valid_until"), notes)
    if first and last and last < first:
        notes.add(fields["valid_until"], f"is before valid_from, which is {first}")
    return first or date.min, last or date.max


def _read_plan(node: Node | None, notes: Notes) -> PlanId:
    text = readers.read_plain(node, notes)
    if node is None or text is None:
        return "selected"
    plan = plan_id(text)
    if plan is None:
        notes.add(node, f"unknown plan {config_checks.shown(text)}{config_checks.hint(text, PLANS)}")
    return plan or "selected"


def _read_token(node: Node, notes: Notes, hashes: dict[str, Node]) -> Token:
    fields = readers.read_fields(node, notes, required=("sha256", "scopes"), secret=True)
    sha256 = readers.read_checked(fields.get("sha256"), notes, _check_sha256)
    _note_repetition(sha256, fields.get("sha256"), hashes, notes, "the token")
    return Token(sha256=sha256, scopes=_read_scopes(fields.get("scopes"), notes))


def _read_scopes(node: Node | None, notes: Notes) -> frozenset[Scope]:
    if node is None:
        return frozenset()
    if not isinstance(node, Sequence) or not node.items:
        notes.add(node, f"must be a list with at least one of {', '.join(SCOPES)}")
        return frozenset()
    return frozenset(_read_scope(item, notes) for item in node.items)


def _read_scope(node: Node, notes: Notes) -> Scope:
    word = readers.read_plain(node, notes)
    for scope in SCOPES:
        if scope == word:
            return scope
    if word is not None:  # not repeated: it may be the token, one line too low
        notes.add(node, f"unknown scope{config_checks.hint(word, SCOPES)}")
    return SCOPES[0]


def _check_sha256(text: str) -> str:
    if len(text) != 64:
        raise ValueError(f"must be 64 hex digits, is {len(text)} long")
    if not _SHA256.fullmatch(text.lower()):
        raise ValueError("must be 64 hex digits, holds other characters")
    if text.lower() == _OF_NOTHING:
        raise ValueError("is the hash of an empty token")
    return text.lower()


def _note_repetition(value: str, node: Node | None, seen: dict[str, Node], notes: Notes, what: str) -> None:
    if node is None or not value:
        return
    first = seen.setdefault(value, node)
    if first is not node:
        notes.add(node, f"is {what} of {first.path} in line {first.line} again")
