"""ListEvents of the status API, as a source of observations."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import datetime

from shd_relay import window
from shd_relay.adapters.caller import Caller
from shd_relay.adapters.credentials import Credentials
from shd_relay.adapters.fanout import fan_out
from shd_relay.adapters.limiter import Limiter
from shd_relay.adapters.refusals import LASTING, Verdict
from shd_relay.adapters.transport import Transport
from shd_relay.dialect import Listing, read_listing
from shd_relay.model import LIST_EVENTS, FailedRead, Item, Observation, Pair
from shd_relay.ports import Findings, ReadRequest
from shd_relay.records import Learned
from shd_relay.schedule import FAILURES

_OUT_OF_TIME = Verdict("passing", "Deadline", "no time left in this poll for a further call")
_SHUT = Verdict("pair", "Circuit", "the reads of this product fail one after the other")


class ListEventsSource:
    """Implements ports.Source. One for each invocation: its credentials and its deadline are that one's.

    `deadline` is in `clock.monotonic` seconds: no call starts after it, none runs beyond it. `call_seconds` bounds one
    call, `pause_seconds` the rest before the first retry. `rate` and `rate_max` (0 = none) are calls per second, `pace`
    what was learned of them at earlier reads (`now`: by today's clock); `size_cap` bytes of one answer, decoded.
    `ca_bundle`: a file of certificates to trust in place of the system's.
    """

    operation = LIST_EVENTS

    def __init__(
        self, endpoint: str, credentials: Credentials, *,
        deadline: float, rate: float, rate_max: float, pace: Learned | None = None, now: datetime | None = None,
        threads: int = 64, call_seconds: float = 10.0, pause_seconds: float = 0.2,
        size_cap: int = 8_000_000, ca_bundle: str | None = None,
    ) -> None:  # fmt: skip
        self._endpoint = endpoint
        self._credentials = credentials
        self._deadline = deadline
        self._threads = threads
        self._call_seconds = call_seconds
        self._pause_seconds = pause_seconds
        self._size_cap = size_cap
        self._ca_bundle = ca_bundle
        self._limiter = Limiter(rate, rate_max, pace, now)
        self._rung = 0
        self._refused: str | None = None
        self._tally = Tally()

    def read(self, requests: Sequence[ReadRequest], *, now: datetime, rung: int) -> Iterator[Observation | FailedRead]:
        """See ports.Source. `now` is the time of every outcome, and says which day is today."""
        if not requests:
            return
        ladder = Ladder(rung)
        transport = Transport(
            self._endpoint, connections=self._threads, size_cap=self._size_cap, ca_bundle=self._ca_bundle
        )
        caller = Caller(
            LIST_EVENTS, transport, self._credentials, self._limiter,
            read=read_listing, deadline=self._deadline, call_seconds=self._call_seconds,
            pause_seconds=self._pause_seconds,
        )  # fmt: skip
        reader = _Reader(caller, self._limiter, ladder, self._tally, now=now, deadline=self._deadline)
        self._limiter.open()

        def give_up() -> None:
            self._limiter.close()
            transport.close()
            self._rung, self._refused = ladder.learned, self._tally.refused(caller.refused.for_good)

        yield from fan_out(requests, reader.read, threads=self._threads, turn=reader.turn, give_up=give_up)

    def learned(self, now: datetime) -> Findings:
        """See ports.Source. There is no pace while there is neither a ceiling nor a throttled answer."""
        return Findings(self._rung, self._limiter.learned(now), self._refused)


class Tally:
    """What the reads of one invocation came to: by product, so that one that only fails does not use up the time; and
    whether all of them were refused, which a short watch list never says often enough to the caller."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failing: dict[str, int] = {}
        self._refusals = self._failures = self._answers = 0
        self._last = ""

    def shut(self, product: str) -> bool:
        return self._failing.get(product, 0) >= FAILURES

    def note(self, product: str, verdict: Verdict | None) -> None:
        """None: an answer. A throttled read says nothing about the product."""
        refused = verdict is not None and verdict.meaning in LASTING
        with self._lock:
            if verdict is None:
                self._answers += 1
                self._failing.pop(product, None)
                return
            self._refusals += refused
            self._failures += not refused
            self._last = verdict.reason
            if verdict.meaning not in {"throttled", "everyone"}:
                self._failing[product] = self._failing.get(product, 0) + 1

    def refused(self, for_good: Verdict | None) -> str | None:
        """Why it is of no use to ask again soon, if that is so."""
        if self._answers:
            return None
        if for_good:
            return for_good.reason
        return self._last if self._refusals and not self._failures else None


class Ladder:
    """Which rung of the window is asked for first.

    It narrows for everyone once a pair that had been refused was answered further down; a pair that is refused at every
    rung is refused for another reason. It widens in no read.
    """

    def __init__(self, rung: int) -> None:
        self._lock = threading.Lock()
        self.rung = window.clamp(rung)
        self.learned = self.rung

    def proved(self, rung: int) -> None:
        """A pair that had been refused was answered at `rung`."""
        with self._lock:
            self.rung = self.learned = max(self.learned, rung)


class _Reader:
    """Reads one pair after the other, from many threads."""

    def __init__(
        self, caller: Caller[Listing], limiter: Limiter, ladder: Ladder, tally: Tally, *,
        now: datetime, deadline: float,
    ) -> None:  # fmt: skip
        self._caller = caller
        self._limiter = limiter
        self._ladder = ladder
        self._now = now
        self._deadline = deadline
        self.tally = tally

    def turn(self) -> bool:
        """Whether the next pair may begin. What is refused for good needs no turn: nothing is sent."""
        return self._caller.refused.for_good is not None or self._limiter.wait_turn(self._deadline)

    def read(self, request: ReadRequest) -> Observation | FailedRead:
        """One pair. The turn for its first call is taken already."""
        known = self._caller.refused.for_good
        if known is not None:
            return self._failed(request.pair, known, asked=False)
        if self.tally.shut(request.pair.product):
            return self._failed(request.pair, _SHUT, asked=False)
        outcome = self._narrowing(request)
        if not isinstance(outcome, Verdict):
            self.tally.note(request.pair.product, None)
            return outcome
        if outcome is not _OUT_OF_TIME:
            self.tally.note(request.pair.product, outcome)
        return self._failed(request.pair, outcome, asked=outcome is not _OUT_OF_TIME)

    def _narrowing(self, request: ReadRequest) -> Observation | Verdict:
        rung, refused = self._ladder.rung, False
        while True:
            outcome = self._ask(request, window.plan(request.since, self._now, rung, until=request.until))
            if isinstance(outcome, Observation):
                if refused:
                    self._ladder.proved(rung)
                return outcome
            lower = window.clamp(rung + 1)
            if outcome.meaning != "window" or lower == rung:
                return outcome
            rung, refused = lower, True
            if not self._limiter.wait_turn(self._deadline):
                return _OUT_OF_TIME

    def _ask(self, request: ReadRequest, asks: Sequence[window.Ask]) -> Observation | Verdict:
        listings: list[Listing] = []
        for ask in asks:
            if listings and not self._limiter.wait_turn(self._deadline):
                return _OUT_OF_TIME
            query = {"ProductId": request.pair.product, "EndDate": ask.end.isoformat(), "NumOfDay": str(ask.days)}
            outcome = self._caller.call(query, region=request.pair.region)
            if isinstance(outcome, Verdict):
                return outcome
            listings.append(outcome)
        return self._observed(request.pair, listings, asks)

    def _observed(self, pair: Pair, listings: Sequence[Listing], asks: Sequence[window.Ask]) -> Observation:
        """What overlapping calls list twice is one item, as the later call says: it may have changed between them."""
        items: dict[Item, None] = {}
        for listing in listings:
            newer = {(item.start, item.title) for item in listing.items}
            items = {item: None for item in items if (item.start, item.title) not in newer}
            items |= dict.fromkeys(listing.items)
        unreadable = dict.fromkeys(text for listing in listings for text in listing.unreadable)
        windows = tuple(found for ask in asks if (found := ask.window) is not None)
        return Observation(
            pair=pair, operation=LIST_EVENTS, at=self._now, items=tuple(items), windows=windows,
            unreadable=tuple(unreadable),
        )  # fmt: skip

    def _failed(self, pair: Pair, verdict: Verdict, *, asked: bool) -> FailedRead:
        return FailedRead(
            pair=pair, operation=LIST_EVENTS, at=self._now, reason=verdict.reason, code=verdict.code,
            throttled=verdict.meaning == "throttled", asked=asked,
        )  # fmt: skip
