"""Lays .build/<function>/ out exactly as it is uploaded; standard library only, so that any python3 >= 3.10 can.

    python3 functions/bundle.py [--runtime python3.12] [--out .build]    for the cloud: x86-64 Linux, that Python
    python3 functions/bundle.py --local [--out .build]                   .build/local/<function>, for this interpreter

Exit code 0, or 1 with one line that says what is wrong; a folder that was there before is then left as it was.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path, PurePath

ROOT = Path(__file__).resolve().parents[1]
RUNTIMES = ("python3.12", "python3.10")
FIXED_TIME = 1_577_836_800  # 2020-01-01: equal files make an equal zip, and an unchanged zip is not uploaded again
NOISE = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}
DROPPED_FOLDERS = {"__pycache__", "tests", "test", "bin"}
# The SDK's private C++ codec: 13 MB that load under one version of Python only. Its Python codec is the one we use.
DROPPED_FILES = ("tablestore/ots_sdk/*.so", "tablestore/native/*.so")

# Rooms of shd_relay that a function does not enter, below shared/shd_relay: a folder, or a module without its .py.
NOWHERE = {
    "adapters/memory_store",
    "adapters/tablestore_tables",
    "cli",
    "subscriber",
    "ticketing",
    "web/wsgi",
    "wiring_console",
}
LEFT_OUT = {
    "poll": NOWHERE | {"web", "tickets", "ticket_text", "ticket_words", "support", "reports", "schemas"},
    "status": NOWHERE
    | {f"adapters/{name}" for name in ("status_api", "signing", "transport", "caller", "fanout", "limiter", "refusals")}
    | {f"adapters/{name}" for name in ("line", "addresses", "in_progress", "public_page", "sweeping")}
    | {f"adapters/{name}" for name in ("mns_topic", "mns_refusals")}
    | {"poll", "relay", "reading", "schedule", "pace", "window", "detect", "identity", "transitions", "report"}
    | {
        "chunks",
        "remember",
        "meter",
        "draft",
        "merge",
        "join",
        "judging",
        "backfill",
        "plan",
        "payload",
        "wiring_sources",
        "appending",
        "commit",
        "dialect_in_progress",
    },
}


class BundleError(Exception):
    """One line for the person who deploys."""


def main(argv: Sequence[str] | None = None, *, root: Path = ROOT) -> int:
    parser = argparse.ArgumentParser(description="Fills .build/<function>/ as it is uploaded.")
    parser.add_argument("--runtime", choices=RUNTIMES, default=RUNTIMES[0])
    parser.add_argument("--out", type=Path, default=root / ".build")
    parser.add_argument("--local", action="store_true", help="for the interpreter at hand, into <out>/local")
    options = parser.parse_args(argv)
    version = "{}.{}".format(*sys.version_info) if options.local else options.runtime.removeprefix("python")
    out: Path = (options.out / "local" if options.local else options.out).resolve()
    try:
        compiler = find_python(version)
        if compiler is None:
            print(f"bundle: no python{version} here that runs: no compiled files, cold starts will be slower")
        for function in sorted(LEFT_OUT):
            target = out / function
            build(root, function, target, version=version, local=options.local, compiler=compiler)
            print(f"bundle: {target} is ready for python{version}")
    except (BundleError, OSError) as error:
        print(f"bundle: {error}", file=sys.stderr)
        return 1
    return 0


def build(root: Path, function: str, target: Path, *, version: str, local: bool, compiler: str | None) -> None:
    """Builds beside the target, then takes its place: a reader sees the old folder or the new one."""
    staged = target.with_name(f".{function}.new-{os.getpid()}")
    retired = target.with_name(f".{function}.old-{os.getpid()}")
    staged.mkdir(parents=True)
    try:
        add_dependencies(root, function, staged, version=version, local=local)
        add_own_code(root, function, staged)
        if compiler:
            compile_all(compiler, staged, shown_as=str(target) if local else "/code")  # where it will lie
        settle(staged)
        if target.exists():
            target.rename(retired)
        staged.rename(target)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
        shutil.rmtree(retired, ignore_errors=True)


def add_own_code(root: Path, function: str, staged: Path) -> None:
    handlers = sorted((root / "functions" / function).glob("*.py"))
    config = root / "config.yaml"
    for needed in (root / "functions" / function / "index.py", config):
        if not needed.is_file():
            raise BundleError(f"{needed.relative_to(root)} is missing")
    for file in (*handlers, config):
        shutil.copyfile(file, staged / file.name)
    package = root / "shared" / "shd_relay"
    left_out = LEFT_OUT[function]

    def ignored(folder: str, names: list[str]) -> set[str]:
        here = Path(folder).relative_to(package)
        return {name for name in names if name == "__pycache__" or str(here / name).removesuffix(".py") in left_out}

    shutil.copytree(package, staged / "shd_relay", ignore=ignored)


def add_dependencies(root: Path, function: str, staged: Path, *, version: str, local: bool) -> None:
    requirements = root / "functions" / function / "requirements.txt"
    if not requirements.is_file():
        raise BundleError(f"{requirements.relative_to(root)} is missing")
    pins = read_pins(requirements)
    if local:
        for name, pinned in pins:
            copy_installed(name, pinned, staged)
        return
    key = hashlib.sha256(f"{version} {pins}".encode()).hexdigest()[:16]
    cached = root / ".cache" / "bundle" / f"{function}-{version}-{key}"
    if not cached.is_dir():
        download(requirements, cached, version)

    def ignored(folder: str, names: list[str]) -> set[str]:
        return {name for name in names if unwanted(Path(folder).relative_to(cached) / name)}

    shutil.copytree(cached, staged, dirs_exist_ok=True, ignore=ignored)


def unwanted(file: PurePath) -> bool:
    """Whether a package's file, or folder, stays out of the bundle; `file` is relative to where packages lie."""
    return bool(DROPPED_FOLDERS & set(file.parts)) or file.name in NOISE or any(map(file.match, DROPPED_FILES))


