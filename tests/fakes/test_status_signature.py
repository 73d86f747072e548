"""The stand-in's own signature against the vendor's, on values and over real sockets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.auth.composer import rpc_signature_composer
from aliyunsdkcore.auth.credentials import StsTokenCredential
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import RpcRequest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.fakes.status import LOCAL_KEY_ID, LOCAL_KEY_SECRET, Key, StatusFake
from local.fakes.status.signature import is_signed, sign, string_to_sign

NAMES = st.from_regex(r"X[A-Za-z0-9.]{0,8}", fullmatch=True)
VALUES = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["", " ", "云 服务", "🔥", "a+b*c~d/e", "%20&=?#:", "Ünï\n\t"]
)
PARAMS = st.dictionaries(NAMES, VALUES, max_size=5)


@pytest.fixture(scope="module")
def fake() -> Iterator[StatusFake]:
    with StatusFake() as running:
        yield running


@pytest.fixture(scope="module")
def client() -> Iterator[AcsClient]:
    acs = AcsClient(LOCAL_KEY_ID, LOCAL_KEY_SECRET, "cn-hangzhou")
    yield acs
    acs.session.close()


def list_events(fake: StatusFake, method: str = "GET") -> RpcRequest:
    request = RpcRequest("Status", "2020-01-17", "ListEvents")
    request.set_endpoint(fake.endpoint)
    request.set_method(method)
    request.add_query_param("ProductId", "ecs")
    return request


@given(params=PARAMS, body=PARAMS, method=st.sampled_from(["GET", "POST"]))
def test_the_string_to_sign_is_the_vendors(params: dict[str, str], body: dict[str, str], method: str) -> None:
    signed = dict(params)
    _, vendors = rpc_signature_composer.get_signed_url(signed, "id", "secret", "JSON", method, body)
    assert string_to_sign(method, {**signed, **body}) == vendors
    assert sign("secret", vendors) == signed["Signature"]


@given(params=PARAMS)
def test_any_other_value_of_a_parameter_breaks_the_signature(params: dict[str, str]) -> None:
    signature = sign("secret", string_to_sign("GET", params))
    assert is_signed("secret", string_to_sign("GET", params), signature)
    assert not is_signed("secret", string_to_sign("GET", {**params, "Xtra": ""}), signature)
    assert not is_signed("secret", string_to_sign("POST", params), signature)
    assert not is_signed("Secret", string_to_sign("GET", params), signature)
    assert not is_signed("secret", string_to_sign("GET", params), "签名")


@settings(max_examples=60, deadline=None)
@given(query=PARAMS, body=PARAMS, method=st.sampled_from(["GET", "POST"]))
def test_the_sdks_own_requests_are_accepted(
    fake: StatusFake, client: AcsClient, query: dict[str, str], body: dict[str, str], method: str
) -> None:
    request = list_events(fake, method)
    for name, value in query.items():
        request.add_query_param(name, value)
    if method == "POST":
        for name, value in body.items():
            request.add_body_params(name, value)
    assert b'"Code": 200' in client.do_action_with_exception(request)
    sent = fake.calls[-1].params
    assert {name: sent[name] for name in query.keys() - body.keys()} == {
        name: query[name] for name in query.keys() - body.keys()
    }


def test_the_sdk_keeps_its_connection_and_the_stand_in_sees_it(fake: StatusFake, client: AcsClient) -> None:
    for _ in range(2):
        client.do_action_with_exception(list_events(fake))
    first, second = fake.calls[-2:]
    assert (second.connection, second.reused) == (first.connection, True)
    assert second.number == first.number + 1


def test_a_request_with_the_right_sts_token_is_accepted(fake: StatusFake) -> None:
    fake.keys["STS.id"] = Key(secret="sts-secret", token="CAIS+tok/en==")
    acs = AcsClient(region_id="cn-hangzhou", credential=StsTokenCredential("STS.id", "sts-secret", "CAIS+tok/en=="))
    try:
        acs.do_action_with_exception(list_events(fake))
    finally:
        acs.session.close()
    assert fake.calls[-1].params["SecurityToken"] == "CAIS+tok/en=="


def test_the_sdk_recognises_a_wrong_secret_by_the_echoed_string(fake: StatusFake) -> None:
    acs = AcsClient(LOCAL_KEY_ID, "another-secret", "cn-hangzhou")
    try:
        with pytest.raises(ServerException) as caught:
            acs.do_action_with_exception(list_events(fake))
    finally:
        acs.session.close()
    assert caught.value.get_error_code() == "InvalidAccessKeySecret"
    assert fake.calls[-1].code == "SignatureDoesNotMatch"
