"""What only the SQLite store does: whose file it is, what its errors mean, what a killed poller leaves."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from shd_relay.adapters.sqlite_file import APPLICATION_ID, FORMAT
from shd_relay.adapters.sqlite_store import SqliteStore
from shd_relay.errors import ContractError, StoreUnavailable
from shd_relay.model import SHARD, START, Position
from shd_relay.ports import Checkpoint, Lease, Row
from shd_relay.records import Parked

NOW = datetime(2023, 11, 12, 9, 39, tzinfo=timezone.utc)
SHARED = Path(__file__).parents[2] / "shared"

Ask = Callable[[SqliteStore], Any]

READS: dict[str, tuple[Ask, Any]] = {
    "load_checkpoint": (lambda store: store.load_checkpoint(SHARD), None),
    "read_log": (lambda store: store.read_log(SHARD, 0, 10), []),
    "load_watermark": (lambda store: store.load_watermark(SHARD), START),
    "load_record": (lambda store: store.load_record(SHARD, "work"), None),
    "load_document": (lambda store: store.load_document("evt_a"), None),
    "list_documents": (lambda store: store.list_documents("2023-11", "", 10), []),
    "list_parked": (lambda store: store.list_parked(SHARD), []),
}
WRITES: dict[str, Ask] = {
    "acquire": lambda store: store.acquire(SHARD, "a", NOW, 60.0),
    "renew": lambda store: store.renew(SHARD, Lease(1, NOW), NOW, 60.0),
    "release": lambda store: store.release(SHARD, Lease(1, NOW)),
    "append": lambda store: store.append(SHARD, 1, b"one"),
    "save_checkpoint": lambda store: store.save_checkpoint(SHARD, Checkpoint(1, b"one")),
    "save_watermark": lambda store: store.save_watermark(SHARD, Position(1, 1)),
    "save_record": lambda store: store.save_record(SHARD, "work", 1, b"w"),
    "put_documents": lambda store: store.put_documents([("evt_a", "2023-11", b"a")], 1),
    "park": lambda store: store.park(SHARD, Parked(key="k", at=NOW, reason="r", body="b")),
}
METHODS: dict[str, Ask] = {name: ask for name, (ask, _) in READS.items()} | WRITES

each_read = pytest.mark.parametrize(("ask", "nothing"), READS.values(), ids=READS)
each_write = pytest.mark.parametrize("ask", WRITES.values(), ids=WRITES)
each_method = pytest.mark.parametrize("ask", METHODS.values(), ids=METHODS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "relay.db"


@pytest.fixture
def open_store(path: Path) -> Iterator[Callable[..., SqliteStore]]:
    opened: list[SqliteStore] = []

    def open_one(at: Path = path, **settings: Any) -> SqliteStore:
        opened.append(SqliteStore(at, **{"busy_seconds": 0.01} | settings))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


def touched(folder: Path) -> dict[str, bytes]:
    return {str(found.relative_to(folder)): found.read_bytes() for found in folder.rglob("*") if found.is_file()}


@contextmanager
def exclusive_lock(path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield


# Where the file is


def test_construction_touches_nothing(tmp_path: Path) -> None:
    SqliteStore(tmp_path / "var" / "relay.db")
    SqliteStore(tmp_path / "var" / "relay.db", read_only=True)
    assert list(tmp_path.iterdir()) == []


def test_the_writing_store_makes_its_missing_folder(tmp_path: Path, open_store: Callable[..., SqliteStore]) -> None:
    deep = tmp_path / "var" / "lib" / "relay.db"
    assert open_store(deep).append(SHARD, 1, b"one")
    assert open_store(str(deep)).read_log(SHARD, 0, 10) == [Row(1, b"one")]


@pytest.mark.parametrize("name", ["a b?mode=memory&x=#1%41.db", "数据.db", "':memory:'"])
def test_any_name_of_a_file_is_taken_as_it_is(
    tmp_path: Path, open_store: Callable[..., SqliteStore], name: str
) -> None:
    open_store(tmp_path / name).append(SHARD, 1, b"one")
    assert (tmp_path / name).stat().st_size > 0


def test_the_file_is_marked_as_ours(path: Path, open_store: Callable[..., SqliteStore]) -> None:
    open_store().append(SHARD, 1, b"one")
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert other.execute("PRAGMA user_version").fetchone() == (FORMAT,)


def test_stores_that_make_the_file_at_once_all_get_it(open_store: Callable[..., SqliteStore]) -> None:
    stores = [open_store(busy_seconds=30) for _ in range(8)]
    gate = threading.Barrier(len(stores))
    put: list[bool] = []

    def run(store: SqliteStore, seq: int) -> None:
        gate.wait()
        put.append(store.append(SHARD, seq, b""))

    threads = [threading.Thread(target=run, args=(store, seq)) for seq, store in enumerate(stores, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert put == [True] * 8
    assert len(stores[0].read_log(SHARD, 0, 10)) == 8


def test_a_commit_is_synced_to_the_disk(path: Path, open_store: Callable[..., SqliteStore]) -> None:
    # The two settings that make a returned commit outlive a power cut; PRAGMA is the only one who knows them.
    store = open_store()
    store.append(SHARD, 1, b"one")
    with store._session() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("truncate",)


# Files that are not ours


def foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE bookmarks (url)")


def foreign_with_an_id(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA application_id = 252006673")


def foreign_in_wal_mode(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("CREATE TABLE bookmarks (url)")


def newer(path: Path) -> None:
    with closing(SqliteStore(path)) as store:
        store.append(SHARD, 1, b"one")
    with closing(sqlite3.connect(path)) as other:
        other.execute(f"PRAGMA user_version = {FORMAT + 1}")


def text(path: Path) -> None:
    path.write_text("watch:\n  products: [ecs]\n")


def long_text(path: Path) -> None:
    path.write_text("watch:\n  products: [ecs]\n" * 1000)


NOT_OURS = {
    "of another program": foreign,
    "of another program (application_id 0xf055111": foreign_with_an_id,
    "a database of another program": foreign_in_wal_mode,
    f"has format {FORMAT + 1}, and this release knows format {FORMAT}": newer,
    "is no SQLite database": text,
    "no SQLite database": long_text,
}


@pytest.mark.parametrize("read_only", [False, True], ids=["to write", "to read"])
@pytest.mark.parametrize(("says", "make"), NOT_OURS.items(), ids=[make.__name__ for make in NOT_OURS.values()])
def test_a_file_that_is_not_ours_is_refused_with_one_line_and_left_as_it_was(
    path: Path, open_store: Callable[..., SqliteStore], says: str, make: Callable[[Path], None], read_only: bool
) -> None:
    make(path)
    before = path.read_bytes()
    store = open_store(read_only=read_only)
    with pytest.raises(ContractError) as caught:
        store.read_log(SHARD, 0, 10)
    if not read_only:
        with pytest.raises(ContractError):
            store.append(SHARD, 1, b"one")
    store.close()
    assert says in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == before


def test_a_folder_in_the_place_of_the_file_is_refused(path: Path, open_store: Callable[..., SqliteStore]) -> None:
    path.mkdir()
    with pytest.raises(ContractError, match="is a folder"):
        open_store().append(SHARD, 1, b"one")


def test_a_file_in_the_place_of_the_folder_is_named(path: Path, open_store: Callable[..., SqliteStore]) -> None:
    path.write_text("")
    with pytest.raises(StoreUnavailable, match="Not a directory"):
        open_store(path / "relay.db").append(SHARD, 1, b"one")


@each_method
def test_every_method_raises_contract_error_when_what_the_store_holds_is_not_ours(
    path: Path, open_store: Callable[..., SqliteStore], ask: Ask
) -> None:
    foreign(path)
    with pytest.raises(ContractError) as caught:
        ask(open_store())
    assert caught.value.__cause__ is None or isinstance(caught.value.__cause__, sqlite3.Error)


def test_a_damaged_file_is_a_contract_error_and_a_sound_one_in_its_place_is_used_at_once(
    path: Path, open_store: Callable[..., SqliteStore]
) -> None:
    store = open_store()
    store.append(SHARD, 1, b"one" * 5000)
    sound = path.read_bytes()
    path.write_bytes(sound[:4096] + b"\xff" * (len(sound) - 4096))
    with pytest.raises(ContractError, match="damaged") as caught:
        open_store().read_log(SHARD, 0, 10)
    assert isinstance(caught.value.__cause__, sqlite3.DatabaseError)
    path.write_bytes(sound)
    assert open_store().read_log(SHARD, 0, 10) == [Row(1, b"one" * 5000)]


def test_tables_that_someone_dropped_are_a_contract_error(path: Path, open_store: Callable[..., SqliteStore]) -> None:
    open_store().append(SHARD, 1, b"one")
    with closing(sqlite3.connect(path)) as other:
        other.execute("DROP TABLE log")
    with pytest.raises(ContractError, match="not ours"):
        open_store().append(SHARD, 1, b"one")


# A store that does not answer


@each_method
@pytest.mark.parametrize("used_before", [False, True], ids=["first call", "later call"])
def test_every_method_raises_store_unavailable_while_another_program_holds_the_lock_and_then_goes_on(
    path: Path, open_store: Callable[..., SqliteStore], ask: Ask, used_before: bool
) -> None:
    open_store().append(SHARD, 7, b"seven")
    store = open_store()
    if used_before:
        ask(store)
    with exclusive_lock(path), pytest.raises(StoreUnavailable, match="holds its lock") as caught:
        ask(store)
    assert isinstance(caught.value.__cause__, sqlite3.OperationalError)
    assert str(path) in str(caught.value)
    ask(store)


@each_read
def test_a_reader_meets_a_locked_store_with_store_unavailable_too(
    path: Path, open_store: Callable[..., SqliteStore], ask: Ask, nothing: Any
) -> None:
    open_store().append(SHARD, 7, b"seven")
    reader = open_store(read_only=True)
    with exclusive_lock(path), pytest.raises(StoreUnavailable, match="holds its lock"):
        ask(reader)
    assert ask(reader) == nothing


def test_a_lock_is_waited_for_as_long_as_busy_seconds_say(open_store: Callable[..., SqliteStore]) -> None:
    with open_store(busy_seconds=1.5)._session() as connection:
        assert connection.execute("PRAGMA busy_timeout").fetchone() == (1500,)


def test_a_full_disk_is_store_unavailable_and_leaves_nothing_half_written(
    path: Path, open_store: Callable[..., SqliteStore]
) -> None:
    store = open_store(pragmas=("max_page_count = 40",))
    acknowledged: list[int] = []

    def fill() -> None:
        while store.append(SHARD, len(acknowledged) + 1, b"x" * 5000):
            acknowledged.append(len(acknowledged) + 1)

    with pytest.raises(StoreUnavailable, match="disk is full"):
        fill()
    with pytest.raises(StoreUnavailable, match="disk is full"):
        store.put_documents([(f"evt_{n}", "2023-11", b"x" * 5000) for n in range(10)], 1)
    assert acknowledged
    assert store.read_log(SHARD, 0, 100) == [Row(seq, b"x" * 5000) for seq in acknowledged]
    assert store.list_documents("2023-11", "", 100) == []
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert open_store().append(SHARD, len(acknowledged) + 1, b"x" * 5000)  # there is room again
    assert len(store.read_log(SHARD, 0, 100)) == len(acknowledged) + 1


def test_a_document_that_cannot_be_stored_undoes_its_batch_and_leaves_no_lock_behind(
    open_store: Callable[..., SqliteStore],
) -> None:
    store = open_store()
    half_a_letter = "evt_\ud800"  # JSON can spell it, UTF-8 cannot
    with pytest.raises(ContractError, match="surrogates not allowed") as caught:
        store.put_documents([("evt_a", "2023-11", b"a"), (half_a_letter, "2023-11", b"b")], 1)
    assert isinstance(caught.value.__cause__, UnicodeEncodeError)
    assert open_store().append(SHARD, 1, b"one")
    assert store.list_documents("2023-11", "", 10) == []
    store.put_documents([("evt_a", "2023-11", b"a")], 1)


@pytest.fixture
def closed_folder() -> Iterator[Path]:
    """A folder, and what is put in it, that only its owner may write to, while the test runs as somebody else."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


