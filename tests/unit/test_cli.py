"""The operator's commands, called in this process over a SQLite file: what they print, and with which exit code."""

from __future__ import annotations

import io
import json
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import NamedTuple

import pytest

from shd_relay import clock, ledger
from shd_relay.adapters.sqlite_store import SqliteStore
from shd_relay.cli import show, ticket_show
from shd_relay.cli.__main__ import main
from shd_relay.config import Partner
from shd_relay.model import Change, Entry
from shd_relay.ticketing import Recorded
from shd_relay.tickets import Ticket, Tickets
from tests.web_world import event

NOW = datetime(2022, 12, 18, 4, 0, tzinfo=timezone.utc)
_CONFIG = """
watch: {products: [ecs, oss], regions: [cn-hongkong, ap-southeast-1]}
partners:
  - {id: acme, name: Acme Cloud, plan: selected, valid_from: 2022-01-01, valid_until: 2022-12-31,
      importance: {production: [ecs]}}
  - {id: small, name: Small, plan: elite, valid_from: 2022-01-01, valid_until: 2022-12-31, products: [oss]}
"""


class Said(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Said]


@pytest.fixture(autouse=True)
def _at_four() -> Iterator[None]:
    clock.use(lambda: NOW)
    yield
    clock.use(lambda: datetime.now(timezone.utc))


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """A person's shell, in a folder with a config, and a store that knows of two events."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHD_STORE", "sqlite:///relay.db")
    (tmp_path / "config.yaml").write_text(_CONFIG)
    told = (event("evt_1", title="bad \x1b[2J =cmd()"), event("evt_2", kind="maintenance", state="scheduled"),
            event("drill", kind="drill"))  # fmt: skip
    with closing(SqliteStore(tmp_path / "relay.db", pragmas=("synchronous = OFF",))) as store:
        changes = tuple(Change(verb="opened", event=each, observed_at=NOW) for each in told)
        store.append("main", 1, ledger.encode_entry(Entry(id="1", at=NOW, token=1, changes=changes)))
        store.put_documents([ledger.document(each) for each in told], 1)

    def call(*arguments: str) -> Said:
        try:
            code = main(arguments)
        except SystemExit as stop:
            code = int(stop.code or 0)
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return call


def test_a_ticket_about_an_event_takes_product_region_and_subject_from_it(run: Run) -> None:
    done = run("ticket", "open", "--partner", "acme", "--event", "evt_1", "--severity", "2", "--id", "0004KJ", "--json")
    assert (done.code, done.err) == (0, "")
    said = json.loads(done.out)
    assert said["technical"] == {"allowance": 10, "used": 1, "left": 9, "over": 0}
    assert said["ticket"] == {
        "id": "0004KJ", "revision": 1, "kind": "technical", "severity": "urgent", "event": "evt_1", "product": "ecs",
        "region": "cn-hongkong", "subject": "bad [2J =cmd()", "opened_at": "2022-12-18T04:00:00.000Z",
        "due": "2022-12-18T04:40:00.000Z", "responded_at": None, "in_time": None, "seconds_left": 2_400,
        "closed_at": None, "flags": [],
    }  # fmt: skip


def test_a_ticket_is_followed_from_its_opening_to_its_end(run: Run) -> None:
    done = run(
        "ticket", "open", "--partner", "acme", "--event", "evt_1", "--severity", "urgent", "--at", "2022-12-18T03:00Z"
    )
    assert done.out.splitlines() == [
        "recorded: ticket t-1 (technical, Urgent) opened 2022-12-18 11:00 UTC+08:00",
        "the first response is due before 2022-12-18 11:40 UTC+08:00: overdue by 20 min",
        "technical tickets used: 1 of 10, 9 left (2022-01-01 to 2022-12-31, UTC+8); consulting tickets: 0",
        "first responses: 0 in time, 0 late, 1 awaited",
    ]
    done = run("ticket", "open", "--partner", "acme", "--event", "evt_1", "--severity", "urgent")
    assert "note: about this event there is open already: t-1\n" in done.out
    done = run("ticket", "respond", "t-1", "--partner", "acme", "--at", "2022-12-18T11:45+08:00")
    assert done.out.splitlines()[1] == "the first response came late by 5 min"
    done = run("ticket", "close", "t-2", "--partner", "acme")
    assert done.out.splitlines()[1] == "note: no response to it is recorded"
    listed = run("ticket", "list", "--partner", "ACME").out
    assert "late by 5 min" in listed
    assert "times are of Asia/Shanghai (UTC+08:00)\n" in listed
    assert [
        t["id"] for t in json.loads(run("ticket", "list", "--partner", "acme", "--open", "--json").out)["tickets"]
    ] == ["t-1"]
    assert run("ticket", "list", "--partner", "small").out.startswith("no tickets in the ledger of small\n")


def test_a_consulting_ticket_is_what_comes_after_the_trouble(run: Run) -> None:
    said = run("ticket", "open", "--partner", "acme", "--event", "evt_2", "--severity", "low").out
    assert "(consulting, Low)" in said
    said = run("ticket", "open", "--partner", "acme", "--event", "evt_2", "--severity", "5", "--kind", "technical").out
    assert "(technical, Low)" in said
    said = run("ticket", "open", "--partner", "acme", "--severity", "low", "--product", "oss", "--subject", "a\nb").out
    assert "(technical, Low)" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("ticket list", "--partner: which one? known here: acme, small"),
        ("ticket list --partner acm", "--partner: unknown partner 'acm', did you mean acme?"),
        ("ticket close x --partner acme", "there is no ticket x; none is open"),
        ("ticket respond x --partner acme", "there is no ticket x; none is open"),
        ("ticket open --partner acme --severity 6", "argument --severity: '6' is none of critical, urgent, high,"),
        ("ticket open --partner acme", "--severity: which one does the ticket claim?"),
        ("ticket open --partner acme --event evt_1", "For this event rule 1 suggests urgent: An incident"),
        ("ticket open --partner acme --event evt_9 --severity 1", "there is no event evt_9 in the scope of acme"),
        ("ticket open --partner small --event evt_1 --severity 1", "there is no event evt_1 in the scope of small"),
        ("ticket open --partner acme --severity 1 --product a/b", "--product: must be 1 to 64 letters"),
        ("ticket open --partner acme --event evt_1 --severity 1 --region x", "--region: the event says it"),
        ("ticket open --partner acme --severity 1 --at 2022-12-18T04:00", "says no time zone: add Z"),
        ("ticket open --partner acme --severity 1 --at 2022-13-18T04:00Z", "is no time as 2026-03-01T08:56Z"),
        ("ticket open --partner acme --severity 1 --at 0001-01-01T00:00+08:00", "is no time as"),
        ("ticket open --partner acme --severity 1 --at 2022-12-18T04:02Z", "lies in the future"),
        ("ticket open --partner acme --severity 1 --at 0001-01-01T00:00Z", "lies before the year 2000"),
        ("ticket open --partner acme --severity 1 --at 2016-12-31T23:59:60.000Z", "'2016-12-31T23:59:60.000Z' is no"),
        ("ticket list \x1b[31m", "unrecognized arguments: [31m;"),
        ("ticket text evt_1 --partner small", "there is no event evt_1 in the scope of small"),
        ("ticket text drill --partner acme", "no ticket is needed about a drill"),
        ("ticket text evt_1 --lang fr", "invalid choice: 'fr'"),
        ("ticket open --part acme", "unrecognized arguments: --part acme"),
        ("ticket", "the following arguments are required: VERB; see shd-relay ticket --help"),
        ("", "the following arguments are required: COMMAND"),
    ],
)
def test_each_mistake_is_one_line_and_nothing_is_recorded(run: Run, arguments: str, said: str) -> None:
    done = run(*arguments.split())
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: ")
    assert said in done.err
    assert done.err.count("\n") == 1
    assert json.loads(run("ticket", "list", "--partner", "acme", "--json").out)["tickets"] == []


def test_all_that_is_wrong_with_the_surroundings_comes_at_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHD_STORE", "sqlite:///elsewhere/relay.db")
    monkeypatch.setenv("SHD_CONFIG", "none.yaml")
    done = run("ticket", "open", "--severity", "1")
    assert done.code == 2
    assert [line.split(":")[1].strip() for line in done.err.splitlines()] == ["SHD_STORE", f"{Path.cwd()}/none.yaml"]
    assert not Path("elsewhere").exists()


def test_the_only_partner_need_not_be_named(run: Run) -> None:
    Path("config.yaml").write_text(_CONFIG[: _CONFIG.index("  - {id: small")])
    assert run("ticket", "open", "--severity", "1").code == 0
    Path("config.yaml").write_text(_CONFIG[: _CONFIG.index("partners:")])
    assert "the config names no partner" in run("ticket", "list").err


def test_while_the_store_is_away_it_is_worth_trying_again(run: Run) -> None:
    with closing(sqlite3.connect("relay.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        done = run("ticket", "close", "t-1", "--partner", "acme")
    assert (done.code, done.out) == (3, "")
    assert done.err.endswith("so look at `ticket list` first (try again later)\n")


def test_the_text_is_ready_to_paste_and_steers_no_terminal(run: Run) -> None:
    done = run("ticket", "text", "evt_1", "--partner", "acme")
    assert done.out.startswith(
        "[Urgent] Elastic Compute Service, China (Hong Kong): bad [2J =cmd()\n\nSeverity: 2 - Urgent"
    )
    assert "\x1b" not in done.out
    assert (
        json.loads(run("ticket", "text", "evt_1", "--partner", "acme", "--lang", "zh", "--json").out)["language"]
        == "zh"
    )


def test_a_time_that_was_printed_can_be_given_back(run: Run) -> None:
    opened = run("ticket", "open", "--partner", "acme", "--severity", "1", "--at", "2022-12-18T03:00:36.325Z", "--json")
    assert opened.code == 0
    at = json.loads(opened.out)["ticket"]["opened_at"]
    assert at == "2022-12-18T03:00:36.325Z"
    assert run("ticket", "respond", "t-1", "--partner", "acme", "--at", at).code == 0


def test_json_stays_json_where_the_output_is_not_in_unicode(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written = io.BytesIO()
    with monkeypatch.context() as patch, io.TextIOWrapper(written, encoding="latin-1") as out:
        patch.setattr(sys, "stdout", out)
        assert main(["ticket", "open", "--partner", "acme", "--severity", "1", "--subject", "é 😀", "--json"]) == 0
        said = written.getvalue()
    assert json.loads(said.decode("ascii"))["ticket"]["subject"] == "é 😀"
    assert capsys.readouterr().out == ""


class _Full(io.StringIO):
    """An output on a disk that is full, or whose reader is gone."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error = error

    def flush(self) -> None:
        raise self.error


