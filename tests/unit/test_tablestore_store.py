"""What only Tablestore does: its errors, the traps of its SDK, its tables, and two tables without a transaction."""

from __future__ import annotations

import itertools
import logging
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import settings

from local.fakes.loopback import LoopbackServer, Reply
from local.fakes.tablestore import LOCAL_KEY_ID, LOCAL_SECRET, Fault, Key, KeyType, TablestoreFake, on
from shd_relay import clock
from shd_relay.adapters.credentials import Credentials
from shd_relay.adapters.memory_store import MemoryStore
from shd_relay.adapters.tablestore_client import PAUSES, Client
from shd_relay.adapters.tablestore_rows import Rows, Write
from shd_relay.adapters.tablestore_sdk import sdk
from shd_relay.adapters.tablestore_store import TablestoreStore
from shd_relay.adapters.tablestore_tables import KEYS, create_tables
from shd_relay.errors import ContractError, SettingsError, StoreUnavailable
from shd_relay.ports import Checkpoint, Lease, Row
from shd_relay.settings_checks import TablestoreAddress
from tests.contract import test_store as contract

if find_spec("tablestore") is None:
    pytest.skip("the Tablestore SDK is not installed: pip install tablestore==6.4.8", allow_module_level=True)

SHARED = Path(__file__).parents[2] / "shared"
NOW = contract.NOW
TTL = contract.TTL
GOOD = Credentials(access_key_id=LOCAL_KEY_ID, access_key_secret=LOCAL_SECRET)
MEGABYTE = random.Random(1).randbytes(1 << 20)  # noqa: S311 - nothing that packs


def address(fake: TablestoreFake) -> TablestoreAddress:
    return TablestoreAddress(instance=fake.instance, endpoint=fake.url)


class Place:
    """The stand-in with our tables, and stores that are closed at the end."""

    def __init__(self, cleanup: ExitStack) -> None:
        self._cleanup = cleanup
        self.fake = cleanup.enter_context(TablestoreFake())
        create_tables(address(self.fake), lambda: GOOD)

    def open(self, credentials: Callable[[], Credentials] = lambda: GOOD, **limits: Any) -> TablestoreStore:
        store = TablestoreStore(address(self.fake), credentials, **limits)
        self._cleanup.callback(store.close)
        return store

    def asked(self, since: int = 0) -> list[str]:
        return [call.action for call in self.fake.calls[since:]]


@pytest.fixture
def place() -> Iterator[Place]:
    with ExitStack() as cleanup:
        yield Place(cleanup)


# errors


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault.UNAVAILABLE, "OTSServerUnavailable"),
        (Fault.TIMEOUT, "OTSTimeout"),
        (Fault.INTERNAL_ERROR, "OTSInternalServerError"),
        (Fault.EMPTY_503, ""),
        (Fault.HTML_502, "OTSClientError"),
        (Fault.CLOSE_BEFORE, "ProtocolError"),
        (Fault.RESET_BEFORE, "ProtocolError"),
    ],
)
def test_what_passes_makes_the_store_unavailable_after_one_request(place: Place, fault: Fault, code: str) -> None:
    """A write may have been applied, and it is for the caller to find out."""
    store = place.open()
    for ask in (lambda: store.append("main", 1, b"one"), lambda: store.read_log("main", 0, 1)):
        before = len(place.fake.calls)
        place.fake.fail(fault)
        with pytest.raises(StoreUnavailable) as caught:
            ask()
        assert caught.value.code == code
        assert len(place.fake.calls) == before + 1
    assert store.append("main", 1, b"one") is True


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault.SERVER_BUSY, "OTSServerBusy"),
        (Fault.NOT_ENOUGH_CAPACITY, "OTSNotEnoughCapacityUnit"),
        (Fault.ROW_CONFLICT, "OTSRowOperationConflict"),
        (Fault.TABLE_NOT_READY, "OTSTableNotReady"),
        (Fault.PARTITION_UNAVAILABLE, "OTSPartitionUnavailable"),
    ],
)
def test_what_was_surely_not_applied_is_tried_anew_a_few_times(place: Place, fault: Fault, code: str) -> None:
    waited: list[float] = []
    store = place.open(pause=waited.append)
    place.fake.fail(fault, times=3)
    assert store.append("main", 1, b"one") is True
    assert waited == list(PAUSES)
    before = len(place.fake.calls)
    place.fake.fail(fault, times=None)
    with pytest.raises(StoreUnavailable) as caught:
        store.read_log("main", 0, 1)
    assert caught.value.code == code
    assert len(place.fake.calls) == before + 4