@contextmanager
def without_the_right_to_write(*paths: Path) -> Iterator[None]:
    modes = [(path, path.stat().st_mode) for path in paths]
    for path, mode in modes:
        path.chmod(mode & 0o555)
    was_root = os.geteuid() == 0
    if was_root:
        os.seteuid(65534)  # modes do not hold root back
    try:
        yield
    finally:
        if was_root:
            os.seteuid(0)
        for path, mode in modes:
            path.chmod(mode)


def test_a_file_that_is_read_only_can_be_read_and_says_so_when_written(
    closed_folder: Path, open_store: Callable[..., SqliteStore]
) -> None:
    store = open_store(closed_folder / "relay.db")
    store.append(SHARD, 1, b"one")
    store.close()
    with without_the_right_to_write(closed_folder / "relay.db", closed_folder):
        with pytest.raises(StoreUnavailable, match=r"relay\.db: it is read-only"):
            store.append(SHARD, 2, b"two")
        assert store.read_log(SHARD, 0, 10) == [Row(1, b"one")]
        store.close()
    assert store.append(SHARD, 2, b"two")


def test_a_folder_that_is_read_only_is_store_unavailable_until_it_is_not(
    closed_folder: Path, open_store: Callable[..., SqliteStore]
) -> None:
    store = open_store(closed_folder / "relay.db")
    with (
        without_the_right_to_write(closed_folder),
        pytest.raises(StoreUnavailable, match="its folder may be missing, read-only or closed to us"),
    ):
        store.append(SHARD, 1, b"one")
    assert store.append(SHARD, 1, b"one")


