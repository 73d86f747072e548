"""Serves the stand-in until Ctrl-C or SIGTERM: `python -m local.fakes.tablestore [--port N]`."""

from __future__ import annotations

import argparse
import signal
import threading

from local.fakes.tablestore import LOCAL_KEY_ID, LOCAL_SECRET, TablestoreFake


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m local.fakes.tablestore", description="Tablestore on this machine only."
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    port = parser.parse_args().port
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with TablestoreFake(port=port) as fake:
        print(f"endpoint   {fake.url}")
        print(f"instance   {fake.instance}")
        print(f"AccessKey  {LOCAL_KEY_ID} / {LOCAL_SECRET} (good for nothing but this server)")
        print(f"state      {fake.url}/_local/state", flush=True)
        stopped.wait()


if __name__ == "__main__":
    main()
