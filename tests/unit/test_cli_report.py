"""`shd-relay report`: a report into a file or onto the output, whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path

import pytest
from msgspec import structs

from shd_relay import clock
from shd_relay.adapters.sqlite_store import SqliteStore
from shd_relay.cli import report
from shd_relay.cli.__main__ import main
from shd_relay.errors import SettingsError
from shd_relay.plans import REPORTS
from tests.report_log import RDS, Log, at, event

NOW = at(40)
CONFIG = """
watch: {products: [ecs, rds], regions: [cn-hongkong]}
partners:
  - {id: acme, name: Acme Cloud, plan: elite, valid_from: 2024-01-01, valid_until: 2024-12-31, time_zone: UTC}
  - {id: small, name: Small, plan: premium, valid_from: 2024-01-01, valid_until: 2024-12-31}
"""
ACME = ("--partner", "acme")
Run = Callable[..., int]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """A shell in a folder with a config, and a store in which two things happened in March."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHD_STORE", "sqlite:///relay.db")
    (tmp_path / "config.yaml").write_text(CONFIG)
    with closing(SqliteStore(tmp_path / "relay.db", pragmas=("synchronous = OFF",))) as store:
        fill(Log(store, polled_until=NOW))
    clock.use(lambda: NOW)
    yield lambda *arguments: main(("report", *arguments))
    clock.use(lambda: datetime.now(timezone.utc))


def fill(log: Log) -> None:
    log.lasts(event("a", start=at(3)), at(3, 1))
    told = log.tell("opened", event("b", RDS, start=at(5)), at(5, 0, 1))
    log.turn("blind", at(6))
    log.turn("fresh", at(6, 1))
    log.tell("resolved", structs.replace(told, state="resolved", end=at(7), revision=2), at(7, 0, 1))


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("format_", ["html", "json", "csv"])
def test_a_report_over_sqlite_is_that_over_memory(run: Run, name: str, format_: str) -> None:
    from shd_relay.reports import make

    assert run(name, *ACME, "--format", format_, "--out", "made", "--from", "2024-03-01", "--to", "2024-03-31") == 0
    log = Log(polled_until=NOW)
    fill(log)
    assert Path("made").read_bytes() == make.written(log.report(name, "2024-03-01", "2024-03-31", now=NOW), format_)


def test_the_last_whole_month_goes_to_the_output(run: Run, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run("service-summary", *ACME, "--format", "json") == 0
    out, err = capfdbinary.readouterr()
    assert json.loads(out)["head"]["period"]["first_day"] == "2024-03-01"
    assert err == b""


@pytest.mark.parametrize(
    ("name", "begins"), [("a.csv", "\ufeffsection"), ("a.JSON", "{"), ("a.txt", "<!doctype html>")]
)
def test_the_format_is_that_of_the_files_name_if_it_is_not_given(run: Run, name: str, begins: str) -> None:
    assert run("service-summary", *ACME, "--out", name) == 0
    assert Path(name).read_text(encoding="utf-8").lstrip("\n").startswith(begins)


def test_known_until_reads_the_log_further_or_less(run: Run) -> None:
    arguments = ("service-summary", *ACME, "--format", "json", "--out", "made")
    assert run(*arguments, "--known-until", "2024-03-04T00:00:00Z") == 0
    assert json.loads(Path("made").read_bytes())["totals"]["incidents"] == 1


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("service-summary",), "error: --partner: which one? known here: acme, small"),
        (("service-summary", *ACME, "--from", "2024-03-02", "--to", "2024-03-01"), "error: to: lies before from"),
        (("service-summary", *ACME, "--known-until", "2030-01-01T00:00:00Z"), "error: known-until: lies in the future"),
        (
            ("critical-support", "--partner", "small"),
            "error: the Critical Support Summary comes with Elite and Flagship; this partner's plan is Premium",
        ),
        (
            ("product-usage", *ACME, "--out", "no/such/file"),
            "error: --out: no/such/file cannot be written: No such file or directory",
        ),
        (("product-usage", *ACME, "--out", "."), "error: --out: . cannot be written: Is a directory"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    run: Run, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], line: str
) -> None:
    assert run(*arguments) == 2
    assert capsys.readouterr().err == line + "\n"


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    """A file that may not grow is the nearest thing to a full disk that any machine has."""
    import resource
    import signal

    kept, ignored = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    before = tmp_path / "made"
    before.write_bytes(b"of last month")
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, kept[1]))
    try:
        with pytest.raises(SettingsError, match="made cannot be written: File too large"):
            report.write(before, b"x" * 5_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, kept)
        signal.signal(signal.SIGXFSZ, ignored)
    assert before.read_bytes() == b"of last month"
    assert os.listdir(tmp_path) == ["made"]  # noqa: PTH208 - hidden ones, too


def test_what_is_no_file_is_written_to_and_stays_what_it_is(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    report.write(pipe, b"report")
    assert os.read(reader, 100) == b"report"
    os.close(reader)
    assert pipe.is_fifo()


def test_the_progress_of_what_takes_a_while_is_told_in_tenths() -> None:
    told: list[str] = []
    ticks = iter((0.0, 0.5, 1.5, 2.0, 2.6, 9.0))
    progress = report.Tenths(told.append, lambda: next(ticks))
    for done in (0, 15, 15, 31, 100):
        progress(done, 100)
    assert told == ["10 % of 100 entries read", "30 % of 100 entries read", "100 % of 100 entries read"]
