"""Documents and refusals as bytes: JSON when it is asked for, else the gateway's XML."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

from local.fakes.loopback import Reply
from local.fakes.status.errors import ApiError

JSON_TYPE = ("Content-Type", "application/json;charset=utf-8")
XML_TYPE = ("Content-Type", "text/xml;charset=utf-8")
HTML_TYPE = ("Content-Type", "text/html")


def render(document: dict[str, Any], *, as_json: bool, root: str, status: int = 200) -> Reply:
    """One answer. XML puts the document under `root`, each element of a list `Data` in an `Event`."""
    if as_json:
        text = json.dumps(document, ensure_ascii=False)
        return Reply(status=status, headers=(JSON_TYPE,), body=text.encode())
    element = ElementTree.Element(root)
    _fill(element, document)
    body = ElementTree.tostring(element, encoding="utf-8", xml_declaration=True)
    return Reply(status=status, headers=(XML_TYPE,), body=body)


def error_document(error: ApiError, *, request_id: str, host: str, unknown_keys: bool = False) -> dict[str, Any]:
    """The envelope of every refusal; RAM denials may carry one key more."""
    document: dict[str, Any] = {
        "RequestId": request_id,
        "HostId": host,
        "Code": error.code,
        "Message": error.message,
        "Recommend": f"https://api.aliyun.com/troubleshoot?q={error.code}&product=Status&requestId={request_id}",
    }
    if unknown_keys:
        document["AccessDeniedDetail"] = {"NoPermissionType": "ImplicitDeny", "PolicyType": "AccountLevelIdentity"}
    return document


def _fill(element: ElementTree.Element, value: Any) -> None:
    if isinstance(value, dict):
        for name, child in value.items():
            _fill(ElementTree.SubElement(element, name), child)
    elif isinstance(value, list):
        for child in value:
            _fill(ElementTree.SubElement(element, "Event"), child)
    elif value is not None:
        element.text = str(value)
