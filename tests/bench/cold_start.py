"""What a cold start costs: the first answer, the import of the store's SDK; and what the bundles weigh."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from tests.bench import answers_cold
from tests.bench.markdown import table, wrapped

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 21
SHARE_MOST = 0.6
BUNDLE = ROOT / ".build" / "local" / "poll"  # as it is uploaded, but for the interpreter at hand
HEAVY = ("numpy", "aiohttp", "google.protobuf", "flatbuffers", "urllib3")
STORE = ("tablestore", "google", "flatbuffers", "urllib3", "crc32c", "certifi", "six")
"""The SDK of the store and what it needs, as they lie in a bundle."""

_OURS = "from shd_relay.adapters import tablestore_client\ntablestore_client.sdk()"
_CHILD = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
sys.path.insert(0, {folder!r})
before, began, worked = len(sys.modules), time.perf_counter(), time.process_time()
{statement}
seconds, cpu = time.perf_counter() - began, time.process_time() - worked
loaded = [name for name in {heavy!r} if getattr(sys.modules.get(name), "__file__", None)]
print(json.dumps([seconds, cpu, len(sys.modules) - before, loaded]))
"""


NO_NUMPY = "`import tablestore`, no numpy"
ASYNCHRONOUS = (
    "aiohttp", "aiohappyeyeballs", "aiosignal", "attr", "attrs", "frozenlist", "idna", "multidict", "propcache", "yarl",
    "typing_extensions",
)  # fmt: skip
"""aiohttp and what it needs."""


class Import(NamedTuple):
    """What is imported, and from where first; `alone`: nothing else but the standard library is there."""

    name: str
    statement: str
    folder: Path = ROOT / "shared"
    alone: bool = False


IMPORTS = (
    Import("`import urllib3`", "import urllib3"),
    Import("`import tablestore`", "import tablestore"),
    Import("ours, `tablestore_client.sdk()`", _OURS),
    Import("ours, from the bundle alone", _OURS, BUNDLE, alone=True),
)


class Imported(NamedTuple):
    """One clean interpreter: how long by the clock and of the CPU, how many modules, which of the heavy packages."""

    seconds: float
    cpu_seconds: float
    modules: int
    heavy: tuple[str, ...]


def measured(rounds: int = ROUNDS) -> dict[str, list[Imported]]:
    """Round after round each of them once; the round that warms the disk is left out."""
    with tempfile.TemporaryDirectory() as folder:
        wanted = [each for each in (*IMPORTS, _without_numpy(Path(folder))) if each.folder.is_dir()]
        found: dict[str, list[Imported]] = {each.name: [] for each in wanted}
        for number in range(rounds + 1):
            for each in wanted:
                once = _imported(each)
                if number:
                    found[each.name].append(once)
    return found


def _without_numpy(folder: Path) -> Import:
    """A plain import from the bundle, with what else the SDK needs of these packages in the folder."""
    for name in ASYNCHRONOUS:
        spec = importlib.util.find_spec(name)
        assert spec is not None and spec.origin is not None, name
        place = Path(spec.origin)
        place = place.parent if place.name == "__init__.py" else place
        (folder / place.name).symlink_to(place)
    return Import(NO_NUMPY, f"sys.path.append({str(folder)!r})\nimport tablestore", BUNDLE, alone=True)


