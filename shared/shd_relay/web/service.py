"""The query side put together: a store, the site and the clock. What the two shells call."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from msgspec import structs

from shd_relay import clock
from shd_relay.errors import RequestError
from shd_relay.ports import ReadStore
from shd_relay.tickets import Tickets
from shd_relay.web import fc, kept
from shd_relay.web.answer import answer
from shd_relay.web.facts import Facts, FactsReader
from shd_relay.web.http import Request, Response, own_headers
from shd_relay.web.kept import Answers, Kept, Own
from shd_relay.web.site import Site
from shd_relay.web.ticket_shelf import TicketShelf


class Service:
    """Answers requests, one after the other or in threads. Never raises."""

    def __init__(
        self,
        store: ReadStore,
        site: Site,
        *,
        now: Callable[[], datetime] = clock.now,
        monotonic: Callable[[], float] = clock.monotonic,
    ) -> None:
        self._reader = FactsReader(store)
        self._shelf = TicketShelf(store)
        self._site = site
        self._now = now
        self._monotonic = monotonic
        self._answers = Answers()

    def __call__(self, request: Request) -> Response:
        now = self._now()
        response = self._answered(request, now).response
        own = own_headers(request.request_id, response.read_at, now)
        return structs.replace(response, headers=(*response.headers, *own))

    def handle_event(self, event: bytes, request_id: str = "") -> dict[str, Any]:
        """An HTTP trigger's event -> what its handler returns."""
        now = self._now()
        try:
            request = fc.to_request(event, request_id)
        except RequestError as error:
            return fc.refusal(error, request_id)
        found = self._answered(request, now)
        if not found.ready:
            found.ready.update(fc.to_dict(request, found.response))
        return fc.with_headers(found.ready, own_headers(request.request_id, found.response.read_at, now))

    def _answered(self, request: Request, now: datetime) -> Kept:
        """The answer that was kept, if what it was made of is still what is known; else a new one."""
        moment, key = self._monotonic(), kept.key_of(request)
        found = self._answers.find(key, now)
        if found and self._still(found, moment, now):
            return found
        seen: list[Facts] = []
        own: list[Own] = []

        def look() -> Facts:
            seen.append(self._reader.facts(moment, now))
            return seen[-1]

        def look_up(partner_id: str, until: datetime | None) -> Tickets:
            known = self._shelf.tickets(partner_id, moment, now)
            own.append(Own(partner_id, known))
            return known if until is None else self._shelf.recorded_by(until, partner_id, known)

        response = answer(request, site=self._site, now=now, look=look, look_up=look_up)
        facts = seen[-1] if seen else None
        until = self._until(facts, now) if response.lasting else now
        made = Kept(response, facts, now, until, {}, own[0] if own else None)
        if response.lasting:
            self._answers.keep(key, made)
        return made

    def _still(self, found: Kept, moment: float, now: datetime) -> bool:
        """Whether what the answer was made of is what is known. Whatever goes wrong here, the answer anew will say."""
        own = found.own
        try:
            if own and self._shelf.tickets(own.partner_id, moment, now) is not own.tickets:
                return False
            return found.facts is None or self._reader.facts(moment, now) is found.facts
        except Exception:  # noqa: BLE001 - a ready answer must not be what a caller sees a stack trace of
            return False

    def _until(self, facts: Facts | None, now: datetime) -> datetime:
        hour = kept.next_hour(now)
        site = self._site
        return min(hour, facts.turns_at(site.pairs, now, site.interval_seconds)) if facts else hour