def test_a_folder_that_cannot_be_made_is_store_unavailable(
    closed_folder: Path, open_store: Callable[..., SqliteStore]
) -> None:
    with (
        without_the_right_to_write(closed_folder),
        pytest.raises(StoreUnavailable, match="Permission denied") as caught,
    ):
        open_store(closed_folder / "var" / "relay.db").append(SHARD, 1, b"one")
    assert isinstance(caught.value.__cause__, OSError)


# A file that goes, or changes, under an open store


def test_a_file_that_was_deleted_is_made_anew_instead_of_writing_into_the_void(
    path: Path, open_store: Callable[..., SqliteStore]
) -> None:
    store = open_store()
    store.append(SHARD, 1, b"one")
    path.unlink()
    assert store.read_log(SHARD, 0, 10) == []
    assert store.append(SHARD, 1, b"one")
    assert open_store().read_log(SHARD, 0, 10) == [Row(1, b"one")]


def test_a_reader_sees_the_backup_that_was_put_in_the_place_of_the_file(
    path: Path, open_store: Callable[..., SqliteStore]
) -> None:
    open_store(path.with_name("backup.db")).append(SHARD, 1, b"backup")
    open_store().append(SHARD, 1, b"one")
    reader = open_store(read_only=True)
    assert reader.read_log(SHARD, 0, 10) == [Row(1, b"one")]
    path.with_name("backup.db").replace(path)
    assert reader.read_log(SHARD, 0, 10) == [Row(1, b"backup")]


