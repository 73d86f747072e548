from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from email.message import Message as Headers
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mns.auth import Credentials
from mns.mns_client import MNSClient
from mns.mns_exception import MNSServerException
from mns.topic import TopicMessage, TopicMeta

from local.fakes.mns import Key, MnsFake
from local.fakes.mns.auth import content_md5, sign
from local.fakes.mns.wire import body_md5
from tests.fakes.mns_client import HandClock, account, raw, refused, signed

STS = {"STS.key": Key(secret="s", token="the-token", valid_until=datetime.fromtimestamp(1_000_060, timezone.utc))}


def test_the_signature_is_that_of_the_recorded_vector() -> None:
    body = b'<Message xmlns="http://mns.aliyuncs.com/doc/v1/"><MessageBody>hello</MessageBody></Message>'
    headers = Headers()
    headers["Content-MD5"] = content_md5(body)
    headers["Content-Type"] = "text/xml;charset=UTF-8"
    headers["Date"] = "Thu, 01 Jan 2026 00:00:00 GMT"
    headers["x-mns-version"] = "2015-06-06"
    assert headers["Content-MD5"] == "MzU0ZWY3MTY4Y2FmOTEzMDE1NWJlMTk3YjY4OWE0ZTc="
    assert sign("testsecret", "POST", "/topics/demo/messages", headers) == "L5/ldlL6rm6Lk4PFvqWzsMBpGsg="
    assert body_md5("hello") == "5D41402ABC4B2A76B9719D911017C592"


PRINTABLE = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)


@given(
    secret=PRINTABLE,
    method=st.sampled_from(["GET", "PUT", "POST", "DELETE"]),
    target=PRINTABLE.map("/queues/q/messages?ReceiptHandle=".__add__),
    named=st.dictionaries(st.sampled_from(["x-mns-prefix", "x-mns-marker", "x-mns-user-request-id"]), PRINTABLE),
    body=st.none() | st.binary(max_size=50),
)
def test_our_signature_is_the_one_the_sdk_makes(
    secret: str, method: str, target: str, named: dict[str, str], body: bytes | None
) -> None:
    plain = {"date": "Thu, 01 Jan 2026 00:00:00 GMT", "x-mns-version": "2015-06-06", **named}
    if body is not None:
        plain |= {"content-md5": content_md5(body), "content-type": "text/xml;charset=UTF-8"}
    client = MNSClient("http://127.0.0.1", "id", secret)
    theirs = client.get_signature(method, plain, target, Credentials("id", secret, ""))
    headers = Headers()
    for name, value in plain.items():
        headers[name] = value
    assert theirs == f"MNS id:{sign(secret, method, target, headers)}"


@given(handle=PRINTABLE.filter(lambda text: not set("#&%") & set(text)))
def test_any_receipt_handle_in_the_address_is_signed_as_it_is_sent(handle: str) -> None:
    with MnsFake() as fake, account(fake) as client:
        fake.create_queue("q")
        assert refused(lambda: client.get_queue("q").delete_message(handle)) == "ReceiptHandleError"


def test_a_request_without_authorization_is_refused_first() -> None:
    with MnsFake() as fake:
        answer = raw(fake, "GET", "/topics/t")
        assert (answer.status, answer.code) == (400, "MissingAuthorizationHeader")


@pytest.mark.parametrize("header", ["Basic a:b", "MNS nothing", "MNS :sig", "MNS id:", "MNS"])
def test_another_way_of_authorization_is_refused(header: str) -> None:
    with MnsFake() as fake:
        assert raw(fake, "GET", "/topics/t", headers={"Authorization": header}).code == "InvalidAuthorizationHeader"


def test_an_unknown_key_is_refused_before_its_date_is_looked_at() -> None:
    with MnsFake() as fake:
        answer = signed(fake, "GET", "/topics/t", key_id="nobody", headers={"Date": None})
        assert (answer.status, answer.code) == (403, "InvalidAccessKeyId")


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Date": None}, "MissingDateHeader"),
        ({"Date": "yesterday"}, "InvalidDateHeader"),
        ({"x-mns-version": None}, "MissingVersionHeader"),
        ({"x-mns-version": "a-token-in-the-wrong-place"}, "InvalidArgument"),
        ({"Content-MD5": "MDAwMA=="}, "InvalidDegist"),
    ],
)
def test_a_bad_header_is_refused_by_its_own_code(headers: dict[str, str | None], code: str) -> None:
    with MnsFake() as fake:
        answer = signed(fake, "PUT", "/topics/t", b"<Topic/>", headers=headers)
        assert (answer.status, answer.code) == (400, code)


