"""The house's rules about who may import whom (design.md, section 1), from one short table."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHARED = ROOT / "shared"

SDKS = {"aliyunsdkcore", "mns", "tablestore", "urllib3", "sqlite3"}
PURE = {
    "model", "records", "identity", "detect", "ledger", "severity", "transitions", "message", "cursor", "freshness",
    "feed", "merge", "join", "draft", "schedule", "judging", "backfill", "plan", "dialect_in_progress",
    "past", "remember", "backlog", "meter", "pushed",
    "ticket_severity", "tickets", "ticket_text", "ticket_words", "support", "times", "errors", "ports", "plans",
    "dialect", "envelope", "pace", "window", "text", "report", "payload", "reports",
}  # fmt: skip
WITH_TIME_OR_WORLD = {"os", "time", "socket", "subprocess", "random", "threading", "logging", "http", "urllib"}
USE_CASES = {"poll", "relay", "commit", "reading", "chunks", "appending", "ticketing"}

# (who, may not import, why)
RULES = (
    ("shd_relay", {"local", "functions", "tests"}, "dependencies point inward"),
    ("local.fakes", {"shd_relay", "functions", "local.cloud", "local.replay", "local.run"},
     "a bug of a codec must not cancel itself out"),
    ("shd_relay.web", SDKS | {"yaml", "shd_relay.adapters", "shd_relay.poll", "shd_relay.relay", "shd_relay.wiring",
                         "shd_relay.wiring_store"},
     "the query side is pure and cold-starts fast"),
    *((f"shd_relay.{name}", SDKS | WITH_TIME_OR_WORLD | {"shd_relay.adapters", "shd_relay.clock", "shd_relay.settings"},
       "pure: time is an argument, the world a port") for name in sorted(PURE)),
    *((f"shd_relay.{name}", SDKS | WITH_TIME_OR_WORLD | {"shd_relay.adapters", "shd_relay.clock"},
       "a use case knows ports only") for name in sorted(USE_CASES)),
)  # fmt: skip


def _modules() -> Iterator[tuple[str, Path]]:
    for base, folder in ((SHARED, SHARED / "shd_relay"), (ROOT, ROOT / "local")):
        for path in sorted(folder.rglob("*.py")):
            name = ".".join(path.relative_to(base).with_suffix("").parts)
            yield name.removesuffix(".__init__"), path


MODULES = dict(_modules())


def _imports(tree: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node
            yield from ((f"{node.module}.{alias.name}", node) for alias in node.names)


def _within(name: str, roots: set[str]) -> bool:
    return any(name == root or name.startswith(root + ".") for root in roots)


@pytest.mark.parametrize(("who", "banned", "why"), RULES, ids=[rule[0] for rule in RULES])
def test_a_room_imports_only_what_it_may(who: str, banned: set[str], why: str) -> None:
    found = [
        f"{module} imports {name}"
        for module, path in MODULES.items()
        if _within(module, {who})
        for name, _ in _imports(ast.parse(path.read_text()))
        if _within(name, banned)
    ]
    assert any(_within(module, {who}) for module in MODULES), f"no module {who}"
    assert found == [], why


def test_only_settings_reads_the_environment() -> None:
    readers = [
        module
        for module, path in MODULES.items()
        if module.startswith("shd_relay") and any(word in path.read_text() for word in ("os.environ", "os.getenv"))
    ]
    assert readers == ["shd_relay.settings"]


def test_only_wiring_imports_adapters_and_the_sdks_are_imported_inside_functions() -> None:
    for module, path in MODULES.items():
        if not module.startswith("shd_relay"):
            continue
        tree = ast.parse(path.read_text())
        at_top = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
        top = {name for node in at_top for name, _ in _imports(node)}
        lazy_only = SDKS - {"sqlite3"}
        assert not {name for name in top if _within(name, lazy_only)}, f"{module} loads an SDK when it is imported"
        if not module.startswith(("shd_relay.adapters", "shd_relay.wiring")):
            names = {name for name, _ in _imports(tree)}
            assert not {name for name in names if _within(name, {"shd_relay.adapters"})}, module


def test_nothing_happens_when_a_module_is_imported() -> None:
    names = [module for module in MODULES if module.startswith("shd_relay")]
    code = f"""
import importlib, sys
def hook(event, args):
    if event in ("open",) and args[1] and any(c in str(args[1]) for c in "wax+"): sys.exit(f"writes {{args[0]}}")
    if event.startswith(("socket.connect", "subprocess", "sqlite3.connect")): sys.exit(event)
sys.dont_write_bytecode = True
sys.path.insert(0, {str(SHARED)!r})
sys.addaudithook(hook)
before = sys.gettrace()
for name in {names!r}: importlib.import_module(name)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_module_fits_two_screens() -> None:
    assert {module: n for module, path in MODULES.items() if (n := path.read_text().count("\n")) > 240} == {}


def test_the_top_level_holds_what_the_card_names_and_nothing_else() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split(
        "\n"
    )
    allowed = {
        "s.yaml", "README.md", "functions", "shared", "tests", "requirements.txt", "local", "docs", "examples",
        "config.yaml", "Makefile", "pyproject.toml", "CHANGELOG.md", "LICENSE",
    }  # fmt: skip
    found = {name.split("/")[0] for name in tracked if name and not name.startswith(".")}
    assert found <= allowed
