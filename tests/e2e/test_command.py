"""The command that `make install` puts into the environment, run as its user runs it: a ticket's life on SQLite."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from shd_relay.adapters.sqlite_store import SqliteStore

COMMAND = Path(sys.executable).with_name("shd-relay")
CONFIG = """
watch: {products: [ecs], regions: [cn-hongkong]}
partners:
  - {id: acme, name: Acme Cloud, plan: selected, valid_from: 2020-01-01, valid_until: 2099-12-31}
"""


@pytest.mark.skipif(not COMMAND.exists(), reason="make install puts the command there")
def test_a_ticket_is_opened_answered_closed_and_listed(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG)
    with closing(SqliteStore(tmp_path / "relay.db")) as store:
        store.append("main", 1, b"{}")  # the file is there; nothing of the events is read

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": os.defpath, "SHD_STORE": "sqlite:///relay.db", "LC_ALL": "C"}
        return subprocess.run(
            [COMMAND, "ticket", *arguments],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

    opened = run("open", "--severity", "critical", "--id", "0004KJ7Q2X")
    assert (opened.returncode, opened.stderr) == (0, "")
    assert opened.stdout.startswith("recorded: ticket 0004KJ7Q2X (technical, Critical) opened ")
    again = run("open", "--severity", "critical", "--id", "0004KJ7Q2X")
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr.startswith("error: ticket 0004KJ7Q2X is recorded already: opened at ")
    assert run("respond", "0004KJ7Q2X").stdout.splitlines()[1].startswith("the first response came in time, after ")
    assert run("close", "0004KJ7Q2X").returncode == 0
    table = run("list")
    assert (table.returncode, table.stderr) == (0, "")
    assert "0004KJ7Q2X" in table.stdout
    listed = json.loads(run("list", "--json").stdout)
    assert [(t["id"], t["in_time"], t["revision"]) for t in listed["tickets"]] == [("0004KJ7Q2X", True, 3)]
