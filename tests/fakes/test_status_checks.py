"""Every refusal of the stand-in's gateway, over the wire, and the order in which it checks."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from xml.etree import ElementTree

import pytest

from local.fakes.status import (
    ERRORS,
    LOCAL_KEY_ID,
    LOCAL_KEY_SECRET,
    Fault,
    GatewayRules,
    Key,
    StatusFake,
    too_many_requests,
)
from local.fakes.status.gateway import MANDATORY
from local.fakes.status.memory import Memory
from tests.fakes.status_wire import Answer, ask, send, signed

WRONG = "AAAAAAAAAAAAAAAAAAAAAAAAAAA="


class Machine:
    """The machine's time: stands still but for being moved by hand."""

    def __init__(self) -> None:
        self.start = datetime.now(timezone.utc)
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return self.start + self.ahead


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def fake(machine: Machine) -> Iterator[StatusFake]:
    with StatusFake(machine=machine) as running:
        yield running


def assert_refused(answer: Answer, code: str, status: int, message: str) -> None:
    assert (answer.json["Code"], answer.status, answer.json["Message"]) == (code, status, message)
    assert answer.headers["content-type"] == "application/json;charset=utf-8"
    assert answer.json.keys() == {"RequestId", "HostId", "Code", "Message", "Recommend"}
    assert answer.json["HostId"] == "127.0.0.1"
    assert code in answer.json["Recommend"]


def test_another_method_is_refused(fake: StatusFake) -> None:
    answer = send(fake, signed("PUT"), method="PUT")
    assert_refused(answer, "UnsupportedHTTPMethod", 405, "This http method not supported.")


@pytest.mark.parametrize("name", MANDATORY)
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_or_blank_common_parameter_is_named(fake: StatusFake, name: str, value: str | None) -> None:
    answer = ask(fake, **{name: value})
    assert_refused(answer, f"Missing{name}", 400, f"{name} is mandatory for this action.")


def test_an_old_back_end_words_a_missing_parameter_its_own_way(fake: StatusFake) -> None:
    fake.gateway = GatewayRules(old_back_end=True)
    message = 'The input parameter "Timestamp" that is mandatory for processing this request is not supplied.'
    assert_refused(ask(fake, Timestamp=None), "MissingParameter", 400, message)


def test_an_unknown_format_is_refused_in_xml(fake: StatusFake) -> None:
    answer = ask(fake, Format="YAML")
    root = ElementTree.fromstring(answer.body)
    assert (answer.status, root.tag, root.findtext("Code")) == (400, "Error", "InvalidParameter.Format")
    assert root.findtext("Message") == "Specified parameter format is not valid."


def test_an_unknown_key_is_refused(fake: StatusFake) -> None:
    answer = ask(fake, AccessKeyId="LTAI-nobody")
    assert_refused(answer, "InvalidAccessKeyId.NotFound", 404, "Specified access key is not found.")


def test_a_disabled_key_is_refused(fake: StatusFake) -> None:
    fake.keys[LOCAL_KEY_ID] = Key(secret=LOCAL_KEY_SECRET, active=False)
    assert_refused(ask(fake), "InvalidAccessKeyId.Inactive", 400, "Specified access key is disabled.")


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        (None, "MissingSecurityToken", "SecurityToken is mandatory for this action."),
        ("", "MissingSecurityToken", "SecurityToken is mandatory for this action."),
        ("not a token", "InvalidSecurityToken.Malformed", "Specified SecurityToken is malformed."),
        (
            "other",
            "InvalidSecurityToken.MismatchWithAccessKey",
            "Specified SecurityToken mismatch with the AccessKey.",
        ),
        ("token", "InvalidSecurityToken.Expired", "Specified SecurityToken is expired."),
    ],
)
def test_a_security_token_is_checked(
    fake: StatusFake, machine: Machine, given: str | None, code: str, message: str
) -> None:
    fake.keys[LOCAL_KEY_ID] = Key(secret=LOCAL_KEY_SECRET, token="token", token_expires=machine())
    assert_refused(ask(fake, SecurityToken=given), code, 400, message)


def test_a_token_is_good_until_it_expires(fake: StatusFake, machine: Machine) -> None:
    later = machine() + timedelta(minutes=1)
    fake.keys[LOCAL_KEY_ID] = Key(secret=LOCAL_KEY_SECRET, token="token", token_expires=later)
    assert ask(fake, SecurityToken="token").status == 200


def test_a_token_with_a_lasting_key_does_not_match(fake: StatusFake) -> None:
    answer = ask(fake, SecurityToken="token")
    assert answer.json["Code"] == "InvalidSecurityToken.MismatchWithAccessKey"