@pytest.mark.parametrize("json_", [(), ("--json",)])
def test_who_cannot_be_shown_the_ticket_is_told_that_it_is_recorded(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], json_: tuple[str, ...]
) -> None:
    full = OSError(28, "No space left on device")
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", _Full(full))
        assert main(["ticket", "open", "--partner", "acme", "--severity", "1", *json_]) == 0
        assert capsys.readouterr().err == (
            "error: ticket t-1 is recorded, but cannot be shown: No space left on device\n"
        )
        assert main(["ticket", "list", "--partner", "acme", *json_]) == 2
        assert capsys.readouterr().err == "error: the output cannot be written: No space left on device\n"
        patch.setattr(sys, "stdout", _Full(BrokenPipeError()))
        assert main(["ticket", "list", "--partner", "acme", *json_]) == 0
        patch.setattr(sys, "stdout", None)  # as the interpreter leaves a stream that is closed
        assert main(["ticket", "list", "--partner", "acme", *json_]) == 0
        sys.stdout.close()
    table = run("ticket", "list", "--partner", "acme").out
    assert all(line == line.rstrip() for line in table.splitlines())
    assert len(json.loads(run("ticket", "list", "--partner", "acme", "--json").out)["tickets"]) == 1


def test_help_has_examples(run: Run) -> None:
    for arguments in ("ticket", "ticket open", "ticket respond", "ticket close", "ticket list", "ticket text"):
        done = run(*arguments.split(), "--help")
        assert done.code == 0
        assert f"examples:\n  shd-relay {arguments}" in done.out or arguments == "ticket"


