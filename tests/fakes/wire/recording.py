"""What goes over the wire between an SDK and the Tablestore stand-in, byte by byte, and its form in a file.

It needs no SDK and no pytest: the recorder runs it next to SDKs that this project does not install.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.fakes.loopback import LoopbackServer, Reply, Request
from local.fakes.tablestore import TablestoreFake

FOLDER = Path(__file__).parent
VERSION_TIME = 1_800_000_000  # of every version that the stand-in stores: its answers are the same at each recording
Headers = list[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One request as the SDK sent it, the stand-in's answer, and what the SDK made of it, in plain values."""

    case: str
    target: str
    headers: Headers
    body: bytes
    status: int
    answer: bytes
    told: Any = None

    def header(self, name: str) -> str:
        return next(value for each, value in self.headers if each.lower() == name)


def send(url: str, target: str, headers: Headers, body: bytes) -> tuple[int, Headers, bytes]:
    """Sends the very headers, and nothing of its own, over a connection for this one request."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
    try:
        connection.putrequest("POST", target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders(body)
        with connection.getresponse() as response:
            return response.status, response.getheaders(), response.read()
    finally:
        connection.close()


@contextmanager
def overheard() -> Iterator[tuple[str, list[Exchange]]]:
    """A stand-in behind a listener: its address, and the list that each exchange is added to."""
    heard: list[Exchange] = []
    with TablestoreFake(clock=lambda: VERSION_TIME) as fake:

        def listen(request: Request) -> Reply:
            sent = list(request.headers.items())
            status, headers, answer = send(fake.url, request.target, sent, request.body)
            heard.append(
                Exchange(case="", target=request.target, headers=sent, body=request.body, status=status, answer=answer)
            )
            return Reply(status=status, headers=tuple(headers), body=answer)

        with LoopbackServer(listen) as server:
            yield server.url, heard


def save(path: Path, sdk: str, exchanges: list[Exchange]) -> None:
    cases = [
        {
            "case": each.case,
            "target": each.target,
            "headers": [list(pair) for pair in each.headers],
            "body": each.body.hex(),
            "status": each.status,
            "answer": each.answer.hex(),
            "told": each.told,
        }
        for each in exchanges
    ]
    path.write_text(json.dumps({"sdk": sdk, "exchanges": cases}, ensure_ascii=False, indent=1) + "\n", "utf-8")


def load(path: Path) -> list[Exchange]:
    return [
        Exchange(
            case=each["case"],
            target=each["target"],
            headers=[(name, value) for name, value in each["headers"]],
            body=bytes.fromhex(each["body"]),
            status=each["status"],
            answer=bytes.fromhex(each["answer"]),
            told=each["told"],
        )
        for each in json.loads(path.read_text("utf-8"))["exchanges"]
    ]
