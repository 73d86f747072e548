"""The query side put together: a store, the site and the clock. What the two shells call."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from shd_relay import clock
from shd_relay.errors import RequestError
from shd_relay.ports import ReadStore
from shd_relay.web import fc
from shd_relay.web.answer import answer
from shd_relay.web.facts import FactsReader
from shd_relay.web.http import Request, Response
from shd_relay.web.site import Site


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
        self._site = site
        self._now = now
        self._monotonic = monotonic

    def __call__(self, request: Request) -> Response:
        moment, now = self._monotonic(), self._now()
        return answer(request, site=self._site, now=now, look=lambda: self._reader.facts(moment, now))

    def handle_event(self, event: bytes, request_id: str = "") -> dict[str, Any]:
        """An HTTP trigger's event -> what its handler returns."""
        try:
            request = fc.to_request(event, request_id)
        except RequestError as error:
            return fc.refusal(error, request_id)
        return fc.to_dict(request, self(request))
