"""A stand-in of Alibaba Cloud Tablestore's wide-column model on loopback, for the unmodified SDK. See README.md."""

from __future__ import annotations

from local.fakes.tablestore.auth import LOCAL_KEY_ID, LOCAL_KEYS, LOCAL_SECRET, Key
from local.fakes.tablestore.errors import OtsError, Units
from local.fakes.tablestore.faults import Call, Fault, on
from local.fakes.tablestore.rows import Row, Version
from local.fakes.tablestore.server import TablestoreFake
from local.fakes.tablestore.tables import KeyType, Schema

__all__ = [
    "LOCAL_KEYS",
    "LOCAL_KEY_ID",
    "LOCAL_SECRET",
    "Call",
    "Fault",
    "Key",
    "KeyType",
    "OtsError",
    "Row",
    "Schema",
    "TablestoreFake",
    "Units",
    "Version",
    "on",
]
