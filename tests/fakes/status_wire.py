"""Signs a call by the vendor's composer and sends it with http.client: each byte of the answer can be looked at."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from aliyunsdkcore.auth.composer import rpc_signature_composer

from local.fakes.status import LOCAL_KEY_ID, LOCAL_KEY_SECRET, StatusFake
from local.fakes.status.signature import sign, string_to_sign


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def signed(method: str = "GET", /, **changes: str | None) -> dict[str, str]:
    """Parameters of a good ListEvents call with some changed (None: left out), signed after that."""
    params: dict[str, str] = {
        "Action": "ListEvents",
        "Version": "2020-01-17",
        "RegionId": "cn-hangzhou",
        "ProductId": "ecs",
    }
    rpc_signature_composer.get_signed_url(params, LOCAL_KEY_ID, LOCAL_KEY_SECRET, "JSON", method, {})
    for name, value in changes.items():
        params.pop(name, None)
        if value is not None:
            params[name] = value
    if "Signature" not in changes:
        params["Signature"] = sign(LOCAL_KEY_SECRET, string_to_sign(method, params))
    return params


def send(
    fake: StatusFake, params: dict[str, str], *, method: str = "GET", path: str = "/", host: str | None = None
) -> Answer:
    connection = http.client.HTTPConnection(fake.endpoint, timeout=5)
    try:
        return send_over(connection, params, method=method, path=path, host=host)
    finally:
        connection.close()


def send_over(
    connection: http.client.HTTPConnection,
    params: dict[str, str],
    *,
    method: str = "GET",
    path: str = "/",
    host: str | None = None,
) -> Answer:
    headers = {"Host": host} if host else {}
    connection.request(method, f"{path}?{urlencode(params)}", headers=headers)
    return answer_of(connection)


def answer_of(connection: http.client.HTTPConnection) -> Answer:
    with connection.getresponse() as response:
        names = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, names, response.read())


def ask(fake: StatusFake, **changes: str | None) -> Answer:
    """One good call, with changes."""
    return send(fake, signed(**changes))


def signed_form(*regions: str, text: str | None = "", **changes: str | None) -> tuple[dict[str, str], dict[str, str]]:
    """Query and form of a good ListEventInProgress call, signed over both. `text` None or given: RegionIds as it is."""
    form = {} if text is None else {"RegionIds": text or (json.dumps(regions) if regions else "")}
    query = signed("POST", Action="ListEventInProgress", ProductId=None, Signature="", **changes)
    query["Signature"] = sign(LOCAL_KEY_SECRET, string_to_sign("POST", {**query, **form}))
    return query, form


def send_form(fake: StatusFake, query: dict[str, str], form: dict[str, str]) -> Answer:
    connection = http.client.HTTPConnection(fake.endpoint, timeout=5)
    try:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", f"/?{urlencode(query)}", body=urlencode(form), headers=headers)
        return answer_of(connection)
    finally:
        connection.close()


def in_progress(fake: StatusFake, *regions: str) -> Answer:
    """One good call of ListEventInProgress for these regions."""
    return send_form(fake, *signed_form(*regions))
