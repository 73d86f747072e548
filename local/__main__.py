"""The cloud on one machine: run and replay play an incident, serve offers the stand-ins alone."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path

from local.incident import Incident, IncidentError, load


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    for signum in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, lambda received, _: sys.exit(128 + received))
    if options.command == "serve":
        return _serve(options)
    try:
        incident = load(options.incident)
    except IncidentError as error:
        return _error(str(error))
    return _run(incident, options) if options.command == "run" else _replay(incident, options)


def _run(incident: Incident, options: argparse.Namespace) -> int:
    from local.run import run

    try:
        run(incident, speed=options.speed, port=options.port, tell=_tell, store=options.store)
    except KeyboardInterrupt:
        _tell("\nbye")
    except (OSError, OverflowError) as error:
        return _error(f"{error}; if port {options.port} is taken, make run STATUS_PORT=0 takes a free one")
    return 0


def _serve(options: argparse.Namespace) -> int:
    from local.serve import serve

    try:
        serve(
            api_port=options.api_port, mns_port=options.mns_port, ots_port=options.ots_port, events=options.events,
            tell=_tell,
        )  # fmt: skip
    except KeyboardInterrupt:
        _tell("\nbye")
    except (OSError, ValueError, KeyError) as error:
        return _error(f"{type(error).__name__}: {error}")
    return 0


def _replay(incident: Incident, options: argparse.Namespace) -> int:
    from local.replay import replay

    ledger = replay(incident, speed=options.speed, tell=_tell, store=options.store)
    print(json.dumps(ledger, ensure_ascii=False), flush=True)
    return 0


def _error(text: str) -> int:
    print(f"error: {text}", file=sys.stderr)
    return 2


def _tell(line: str) -> None:
    print(line, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, what in (("run", "play, then go on until Ctrl-C"), ("replay", "play to the end and judge")):
        command = commands.add_parser(name, help=what)
        command.add_argument("--incident", type=Path, required=True, help="an incident file")
        command.add_argument("--store", choices=("sqlite", "tablestore"), default="sqlite", help="what keeps the log")
        command.add_argument("--speed", type=float, default=600, help="at most so many times real speed; 0: no limit")
    serve = commands.add_parser("serve", help="the stand-ins of SHD, MNS and Tablestore until Ctrl-C")
    serve.add_argument("--api-port", type=int, default=0, help="of the status API; 0: a free one")
    serve.add_argument("--mns-port", type=int, default=0, help="of MNS; 0: a free one")
    serve.add_argument("--ots-port", type=int, default=0, help="of Tablestore; 0: a free one")
    serve.add_argument("--events", type=Path, help="JSON: events that the dashboard shows, or an incident")
    commands.choices["run"].add_argument("--port", type=int, default=8080, help="of the status function; 0: a free one")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