# time


def test_after_the_deadline_nothing_is_sent_and_before_it_no_pause_is_longer_than_what_is_left(place: Place) -> None:
    waited: list[float] = []
    late = place.open(deadline=clock.monotonic() - 1)
    before = len(place.fake.calls)
    with pytest.raises(StoreUnavailable, match="no time is left for get_range"):
        late.read_log("main", 0, 1)
    assert len(place.fake.calls) == before
    place.fake.fail(Fault.SERVER_BUSY, times=None)
    with pytest.raises(StoreUnavailable, match="slow down"):
        place.open(deadline=clock.monotonic() + 0.15, pause=waited.append).read_log("main", 0, 1)
    assert waited == []


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.HANG_AFTER])
def test_a_request_ends_at_the_deadline_whatever_the_store_does(place: Place, fault: Fault) -> None:
    place.fake.fail(fault, times=None)
    with pytest.raises(StoreUnavailable) as caught:
        place.open(deadline=clock.monotonic() + 0.3).append("main", 1, b"one")
    assert caught.value.code in {"Deadline", "ReadTimeoutError"}


def test_a_drip_that_outlives_every_socket_timeout_is_cut_off() -> None:
    """A byte in a tenth of a second each, and a request may take three tenths in all."""
    with LoopbackServer(lambda request: Reply(body=b"x" * 100, drip_seconds=0.1)) as server:
        store = TablestoreStore(
            TablestoreAddress(instance="local", endpoint=server.url), lambda: GOOD, call_seconds=0.3
        )
        with closing(store), pytest.raises(StoreUnavailable, match=r"no answer within 0\.3 s") as caught:
            store.load_watermark("main")
        assert caught.value.code == "Deadline"


@pytest.mark.parametrize(
    "fault",
    [
        Fault.TIMEOUT_AFTER, Fault.INTERNAL_ERROR_AFTER, Fault.CLOSE_AFTER, Fault.RESET_AFTER, Fault.TRUNCATED,
        Fault.WRONG_SIGNATURE, Fault.WRONG_MD5, Fault.WRONG_DATE,
    ],
)  # fmt: skip
def test_a_write_whose_answer_was_lost_raises_and_can_be_read_back(place: Place, fault: Fault) -> None:
    store = place.open()
    place.fake.fail(fault)
    with pytest.raises(StoreUnavailable):
        store.append("main", 1, b"mine")
    assert store.read_log("main", 0, 1) == [Row(1, b"mine")]
    assert store.append("main", 1, b"mine") is False


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.HANG_AFTER])
def test_a_silent_service_is_given_up_after_the_socket_time(place: Place, fault: Fault) -> None:
    place.fake.fail(fault)
    with pytest.raises(StoreUnavailable) as caught:
        place.open(call_seconds=0.2).append("main", 1, b"one")
    assert caught.value.code in {"Deadline", "ReadTimeoutError"}
    assert place.asked(len(KEYS)) == ["PutRow"]


def test_nobody_at_the_address_makes_the_store_unavailable(place: Place) -> None:
    place.fake.stop()
    with pytest.raises(StoreUnavailable) as caught:
        place.open().load_checkpoint("main")
    assert caught.value.code == "NewConnectionError"  # and not after four attempts: MaxRetryError


def test_missing_tables_ask_for_the_set_up() -> None:
    with TablestoreFake() as fake, closing(TablestoreStore(address(fake), lambda: GOOD)) as store:
        for ask in (
            lambda: store.append("main", 1, b""),
            lambda: store.load_watermark("main"),
            lambda: store.put_documents([("evt_a", "2023-11", b"")], 1),
        ):
            with pytest.raises(ContractError, match="run the set-up") as caught:
                ask()
            assert caught.value.code == "OTSObjectNotExist"


@pytest.mark.parametrize(
    ("fault", "advice"),
    [
        (Fault.AUTH_FAILED, "check the instance in SHD_STORE"),
        (Fault.NO_PERMISSION, "ots:UpdateRow.* on the tables shd_"),
    ],
)
def test_a_refusal_for_good_says_what_to_check(place: Place, fault: Fault, advice: str) -> None:
    place.fake.fail(fault)
    with pytest.raises(ContractError, match=advice):
        place.open().load_checkpoint("main")


