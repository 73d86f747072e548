"""A program written against SHD, with the vendor's SDK, asks the relay and hears what SHD would have said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import RpcRequest

from tests.web_world import HK, START, House, event, served

END = START + timedelta(hours=14)


@pytest.fixture
def house() -> House:
    filled = House()
    filled.tell(
        event("open", title="云服务器 ECS <异常> & more", start=START + timedelta(hours=1)),
        event("over", revision=0, title="Over", severity="NORMAL", state="resolved", end=END),
    )
    return filled


@pytest.fixture
def port(house: House) -> Iterator[int]:
    with served(house) as port:
        yield port


def ask(port: int, token: str, **params: str) -> Any:
    client = AcsClient("any-key-id", "any-key-secret", HK)
    request = RpcRequest("Status", "2020-01-17", "ListEvents")
    request.set_accept_format("JSON")
    request.set_endpoint(f"127.0.0.1:{port}")
    request.add_header("Authorization", f"Bearer {token}")
    for name, value in params.items():
        request.add_query_param(name, value)
    try:
        return json.loads(client.do_action_with_exception(request))
    finally:
        client.session.close()  # else its sockets are closed whenever the collector comes by


def test_the_sdk_gets_the_values_that_shd_said(port: int) -> None:
    answer = ask(port, "acme-secret", ProductId="ecs", EndDate="2022-12-18", NumOfDay="7")

    assert (answer["Code"], answer["HTTPCode"], answer["Success"], answer["Total"]) == (200, 200, "true", 2)
    assert answer["Data"] == [
        {"Title": "Over", "CurrentStateSeverity": "NORMAL", "SartTime": 1671324960000, "StartTime": 1671324960000,
         "EndTime": 1671375360000},
        {"Title": "云服务器 ECS <异常> & more", "CurrentStateSeverity": "ALARM", "SartTime": 1671328560000,
         "StartTime": 1671328560000, "EndTime": None},
    ]  # fmt: skip


def test_the_region_of_the_client_is_the_one_that_is_asked_for(port: int) -> None:
    assert ask(port, "acme-secret", ProductId="ecs", RegionId="ap-southeast-1")["Data"] == []


def test_the_sdk_reads_our_refusals_as_its_own_errors(port: int) -> None:
    with pytest.raises(ServerException) as wrong_token:
        ask(port, "wrong", ProductId="ecs")
    with pytest.raises(ServerException) as no_product:
        ask(port, "acme-secret")

    assert (wrong_token.value.http_status, wrong_token.value.error_code) == (401, "InvalidAccessKeyId.NotFound")
    assert (no_product.value.http_status, no_product.value.error_code) == (400, "MissingProductId")
