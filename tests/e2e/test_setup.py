"""The operator's set-up step, run as its user runs it, against the stand-in of Tablestore."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from local.fakes.tablestore import LOCAL_KEY_ID, LOCAL_SECRET, Fault, KeyType, TablestoreFake, on

ROOT = Path(__file__).parents[2]
TABLES = ["shd_documents", "shd_log", "shd_meta", "shd_months", "shd_parked"]


@pytest.fixture
def fake() -> Iterator[TablestoreFake]:
    with TablestoreFake() as running:
        yield running


def set_up(
    store: str, *, secret: str = LOCAL_SECRET, more: Mapping[str, str] = MappingProxyType({})
) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    environment = {
        "PATH": os.defpath, "PYTHONPATH": str(ROOT / "shared"), "SHD_STORE": store,
        "ALIBABA_CLOUD_ACCESS_KEY_ID": LOCAL_KEY_ID, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": secret,
        **more,
    }  # fmt: skip
    command = [sys.executable, "-m", "shd_relay.cli", "setup"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout, done.stderr


def address(fake: TablestoreFake) -> str:
    return f"tablestore://{fake.instance}?endpoint={fake.url}"


def test_it_makes_every_table_and_says_so_and_a_second_run_changes_nothing(fake: TablestoreFake) -> None:
    code, said, wrong = set_up(address(fake))
    assert (code, wrong) == (0, "")
    assert sorted(said.split()) == sorted(["made", "table"] * 5 + TABLES)
    assert sorted(fake.tables) == TABLES
    assert set_up(address(fake)) == (0, "nothing to make: local has all tables\n", "")


def test_what_is_missing_is_made_beside_what_is_there(fake: TablestoreFake) -> None:
    fake.create_table("shd_log", {"shard": KeyType.STRING, "seq": KeyType.INTEGER})
    code, said, _ = set_up(address(fake))
    assert code == 0
    assert "shd_log" not in said
    assert sorted(fake.tables) == TABLES


def test_a_table_that_is_not_ours_is_told_and_left_alone(fake: TablestoreFake) -> None:
    fake.create_table("shd_meta", {"id": KeyType.INTEGER})
    code, _, wrong = set_up(address(fake))
    assert code == 2
    assert wrong.startswith("error: table shd_meta: its key is id INTEGER, and ours shard STRING, kind STRING")
    assert [name for name, _ in fake.tables["shd_meta"].key] == ["id"]


@pytest.mark.parametrize(
    ("store", "secret", "said"),
    [
        ("{}", "wrong", "the instance does not take this AccessKey"),
        ("{}", "", "ALIBABA_CLOUD_ACCESS_KEY_SECRET: is not set"),
        ("tablestore://x?endpoint=http://example.net", "s", "SHD_STORE: the endpoint"),
        ("redis://x", "s", "SHD_STORE: must be sqlite"),
        ("", "s", "SHD_STORE: is not set, as in tablestore://"),
    ],
)
def test_each_mistake_is_one_line_and_nothing_is_made(fake: TablestoreFake, store: str, secret: str, said: str) -> None:
    code, told, wrong = set_up(store.format(address(fake)), secret=secret)
    assert (code, told) == (2, "")
    assert len(wrong.splitlines()) == 1
    assert said in wrong
    assert not fake.tables


def test_an_instance_that_does_not_answer_may_do_so_later() -> None:
    code, told, wrong = set_up("tablestore://x?endpoint=http://127.0.0.1:1")
    assert (code, told) == (3, "")
    assert "no valid answer" in wrong
    assert wrong.endswith(" (try again later)\n")


def test_a_sqlite_store_needs_none() -> None:
    said = "nothing to make: the SQLite file var/x.db is made by the first poll\n"
    assert set_up("sqlite:///var/x.db") == (0, said, "")


def test_missing_keys_are_told_as_variables_alone_since_a_person_has_no_invocation(fake: TablestoreFake) -> None:
    names = ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET")
    code, said, wrong = set_up(address(fake), more=dict.fromkeys(names, ""))
    assert (code, said) == (2, "")
    assert wrong.splitlines() == [f"error: {name}: is not set" for name in names]


def test_a_variable_that_is_misspelt_is_named(fake: TablestoreFake) -> None:
    code, said, wrong = set_up("", more={"SHD_STORES": address(fake)})
    assert (code, said) == (2, "")
    assert [line.split(":")[1].strip() for line in wrong.splitlines()] == ["SHD_STORES", "SHD_STORE"]


def test_what_was_made_before_it_failed_is_told(fake: TablestoreFake) -> None:
    fake.fail(Fault.NO_PERMISSION, when=on("CreateTable", table="shd_documents"))
    code, said, wrong = set_up(address(fake))
    assert (code, said) == (2, "made table shd_log\nmade table shd_meta\n")
    assert "ots:CreateTable" in wrong


@pytest.mark.prove  # ten seconds of waiting for a table that is not ready
def test_a_table_that_somebody_else_has_just_made_is_there(fake: TablestoreFake) -> None:
    assert set_up(address(fake))[0] == 0
    fake.fail(Fault.TABLE_NOT_READY, times=None, when=on("DescribeTable"))
    assert set_up(address(fake)) == (0, "nothing to make: local has all tables\n", "")