def test_a_value_that_is_too_large_is_a_refusal_for_good(place: Place) -> None:
    with pytest.raises(ContractError) as caught:
        place.open().append("main", 1, MEGABYTE * 3)
    assert caught.value.code == "OTSParameterInvalid"


def test_rows_that_are_not_ours_are_told_with_their_place(place: Place) -> None:
    store = place.open()
    with closing(Client(address(place.fake), lambda: GOOD)) as client:
        foreign = Write((("shard", "main"), ("kind", "ckpt")), {"seq": 1, "doc": "text", "parts": 0}, None)
        assert Rows(client, "shd_").write("meta", foreign)
    with pytest.raises(ContractError, match="table shd_meta, row main, ckpt: column doc is no bytes: not our row"):
        store.load_checkpoint("main")


def test_long_texts_are_packed_and_short_ones_can_be_read_as_they_are(place: Place) -> None:
    store, text = place.open(), b"the disks of zone C fail; " * 1_000
    store.append("main", 1, text)
    store.append("main", 2, b"short")
    assert [row.blob for row in store.read_log("main", 0, 9)] == [text, b"short"]
    kept = [row.values()["entry"] for row in place.fake.rows("shd_log").values()]
    assert len(kept[0]) < len(text) / 10
    assert kept[1] == b"-short"


def test_an_entry_that_this_version_did_not_pack_is_told(place: Place) -> None:
    store = place.open()
    with closing(Client(address(place.fake), lambda: GOOD)) as client:
        for seq, kept in ((1, b"?"), (2, b"zz")):
            assert Rows(client, "shd_").write("log", Write((("shard", "main"), ("seq", seq)), {"entry": kept}, None))
            with pytest.raises(ContractError, match="not as this version packs it"):
                store.read_log("main", seq - 1, 1)


# a checkpoint that is greater than what a value takes

GREAT = [Checkpoint(seq, random.Random(seq).randbytes(2_000_000)) for seq in range(1, 5)]  # noqa: S311


def test_a_great_checkpoint_is_kept_in_parts_and_replaced_by_greater_and_by_small_ones(place: Place) -> None:
    store = place.open()
    for checkpoint in (GREAT[0], GREAT[1], Checkpoint(2, b"small"), GREAT[2], GREAT[3]):
        assert store.save_checkpoint("main", checkpoint) is True
        assert place.open().load_checkpoint("main") == checkpoint
    assert store.save_checkpoint("main", GREAT[1]) is False
    assert store.load_checkpoint("main") == GREAT[3]


@pytest.mark.parametrize("request_", range(1, 5))
def test_a_writer_that_dies_at_any_part_leaves_the_checkpoint_as_it_was(place: Place, request_: int) -> None:
    store = place.open()
    for checkpoint in GREAT[:2]:  # so that both places have been used
        store.save_checkpoint("main", checkpoint)
    counted = itertools.count(1)
    place.fake.fail(Fault.CLOSE_BEFORE, times=None, when=lambda call: next(counted) >= request_)
    with suppress(StoreUnavailable):
        store.save_checkpoint("main", GREAT[2])
    asked = next(counted) - 1
    place.fake.heal()
    assert place.open().load_checkpoint("main") == (GREAT[1] if asked >= request_ else GREAT[2])


def spoil_part(place: Place, number: int) -> None:
    """What a writer does that was overtaken, and dies after it has begun to write over what the head points to."""
    head = next(row.values() for key, row in place.fake.rows("shd_meta").items() if key[1] == "ckpt")
    with closing(Client(address(place.fake), lambda: GOOD)) as client:
        other = {"seq": head["seq"], "doc": b"another writer's", "digest": "another"}
        key = (("shard", "main"), ("kind", f"ckpt:{head['slot']}:{number:04}"))
        assert Rows(client, "shd_").save("meta", key, other, [[("seq", "<=", head["seq"])]])


@pytest.mark.parametrize("number", [0, 1])
def test_a_checkpoint_that_another_writer_began_to_write_over_gives_way_to_the_one_before(
    place: Place, number: int
) -> None:
    store = place.open()
    for checkpoint in GREAT[:2]:
        store.save_checkpoint("main", checkpoint)
    spoil_part(place, number)
    assert store.load_checkpoint("main") == GREAT[0]
    assert store.save_checkpoint("main", GREAT[1]) is True
    assert store.load_checkpoint("main") == GREAT[1]