@pytest.mark.parametrize("change", [{"SignatureMethod": "HMAC-SHA256"}, {"SignatureVersion": "2.0"}])
def test_another_way_of_signing_is_refused(fake: StatusFake, change: dict[str, str]) -> None:
    answer = ask(fake, **change)
    assert_refused(answer, "InvalidSignatureMethod", 400, "Specified signature method is not valid.")


@pytest.mark.parametrize("text", ["now", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z", "２026-01-01T00:00:00Z"])
def test_a_time_stamp_of_another_shape_is_refused(fake: StatusFake, text: str) -> None:
    message = "Specified time stamp or date value is not well formatted."
    assert_refused(ask(fake, Timestamp=text), "InvalidTimeStamp.Format", 400, message)


@pytest.mark.parametrize("minutes", [-16, 16])
def test_a_time_stamp_too_far_off_is_refused(fake: StatusFake, machine: Machine, minutes: int) -> None:
    machine.ahead = timedelta(minutes=minutes)
    message = "Specified time stamp or date value is expired."
    assert_refused(ask(fake), "InvalidTimeStamp.Expired", 400, message)
    fake.gateway = GatewayRules(old_back_end=True)
    assert ask(fake).json["Code"] == "IllegalTimestamp"


@pytest.mark.parametrize("minutes", [-14, 14])
def test_a_time_stamp_within_the_quarter_hour_is_accepted(fake: StatusFake, machine: Machine, minutes: int) -> None:
    machine.ahead = timedelta(minutes=minutes)
    assert ask(fake).status == 200


def test_a_forged_signature_is_refused_with_the_servers_string_to_sign(fake: StatusFake) -> None:
    answer = ask(fake, Signature=WRONG)
    before, _, text = answer.json["Message"].partition(":")
    assert (answer.status, answer.json["Code"]) == (400, "SignatureDoesNotMatch")
    assert before == "Specified signature is not matched with our calculation. server string to sign is"
    assert text.startswith("GET&%2F&AccessKeyId%3D")


def test_an_old_back_end_calls_what_can_be_no_signature_incomplete(fake: StatusFake) -> None:
    fake.gateway = GatewayRules(old_back_end=True)
    row = ERRORS["IncompleteSignature"]
    assert_refused(ask(fake, Signature="%%%"), row.code, 400, row.message)
    assert ask(fake, Signature=WRONG).json["Code"] == "SignatureDoesNotMatch"


def test_a_nonce_is_used_once_within_a_quarter_of_an_hour(fake: StatusFake, machine: Machine) -> None:
    assert ask(fake, SignatureNonce="once").status == 200
    machine.ahead = timedelta(minutes=14)
    message = "Specified signature nonce was used already."
    assert_refused(ask(fake, SignatureNonce="once"), "SignatureNonceUsed", 400, message)
    machine.ahead = timedelta(minutes=16)
    stamp = machine().strftime("%Y-%m-%dT%H:%M:%SZ")
    assert ask(fake, SignatureNonce="once", Timestamp=stamp).status == 200


def test_a_forged_call_burns_no_nonce(fake: StatusFake) -> None:
    assert ask(fake, SignatureNonce="mine", Signature=WRONG).json["Code"] == "SignatureDoesNotMatch"
    assert ask(fake, SignatureNonce="mine").status == 200


def test_a_call_that_is_refused_after_its_signature_has_burned_its_nonce(fake: StatusFake) -> None:
    assert ask(fake, SignatureNonce="mine", Version="2000-01-01").json["Code"] == "InvalidVersion"
    assert ask(fake, SignatureNonce="mine").json["Code"] == "SignatureNonceUsed"


def test_a_host_that_is_not_served_is_refused(fake: StatusFake) -> None:
    fake.gateway = GatewayRules(hosts=frozenset({"status.aliyuncs.com"}))
    message = "Cannot find product according to your specified domain."
    assert_refused(ask(fake), "InvalidProduct.NotFound", 404, message)
    served = send(fake, signed(), host="status.aliyuncs.com")
    assert served.status == 200


def test_another_version_is_refused(fake: StatusFake) -> None:
    assert_refused(ask(fake, Version="2020-01-18"), "InvalidVersion", 400, "Specified parameter Version is not valid.")


def test_an_unknown_action_is_refused(fake: StatusFake) -> None:
    message = "Specified api is not found, please check your url and method."
    assert_refused(ask(fake, Action="ListNothing"), "InvalidAction.NotFound", 404, message)
    fake.gateway = GatewayRules(unknown_action=ERRORS["InvalidApi.NotFound"], retired=frozenset({"ListEvents"}))
    assert_refused(ask(fake), "InvalidApi.NotFound", 404, message)


def test_another_path_is_refused(fake: StatusFake) -> None:
    assert send(fake, signed(), path="/api").json["Code"] == "InvalidApi.NotFound"


def test_plain_http_is_refused_where_ssl_is_needed(fake: StatusFake) -> None:
    fake.gateway = GatewayRules(need_ssl=True)
    assert_refused(ask(fake), "InvalidProtocol.NeedSsl", 400, "Your request is denied as lack of ssl protect.")


@pytest.mark.parametrize("code", ["Forbidden.RAM", "NoPermission"])
def test_a_key_whose_policy_does_not_allow_it_is_refused(fake: StatusFake, code: str) -> None:
    fake.keys[LOCAL_KEY_ID] = Key(secret=LOCAL_KEY_SECRET, actions=frozenset({"ListEventInProgress"}))
    fake.gateway = GatewayRules(denied=ERRORS[code])
    message = "User not authorized to operate on the specified resource, or this API doesn't support RAM."
    assert_refused(ask(fake), code, 403, message)
    fake.keys[LOCAL_KEY_ID] = Key(secret=LOCAL_KEY_SECRET, actions=frozenset({"ListEvents"}))
    assert ask(fake).status == 200


def test_more_calls_a_second_than_allowed_are_throttled(fake: StatusFake) -> None:
    fake.gateway = GatewayRules(calls_per_second=2)
    codes = [ask(fake).json["Code"] for _ in range(3)]
    assert codes == [200, 200, "Throttling.User"]


def test_a_second_later_there_is_room_again(machine: Machine, fake: StatusFake) -> None:
    fake.gateway = GatewayRules(calls_per_second=1, throttled=too_many_requests("7"))
    assert ask(fake).status == 200
    machine.ahead = timedelta(seconds=0.999)
    refused = ask(fake)
    machine.ahead = timedelta(seconds=1)
    assert (refused.status, refused.headers["x-acs-retry-after"]) == (429, "7")
    assert ask(fake).status == 200


def test_the_limit_holds_for_64_callers_at_once(machine: Machine, fake: StatusFake) -> None:
    fake.gateway = GatewayRules(calls_per_second=50)

    def burst() -> int:
        """How many of 128 calls are accepted while the clock stands still."""
        with ThreadPoolExecutor(64) as pool:
            statuses = list(pool.map(lambda _: ask(fake).status, range(128)))
        assert statuses.count(200) + statuses.count(400) == 128
        return statuses.count(200)

    assert burst() == 50
    machine.ahead = timedelta(seconds=0.999)
    assert burst() == 0
    machine.ahead = timedelta(seconds=1)
    assert burst() == 50
    assert {call.code for call in fake.calls} == {"200", "Throttling.User"}


def test_no_second_holds_more_than_the_limit_whatever_the_order_in_which_callers_take_their_turn() -> None:
    start = datetime(2026, 1, 1, tzinfo=timezone.utc)
    memory = Memory()
    counted: list[datetime] = []  # each as of its turn
    for number in range(3000):
        arrived = start + timedelta(milliseconds=number + number * 7919 % 200)
        latest = max(counted[-1], arrived) if counted else arrived
        if memory.has_room(arrived, 20):
            counted.append(latest)
    assert 60 <= len(counted) <= 80
    assert all(later - earlier >= timedelta(seconds=1) for earlier, later in zip(counted, counted[20:], strict=False))


def test_a_skewed_clock_leaves_the_limit_as_it_is(fake: StatusFake) -> None:
    fake.gateway = GatewayRules(calls_per_second=2)
    fake.fail(Fault.CLOCK_SKEW, seconds=60)
    assert [ask(fake).status for _ in range(3)] == [200, 200, 400]


@pytest.mark.parametrize(
    ("fault", "code", "status", "message"),
    [
        (Fault.THROTTLING, "Throttling", 400, "Request was denied due to request throttling."),
        (Fault.THROTTLING_USER, "Throttling.User", 400, "Request was denied due to user flow control."),
        (Fault.THROTTLING_API, "Throttling.Api", 400, "Request was denied due to api flow control."),
        (Fault.TOO_MANY_REQUESTS, "Throttling.User", 429, "Request was denied due to user flow control."),
        (
            Fault.INTERNAL_ERROR,
            "InternalError",
            500,
            "The request processing has failed due to some unknown error, exception or failure.",
        ),
        (
            Fault.SERVICE_UNAVAILABLE,
            "ServiceUnavailable",
            503,
            "The request has failed due to a temporary failure of the server.",
        ),
        (Fault.ACCESS_KEY_NOT_FOUND, "InvalidAccessKeyId.NotFound", 404, "Specified access key is not found."),
        (
            Fault.ACTION_NOT_FOUND,
            "InvalidAction.NotFound",
            404,
            "Specified api is not found, please check your url and method.",
        ),
        (
            Fault.FORBIDDEN_RAM,
            "Forbidden.RAM",
            403,
            "User not authorized to operate on the specified resource, or this API doesn't support RAM.",
        ),
        (
            Fault.SIGNATURE_WITHOUT_COLON,
            "SignatureDoesNotMatch",
            400,
            "Specified signature is not matched with our calculation.",
        ),
    ],
)
def test_an_injected_refusal_takes_the_answers_place(
    fake: StatusFake, fault: Fault, code: str, status: int, message: str
) -> None:
    fake.fail(fault)
    answer = ask(fake)
    assert_refused(answer, code, status, message)
    assert (fake.calls[-1].code, fake.calls[-1].status, fake.calls[-1].fault) == (code, status, fault.name)
    assert ("x-acs-retry-after" in answer.headers) == (fault is Fault.TOO_MANY_REQUESTS)
    assert ask(fake).status == 200


def test_the_checks_come_in_their_order(fake: StatusFake, machine: Machine) -> None:
    """A call with everything wrong, mended one fault at a time, names each fault in turn."""
    fake.gateway = GatewayRules(hosts=frozenset({"elsewhere"}), need_ssl=True, calls_per_second=0)
    fake.keys[LOCAL_KEY_ID] = Key(secret=LOCAL_KEY_SECRET, active=False, token="token", actions=frozenset())
    changes: dict[str, str | None] = {
        "AccessKeyId": "nobody",
        "Format": "YAML",
        "SignatureMethod": "none",
        "Timestamp": "late",
        "SignatureNonce": "spent",
        "Signature": WRONG,
        "Version": "0",
        "Action": "None",
        "RegionId": None,
        "EndDate": "never",
    }
    good = {"Format": "JSON", "SignatureMethod": "HMAC-SHA1", "Version": "2020-01-17", "Action": "ListEvents"}
    seen: list[str] = []

    def see() -> None:
        send(fake, signed(**changes))
        seen.append(str(fake.calls[-1].code))

    see()
    changes["Format"] = good["Format"]
    see()
    changes["AccessKeyId"] = LOCAL_KEY_ID
    see()
    fake.keys[LOCAL_KEY_ID] = Key(secret=LOCAL_KEY_SECRET, token="token", actions=frozenset())
    see()
    changes["SecurityToken"] = "token"
    see()
    changes["SignatureMethod"] = good["SignatureMethod"]
    see()
    changes["Timestamp"] = "2000-01-01T00:00:00Z"
    see()
    changes["Timestamp"] = machine().strftime("%Y-%m-%dT%H:%M:%SZ")
    see()
    del changes["Signature"]
    see()
    see()
    changes["SignatureNonce"] = "a second"
    fake.gateway = GatewayRules(need_ssl=True, calls_per_second=0)
    see()
    changes |= {"SignatureNonce": "a third", "Version": good["Version"]}
    see()
    changes |= {"SignatureNonce": "a fourth", "Action": good["Action"]}
    see()
    changes["SignatureNonce"] = "a fifth"
    fake.gateway = GatewayRules(calls_per_second=0)
    see()
    changes["SignatureNonce"] = "a sixth"
    fake.keys[LOCAL_KEY_ID] = Key(secret=LOCAL_KEY_SECRET, token="token")
    see()
    changes["SignatureNonce"] = "a seventh"
    fake.gateway = GatewayRules()
    see()
    changes |= {"SignatureNonce": "an eighth", "RegionId": "cn-hangzhou"}
    see()
    assert seen == [
        "InvalidParameter.Format",
        "InvalidAccessKeyId.NotFound",
        "InvalidAccessKeyId.Inactive",
        "MissingSecurityToken",
        "InvalidSignatureMethod",
        "InvalidTimeStamp.Format",
        "InvalidTimeStamp.Expired",
        "SignatureDoesNotMatch",
        "InvalidProduct.NotFound",
        "SignatureNonceUsed",
        "InvalidVersion",
        "InvalidAction.NotFound",
        "InvalidProtocol.NeedSsl",
        "Forbidden.RAM",
        "Throttling.User",
        "MissingRegionId",
        "InvalidParameter",
    ]


def test_each_row_of_the_table_can_be_played(fake: StatusFake) -> None:
    for row in ERRORS.values():
        fake.fail(row.about("Name"))
        answer = ask(fake)
        assert (answer.json["Code"], answer.status) == (row.about("Name").code, row.status)


def test_without_a_format_a_refusal_is_xml(fake: StatusFake) -> None:
    answer = ask(fake, Format=None, Version="0")
    root = ElementTree.fromstring(answer.body)
    assert answer.headers["content-type"] == "text/xml;charset=utf-8"
    assert [child.tag for child in root] == ["RequestId", "HostId", "Code", "Message", "Recommend"]
    assert root.findtext("Code") == "InvalidVersion"
