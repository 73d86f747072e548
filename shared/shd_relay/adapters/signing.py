"""Signed requests of the status API, made by the SDK's own request object and signers.

AcsClient is left out: it would let ALIYUN_ACCESS_KEY_ID of the environment win over our credentials, and it sends
without deadline, retries or SNI (status-api.md 3.2-3.7). No method here reads the environment.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from shd_relay.adapters.credentials import Credentials

PRODUCT = "Status"
VERSION = "2020-01-17"


class Signed(NamedTuple):
    """What goes on the wire: the request target with its query, the headers, and for a POST the body."""

    target: str
    headers: Mapping[str, str]
    method: str = "GET"
    body: bytes | None = None


class Signer:
    """Signs for one AccessKey. To be made before threads share it: the SDK is imported here."""

    def __init__(self, credentials: Credentials) -> None:
        from aliyunsdkcore.auth.credentials import AccessKeyCredential, StsTokenCredential
        from aliyunsdkcore.auth.signers.access_key_signer import AccessKeySigner
        from aliyunsdkcore.auth.signers.sts_token_signer import StsTokenSigner
        from aliyunsdkcore.http.format_type import APPLICATION_FORM
        from aliyunsdkcore.request import RpcRequest

        _silence("aliyunsdkcore")  # its records hold keys and signatures
        self._request = RpcRequest
        self._form_type = APPLICATION_FORM
        key, secret, token = credentials.access_key_id, credentials.access_key_secret, credentials.security_token
        self._signer: Any
        if token:
            self._signer = StsTokenSigner(StsTokenCredential(key, secret, token))
        else:
            self._signer = AccessKeySigner(AccessKeyCredential(key, secret))

    def sign(
        self, action: str, query: Mapping[str, str | None], *, region: str, form: Mapping[str, str] | None = None
    ) -> Signed:
        """A GET of `action`, or a POST of `form`, which is signed with the query. What is None is not sent.

        Each call makes a new nonce and timestamp, so each attempt needs a call. The SDK fills and changes its request
        object, and a reused one carries the first caller's token on.
        """
        request = self._request(PRODUCT, VERSION, action)
        request.set_accept_format("JSON")
        for name, value in query.items():
            if value is not None:
                request.add_query_param(name, value)
        if form is not None:
            request.set_method("POST")
            request.set_body_params(dict(form))
        headers, target = self._signer.sign(region, request)
        if form is None:
            return Signed(target, headers)
        # As AcsClient sends it: the signer knows the values, not how a body writes them.
        body = urlencode(request.get_body_params()).encode("ascii")
        return Signed(target, {**headers, "Content-Type": self._form_type}, "POST", body)


def _silence(name: str) -> None:
    logger = logging.getLogger(name)
    logger.propagate = False
    logger.setLevel(logging.CRITICAL + 1)