def test_a_body_without_digest_is_accepted() -> None:
    with MnsFake() as fake:
        assert signed(fake, "PUT", "/topics/t", b"<Topic/>", headers={"Content-MD5": None}).status == 201


def test_the_date_may_come_in_a_header_of_the_service() -> None:
    with MnsFake() as fake:
        now = formatdate(time.time(), usegmt=True)
        assert signed(fake, "PUT", "/topics/t", headers={"Date": None, "x-mns-date": now}).status == 201


@pytest.mark.parametrize(("skew", "status"), [(-960, 408), (-840, 201), (840, 201), (960, 408)])
def test_a_date_further_off_than_15_minutes_is_refused(skew: int, status: int) -> None:
    with MnsFake() as fake:
        date = formatdate(time.time() + skew, usegmt=True)
        assert signed(fake, "PUT", "/topics/t", headers={"Date": date}).status == status


def test_the_sdk_is_told_when_the_clocks_differ() -> None:
    with MnsFake(wall_clock=lambda: time.time() + 3600) as fake, account(fake) as client:
        assert refused(lambda: client.get_topic("t").create(TopicMeta())) == "TimeExpired"


def test_a_forged_signature_is_refused() -> None:
    with MnsFake() as fake, account(fake, secret="wrong") as client:
        assert refused(lambda: client.get_topic("t").create(TopicMeta())) == "SignatureDoesNotMatch"
        assert fake.topics == {}
        assert fake.calls[0].status == 403


def test_a_body_that_was_changed_on_the_way_is_refused() -> None:
    with MnsFake() as fake:
        digest = content_md5(b"<Topic/>")
        answer = signed(fake, "PUT", "/topics/t", b"<Topic />", headers={"Content-MD5": digest})
        assert answer.code == "InvalidDegist"


def test_a_temporary_key_works_with_its_token_until_it_ends() -> None:
    clock = HandClock()
    with MnsFake(keys=STS, clock=clock) as fake, account(fake, "STS.key", "s", "the-token") as client:
        client.get_topic("t").create(TopicMeta())
        clock.move(60)
        assert refused(client.get_topic("t").get_attributes) == "AccessDenied"


@pytest.mark.parametrize("token", ["", "another-token"])
def test_a_temporary_key_without_its_token_is_unknown(token: str) -> None:
    with MnsFake(keys=STS, clock=HandClock()) as fake, account(fake, "STS.key", "s", token) as client:
        assert refused(lambda: client.get_topic("t").create(TopicMeta())) == "InvalidAccessKeyId"


def test_a_key_may_do_only_what_its_policy_allows() -> None:
    keys = {"publisher": Key(secret="s", actions=frozenset({"PublishMessage"}))}
    with MnsFake(keys=keys) as fake, account(fake, "publisher", "s") as client:
        fake.create_topic("t")
        client.get_topic("t").publish_message(TopicMessage("x"))
        assert refused(client.get_topic("t").delete) == "AccessDenied"
        assert list(fake.topics) == ["t"]


def test_keys_can_be_rotated_while_the_server_runs() -> None:
    with MnsFake(keys=STS, clock=HandClock()) as fake, account(fake, "STS.key", "s", "next") as client:
        fake.keys["STS.key"] = replace(fake.keys["STS.key"], token="next")
        client.get_topic("t").create(TopicMeta())
        fake.keys["STS.key"] = replace(fake.keys["STS.key"], valid_until=None, token=None)
        assert refused(client.get_topic("t").get_attributes) == "InvalidAccessKeyId"


def test_a_key_does_not_show_its_secrets() -> None:
    shown = repr(Key(secret="very-secret", token="very-token", valid_until=datetime.now(timezone.utc) + timedelta(1)))
    assert "very-" not in shown


def test_a_refusal_has_the_four_parts_the_sdk_needs() -> None:
    with MnsFake() as fake, account(fake) as client:
        with pytest.raises(MNSServerException) as caught:
            client.get_topic("t").get_attributes()
        assert caught.value.message
        assert len(caught.value.request_id) == 24
        assert caught.value.host_id == fake.url