# The reader


@each_read
def test_a_reader_finds_an_empty_store_where_there_is_no_file_and_makes_none(
    tmp_path: Path, open_store: Callable[..., SqliteStore], ask: Ask, nothing: Any
) -> None:
    reader = open_store(tmp_path / "var" / "relay.db", read_only=True)
    assert ask(reader) == nothing
    assert ask(reader) == nothing
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_found_nothing_sees_the_file_once_it_is_there(
    path: Path, open_store: Callable[..., SqliteStore]
) -> None:
    reader = open_store(read_only=True)
    assert reader.read_log(SHARD, 0, 10) == []
    path.touch()  # a writer that has only just opened it
    assert reader.read_log(SHARD, 0, 10) == []
    open_store().append(SHARD, 1, b"one")
    assert reader.read_log(SHARD, 0, 10) == [Row(1, b"one")]


@each_write
@pytest.mark.parametrize("there", [False, True], ids=["no file", "a file"])
def test_a_reader_never_writes(
    tmp_path: Path, path: Path, open_store: Callable[..., SqliteStore], ask: Ask, there: bool
) -> None:
    if there:
        open_store().append(SHARD, 7, b"seven")
    before = touched(tmp_path)
    with pytest.raises(StoreUnavailable, match="read-only"):
        ask(open_store(read_only=True))
    assert touched(tmp_path) == before