def test_a_table_keeps_markup_and_marks_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    show.table(("a", "b"), [("[red]x[/red] :smile:", "1"), ("\x1b[31m\u202ey", "2")], right=("b",))
    said = capsys.readouterr().out
    assert "[red]x[/red] :smile:" in said
    assert "[31my" in said
    assert all(c.isprintable() or c == "\n" for c in said)


def test_a_response_that_waits_counts_down_and_over() -> None:
    partner = Partner(id="acme", name="A", plan="flagship", valid_from=date(2022, 1, 1), valid_until=date(2022, 12, 31),
                      time_zone="UTC")  # fmt: skip
    ticket = Ticket(id="a", revision=1, kind="technical", severity="critical", opened_at=NOW)

    def lines(now: datetime) -> list[str]:
        done = Recorded(ticket, Tickets(tickets={"a": ticket}))
        return list(ticket_show.recorded_lines(done, partner, "open", now, ("outside-plan",)))

    assert lines(NOW)[1].endswith("04:15 UTC+00:00: 15 min left")
    assert lines(NOW + timedelta(minutes=15))[1].endswith(": overdue by 0 s")
    assert lines(NOW + timedelta(days=2, hours=3))[1].endswith(": overdue by 2 d 2 h")
    assert lines(NOW)[2] == "note: this ticket is outside the plan"
    assert lines(NOW)[3].startswith("technical tickets used: 1 (as many as needed) (")


def test_times_of_several_offsets_each_say_theirs(capsys: pytest.CaptureFixture[str]) -> None:
    partner = Partner(id="acme", name="A", plan="selected", valid_from=date(2026, 1, 1), valid_until=date(2026, 12, 31),
                      time_zone="Europe/Berlin")  # fmt: skip
    opened = [datetime(2026, month, 1, 8, tzinfo=timezone.utc) for month in range(1, 12)]
    known = {f"t-{n}": Ticket(id=f"t-{n}", revision=1, kind="technical", severity="low", opened_at=at)
             for n, at in enumerate(opened)}  # fmt: skip
    ticket_show.listed(Tickets(tickets=known), partner, NOW, only_open=True, as_json=False)
    said = capsys.readouterr().out
    assert "2026-01-01 09:00 UTC+01:00" in said
    assert "2026-07-01 10:00 UTC+02:00" in said
    assert said.count("over the allowance") == 2  # the eleventh of ten, and the sum
    assert "1 over the allowance: a ticket package adds 10" in said
