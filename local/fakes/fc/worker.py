"""What runs inside a function's process: loads the handler and answers calls that come over a pipe.

Started by path with `-I -S`: standard library only, nothing of the host is importable. Arguments: the number of the
descriptor to read calls from, and of the one to write answers to. A frame is four bytes of length, then JSON.
The first call is `start`, all others `invoke`. End of file ends the process.
"""

from __future__ import annotations

import base64
import importlib
import json
import logging
import os
import sys
import traceback
from datetime import datetime
from types import SimpleNamespace
from typing import Any, BinaryIO


class Context:
    """Holds what its flavour of runtime gives and nothing else: a missing attribute is missing here too."""

    def __init__(self, values: dict[str, Any]) -> None:
        for name, value in values.items():
            setattr(self, name, SimpleNamespace(**value) if isinstance(value, dict) else value)


class LoggerContext(Context):
    """python3.12: `logger` is None until `getLogger` was called."""

    logger: logging.Logger | None = None

    def getLogger(self) -> logging.Logger:
        self.logger = logging.getLogger()
        return self.logger


class LogFormatter(logging.Formatter):
    request_id = "-"

    def format(self, record: logging.LogRecord) -> str:
        record.request_id = self.request_id
        return super().format(record)


class Worker:
    def __init__(self) -> None:
        self._now: datetime | None = None
        self._handler: Any = None
        self._formatter = LogFormatter("%(asctime)s %(request_id)s [%(levelname)s] %(message)s")

    def start(self, call: dict[str, Any]) -> bytes:
        """Loads code as a new instance does: clock first, so that nothing reads the time before it is set."""
        stream = logging.StreamHandler(sys.stdout)
        stream.setFormatter(self._formatter)
        logging.getLogger().addHandler(stream)
        logging.getLogger().setLevel(logging.INFO)
        sys.path.insert(0, call["code"])
        self._now = datetime.fromisoformat(call["now"])
        if call["clock_module"]:
            importlib.import_module(call["clock_module"]).use(lambda: self._now)
        self._handler = _load(call["handler"])
        if call["initializer"]:
            _load(call["initializer"])(_context(call))
        return b""

    def invoke(self, call: dict[str, Any]) -> bytes:
        self._now = datetime.fromisoformat(call["now"])
        return _encode(self._handler(base64.b64decode(call["event"]), _context(call)))

    def answer(self, call: dict[str, Any]) -> dict[str, Any]:
        self._formatter.request_id = call["context"]["request_id"]
        try:
            payload = self.start(call) if call["do"] == "start" else self.invoke(call)
            return {"payload": base64.b64encode(payload).decode(), "failed": False}
        except Exception as error:  # noqa: BLE001 (the platform catches what the function lets through)
            return {"payload": base64.b64encode(_error(error)).decode(), "failed": True}


def _load(handler: str) -> Any:
    module, _, name = handler.rpartition(".")
    return getattr(importlib.import_module(module), name)


def _context(call: dict[str, Any]) -> Context:
    return (LoggerContext if call["flavour"] == "3.12" else Context)(call["context"])


def _encode(result: Any) -> bytes:
    if isinstance(result, bytes):
        return result
    return (result if isinstance(result, str) else json.dumps(result)).encode()


def _error(error: Exception) -> bytes:
    trace = traceback.format_exception(type(error), error, error.__traceback__)
    sys.stdout.write("".join(trace))
    return json.dumps({"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": trace}).encode()


def _read(pipe: BinaryIO) -> dict[str, Any] | None:
    head = pipe.read(4)
    if len(head) < 4:
        return None
    body: dict[str, Any] = json.loads(pipe.read(int.from_bytes(head, "big")))
    return body


def main(calls: BinaryIO, answers: BinaryIO) -> None:
    worker = Worker()
    while (call := _read(calls)) is not None:
        answer = json.dumps(worker.answer(call)).encode()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        # stdout and stderr are one pipe: whoever has read this line has read the whole log of the call
        print(call["end_of_log"], flush=True)
        answers.write(len(answer).to_bytes(4, "big") + answer)
        answers.flush()


if __name__ == "__main__":
    for number in map(int, sys.argv[1:]):
        os.set_inheritable(number, False)  # what a handler starts must not hold the host's pipes open
    with open(int(sys.argv[1]), "rb") as reading, open(int(sys.argv[2]), "wb") as writing:  # noqa: PTH123
        main(reading, writing)
