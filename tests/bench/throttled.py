"""Section 3: a status API that throttles. How much of its limit is used, and how many answers are refusals.

`python -m tests.bench.throttled CLIENT SECONDS URL RATE_MAX LEARNED` is one client, in a process of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from local.fakes.status import LOCAL_KEY_ID, LOCAL_KEY_SECRET, Fault, GatewayRules, StatusFake
from tests.bench.markdown import table, wrapped

ROOT = Path(__file__).resolve().parents[2]
SECONDS, BESIDE_SECONDS = 30, 10
LATENCY = 0.03  # seconds
THREADS = 64
RATE, RATE_MAX = 5.0, 50.0  # SHD_RATE and SHD_RATE_MAX where they are not set
CEILINGS = {10: RATE_MAX, 50: RATE_MAX, 100: 200.0}
_PATHS = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'shared'}"}

_WHAT = """
The stand-in of the status API (`local/fakes/status`) accepts so many calls in any second and refuses more with
`Throttling.User`; every answer takes {latency:.0f} ms. Each client reads for a while over real sockets, from a process
of its own, more pairs than there is time for. SHD Relay ({seconds} s) is the poll function's `ListEventsSource` with
{threads} threads, at first with nothing learned, then the poll after it with what the first one learned: for an hour it
stays a fifth below that. Beside it, for {beside} s, the SDK's own client in two ways: {threads} threads that ask again
at once, and one that makes 5 calls a second. **Used**: accepted calls, of limit x seconds. **Throttled**: of all
answers.
"""
_CEILING = """
`SHD_RATE` and `SHD_RATE_MAX` are {rate:g} and {rate_max:g} unless they are set, so of a limit of 100 half is used. The
ceiling has to be raised for more, here to {raised:g}; `0` is none.
"""


class Poll(NamedTuple):
    """One client's time against one limit."""

    limit: int
    client: str
    rate_max: float = RATE_MAX
    learned: str = "null"

    @property
    def seconds(self) -> int:
        return SECONDS if self.client == "ours" else BESIDE_SECONDS


class Met(NamedTuple):
    """What the stand-in counted of it, and what the client told at its end."""

    accepted: int
    throttled: int
    told: str


def section() -> str:
    rows = [row for limit in CEILINGS for row in _rows(limit)]
    what = _WHAT.format(latency=1000 * LATENCY, seconds=SECONDS, threads=THREADS, beside=BESIDE_SECONDS)
    return "\n\n".join((
        "## Throttled",
        wrapped(what),
        table(("calls a second allowed", "client", "accepted a second", "used", "throttled"), rows),
        wrapped(_CEILING.format(rate=RATE, rate_max=RATE_MAX, raised=CEILINGS[100])),
    ))  # fmt: skip


def _rows(limit: int) -> Iterator[tuple[str, ...]]:
    first = Poll(limit, "ours", CEILINGS[limit])
    met = measured(first)
    ceiling = "" if first.rate_max == RATE_MAX else f", ceiling {first.rate_max:g}"
    yield _row(f"SHD Relay{ceiling}, first poll", first, met)
    after = first._replace(learned=met.told)
    yield _row(f"SHD Relay{ceiling}, the poll after it", after, measured(after))
    if first.rate_max != RATE_MAX:
        usual = first._replace(rate_max=RATE_MAX)
        yield _row(f"SHD Relay, ceiling {RATE_MAX:g}", usual, measured(usual))
    for name, client in ((f"{THREADS} threads, again at once", "hasty"), ("5 calls a second", "steady")):
        poll = Poll(limit, client)
        yield _row(name, poll, measured(poll))


def _row(name: str, poll: Poll, met: Met) -> tuple[str, ...]:
    used = met.accepted / (poll.limit * poll.seconds)
    refused = met.throttled / (met.accepted + met.throttled)
    return str(poll.limit), name, f"{met.accepted / poll.seconds:.1f}", f"{used:.1%}", f"{refused:.1%}"


