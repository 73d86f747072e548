"""The tickets of the partners that ask, read from the store and kept for a few seconds in the instance."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from datetime import datetime, timedelta

from shd_relay import tickets
from shd_relay.errors import ContractError, StoreUnavailable
from shd_relay.ports import ReadStore
from shd_relay.tickets import Tickets

KEEP_SECONDS = 5.0
MOST_PARTNERS = 256
UNREAD = Tickets()
"""Given when the tickets could not be read, and never were: it holds none, and that says nothing. Known by identity."""

_log = logging.getLogger(__name__)


class TicketShelf:
    """One copy for each partner that asked lately, refreshed by the new entries of its log. For several threads."""

    def __init__(
        self, store: ReadStore, *, keep_seconds: float = KEEP_SECONDS, most_partners: int = MOST_PARTNERS
    ) -> None:
        self._store = store
        self._keep = keep_seconds
        self._most = most_partners
        self._copies: OrderedDict[str, _Copy] = OrderedDict()
        self._lock = threading.Lock()

    def tickets(self, partner_id: str, monotonic: float, now: datetime) -> Tickets:
        """The partner's tickets, kept for a moment by `monotonic` seconds and by `now`; the very same object as before
        if nothing was recorded since. When the store does not answer, or holds what cannot be read: the last copy, else
        UNREAD."""
        copy = self._copy_of(partner_id)
        with copy.lock:
            if not copy.is_young(monotonic, now, self._keep):
                self._refresh(copy, partner_id)
                copy.read_at, copy.read_time = monotonic, now
            return UNREAD if copy.tickets is None else copy.tickets

    def recorded_by(self, moment: datetime, partner_id: str, known: Tickets) -> Tickets:
        """The tickets recorded up to the moment; `known`: those of now. May raise StoreUnavailable or ContractError."""
        if known.at is None or known.at <= moment:
            return known
        return tickets.load(self._store, partner_id, until=moment)

    def _copy_of(self, partner_id: str) -> _Copy:
        with self._lock:
            copy = self._copies.setdefault(partner_id, _Copy())
            self._copies.move_to_end(partner_id)
            if len(self._copies) > self._most:
                self._copies.popitem(last=False)
            return copy

    def _refresh(self, copy: _Copy, partner_id: str) -> None:
        try:
            copy.tickets = tickets.load(self._store, partner_id, after=copy.tickets or tickets.NO_TICKETS)
        except StoreUnavailable:
            return
        except ContractError as error:  # waiting does not help: a person has to look at the store
            _log.error("the tickets of %s are refused: %s", partner_id, error)


class _Copy:
    """What is known of one partner; None: nothing yet."""

    def __init__(self) -> None:
        self.tickets: Tickets | None = None
        self.read_at = 0.0
        self.read_time: datetime | None = None
        self.lock = threading.Lock()  # its own: a slow store keeps those waiting only who ask for the same

    def is_young(self, monotonic: float, now: datetime, keep_seconds: float) -> bool:
        if self.read_time is None:
            return False
        return 0 <= monotonic - self.read_at < keep_seconds and abs(now - self.read_time) < timedelta(
            seconds=keep_seconds
        )
