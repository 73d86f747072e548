"""ListEventInProgress of the status API, as a source of observations: one call for all regions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime

from shd_relay.adapters.caller import Caller
from shd_relay.adapters.credentials import Credentials
from shd_relay.adapters.limiter import Limiter
from shd_relay.adapters.refusals import LASTING, Verdict
from shd_relay.adapters.sweeping import failures, observations
from shd_relay.adapters.transport import Transport
from shd_relay.dialect_in_progress import Sweep, read_in_progress
from shd_relay.model import IN_PROGRESS, FailedRead, Observation
from shd_relay.ports import Findings, ReadRequest

_OUT_OF_TIME = Verdict("passing", "Deadline", "no time left in this poll for a further call")


class InProgressSource:
    """Implements ports.Source; parameters as of ListEventsSource. `regions`: those to ask for, `global_region` the one
    of what has none. A pair of another region is read as the answer tells of it unasked."""

    operation = IN_PROGRESS

    def __init__(
        self, endpoint: str, credentials: Credentials, *,
        deadline: float, regions: Sequence[str], global_region: str,
        call_seconds: float = 10.0, pause_seconds: float = 0.2,
        size_cap: int = 8_000_000, ca_bundle: str | None = None,
    ) -> None:  # fmt: skip
        self._endpoint = endpoint
        self._credentials = credentials
        self._deadline = deadline
        self._regions = list(regions)
        self._global_region = global_region
        self._call_seconds = call_seconds
        self._pause_seconds = pause_seconds
        self._size_cap = size_cap
        self._ca_bundle = ca_bundle
        self._refused: str | None = None

    def read(
        self,
        requests: Sequence[ReadRequest],
        *,
        now: datetime,
        rung: int,  # noqa: ARG002 - there is no window
    ) -> Iterator[Observation | FailedRead]:
        """See ports.Source. All pairs come from one call; those of a region that it refuses have no outcome."""
        if not requests:
            return
        outcome, left_out = self._called()
        if outcome is _OUT_OF_TIME:
            return
        if isinstance(outcome, Verdict):
            self._refused = outcome.reason if outcome.meaning in LASTING else None
            throttled = outcome.meaning == "throttled"
            yield from failures(
                IN_PROGRESS, requests, now, reason=outcome.reason, code=outcome.code, throttled=throttled
            )
            return
        self._refused = None
        read = [request for request in requests if request.pair.region != left_out]
        yield from observations(IN_PROGRESS, read, outcome, now, self._global_region)

    def learned(self, now: datetime) -> Findings:  # noqa: ARG002 - nothing is dated
        """See ports.Source. One call a poll teaches nothing about the pace."""
        return Findings(refused=self._refused)

    def _called(self) -> tuple[Sweep | Verdict, str | None]:
        """What came of it, and the region that was left out: the one of what has none may be none for this call."""
        limiter = Limiter(1.0, 0.0)
        transport = Transport(self._endpoint, connections=1, size_cap=self._size_cap, ca_bundle=self._ca_bundle)
        caller = Caller(
            IN_PROGRESS, transport, self._credentials, limiter, read=read_in_progress, deadline=self._deadline,
            call_seconds=self._call_seconds, pause_seconds=self._pause_seconds,
        )  # fmt: skip
        try:
            outcome = self._ask(caller, limiter, self._regions)
            others = [region for region in self._regions if region != self._global_region]
            refused = isinstance(outcome, Verdict) and outcome.meaning in {"window", "pair"}
            if refused and others and len(others) < len(self._regions):
                return self._ask(caller, limiter, others), self._global_region
            return outcome, None
        finally:
            limiter.close()
            transport.close()

    def _ask(self, caller: Caller[Sweep], limiter: Limiter, regions: list[str]) -> Sweep | Verdict:
        if not limiter.wait_turn(self._deadline):
            return _OUT_OF_TIME
        return caller.call({}, region=regions[0], form={"RegionIds": json.dumps(regions)})
