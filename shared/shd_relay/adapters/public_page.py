"""The dashboard's own JSON, as a witness: what the page at its address shows, unsigned and undocumented (2.1).

The address is the operator's. With `{region}` in it, it is fetched once for each region; else one answer is about all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from urllib.parse import quote, urlsplit

from shd_relay import clock
from shd_relay.adapters.fanout import fan_out
from shd_relay.adapters.signing import Signed
from shd_relay.adapters.sweeping import failures, observations
from shd_relay.adapters.transport import Transport
from shd_relay.dialect_in_progress import Sweep, read_page
from shd_relay.errors import ContractError, RelayError, SourceUnavailable
from shd_relay.model import WITNESS, FailedRead, Observation
from shd_relay.ports import Findings, ReadRequest

PLACE = "{region}"
THREADS = 8  # it is a page for people
HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "shd-relay"}


class PublicPageSource:
    """Implements ports.Source. `address`: a URL, with or without `{region}`; no credential ever goes there."""

    operation = WITNESS

    def __init__(
        self, address: str, *, deadline: float, global_region: str, call_seconds: float = 10.0,
        size_cap: int = 8_000_000, ca_bundle: str | None = None,
    ) -> None:  # fmt: skip
        parts = urlsplit(address)
        self._endpoint = f"{parts.scheme}://{parts.netloc}"
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._deadline = deadline
        self._global_region = global_region
        self._call_seconds = call_seconds
        self._size_cap = size_cap
        self._ca_bundle = ca_bundle

    def read(
        self,
        requests: Sequence[ReadRequest],
        *,
        now: datetime,
        rung: int,  # noqa: ARG002 - there is no window
    ) -> Iterator[Observation | FailedRead]:
        """See ports.Source. With `{region}`, the pairs of a region whose page does not answer fail."""
        if not requests:
            return
        by_region: dict[str | None, list[ReadRequest]] = {}
        for request in requests:
            by_region.setdefault(request.pair.region if PLACE in self._target else None, []).append(request)
        transport = Transport(self._endpoint, connections=THREADS, size_cap=self._size_cap, ca_bundle=self._ca_bundle)
        outcomes = fan_out(
            list(by_region.items()), lambda task: (task[1], self._page(transport, task[0])),
            threads=THREADS, turn=self._in_time, give_up=transport.close,
        )  # fmt: skip
        for asked, outcome in outcomes:
            if isinstance(outcome, Sweep):
                yield from observations(WITNESS, asked, outcome, now, self._global_region)
            else:
                yield from failures(WITNESS, asked, now, reason=str(outcome), code=getattr(outcome, "code", ""))

    def learned(self, now: datetime) -> Findings:  # noqa: ARG002 - nothing is dated
        """See ports.Source: nothing."""
        return Findings()

    def _in_time(self) -> bool:
        return clock.monotonic() < self._deadline

    def _page(self, transport: Transport, region: str | None) -> Sweep | RelayError:
        target = self._target if region is None else self._target.replace(PLACE, quote(region, safe=""))
        seconds = max(min(self._call_seconds, self._deadline - clock.monotonic()), 0.001)
        try:
            answer = transport.send(Signed(target, HEADERS), seconds=seconds)
            if answer.status != 200:
                return ContractError(f"the page answers HTTP {answer.status}")
            return read_page(answer.body, region)
        except (SourceUnavailable, ContractError) as error:
            return error
