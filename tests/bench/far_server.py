"""A status API 50 ms away: TLS, HTTP/1.1, always one answer. Cheap, so that it is the clients that are measured.

`python -m tests.bench.far_server FILE`, with its key and certificate in FILE, writes its port to standard output and
serves until its input ends.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys

LATENCY = 0.05  # seconds from a request to its answer

_EVENTS = (("【故障】ECS 部分实例网络异常", "ALARM", None), ("RDS scheduled maintenance", "NORMAL", 1_780_000_600_000))
_BODY = json.dumps(
    {
        "RequestId": "0C3F1C1E-6E1C-5B9A-9D1F-2A7C5B1E4D10", "Code": 200, "HTTPCode": 200, "Success": "true",
        "Info": "成功处理", "Total": len(_EVENTS),
        "Data": [
            {"Title": title, "CurrentStateSeverity": severity, "SartTime": 1_780_000_000_000, "EndTime": end}
            for title, severity, end in _EVENTS
        ],
    }
).encode()  # fmt: skip
_HEAD = f"""HTTP/1.1 200 OK
Date: Wed, 10 Jun 2026 12:00:00 GMT
Content-Type: application/json;charset=utf-8
Content-Length: {len(_BODY)}
Connection: keep-alive
Access-Control-Allow-Origin: *
x-acs-request-id: 0C3F1C1E-6E1C-5B9A-9D1F-2A7C5B1E4D10
x-acs-trace-id: 5f0e2d6f4f2d4f0c8f7e3a3b0c1d2e3f

"""
ANSWER = _HEAD.replace("\n", "\r\n").encode() + _BODY


class _Answering(asyncio.Protocol):
    """Requests have no body: each ends with an empty line, and the next comes after the answer."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._write = transport.write
        self._later = asyncio.get_running_loop().call_later

    def data_received(self, data: bytes) -> None:
        if data.endswith(b"\r\n\r\n"):
            self._later(LATENCY, self._write, ANSWER)


async def _serve(certificate: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Answering, "127.0.0.1", 0, ssl=context, backlog=1024)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve(*sys.argv[1:]))