def measured(poll: Poll) -> Met:
    with StatusFake(gateway=GatewayRules(calls_per_second=poll.limit)) as fake:
        fake.fail(Fault.LATE, times=None, seconds=LATENCY)
        command = [sys.executable, "-m", "tests.bench.throttled", poll.client, str(poll.seconds), fake.url]
        done = subprocess.run(
            [*command, str(poll.rate_max), poll.learned], cwd=ROOT, env=_PATHS, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        begun = min(call.at for call in fake.calls)
        over = begun + timedelta(seconds=poll.seconds)
        codes = Counter(call.code for call in fake.calls if call.at < over)
    assert codes.keys() <= {"200", "Throttling.User"}, codes
    return Met(codes["200"], codes["Throttling.User"], done.stdout)


def ours(seconds: float, url: str, rate_max: float, learned: str) -> str:
    """One poll's read; tells what it learned."""
    import msgspec

    from shd_relay import clock
    from shd_relay.adapters.credentials import Credentials
    from shd_relay.adapters.status_api import ListEventsSource
    from shd_relay.model import Pair
    from shd_relay.ports import ReadRequest
    from shd_relay.records import Learned

    now = clock.now()
    source = ListEventsSource(
        url, Credentials(access_key_id=LOCAL_KEY_ID, access_key_secret=LOCAL_KEY_SECRET),
        deadline=clock.monotonic() + seconds, rate=RATE, rate_max=rate_max,
        pace=msgspec.json.decode(learned, type=Learned | None), now=now, threads=THREADS,
    )  # fmt: skip
    more = [ReadRequest(Pair(*_names(number)), now) for number in range(int(seconds * 250))]
    for _ in source.read(more, now=now, rung=0):
        pass
    return msgspec.json.encode(source.learned(clock.now()).pace).decode()


def hasty(seconds: float, url: str, *_: object) -> str:
    """Throttled is no answer: ask again."""
    ask, deadline, numbers = _asking(url), time.monotonic() + seconds, count()

    def loop(_: int) -> None:
        while time.monotonic() < deadline:
            number = next(numbers)
            while not ask(number) and time.monotonic() < deadline:
                pass

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(loop, range(THREADS)))
    return ""


def steady(seconds: float, url: str, *_: object) -> str:
    ask, begun = _asking(url), time.monotonic()
    for number in range(int(seconds * RATE)):
        time.sleep(max(0.0, begun + number / RATE - time.monotonic()))
        ask(number)
    return ""


CLIENTS: dict[str, Callable[[float, str, float, str], str]] = {"ours": ours, "hasty": hasty, "steady": steady}


def _names(number: int) -> tuple[str, str]:
    return f"product-{number // 35:03}", f"region-{number % 35:02}"


def _asking(url: str) -> Callable[[int], bool]:
    """By the SDK's own client: whether the call was accepted."""
    from aliyunsdkcore.acs_exception.exceptions import ServerException
    from aliyunsdkcore.client import AcsClient
    from aliyunsdkcore.request import RpcRequest

    client: Any = AcsClient(LOCAL_KEY_ID, LOCAL_KEY_SECRET, "cn-hangzhou", auto_retry=False, pool_size=THREADS)
    today = datetime.now(timezone(timedelta(hours=8))).date().isoformat()

    def ask(number: int) -> bool:
        request = RpcRequest("Status", "2020-01-17", "ListEvents")
        request.set_accept_format("JSON")
        request.set_endpoint(url.removeprefix("http://"))
        for name, value in zip(("ProductId", "RegionId", "EndDate"), (*_names(number), today), strict=True):
            request.add_query_param(name, value)
        try:
            client.do_action_with_exception(request)
        except ServerException as error:
            if error.get_error_code() == "Throttling.User":
                return False
            raise
        return True

    return ask


def main(client: str, seconds: str, url: str, rate_max: str, learned: str) -> None:
    sys.stdout.write(CLIENTS[client](float(seconds), url, float(rate_max), learned))


if __name__ == "__main__":
    main(*sys.argv[1:])
