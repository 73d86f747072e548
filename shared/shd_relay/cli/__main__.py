"""`shd-relay COMMAND`, or `python -m shd_relay.cli COMMAND`.

Exit code 0; 2 with one line for each thing that somebody has to mend; 3 when trying again later may do.
"""

from __future__ import annotations

from collections.abc import Sequence

from shd_relay.cli import report, setup, ticket
from shd_relay.cli.shared import Parser
from shd_relay.cli.show import fail, no_more, prepare
from shd_relay.errors import ConflictError, RelayError, UnavailableError

COMMANDS = (setup, ticket, report)
"""Each has `add(commands)`: it adds its parser, with `run` as default: `run(options) -> exit code`."""

_EPILOG = """\
environment, as of the functions (docs/operations.md):
  SHD_STORE    where the relay keeps what it knows: sqlite:///PATH or tablestore://INSTANCE?endpoint=URL
  SHD_CONFIG   the config with the partners (config.yaml)
  ALIBABA_CLOUD_ACCESS_KEY_ID, _SECRET and _SECURITY_TOKEN for Tablestore

exit code:
  0 done   2 somebody has to mend what is said   3 the store is away: try again later"""


def parser() -> Parser:
    found = Parser(prog="shd-relay", description="The operator's commands of SHD Relay.", epilog=_EPILOG)
    commands = found.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add(commands)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    prepare()
    options = parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except (UnavailableError, ConflictError) as error:
        return fail(f"{error} (try again later)", 3)
    except RelayError as error:
        return fail(str(error), 2)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # who read our output has seen enough
        no_more()
        return 0
    except OSError as error:
        no_more()
        return fail(f"the output cannot be written: {error.strerror or error}", 2)


if __name__ == "__main__":
    raise SystemExit(main())