def _imported(each: Import) -> Imported:
    code = _CHILD.format(folder=str(each.folder), statement=each.statement, heavy=HEAVY)
    # Isolated: no variable, no folder of the user. What the SDK writes about its C++ parts is not the answer.
    command = [sys.executable, "-I", *(["-S"] if each.alone else []), "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, cpu, modules, heavy = json.loads(done.stdout.splitlines()[-1])
    return Imported(seconds, cpu, modules, tuple(heavy))


def _import_rows(found: dict[str, list[Imported]]) -> Iterator[tuple[object, ...]]:
    base = next(iter(found.values()))
    for name, every in found.items():
        clock = _ratio([once.seconds for once in every], [once.seconds for once in base])
        cpu = _ratio([once.cpu_seconds for once in every], [once.cpu_seconds for once in base])
        yield name, clock, cpu, every[0].modules, ", ".join(every[0].heavy)


def _share(found: Mapping[str, list[Imported]]) -> str:
    """Of the SDK's import as its package asks for it, and without what it can do without."""
    if "ours, from the bundle alone" not in found:
        return ""
    ours, plain, bare = (
        [once.seconds for once in found[name]]
        for name in ("ours, from the bundle alone", "`import tablestore`", NO_NUMPY)
    )
    met = "met" if median(ours) <= SHARE_MOST * median(plain) else "**missed**"
    return _SHARE.format(most=SHARE_MOST, share=_ratio(ours, plain), met=met, bare=_ratio(ours, bare))


def _ratio(times: Sequence[float], base: Sequence[float]) -> str:
    return f"{median(times) / median(base):.2f}"


# bundles


def bundles() -> list[Path]:
    """Those that are uploaded, as far as they are built."""
    return [path for name in ("poll", "status") if (path := ROOT / ".build" / name).is_dir()]


def _size_rows(folders: Sequence[Path]) -> Iterator[tuple[object, ...]]:
    sizes = [{part.name: _size(part) for part in sorted(folder.iterdir())} for folder in folders]
    totals = [sum(size.values()) for size in sizes]
    named = [*STORE, "shd_relay"]
    for name in named:
        yield f"`{name}`", *_shares([_part(size, name) for size in sizes], totals)
    others = [total - sum(_part(size, name) for name in named) for size, total in zip(sizes, totals, strict=True)]
    yield "all else", *_shares(others, totals)
    store = [sum(_part(size, name) for name in STORE) for size in sizes]
    yield "the store's seven together", *_shares(store, totals)
    yield "whole bundle", *_shares(totals, totals)


def _shares(parts: Sequence[int], totals: Sequence[int]) -> list[str]:
    pairs = zip(parts, totals, strict=True)
    return [cell for part, total in pairs for cell in (f"{part / 1e6:.2f} MB", f"{part / total:.0%}")]


def _part(size: dict[str, int], name: str) -> int:
    return size.get(name, 0) + size.get(f"{name}.py", 0)


def _size(path: Path) -> int:
    """Bytes of all files, compiled ones too; what a disk makes of them is another matter."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


_WHAT = """
The store's SDK, which a start with Tablestore has besides. A clean interpreter for each import (Python {version},
`-I`, compiled files present), {rounds} rounds, in each round every one once. The median time of the import, by the
clock and of the CPU, in relation to `import urllib3`, which the SDK of the store needs in any case. Ours is what the
adapter does, its own modules included: it keeps aiohttp out, which the SDK needs for its asynchronous client only.
numpy comes with flatbuffers where it is installed, as it is here with the tests' packages; the bundles do not carry it.
No cloud was asked: a cold start there also fetches and unpacks.
"""
_SHARE = """
The client's share: in the bundle **{share}** of a plain `import tablestore`, as its package asks to be installed, with
numpy and aiohttp (target: at most {most:g}, {met}); {bare} of one that finds no numpy.
"""
_SIZE = "Bytes of all files in `.build`, as they are uploaded before packing, with compiled files:"
_NOT_BUILT = "The bundles were not built when this page was written: `make bundle`, then `make bench`."


def section() -> str:
    version = "{}.{}".format(*sys.version_info)
    found = measured()
    heads = ("import", "clock", "CPU", "modules loaded", "of them")
    return "\n\n".join((
        "## Cold start",
        answers_cold.text(),
        wrapped(_WHAT.format(version=version, rounds=ROUNDS)),
        table(heads, _import_rows(found)),
        wrapped(_share(found)),
        _bundles(bundles()),
    ))  # fmt: skip


def _bundles(folders: Sequence[Path]) -> str:
    if not folders:
        return _NOT_BUILT
    heads = ["part", *(head for folder in folders for head in (folder.name, "share"))]
    return f"{_SIZE}\n\n{table(heads, _size_rows(folders))}"
