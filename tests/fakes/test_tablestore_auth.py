from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from local.fakes.tablestore import LOCAL_KEY_ID, LOCAL_SECRET, Key, TablestoreFake
from local.fakes.tablestore.auth import response_signature
from tests.fakes.tablestore_client import START, HandClock, client, raw, ready, refused, sdk, signed

ots = sdk()
LATER = datetime.fromtimestamp(START, timezone.utc) + timedelta(minutes=5)


def test_a_signed_request_is_served_and_its_answer_is_signed() -> None:
    with TablestoreFake(wall_clock=HandClock()) as fake:
        answer = raw(fake, "ListTable", signed(fake, "ListTable", now=START))
        wanted = response_signature(LOCAL_SECRET, "/ListTable", answer.headers.items())
        assert (answer.status, answer.headers["authorization"]) == (200, f"OTS {LOCAL_KEY_ID}:{wanted}")
        assert answer.headers["x-ots-date"] == "2027-01-15T08:00:00.000Z"


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"signature": "Zm9yZ2Vk"}, 403, "OTSAuthFailed"),
        ({"accesskeyid": "LTAI-unknown"}, 403, "OTSAuthFailed"),
        ({"instancename": "other"}, 403, "OTSAuthFailed"),
        ({"contentmd5": "AAAAAAAAAAAAAAAAAAAAAA=="}, 403, "OTSAuthFailed"),
        ({"ststoken": "not-needed"}, 403, "OTSAuthFailed"),
        ({"date": "2027-01-15T07:44:59.000Z"}, 403, "OTSAuthFailed"),
        ({"date": "2027-01-15T08:15:01.000Z"}, 403, "OTSAuthFailed"),
        ({"date": "Fri, 15 Jan 2027 08:00:00 GMT"}, 400, "OTSParameterInvalid"),
        ({"date": None}, 400, "OTSParameterInvalid"),
        ({"contentmd5": None}, 400, "OTSParameterInvalid"),
        ({"apiversion": "2014-08-08"}, 400, "OTSParameterInvalid"),
    ],
)
def test_a_request_that_is_not_as_signed_is_refused(changes: dict[str, str | None], status: int, code: str) -> None:
    with TablestoreFake(wall_clock=HandClock()) as fake:
        answer = raw(fake, "ListTable", signed(fake, "ListTable", now=START, **changes))
        assert (answer.status, answer.code) == (status, code)
        assert (fake.calls[-1].status, fake.calls[-1].code) == (status, code)


@pytest.mark.parametrize("date", ["2027-01-15T07:45:00.000Z", "2027-01-15T08:15:00.000Z"])
def test_a_clock_may_be_a_quarter_of_an_hour_off(date: str) -> None:
    with TablestoreFake(wall_clock=HandClock()) as fake:
        assert raw(fake, "ListTable", signed(fake, "ListTable", now=START, date=date)).status == 200


def test_a_signature_holds_for_one_path_only() -> None:
    with TablestoreFake(wall_clock=HandClock()) as fake:
        headers = signed(fake, "ListTable", now=START)
        assert raw(fake, "DeleteTable", headers).code == "OTSAuthFailed"


def test_an_unknown_operation_or_method_is_refused() -> None:
    with TablestoreFake(wall_clock=HandClock()) as fake:
        assert raw(fake, "ListStream", signed(fake, "ListStream", now=START)).code == "OTSParameterInvalid"
        answer = raw(fake, "ListTable", signed(fake, "ListTable", now=START), method="PUT")
        assert (answer.status, answer.code) == (405, "OTSMethodNotAllowed")


def test_bytes_that_are_no_message_are_refused_after_the_signature_was_checked() -> None:
    with TablestoreFake(wall_clock=HandClock()) as fake:
        assert raw(fake, "PutRow", signed(fake, "PutRow", b"\xff", now=START), b"\xff").code == "OTSParameterInvalid"
        bad = signed(fake, "PutRow", b"\xff", now=START, signature="Zm9yZ2Vk")
        assert raw(fake, "PutRow", bad, b"\xff").code == "OTSAuthFailed"


def test_the_sdk_is_refused_with_a_wrong_secret_key_or_instance() -> None:
    with TablestoreFake() as fake:
        for options in ({"secret": "wrong"}, {"key_id": "LTAI-unknown"}, {"instance": "other"}):
            with client(fake, **options) as c:
                assert refused(c.list_table) == "OTSAuthFailed"


def test_a_temporary_key_needs_its_token_and_ends() -> None:
    clock = HandClock()
    keys = {"STS.local": Key(secret="s", token="t", valid_until=LATER)}
    with TablestoreFake(keys=keys, clock=clock) as fake:
        with client(fake, "STS.local", "s", sts_token="t") as c:
            assert c.list_table() == ()
            clock.move(300)
            assert refused(c.list_table) == "OTSAuthFailed"
        with client(fake, "STS.local", "s") as c:
            assert refused(c.list_table) == "OTSAuthFailed"


def test_a_key_may_do_only_what_its_policy_lists() -> None:
    with ready() as (fake, _):
        fake.keys["LTAI-reader"] = Key(secret="s", actions=frozenset({"ListTable"}))
        with client(fake, "LTAI-reader", "s") as c:
            assert c.list_table() == ("log",)
            assert refused(lambda: c.delete_table("log")) == "OTSNoPermissionAccess"
        assert "log" in fake.tables


def test_no_secret_shows_in_what_the_stand_in_tells() -> None:
    keys = {"STS.local": Key(secret="hidden-secret", token="hidden-token")}
    with TablestoreFake(keys=keys) as fake, client(fake, "STS.local", "hidden-secret", sts_token="hidden-token") as c:
        c.list_table()
        assert "hidden" not in repr(fake.keys) + repr(fake.calls) + repr(fake.state())