def read_pins(requirements: Path) -> list[tuple[str, str]]:
    pins = []
    for line in requirements.read_text(encoding="utf-8").splitlines():
        text = line.partition("#")[0].strip()
        pin = re.fullmatch(r"([A-Za-z0-9._-]+)==([A-Za-z0-9.+!_-]+)", text)
        if text and not pin:
            raise BundleError(f"{requirements.name}: {text!r} is not pinned as name==version")
        if pin:
            pins.append((pin.group(1), pin.group(2)))
    return sorted(pins)


def download(requirements: Path, cached: Path, version: str) -> None:
    """Wheels for the cloud's system, not this one's: a plain install may take one that needs a newer glibc."""
    partial = cached.with_name(f"{cached.name}.part-{os.getpid()}")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--no-deps", "--no-compile", "--only-binary=:all:", "--platform", "manylinux2014_x86_64"]
    command += ["--implementation", "cp", "--python-version", version, "-r", str(requirements), "-t", str(partial)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        shutil.rmtree(partial, ignore_errors=True)
        said = [line for line in done.stderr.splitlines() if line.strip()]
        raise BundleError(f"pip failed for {requirements.parent.name}: {said[-1] if said else 'it said nothing'}")
    partial.mkdir(parents=True, exist_ok=True)  # an empty list installs nothing
    shutil.rmtree(cached, ignore_errors=True)
    partial.rename(cached)


def copy_installed(name: str, pinned: str, staged: Path) -> None:
    try:
        found = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        raise BundleError(f"{name}=={pinned} is not installed in {sys.prefix}") from None
    if found.version != pinned:
        raise BundleError(f"{name}: {found.version} is installed, {pinned} is pinned")
    for file in found.files or ():
        if ".." in file.parts or unwanted(file):
            continue
        destination = staged / file
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(str(found.locate_file(file)), destination)


def find_python(version: str) -> str | None:
    """A Python of that version which really runs (a name on PATH may be a shim that does not), also one of pyenv's."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    installed = sorted(map(str, pyenv.glob(f"versions/{version}.*/bin/python")))
    for candidate in (sys.executable, shutil.which(f"python{version}"), *installed):
        if candidate is None:
            continue
        asked = [candidate, "-I", "-c", "import sys; print('{}.{}'.format(*sys.version_info))"]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        if done.returncode == 0 and done.stdout.strip() == version:
            return candidate
    return None


def compile_all(python: str, folder: Path, *, shown_as: str) -> None:
    """Unchecked: the code folder does not change, so nothing needs to look at times or sources at a cold start."""
    command = [python, "-I", "-m", "compileall", "-q", "-f", "--invalidation-mode", "unchecked-hash"]
    done = subprocess.run(
        [*command, "-s", str(folder), "-p", shown_as, str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BundleError(f"cannot compile: {' '.join(done.stdout.split())[:300]}")


def settle(folder: Path) -> None:
    """Equal modes and times for all; sorted, so that two runs do the same in the same order."""
    for path in sorted(folder.rglob("*"), reverse=True):
        path.chmod(0o755 if path.is_dir() else 0o644)
        os.utime(path, (FIXED_TIME, FIXED_TIME))


if __name__ == "__main__":
    sys.exit(main())
