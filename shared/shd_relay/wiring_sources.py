"""Settings -> the operations of the status API that a poll may ask, each made only when it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shd_relay import clock
from shd_relay.model import IN_PROGRESS, LIST_EVENTS, WITNESS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shd_relay.adapters.credentials import Credentials
    from shd_relay.model import Pair
    from shd_relay.poll import MakeSource
    from shd_relay.ports import Source
    from shd_relay.records import Learned
    from shd_relay.settings import Settings

SWEEP_CALL_SECONDS = 5.0  # the one call goes before all others, and must not take their time

_CHOICES = {"list-events": (LIST_EVENTS,), "in-progress": (IN_PROGRESS,), "auto": (IN_PROGRESS, LIST_EVENTS)}


def sources_for(chosen: Settings, credentials: Credentials, pairs: Sequence[Pair]) -> Mapping[str, MakeSource]:
    """By SHD_SOURCE, and the witness if SHD_WITNESS names its address."""

    def list_events(deadline: float, pace: Learned | None) -> Source:
        from shd_relay.adapters.status_api import ListEventsSource

        return ListEventsSource(
            chosen.status_endpoint, credentials, deadline=deadline,
            rate=chosen.rate, rate_max=chosen.rate_max or 0.0, pace=pace, now=clock.now(),
        )  # fmt: skip

    def in_progress(deadline: float, pace: Learned | None) -> Source:  # noqa: ARG001 - one call a poll has no pace
        from shd_relay.adapters.in_progress import InProgressSource

        return InProgressSource(
            chosen.status_endpoint,
            credentials,
            deadline=deadline,
            call_seconds=SWEEP_CALL_SECONDS,
            regions=list(dict.fromkeys(pair.region for pair in pairs)),
            global_region=chosen.global_region,
        )

    def witness(deadline: float, pace: Learned | None) -> Source:  # noqa: ARG001 - nor has a look at a page
        from shd_relay.adapters.public_page import PublicPageSource

        return PublicPageSource(str(chosen.witness), deadline=deadline, global_region=chosen.global_region)

    made = {LIST_EVENTS: list_events, IN_PROGRESS: in_progress, WITNESS: witness}
    names = _CHOICES[chosen.source] + ((WITNESS,) if chosen.witness else ())
    return {name: made[name] for name in names}
