"""`report`: one of the reports that a partner's plan comes with, made of the logs, into a file or onto the output."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shd_relay import clock
from shd_relay.cli import shared, show
from shd_relay.config import Partner
from shd_relay.errors import SettingsError
from shd_relay.plans import REPORTS, ReportName
from shd_relay.reports import gather, make, period
from shd_relay.reports.question import Progress, Question
from shd_relay.reports.reach import Reach
from shd_relay.reports.shapes import Report
from shd_relay.wiring_console import Console

_ABOUT = """\
One of the reports that the support plan comes with, for any period, made of the logs alone. Days are those of the
partner's time zone, and both are inside. Three days after its end a report is final: it is the same bytes for ever."""
_EXAMPLES = """\
examples:
  shd-relay report service-summary --partner acme --format html --out march.html --from 2026-03-01 --to 2026-03-31
  shd-relay report critical-support --format json
  shd-relay report product-usage --format csv --out usage.csv"""


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "report", help="a service report for a partner", description=_ABOUT, epilog=_EXAMPLES
    )  # fmt: skip
    parser.add_argument("name", choices=tuple(REPORTS), metavar="NAME", help=f"one of {', '.join(REPORTS)}")
    parser.add_argument("--partner", metavar="ID", help="the partner, by its id in the config; may be left out where "
                        "there is only one")  # fmt: skip
    parser.add_argument("--from", dest="first", default="", metavar="DAY", help="the first day, or a time as "
                        "2026-03-01T08:00:00Z; left out, as --to: the last whole month")  # fmt: skip
    parser.add_argument("--to", dest="last", default="", metavar="DAY", help="the last day (inside), or a time "
                        "(outside); at most 400 days")  # fmt: skip
    parser.add_argument("--known-until", default="", metavar="TIME", help="take what was committed up to then, as "
                        "after a backfill; left out: up to three days after the period")  # fmt: skip
    parser.add_argument("--format", choices=make.FORMATS, help="html, json or csv; left out: as FILE ends, "
                        "else html")  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="FILE", help="where to; left out: the standard output")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Raises RelayError."""
    with shared.console(read_only=True) as console:
        partner = shared.partner_of(console.site.config, options.partner)
        made = _made(options, console, partner)
    body = make.written(made, options.format or _meant(options.out))
    if options.out is None:
        return _put_out(body)
    write(options.out, body)
    state = "final" if made.head.final else f"not final before {made.head.settles_at:%Y-%m-%d %H:%M} UTC"
    show.line(f"{options.out}: {made.head.title} of {partner.id}, {state}")
    return 0


def _meant(out: Path | None) -> str:
    """The format that the name of the file asks for."""
    suffix = out.suffix[1:].lower() if out else ""
    return suffix if suffix in make.FORMATS else "html"


def _made(options: argparse.Namespace, console: Console, partner: Partner) -> Report:
    name: ReportName = options.name
    make.check_entitled(partner.plan, name)
    now, zone, site = clock.now(), period.zone_of(partner.time_zone), console.site
    asked = Question(
        name,
        partner,
        Reach(partner, site.pairs, site.global_region),
        period.asked(options.first, options.last, zone, now),
        zone,
        period.moment("known-until", options.known_until, now),
    )
    with _progress() as progress:
        found = gather.gather(console.store, asked, now, gather.Budget(progress=progress))
    return make.made(asked, found)


def _put_out(body: bytes) -> int:
    try:
        sys.stdout.buffer.write(body)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise SettingsError([f"the standard output cannot be written: {error.strerror or error}"]) from error
    return 0


def write(path: Path, body: bytes) -> None:
    """The whole file or none: written beside it under another name, which then takes its place. What is no file, such
    as a pipe, is written to. Raises SettingsError."""
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(body)
        else:
            _replace(path, body)
    except OSError as error:
        raise SettingsError([f"--out: {path} cannot be written: {error.strerror or error}"]) from error


def _replace(path: Path, body: bytes) -> None:
    beside = path.with_name(f".{path.name}.new-{os.getpid()}")
    try:
        with beside.open("xb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        with contextlib.suppress(OSError):
            beside.unlink()


@contextmanager
def _progress() -> Iterator[Progress]:
    """On a terminal a bar, else a line for each tenth, a second apart at least; on the standard error."""
    if not sys.stderr.isatty():
        yield Tenths(_tell, clock.monotonic)
        return
    from rich.console import Console as Terminal  # heavy, and only for a person
    from rich.progress import Progress as Bar

    with Bar(console=Terminal(stderr=True), transient=True) as bar:
        task = bar.add_task("reading the log", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


class Tenths:
    """Tells each tenth at most once, and nothing of what is quick."""

    def __init__(self, tell: Callable[[str], None], monotonic: Callable[[], float]) -> None:
        self._tell, self._monotonic = tell, monotonic
        self._told, self._at = 0, monotonic()

    def __call__(self, done: int, total: int) -> None:
        tenth, now = done * 10 // max(total, 1), self._monotonic()
        if tenth > self._told and now - self._at >= 1:
            self._told, self._at = tenth, now
            self._tell(f"{tenth * 10} % of {total} entries read")
