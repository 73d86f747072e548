"""python -m local run | replay: see --help of each. The stand-ins alone: python -m local.fakes.status, .mns."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path

from local.incident import Incident, IncidentError, load


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    try:
        incident = load(options.incident)
    except IncidentError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    return _run(incident, options) if options.command == "run" else _replay(incident, options)


def _run(incident: Incident, options: argparse.Namespace) -> int:
    from local.run import run

    try:
        run(incident, speed=options.speed, port=options.port, tell=_tell)
    except KeyboardInterrupt:
        _tell("\nbye")
    except OSError as error:
        print(f"error: port {options.port} cannot be served: {error}; make run STATUS_PORT=0 takes a free one",
              file=sys.stderr)  # fmt: skip
        return 1
    return 0


def _replay(incident: Incident, options: argparse.Namespace) -> int:
    from local.replay import replay

    if options.store != "sqlite":
        print("error: STORE=tablestore is not built yet in this version; STORE=sqlite is", file=sys.stderr)
        return 2
    print(json.dumps(replay(incident, speed=options.speed, tell=_tell), ensure_ascii=False), flush=True)
    return 0


def _tell(line: str) -> None:
    print(line, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, what in (("run", "play, then go on until Ctrl-C"), ("replay", "play to the end and judge")):
        command = commands.add_parser(name, help=what)
        command.add_argument("--incident", type=Path, required=True, help="an incident file")
        command.add_argument("--speed", type=float, default=600, help="at most so many times real speed; 0: no limit")
    commands.choices["run"].add_argument("--port", type=int, default=8080, help="of the status function; 0: a free one")
    commands.choices["replay"].add_argument("--store", choices=("sqlite", "tablestore"), default="sqlite")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
