"""Serves the stand-in on loopback until interrupted: `python -m local.fakes.status [--port N] [--events FILE]`."""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import threading
from pathlib import Path

from local.fakes.status import LOCAL_KEY_ID, LOCAL_KEY_SECRET, StatusFake, World, events_of


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m local.fakes.status", description="SHD's status API on loopback.")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 takes a free one")
    parser.add_argument("--events", type=Path, help="JSON file: a list of events, or one recorded incident")
    options = parser.parse_args()
    world = World()
    if options.events:
        world.put(*events_of(json.loads(options.events.read_text("utf-8"))))
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    with StatusFake(port=options.port, world=world) as fake, contextlib.suppress(KeyboardInterrupt):
        print(f"status API at {fake.url}", flush=True)
        print(f"for local use only: AccessKeyId {LOCAL_KEY_ID}, secret {LOCAL_KEY_SECRET}", flush=True)
        stopped.wait()


if __name__ == "__main__":
    main()
