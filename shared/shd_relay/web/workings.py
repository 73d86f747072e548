"""What the store knows of the relay's own work, for those who operate it: /metrics and /readyz."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct

from shd_relay.backlog import Backlog
from shd_relay.records import METER, WORK, Learned, Meter, Parked, Refused
from shd_relay.web.facts import Facts


class Asking(Struct, frozen=True, kw_only=True):
    """The part of the work record that tells how the operations are; its bulk, the pairs, is not even decoded."""

    pace: Learned | None = None
    refused: dict[str, Refused] = {}
    mute: dict[str, int] = {}

    @property
    def operations(self) -> tuple[str, ...]:
        """Those that were asked or would be."""
        return tuple(sorted(self.mute.keys() | self.refused.keys()))


class Workings(NamedTuple):
    """All as it is now. `meter` None: nothing was counted yet."""

    asking: Asking
    meter: Meter | None
    backlog: Backlog
    parked_messages: list[Parked]
    parked_items: list[Parked]


def read(facts: Facts) -> Workings:
    """May raise StoreUnavailable and ContractError."""
    parked = facts.parked()
    return Workings(
        asking=facts.kept(WORK, Asking) or Asking(),
        meter=facts.kept(METER, Meter),
        backlog=facts.backlog(),
        parked_messages=[each for each in parked if each.key.startswith("message:")],
        parked_items=[each for each in parked if not each.key.startswith("message:")],
    )