def test_where_there_is_none_before_it_there_is_no_checkpoint(place: Place) -> None:
    store = place.open()
    store.save_checkpoint("main", Checkpoint(1, b"small"))
    store.save_checkpoint("main", GREAT[1])
    spoil_part(place, 1)
    assert store.load_checkpoint("main") is None


def test_stores_of_two_prefixes_share_an_instance_and_nothing_else(place: Place) -> None:
    two = TablestoreAddress(instance=place.fake.instance, endpoint=place.fake.url, prefix="two_")
    create_tables(two, lambda: GOOD)
    place.open().append("main", 1, b"one")
    with closing(TablestoreStore(two, lambda: GOOD)) as other:
        assert other.read_log("main", 0, 1) == []


@pytest.mark.parametrize("endpoint", ["ftp://127.0.0.1", "127.0.0.1"])
def test_an_endpoint_that_the_sdk_refuses_is_a_setting_to_check(endpoint: str) -> None:
    store = TablestoreStore(TablestoreAddress(instance="local", endpoint=endpoint), lambda: GOOD)
    with pytest.raises(ContractError, match="check SHD_STORE"):
        store.load_checkpoint("main")


def test_a_bundle_without_the_sdk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    sdk.cache_clear()
    monkeypatch.setitem(sys.modules, "tablestore", None)
    store = TablestoreStore(TablestoreAddress(instance="local", endpoint="http://127.0.0.1:9"), lambda: GOOD)
    with pytest.raises(ContractError, match="not in the bundle") as caught:
        store.load_checkpoint("main")
    assert caught.value.code == "WrongModule"


def test_another_version_of_the_sdk_that_a_runtime_brings_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    older = ModuleType("tablestore")
    older.__version__, older.__file__ = "5.4.1", "/somewhere/tablestore/__init__.py"
    monkeypatch.setitem(sys.modules, "tablestore", older)
    sdk.cache_clear()
    with pytest.raises(ContractError, match=r"tablestore is 5\.4\.1 from /somewhere/.*, and the bundle's is 6\.4\.8"):
        sdk()


def test_what_stands_in_for_aiohttp_during_the_import_is_gone_after_it() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(SHARED)!r})\n"
        "from shd_relay.adapters.tablestore_sdk import sdk; sdk()\n"
        "assert 'aiohttp' not in sys.modules\n"
        "import aiohttp; print(aiohttp.ClientSession.__name__)\n"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "ClientSession"), done.stderr


# credentials and silence


def test_credentials_are_read_for_each_request(place: Place) -> None:
    given = [GOOD]
    store = place.open(lambda: given[-1])
    store.append("main", 1, b"one")
    place.fake.keys["STS.two"] = Key(secret="two", token="token-of-two")
    place.fake.keys.pop(LOCAL_KEY_ID)
    with pytest.raises(ContractError):
        store.append("main", 2, b"two")
    given.append(Credentials(access_key_id="STS.two", access_key_secret="two", security_token="token-of-two"))
    assert store.append("main", 2, b"two") is True


def test_missing_credentials_come_out_as_they_are(place: Place) -> None:
    def none() -> Credentials:
        raise SettingsError(["ALIBABA_CLOUD_ACCESS_KEY_ID: is not set"])

    with pytest.raises(SettingsError):
        place.open(none).load_checkpoint("main")