def test_a_reader_reads_whole_rows_while_a_poller_writes(open_store: Callable[..., SqliteStore]) -> None:
    writer, reader = open_store(busy_seconds=30), open_store(read_only=True, busy_seconds=30)
    total = 40

    def write() -> None:
        for seq in range(1, total + 1):
            writer.append(SHARD, seq, b"%d" % seq * 1000)

    poller = threading.Thread(target=write)
    poller.start()
    seen = 0
    while seen < total:
        rows = reader.read_log(SHARD, 0, 100)
        assert rows == [Row(seq, b"%d" % seq * 1000) for seq in range(1, len(rows) + 1)]
        assert len(rows) >= seen
        seen = len(rows)
    poller.join()


def test_a_reader_reads_while_a_poller_has_begun_a_write(path: Path, open_store: Callable[..., SqliteStore]) -> None:
    open_store().append(SHARD, 1, b"one")
    with closing(sqlite3.connect(path, isolation_level=None)) as poller:
        poller.execute("BEGIN IMMEDIATE")
        assert open_store(read_only=True).read_log(SHARD, 0, 10) == [Row(1, b"one")]


# A poller that was killed


def test_a_write_that_was_cut_off_stops_the_reader_until_the_next_poller_undoes_it(
    tmp_path: Path, path: Path, open_store: Callable[..., SqliteStore]
) -> None:
    open_store().append(SHARD, 1, b"one")
    cut_off = tmp_path / "cut-off.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as poller:
        poller.execute("PRAGMA cache_size = 1")  # pages go to the file before the commit
        poller.execute("BEGIN")
        poller.executemany("INSERT INTO log VALUES ('main', ?, ?)", [(seq, b"x" * 4000) for seq in range(2, 40)])
        shutil.copy(path, cut_off)
        shutil.copy(f"{path}-journal", f"{cut_off}-journal")
    reader, writer = open_store(cut_off, read_only=True), open_store(cut_off)
    before = cut_off.read_bytes()
    with pytest.raises(StoreUnavailable, match="a write was cut off and the next poll mends it"):
        reader.read_log(SHARD, 0, 100)
    assert cut_off.read_bytes() == before
    assert writer.read_log(SHARD, 0, 100) == [Row(1, b"one")]
    assert reader.read_log(SHARD, 0, 100) == [Row(1, b"one")]


APPEND_FOR_EVER = """
import sys
from itertools import count
from shd_relay.adapters.sqlite_store import SqliteStore
store = SqliteStore(sys.argv[1])
for seq in count(int(sys.argv[2])):
    assert store.append("main", seq, b"%d" % seq * 1000)
    print(seq, flush=True)
"""


def test_every_append_that_a_killed_poller_acknowledged_is_there_and_the_file_opens(
    path: Path, open_store: Callable[..., SqliteStore]
) -> None:
    head = 0
    for acknowledgements in (1, 7, 20):
        command = [sys.executable, "-c", APPEND_FOR_EVER, str(path), str(head + 1)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": str(SHARED)}) as poller:
            assert poller.stdout is not None
            said = [poller.stdout.readline() for _ in range(acknowledgements)]
            poller.kill()
            said += poller.stdout.readlines()
        last = int([line for line in said if line.endswith("\n")][-1])
        rows = open_store().read_log(SHARD, 0, 10_000)
        assert rows == [Row(seq, b"%d" % seq * 1000) for seq in range(1, len(rows) + 1)]
        assert last <= len(rows) <= last + 1  # the last one may have been put and not yet said
        head = len(rows)
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("PRAGMA integrity_check").fetchone() == ("ok",)
