from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import urllib3

from local.fakes.tablestore import LOCAL_KEY_ID, LOCAL_SECRET, Fault, on
from tests.fakes.tablestore_client import client, columns, key, ready, refused, row, sdk, when

ots = sdk()
ROOT = Path(__file__).parents[2]


def put(c: Any, seq: int = 1, **values: Any) -> object:
    return c.put_row("log", row(seq, **(values or {"a": 1})), when("EXPECT_NOT_EXIST"))


def batch(*seqs: int) -> Any:
    request = ots.BatchWriteRowRequest()
    request.add(ots.TableInBatchWriteRowItem("log", [ots.PutRowItem(row(seq, a=1), when()) for seq in seqs]))
    return request


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Fault.SERVER_BUSY, 503, "OTSServerBusy"),
        (Fault.NOT_ENOUGH_CAPACITY, 403, "OTSNotEnoughCapacityUnit"),
        (Fault.ROW_CONFLICT, 409, "OTSRowOperationConflict"),
        (Fault.TABLE_NOT_READY, 404, "OTSTableNotReady"),
        (Fault.PARTITION_UNAVAILABLE, 503, "OTSPartitionUnavailable"),
        (Fault.UNAVAILABLE, 503, "OTSServerUnavailable"),
        (Fault.TIMEOUT, 503, "OTSTimeout"),
        (Fault.INTERNAL_ERROR, 500, "OTSInternalServerError"),
        (Fault.NO_PERMISSION, 403, "OTSNoPermissionAccess"),
        (Fault.AUTH_FAILED, 403, "OTSAuthFailed"),
    ],
)
def test_a_refusal_is_told_by_status_and_code_and_stores_nothing(fault: Fault, status: int, code: str) -> None:
    with ready() as (fake, c):
        fake.fail(fault)
        assert refused(lambda: put(c)) == code
        call = fake.calls[-1]
        assert (call.status, call.code, call.fault, fake.rows("log")) == (status, code, fault, {})
        put(c)
        assert columns(c, 1) == {"a": 1}


@pytest.mark.parametrize(
    ("fault", "code"), [(Fault.TIMEOUT_AFTER, "OTSTimeout"), (Fault.INTERNAL_ERROR_AFTER, "OTSInternalServerError")]
)
def test_a_service_error_may_hide_that_the_row_is_stored(fault: Fault, code: str) -> None:
    with ready() as (fake, c):
        fake.fail(fault)
        assert refused(lambda: put(c)) == code
        assert columns(c, 1) == {"a": 1}


def test_an_empty_503_comes_out_as_a_service_error_without_code_and_stores_nothing() -> None:
    with ready() as (fake, c):
        fake.fail(Fault.EMPTY_503)
        with pytest.raises(ots.OTSServiceError) as caught:
            put(c)
        assert (caught.value.http_status, caught.value.code, fake.rows("log")) == (503, "", {})


def test_a_page_of_a_proxy_comes_out_as_a_client_error_and_stores_nothing() -> None:
    with ready() as (fake, c):
        fake.fail(Fault.HTML_502)
        with pytest.raises(ots.OTSClientError) as caught:
            put(c)
        assert (caught.value.http_status, fake.rows("log")) == (502, {})


@pytest.mark.parametrize("fault", [Fault.CLOSE_BEFORE, Fault.RESET_BEFORE])
def test_a_connection_that_ends_before_stores_nothing_and_is_told_once(fault: Fault) -> None:
    with ready() as (fake, c):
        fake.fail(fault)
        with pytest.raises(urllib3.exceptions.ProtocolError):
            put(c)
        assert (fake.rows("log"), len(fake.calls), fake.calls[-1].status) == ({}, 1, None)


@pytest.mark.parametrize("fault", [Fault.CLOSE_AFTER, Fault.RESET_AFTER, Fault.TRUNCATED])
def test_a_connection_that_ends_after_hides_that_the_row_is_stored(fault: Fault) -> None:
    with ready() as (fake, c):
        fake.fail(fault)
        with pytest.raises(urllib3.exceptions.ProtocolError):
            put(c)
        assert (columns(c, 1), len(fake.calls)) == ({"a": 1}, 2)


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (Fault.WRONG_SIGNATURE, "Invalid signature"),
        (Fault.WRONG_MD5, "MD5 mismatch"),
        (Fault.WRONG_DATE, "15 minutes"),
    ],
)
def test_an_answer_that_cannot_be_trusted_hides_that_the_row_is_stored(fault: Fault, text: str) -> None:
    with ready() as (fake, c):
        fake.fail(fault)
        with pytest.raises(ots.OTSClientError, match=text):
            put(c)
        assert columns(c, 1) == {"a": 1}


