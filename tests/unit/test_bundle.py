"""The bundler on a small tree; the real bundles are exercised end to end elsewhere."""

from __future__ import annotations

import hashlib
import importlib.metadata
import sys
from pathlib import Path

import pytest

import bundle


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A project in miniature, with one dependency that is installed here: PyYAML."""
    for function in ("poll", "status"):
        folder = tmp_path / "functions" / function
        folder.mkdir(parents=True)
        (folder / "index.py").write_text("def handler(event, context):\n    return 'ok'\n")
        pin = f"PyYAML=={importlib.metadata.version('PyYAML')}  # why\n" if function == "poll" else "# none\n"
        (folder / "requirements.txt").write_text(pin)
    package = tmp_path / "shared" / "shd_relay"
    for room in ("__init__.py", "poll.py", "plan.json", "web/page.py", "web/wsgi.py", "adapters/status_api.py"):
        (package / room).parent.mkdir(parents=True, exist_ok=True)
        (package / room).write_text("{}\n")
    (tmp_path / "config.yaml").write_text("watch: {}\n")
    return tmp_path


def files(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file() and p.suffix != ".pyc"}


def own(folder: Path) -> set[str]:
    return {name for name in files(folder) if name.startswith(("shd_relay", "index", "config"))}


def test_each_bundle_carries_the_rooms_that_its_function_enters(tree: Path) -> None:
    assert bundle.main(["--local"], root=tree) == 0
    common = {"index.py", "config.yaml", "shd_relay/__init__.py", "shd_relay/plan.json"}
    local = tree / ".build" / "local"
    assert own(local / "poll") == common | {"shd_relay/poll.py", "shd_relay/adapters/status_api.py"}
    assert own(local / "status") == common | {"shd_relay/web/page.py"}


def test_dependencies_come_without_noise(tree: Path) -> None:
    assert bundle.main(["--local"], root=tree) == 0
    found = files(tree / ".build" / "local" / "poll")
    assert "yaml/__init__.py" in found
    assert not [name for name in found if name.endswith(("RECORD", "INSTALLER")) or "/tests/" in name]


def test_compiled_files_are_unchecked_and_for_the_interpreter_at_hand(tree: Path) -> None:
    assert bundle.main(["--local"], root=tree) == 0
    compiled = tree / ".build" / "local" / "poll" / "__pycache__" / f"index.{sys.implementation.cache_tag}.pyc"
    assert compiled.read_bytes()[4:8] == b"\x01\0\0\0"  # PEP 552: hash-based, check_source off


def test_a_second_build_replaces_the_first_and_is_equal_to_it(tree: Path) -> None:
    def state() -> dict[str, tuple[bytes, float]]:
        folder = tree / ".build" / "local" / "poll"
        return {str(p): (p.read_bytes(), p.stat().st_mtime) for p in sorted(folder.rglob("*")) if p.is_file()}

    bundle.main(["--local"], root=tree)
    first = state()
    (tree / ".build" / "local" / "poll" / "stale.py").touch()
    assert bundle.main(["--local"], root=tree) == 0
    assert state() == first
    assert {path.name for path in (tree / ".build" / "local").iterdir()} == {"poll", "status"}


@pytest.mark.parametrize(
    ("file", "content", "complaint"),
    [
        ("functions/poll/requirements.txt", "PyYAML>=6\n", "'PyYAML>=6' is not pinned"),
        ("functions/poll/requirements.txt", "PyYAML==0.0.1\n", "0.0.1 is pinned"),
        ("functions/poll/requirements.txt", "no-such-thing==1\n", "no-such-thing==1 is not installed"),
        ("functions/poll/requirements.txt", None, "functions/poll/requirements.txt is missing"),
        ("functions/poll/index.py", None, "functions/poll/index.py is missing"),
        ("functions/poll/index.py", "def broken(:\n", "cannot compile"),
        ("config.yaml", None, "config.yaml is missing"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_and_the_old_bundle_stays(
    tree: Path, capsys: pytest.CaptureFixture[str], file: str, content: str | None, complaint: str
) -> None:
    bundle.main(["--local"], root=tree)
    before = files(tree / ".build" / "local")
    (tree / file).unlink() if content is None else (tree / file).write_text(content)
    capsys.readouterr()
    assert bundle.main(["--local"], root=tree) == 1
    said = capsys.readouterr().err
    assert complaint in said
    assert said.count("\n") == 1
    assert files(tree / ".build" / "local") == before


def test_a_pip_that_fails_stops_the_build_and_its_reason_is_told(
    tree: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    (tree / "functions" / "poll" / "requirements.txt").write_text("no-such-thing==1\n")
    assert bundle.main([], root=tree) == 1
    said = capsys.readouterr().err
    assert "pip failed for poll" in said
    assert "no-such-thing==1" in said
    assert not (tree / ".build" / "poll").exists()


def test_what_was_downloaded_once_is_not_asked_for_again(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")  # a second pip call could only fail
    pins = [("nowhere", "1")]
    key = hashlib.sha256(f"3.12 {pins}".encode()).hexdigest()[:16]
    cached = tree / ".cache" / "bundle" / f"poll-3.12-{key}"
    cached.mkdir(parents=True)
    (cached / "nowhere.py").touch()
    (tree / "functions" / "poll" / "requirements.txt").write_text("nowhere==1\n")
    assert bundle.main([], root=tree) == 0
    assert "nowhere.py" in files(tree / ".build" / "poll")


def test_no_python_of_a_version_that_does_not_exist_is_found() -> None:
    assert bundle.find_python("2.99") is None
    assert bundle.find_python("{}.{}".format(*sys.version_info)) == sys.executable
