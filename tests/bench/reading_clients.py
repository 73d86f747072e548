"""Ways to read pairs, each in a process of its own: `python -m tests.bench.reading_clients NAME PAIRS PORT CA`.

Prints what the read took as JSON; see `Taken`. Everything is imported before the clock runs; connections, trust and
clients are made while it runs.
"""

from __future__ import annotations

import json
import resource
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from typing import Any, NamedTuple

THREADS = 64
NOW = datetime(2026, 6, 10, 12, tzinfo=timezone.utc)
KEY, SECRET = "LTAI-of-the-benchmark", "its-secret"


class Taken(NamedTuple):
    """Seconds by the clock and of this process's CPU; bytes of memory at the most."""

    wall: float
    cpu: float
    memory: int


def ours(count: int, port: int, ca: str) -> Callable[[], int]:
    """What the poll function reads by, without a limit of the rate."""
    import aliyunsdkcore.auth.signers.access_key_signer
    import aliyunsdkcore.request

    assert aliyunsdkcore
    from shd_relay import clock
    from shd_relay.adapters.credentials import Credentials
    from shd_relay.adapters.status_api import ListEventsSource
    from shd_relay.model import Observation, Pair
    from shd_relay.ports import ReadRequest

    credentials = Credentials(access_key_id=KEY, access_key_secret=SECRET)

    def read() -> int:
        source = ListEventsSource(
            f"https://localhost:{port}", credentials, deadline=clock.monotonic() + 600, rate=5, rate_max=0,
            threads=THREADS, ca_bundle=ca,
        )  # fmt: skip
        requests = [ReadRequest(Pair(*names), NOW) for names in pairs(count)]
        outcomes = source.read(requests, now=NOW, rung=0)
        return sum(isinstance(outcome, Observation) and len(outcome.items) == 2 for outcome in outcomes)

    return read


def sdk_threads(count: int, port: int, ca: str) -> Callable[[], int]:
    """The SDK sends too: one client, a pool as large as there are threads."""
    ask = _asking(port)

    def read() -> int:
        client = _client(ca, pool_size=THREADS)
        with ThreadPoolExecutor(THREADS) as pool:
            return sum(pool.map(lambda names: len(ask(client, *names)["Data"]) == 2, pairs(count)))

    return read


def sdk_one_by_one(count: int, port: int, ca: str) -> Callable[[], int]:
    ask = _asking(port)

    def read() -> int:
        client = _client(ca)
        return sum(len(ask(client, *names)["Data"]) == 2 for names in pairs(count))

    return read


def baseline(count: int, port: int, ca: str) -> Callable[[], int]:
    """A round of tests/simulation/baseline.py over memory; the source it is given reads one by one through the SDK."""
    from shd_relay.adapters.memory_store import MemoryStore
    from shd_relay.dialect import read_listing
    from shd_relay.model import Message, Observation, Pair
    from shd_relay.plan import Plan
    from shd_relay.ports import Findings, ReadRequest
    from tests.simulation.baseline import Baseline

    ask = _asking(port, read=read_listing)

    class BySdk:
        operation = "ListEvents"

        def __init__(self) -> None:
            self._client = _client(ca)

        def read(self, requests: Sequence[ReadRequest], *, now: datetime, rung: int) -> Iterator[Observation]:
            for pair in (request.pair for request in requests):
                items = ask(self._client, pair.product, pair.region).items
                yield Observation(pair=pair, operation=self.operation, at=now, items=items, windows=())

        def learned(self, now: datetime) -> Findings:
            return Findings()

    class Accepting:
        def publish(self, message: Message) -> None:
            pass

    plan = Plan(
        shard="main", pairs=tuple(Pair(*names) for names in pairs(count)), interval_seconds=60, budget_seconds=600,
        lease_seconds=600, rate=0, public_url=None,
    )  # fmt: skip

    def read() -> int:
        made = Baseline(
            plan=plan, store=MemoryStore(), sources={BySdk.operation: lambda deadline, pace: BySdk()},
            publisher=lambda deadline: Accepting(), now=lambda: NOW, monotonic=time.monotonic, owner="benchmark",
        )  # fmt: skip
        return int(made.run()["polled"])

    return read


CLIENTS: dict[str, Callable[[int, int, str], Callable[[], int]]] = {
    "ours": ours, "sdk_threads": sdk_threads, "sdk_one_by_one": sdk_one_by_one, "baseline": baseline,
}  # fmt: skip


def pairs(count: int) -> list[tuple[str, str]]:
    return [(f"product-{number // 35:03}", f"region-{number % 35:02}") for number in range(count)]


def _client(ca: str, pool_size: int = 10) -> Any:
    from aliyunsdkcore.client import AcsClient

    return AcsClient(KEY, SECRET, "cn-hangzhou", auto_retry=False, verify=ca, pool_size=pool_size)


def _asking(port: int, read: Callable[[bytes], Any] = json.loads) -> Callable[[Any, str, str], Any]:
    from aliyunsdkcore.client import AcsClient
    from aliyunsdkcore.http.protocol_type import HTTPS
    from aliyunsdkcore.request import RpcRequest

    assert AcsClient

    def ask(client: Any, product: str, region: str) -> Any:
        request = RpcRequest("Status", "2020-01-17", "ListEvents")
        request.set_accept_format("JSON")
        request.set_protocol_type(HTTPS)
        request.set_endpoint(f"localhost:{port}")
        for name, value in zip(
            ("ProductId", "RegionId", "EndDate", "NumOfDay"), (product, region, "2026-06-24", "21"), strict=True
        ):
            request.add_query_param(name, value)
        return read(client.do_action_with_exception(request))

    return ask


def main(name: str, count: str, port: str, ca: str) -> None:
    warnings.simplefilter("ignore")  # of the SDK's transport, which sends no SNI on 3.12
    read = CLIENTS[name](int(count), int(port), ca)
    began, worked = time.perf_counter(), time.process_time()
    good = read()
    wall, cpu = time.perf_counter() - began, time.process_time() - worked
    assert good == int(count), f"{good} of {count} were read"
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps(Taken(wall, cpu, memory)))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