@pytest.mark.parametrize("fault", [Fault.AUTH_FAILED, Fault.HTML_502, Fault.WRONG_SIGNATURE, Fault.CLOSE_AFTER])
def test_no_secret_and_no_word_of_the_sdk_gets_out(
    place: Place, fault: Fault, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    place.fake.fail(fault)
    with pytest.raises((ContractError, StoreUnavailable)) as caught:
        place.open().append("main", 1, b"one")
    texts = [
        repr(caught.value),
        str(caught.value),
        *capfd.readouterr(),
        *(record.getMessage() for record in caplog.records),
    ]
    assert [text for text in texts if LOCAL_SECRET in text or LOCAL_KEY_ID in text] == []
    assert [record.name for record in caplog.records if "tablestore" in record.name] == []


def test_the_sdk_loads_without_a_word_where_warnings_are_errors() -> None:
    code = f"import sys; sys.path.insert(0, {str(SHARED)!r})\n"
    code += "from shd_relay.adapters.tablestore_sdk import sdk; sdk()"
    done = subprocess.run(
        [sys.executable, "-W", "error::ImportWarning", "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# tables


def test_the_set_up_makes_what_is_missing_and_may_be_repeated() -> None:
    with TablestoreFake() as fake:
        fake.create_table("shd_meta", {"shard": KeyType.STRING, "kind": KeyType.STRING})
        made = create_tables(address(fake), lambda: GOOD)
        assert made == ["shd_log", "shd_documents", "shd_months", "shd_parked"]
        assert create_tables(address(fake), lambda: GOOD) == []
        assert {schema.time_to_live for schema in fake.tables.values()} == {-1}


def test_the_set_up_refuses_a_table_with_another_key_or_one_that_forgets() -> None:
    with TablestoreFake() as fake:
        fake.create_table("shd_log", {"shard": KeyType.STRING, "seq": KeyType.STRING})
        with pytest.raises(ContractError, match="shd_log: its key is shard STRING, seq STRING, and ours"):
            create_tables(address(fake), lambda: GOOD)
        fake.reset()
        fake.create_table("shd_log", {"shard": KeyType.STRING, "seq": KeyType.INTEGER}, time_to_live=86_400)
        with pytest.raises(ContractError, match="expire after 86400 s"):
            create_tables(address(fake), lambda: GOOD)


# rows


def test_blobs_are_stored_as_binary(place: Place) -> None:
    place.open().append("main", 1, b"text")
    assert type(place.fake.rows("shd_log")["main", 1].columns["entry"][0].value) is bytes


def test_read_log_follows_the_pages_of_a_range(place: Place) -> None:
    store = place.open()
    for seq in range(1, 6):
        store.append("main", seq, MEGABYTE)
    before = len(place.fake.calls)
    assert [row.seq for row in store.read_log("main", 0, 10)] == [1, 2, 3, 4, 5]
    assert place.asked(before) == ["GetRange", "GetRange"]


@pytest.mark.parametrize("after", [(1 << 63) - 2, (1 << 63) - 1, 1 << 70, -(1 << 70)])
def test_read_log_past_every_possible_seq_is_empty(place: Place, after: int) -> None:
    assert place.open().read_log("main", after, 10) == []


def test_acquire_does_not_overtake_a_renewal_that_came_between_its_read_and_its_write(place: Place) -> None:
    first = place.open()
    lease = first.acquire("main", "a", NOW, TTL)
    assert lease is not None
    renewed: list[Lease | None] = []

    def second_request_comes_late() -> Credentials:
        if place.asked()[-1] == "GetRow" and not renewed:
            renewed.append(first.renew("main", lease, contract.later(TTL), TTL))
        return GOOD

    assert place.open(second_request_comes_late).acquire("main", "b", contract.later(TTL), TTL) is None
    assert renewed == [Lease(lease.token, contract.later(2 * TTL))]


# documents


def test_rows_of_a_batch_that_are_busy_are_tried_anew_without_those_that_are_done(place: Place) -> None:
    waited: list[float] = []
    store = place.open(pause=waited.append)
    documents = [(f"evt_{n}", "2023-11", b"%d" % n) for n in range(6)]
    place.fake.fail(Fault.PARTIAL_BATCH, times=2, when=on("BatchWriteRow", table="shd_months"))
    store.put_documents(documents, 1)
    assert store.list_documents("2023-11", "", 10) == [(id_, blob) for id_, _, blob in documents]
    asked = [
        len(call.rows) for call in place.fake.calls if call.action == "BatchWriteRow" and call.table == "shd_months"
    ]
    assert (asked, waited) == ([6, 3, 1, 6], list(PAUSES[:2]))


def test_put_documents_raises_when_one_row_of_a_batch_stays_busy_and_its_repetition_mends_it(place: Place) -> None:
    store = place.open(pause=lambda seconds: None)
    documents = [(f"evt_{n}", "2023-11", b"%d" % n) for n in range(6)]
    place.fake.fail(Fault.PARTIAL_BATCH, times=None, rows=(0,))
    with pytest.raises(StoreUnavailable) as caught:
        store.put_documents(documents, 1)
    assert caught.value.code == "OTSServerBusy"
    place.fake.heal()
    store.put_documents(documents, 1)
    assert store.list_documents("2023-11", "", 10) == [(id_, blob) for id_, _, blob in documents]


def test_put_documents_splits_batches_by_rows_and_by_bytes(place: Place) -> None:
    store = place.open()
    store.put_documents([(f"evt_{n:03}", "2023-11", b"") for n in range(201)], 1)
    store.put_documents([(f"big_{n}", "2023-11", MEGABYTE) for n in range(4)], 1)
    batches = [call for call in place.fake.calls if call.action == "BatchWriteRow"]
    assert max(len(call.rows) for call in batches) == 200
    assert all(call.size < 4 << 20 for call in batches)
    assert len(store.list_documents("2023-11", "", 1000)) == 205


@pytest.mark.parametrize("cut", range(1, 9))
def test_a_move_to_another_month_that_is_cut_off_anywhere_lists_at_most_once_and_is_mended(
    place: Place, cut: int
) -> None:
    store = place.open()
    store.put_documents([("evt_a", "2023-11", b"old")], 1)
    last = place.fake.calls[-1].number
    place.fake.fail(Fault.CLOSE_AFTER, when=lambda call: call.number == last + cut)
    try:
        store.put_documents([("evt_a", "2023-12", b"new")], 2)
        whole = True
    except StoreUnavailable:
        whole = False
    place.fake.heal()
    listed = store.list_documents("2023-11", "", 5) + store.list_documents("2023-12", "", 5)
    assert len(listed) <= 1
    assert listed == [("evt_a", b"new")] or not whole
    assert whole == (cut == 8)
    store.put_documents([("evt_a", "2023-12", b"new")], 2)
    assert store.list_documents("2023-11", "", 5) == []
    assert store.list_documents("2023-12", "", 5) == [("evt_a", b"new")]


@pytest.mark.parametrize("overtaken_at", range(1, 6))
def test_a_slow_put_that_is_overtaken_by_a_move_does_not_list_the_document_twice(
    place: Place, overtaken_at: int
) -> None:
    fast, requests = place.open(), 0

    def between() -> Credentials:
        nonlocal requests
        requests += 1
        if requests == overtaken_at:
            fast.put_documents([("evt_a", "2023-12", b"new")], 2)
        return GOOD

    place.open(between).put_documents([("evt_a", "2023-11", b"old")], 1)
    fast.put_documents([("evt_a", "2023-12", b"new")], 2)
    assert fast.list_documents("2023-11", "", 5) == []
    assert fast.list_documents("2023-12", "", 5) == [("evt_a", b"new")]


def test_list_documents_fills_a_page_past_documents_that_moved_away(place: Place) -> None:
    store = place.open()
    ids = [f"evt_{n}" for n in range(8)]
    store.put_documents([(id_, "2023-11", b"") for id_ in ids], 1)
    store.put_documents([(id_, "2023-12", b"") for id_ in ids[:5]], 2)
    store.put_documents([("evt_1", "2023-11", b"back")], 3)
    assert [id_ for id_, _ in store.list_documents("2023-11", "", 3)] == ["evt_1", "evt_5", "evt_6"]
    assert store.list_documents("2023-11", "evt_6", 3) == [("evt_7", b"")]


def test_a_poll_without_a_change_costs_few_capacity_units(place: Place) -> None:
    store = place.open()
    for token in (1, 2):
        before = place.fake.units
        lease = store.acquire("main", "a", NOW, TTL)
        assert lease is not None
        store.load_checkpoint("main"), store.load_watermark("main"), store.read_log("main", 0, 100)
        store.save_record("main", "work", token, b"w" * 2000)
        store.save_record("main", "poll", token, b"p" * 2000)
        store.release("main", lease)
    spent = place.fake.units
    assert (spent.read - before.read, spent.write - before.write) <= (8, 4)


class TablestoreIsLikeMemory(contract.SqliteIsLikeMemory):
    """The rules of the contract's own machine; the stand-in takes the place of the file."""

    def __init__(self) -> None:
        super().__init__()
        self.sqlite.close()
        self.cleanup = ExitStack()
        self.memory = MemoryStore()
        self.sqlite = Place(self.cleanup).open()  # type: ignore[assignment]

    def teardown(self) -> None:
        super().teardown()
        self.cleanup.close()


TestTablestoreIsLikeMemory = TablestoreIsLikeMemory.TestCase
TestTablestoreIsLikeMemory.settings = settings(max_examples=5, stateful_step_count=25, deadline=None)
