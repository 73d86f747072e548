"""`python -m shd_relay.cli COMMAND`. Exit code 0; 2 with one line for each thing that somebody has to mend."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from shd_relay import settings
from shd_relay.cli import setup
from shd_relay.errors import RelayError


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m shd_relay.cli", description="The operator's commands.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("setup", help="makes the tables of the store that SHD_STORE names, where they are missing")
    parser.parse_args(arguments)
    try:
        setup.run(settings.environment(), lambda line: print(line, flush=True))  # noqa: T201 - its output
    except RelayError as error:
        for line in str(error).splitlines():
            print(f"error: {line}", file=sys.stderr)  # noqa: T201
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
