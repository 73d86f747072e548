"""One instance of a function: a child process, the two pipes to it, and its log."""

from __future__ import annotations

import base64
import json
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

WORKER = Path(__file__).with_name("worker.py")
LOG_LINE_BYTES = 32 * 1024  # the platform's limit of one line
STOP_SECONDS = 1.0


class InstanceDied(Exception):
    """The process ended in the middle of a call."""


class InstanceTimeout(Exception):
    """The call was not answered in time; the process is still there."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the handler returned, or the JSON of its error. `usable`: the instance may take another call."""

    payload: bytes
    failed: bool = False
    usable: bool = True


class Instance:
    """Starts the process at once. One call at a time; `close` may come from any thread and any number of times."""

    def __init__(
        self, *, python: str, code: Path, environment: Mapping[str, str], on_line: Callable[[str], None]
    ) -> None:
        self._on_line = on_line
        self._lines: list[str] = []
        self._end_of_log = ""
        self._log_ended = threading.Event()
        self._closing = threading.Lock()
        self._closed = False
        calls_read, self._calls = os.pipe()
        self._answers, answers_write = os.pipe()
        try:
            self._process = self._spawn(python, code, environment, calls_read, answers_write)
        except OSError:
            os.close(self._calls)
            os.close(self._answers)
            raise
        finally:
            os.close(calls_read)
            os.close(answers_write)
        self._reader = threading.Thread(target=self._read_log, args=(self._process.stdout,), daemon=True)
        self._reader.start()

    @staticmethod
    def _spawn(
        python: str, code: Path, environment: Mapping[str, str], calls: int, answers: int
    ) -> subprocess.Popen[bytes]:
        # -I -S: the code folder and the standard library only; -B: the code folder stays as it was uploaded
        return subprocess.Popen(
            [python, "-I", "-S", "-B", "-X", "utf8", str(WORKER), str(calls), str(answers)],
            cwd=code,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(calls, answers),
            start_new_session=True,  # Ctrl-C is for the host, which then stops its instances
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def call(self, message: Mapping[str, Any], *, timeout: float) -> Answer:
        """Raises InstanceDied or InstanceTimeout; after either the instance is of no more use."""
        self._end_of_log = f"FC Invoke End RequestId: {message['context']['request_id']}"
        self._log_ended.clear()
        body = json.dumps({**message, "end_of_log": self._end_of_log}).encode()
        deadline = time.monotonic() + timeout
        try:
            self._send(len(body).to_bytes(4, "big") + body, deadline)
            size = int.from_bytes(self._receive(4, deadline), "big")
            answer = json.loads(self._receive(size, deadline))
        except OSError as gone:
            raise InstanceDied from gone
        self._log_ended.wait(STOP_SECONDS)
        return Answer(base64.b64decode(answer["payload"]), answer["failed"])

    def take_lines(self) -> tuple[str, ...]:
        """The lines that were logged since they were last taken."""
        taken, self._lines = self._lines, []
        return tuple(taken)

    def _send(self, data: bytes, deadline: float) -> None:
        os.set_blocking(self._calls, False)
        while data:
            self._wait(self._calls, selectors.EVENT_WRITE, deadline)
            data = data[os.write(self._calls, data) :]

    def _receive(self, size: int, deadline: float) -> bytes:
        data = b""
        while len(data) < size:
            self._wait(self._answers, selectors.EVENT_READ, deadline)
            chunk = os.read(self._answers, size - len(data))
            if not chunk:
                raise InstanceDied
            data += chunk
        return data

    @staticmethod
    def _wait(descriptor: int, event: int, deadline: float) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, event)
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise InstanceTimeout

    def _read_log(self, log: IO[bytes]) -> None:
        with log as stream:
            while line := stream.readline(LOG_LINE_BYTES):
                text = line.decode(errors="replace").rstrip("\n")
                ended = bool(self._end_of_log) and text.endswith(self._end_of_log)
                rest = text.removesuffix(self._end_of_log) if ended else text  # a last line without its newline
                if rest or not ended:
                    self._lines.append(rest)
                    self._on_line(rest)
                if ended:
                    self._log_ended.set()

    def kill(self, signum: int = signal.SIGKILL) -> None:
        """Signals the process and what it started; nobody left to signal is fine."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signum)

    def close(self, *, at_once: bool = False) -> int:
        """Ends the process, orderly unless `at_once`; returns its exit code (negative: the signal)."""
        with self._closing:
            if not self._closed:
                self._closed = True
                os.close(self._calls)
                self._end(at_once)
                self._reader.join()
                os.close(self._answers)
        return self._process.returncode

    def _end(self, at_once: bool) -> None:
        if not at_once:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
        self.kill()  # also what the function left running in the background: it would hold the log open
        self._process.wait()