@pytest.mark.parametrize(("fault", "stored"), [(Fault.HANG, False), (Fault.HANG_AFTER, True)])
def test_what_never_answers_runs_into_the_clients_time_out(fault: Fault, stored: bool) -> None:
    with ready() as (fake, _), client(fake, socket_timeout=0.1) as impatient:
        fake.fail(fault)
        with pytest.raises(urllib3.exceptions.ReadTimeoutError):
            put(impatient)
        assert bool(fake.rows("log")) is stored
        fake.heal()
        assert bool(fake.rows("log")) is stored


def test_what_hangs_ends_when_the_stand_in_stops() -> None:
    with ready() as (fake, _), client(fake, socket_timeout=30) as patient:
        fake.fail(Fault.HANG)
        ended = []
        worker = threading.Thread(target=lambda: ended.append(_error_of(patient)))
        worker.start()
        assert fake.wait_until(lambda: len(fake.calls) == 1)
        fake.stop()
        worker.join()
        assert isinstance(ended[0], urllib3.exceptions.HTTPError)


def _error_of(c: Any) -> Exception | None:
    try:
        put(c)
    except urllib3.exceptions.HTTPError as error:
        return error
    return None


def test_a_slow_answer_comes_to_those_who_wait() -> None:
    with ready() as (fake, c), client(fake, socket_timeout=0.05) as impatient:
        fake.fail(Fault.SLOW, times=2, delay_seconds=0.2)
        put(c)
        with pytest.raises(urllib3.exceptions.ReadTimeoutError):
            put(impatient, 2)
        assert columns(c, 2) == {"a": 1}


def test_some_rows_of_a_batch_are_refused_and_the_others_stored() -> None:
    with ready() as (fake, c):
        fake.fail(Fault.PARTIAL_BATCH)
        told = c.batch_write_row(batch(0, 1, 2, 3)).table_of_put["log"]
        assert [each.error_code for each in told] == [None, "OTSServerBusy", None, "OTSServerBusy"]
        fake.fail(Fault.PARTIAL_BATCH, rows={0})
        assert [each.is_ok for each in c.batch_write_row(batch(4, 5)).table_of_put["log"]] == [False, True]
        assert [seq for _, seq in fake.rows("log")] == [0, 2, 5]
        request = ots.BatchGetRowRequest()
        request.add(ots.TableInBatchGetRowItem("log", [key(0), key(2)], max_version=1))
        fake.fail(Fault.PARTIAL_BATCH)
        assert [each.is_ok for each in c.batch_get_row(request).get_result_by_table("log")] == [True, False]


def test_a_fault_strikes_only_where_and_as_often_as_it_is_told_to() -> None:
    with ready() as (fake, c):
        fake.fail(Fault.SERVER_BUSY, times=2, when=on("PutRow", table="log", key=("a", 2)))
        put(c, 1)
        assert [refused(lambda: put(c, 2)) for _ in range(2)] == ["OTSServerBusy"] * 2
        put(c, 2)
        fake.fail(Fault.UNAVAILABLE, times=None, when=on("ListTable"))
        assert {refused(c.list_table) for _ in range(3)} == {"OTSServerUnavailable"}
        fake.heal()
        assert c.list_table() == ("log",)
        with pytest.raises(ValueError, match="times"):
            fake.fail(Fault.SLOW, times=0)


def test_the_sdk_retries_what_its_policy_lets_it_retry() -> None:
    with ready() as (fake, _), client(fake, retry_policy=ots.NoDelayRetryPolicy()) as stubborn:
        fake.fail(Fault.SERVER_BUSY, times=3)
        put(stubborn)
        assert [call.code for call in fake.calls] == ["OTSServerBusy"] * 3 + [""]


def test_an_outage_is_a_refused_connection() -> None:
    with ready() as (fake, c):
        put(c)
        fake.stop()
        with pytest.raises(urllib3.exceptions.HTTPError):
            put(c, 2)
        fake.start()
        assert columns(c, 1) == {"a": 1}


def test_the_state_page_shows_tables_rows_and_calls() -> None:
    with ready() as (fake, c):
        put(c, 1, text="x", blob=bytearray(3))
        with urllib.request.urlopen(f"{fake.url}/_local/state") as answer:
            page = json.load(answer)
        assert page["tables"]["log"]["rows"][0]["columns"] == {"text": "x", "blob": "3 bytes 000000"}
        assert page["calls"][0]["rows"] == [["log", "a", 1]]
        assert (page["calls"][0]["read_units"], page["calls"][0]["write_units"]) == (1, 1)


def test_the_command_serves_until_it_is_told_to_stop() -> None:
    command = [sys.executable, "-m", "local.fakes.tablestore"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[1]
        c = ots.OTSClient(url, LOCAL_KEY_ID, LOCAL_SECRET, "local", socket_timeout=5)
        assert c.list_table() == ()
        c.connection.pool.clear()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
